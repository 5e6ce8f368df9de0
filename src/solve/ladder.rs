//! The ladder: the rungs of a plan, climbed in order, until every λ has its answer.

use crate::answer::path::RidgePath;
use crate::error::{Error, Result};
use crate::math::condition;
use crate::model::method::Form;
use crate::model::outcome::{Outcome, Route};
use crate::model::penalty::Penalty;
use crate::model::rung::{Reason, Retry, Rung};
use crate::model::watch::Watch;
use crate::plan::{Plan, Request, Shape};
use crate::reference;
use crate::solve::asked::Asked;
use crate::solve::climb::{Climb, Solved};
use crate::solve::corrected::Corrected;
use crate::solve::task::{Start, Task};
use crate::solve::{double, single, unpenalised};

/// The bound on the error of an answer of the dual form above which the primal is tried,
const DUAL_ERROR: f64 = 1e-13;
/// where the condition number is beyond this,
const DUAL_CONDITION: f64 = 1e8;
/// and the order of the primal is at most so many times that of the dual.
const PRIMAL_COST: usize = 4;

impl<'a> Task<'a> {
    /// The path of all λs, or of those that are asked for at the start.
    pub(crate) async fn climb(&self, start: Start<'a>) -> Result<RidgePath> {
        let first = self.plan.rungs.first().copied().unwrap_or(Rung::Double);
        let mut climb = match first {
            Rung::Reference => {
                let mut path = reference::solve(self.problem, self.asked.model, &self.asked.penalty)?;
                path.backend.fallbacks.clone_from(&self.plan.fallbacks);
                Climb { path, solved: None, corrected: None, open: Vec::new(), retries: Vec::new() }
            }
            Rung::Single => single::solve(self).await?,
            _ => match start {
                Start::Rows { known, numbers } => double::solve(self, known, numbers, self.device, self.report).await?,
                Start::Found { equations, found } => double::answered(self, *equations, found, self.report).await?,
            },
        };
        let mut retries = std::mem::take(&mut climb.retries);
        for rung in self.plan.rungs.iter().skip(1).copied() {
            if self.report.is_cancelled() {
                return Err(Error::Cancelled);
            }
            match rung {
                Rung::OtherForm | Rung::Unpenalised => {
                    climb.solved = None; // Two matrices need not be held at once.
                    climb.corrected.take().into_iter().for_each(|corrected| corrected.write(&mut climb.path));
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
            tell!(%rung, lambdas = taken.len(), "a safer route");
            let numbers: Vec<usize> = taken.iter().map(|(k, _)| *k).collect();
            let mut answered = numbers.clone();
            match rung {
                Rung::Reference | Rung::Single | Rung::Factored => (),
                Rung::Double => {
                    let again = double::solve(self, None, Some(&numbers), None, self.report.untold()).await?;
                    climb.path = climb.path.replaced(&numbers, &again.path.rerouted(Route::Double));
                    retries.extend(again.retries.into_iter().map(|own| Retry { index: numbers[own.index], ..own }));
                    climb.open.extend(again.open.into_iter().map(|(at, reason)| (numbers[at], reason)));
                    climb.solved = again.solved.map(|solved| Solved { numbers: numbers.clone(), ..solved });
                }
                Rung::Exact => {
                    let Some(solved) = climb.solved.take() else { continue };
                    let (own, open) = self.exact(solved, &climb.path, &taken, first).await?;
                    climb.corrected = Some(own);
                    climb.open.extend(open);
                }
                Rung::Qr | Rung::QrInPairs | Rung::LeastNorm => {
                    let Some(corrected) = &mut climb.corrected else { continue };
                    climb.open.extend(corrected.take(rung, &numbers)?);
                }
                Rung::OtherForm => {
                    answered = self.other_form(&mut climb.path, &numbers).await?;
                }
                Rung::Unpenalised => {
                    let again = self.unpenalised(&climb.path, &numbers).await?;
                    climb.path = climb.path.replaced(&numbers, &again);
                }
            }
            let told = |(k, reason): &(usize, Reason)| *reason != Reason::Small && answered.binary_search(k).is_ok();
            let answered = taken.into_iter().filter(told);
            retries.extend(answered.map(|(index, reason)| Retry { index, rung, reason }));
        }
        climb.corrected.into_iter().for_each(|corrected| corrected.write(&mut climb.path));
        climb.path.retries = retries;
        Ok(climb.path)
    }

    /// λs of a path that a rung fetches though no rung handed them back, and why: the last two judge the answers so far.
    fn questionable(&self, rung: Rung, path: &RidgePath) -> Vec<(usize, Reason)> {
        let every = 0..path.len();
        match rung {
            Rung::OtherForm => {
                let [own, other] = self.orders();
                let primal_is_cheap = self.plan.form == Form::Dual && self.is_double() && other <= PRIMAL_COST * own;
                let wanted =
                    |k: usize| if primal_is_cheap && path.condition(k) > DUAL_CONDITION { DUAL_ERROR } else { 1.0 };
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
        let unsolved = taken.iter().any(|(_, reason)| matches!(reason, Reason::Small | Reason::Weights));
        let within_reach = unsolved || taken.iter().any(|(k, _)| path.condition(*k) <= reach);
        let rerouted = first == Rung::Single || (device.is_some() && !within_reach);
        let told = unsolved && first == Rung::Double;
        let report = if told { self.report } else { self.report.untold() };
        let (device, numbers) = (device.filter(|_| within_reach), taken.iter().map(|(k, _)| *k).collect());
        Corrected::new(self, (equations.only(&positions), numbers), device, (path.backend(), rerouted), report).await
    }

    /// λs whose answers the other form has better, of those numbered `numbers`, replaced: where everything is penalised there is
    /// one answer; but columns or penalty factors of very different size spoil the equations of the dual form, and rows or weights
    /// those of the primal.
    async fn other_form(&self, path: &mut RidgePath, numbers: &[usize]) -> Result<Vec<usize>> {
        let other = self.plan.form.other();
        let plan = self.plan.in_double(other, self.plan.shape);
        let again = Box::pin(self.by(&plan).climb(Start::Rows { known: None, numbers: Some(numbers) }))
            .await?
            .rerouted(Route::Form);
        let bound = |path: &RidgePath, k: usize| {
            let bounds = (0..path.targets()).map(|target| path.error_bound(k, target));
            bounds.fold(0.0, |most: f64, own| if own.is_nan() { f64::INFINITY } else { most.max(own) })
        };
        let better = |(at, k): &(usize, usize)| bound(&again, *at) < bound(path, *k);
        let better: Vec<(usize, usize)> = numbers.iter().copied().enumerate().filter(better).collect();
        let answered = better.iter().map(|(_, k)| *k).collect();
        path.replace(&again, better.into_iter());
        Ok(answered)
    }

    /// λs of a path of the dual form that penalise nothing, or so little that it is lost: the primal form answers there, as it does
    /// for few features, or else the rank of the rows.
    async fn unpenalised(&self, path: &RidgePath, numbers: &[usize]) -> Result<RidgePath> {
        if self.problem.features() <= self.problem.rows() {
            let plan = self.plan.in_double(Form::Primal, self.plan.shape);
            return Box::pin(self.by(&plan).climb(Start::Rows { known: None, numbers: Some(numbers) })).await;
        }
        unpenalised::path(self, numbers, path.backend(), self.first_dependent().await?)
    }

    /// The order of the first feature that depends on those before it: of more features than rows, or of as many when rows are
    /// centred, one does.
    async fn first_dependent(&self) -> Result<usize> {
        let Task { asked, plan, problem, .. } = *self;
        let x = problem.x();
        let most = problem.rows() + usize::from(!asked.model.intercept);
        let leading = problem.with_features(x.column_range(0, problem.features().min(most)));
        let request = Request { minimum_norm: false, ..asked.request };
        let alone = Asked::new(asked.model, Penalty::Alphas(vec![0.0]), request);
        let shape = Shape { features: leading.features(), penalties: 1, problems: 1, ..plan.shape };
        let plan = Plan { request, ..plan.clone() }.in_double(Form::Primal, shape);
        let path = Task { asked: &alone, problem: &leading, ..self.by(&plan) };
        Ok(match Box::pin(path.climb(Start::ROWS)).await?.outcome(0, 0) {
            Outcome::Singular { order } => order,
            _ => leading.features(),
        })
    }
}
