//! From rows to a path, stage after stage, and the safer routes of what the first does not reach.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::data::problem::Problem;
use crate::equations::dual::Dual;
use crate::equations::normal::NormalEquations;
use crate::equations::source::{self, Source};
use crate::equations::weights::Weights;
use crate::error::{Error, Result};
use crate::gpu::{self, Gpu};
use crate::math::condition;
use crate::math::scalar::Scalar;
use crate::model::method::{Backend, Form, Precision, Strategy};
use crate::model::outcome::{BackendUsed, Fallback, Outcome, Route};
use crate::model::penalty::Penalty;
use crate::moments::Moments;
use crate::plan::{GpuPlan, GramPlan, Plan, Shape};
use crate::reference;
use crate::solve::ridge::Ridge;

/// The error of an intercept in single precision, in deviations of the target, beyond which double precision answers.
const INTERCEPT: f64 = 0.1;

/// The bound on the error of an answer of the dual form above which the primal is tried, the condition number above which it is,
/// and how many times the order of the dual that of the primal may be.
const DIGITS: f64 = 1e-13;
const ILL: f64 = 1e8;
const AS_CHEAP: usize = 4;

/// A GPU with the plan of the work there.
type Device<'a> = Option<(&'a Gpu, &'a GpuPlan)>;

impl Ridge {
    /// Solves what the plan says, where it says.
    pub(crate) async fn solve(&self, problem: &Problem<'_>) -> Result<RidgePath> {
        self.solve_with(problem, None).await
    }

    /// The same, with the rows' moments in double precision where they are known.
    pub(crate) async fn solve_with(&self, problem: &Problem<'_>, known: Option<Moments>) -> Result<RidgePath> {
        self.factored().check_features(problem.features())?;
        if !self.prior.is_none() {
            return Box::pin(self.solve_about(&self.prior, problem)).await;
        }
        let shape = Shape {
            rows: problem.rows(),
            features: problem.features(),
            targets: problem.targets(),
            penalties: self.penalty.len(),
        };
        let plan = self.plan_async(shape).await?;
        match plan.backend {
            Backend::Reference => {
                let mut path = reference::solve(problem, self.model, &self.factored())?;
                path.backend.fallbacks = plan.fallbacks;
                Ok(path)
            }
            Backend::Gpu => match self.solve_on_gpu(problem, known.clone(), &plan).await {
                // What the CPU can still answer, it does, and says so.
                Err(error) if error.is_device() && self.request.backend == Backend::Auto => {
                    let fallbacks = vec![Fallback::Device { reason: error.to_string() }];
                    self.solve_rows(problem, known, &Plan { fallbacks, ..plan }, None).await
                }
                answer => answer,
            },
            Backend::Auto | Backend::Cpu => self.solve_rows(problem, known, &plan, None).await,
        }
    }

    /// The path of moments alone, in double precision on the CPU.
    pub(crate) fn solve_moments(&self, moments: &Moments) -> Result<RidgePath> {
        let (totals, normal) = source::primal(moments.clone(), self.model, &self.factored())?;
        let strategy = self.strategy_of(&normal);
        let used = used(None, Precision::Double, (Form::Primal, strategy), Vec::new());
        let told = self.reporter(normal.penalties());
        Ok(cpu::path::path((&totals, &normal), strategy, f64::INFINITY, used, None, &told))
    }

    async fn solve_on_gpu(&self, problem: &Problem<'_>, known: Option<Moments>, plan: &Plan) -> Result<RidgePath> {
        let gpu = self.open().await?;
        gpu.alive()?;
        let Some(sizes) = &plan.gpu else {
            return Err(Error::NoAdapter { reason: "the plan is not one for a GPU".into() });
        };
        self.solve_rows(problem, known, plan, Some((&gpu, sizes))).await
    }

