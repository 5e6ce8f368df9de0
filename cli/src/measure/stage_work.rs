//! The work of the GPU's stages, each alone, in single precision: what the kernels do with the device, whatever the host
//! does. Nothing else times them.

use std::time::Instant;

use ridgepath::gpu::wgpu::{self, util::DeviceExt};
use ridgepath::gpu::{factor, frame, gram, solution, solve};
use ridgepath::nalgebra::DMatrix;
use ridgepath::{
    Backend, Form, Framed, GpuPlan, GramPlan, NormalEquations, Plan, Precision, Problem, Request, View, cpu,
};

use crate::machine::failure::{Failure, Result};
use crate::measure::device_clock::{self, Clock, Span};
use crate::measure::task::Task;

/// The stages of a task, with the buffers of a chunk of rows and a chunk of λ.
pub(crate) struct StageWork<'a> {
    clock: &'a Clock<'a>,
    plan: (GpuPlan, GramPlan),
    sizes: StageSizes,
    block: Vec<u8>,
    staged: wgpu::Buffer,
    /// The block on the device, and how its columns are centred and scaled.
    given: [wgpu::Buffer; 2],
    gram: [wgpu::Buffer; 3],
    params: ([frame::Params; 2], gram::Params),
    system: factor::System,
    factors: factor::Factors,
    right: Vec<f32>,
    solution: solution::Solution,
    back: wgpu::Buffer,
}

/// One of the stages: what is timed, of one chunk, and what it amounts to in the whole task.
pub(crate) struct OneStage<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn Fn() -> Result<Span> + 'a>,
    /// How often the chunk is to be counted.
    pub(crate) scale: f64,
    /// Floating-point operations, and bytes moved, of the whole task.
    pub(crate) flops: f64,
    pub(crate) bytes: f64,
    /// Whether the operations are on 32-bit floats, as those of the peak are.
    pub(crate) single: bool,
}

/// Sizes of the task, and of the chunk of it that is timed.
struct StageSizes {
    rows: usize,
    features: usize,
    targets: usize,
    lambdas: usize,
    rows_at_once: usize,
    lambdas_at_once: usize,
}

