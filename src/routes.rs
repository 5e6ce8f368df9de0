//! From rows to a path, stage after stage, and the safer routes of what the first does not reach.

use rayon::prelude::*;

use crate::assemble::assemble;
use crate::condition;
use crate::cpu;
use crate::error::{Error, Result};
use crate::gpu::{self, Gpu};
use crate::moments::Moments;
use crate::normal::NormalEquations;
use crate::outcome::{BackendUsed, Precision, Route};
use crate::path::{RidgePath, Weights};
use crate::plan::{Backend, GpuPlan, Plan, Shape};
use crate::problem::Problem;
use crate::reference;
use crate::solver::Ridge;
use crate::view::Scalar;

/// The condition number up to which equations in double precision will do. Beyond it they are formed again to twice the
/// digits, which costs some fifteen times their work: the more rows and features, the more digits must be at stake, but never
/// half of them.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn worth<T: Scalar>(problem: &Problem<'_, T>) -> f64 {
    (1e-4 * problem.rows() as f64 * (problem.features() as f64).powi(2)).min(1e8)
}

/// A GPU with the plan of the work there.
type Device<'a> = Option<(&'a Gpu, &'a GpuPlan)>;

impl Ridge {
    /// Solves what the plan says, where it says.
    pub(crate) async fn solve<T: Scalar>(&self, problem: &Problem<'_, T>) -> Result<RidgePath> {
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
                    self.solve_rows(problem, &Plan { fallback, ..plan }, None).await
                }
                answer => answer,
            },
            Backend::Auto | Backend::Cpu => self.solve_rows(problem, &plan, None).await,
        }
    }

    /// The path of moments alone, in double precision on the CPU.
    pub(crate) fn solve_moments(&self, moments: &Moments) -> Result<RidgePath> {
        let normal = self.normal(moments)?;
        let weights = cpu::solve::solve::<f64>(&normal, &self.reporter(normal.penalties()));
        let used = used(None, Precision::Double, None);
        Ok(assemble::<f64>(moments, &normal, &weights, used, f64::EPSILON, None))
    }

    async fn solve_on_gpu<T: Scalar>(&self, problem: &Problem<'_, T>, plan: &Plan) -> Result<RidgePath> {
        let gpu = self.open().await?;
        gpu.alive()?;
        let Some(sizes) = &plan.gpu else {
            return Err(Error::NoAdapter { reason: "the plan is not one for a GPU".into() });
        };
        self.solve_rows(problem, plan, Some((&gpu, sizes))).await
    }

    async fn solve_rows<T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        plan: &Plan,
        device: Device<'_>,
    ) -> Result<RidgePath> {
        let used = used(device, plan.precision, plan.fallback.clone());
        if plan.precision == Precision::Double {
            // Corrections need a Gram matrix that is right to double precision.
            let moments = cpu::gram::gram::<f64, T>(problem)?;
            let normal = self.normal(&moments)?;
            return self.double(problem, &moments, normal, device, used).await;
        }
        let moments = match (problem.weights_fit_single(), device) {
            (true, Some((gpu, sizes))) => gpu::gram::gram(gpu, problem, sizes).await?,
            (true, None) => cpu::gram::gram::<f32, T>(problem)?,
            (false, _) => cpu::gram::gram::<f64, T>(problem)?,
        };
        let normal = self.normal(&moments)?;
        let answers = self.single(&normal, device).await?;
        let missing: Vec<usize> = (0..answers.len()).filter(|k| answers[*k].is_none()).collect();
        let weights: Vec<Weights> =
            answers.into_iter().map(|own| own.unwrap_or_else(|| Weights::singular(0))).collect();
        let path = assemble(&moments, &normal, &weights, used.clone(), f32::EPSILON.into(), Some(problem));
        if missing.is_empty() {
            return Ok(path);
        }
        let moments = cpu::gram::gram::<f64, T>(problem)?;
        let normal = self.normal(&moments)?.only(&missing);
        let again = self.double(problem, &moments, normal, None, used).await?;
        Ok(path.replaced(&missing, &again.rerouted(Route::Double)))
    }

    /// Weights in single precision, and `None` where that does not reach.
    async fn single(&self, normal: &NormalEquations, device: Device<'_>) -> Result<Vec<Option<Weights>>> {
        let reporter = self.reporter(normal.penalties());
        if let Some((gpu, sizes)) = device {
            return gpu::solve(gpu, normal, sizes, Precision::Single, &reporter).await;
        }
        let reach = condition::reach(normal.features());
        let reached = |k: usize, weights: &Weights| weights.condition <= reach && normal.fits_single(k);
        let answers = cpu::solve::solve::<f32>(normal, &reporter).into_iter().enumerate();
        Ok(answers.map(|(k, weights)| reached(k, &weights).then_some(weights)).collect())
    }

    /// The path in double precision: where the equations lose too many digits, with equations of twice the digits, and where
    /// their factors do not reach either, by QR of the rows.
    async fn double<T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        moments: &Moments,
        normal: NormalEquations,
        device: Device<'_>,
        used: BackendUsed,
    ) -> Result<RidgePath> {
        let reporter = self.reporter(normal.penalties());
        let weights = doubles(&normal, device, &reporter).await?;
        let path = assemble(moments, &normal, &weights, used.clone(), f64::EPSILON, Some(problem));
        let limit = worth(problem);
        // Written so that NaN counts as ill-conditioned.
        let poor: Vec<usize> = (0..weights.len()).filter(|k| !(weights[*k].condition <= limit)).collect();
        if poor.is_empty() {
            return Ok(path);
        }
        let within_reach = poor.iter().any(|k| weights[*k].condition <= condition::reach(normal.features()));
        let normal = cpu::exact::exact(problem, normal.only(&poor))?;
        let mut weights = match device {
            Some(_) if !within_reach => {
                let weights = cpu::solve::solve::<f64>(&normal, &|_| ()).into_iter();
                weights.map(|weights| weights.rerouted(Route::Double)).collect()
            }
            device => doubles(&normal, device, &|_| ()).await?,
        };
        let left: Vec<usize> = (0..weights.len()).filter(|k| weights[*k].errors.is_none()).collect();
        if !left.is_empty() {
            let triangle = cpu::qr::triangle(problem, moments, self.model.intercept)?;
            let one = |k: &usize| match cpu::qr::solve(&triangle, &normal, *k) {
                own if self.minimum_norm && normal.unpenalised(*k) && own.values.is_none() => {
                    cpu::qr::minimum_norm(&triangle, &normal, *k)
                }
                own => own,
            };
            let again: Vec<Weights> = left.par_iter().map(one).collect();
            left.into_iter().zip(again).for_each(|(k, again)| weights[k] = again);
        }
        let again = assemble(moments, &normal, &weights, used, f64::EPSILON, Some(problem));
        Ok(path.replaced(&poor, &again))
    }

    fn normal(&self, moments: &Moments) -> Result<NormalEquations> {
        NormalEquations::with_penalty(moments, self.model, &self.penalty)
    }
}

/// Weights in double precision on a GPU, if there is one, and on the CPU where it does not reach.
async fn doubles(
    normal: &NormalEquations,
    device: Device<'_>,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Weights>> {
    let Some((gpu, sizes)) = device else {
        return Ok(cpu::solve::solve::<f64>(normal, progress));
    };
    let answers = gpu::solve(gpu, normal, sizes, Precision::Double, progress).await?;
    let missing: Vec<usize> = (0..answers.len()).filter(|k| answers[*k].is_none()).collect();
    let mut others = cpu::solve::solve_these::<f64>(normal, &missing, &|_| ()).into_iter();
    let other = |own: Option<Weights>| own.or_else(|| others.next().map(|other| other.rerouted(Route::Double)));
    Ok(answers.into_iter().filter_map(other).collect())
}

/// What the path says of who answered.
fn used(device: Device<'_>, precision: Precision, fallback: Option<String>) -> BackendUsed {
    let name = if device.is_some() { "gpu" } else { "cpu" }.into();
    let adapter = device.map(|(gpu, _)| gpu.adapter().name.clone());
    BackendUsed { name, adapter, strategy: "cholesky".into(), precision, fallback }
}
