//! From what is asked to a path: planned, and solved where the plan says.

use crate::answer::path::RidgePath;
use crate::data::problem::Problem;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::model::method::{Backend, Form, Strategy};
use crate::model::outcome::Fallback;
use crate::model::watch::Report;
use crate::plan::{Limits, Plan, Shape};
use crate::solve::asked::Asked;
use crate::solve::known::Known;
use crate::solve::ridge::Ridge;
use crate::solve::task::{Start, Task};

impl Ridge {
    /// The plan of what is asked, with the reason where the penalties do not allow the form or strategy wanted. Opens a GPU if one
    /// is wanted.
    pub(crate) async fn planned(&self, asked: &Asked, shape: Shape) -> Result<Plan> {
        self.check_devices()?;
        let gpu = match asked.request.wants_gpu(shape) {
            true => Some(self.open().await),
            false => None,
        };
        let passed_over = gpu.iter().flatten().next().map_or(Vec::new(), |gpu| gpu.passed_over().to_vec());
        let name = gpu.iter().flatten().next().map(|gpu| gpu.adapter().name.clone());
        let limits = gpu.map(|gpu| gpu.map(|gpu| gpu.adapter().limits));
        let plan = self.explained(asked, shape, limits)?;
        let adapter = name.filter(|_| plan.backend == Backend::Gpu);
        Ok(after(Plan { adapter, ..plan }, passed_over))
    }

    /// The plan for the adapter at hand, or for none.
    pub(crate) fn explained(&self, asked: &Asked, shape: Shape, adapter: Option<Result<Limits>>) -> Result<Plan> {
        let plan = Plan::new(shape, asked.request, adapter)?;
        let needs_inverse = self.request.form.unwrap_or_else(|| shape.form()) == Form::Dual
            || matches!(self.request.strategy, Some(Strategy::Spectral | Strategy::Nodes));
        Ok(match asked.without_inverse.clone().filter(|_| needs_inverse && plan.backend != Backend::Reference) {
            Some(reason) => plan.because(reason),
            None => plan,
        })
    }

    /// Solves what the plan says, where it says; `known` are sums of its rows.
    pub(crate) async fn solve(&self, problem: &Problem<'_>, known: Option<Known>) -> Result<RidgePath> {
        in_stage!(
            self.solved(problem, known),
            "fit",
            rows = problem.rows(),
            features = problem.features(),
            targets = problem.targets(),
            lambdas = self.penalty.len()
        )
        .await
    }

    async fn solved(&self, problem: &Problem<'_>, known: Option<Known>) -> Result<RidgePath> {
        let asked = self.asked_of(problem);
        asked.penalty.check_features(problem.features())?;
        if !self.prior.is_none() {
            return Box::pin(self.solve_about(&self.prior, problem)).await;
        }
        let shape = self.shape(problem.x(), problem.y());
        let plan = self.planned(&asked, shape).await?;
        self.check_cancelled()?;
        let report = self.reporter(shape.penalties);
        let task = Task { asked: &asked, plan: &plan, problem, device: None, report: Report::of(&report) };
        let path = match plan.backend {
            Backend::Gpu => self.solve_on_gpu(task, known.clone()).await,
            _ => task.climb(Start::Rows { known: known.clone(), numbers: None }).await,
        };
        // What was left undone has no meaning.
        self.check_cancelled()?;
        match path {
            // What the CPU can still answer, it does, and says so.
            Err(error)
                if plan.backend == Backend::Gpu && error.is_device() && self.request.backend == Backend::Auto =>
            {
                let plan = plan.clone().on_cpu(error.to_string());
                let path = Task { plan: &plan, ..task }.climb(Start::Rows { known, numbers: None }).await;
                self.check_cancelled()?;
                path
            }
            path => path,
        }
    }

    async fn solve_on_gpu(&self, task: Task<'_>, known: Option<Known>) -> Result<RidgePath> {
        let gpu = self.open().await?;
        gpu.alive()?;
        let Some(sizes) = &task.plan.gpu else {
            return Err(Error::NoAdapter { reason: "the plan is not one for a GPU".into() });
        };
        let path = Task { device: Some((&gpu, sizes)), ..task }.climb(Start::Rows { known, numbers: None }).await?;
        Ok(told(&gpu, path))
    }
}

/// A path that tells which of the devices that share work failed.
pub(crate) fn told(gpu: &Gpu, mut path: RidgePath) -> RidgePath {
    path.backend.fallbacks.extend(gpu.left_out().into_iter().map(|reason| Fallback::Share { reason }));
    path
}

/// The plan of a GPU that was opened after others had failed to.
fn after(plan: Plan, failures: Vec<String>) -> Plan {
    match plan.backend {
        Backend::Gpu => failures.into_iter().fold(plan, |plan, reason| plan.because(Fallback::Adapter { reason })),
        _ => plan,
    }
}

#[cfg(test)]
mod tests {
    use super::after;
    use crate::model::method::Backend;
    use crate::model::outcome::Fallback;
    use crate::plan::{Limits, Plan, Request, Shape};

    #[test]
    fn a_gpu_that_was_not_the_first_choice_says_why() {
        let shape = Shape { rows: 30, features: 3, targets: 1, penalties: 4, problems: 1 };
        for (backend, told) in [(Backend::Gpu, true), (Backend::Auto, false)] {
            let request = Request { backend, ..Request::default() };
            let plan = Plan::new(shape, request, Some(Ok(Limits::default()))).expect("small");
            let reason = String::from("GeForce 1 does not open: no memory");
            let wanted: &[Fallback] = &[Fallback::Adapter { reason: reason.clone() }];
            let plan = after(plan, vec![reason]);
            assert_eq!(plan.fallbacks, if told { wanted } else { &[] }, "{backend}");
        }
    }
}
