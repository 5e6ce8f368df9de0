//! What will be done, decided before a device is touched: backend, strategy, precision, chunks and sizes. Pure arithmetic.

use std::fmt;

use crate::cost::{self, Cost};
use crate::error::{Error, Result};
use crate::outcome::Precision;
use crate::schedule;

/// Where to solve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// A real GPU when the plan says that it pays, else the CPU. Never opens a software adapter; a device that the caller
    /// [hands in](crate::Ridge::gpu) is the caller's choice.
    #[default]
    Auto,
    /// The GPU. A software adapter (Mesa's llvmpipe, `SwiftShader`) only with
    /// [`Ridge::allow_software_gpu`](crate::Ridge::allow_software_gpu), or handed in.
    Gpu,
    /// The CPU, all cores.
    Cpu,
    /// The textbook solution in [`reference`](mod@crate::reference), one λ after another.
    Reference,
}

/// Which equations are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// (XᵀSX + shift·D) w = XᵀSy, of order n.
    Primal,
    /// (XD⁻¹Xᵀ + shift·S⁻¹) β = y, of order m, and w = D⁻¹Xᵀβ: the same w, for less work where n > m.
    Dual,
}

impl Form {
    /// As [`BackendUsed::strategy`](crate::BackendUsed::strategy) names it.
    pub(crate) fn strategy(self) -> &'static str {
        match self {
            Self::Primal => "cholesky",
            Self::Dual => "dual cholesky",
        }
    }
}

/// m, n, t and k of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// m, rows.
    pub rows: usize,
    /// n, features.
    pub features: usize,
    /// t, targets.
    pub targets: usize,
    /// k, penalties.
    pub penalties: usize,
}

/// The limits of an adapter that bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one storage buffer binding.
    pub storage_binding: u64,
    /// Bytes of one buffer.
    pub buffer: u64,
    /// Workgroups a dispatch in each dimension.
    pub workgroups: u32,
    /// Bytes of shared memory of a workgroup.
    pub workgroup_storage: u32,
}

/// What every WebGPU implementation offers.
impl Default for Limits {
    fn default() -> Self {
        Self { storage_binding: 128 << 20, buffer: 256 << 20, workgroups: 65_535, workgroup_storage: 16_384 }
    }
}

/// Chunks and sizes on a GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuPlan {
    /// `f32` from one row of [X | Y] to the next, a multiple of 4.
    pub row_stride: usize,
    /// Rows that one workgroup sums. It depends on the shape alone, so that the bits of G do not depend on the device's
    /// limits or the memory budget.
    pub rows_per_split: usize,
    /// Rows uploaded at a time.
    pub rows_per_chunk: usize,
    /// λs factored and solved at a time.
    pub lambdas_per_chunk: usize,
    /// Bytes on the device while the Gram matrix is summed.
    pub gram_bytes: u64,
    /// Bytes on the device while a chunk of λ is solved.
    pub solve_bytes: u64,
    /// What the device does for the Gram matrix, if it forms it.
    pub gram: Cost,
    /// What it does to factor and solve once.
    pub factor: Cost,
    /// What it does for a correction.
    pub correction: Cost,
    tile_bytes: u64,
}

impl GpuPlan {
    /// Bytes of the partial sums of a block of rows.
    #[must_use]
    pub fn partial_bytes(&self) -> u64 {
        self.tile_bytes * (self.rows_per_chunk / self.rows_per_split) as u64
    }
}

/// What will be done for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The task.
    pub shape: Shape,
    /// The backend chosen; never [`Backend::Auto`].
    pub backend: Backend,
    /// The arithmetic of the answer.
    pub precision: Precision,
    /// The equations, of which every λ has a Cholesky factorization.
    pub form: Form,
    /// Chunks and sizes, when a GPU answers.
    pub gpu: Option<GpuPlan>,
    /// Why not the backend or precision asked for or preferred.
    pub fallback: Option<String>,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Where to solve.
    pub backend: Backend,
    /// In which arithmetic.
    pub precision: Precision,
    /// Which equations; those of less work if `None`.
    pub form: Option<Form>,
    /// Bytes that may be taken on the device, as far as one λ and one run of rows at a time allow.
    pub memory_budget: u64,
}

impl Default for Request {
    fn default() -> Self {
        Self { backend: Backend::Auto, precision: Precision::Double, form: None, memory_budget: 1 << 30 }
    }
}

/// Floating-point operations from which opening a GPU and moving the data pays.
const GPU_PAYS: f64 = 4e9;
/// Floating-point operations that go to a GPU at once, so that other programs and the driver's watchdog need not wait.
const SUBMISSION: u128 = 200_000_000_000;

impl Shape {
    /// The form of less work.
    #[must_use]
    pub fn form(&self) -> Form {
        if self.features > self.rows { Form::Dual } else { Form::Primal }
    }

