//! Ridge paths from the caller's buffers to the caller's buffers, recorded into the caller's command encoder.

use crate::error::{Error, Result};
use crate::gpu::buffers::{MatrixBuffer, MomentsBuffers, RowBuffers, STORAGE, WeightBuffers, binds, fits};
use crate::gpu::context::Gpu;
use crate::gpu::kernel;
use crate::gpu::solution::Solution;
use crate::gpu::stages::centre::{self, Step};
use crate::gpu::stages::factor::{Factors, System};
use crate::gpu::stages::{coefficients, equations, frame, gram, report, solve};
use crate::math::condition;
use crate::math::scalar::Scalar;
use crate::model::method::{Backend, Form, Precision};
use crate::model::{Model, Standardize};
use crate::plan::gpu::schedule::{self, stride};
use crate::plan::{GpuPlan, GramPlan, Plan, Request, Shape};

/// Records ridge paths of one shape: rows, moments, λs and coefficients lie in buffers of the caller's, on the caller's device,
/// and nothing comes back to the host.
///
/// ```text
/// rows ─ record_moments ─► moments ─ record_weights ─► weights, reports
/// ```
///
/// Everything is in 32-bit floats, without corrections: about condition · 6·10⁻⁸ of the coefficients may be wrong, and
/// [`Report`](report::Report) tells the condition number of each λ. Beyond 10⁴ or so [`Ridge`](crate::Ridge) is for you, whose
/// answers have double precision on any device. Columns are centred before they are multiplied, so that columns far from zero
/// lose no digits.
///
/// The room that the work takes beside the caller's buffers is made once, and is that of all paths recorded: they may be submitted in
/// any order, one after another on one queue. A submission takes as long as the path; [`Plan`] counts the operations of sums and
/// factors, which are nearly all. Of [several devices](Gpu::sharing) the first does it.
#[derive(Debug)]
pub struct Recorder {
    gpu: Gpu,
    shape: Shape,
    model: Model,
    sums: GramPlan,
    /// λs solved at a time.
    at_a_time: usize,
    framed: wgpu::Buffer,
    partials: wgpu::Buffer,
    /// What is summed of each run of rows.
    runs: wgpu::Buffer,
    /// In the place of what is not there.
    none: wgpu::Buffer,
    /// What λ is multiplied by for each feature, where that is not 1.
    penalty_factors: wgpu::Buffer,
    factored: bool,
    system: System,
    factors: Factors,
    solution: Solution,
}

impl Recorder {
    /// Makes room for paths of m rows, n features, t targets and k λs, taking about as many bytes of the device's memory as given, and
    /// compiles what they need.
    ///
    /// # Errors
    /// Those of [`Plan::new`]; [`Error::TooLarge`] where the rows are so many that the sums of their runs are more than one binding
    /// holds; the device's.
    pub async fn new(gpu: &Gpu, shape: Shape, model: Model, memory_budget: u64) -> Result<Self> {
        gpu.alive()?;
        let shape = Shape { problems: 1, ..shape };
        let request =
            Request { backend: Backend::Gpu, precision: Precision::Single, memory_budget, ..Request::default() };
        let request = Request { form: Some(Form::Primal), ..request };
        let plan = Plan::new(shape, request, Some(Ok(gpu.own_limits())))?;
        let planned = plan.gpu.and_then(|plan: GpuPlan| Some((plan.matrices_per_chunk, plan.gram?)));
        let (at_a_time, sums) =
            planned.ok_or_else(|| Error::Device { reason: "the plan is not one for a GPU".into() })?;
        let Shape { rows: m, features: n, targets: t, penalties: k, .. } = shape;
        let q = n + t;
        let runs = m.div_ceil(sums.rows_per_split);
        let at_a_time = at_a_time.min(k);
        fits(gpu, "the sums of all runs of rows", (runs as u64).saturating_mul(16 * q as u64))?;
        let scope = gpu.scope();
        let factors = Factors::new(gpu, n, at_a_time);
        let solution = Solution::new(gpu, n, t + 1, at_a_time);
        solve::prepare(gpu, &factors, solution.quads, at_a_time);
        kernel::prepare(&[
            (gpu.kernel(&frame::SPEC), schedule::frame(Precision::Single, [n, sums.row_stride], 1)),
            (gpu.kernel(&gram::SPEC), schedule::gram(n, q, 1)),
            (
                gpu.kernel(&centre::SPEC),
                centre::SPEC.entries.iter().map(|entry| schedule::centre(entry, q, 1)).collect(),
            ),
            (gpu.kernel(&equations::SPEC), vec![schedule::equations_gram(n), schedule::equations_sides(1)]),
            (gpu.kernel(&coefficients::SPEC), vec![schedule::coefficients(t, 1)]),
            (gpu.kernel(&report::SPEC), vec![schedule::report(1)]),
        ]);
        let room = |label, bytes: usize| gpu.storage(label, bytes as u64);
        let recorder = Self {
            framed: room("ridgepath.recorder.framed", 4 * sums.rows_per_chunk.min(m) * sums.row_stride),
            partials: gpu.storage("ridgepath.recorder.partials", sums.partial_bytes),
            runs: room("ridgepath.recorder.runs", 16 * runs * q),
            none: room("ridgepath.recorder.none", 16),
            penalty_factors: room("ridgepath.recorder.factors", 4 * n),
            factored: false,
            system: System::empty(gpu, n, [1, k], at_a_time),
            gpu: gpu.clone(),
            shape,
            model,
            sums,
            at_a_time,
            factors,
            solution,
        };
        scope.finish("the buffers of a recorder").await?;
        Ok(recorder)
    }

