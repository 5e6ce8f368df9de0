//! [`Ridge`]: what the user holds. From rows to a path, stage after stage.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::assemble::assemble;
use crate::cpu;
use crate::error::{Error, Result};
use crate::gpu::{self, Gpu};
use crate::moments::Moments;
use crate::normal::{Model, NormalEquations, Standardize, trace};
use crate::path::{BackendUsed, Outcome, Precision, RidgePath, Weights};
use crate::penalty::Penalty;
use crate::plan::{Backend, Plan, Request, Shape};
use crate::problem::Problem;
use crate::reference;
use crate::view::{Scalar, View};

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
        Ok(assemble::<f64>(moments, &normal, &weights, used, None))
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
        let moments = gpu::gram::gram(&gpu, problem, sizes).await?;
        let normal = self.normal(&moments)?;
        let total = normal.penalties();
        let weights = gpu::solve(&gpu, &normal, sizes, &|done| self.report(done, total)).await?;
        let adapter = Some(gpu.adapter().name.clone());
        let used = used("gpu", adapter, plan.precision, plan.fallback.clone());
        self.finish::<f32, T>(problem, &moments, &normal, weights, used)
    }

    fn solve_rows_on_cpu<T: Scalar>(&self, problem: &Problem<'_, T>, plan: &Plan) -> Result<RidgePath> {
        let used = used("cpu", None, plan.precision, plan.fallback.clone());
        match plan.precision {
            Precision::Double => self.solve_rows_in::<f64, T>(problem, used),
            Precision::Single => self.solve_rows_in::<f32, T>(problem, used),
        }
    }

    fn solve_rows_in<A: Scalar, T: Scalar>(&self, problem: &Problem<'_, T>, used: BackendUsed) -> Result<RidgePath> {
        let moments = cpu::gram::gram::<A, T>(problem)?;
        let normal = self.normal(&moments)?;
        let weights = self.solve_on_cpu::<A>(&normal);
        self.finish::<A, T>(problem, &moments, &normal, weights, used)
    }

    /// Answers again, in double precision and from the rows, what could not be factored in single; then builds the path.
    fn finish<A: Scalar, T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        moments: &Moments,
        normal: &NormalEquations,
        weights: Vec<Weights>,
        used: BackendUsed,
    ) -> Result<RidgePath> {
        // Below this part of Σ s(y−ȳ)² the sum of squared residuals is taken from the rows, to keep half its digits.
        let rows = Some((problem, A::EPSILON.sqrt()));
        let single = used.precision == Precision::Single;
        let failed: Vec<usize> = (0..weights.len())
            .filter(|k| single && (weights[*k].outcome != Outcome::Solved || !normal.fits_single(*k)))
            .collect();
        let path = assemble(moments, normal, &weights, used, rows);
        if failed.is_empty() {
            return Ok(path);
        }
        let moments = cpu::gram::gram::<f64, T>(problem)?;
        let normal = self.normal(&moments)?.only(&failed);
        let mut weights = cpu::solve::solve::<f64>(&normal, &|_| ());
        for weights in weights.iter_mut().filter(|weights| weights.outcome == Outcome::Solved) {
            weights.outcome = Outcome::Rerouted;
        }
        let double = Some((problem, f64::EPSILON.sqrt()));
        let again = assemble(&moments, &normal, &weights, path.backend.clone(), double);
        Ok(path.replaced(&failed, &again))
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