    /// Floating-point operations of matrix, factorizations and substitutions: mn(n + 2t) + kn³/3 + 2ktn² in the primal form,
    /// nm² + km³/3 + 2ktm(m + n) in the dual.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn flops(&self, form: Form) -> f64 {
        let [m, n, t, k] = [self.rows, self.features, self.targets, self.penalties].map(|size| size as f64);
        match form {
            Form::Primal => m * n * (n + 2.0 * t) + k * n.powi(3) / 3.0 + 2.0 * k * t * n * n,
            Form::Dual => n * m * m + k * m.powi(3) / 3.0 + 2.0 * k * t * m * (m + n),
        }
    }

    /// Those that the GPU takes over: all in single precision, the factorizations in double, where the CPU forms the Gram
    /// matrix and the residuals. In the dual form the factorizations alone.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn flops_on_gpu(&self, form: Form, precision: Precision) -> f64 {
        match (form, precision) {
            (Form::Primal, Precision::Single) => self.flops(form),
            _ => self.penalties as f64 * (self.order(form) as f64).powi(3) / 3.0,
        }
    }

    /// The order of the equations.
    fn order(&self, form: Form) -> usize {
        match form {
            Form::Primal => self.features,
            Form::Dual => self.rows,
        }
    }
}

impl Request {
    /// Whether a GPU should be looked for at all.
    #[must_use]
    pub fn wants_gpu(&self, shape: Shape) -> bool {
        match self.backend {
            Backend::Gpu => true,
            Backend::Auto => shape.flops_on_gpu(self.form(shape), self.precision) >= GPU_PAYS,
            Backend::Cpu | Backend::Reference => false,
        }
    }

    /// The equations of a task.
    pub(crate) fn form(&self, shape: Shape) -> Form {
        match self.backend {
            Backend::Reference => Form::Primal,
            _ => self.form.unwrap_or_else(|| shape.form()),
        }
    }
}

