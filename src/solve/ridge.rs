//! [`Ridge`]: what the user holds.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use nalgebra::DMatrix;

use crate::answer::path::RidgePath;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::gpu::{Gpu, GpuOptions};
use crate::model::method::{Backend, Form, Precision, Strategy};
use crate::model::penalty::Penalty;
use crate::model::prior::Prior;
use crate::model::watch::{Cancellation, Report, Watch};
use crate::model::{Model, Standardize};
use crate::moments::Moments;
use crate::plan::{DeviceRates, Limits, Plan, Rates, Request, Shape};
use crate::solve::asked::Asked;
use crate::solve::double;

type Progress = Arc<dyn Fn(usize, usize) + Send + Sync>;

/// Ridge regression over a grid of penalties.
///
/// Minimises 1/(2W) Σ sᵢ(yᵢ − xᵢᵀw − b)² + λ‖w‖² for every λ of the grid and every target.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | [`lambdas`](Self::lambdas), [`alphas`](Self::alphas), [`penalty`](Self::penalty) | 100 values scaled from the data | the grid |
/// | [`penalty_factors`](Self::penalty_factors) | all 1 | what λ is multiplied by for each feature |
/// | [`prior_mean`](Self::prior_mean) | 0 | what to shrink toward |
/// | [`tikhonov`](Self::tikhonov) | the identity | a full matrix of the penalty |
/// | [`intercept`](Self::intercept) | `true` | fit b, which is never penalised |
/// | [`standardize`](Self::standardize) | [`No`](Standardize::No) | penalise the coefficients of standardised columns |
/// | [`weights`](Self::weights) | all 1 | observation weights s |
/// | [`backend`](Self::backend) | [`Auto`](Backend::Auto) | where to solve |
/// | [`allow_software_gpu`](Self::allow_software_gpu) | `false` | let [`Backend::Gpu`] open a software adapter |
/// | [`adapter`](Self::adapter) | the best | the name of the GPU to open |
/// | [`gpu`](Self::gpu) | opened when needed | a device of the caller's |
/// | [`gpus`](Self::gpus) | one | devices that share rows and λs by their rates |
/// | [`precision`](Self::precision) | [`Double`](Precision::Double) | the arithmetic |
/// | [`form`](Self::form), [`strategy`](Self::strategy) | those of less work | the equations, and how they are solved |
/// | [`rates`](Self::rates) | [constants](Rates::default) | the speed of the CPU, for estimates |
/// | [`minimum_norm`](Self::minimum_norm) | `false` | answer λ = 0 on data of deficient rank |
/// | [`memory_budget`](Self::memory_budget) | 1 GiB | device memory to take at a time |
/// | [`on_progress`](Self::on_progress) | none | called as λs are done |
/// | [`cancellation`](Self::cancellation) | none | ends the work from another thread |
///
/// ```
/// use ridgepath::{Ridge, View};
///
/// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
/// let path = Ridge::new().lambdas([0.01, 1.0]).fit(x, &[1.0, 2.0, 3.0, 4.0])?;
/// assert!(path.squared_norm(0, 0) > path.squared_norm(1, 0)); // a larger λ shrinks more
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Ridge {
    pub(crate) penalty: Penalty,
    factors: Option<Vec<f64>>,
    pub(crate) prior: Prior,
    pub(crate) model: Model,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) request: Request,
    opening: GpuOptions,
    /// The caller's, or the one opened at first need, shared by clones; or what is wrong with the caller's.
    gpu: Arc<OnceLock<Result<Gpu>>>,
    progress: Option<Progress>,
    /// Whether paths only predict.
    predicts: bool,
    pub(crate) cancellation: Cancellation,
}

/// Tells how many λs are done of all.
pub(crate) struct Reporter {
    progress: Option<Progress>,
    total: usize,
    cancellation: Cancellation,
}

impl Watch for Reporter {
    fn done(&self, lambdas: usize) {
        if let Some(progress) = &self.progress {
            progress(lambdas, self.total);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }
}

impl Ridge {
    /// The defaults of the table above.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The λs to solve for, in this order.
    #[must_use]
    pub fn lambdas(self, lambdas: impl Into<Vec<f64>>) -> Self {
        self.penalty(Penalty::Lambdas(lambdas.into()))
    }

