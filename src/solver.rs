//! [`Ridge`]: what the user holds. From rows to a path, stage after stage.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::assemble::assemble;
use crate::cpu;
use crate::error::{Error, Result};
use crate::gpu::{self, Gpu};
use crate::moments::Moments;
use crate::normal::{Model, NormalEquations, Standardize, trace};
use crate::path::{BackendUsed, Outcome, Precision, RidgePath, Route, Weights};
use crate::penalty::Penalty;
use crate::plan::{Backend, Plan, Request, Shape};
use crate::problem::Problem;
use crate::reference;
use crate::view::{Scalar, View};

/// The condition number of the normal equations from which they are not trusted: a solution has 4 digits left.
const ILL_CONDITIONED: f64 = 1e12;

type Progress = Arc<dyn Fn(usize, usize) + Send + Sync>;

/// Ridge regression over a grid of penalties.
///
/// Minimises 1/(2W) Σ sᵢ(yᵢ − xᵢᵀw − b)² + λ‖w‖² for every λ of the grid and every target.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | [`lambdas`](Self::lambdas), [`alphas`](Self::alphas), [`penalty`](Self::penalty) | 100 values scaled from the data | the grid |
/// | [`intercept`](Self::intercept) | `true` | fit b, which is never penalised |
/// | [`standardize`](Self::standardize) | [`No`](Standardize::No) | penalise the coefficients of standardised columns |
/// | [`weights`](Self::weights) | all 1 | observation weights s |
/// | [`backend`](Self::backend) | [`Auto`](Backend::Auto) | where to solve |
/// | [`allow_software_gpu`](Self::allow_software_gpu) | `false` | let [`Backend::Gpu`] take a software adapter |
/// | [`gpu`](Self::gpu) | opened when needed | a device of the caller's |
/// | [`precision`](Self::precision) | [`Double`](Precision::Double) | the arithmetic |
/// | [`memory_budget`](Self::memory_budget) | 1 GiB | device memory to take at a time |
/// | [`on_progress`](Self::on_progress) | none | called as λs are done |
///
/// ```
/// use ridgepath::{Ridge, View};
///
/// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
/// let path = Ridge::new().lambdas([0.01, 1.0]).fit(x, &[1.0, 2.0, 3.0, 4.0])?;
/// assert!(path.norm2(0, 0) > path.norm2(1, 0)); // a larger λ shrinks more
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Ridge {
    penalty: Penalty,
    model: Model,
    weights: Option<Vec<f64>>,
    request: Request,
    allow_software: bool,
    /// The caller's, or the one opened at first need; shared by clones.
    gpu: Arc<OnceLock<Gpu>>,
    progress: Option<Progress>,
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

    /// Whether [`Backend::Gpu`] may take a software adapter, which is slower than the CPU backend. For tests.
    #[must_use]
    pub fn allow_software_gpu(self, allow_software: bool) -> Self {
        Self { allow_software, ..self }
    }

    /// The arithmetic.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.request.precision = precision;
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
    #[must_use]
    pub fn gpu(self, gpu: Gpu) -> Self {
        Self { gpu: Arc::new(OnceLock::from(gpu)), ..self }
    }

    /// Calls `progress(λs done, λs in all)` as the work goes on, from the thread that solves.
    #[must_use]
    pub fn on_progress(self, progress: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Arc::new(progress)), ..self }
    }

    /// Fits X (m × n) and Y (m × t), blocking.
    ///
    /// # Errors
    /// Those of [`Problem`] and [`Penalty`], [`Error::Span`]; with [`Backend::Gpu`] also those of the device.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit<'a, T: Scalar>(&self, x: impl Into<View<'a, T>>, y: impl Into<View<'a, T>>) -> Result<RidgePath> {
        pollster::block_on(self.fit_async(x, y))
    }

    /// The same as [`fit`](Self::fit), for async code and browsers. CPU work is done on the thread that polls.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub async fn fit_async<'a, T: Scalar>(
        &self,
        x: impl Into<View<'a, T>>,
        y: impl Into<View<'a, T>>,
    ) -> Result<RidgePath> {
        let problem = Problem::new(x, y)?;
        match &self.weights {
            Some(weights) => self.solve(&problem.with_weights(weights)?).await,
            None => self.solve(&problem).await,
        }
    }

    /// The path of moments summed before, in double precision on the CPU. Without rows, a residual sum of squares that is
    /// a tiny part of the total comes with few digits.
    ///
    /// # Errors
    /// Those of [`Penalty`]; [`Error::ZeroWeights`] for moments of no rows.
    pub fn fit_moments(&self, moments: &Moments) -> Result<RidgePath> {
        if moments.weight_sum() == 0.0 {
            return Err(Error::ZeroWeights { rows: moments.rows() });
        }
        let normal = self.normal(moments)?;
        let weights = self.solve_on_cpu::<f64>(&normal);
        let used = used("cpu", None, Precision::Double, None);
        Ok(assemble::<f64>(moments, &normal, &weights, used, f64::EPSILON, None))
    }

    /// What [`fit`](Self::fit) would do with a problem of this shape: opens a GPU if one is wanted.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub async fn plan(&self, shape: Shape) -> Result<Plan> {
        let adapter = match self.request.wants_gpu(shape) {
            true => Some(self.open().await.map(|gpu| gpu.adapter().limits)),
            false => None,
        };
        Plan::new(shape, self.request, adapter)
    }

    async fn solve<T: Scalar>(&self, problem: &Problem<'_, T>) -> Result<RidgePath> {
        self.penalty.check()?;
        let shape = Shape {
            rows: problem.rows(),
            features: problem.features(),
            targets: problem.targets(),
            penalties: self.penalty.len(),
        };
        let plan = self.plan(shape).await?;
        match plan.backend {
            Backend::Reference => {
                let mut path = reference::solve(problem, self.model, &self.penalty)?;
                path.backend.fallback = plan.fallback;
                Ok(path)
            }
            Backend::Gpu => match self.solve_on_gpu(problem, &plan).await {
                // What the CPU can still answer, it does, and says so.
                Err(error) if error.is_device() && self.request.backend == Backend::Auto => {
                    let fallback = Some(error.to_string());
                    self.solve_rows_on_cpu(problem, &Plan { precision: self.request.precision, fallback, ..plan })
                }
                answer => answer,
            },
            Backend::Auto | Backend::Cpu => self.solve_rows_on_cpu(problem, &plan),
        }
    }

    async fn solve_on_gpu<T: Scalar>(&self, problem: &Problem<'_, T>, plan: &Plan) -> Result<RidgePath> {
        let gpu = self.open().await?;
        gpu.alive()?;
        let Some(sizes) = &plan.gpu else {
            return Err(Error::NoAdapter { reason: "the plan is not one for a GPU".into() });
        };
        // Corrections need a Gram matrix that is right to double precision; weights far apart do not fit single.
        let moments = match plan.precision {
            Precision::Single if problem.weights_fit_single() => gpu::gram::gram(&gpu, problem, sizes).await?,
            _ => cpu::gram::gram::<f64, T>(problem)?,
        };
        let normal = self.normal(&moments)?;
        let total = normal.penalties();
        let answers = gpu::solve(&gpu, &normal, sizes, plan.precision, &|done| self.report(done, total)).await?;
        let adapter = Some(gpu.adapter().name.clone());
        let used = used("gpu", adapter, plan.precision, plan.fallback.clone());
        self.finish(problem, &moments, &normal, answers, used)
    }

    fn solve_rows_on_cpu<T: Scalar>(&self, problem: &Problem<'_, T>, plan: &Plan) -> Result<RidgePath> {
        let used = used("cpu", None, plan.precision, plan.fallback.clone());
        match plan.precision {
            Precision::Single => {
                let moments = match problem.weights_fit_single() {
                    true => cpu::gram::gram::<f32, T>(problem)?,
                    false => cpu::gram::gram::<f64, T>(problem)?,
                };
                let normal = self.normal(&moments)?;
                let answers = self.solve_on_cpu::<f32>(&normal).into_iter().enumerate();
                let reached = |k: usize, weights: &Weights| weights.outcome == Outcome::Solved && normal.fits_single(k);
                let answers = answers.map(|(k, weights)| reached(k, &weights).then_some(weights)).collect();
                self.finish(problem, &moments, &normal, answers, used)
            }
            Precision::Double => {
                let moments = cpu::gram::gram::<f64, T>(problem)?;
                let normal = self.normal(&moments)?;
                let weights = self.solve_on_cpu::<f64>(&normal);
                let weights = self.with_qr(problem, &moments, &normal, weights)?;
                Ok(assemble(&moments, &normal, &weights, used, f64::EPSILON, Some(problem)))
            }
        }
    }

    /// Builds the path; what is missing is answered in double precision from the rows.
    fn finish<T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        moments: &Moments,
        normal: &NormalEquations,
        answers: Vec<Option<Weights>>,
        used: BackendUsed,
    ) -> Result<RidgePath> {
        let single = used.precision == Precision::Single;
        let epsilon = if single { f32::EPSILON.into() } else { f64::EPSILON };
        let missing: Vec<usize> = (0..answers.len()).filter(|k| answers[*k].is_none()).collect();
        let weights: Vec<Weights> =
            answers.into_iter().map(|weights| weights.unwrap_or_else(|| Weights::singular(0))).collect();
        let path = assemble(moments, normal, &weights, used, epsilon, Some(problem));
        if missing.is_empty() {
            return Ok(path);
        }
        let moments = if single { &cpu::gram::gram::<f64, T>(problem)? } else { moments };
        let normal = self.normal(moments)?.only(&missing);
        let weights = cpu::solve::solve::<f64>(&normal, &|_| ());
        let mut weights = self.with_qr(problem, moments, &normal, weights)?;
        for weights in weights.iter_mut().filter(|weights| weights.outcome == Outcome::Solved) {
            weights.outcome = Outcome::Rerouted { route: Route::Double };
        }
        let again = assemble(moments, &normal, &weights, path.backend.clone(), f64::EPSILON, Some(problem));
        Ok(path.replaced(&missing, &again))
    }

    /// Solves again by the QR factorization of X the λs that the normal equations cannot answer.
    fn with_qr<T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        moments: &Moments,
        normal: &NormalEquations,
        mut weights: Vec<Weights>,
    ) -> Result<Vec<Weights>> {
        // Written so that NaN counts as ill-conditioned.
        let poor: Vec<usize> = (0..weights.len()).filter(|k| !(weights[*k].condition <= ILL_CONDITIONED)).collect();
        if !poor.is_empty() {
            let triangle = cpu::qr::triangle(problem, moments, self.model.intercept)?;
            let again: Vec<Weights> = poor.par_iter().map(|k| cpu::qr::solve(&triangle, normal, *k)).collect();
            poor.into_iter().zip(again).for_each(|(k, again)| weights[k] = again);
        }
        Ok(weights)
    }

    fn solve_on_cpu<A: Scalar>(&self, normal: &NormalEquations) -> Vec<Weights> {
        let total = normal.penalties();
        cpu::solve::solve::<A>(normal, &|done| self.report(done, total))
    }

    fn normal(&self, moments: &Moments) -> Result<NormalEquations> {
        let grid = self.penalty.resolve(moments.weight_sum(), trace(moments, self.model))?;
        Ok(NormalEquations::new(moments, self.model, grid))
    }

    fn report(&self, done: usize, total: usize) {
        if let Some(progress) = &self.progress {
            progress(done, total);
        }
    }

    async fn open(&self) -> Result<Gpu> {
        if let Some(gpu) = self.gpu.get() {
            return Ok(gpu.clone());
        }
        let allowed = self.allow_software && self.request.backend == Backend::Gpu;
        let gpu = Gpu::open(allowed).await?;
        // Two threads may open one each; the first is kept.
        Ok(self.gpu.get_or_init(|| gpu).clone())
    }
}

fn used(name: &str, adapter: Option<String>, precision: Precision, fallback: Option<String>) -> BackendUsed {
    BackendUsed { name: name.into(), adapter, strategy: "cholesky".into(), precision, fallback }
}

impl fmt::Debug for Ridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ridge")
            .field("penalty", &self.penalty)
            .field("model", &self.model)
            .field("weights", &self.weights.as_ref().map(Vec::len))
            .field("request", &self.request)
            .field("allow_software", &self.allow_software)
            .field("gpu", &self.gpu.get().map(Gpu::adapter))
            .finish_non_exhaustive()
    }
}