impl Plan {
    /// Plans a task: with the limits of the adapter at hand, if any, or why there is none.
    ///
    /// # Errors
    /// With [`Backend::Gpu`], the reason why there is no adapter, or [`Error::TooLarge`]. With [`Backend::Auto`] these are
    /// reported in [`fallback`](Self::fallback), and the CPU is planned.
    pub fn new(shape: Shape, request: Request, adapter: Option<Result<Limits>>) -> Result<Self> {
        let form = request.form(shape);
        let plan = |backend, precision, gpu, fallback| Self { shape, backend, precision, form, gpu, fallback };
        let planned = match request.backend {
            Backend::Reference => {
                let asked = "the reference works in double precision";
                let fallback = (request.precision == Precision::Single).then(|| asked.to_owned());
                return Ok(plan(Backend::Reference, Precision::Double, None, fallback));
            }
            Backend::Auto | Backend::Gpu if request.wants_gpu(shape) => match adapter {
                Some(limits) => limits.and_then(|limits| plan_gpu(shape, form, limits, request.memory_budget)),
                None => Err(Error::NoAdapter { reason: "none was opened".into() }),
            },
            _ => return Ok(plan(Backend::Cpu, request.precision, None, None)),
        };
        match planned {
            Ok(gpu) => Ok(plan(Backend::Gpu, request.precision, Some(gpu), None)),
            Err(error) if request.backend == Backend::Auto => {
                Ok(plan(Backend::Cpu, request.precision, None, Some(error.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    /// The plan in words, line by line.
    #[must_use]
    pub fn explain(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { rows, features, targets, penalties } = self.shape;
        writeln!(f, "task       {rows} rows, {features} features, {targets} targets, {penalties} λ")?;
        let backend = match self.backend {
            Backend::Gpu => "gpu",
            Backend::Reference => "reference",
            Backend::Auto | Backend::Cpu => "cpu",
        };
        writeln!(f, "backend    {backend}, {}, {} precision", self.form.strategy(), self.precision)?;
        writeln!(f, "work       {:.3e} floating-point operations", self.shape.flops(self.form))?;
        if let Some(gpu) = &self.gpu {
            let chunks = rows.div_ceil(gpu.rows_per_chunk);
            writeln!(
                f,
                "gram       {chunks} × {} rows, {} rows a workgroup, {} bytes",
                gpu.rows_per_chunk.min(rows),
                gpu.rows_per_split,
                gpu.gram_bytes
            )?;
            let chunks = penalties.div_ceil(gpu.lambdas_per_chunk);
            writeln!(f, "solve      {chunks} × {} λ, {} bytes", gpu.lambdas_per_chunk, gpu.solve_bytes)?;
            if (self.form, self.precision) == (Form::Primal, Precision::Single) {
                writeln!(f, "  gram     {}", gpu.gram)?;
            }
            writeln!(f, "  factor   {}", gpu.factor)?;
            writeln!(f, "  correct  {}", gpu.correction)?;
        }
        match &self.fallback {
            Some(reason) => writeln!(f, "fallback   {reason}"),
            None => Ok(()),
        }
    }
}

fn plan_gpu(shape: Shape, form: Form, limits: Limits, budget: u64) -> Result<GpuPlan> {
    let [mut m, mut n, t, k] = [shape.rows, shape.features, shape.targets, shape.penalties].map(|size| size as u128);
    if form == Form::Dual {
        (m, n) = (n, m);
    }
    let size = |value: u128| usize::try_from(value).unwrap_or(usize::MAX);
    let tile = schedule::tile(size(n)) as u128;
    // Buffers are made in units of 16 bytes.
    let binding = u128::from(limits.storage_binding.min(limits.buffer).min(u64::from(u32::MAX)) & !15);
    let budget = u128::from(budget);
    let q = n + t;
    let fits = |what, needed: u128| match needed <= binding {
        true => Ok(needed),
        false => Err(Error::TooLarge {
            what,
            needed: u64::try_from(needed).unwrap_or(u64::MAX),
            limit: u64::try_from(binding).unwrap_or(u64::MAX),
            binding: "the adapter's storage buffer binding",
        }),
    };

    // Gram: runs of rows, as many as fill a large GPU, none shorter than the tile's loads are worth.
    let stride = q.next_multiple_of(4);
    let tile_rows = (schedule::tiled(size(n), size(q)) as u128).div_ceil(tile);
    let tile_columns = n.div_ceil(tile);
    let tiles = tile_columns * tile_rows - tile_columns * (tile_columns - 1) / 2;
    let wanted = 1024u128.div_ceil(tiles);
    let most = ((32 << 20) / (stride * 4)).max(16); // one run stays below 32 MiB
    let split = m.div_ceil(wanted).clamp(256, 4096).min(most).next_multiple_of(16);
    let split_bytes = fits("a run of rows", split * stride * 4)?;
    let partials = schedule::partial_elements(size(n), size(q));
    let tile_bytes = fits("the partial sums of the Gram matrix", 4 * partials)?;
    let moments = fits("the Gram matrix with its cross-products", q * n * 4)?;
    // One more right-hand side than targets estimates the condition number.
    let quads = (t + 1).div_ceil(4);
    if tile_rows.max(quads) > u128::from(limits.workgroups) {
        return Err(Error::TooLarge {
            what: "the number of targets",
            needed: u64::try_from(tile_rows.max(quads)).unwrap_or(u64::MAX),
            limit: limits.workgroups.into(),
            binding: "the adapter's workgroups a dimension, a tile of columns or 4 targets each",
        });
    }
    let splits = (budget.saturating_sub(moments) / (split_bytes + tile_bytes))
        .min(binding / split_bytes)
        .min(binding / tile_bytes)
        .min(u128::from(limits.workgroups))
        .min(SUBMISSION / u128::from(cost::gram(size(n), size(q), size(split), size(split)).flops))
        .min(m.div_ceil(split))
        .max(1);

    // Solve: per λ the factor, the inverted diagonal blocks, right-hand sides (here and staged), scales.
    let rows = n.next_multiple_of(4);
    let gram = fits("the Gram matrix", n * rows * 4)?;
    let factor = fits("a factor", 4 * schedule::lower_elements(size(n)) as u128)?;
    let inverse = fits("the inverted diagonal blocks", 4 * schedule::inverse_elements(size(n)) as u128)?;
    let solution = quads * n * 16;
    let back = fits("the solutions of one λ, with its status", solution + 4)?;
    let one = factor + inverse + 2 * solution + 8 * rows + 4;
    let lambdas = (budget.saturating_sub(gram) / one)
        .min(binding / factor.max(inverse).max(back))
        .min(u128::from(limits.workgroups))
        .min(SUBMISSION / u128::from(cost::factor_solved(size(n), 1, size(quads)).flops))
        .min(k)
        .max(1);
    let bytes = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
    let (rows_per_split, rows_per_chunk, lambdas_per_chunk) = (size(split), size(split * splits), size(lambdas));
    let [m, n, k, q, quads] = [m, n, k, q, quads].map(size);
    Ok(GpuPlan {
        row_stride: size(stride),
        rows_per_split,
        rows_per_chunk,
        lambdas_per_chunk,
        gram: Cost::in_chunks(m, rows_per_chunk, |rows| cost::gram(n, q, rows, rows_per_split)),
        factor: Cost::in_chunks(k, lambdas_per_chunk, |k| cost::factor_solved(n, k, quads)),
        correction: Cost::in_chunks(k, lambdas_per_chunk, |k| cost::solve(n, k, quads)),
        gram_bytes: bytes(moments + splits * (split_bytes + tile_bytes)),
        solve_bytes: bytes(gram + lambdas * one),
        tile_bytes: bytes(tile_bytes),
    })
}