    /// This recorder with a factor ≥ 0 of λ for each feature, as [`Ridge::penalty_factors`](crate::Ridge::penalty_factors) has them.
    ///
    /// # Errors
    /// [`Error::Shape`] where they are not n; [`Error::InvalidPenalty`] where one is negative, or in `f32` infinite or 0 without
    /// being 0.
    pub fn penalty_factors(self, factors: &[f64]) -> Result<Self> {
        let (what, found, wanted) = ("penalty factors", factors.len(), self.shape.features);
        if found != wanted {
            return Err(Error::Shape { what, found, wanted });
        }
        let rounded: Vec<f32> = factors.iter().map(|factor| f32::round_from(*factor)).collect();
        let usable = |value: f64, own: f32| value == 0.0 || (own.is_normal() && own > 0.0);
        if let Some(index) = (0..found).find(|j| !usable(factors[*j], rounded[*j])) {
            return Err(Error::InvalidPenalty { name: "penalty factor", index, value: factors[index] });
        }
        self.gpu.queue().write_buffer(&self.penalty_factors, 0, bytemuck::cast_slice(&rounded));
        Ok(Self { factored: true, ..self })
    }

    /// Records the moments of m rows.
    ///
    /// # Errors
    /// [`Error::Shape`] where a buffer is too small for what it is to hold; [`Error::Device`] where it lacks a usage;
    /// [`Error::TooLarge`] where a block of rows, which of columns that follow one another are nearly all, or another buffer is more than
    /// one binding holds; [`Error::DeviceLost`]. Nothing is recorded then. What the rows hold, only the reports tell.
    pub fn record_moments(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        rows: &RowBuffers<'_>,
        moments: &MomentsBuffers,
    ) -> Result<()> {
        let Shape { rows: m, features: n, targets: t, .. } = self.shape;
        self.gpu.alive()?;
        rows.x.check("bytes of the buffer of X", [m, n])?;
        rows.y.check("bytes of the buffer of Y", [m, t])?;
        if let Some(weights) = rows.weights {
            binds(&self.gpu, weights, "bytes of the buffer of the rows' weights", 4 * m)?;
        }
        moments.check(&self.gpu, [n, t], STORAGE)?;
        let at_once = self.sums.rows_per_chunk;
        let block = |start: usize| Block::new(self, rows, start..m.min(start + at_once));
        let blocks = (0..m).step_by(at_once).map(block).collect::<Result<Vec<_>>>()?;
        let weighted = rows.weights.is_some();
        // Without weights every row counts, the first too.
        for block in &blocks[..if weighted { blocks.len() } else { 1 }] {
            block.record_origins(self, encoder, moments);
        }
        for block in &blocks {
            block.record_frame(self, encoder, moments, false);
            block.record_centre(self, encoder, moments, Step::Sums);
        }
        blocks[0].record_centre(self, encoder, moments, Step::Reduce);
        for block in &blocks {
            block.record_frame(self, encoder, moments, true);
            let params = gram::Params::new(&self.sums, n, t, block.rows, block.start == 0);
            let (rows, partials, products) = (&self.framed, &self.partials, &moments.products);
            gram::record(&self.gpu, encoder, params, gram::Buffers { rows, partials, moments: products });
            block.record_centre(self, encoder, moments, Step::Squares);
        }
        blocks[0].record_centre(self, encoder, moments, Step::Total);
        Ok(())
    }

