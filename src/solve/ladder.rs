//! The ladder: the rungs of a plan, climbed in order, until every λ has its answer.

use crate::answer::path::RidgePath;
use crate::data::problem::Problem;
use crate::equations::forms::Equations;
use crate::error::Result;
use crate::gpu::Gpu;
use crate::math::condition;
use crate::model::method::Form;
use crate::model::outcome::{Outcome, Route};
use crate::model::rung::{Reason, Retry, Rung};
use crate::moments::Moments;
use crate::plan::{GpuPlan, Plan};
use crate::reference;
use crate::solve::corrected::Corrected;
use crate::solve::spec::Spec;
use crate::solve::{double, single, unpenalised};

/// The bound on the error of an answer of the dual form above which the primal is tried, the condition number above which it is,
/// and how many times the order of the dual that of the primal may be.
const DIGITS: f64 = 1e-13;
const ILL: f64 = 1e8;
const AS_CHEAP: usize = 4;

/// A GPU with the plan of the work there.
pub(crate) type Device<'a> = Option<(&'a Gpu, &'a GpuPlan)>;

/// Whom to tell how many λs are done.
pub(crate) type Report<'a> = &'a (dyn Fn(usize) + Sync);

/// One problem, what is asked of it, and what is planned.
#[derive(Clone, Copy)]
pub(crate) struct Ladder<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) plan: &'a Plan,
    pub(crate) problem: &'a Problem<'a>,
    pub(crate) device: Device<'a>,
    pub(crate) report: Report<'a>,
}

/// Equations in double precision, the numbers of their λs in the path, and the device that solved them.
pub(crate) struct Solved<'a> {
    pub(crate) equations: Equations<'a>,
    pub(crate) numbers: Vec<usize>,
    pub(crate) device: Device<'a>,
}

/// How far the λs have come.
pub(crate) struct Climb<'a> {
    /// The answers so far.
    pub(crate) path: RidgePath,
    /// What was solved in double precision, until it is solved to twice the digits.
    pub(crate) solved: Option<Solved<'a>>,
    /// The λs that were handed back, and why.
    pub(crate) open: Vec<(usize, Reason)>,
}

impl<'a> Ladder<'a> {
    /// The path of all λs, or of those numbered `which`; `known` are the moments of the rows in double precision.
    pub(crate) async fn climb(&self, known: Option<Moments>, which: Option<&[usize]>) -> Result<RidgePath> {
        let first = self.plan.rungs.first().copied().unwrap_or(Rung::Double);
        let mut climb = match first {
            Rung::Reference => {
                let mut path = reference::solve(self.problem, self.spec.model, &self.spec.penalty)?;
                path.backend.fallbacks.clone_from(&self.plan.fallbacks);
                Climb { path, solved: None, open: Vec::new() }
            }
            Rung::Single => single::solve(self).await?,
            _ => double::solve(self, known, which, self.device, self.report).await?,
        };
        let mut corrected: Option<Corrected<'a>> = None;
        let mut retries = Vec::new();
        for rung in self.plan.rungs.iter().skip(1).copied() {
            match rung {
                Rung::OtherForm | Rung::Unpenalised => {
                    corrected.take().into_iter().for_each(|corrected| corrected.write(&mut climb.path));
                    climb.open.extend(self.questionable(rung, &climb.path));
                }
                _ => (),
            }
            let mut taken: Vec<(usize, Reason)> =
                climb.open.extract_if(.., |(_, reason)| reason.next() == rung).collect();
            taken.sort_by_key(|(k, _)| *k);
            if taken.is_empty() {
                continue;
            }
            let lambdas: Vec<usize> = taken.iter().map(|(k, _)| *k).collect();
            let mut answered = lambdas.clone();
            match rung {
                Rung::Reference | Rung::Single => (),
                Rung::Double => {
                    let again = double::solve(self, None, Some(&lambdas), None, &|_| ()).await?;
                    climb.path = climb.path.replaced(&lambdas, &again.path.rerouted(Route::Double));
                    climb.open.extend(again.open.into_iter().map(|(at, reason)| (lambdas[at], reason)));
                    climb.solved = again.solved.map(|solved| Solved { numbers: lambdas.clone(), ..solved });
                }
                Rung::Exact => {
                    let Some(solved) = climb.solved.take() else { continue };
                    let (own, open) = self.exact(solved, &climb.path, &taken, first).await?;
                    corrected = Some(own);
                    climb.open.extend(open);
                }
                Rung::Qr | Rung::QrInPairs | Rung::LeastNorm => {
                    let Some(corrected) = &mut corrected else { continue };
                    climb.open.extend(corrected.take(rung, &lambdas)?);
                }
                Rung::OtherForm => {
                    answered = self.other_form(&mut climb.path, &lambdas).await?;
                }
                Rung::Unpenalised => {
                    let again = unpenalised::path(self, &lambdas, climb.path.backend()).await?;
                    climb.path = climb.path.replaced(&lambdas, &again);
                }
            }
            let answered = taken.into_iter().filter(|(k, _)| answered.binary_search(k).is_ok());
            retries.extend(answered.map(|(index, reason)| Retry { index, rung, reason }));
        }
        corrected.into_iter().for_each(|corrected| corrected.write(&mut climb.path));
        climb.path.retries = retries;
        Ok(climb.path)
    }