    async fn solve_rows(
        &self,
        problem: &Problem<'_>,
        known: Option<Moments>,
        plan: &Plan,
        device: Device<'_>,
    ) -> Result<RidgePath> {
        let used = |strategy| used(device, plan.precision, (plan.form, strategy), plan.fallbacks.clone());
        let path = match plan.precision {
            Precision::Double => {
                let (source, normal) = match (plan.form, known) {
                    (Form::Primal, Some(moments)) => Source::primal(problem, moments, self.model, &self.factored())?,
                    _ => self.equations(problem, plan.form, Precision::Double, device).await?,
                };
                // Of what is there: fewer rows count than were planned for, or the device planned for is lost.
                let strategy = if device.is_some() { Strategy::Cholesky } else { self.strategy_of(&normal) };
                self.double(&source, normal, device, used(strategy)).await?
            }
            Precision::Single => self.solve_in_single(problem, plan.form, device, used(Strategy::Cholesky)).await?,
        };
        let path = self.other_form(problem, plan, path).await?;
        match plan.form {
            Form::Primal => Ok(path),
            Form::Dual => self.without_penalty(problem, path).await,
        }
    }

    /// A path whose penalised λs of no answer, or of none with a certain digit, are those of the other form, if it has better ones;
    /// so are those of the dual form whose corrections left less than almost all digits, where the primal is about as cheap.
    /// Where everything is penalised there is one answer; but columns or penalty factors of very different size spoil the equations
    /// of the dual form, and rows or weights those of the primal.
    async fn other_form(&self, problem: &Problem<'_>, plan: &Plan, path: RidgePath) -> Result<RidgePath> {
        let (m, n) = (problem.rows(), problem.features());
        let (other, own, order) = match plan.form {
            Form::Primal => (Form::Dual, n, m),
            Form::Dual => (Form::Primal, m, n),
        };
        let cheap = plan.form == Form::Dual && plan.precision == Precision::Double && order <= AS_CHEAP * own;
        let wanted = |k: usize| if cheap && path.condition(k) > ILL { DIGITS } else { 1.0 };
        // Written so that NaN, the bound of a singular λ, is poor.
        let poor = |k: &usize| (0..path.targets()).any(|target| !(path.error_bound(*k, target) < wanted(*k)));
        let poor: Vec<usize> = (0..path.len()).filter(|k| path.shifts()[*k] > 0.0 && poor(k)).collect();
        let fits = 3 * 8 * (order as u128).pow(2) <= self.request.memory_budget.into();
        if poor.is_empty() || !fits || self.factored().without_inverse().is_some() {
            return Ok(path);
        }
        let (source, normal) = self.equations(problem, other, Precision::Double, None).await?;
        let again = self.double(&source, normal.only(&poor), None, path.backend().clone()).await?;
        let bound = |path: &RidgePath, k: usize| {
            let bounds = (0..path.targets()).map(|target| path.error_bound(k, target));
            bounds.fold(0.0, |most: f64, own| if own.is_nan() { f64::INFINITY } else { most.max(own) })
        };
        let better = |(at, k): &(usize, usize)| bound(&again, *at) < bound(&path, *k);
        let better: Vec<(usize, usize)> = poor.into_iter().enumerate().filter(better).collect();
        Ok(path.replaced_by(&again.rerouted(Route::Form), better.into_iter()))
    }

