//! What will be done, decided before a device is touched: backend, strategy, precision, chunks and sizes. Pure arithmetic.

use std::fmt;

mod device_rates;
mod estimate;
pub(crate) mod gpu;
mod rates;
pub(crate) mod rungs;
mod shape;

pub use device_rates::DeviceRates;
pub use estimate::{Estimate, Seconds};
pub use gpu::{BackPlan, GpuPlan, GramPlan};
pub use rates::Rates;
use rates::{NODES_PAY, Sizes};
pub use shape::Shape;
pub(crate) use shape::{LARGE, LARGE_FACTORS};

use crate::error::{Error, Result};
use crate::model::method::{Backend, Form, Precision, Strategy};
use crate::model::outcome::Fallback;
use crate::model::rung::Rung;

/// What an adapter offers, as far as it decides what is done there.
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
    /// 64-bit floats in shaders.
    pub shader_f64: bool,
}

/// What every WebGPU implementation offers.
impl Default for Limits {
    fn default() -> Self {
        Self {
            storage_binding: 128 << 20,
            buffer: 256 << 20,
            workgroups: 65_535,
            workgroup_storage: 16_384,
            shader_f64: false,
        }
    }
}

/// What will be done for a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The task.
    pub shape: Shape,
    /// The backend chosen; never [`Backend::Auto`].
    pub backend: Backend,
    /// The arithmetic of the answer.
    pub precision: Precision,
    /// The equations.
    pub form: Form,
    /// How they are solved.
    pub strategy: Strategy,
    /// The ways of answering, in the order in which λs are handed on: the first takes all.
    pub rungs: Vec<Rung>,
    /// What was asked for, as far as it decided.
    pub request: Request,
    /// Chunks and sizes, when a GPU answers.
    pub gpu: Option<GpuPlan>,
    /// The name of that GPU, or of those that share the work, where one is open.
    pub adapter: Option<String>,
    /// Why not the backend, precision, form or strategy asked for or preferred; none where it is.
    pub fallbacks: Vec<Fallback>,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Where to solve.
    pub backend: Backend,
    /// In which arithmetic.
    pub precision: Precision,
    /// Which equations; those of less work if `None`.
    pub form: Option<Form>,
    /// How to solve them; what is less work if `None`.
    pub strategy: Option<Strategy>,
    /// Bytes that may be taken on the device, as far as the matrices of the problems, one λ and one run of rows at a time
    /// allow.
    pub memory_budget: u64,
    /// Whether λ = 0 on data of deficient rank is answered by the solution of least norm.
    pub minimum_norm: bool,
    /// Whether there is a D⁻¹, and one for all λs: penalty factors that are not 0, and the same at every λ. The dual form and the
    /// spectral strategy need it.
    pub has_inverse: bool,
    /// Whether the rows can be read again: safer routes than the equations in double precision need them.
    pub replayable: bool,
    /// Bytes of an element of X and of Y, 4 or 8: of what goes to a device. It decides no more than chunks, and who centres rows.
    pub element_bytes: [usize; 2],
    /// How fast the CPU is taken to be.
    pub rates: Rates,
    /// How fast the GPU is taken to be; `None` where nobody asked it: then it is given whatever its shaders can do.
    pub device: Option<DeviceRates>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            precision: Precision::Double,
            form: None,
            strategy: None,
            memory_budget: 1 << 30,
            minimum_norm: false,
            has_inverse: true,
            replayable: true,
            element_bytes: [size_of::<f64>(); 2],
            rates: Rates::default(),
            device: None,
        }
    }
}

/// Seconds of a CPU from which opening a GPU, building its pipelines and moving the data pays.
const GPU_PAYS: f64 = 0.3;
/// Seconds that opening a GPU and building its pipelines takes, about.
const OPENING: f64 = 0.15;

impl Request {
    /// Whether a GPU should be looked for at all.
    #[must_use]
    pub fn wants_gpu(&self, shape: Shape) -> bool {
        match self.backend {
            Backend::Gpu => true,
            Backend::Auto => self.seconds_on_cpu(shape) >= GPU_PAYS,
            Backend::Cpu | Backend::Reference => false,
        }
    }

