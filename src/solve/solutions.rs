//! Solutions of equations in double precision, wherever they are found.

use crate::cpu;
use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::gpu;
use crate::model::method::{Precision, Strategy};
use crate::model::outcome::Route;
use crate::model::watch::Report;
use crate::plan::Plan;
use crate::solve::task::Device;

/// Solutions in double precision on a GPU, if there is one, and on the CPU where it does not reach.
pub(crate) async fn solutions(
    plan: &Plan,
    normal: &NormalEquations,
    device: Device<'_>,
    report: Report<'_>,
) -> Result<Vec<Weights>> {
    if let Some((gpu, sizes)) = device {
        let answers = gpu::solve_one(gpu, normal, sizes, Precision::Double, &report).await?;
        return Ok(completed(normal, answers, |own| own.rerouted(Route::Double)));
    }
    Ok(match strategy(plan, normal) {
        // Nodes are of equations in one double, and their sums are written as they come; what else there is, is factored.
        Strategy::Cholesky | Strategy::Nodes => cpu::solve::solve::<f64>(normal, &report),
        Strategy::Spectral => completed(normal, cpu::spectral::solve(normal, &report), |own| own),
    })
}

/// The solutions of all λ: those that are missing by a Cholesky factorization in double precision, and marked so.
pub(crate) fn completed(
    normal: &NormalEquations,
    answers: Vec<Option<Weights>>,
    mark: impl Fn(Weights) -> Weights,
) -> Vec<Weights> {
    let missing: Vec<usize> = (0..answers.len()).filter(|k| answers[*k].is_none()).collect();
    let mut others = cpu::solve::solve_these::<f64>(normal, &missing, &|_: usize| ()).into_iter();
    answers.into_iter().filter_map(|own| own.or_else(|| others.next().map(&mark))).collect()
}

/// The strategy planned for as many λs as these equations have.
pub(crate) fn strategy(plan: &Plan, normal: &NormalEquations) -> Strategy {
    plan.strategy(normal.form, normal.features(), normal.penalties())
}