    /// The shifts 2Wλ to solve for, which are scikit-learn's alphas.
    #[must_use]
    pub fn alphas(self, alphas: impl Into<Vec<f64>>) -> Self {
        self.penalty(Penalty::Alphas(alphas.into()))
    }

    /// The grid of penalties.
    #[must_use]
    pub fn penalty(self, penalty: Penalty) -> Self {
        Self { penalty, ..self }
    }

    /// A factor ≥ 0 for each feature, by which every λ is multiplied there: the penalty is λ Σ fⱼwⱼ² (of standardised columns
    /// where these are). 0 leaves a feature unpenalised, as the intercept is; more than one that depend on each other are
    /// [`Singular`](crate::Outcome::Singular) at every λ. They are taken as they are; glmnet rescales its `penalty.factor` to sum to n, and
    /// [`Convention::penalty_factors`](crate::Convention::penalty_factors) does the same. For groups of features with λs of
    /// their own see [`Penalty::groups`].
    #[must_use]
    pub fn penalty_factors(self, factors: impl Into<Vec<f64>>) -> Self {
        Self { factors: Some(factors.into()), ..self }
    }

    /// w₀ to shrink toward instead of 0: the penalty is λ‖w − w₀‖² (on the scale on which it acts). n numbers for all targets, or n for
    /// each target, one target after the other, on the original scale. The rows are copied, in double precision.
    #[must_use]
    pub fn prior_mean(mut self, mean: impl Into<Vec<f64>>) -> Self {
        self.prior.mean = Some(mean.into());
        self
    }

    /// A full matrix Γ, n × n, symmetric and positive semi-definite, in place of D: the penalty is λ wᵀΓw (of standardised
    /// columns where these are), which leaves the directions free that Γ annihilates. With Γ = BᵀB it is λ‖Bw‖², such as of
    /// differences between neighbours (Tikhonov, 1963). By Γ = QΛQᵀ it is a path of the rows X·Q with penalty factors Λ: the rows
    /// are copied, in double precision, and rounded once more; residuals, condition numbers and the orders of singular minors
    /// are those of the turned equations.
    #[must_use]
    pub fn tikhonov(mut self, matrix: DMatrix<f64>) -> Self {
        self.prior.tikhonov = Some(matrix);
        self
    }

    pub(crate) fn without_prior(self) -> Self {
        Self { prior: Prior::default(), ..self }
    }

    /// Whether to fit an intercept.
    #[must_use]
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.model.intercept = intercept;
        self
    }

    /// Whether and how to standardise the columns before the penalty acts.
    #[must_use]
    pub fn standardize(mut self, standardize: Standardize) -> Self {
        self.model.standardize = standardize;
        self
    }

    /// Observation weights, one ≥ 0 for each row.
    #[must_use]
    pub fn weights(self, weights: impl Into<Vec<f64>>) -> Self {
        Self { weights: Some(weights.into()), ..self }
    }