    /// About how many seconds a CPU takes for the matrix of the equations and the solutions of all λ.
    #[must_use]
    pub fn seconds_on_cpu(&self, shape: Shape) -> f64 {
        self.gram_on_cpu(shape) + self.solutions_on_cpu(shape)
    }

    /// The share of that of the matrix.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(crate) fn gram_on_cpu(&self, shape: Shape) -> f64 {
        let order = shape.order(self.form(shape));
        let [m, n, order, cores] = [shape.rows, shape.features, order, self.rates.cores].map(|size| size as f64);
        shape.problems as f64 * (m * n * order) / self.rates.product / cores
    }

    /// The share of the solutions; in single precision each λ is factored.
    fn solutions_on_cpu(&self, shape: Shape) -> f64 {
        let form = self.form(shape);
        let strategy = match self.precision {
            Precision::Single => Strategy::Cholesky,
            Precision::Double => self.strategy(form, shape.sizes(form)),
        };
        shape.seconds(strategy, form, &self.rates)
    }

    /// Whether a GPU pays that does what is planned: by its rates, or where nobody knows them by how long the CPU takes for
    /// what it takes over.
    fn pays(&self, shape: Shape, planned: &Plan) -> bool {
        let Some(gpu) = &planned.gpu else { return false };
        match self.device.and_then(|device| planned.estimate(&device)) {
            Some(estimate) => estimate.seconds.total + OPENING < self.seconds_on_cpu(shape),
            None if gpu.gram.is_some() => self.seconds_on_cpu(shape) >= GPU_PAYS,
            None => self.solutions_on_cpu(shape) >= GPU_PAYS,
        }
    }

    /// The equations of a task.
    pub(crate) fn form(&self, shape: Shape) -> Form {
        match self.backend {
            Backend::Reference => Form::Primal,
            _ if !self.has_inverse => Form::Primal,
            _ => self.form.unwrap_or_else(|| shape.form()),
        }
    }

    /// The strategy on the CPU in double precision for so many λs of equations of this form and [sizes](Sizes): of each problem as if it
    /// were alone, for the bits of its answer.
    pub(crate) fn strategy(&self, form: Form, sizes: Sizes) -> Strategy {
        match self.strategy {
            _ if !self.has_inverse => Strategy::Cholesky,
            Some(strategy) => strategy,
            None => self.rates.cheaper(form, sizes),
        }
    }

    /// The strategy on a GPU for so many λs.
    pub(crate) fn strategy_on_gpu(&self, form: Form, precision: Precision, shape: Shape) -> Strategy {
        let possible = self.has_inverse && precision == Precision::Double;
        // Coefficients of the dual form are sums of as many terms as there are rows, or nodes.
        let fewer = form == Form::Primal || shape.rows >= NODES_PAY;
        match self.strategy {
            Some(Strategy::Nodes) if possible => Strategy::Nodes,
            None if possible && fewer && shape.penalties >= NODES_PAY => Strategy::Nodes,
            _ => Strategy::Cholesky,
        }
    }
}