    /// Rows and their equations of every λ, the sums of products from the device where it forms them in this precision.
    async fn equations<'a>(
        &self,
        problem: &'a Problem<'a>,
        form: Form,
        precision: Precision,
        device: Device<'_>,
    ) -> Result<(Source<'a>, NormalEquations)> {
        let device = device.and_then(|(gpu, sizes)| Some((gpu, sizes.gram.as_ref()?)));
        let device = device.filter(|(_, plan)| plan.precision == precision);
        if form == Form::Dual {
            let rows = Dual::new(problem, self.model, &self.factored().shared().unwrap_or_default())?;
            let products = match (device, precision) {
                (Some((gpu, plan)), Precision::Double) => on_device::<f64>(gpu, &rows, problem, plan).await?,
                (Some((gpu, plan)), Precision::Single) => on_device::<f32>(gpu, &rows, problem, plan).await?,
                (None, Precision::Double) => rows.products::<f64>(),
                (None, Precision::Single) => rows.products::<f32>(),
            };
            return Source::dual(problem, rows, products, &self.factored());
        }
        let moments = match (device, precision) {
            (Some((gpu, plan)), _) => gpu::gram::gram(gpu, problem, plan).await?,
            (None, Precision::Double) => cpu::gram::gram::<f64>(problem)?,
            (None, Precision::Single) => cpu::gram::gram::<f32>(problem)?,
        };
        Source::primal(problem, moments, self.model, &self.factored())
    }

    async fn solve_in_single(
        &self,
        problem: &Problem<'_>,
        form: Form,
        device: Device<'_>,
        used: BackendUsed,
    ) -> Result<RidgePath> {
        let sums = if problem.weights_fit_single() { Precision::Single } else { Precision::Double };
        let (source, normal) = self.equations(problem, form, sums, device).await?;
        let answers = self.single(&normal, device).await?;
        let reached: Vec<bool> = answers.iter().map(|own| own.is_some() && problem.weights_fit_double()).collect();
        let weights: Vec<Weights> =
            answers.into_iter().map(|own| own.unwrap_or_else(|| Weights::singular(0))).collect();
        let path = RidgePath::of_weights(&source, &normal, &weights, used.clone(), f32::EPSILON.into());
        let deviations = source.totals(&normal).deviations();
        // Means far from zero, in spreads of the columns, take the digits of w from b.
        let told = |k: usize| {
            let least = |target: usize| path.intercept_error_bound(k, target) <= INTERCEPT * deviations[target];
            (0..path.targets()).all(|target| deviations[target] == 0.0 || least(target))
        };
        let missing: Vec<usize> = (0..path.len()).filter(|k| !reached[*k] || !told(*k)).collect();
        if missing.is_empty() {
            return Ok(path);
        }
        let (source, normal) = self.equations(problem, form, Precision::Double, None).await?;
        let again = self.double(&source, normal.only(&missing), None, used).await?;
        Ok(path.replaced(&missing, &again.rerouted(Route::Double)))
    }

    /// A path of the dual form, whose equations have an answer even where w has none: where nothing is penalised, or so
    /// little that it is lost. The primal form answers there, as it does for few features.
    async fn without_penalty(&self, problem: &Problem<'_>, path: RidgePath) -> Result<RidgePath> {
        let lost = |k: &usize| path.shifts()[*k] == 0.0 || matches!(path.outcome(*k, 0), Outcome::Singular { .. });
        let lost: Vec<usize> = (0..path.len()).filter(lost).collect();
        if lost.is_empty() {
            return Ok(path);
        }
        let used = path.backend().clone();
        if problem.features() <= problem.rows() {
            let (source, normal) = self.equations(problem, Form::Primal, Precision::Double, None).await?;
            let again = self.double(&source, normal.only(&lost), None, used).await?;
            return Ok(path.replaced(&lost, &again));
        }
        // More features than rows, or as many when rows are centred, depend on one another.
        let x = problem.x();
        let most = problem.rows() + usize::from(!self.model.intercept);
        let leading = x.column_range(0, problem.features().min(most));
        let leading = problem.with_features(leading);
        let moments = cpu::gram::gram::<f64>(&leading)?;
        let (source, normal) = Source::primal(&leading, moments, self.model, &Penalty::Alphas(vec![0.0]))?;
        let alone = self.clone().minimum_norm(false);
        let order = match alone.double(&source, normal, None, used.clone()).await?.outcome(0, 0) {
            Outcome::Singular { order } => order,
            _ => leading.features(),
        };
        let dual = Dual::new(problem, self.model, &self.factored().shared().unwrap_or_default())?;
        let grid = self.factored().resolve(problem.weight_sum(), dual.trace)?;
        let normal = dual.normal(dual.products::<f64>(), grid).only(&lost);
        let triangle = if self.minimum_norm { Some(dual.triangle()) } else { None };
        let one = |k: usize| match &triangle {
            Some(triangle) if normal.unpenalised(k) => dual.minimum_norm(triangle, &normal, k),
            _ => Weights::singular(order),
        };
        let weights: Vec<Weights> = (0..lost.len()).map(one).collect();
        let source = Source::Dual { problem, rows: Box::new(dual) };
        let again = RidgePath::of_weights(&source, &normal, &weights, used, f64::EPSILON);
        Ok(path.replaced(&lost, &again))
    }

    /// Weights in single precision, and `None` where that does not reach.
    async fn single(&self, normal: &NormalEquations, device: Device<'_>) -> Result<Vec<Option<Weights>>> {
        let reporter = self.reporter(normal.penalties());
        if let Some((gpu, sizes)) = device {
            return gpu::solve(gpu, normal, sizes, Precision::Single, &reporter).await;
        }
        let reach = condition::reach(normal.features(), f32::EPSILON.into());
        let reached = |k: usize, weights: &Weights| weights.condition <= reach && normal.fits_single(k);
        let answers = cpu::solve::solve::<f32>(normal, &reporter).into_iter().enumerate();
        Ok(answers.map(|(k, weights)| reached(k, &weights).then_some(weights)).collect())
    }

    /// The path in double precision: where the equations lose too many digits, with equations of twice the digits.
    async fn double(
        &self,
        source: &Source<'_>,
        normal: NormalEquations,
        device: Device<'_>,
        used: BackendUsed,
    ) -> Result<RidgePath> {
        let reporter = self.reporter(normal.penalties());
        let limit = source.worth(&normal);
        if limit < 1.0 {
            return self.precisely(source, normal, device, used, &reporter).await;
        }
        let path = match source {
            Source::Primal { problem, totals, .. } if device.is_none() => {
                let strategy = self.strategy_of(&normal);
                cpu::path::path((totals, &normal), strategy, limit, used.clone(), Some(problem), &reporter)
            }
            _ => RidgePath::of_weights(
                source,
                &normal,
                &self.doubles(&normal, device, &reporter).await?,
                used.clone(),
                f64::EPSILON,
            ),
        };
        // Written so that NaN counts as ill-conditioned.
        let poor: Vec<usize> = (0..path.len()).filter(|k| !(path.condition(*k) <= limit)).collect();
        if poor.is_empty() {
            return Ok(path);
        }
        let within_reach =
            poor.iter().any(|k| path.condition(*k) <= condition::reach(normal.features(), f32::EPSILON.into()));
        let normal = normal.only(&poor);
        let again = match device {
            Some(_) if !within_reach => {
                self.precisely(source, normal, None, used, &|_| ()).await?.rerouted(Route::Double)
            }
            device => self.precisely(source, normal, device, used, &|_| ()).await?,
        };
        Ok(path.replaced(&poor, &again))
    }

    /// The path by equations of twice the digits, and where their factors do not reach, by QR of the rows.
    async fn precisely(
        &self,
        source: &Source<'_>,
        normal: NormalEquations,
        device: Device<'_>,
        used: BackendUsed,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<RidgePath> {
        let normal = source.exact(normal)?;
        let mut weights = self.doubles(&normal, device, progress).await?;
        let left: Vec<usize> = (0..weights.len()).filter(|k| weights[*k].errors.is_none()).collect();
        if !left.is_empty() {
            let triangle = source.triangle(&normal)?;
            let one = |k: &usize| cpu::qr::solve(&triangle, &normal, *k);
            let again: Vec<Weights> = left.par_iter().map(one).collect();
            for (k, mut again) in left.into_iter().zip(again) {
                let by_qr = again.outcome == Outcome::Rerouted { route: Route::Qr };
                let all = again.errors.as_ref().is_some_and(|errors| errors.iter().all(|e| *e <= f64::EPSILON));
                if by_qr && !all {
                    again = precise(source, &normal, k)?.unwrap_or(again);
                }
                if self.minimum_norm && normal.unpenalised(k) && again.values.is_none() {
                    again = cpu::qr::minimum_norm(&triangle, &normal, k);
                }
                weights[k] = again;
            }
        }
        Ok(RidgePath::of_weights(source, &normal, &weights, used, f64::EPSILON))
    }

    /// Weights in double precision on a GPU, if there is one, and on the CPU where it does not reach.
    async fn doubles(
        &self,
        normal: &NormalEquations,
        device: Device<'_>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Weights>> {
        let Some((gpu, sizes)) = device else {
            return Ok(self.doubles_on_cpu(normal, progress));
        };
        let answers = gpu::solve(gpu, normal, sizes, Precision::Double, progress).await?;
        Ok(completed(normal, answers, |own| own.rerouted(Route::Double)))
    }

    fn doubles_on_cpu(&self, normal: &NormalEquations, progress: &(dyn Fn(usize) + Sync)) -> Vec<Weights> {
        match self.strategy_of(normal) {
            Strategy::Cholesky => cpu::solve::solve::<f64>(normal, progress),
            Strategy::Spectral => completed(normal, cpu::spectral::solve(normal, progress), |own| own),
        }
    }

    /// The strategy on the CPU in double precision, of all λ or of those that are left.
    fn strategy_of(&self, normal: &NormalEquations) -> Strategy {
        let (rates, n) = (&self.request.rates, normal.features());
        let form = if normal.dual { Form::Dual } else { Form::Primal };
        let cheaper = || rates.cheaper(form, n, normal.targets(), normal.penalties());
        match self.factored().without_inverse() {
            Some(_) => Strategy::Cholesky,
            None => self.request.strategy.unwrap_or_else(cheaper),
        }
    }
}

