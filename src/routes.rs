//! From rows to a path, stage after stage, and the safer routes of what the first does not reach.

use rayon::prelude::*;

use crate::assemble::assemble;
use crate::condition;
use crate::cpu;
use crate::error::{Error, Result};
use crate::gpu;
use crate::moments::Moments;
use crate::normal::NormalEquations;
use crate::outcome::{BackendUsed, Outcome, Precision, Route};
use crate::path::{RidgePath, Weights};
use crate::plan::{Backend, Plan, Shape};
use crate::problem::Problem;
use crate::reference;
use crate::solver::Ridge;
use crate::view::Scalar;

/// The condition number of the normal equations from which QR answers instead: half of the digits are lost there, and
/// grids scaled by the trace of G rarely reach it.
const ILL_CONDITIONED: f64 = 1e8;

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
                    self.solve_rows_on_cpu(problem, &Plan { precision: self.request.precision, fallback, ..plan })
                }
                answer => answer,
            },
            Backend::Auto | Backend::Cpu => self.solve_rows_on_cpu(problem, &plan),
        }
    }

    /// The path of moments alone, in double precision on the CPU.
    pub(crate) fn solve_moments(&self, moments: &Moments) -> Result<RidgePath> {
        let normal = self.normal(moments)?;
        let weights = self.solve_on_cpu::<f64>(&normal);
        let used = used("cpu", None, Precision::Double, None);
        Ok(assemble::<f64>(moments, &normal, &weights, used, f64::EPSILON, None))
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
        let answers = gpu::solve(&gpu, &normal, sizes, plan.precision, &self.reporter(total)).await?;
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
                let reach = condition::reach(normal.features());
                let reached = |k: usize, weights: &Weights| weights.condition <= reach && normal.fits_single(k);
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
            let minimum_norm = self.minimum_norm;
            let one = |k: &usize| match cpu::qr::solve(&triangle, normal, *k) {
                own if minimum_norm && normal.unpenalised(*k) && own.values.is_none() => {
                    cpu::qr::minimum_norm(&triangle, normal, *k)
                }
                own => own,
            };
            let again: Vec<Weights> = poor.par_iter().map(one).collect();
            poor.into_iter().zip(again).for_each(|(k, again)| weights[k] = again);
        }
        Ok(weights)
    }

    fn solve_on_cpu<A: Scalar>(&self, normal: &NormalEquations) -> Vec<Weights> {
        let total = normal.penalties();
        cpu::solve::solve::<A>(normal, &self.reporter(total))
    }

    fn normal(&self, moments: &Moments) -> Result<NormalEquations> {
        NormalEquations::with_penalty(moments, self.model, &self.penalty)
    }
}

/// What the path says of who answered.
fn used(name: &str, adapter: Option<String>, precision: Precision, fallback: Option<String>) -> BackendUsed {
    BackendUsed { name: name.into(), adapter, strategy: "cholesky".into(), precision, fallback }
}