impl Plan {
    /// Plans a task: with the limits of the adapter at hand, if any, or why there is none.
    ///
    /// # Errors
    /// [`Error::InvalidRate`]; [`Error::Overflow`] for sizes beyond any memory; with [`Backend::Gpu`], the reason why there is no adapter, or [`Error::TooLarge`]. With
    /// [`Backend::Auto`] these two are reported in [`fallbacks`](Self::fallbacks), and the CPU is planned.
    pub fn new(shape: Shape, request: Request, adapter: Option<Result<Limits>>) -> Result<Self> {
        request.rates.check()?;
        request.device.map_or(Ok(()), |device| device.check())?;
        let form = request.form(shape);
        shape.check(form)?;
        let plan = |backend, precision, gpu, fallback: Option<Fallback>| {
            let strategy = match (backend, precision) {
                (Backend::Gpu, _) => request.strategy_on_gpu(form, precision, shape),
                (Backend::Cpu, Precision::Double) => request.strategy(form, shape.sizes(form)),
                _ => Strategy::Cholesky,
            };
            let refused = match request.strategy.filter(|wanted| request.has_inverse && *wanted != strategy) {
                Some(Strategy::Spectral) => Some(Fallback::Spectral),
                Some(Strategy::Nodes) => Some(Fallback::Nodes),
                _ => None,
            };
            let fallbacks = fallback.or(refused).into_iter().collect();
            let rungs = rungs::rungs(shape, &request, (backend, form, precision), strategy);
            Self { shape, backend, precision, form, strategy, rungs, request, gpu, adapter: None, fallbacks }
        };
        let planned = match request.backend {
            Backend::Reference => {
                let fallback = (request.precision == Precision::Single).then_some(Fallback::ReferencePrecision);
                return Ok(plan(Backend::Reference, Precision::Double, None, fallback));
            }
            Backend::Auto | Backend::Gpu if request.wants_gpu(shape) => match adapter {
                Some(limits) => limits.and_then(|limits| GpuPlan::new(shape, form, &request, limits)),
                None => Err(Error::NoAdapter { reason: "none was opened".into() }),
            },
            _ => return Ok(plan(Backend::Cpu, request.precision, None, None)),
        };
        match planned {
            Ok(gpu) => {
                let planned = plan(Backend::Gpu, request.precision, Some(gpu), None);
                match request.backend == Backend::Auto && !request.pays(shape, &planned) {
                    true => Ok(plan(Backend::Cpu, request.precision, None, None)),
                    false => Ok(planned),
                }
            }
            Err(error) if request.backend == Backend::Auto => {
                let reason = error.to_string();
                Ok(plan(Backend::Cpu, request.precision, None, Some(Fallback::Device { reason })))
            }
            Err(error) => Err(error),
        }
    }

    /// This plan, with one more reason why it is not what was asked for.
    pub(crate) fn because(mut self, reason: Fallback) -> Self {
        self.fallbacks.push(reason);
        self
    }

    /// This plan without its device, which failed.
    pub(crate) fn on_cpu(self, reason: String) -> Self {
        let (Request { precision, .. }, fallbacks) = (self.request, vec![Fallback::Device { reason }]);
        let strategy = match precision {
            Precision::Double => self.strategy(self.form, self.shape.order(self.form), self.shape.penalties),
            Precision::Single => Strategy::Cholesky,
        };
        Self { backend: Backend::Cpu, gpu: None, adapter: None, strategy, fallbacks, ..self }
    }

    /// The plan of λs that only the rungs of `form` in double precision on the CPU answer.
    pub(crate) fn in_double(&self, form: Form, shape: Shape) -> Self {
        let strategy = self.strategy(form, shape.order(form), shape.penalties);
        let rungs = rungs::in_double(shape, &self.request, form, strategy);
        let (backend, precision) = (Backend::Cpu, Precision::Double);
        Self { shape, form, backend, precision, rungs, gpu: None, adapter: None, ..self.clone() }
    }

    /// The strategy for so many λs of the equations planned on the GPU.
    pub(crate) fn strategy_on_gpu(&self, penalties: usize) -> Strategy {
        self.request.strategy_on_gpu(self.form, self.precision, Shape { penalties, ..self.shape })
    }

    /// The strategy for so many λs that are left, of equations of this form and order, on the CPU in double precision.
    pub(crate) fn strategy(&self, form: Form, order: usize, penalties: usize) -> Strategy {
        let Shape { features, targets, .. } = self.shape;
        self.request.strategy(form, Sizes { order, features, targets, penalties })
    }