    /// Records the coefficients of k λs ≥ 0, those of the objective, which `lambdas` holds as `f32` when that runs: `[k]`, with the
    /// usage `STORAGE`.
    ///
    /// # Errors
    /// [`Error::Shape`] where a buffer is too small for what it is to hold, [`Error::Device`] where it lacks a usage,
    /// [`Error::TooLarge`] where it is more than one binding holds; [`Error::DeviceLost`]. Nothing is recorded then.
    pub fn record_weights(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        moments: &MomentsBuffers,
        lambdas: &wgpu::Buffer,
        weights: &WeightBuffers,
    ) -> Result<()> {
        let Shape { features: n, targets: t, penalties: k, .. } = self.shape;
        self.gpu.alive()?;
        moments.check(&self.gpu, [n, t], STORAGE)?;
        binds(&self.gpu, lambdas, "bytes of the buffer of λs", 4 * k)?;
        weights.check(&self.gpu, [n, t, k], STORAGE)?;
        let buffers = equations::Buffers {
            columns: &moments.columns,
            products: &moments.products,
            lambdas,
            factors: &self.penalty_factors,
            gram: &self.system.gram,
            scale: &self.system.scale,
            added: &self.system.added,
            solution: &self.solution.buffer,
        };
        equations::record_gram(&self.gpu, encoder, self.equations(0, 1), &buffers);
        for first in (0..k).step_by(self.at_a_time) {
            let matrices = first..k.min(first + self.at_a_time);
            let params = self.equations(first, matrices.len());
            equations::record_sides(&self.gpu, encoder, params, &buffers);
            solve::record_factored(&self.gpu, encoder, &self.system, &self.factors, &self.solution, matrices);
            self.record_answers(encoder, params, moments, weights);
        }
        Ok(())
    }

