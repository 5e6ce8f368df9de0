//! Made data, the adapter under test, and comparisons in which NaN fails.

use std::sync::OnceLock;

use nalgebra::DMatrix;
use ridgepath::gpu::wgpu;
use ridgepath::{
    Backend, Form, Gpu, GpuPlan, Grid, Model, Moments, NormalEquations, PenaltyFactors, Plan, Precision, Request,
    RidgePath, Shape,
};

/// Sizes on both sides of the tiles' edges.
pub(crate) const EDGES: [usize; 18] = [1, 2, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513];

/// Numbers in (-1, 1), the same for the same seed (Knuth's 64-bit linear congruence, upper bits).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed);
        random.next();
        random
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub(crate) fn matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |_, _| self.next())
    }

    pub(crate) fn weights(&mut self, rows: usize) -> Vec<f64> {
        (0..rows).map(|_| self.next().abs() + 0.01).collect()
    }
}

/// X, and Y that depends on it with some noise.
pub(crate) fn regression(seed: u64, m: usize, n: usize, t: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut random = Random::new(seed);
    let x = random.matrix(m, n);
    let y = &x * random.matrix(n, t) + random.matrix(m, t) * 0.5;
    (x, y.add_scalar(1.0))
}

/// The adapter under test, opened once: a real GPU if there is one, else software Vulkan. With none, says so and
/// returns `None`; with `RIDGEPATH_REQUIRE_GPU=1` the test fails.
pub(crate) fn gpu() -> Option<Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| match pollster::block_on(Gpu::open(true)) {
        Ok(gpu) => {
            eprintln!("GPU tests run on {}", gpu.adapter());
            Some(gpu)
        }
        Err(error) => {
            let required = std::env::var("RIDGEPATH_REQUIRE_GPU").is_ok_and(|value| value == "1");
            assert!(!required, "RIDGEPATH_REQUIRE_GPU=1, but {error}");
            None
        }
    });
    if gpu.is_none() {
        eprintln!("!!! NOT TESTED: this test needs a GPU or software Vulkan (mesa-vulkan-drivers), and found neither");
    }
    gpu.clone()
}

/// The plan of a task on that adapter.
pub(crate) fn gpu_plan(gpu: &Gpu, shape: Shape, precision: Precision, memory_budget: u64) -> GpuPlan {
    let request =
        Request { backend: Backend::Gpu, form: Some(Form::Primal), precision, memory_budget, ..Request::default() };
    let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).expect("the task fits the adapter");
    plan.gpu.expect("a plan for a GPU")
}

/// The equations of a problem for shifts given.
pub(crate) fn equations(moments: &Moments, model: Model, shifts: &[f64]) -> NormalEquations {
    let scale = 2.0 * moments.weight_sum();
    let lambdas = shifts.iter().map(|shift| shift / scale).collect();
    NormalEquations::new(moments, model, Grid { lambdas, shifts: shifts.to_vec(), factors: PenaltyFactors::default() })
}

/// The contents of a buffer on the device.
pub(crate) fn download<T: bytemuck::Pod>(gpu: &Gpu, buffer: &wgpu::Buffer, count: usize) -> Vec<T> {
    let bytes = (count * size_of::<T>()) as u64;
    let staging = gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: Some("test"),
        size: bytes,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, bytes);
    gpu.queue().submit([encoder.finish()]);
    staging.slice(..).map_async(wgpu::MapMode::Read, |result| result.expect("mapped"));
    gpu.device().poll(wgpu::PollType::wait_indefinitely()).expect("polled");
    let view = staging.slice(..).get_mapped_range().expect("a mapped range");
    bytemuck::cast_slice(&view).to_vec()
}

/// Fails unless every element of `found` is within `bound(i, j)` of `wanted`. NaN fails.
#[track_caller]
pub(crate) fn assert_within(
    found: &DMatrix<f64>,
    wanted: &DMatrix<f64>,
    bound: impl Fn(usize, usize) -> f64,
    context: &str,
) {
    assert_eq!(found.shape(), wanted.shape(), "{context}");
    for j in 0..wanted.ncols() {
        for i in 0..wanted.nrows() {
            let (found, wanted) = (found[(i, j)], wanted[(i, j)]);
            let within = (found - wanted).abs() <= bound(i, j);
            assert!(within, "{context}: ({i}, {j}) is {found}, wanted {wanted} ± {}", bound(i, j));
        }
    }
}

/// Fails unless every λ of a path agrees with that of another within the bounds of both, by a residual as small as that of a
/// factorization.
#[track_caller]
pub(crate) fn assert_agree(found: &RidgePath, wanted: &RidgePath, context: &str) {
    assert_eq!(found.len(), wanted.len(), "{context}");
    for (k, target) in (0..wanted.len()).flat_map(|k| (0..wanted.targets()).map(move |target| (k, target))) {
        let context = format!("{context}, shift {:e}, target {target}", wanted.shifts()[k]);
        let apart = distance(found.coefficients(k, target), wanted.coefficients(k, target));
        let bound = found.error_bound(k, target) + wanted.error_bound(k, target);
        assert!(apart <= bound, "{context}: {apart:e} > {bound:e}");
        let least = (found.features() as f64).sqrt().max(4.0) * f64::EPSILON;
        assert!(found.residual(k, target) <= 4.0 * least, "{context}: residual {:e}", found.residual(k, target));
        let conditions = found.condition(k) / wanted.condition(k);
        assert!((0.1..=10.0).contains(&conditions), "{context}: κ is {conditions} times as large");
        let (own, other) = (found.rss(k, target), wanted.rss(k, target));
        assert!((own - other).abs() <= 1e-9 * other, "{context}: rss {own:e}, wanted {other:e}");
    }
}

/// ‖found − wanted‖ / ‖wanted‖.
pub(crate) fn distance(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let apart = norm(&mut found.iter().zip(wanted).map(|(a, b)| a - b));
    let size = norm(&mut wanted.iter().copied());
    if size > 0.0 { apart / size } else { apart }
}

/// The shipped data: 442 patients, ten measurements, and the progression of the disease.
pub(crate) fn diabetes() -> (DMatrix<f64>, DMatrix<f64>) {
    let text = include_str!("../../data/diabetes.csv");
    let values: Vec<f64> = text.lines().skip(1).flat_map(|line| line.split(',')).map(|v| v.parse().unwrap()).collect();
    let all = DMatrix::from_row_slice(values.len() / 11, 11, &values);
    (all.columns(0, 10).into_owned(), all.columns(10, 1).into_owned())
}
