//! The GPU's stages, each alone, in single precision: what the kernels do with the device, whatever the host does.

use std::time::Instant;

use ridgepath::gpu::wgpu::{self, util::DeviceExt};
use ridgepath::gpu::{factor, gram, solution, solve};
use ridgepath::nalgebra::DMatrix;
use ridgepath::{Backend, Form, GpuPlan, GramPlan, NormalEquations, Plan, Precision, Problem, Request, View, cpu};
use serde::Serialize;

use crate::bench::clock::{self, Clock, Span};
use crate::bench::contender::median;
use crate::bench::peak::Peak;
use crate::bench::task::Task;
use crate::message::{Failure, Result};

/// One stage of the whole task. Where the plan cuts the task into chunks, one chunk is timed and counted as often as it
/// takes.
#[derive(Serialize)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// By the device's timestamps; the median. Of a transfer, the device's part in it: the host may have written to its
    /// memory already.
    pub(crate) device_seconds: Option<f64>,
    /// By the host's clock: with the recording of the commands and the wait for them; the median.
    pub(crate) host_seconds: f64,
    /// What the rates that follow are of: the device's, if it tells; of a transfer, the host's.
    pub(crate) seconds: f64,
    /// Floating-point operations that the stage takes at least.
    pub(crate) flops: f64,
    /// Bytes that the stage moves at least.
    pub(crate) bytes: f64,
    pub(crate) gflops: f64,
    pub(crate) gbytes: f64,
    /// Of the measured peaks, in percent; transfers, which go over another bus, have none.
    pub(crate) percent_of_flops: Option<f64>,
    pub(crate) percent_of_bytes: Option<f64>,
}

#[derive(Serialize)]
pub(crate) struct Stages {
    /// What `device_seconds` are measured with, or why they are missing.
    pub(crate) timestamps: &'static str,
    pub(crate) chunks_of_rows: usize,
    pub(crate) chunks_of_lambdas: usize,
    pub(crate) peak: Peak,
    pub(crate) stages: Vec<Stage>,
    /// Gram, factor, solve and transfer down in one submission, with the rows on the device already; by the host's clock.
    pub(crate) rows_on_device_seconds: f64,
}

/// The buffers of a chunk of rows and a chunk of λ.
pub(crate) struct Bench<'a> {
    clock: &'a Clock<'a>,
    plan: (GpuPlan, GramPlan),
    sizes: Sizes,
    block: Vec<u8>,
    staged: wgpu::Buffer,
    gram: [wgpu::Buffer; 3],
    params: gram::Params,
    system: factor::System,
    factors: factor::Factors,
    right: Vec<f32>,
    solution: solution::Solution,
    back: wgpu::Buffer,
}

/// Of the task, and of a chunk of it.
struct Sizes {
    rows: usize,
    features: usize,
    targets: usize,
    lambdas: usize,
    rows_at_once: usize,
    lambdas_at_once: usize,
}

impl<'a> Bench<'a> {
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
        let moments = cpu::gram::gram::<f64>(&problem)?;
        let normal = NormalEquations::with_penalty(&moments, task.model, penalty)?;