    /// Form and strategy in words, as [`BackendUsed::method`](crate::BackendUsed::method) has them.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.strategy.name(self.form)
    }

    /// The [fallbacks](Self::fallbacks) in words; `None` where there are none.
    #[must_use]
    pub fn fallback(&self) -> Option<String> {
        Fallback::joined(&self.fallbacks)
    }

    /// The plan in words, line by line.
    #[must_use]
    pub fn explain(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { rows, features, targets, penalties, .. } = self.shape;
        let times = self.shape.times();
        writeln!(f, "task       {rows} rows, {features} features, {targets} targets, {penalties} λ{times}")?;
        writeln!(f, "backend    {}, {}, {} precision", self.backend, self.strategy.name(self.form), self.precision)?;
        if let Some(adapter) = &self.adapter {
            writeln!(f, "adapter    {adapter}")?;
        }
        writeln!(f, "work       {:.3e} floating-point operations", self.shape.flops(self.form))?;
        let cpu = |strategy: &Strategy| {
            let seconds = self.shape.seconds(*strategy, self.form, &self.request.rates);
            format!("{} about {seconds:.1e} s", strategy.name(self.form))
        };
        let every = [Strategy::Cholesky, Strategy::Spectral, Strategy::Nodes];
        let strategies: Vec<Strategy> = match self.precision {
            Precision::Single => vec![Strategy::Cholesky],
            // The one that is planned first.
            Precision::Double => {
                let others = every.into_iter().filter(|other| *other != self.strategy);
                std::iter::once(self.strategy).chain(others).collect()
            }
        };
        let times = strategies.iter().map(cpu).collect::<Vec<_>>().join("; ");
        match self.backend {
            Backend::Reference => (),
            Backend::Gpu => writeln!(f, "on the cpu {times}")?,
            Backend::Auto | Backend::Cpu => {
                writeln!(f, "strategy   {times}")?;
            }
        }
        if self.backend == Backend::Cpu && self.precision == Precision::Double {
            writeln!(f, "memory     {} bytes beside the data", self.shape.bytes_on_cpu(self.form, self.strategy))?;
        }
        if let Some(gpu) = &self.gpu {
            if let Some(gram) = &gpu.gram {
                let GramPlan { rows, rows_per_split, rows_per_chunk, rows_bound, bytes, cost, .. } = gram;
                let GramPlan { given, upload, .. } = gram;
                let (chunks, most) = (rows.div_ceil(*rows_per_chunk), rows_per_chunk.min(rows));
                let arithmetic = gram.arithmetic();
                writeln!(
                    f,
                    "gram       {arithmetic}, {chunks} × {most} rows, {rows_per_split} rows a workgroup, {bytes} bytes"
                )?;
                writeln!(f, "  bound by {rows_bound}")?;
                writeln!(f, "  sum      {cost}")?;
                let by = if given.is_some() { "device" } else { "host" };
                writeln!(f, "  upload   {upload} bytes, framed by the {by}")?;
            } else {
                writeln!(f, "gram       on the CPU")?;
            }
            let (most, bytes) = (gpu.matrices_per_chunk, gpu.solve_bytes);
            let chunks = gpu.matrices.div_ceil(most);
            writeln!(f, "solve      {chunks} × {most} matrices, {bytes} bytes")?;
            writeln!(f, "  bound by {}", gpu.matrices_bound)?;
            writeln!(f, "  factor   {}", gpu.factor)?;
            writeln!(f, "  correct  {}", gpu.correction)?;
            if let Some(product) = gpu.product {
                writeln!(f, "  residual {product}")?;
            }
            let BackPlan { step_bytes, weight_bytes } = gpu.back;
            let once = if weight_bytes > 0 { format!(", {weight_bytes} bytes once") } else { String::new() };
            writeln!(f, "  back     {step_bytes} bytes a correction{once}")?;
        }
        let rungs: Vec<String> = self.rungs.iter().map(ToString::to_string).collect();
        writeln!(f, "rungs      {}", rungs.join(" → "))?;
        if let Some(reason) = self.fallback() {
            writeln!(f, "fallback   {reason}")?;
        }
        if let Some((device, estimate)) = self.request.device.and_then(|device| Some((device, self.estimate(&device)?)))
        {
            writeln!(f, "estimate   {estimate}")?;
            writeln!(f, "device     {device}")?;
        }
        match self.backend {
            Backend::Reference => Ok(()),
            _ => writeln!(f, "rates      {}", self.request.rates),
        }
    }
}
