//! The data that the benchmarks solve, and the GPU that they may use.

use ridgepath::{Backend, Gpu, GpuPlan, Model, NormalEquations, Penalty, Plan, Problem, Request, Shape, View};

/// Rows of noise with a linear answer, the same in every run.
pub(crate) struct Task {
    pub(crate) shape: Shape,
    x: Vec<f32>,
    y: Vec<f32>,
}

impl Task {
    pub(crate) fn new(rows: usize, features: usize, penalties: usize) -> Self {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 2f32.powi(23) - 1.0
        };
        let x: Vec<f32> = (0..rows * features).map(|_| random()).collect();
        let y = x.chunks(features).map(|row| row.iter().take(8).sum::<f32>() + random()).collect();
        Self { shape: Shape { rows, features, targets: 1, penalties }, x, y }
    }

    pub(crate) fn x(&self) -> View<'_, f32> {
        View::row_major(&self.x, self.shape.rows, self.shape.features).expect("the slice holds the matrix")
    }

    pub(crate) fn y(&self) -> View<'_, f32> {
        (&self.y).into()
    }

    pub(crate) fn problem(&self) -> Problem<'_, f32> {
        Problem::new(self.x(), self.y()).expect("the data are finite")
    }

    pub(crate) fn lambdas(&self) -> Vec<f64> {
        Penalty::log_grid(1e2, 1e-4, self.shape.penalties).expect("the ends are positive")
    }

    /// The equations of every λ.
    pub(crate) fn normal(&self) -> NormalEquations {
        let moments = ridgepath::cpu::gram::gram::<f64, f32>(&self.problem()).expect("no column overflows");
        let grid = Penalty::Lambdas(self.lambdas()).resolve(moments.weight_sum(), 1.0).expect("every λ is finite");
        NormalEquations::new(&moments, Model::default(), grid)
    }

    /// As the library plans it with its default memory budget.
    pub(crate) fn plan(&self, gpu: &Gpu) -> GpuPlan {
        let request = Request { backend: Backend::Gpu, ..Request::default() };
        let plan = Plan::new(self.shape, request, Some(Ok(gpu.adapter().limits))).expect("the task fits the adapter");
        plan.gpu.expect("a plan for a GPU has its sizes")
    }

    pub(crate) fn name(&self) -> String {
        format!("{}x{}x{}", self.shape.rows, self.shape.features, self.shape.penalties)
    }
}

/// Whether the large sizes are wanted: `RIDGEPATH_BENCH=full`.
pub(crate) fn full() -> bool {
    std::env::var("RIDGEPATH_BENCH").is_ok_and(|value| value == "full")
}

/// The best real GPU; a software adapter only with `RIDGEPATH_BENCH_SOFTWARE=1`, since its times say nothing of GPUs.
pub(crate) fn gpu() -> Option<Gpu> {
    let software = std::env::var("RIDGEPATH_BENCH_SOFTWARE").is_ok_and(|value| value == "1");
    match pollster::block_on(Gpu::open(software)) {
        Ok(gpu) => {
            eprintln!("gpu: {}", gpu.adapter());
            Some(gpu)
        }
        Err(error) => {
            eprintln!("the GPU is not measured: {error}");
            None
        }
    }
}