    /// This problem by other rungs, on the CPU.
    pub(crate) fn by<'b>(&'b self, plan: &'b Plan) -> Ladder<'b> {
        Ladder { plan, device: None, report: &|_| (), ..*self }
    }

    /// λs of a path that a rung takes though nobody handed them back, and why.
    fn questionable(&self, rung: Rung, path: &RidgePath) -> Vec<(usize, Reason)> {
        let every = 0..path.len();
        match rung {
            Rung::OtherForm => {
                let [own, other] = self.orders();
                let primal_is_cheap = self.plan.form == Form::Dual && self.is_double() && other <= AS_CHEAP * own;
                let wanted = |k: usize| if primal_is_cheap && path.condition(k) > ILL { DIGITS } else { 1.0 };
                // Written so that NaN, the bound of a singular λ, is poor.
                let poor = |k: &usize| (0..path.targets()).any(|target| !(path.error_bound(*k, target) < wanted(*k)));
                every.filter(|k| path.shifts()[*k] > 0.0 && poor(k)).map(|k| (k, Reason::Bound)).collect()
            }
            _ => {
                let singular = |k: usize| matches!(path.outcome(k, 0), Outcome::Singular { .. });
                let lost = |k: &usize| path.shifts()[*k] == 0.0 || singular(*k);
                every.filter(lost).map(|k| (k, Reason::Unpenalised)).collect()
            }
        }
    }

    /// The orders of the equations planned, and of those of the other form.
    fn orders(&self) -> [usize; 2] {
        let (m, n) = (self.problem.rows(), self.problem.features());
        if self.plan.form == Form::Primal { [n, m] } else { [m, n] }
    }

    fn is_double(&self) -> bool {
        self.plan.rungs.first() == Some(&Rung::Double)
    }

    /// λs again by equations of twice the digits: on the device that solved them, if its factors reach one of them.
    async fn exact(
        &self,
        solved: Solved<'a>,
        path: &RidgePath,
        taken: &[(usize, Reason)],
        first: Rung,
    ) -> Result<(Corrected<'a>, Vec<(usize, Reason)>)> {
        let Solved { equations, numbers, device } = solved;
        let at = |k: usize| numbers.binary_search(&k).ok();
        let positions: Vec<usize> = taken.iter().filter_map(|(k, _)| at(*k)).collect();
        let reach = condition::reach(equations.normal().features(), f32::EPSILON.into());
        let unsolved = taken.iter().any(|(_, reason)| *reason == Reason::Weights);
        let within_reach = unsolved || taken.iter().any(|(k, _)| path.condition(*k) <= reach);
        let rerouted = first == Rung::Single || (device.is_some() && !within_reach);
        let report: Report<'_> = if unsolved && first == Rung::Double { self.report } else { &|_| () };
        let (device, lambdas) = (device.filter(|_| within_reach), taken.iter().map(|(k, _)| *k).collect());
        Corrected::new(self, (equations.only(&positions), lambdas), device, (path.backend(), rerouted), report).await
    }

    /// λs whose answers the other form has better, of those numbered `lambdas`, replaced: where everything is penalised there is
    /// one answer; but columns or penalty factors of very different size spoil the equations of the dual form, and rows or weights
    /// those of the primal.
    async fn other_form(&self, path: &mut RidgePath, lambdas: &[usize]) -> Result<Vec<usize>> {
        let other = self.plan.form.other();
        let plan = self.plan.in_double(other, self.plan.shape);
        let again = Box::pin(self.by(&plan).climb(None, Some(lambdas))).await?.rerouted(Route::Form);
        let bound = |path: &RidgePath, k: usize| {
            let bounds = (0..path.targets()).map(|target| path.error_bound(k, target));
            bounds.fold(0.0, |most: f64, own| if own.is_nan() { f64::INFINITY } else { most.max(own) })
        };
        let better = |(at, k): &(usize, usize)| bound(&again, *at) < bound(path, *k);
        let better: Vec<(usize, usize)> = lambdas.iter().copied().enumerate().filter(better).collect();
        let answered = better.iter().map(|(_, k)| *k).collect();
        path.replace(&again, better.into_iter());
        Ok(answered)
    }
}