    /// [`record_moments`](Self::record_moments) and [`record_weights`](Self::record_weights).
    ///
    /// # Errors
    /// Theirs.
    pub fn record(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        rows: &RowBuffers<'_>,
        moments: &MomentsBuffers,
        lambdas: &wgpu::Buffer,
        weights: &WeightBuffers,
    ) -> Result<()> {
        self.record_moments(encoder, rows, moments)?;
        self.record_weights(encoder, moments, lambdas, weights)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn equations(&self, first: usize, matrices: usize) -> equations::Params {
        let Shape { features: n, targets: t, .. } = self.shape;
        equations::Params {
            order: n as u32,
            targets: t as u32,
            stride: stride(n) as u32,
            quads: self.solution.quads as u32,
            matrices: matrices as u32,
            first: first as u32,
            intercept: u32::from(self.model.intercept),
            standardize: match self.model.standardize {
                Standardize::No => 0,
                Standardize::Population => 1,
                Standardize::Sample => 2,
            },
            factored: u32::from(self.factored),
            start: f32::round_from(condition::start(n)[0]),
        }
    }

    /// Records what becomes of the solutions of a chunk of λ.
    fn record_answers(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        of: equations::Params,
        moments: &MomentsBuffers,
        to: &WeightBuffers,
    ) {
        let equations::Params { order, targets, stride, quads, matrices, first, intercept, .. } = of;
        let (columns, weights) = (&moments.columns, &to.weights);
        let System { gram, scale, added, .. } = &self.system;
        let solution = &self.solution.buffer;
        let params = coefficients::Params { order, targets, stride, quads, matrices, first, intercept };
        let products = &moments.products;
        let buffers = coefficients::Buffers { columns, products, scale, solution, weights };
        coefficients::record(&self.gpu, encoder, params, &buffers);
        let params = report::Params { order, targets, stride, quads, matrices, first };
        let info = &self.factors.info;
        let buffers = report::Buffers { columns, gram, scale, added, solution, info, weights, reports: &to.reports };
        report::record(&self.gpu, encoder, params, &buffers);
    }
}

/// A block of rows in the caller's buffers.
struct Block<'a> {
    start: usize,
    rows: usize,
    matrices: [MatrixBuffer<'a>; 2],
    parts: [(wgpu::BufferBinding<'a>, usize); 2],
    weights: Option<&'a wgpu::Buffer>,
}

impl<'a> Block<'a> {
    fn new(of: &Recorder, rows: &RowBuffers<'a>, own: std::ops::Range<usize>) -> Result<Self> {
        let RowBuffers { x, y, weights } = *rows;
        let parts = [x.part(&of.gpu, own.clone(), of.shape.features)?, y.part(&of.gpu, own.clone(), of.shape.targets)?];
        Ok(Self { start: own.start, rows: own.len(), matrices: [x, y], parts, weights })
    }

    fn weights(&self, of: &'a Recorder) -> wgpu::BufferBinding<'a> {
        self.weights.unwrap_or(&of.none).as_entire_buffer_binding()
    }

    /// Records that the rows become rows of [X | Y]: less the origins of their columns alone, or centred, scaled and weighted.
    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn record_frame(
        &self,
        of: &'a Recorder,
        encoder: &mut wgpu::CommandEncoder,
        moments: &MomentsBuffers,
        centred: bool,
    ) {
        let (n, width) = (of.shape.features, of.sums.row_stride);
        let params = |at: usize, [first, columns, end]: [usize; 3]| {
            let (matrix, (_, begin)) = (&self.matrices[at], &self.parts[at]);
            frame::Params {
                rows: self.rows as u32,
                columns: columns as u32,
                first: first as u32,
                end: end as u32,
                stride: width as u32,
                begin: *begin as u32,
                down: matrix.row_stride as u32,
                across: matrix.column_stride as u32,
                by_columns: u32::from(matrix.by_columns()),
                wide: 0,
                first_root: self.start as u32,
                weighted: if centred && self.weights.is_some() { 2 } else { 0 },
                zero: 0,
            }
        };
        let params = [params(0, [0, n, n]), params(1, [n, of.shape.targets, width])];
        let [(x, _), (y, _)] = &self.parts;
        let buffers = frame::Buffers {
            given: [x.clone(), y.clone()],
            roots: self.weights(of),
            columns: &moments.columns,
            framed: &of.framed,
        };
        frame::record(&of.gpu, encoder, Precision::Single, params, buffers);
    }

    /// Records the origins of the columns of X and of Y.
    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn record_origins(&self, of: &'a Recorder, encoder: &mut wgpu::CommandEncoder, moments: &MomentsBuffers) {
        let columns = [(0, of.shape.features), (of.shape.features, of.shape.targets)];
        for ((matrix, (part, begin)), (first, columns)) in self.matrices.iter().zip(&self.parts).zip(columns) {
            let params = centre::Params {
                rows: self.rows as u32,
                columns: columns as u32,
                first: first as u32,
                begin: *begin as u32,
                down: matrix.row_stride as u32,
                across: matrix.column_stride as u32,
                ..self.centre(of)
            };
            self.record_step(of, encoder, moments, (Step::Origin, part.clone()), params);
        }
    }

    /// Records another step of the stage `centre`.
    fn record_centre(
        &self,
        of: &'a Recorder,
        encoder: &mut wgpu::CommandEncoder,
        moments: &MomentsBuffers,
        step: Step,
    ) {
        self.record_step(of, encoder, moments, (step, of.none.as_entire_buffer_binding()), self.centre(of));
    }

    fn record_step(
        &self,
        of: &'a Recorder,
        encoder: &mut wgpu::CommandEncoder,
        moments: &MomentsBuffers,
        (step, given): (Step, wgpu::BufferBinding<'_>),
        params: centre::Params,
    ) {
        let (framed, partials, columns) = (&of.framed, &of.runs, &moments.columns);
        let buffers = centre::Buffers { given, weights: self.weights(of), framed, partials, columns };
        centre::record(&of.gpu, encoder, step, params, buffers);
    }

    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn centre(&self, of: &Recorder) -> centre::Params {
        let (Shape { rows, features, targets, .. }, split) = (of.shape, of.sums.rows_per_split);
        centre::Params {
            rows: self.rows as u32,
            columns: (features + targets) as u32,
            stride: of.sums.row_stride as u32,
            weighted: u32::from(self.weights.is_some()),
            first_weight: self.start as u32,
            rows_per_run: split as u32,
            run: (self.start / split) as u32,
            runs: rows.div_ceil(split) as u32,
            begun: u32::from(self.start > 0),
            ..centre::Params::default()
        }
    }
}