impl<'a> StageWork<'a> {
    /// The first n features of the task, k λ of the penalty's kind.
    pub(crate) fn new(
        clock: &'a Clock<'a>,
        task: &Task,
        n: usize,
        penalty: &ridgepath::Penalty,
        budget: Option<u64>,
    ) -> Result<Self> {
        let gpu = clock.gpu;
        let (x, y) = (task.first_features(n)?, task.y()?);
        let shape = ridgepath::Shape { features: n, penalties: penalty.len(), ..task.shape };
        if shape.form() != Form::Primal {
            return Err(Failure::Other("the stages are those of as many rows as features or more".into()));
        }
        let mut request = Request { backend: Backend::Gpu, precision: Precision::Single, ..Request::default() };
        request.memory_budget = budget.unwrap_or(request.memory_budget);
        let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits)))?;
        let plan = plan.gpu.and_then(|plan| Some((plan.clone(), plan.gram?)));
        let (plan, sums) = plan.ok_or_else(|| Failure::Other("the plan is not one for a GPU".into()))?;
        let mut problem = Problem::new(x, y)?;
        if let Some(weights) = task.weights() {
            problem = problem.with_weights(weights)?;
        }
        let framed = Framed::centred(&problem)?;
        let moments = cpu::gram::gram::<f64>(&problem)?;
        let normal = NormalEquations::with_penalty(&moments, task.model, penalty)?;

        let (m, t, q) = (shape.rows, shape.targets, n + shape.targets);
        let (rows, lambdas) = (sums.rows_per_chunk.min(m), plan.matrices_per_chunk.min(shape.penalties));
        let (block, params) = given(x, y, rows, sums.row_stride);
        let partials = usize::try_from(sums.partial_bytes).unwrap_or(usize::MAX);
        let storage = |what, bytes: usize| {
            device_clock::buffer(gpu, what, bytes as u64, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST)
        };
        let sizes = StageSizes {
            rows: m,
            features: n,
            targets: t,
            lambdas: shape.penalties,
            rows_at_once: rows,
            lambdas_at_once: lambdas,
        };
        device_clock::caught(gpu, || {
            let columns = frame::columns(gpu, &framed, Precision::Single, q);
            let framed = storage("rows", 4 * rows * sums.row_stride);
            let gram = [framed, storage("partials", partials), storage("moments", q * n * 4)];
            let system = factor::System::new(gpu, &[&normal], lambdas);
            system.upload(gpu, &[&normal], 0..lambdas);
            let solution = solution::Solution::new(gpu, n, t, lambdas);
            let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
            let back = device_clock::buffer(gpu, "back", solution.bytes(lambdas), usage);
            // Memory that the host writes, as uploads are staged in.
            let staged = gpu.device().create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("ridgepath.bench.staged"),
                contents: &block,
                usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
            });
            let given = [storage("given", block.len()), columns];
            Self {
                clock,
                sizes,
                params: (params, gram::Params::new(&sums, n, t, rows, true)),
                plan: (plan, sums),
                block,
                staged,
                given,
                gram,
                system,
                factors: factor::Factors::new(gpu, n, lambdas),
                right: solution::packed(&vec![DMatrix::repeat(n, t, 1.0); lambdas]),
                solution,
                back,
            }
        })
    }

    pub(crate) fn has_timestamps(&self) -> bool {
        self.clock.has_timestamps()
    }

    pub(crate) fn chunks_of_rows(&self) -> usize {
        self.sizes.rows.div_ceil(self.plan.1.rows_per_chunk)
    }

    pub(crate) fn chunks_of_lambdas(&self) -> usize {
        self.sizes.lambdas.div_ceil(self.plan.0.matrices_per_chunk)
    }

    /// The stages in their order. Of what is symmetric or triangular, half counts, and every number is moved once.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(crate) fn stages(&self) -> [OneStage<'_>; 6] {
        let sizes = &self.sizes;
        let [m, n, t, k] = [sizes.rows, sizes.features, sizes.targets, sizes.lambdas].map(|size| size as f64);
        let (rows, lambdas) = (self.scale_of_rows(), self.scale_of_lambdas());
        let (data, triangle) = (4.0 * m * (n + t), 2.0 * n * n);
        let stage = |name, run: fn(&Self) -> Result<Span>, scale, flops, bytes| {
            let run = Box::new(move || run(self));
            OneStage { name, run, scale, flops, bytes, single: true }
        };
        [
            stage("transfer up", Self::up, rows, 0.0, data),
            // Less its origin, less the offset of its mean, and scaled.
            stage("frame", Self::frame, rows, 3.0 * m * (n + t), 2.0 * data),
            stage("gram", Self::gram, rows, m * n * (n + 2.0 * t), data + triangle + 4.0 * n * t),
            stage("factor", Self::factor, lambdas, k * n.powi(3) / 3.0, (k + 1.0) * triangle),
            stage("solve", Self::solve, lambdas, 2.0 * k * t * n * n, k * (triangle + 8.0 * n * t)),
            stage("transfer down", Self::down, lambdas, 0.0, 4.0 * k * n * t),
        ]
    }

    /// All but the transfer up, with the rows on the device as they were given: seconds of the host's clock, for the whole task.
    pub(crate) fn rows_on_device(&self) -> Result<f64> {
        let (scale, rest) = (self.scale_of_rows(), self.scale_of_lambdas());
        if scale > 1.0 || rest > 1.0 {
            let gram = self.clock.time(|encoder| self.record_rows(encoder))?.host;
            self.prepare()?;
            let solved = self.clock.time(|encoder| self.record_solved(encoder))?.host;
            return Ok(scale * gram + rest * (solved + self.down()?.host));
        }
        self.prepare()?;
        let done = self.clock.time(|encoder| {
            self.record_rows(encoder);
            self.record_solved(encoder);
            self.record_down(encoder);
        })?;
        Ok(done.host + self.fetch()?)
    }

    fn up(&self) -> Result<Span> {
        let copied = |encoder: &mut wgpu::CommandEncoder| {
            encoder.copy_buffer_to_buffer(&self.staged, 0, &self.given[0], 0, self.staged.size());
        };
        let device = self.clock.time(copied)?.device;
        let host = self.clock.time(|_| self.clock.gpu.queue().write_buffer(&self.given[0], 0, &self.block))?.host;
        Ok(Span { device, host })
    }

    fn frame(&self) -> Result<Span> {
        self.clock.time(|encoder| self.record_frame(encoder))
    }

    fn gram(&self) -> Result<Span> {
        self.clock.time(|encoder| self.record_gram(encoder))
    }

    fn factor(&self) -> Result<Span> {
        self.clock.time(|encoder| self.record_factor(encoder))
    }

    fn solve(&self) -> Result<Span> {
        self.prepare()?;
        self.clock.time(|encoder| self.record_solve(encoder))
    }

    fn down(&self) -> Result<Span> {
        let Span { device, host } = self.clock.time(|encoder| self.record_down(encoder))?;
        Ok(Span { device, host: host + self.fetch()? })
    }

    /// The right-hand sides, which a solution overwrites, anew.
    fn prepare(&self) -> Result<()> {
        self.clock.time(|_| self.solution.upload(self.clock.gpu, &self.right)).map(drop)
    }

    fn fetch(&self) -> Result<f64> {
        let begun = Instant::now();
        device_clock::read(self.clock.gpu, &self.back)?;
        Ok(begun.elapsed().as_secs_f64())
    }

    fn record_rows(&self, encoder: &mut wgpu::CommandEncoder) {
        self.record_frame(encoder);
        self.record_gram(encoder);
    }

    fn record_frame(&self, encoder: &mut wgpu::CommandEncoder) {
        let [given, columns] = self.given.each_ref();
        let given = || given.as_entire_buffer_binding();
        let buffers = frame::Buffers { given: [given(), given()], roots: given(), columns, framed: &self.gram[0] };
        frame::record(self.clock.gpu, encoder, Precision::Single, self.params.0, buffers);
    }

    fn record_gram(&self, encoder: &mut wgpu::CommandEncoder) {
        let [rows, partials, moments] = self.gram.each_ref();
        gram::record(self.clock.gpu, encoder, self.params.1, gram::Buffers { rows, partials, moments });
    }

    fn record_factor(&self, encoder: &mut wgpu::CommandEncoder) {
        factor::record(self.clock.gpu, encoder, &self.system, &self.factors, 0..self.sizes.lambdas_at_once);
    }

    fn record_solve(&self, encoder: &mut wgpu::CommandEncoder) {
        solve::record(self.clock.gpu, encoder, &self.factors, &self.solution, self.sizes.lambdas_at_once);
    }

    /// Factor and solve as the library does them: in one dispatch where the order is small.
    fn record_solved(&self, encoder: &mut wgpu::CommandEncoder) {
        let (gpu, count) = (self.clock.gpu, self.sizes.lambdas_at_once);
        solve::record_factored(gpu, encoder, &self.system, &self.factors, &self.solution, 0..count);
    }

    fn record_down(&self, encoder: &mut wgpu::CommandEncoder) {
        let bytes = self.solution.bytes(self.sizes.lambdas_at_once);
        encoder.copy_buffer_to_buffer(&self.solution.buffer, 0, &self.back, 0, bytes);
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn scale_of_rows(&self) -> f64 {
        self.sizes.rows as f64 / self.sizes.rows_at_once as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn scale_of_lambdas(&self) -> f64 {
        self.sizes.lambdas as f64 / self.sizes.lambdas_at_once as f64
    }
}

/// The first rows of X and Y as `f32`, column after column, each matrix from a whole 16 bytes on; and what the device is told of them.
#[expect(clippy::cast_possible_truncation, reason = "single precision is meant; the plan has checked sizes")]
fn given(x: View<'_>, y: View<'_>, rows: usize, stride: usize) -> (Vec<u8>, [frame::Params; 2]) {
    let matrix = |values: View<'_>| {
        let of_column = |column| (0..rows).map(move |row| (row, column));
        let elements = (0..values.columns()).flat_map(of_column).map(|(row, column)| values.get(row, column) as f32);
        let mut bytes: Vec<u8> = elements.flat_map(f32::to_le_bytes).collect();
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        bytes
    };
    let (mut block, n) = (matrix(x), x.columns() as u32);
    let both = frame::Params {
        rows: rows as u32,
        stride: stride as u32,
        down: 1,
        across: rows as u32,
        by_columns: 1,
        ..Default::default()
    };
    let params = [
        frame::Params { columns: n, end: n, ..both },
        frame::Params {
            columns: y.columns() as u32,
            first: n,
            end: stride as u32,
            begin: (block.len() / 4) as u32,
            ..both
        },
    ];
    block.extend(matrix(y));
    (block, params)
}