        let (m, t, q) = (shape.rows, shape.targets, n + shape.targets);
        let (rows, lambdas) = (sums.rows_per_chunk.min(m), plan.matrices_per_chunk.min(shape.penalties));
        let block = packed(x, y, rows, sums.row_stride);
        let partials = usize::try_from(sums.partial_bytes).unwrap_or(usize::MAX);
        let storage = |what, bytes: usize| {
            clock::buffer(gpu, what, bytes as u64, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST)
        };
        let sizes = Sizes {
            rows: m,
            features: n,
            targets: t,
            lambdas: shape.penalties,
            rows_at_once: rows,
            lambdas_at_once: lambdas,
        };
        clock::caught(gpu, || {
            let gram = [storage("rows", block.len()), storage("partials", partials), storage("moments", q * n * 4)];
            let system = factor::System::new(gpu, &[&normal], lambdas);
            system.upload(gpu, &[&normal], 0..lambdas);
            let solution = solution::Solution::new(gpu, n, t, lambdas);
            let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
            let back = clock::buffer(gpu, "back", solution.bytes(lambdas), usage);
            // Memory that the host writes, as uploads are staged in.
            let staged = gpu.device().create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("ridgepath.bench.staged"),
                contents: &block,
                usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
            });
            Self {
                clock,
                sizes,
                params: gram::Params::new(&sums, n, t, rows, true),
                plan: (plan, sums),
                block,
                staged,
                gram,
                system,
                factors: factor::Factors::new(gpu, n, lambdas),
                right: solution::packed(&vec![DMatrix::repeat(n, t, 1.0); lambdas]),
                solution,
                back,
            }
        })
    }

    /// Every stage so many times, in turns.
    pub(crate) fn measure(&self, repeat: usize, peak: Peak) -> Result<Stages> {
        let run: [fn(&Self) -> Result<Span>; 5] = [Self::up, Self::gram, Self::factor, Self::solve, Self::down];
        let mut spans: [Vec<Span>; 5] = Default::default();
        let mut device = Vec::with_capacity(repeat);
        run.iter().try_for_each(|run| run(self).map(drop))?;
        for _ in 0..repeat {
            for (run, spans) in run.iter().zip(&mut spans) {
                spans.push(run(self)?);
            }
            device.push(self.rows_on_device()?);
        }
        let mut stages = Vec::new();
        for ((name, scale, flops, bytes), spans) in self.work().into_iter().zip(&spans) {
            stages.push(stage(name, scale, [flops, bytes], spans, peak));
        }
        Ok(Stages {
            timestamps: match self.clock.has_timestamps() {
                true if stages.iter().all(|stage| stage.device_seconds.is_some()) => "timestamps of the device",
                true => "missing: the adapter's timestamps do not advance",
                false => "missing: the adapter has no timestamp queries",
            },
            chunks_of_rows: self.sizes.rows.div_ceil(self.plan.1.rows_per_chunk),
            chunks_of_lambdas: self.sizes.lambdas.div_ceil(self.plan.0.matrices_per_chunk),
            peak,
            stages,
            rows_on_device_seconds: median(&device),
        })
    }

    /// Gram, factor, solve and transfer down with the rows on the device: seconds of the host's clock, for the whole task.
    pub(crate) fn rows_on_device(&self) -> Result<f64> {
        let (scale, rest) = (self.scale_of_rows(), self.scale_of_lambdas());
        if scale > 1.0 || rest > 1.0 {
            let gram = self.gram()?.host;
            self.prepare()?;
            let solved = self.clock.time(|encoder| self.record_solved(encoder))?.host;
            return Ok(scale * gram + rest * (solved + self.down()?.host));
        }
        self.prepare()?;
        let done = self.clock.time(|encoder| {
            self.record_gram(encoder);
            self.record_solved(encoder);
            self.record_down(encoder);
        })?;
        Ok(done.host + self.fetch()?)
    }

    fn up(&self) -> Result<Span> {
        let copied = |encoder: &mut wgpu::CommandEncoder| {
            encoder.copy_buffer_to_buffer(&self.staged, 0, &self.gram[0], 0, self.staged.size());
        };
        let device = self.clock.time(copied)?.device;
        let host = self.clock.time(|_| self.clock.gpu.queue().write_buffer(&self.gram[0], 0, &self.block))?.host;
        Ok(Span { device, host })
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
        clock::read(self.clock.gpu, &self.back)?;
        Ok(begun.elapsed().as_secs_f64())
    }

    fn record_gram(&self, encoder: &mut wgpu::CommandEncoder) {
        let [rows, partials, moments] = self.gram.each_ref();
        gram::record(self.clock.gpu, encoder, self.params, gram::Buffers { rows, partials, moments });
    }

    fn record_factor(&self, encoder: &mut wgpu::CommandEncoder) {
        factor::record(self.clock.gpu, encoder, &self.system, &self.factors, 0..self.sizes.lambdas_at_once);
    }

    fn record_solve(&self, encoder: &mut wgpu::CommandEncoder) {
        solve::record(self.clock.gpu, encoder, &self.factors, &self.solution, self.sizes.lambdas_at_once);
    }

    /// Both as the library does them: in one dispatch where the order is small.
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

    /// Name, how often a chunk is to be counted, operations and bytes of the whole task. Of what is symmetric or triangular,
    /// half counts, and every number is moved once.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn work(&self) -> [(&'static str, f64, f64, f64); 5] {
        let own = &self.sizes;
        let [m, n, t, k] = [own.rows, own.features, own.targets, own.lambdas].map(|size| size as f64);
        let (rows, lambdas) = (self.scale_of_rows(), self.scale_of_lambdas());
        let (data, triangle) = (4.0 * m * (n + t), 2.0 * n * n);
        [
            ("transfer up", rows, 0.0, data),
            ("gram", rows, m * n * (n + 2.0 * t), data + triangle + 4.0 * n * t),
            ("factor", lambdas, k * n.powi(3) / 3.0, (k + 1.0) * triangle),
            ("solve", lambdas, 2.0 * k * t * n * n, k * (triangle + 8.0 * n * t)),
            ("transfer down", lambdas, 0.0, 4.0 * k * n * t),
        ]
    }
}

fn stage(name: &'static str, scale: f64, [flops, bytes]: [f64; 2], spans: &[Span], peak: Peak) -> Stage {
    let device: Option<Vec<f64>> = spans.iter().map(|span| span.device).collect();
    let device_seconds = device.map(|device| scale * median(&device));
    let host_seconds = scale * median(&spans.iter().map(|span| span.host).collect::<Vec<_>>());
    let seconds = device_seconds.filter(|_| flops > 0.0).unwrap_or(host_seconds);
    let (gflops, gbytes) = (flops / seconds * 1e-9, bytes / seconds * 1e-9);
    let percent = |own: f64, most: f64| (flops > 0.0).then_some(100.0 * own / most);
    Stage {
        name,
        device_seconds,
        host_seconds,
        seconds,
        flops,
        bytes,
        gflops,
        gbytes,
        percent_of_flops: percent(gflops, peak.gflops),
        percent_of_bytes: percent(gbytes, peak.gbytes),
    }
}

/// The first rows of [X | Y] as `f32`, row after row, as the kernel wants them.
fn packed(x: View<'_>, y: View<'_>, rows: usize, stride: usize) -> Vec<u8> {
    let mut block = vec![0; rows * stride * 4];
    let columns = x.columns();
    for column in 0..columns + y.columns() {
        let value = |row| if column < columns { x.get(row, column) } else { y.get(row, column - columns) };
        for row in 0..rows {
            let at = (row * stride + column) * 4;
            #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
            block[at..at + 4].copy_from_slice(&(value(row) as f32).to_le_bytes());
        }
    }
    block
}