/// The matrix of the dual form on a device.
async fn on_device<A: Scalar + bytemuck::Pod>(
    gpu: &Gpu,
    rows: &Dual<'_>,
    problem: &Problem<'_>,
    plan: &GramPlan,
) -> Result<DMatrix<f64>> {
    let fill = |start: usize, block: &mut [A]| rows.fill(start, block, plan.row_stride);
    gpu::gram::sums(gpu, plan, problem.features(), [rows.order(), 0], fill).await
}

/// The weights of all λ: those that are missing by a Cholesky factorization in double precision, and marked so.
fn completed(
    normal: &NormalEquations,
    answers: Vec<Option<Weights>>,
    mark: impl Fn(Weights) -> Weights,
) -> Vec<Weights> {
    let missing: Vec<usize> = (0..answers.len()).filter(|k| answers[*k].is_none()).collect();
    let mut others = cpu::solve::solve_these::<f64>(normal, &missing, &|_| ()).into_iter();
    answers.into_iter().filter_map(|own| own.or_else(|| others.next().map(&mark))).collect()
}

/// What the path says of who answered.
fn used(
    device: Device<'_>,
    precision: Precision,
    (form, strategy): (Form, Strategy),
    fallbacks: Vec<Fallback>,
) -> BackendUsed {
    let name = if device.is_some() { Backend::Gpu } else { Backend::Cpu };
    let adapter = device.map(|(gpu, _)| gpu.adapter().name.clone());
    BackendUsed { name, adapter, form, strategy, precision, fallbacks }
}

/// λ number k by QR to twice the digits, where there are few rows.
fn precise(source: &Source<'_>, normal: &NormalEquations, k: usize) -> Result<Option<Weights>> {
    const MOST: usize = 10_000_000; // a second or so
    let Source::Primal { problem, .. } = source else { return Ok(None) };
    let columns = normal.features() + normal.targets();
    match problem.rows().saturating_mul(normal.features() * columns) <= MOST {
        true => Ok(Some(cpu::precise::solve(source.framed(normal)?, normal, k))),
        false => Ok(None),
    }
}