    /// Where to solve.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Self {
        self.request.backend = backend;
        self
    }

    /// Whether [`Backend::Gpu`] may open a software adapter, which is slower than the CPU backend. For tests.
    #[must_use]
    pub fn allow_software_gpu(self, allow_software: bool) -> Self {
        Self { opening: GpuOptions { allow_software, ..self.opening }, ..self }
    }

    /// Which GPU to open instead of the best: a part of its name, API or kind, in capitals or not, such as `"nvidia"` or
    /// `"vulkan"`, or its number in the list of `Gpu::adapters`. Where it is not there, the error says what is. It replaces a
    /// [`gpu`](Self::gpu) set before.
    #[must_use]
    pub fn adapter(self, name: impl Into<String>) -> Self {
        let opening = GpuOptions { adapter: Some(name.into()), ..self.opening };
        Self { opening, gpu: Arc::default(), ..self }
    }

    /// The arithmetic.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.request.precision = precision;
        self
    }

    /// Whether λ = 0 on data of deficient rank is answered by the least squares solution of least norm, with
    /// [`Outcome::MinimumNorm`](crate::Outcome::MinimumNorm), instead of [`Outcome::Singular`](crate::Outcome::Singular),
    /// where no penalty factor is 0. Pivots of the rows below m·eps (n·eps if larger) times the largest count as 0.
    /// [`Backend::Reference`] does not know it.
    #[must_use]
    pub fn minimum_norm(self, minimum_norm: bool) -> Self {
        Self { request: Request { minimum_norm, ..self.request }, ..self }
    }

    /// Which equations to solve, instead of those of less work.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.request.form = Some(form);
        self
    }

    /// How to solve them, instead of what is less work. [`Strategy::Spectral`] works on the CPU in double precision; elsewhere
    /// every λ is factored, and [`RidgePath::backend`] says so.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.request.strategy = Some(strategy);
        self
    }

    /// How fast the CPU is, by which the strategy is chosen and a GPU taken, instead of the default: such as
    /// [`Rates::measure`] finds. Measured rates may choose another strategy in another run, whose answer has other last bits.
    #[must_use]
    pub fn rates(mut self, rates: Rates) -> Self {
        self.request.rates = rates;
        self
    }

    /// How fast the GPU is, by which it is taken or left, and given work in 64 bits or not, such as [`DeviceRates::measure`] finds.
    /// Without, [`Backend::Auto`] takes a GPU where the CPU would take 0.3 seconds, and its shaders do what they can.
    #[must_use]
    pub fn device_rates(mut self, rates: DeviceRates) -> Self {
        self.request.device = Some(rates);
        self
    }

    /// Device memory to take at a time, in bytes. λs and rows are cut into chunks that fit, at least one λ and one run
    /// of rows; the answer is the same, bit for bit, whatever the chunks.
    #[must_use]
    pub fn memory_budget(mut self, bytes: u64) -> Self {
        self.request.memory_budget = bytes;
        self
    }

    /// A GPU to use instead of opening one: see [`Gpu::from_device`].
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn gpu(self, gpu: Gpu) -> Self {
        Self { gpu: Arc::new(OnceLock::from(Ok(gpu))), ..self }
    }

    /// GPUs that share the work, opened, each with its rates: of its speed at this beside the others', such as
    /// [`DeviceRates::measure`] finds. One is as [`gpu`](Self::gpu) has it; that there are none is an error of the fit.
    ///
    /// λs (or the nodes of which they are sums) go to all at the same time, by their speed in single precision; a device that is
    /// done takes of what another has left, so that a wrong rate costs little. Each has the bits that the device that had it gives:
    /// of devices alike, those of one alone. Rows are shared where they are two [parts](crate::GramPlan::rows_per_part) or more, by the
    /// speed in which they are summed, or of the way to the device. The sums of parts are added in the order of the rows, and the parts
    /// depend on the shape alone: on devices alike bits depend neither on rates, nor on how many devices there are beyond one. Sums of
    /// floats have other last bits than those of one device, where rows are shared; sums of integers have the same.
    ///
    /// The plan is made for the limits that all devices have, and the [memory budget](Self::memory_budget) is that of each. A device
    /// that fails leaves its share to the others and is left out from then on, by all clones of this solver, which
    /// [`Fallback::Share`](crate::Fallback::Share) tells in every path. Estimates, and whether [`Backend::Auto`] takes them at all, go by
    /// [`device_rates`](Self::device_rates): set [`DeviceRates::together`] there.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn gpus(self, devices: impl Into<Vec<(Gpu, DeviceRates)>>) -> Self {
        Self { gpu: Arc::new(OnceLock::from(Gpu::sharing(devices))), ..self }
    }

    /// Calls `progress(λs done, λs in all)` as the work goes on, from the thread that solves.
    #[must_use]
    pub fn on_progress(self, progress: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Arc::new(progress)), ..self }
    }

    /// Lets another thread end the work, of this solver and all that is made with it: [`Error::Cancelled`] within about a λ, a fold, a
    /// chunk on a device or a batch of a stream; not within the sums of rows in memory, or one factorization.
    #[must_use]
    pub fn cancellation(self, cancellation: &Cancellation) -> Self {
        Self { cancellation: cancellation.clone(), ..self }
    }

    /// Fits X (m × n) and Y (m × t), blocking.
    ///
    /// # Errors
    /// Those of [`Problem`] and [`Penalty`], [`Error::Span`]; of a prior [`Error::NonFinite`], [`Error::NotSemidefinite`],
    /// [`Error::NotDecomposed`] and [`Error::Conflict`]; [`Error::InvalidRate`]; with [`Backend::Gpu`] also those of the device.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<RidgePath> {
        pollster::block_on(self.fit_async(x, y))
    }

    /// [`fit`](Self::fit) for async code and browsers. CPU work is done on the thread that polls.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub async fn fit_async<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<RidgePath> {
        self.solve(&self.problem(x.into(), y.into())?, None).await
    }

    /// The data checked, with the weights set.
    pub(crate) fn problem<'a>(&'a self, x: View<'a>, y: View<'a>) -> Result<Problem<'a>> {
        let problem = Problem::new(x, y)?;
        match &self.weights {
            Some(weights) => problem.with_weights(weights),
            None => Ok(problem),
        }
    }

    /// The path of moments summed before, in double precision on the CPU. Without rows, a residual sum of squares that is
    /// a tiny part of the total comes with few digits.
    ///
    /// # Errors
    /// Those of [`Penalty`]; [`Error::ZeroWeights`] for moments of no rows, [`Error::Conflict`] with a prior mean or a Tikhonov
    /// matrix, which need the rows, and with [weights](Self::weights), which were those of the rows summed; [`Error::InvalidRate`].
    pub fn fit_moments(&self, moments: &Moments) -> Result<RidgePath> {
        self.check_moments(moments)?;
        let asked = self.asked();
        let shape = self.shape_of_moments(moments);
        self.check_cancelled()?;
        let (plan, reporter) = (self.plan_of_moments(shape)?, self.reporter(shape.penalties));
        let path = double::path_of_moments(&asked, &plan, moments, Report::of(&reporter))?;
        self.check_cancelled()?;
        Ok(path)
    }

    /// Refuses what moments do not go with.
    pub(crate) fn check_moments(&self, moments: &Moments) -> Result<()> {
        self.request.rates.check()?;
        self.check_no_weights()?;
        if moments.weight_sum() == 0.0 {
            return Err(Error::ZeroWeights { rows: moments.rows() });
        }
        if !self.prior.is_none() {
            let (first, second) = ("a prior mean or a Tikhonov matrix", "moments alone");
            return Err(Error::Conflict { first, second, instead: "the rows themselves" });
        }
        self.asked().penalty.check_features(moments.features())
    }

    /// Refuses weights set for rows in memory.
    pub(crate) fn check_no_weights(&self) -> Result<()> {
        match self.weights {
            Some(_) => Err(Error::Conflict {
                first: "weights set for all rows",
                second: "a stream or moments",
                instead: "weights of the batches, by Batch::with_weights",
            }),
            None => Ok(()),
        }
    }

    /// m, n and t of the rows that moments were summed from, and k of the grid set.
    pub fn shape_of_moments(&self, moments: &Moments) -> Shape {
        let (rows, features, targets) = (moments.rows(), moments.features(), moments.targets());
        Shape { rows, features, targets, penalties: self.penalty.len(), problems: 1 }
    }

    /// m, n and t of X and Y, and k of the grid set.
    pub fn shape<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Shape {
        let x = x.into();
        Shape {
            rows: x.rows(),
            features: x.columns(),
            targets: y.into().columns(),
            penalties: self.penalty.len(),
            problems: 1,
        }
    }

    /// About how many seconds the CPU takes, as [`Request::seconds_on_cpu`] has it.
    #[must_use]
    pub fn seconds_on_cpu(&self, shape: Shape) -> f64 {
        self.asked().request.seconds_on_cpu(shape)
    }

    /// What [`fit`](Self::fit) would do with a problem of this shape: opens a GPU if one is wanted. Blocking.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn plan(&self, shape: Shape) -> Result<Plan> {
        pollster::block_on(self.plan_async(shape))
    }

    /// What [`fit`](Self::fit) would do on an adapter of these limits, which need not be there.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn plan_for(&self, shape: Shape, adapter: Limits) -> Result<Plan> {
        self.explained(&self.asked(), shape, Some(Ok(adapter)))
    }

    /// What [`fit_moments`](Self::fit_moments) would do with the moments of rows of this shape: the CPU solves the equations of the
    /// features in double precision, and no rung reads the rows.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn plan_of_moments(&self, shape: Shape) -> Result<Plan> {
        let request = Request {
            backend: Backend::Cpu,
            form: Some(Form::Primal),
            precision: Precision::Double,
            replayable: false,
            ..self.asked().request
        };
        Plan::new(shape, request, None)
    }

    /// [`plan`](Self::plan) for async code and browsers.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub async fn plan_async(&self, shape: Shape) -> Result<Plan> {
        self.planned(&self.asked(), shape).await
    }

    /// What is asked for, settled once.
    pub(crate) fn asked(&self) -> Asked {
        let grid = self.penalty.clone();
        let penalty = match self.factors.clone() {
            Some(factors) => Penalty::Factored { grid: Box::new(grid), factors },
            None => grid,
        };
        Asked::new(self.model, penalty, self.request)
    }

    /// What is asked for of a problem at hand, whose elements decide what goes to a device.
    pub(crate) fn asked_of(&self, problem: &Problem<'_>) -> Asked {
        let mut asked = self.asked();
        asked.request.element_bytes = problem.element_bytes();
        asked.predicts = self.predicts;
        asked
    }

    /// Tells the caller how many of `total` λs are done. It holds no device, which in a browser no thread may share.
    pub(crate) fn reporter(&self, total: usize) -> Reporter {
        Reporter { progress: self.progress.clone(), total, cancellation: self.cancellation.clone() }
    }

    /// Ends work that nobody waits for any more.
    pub(crate) fn check_cancelled(&self) -> Result<()> {
        self.cancellation.check()
    }

    /// This solver, telling nobody how far it is.
    pub(crate) fn silent(self) -> Self {
        Self { progress: None, ..self }
    }

    /// This solver for paths that only predict, which spares the rows a pass.
    pub(crate) fn only_predicting(self) -> Self {
        Self { predicts: true, ..self }
    }

    /// This solver without looking for a GPU that is not asked for.
    pub(crate) fn on_host(&self) -> Self {
        match self.request.backend {
            Backend::Auto => self.clone().backend(Backend::Cpu),
            _ => self.clone(),
        }
    }

    /// This solver as one of `count` tasks, in turns or side by side: `told` counts what was told of all of them.
    pub(crate) fn one_of(&self, told: &Arc<AtomicUsize>, count: usize) -> Self {
        let Some(progress) = self.progress.clone() else { return self.clone() };
        let (told, own, total) = (told.clone(), AtomicUsize::new(0), count * self.penalty.len());
        self.clone().on_progress(move |done, _| {
            let more = done.saturating_sub(own.fetch_max(done, Ordering::Relaxed));
            if more > 0 {
                progress(told.fetch_add(more, Ordering::Relaxed) + more, total);
            }
        })
    }

    pub(crate) async fn open(&self) -> Result<Gpu> {
        if let Some(gpu) = self.gpu.get() {
            return gpu.clone();
        }
        let allow_software = self.opening.allow_software && self.request.backend == Backend::Gpu;
        let gpu = Gpu::open_with(&GpuOptions { allow_software, ..self.opening.clone() }).await?;
        // Two threads may open one each; the first is kept.
        self.gpu.get_or_init(|| Ok(gpu)).clone()
    }

    /// What is wrong with the caller's devices, if anything.
    pub(crate) fn check_devices(&self) -> Result<()> {
        match self.gpu.get() {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Ridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ridge")
            .field("penalty", &self.penalty)
            .field("factors", &self.factors)
            .field("model", &self.model)
            .field("weights", &self.weights.as_ref().map(Vec::len))
            .field("request", &self.request)
            .field("allow_software", &self.opening.allow_software)
            .field("adapter", &self.opening.adapter)
            .field("gpu", &self.gpu.get().map(|gpu| gpu.as_ref().map(Gpu::adapter)))
            .finish_non_exhaustive()
    }
}
