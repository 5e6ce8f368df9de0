//! The rung of single precision.

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::gpu;
use crate::math::condition;
use crate::model::method::{Precision, Strategy};
use crate::model::rung::Reason;
use crate::solve::climb::Climb;
use crate::solve::task::Task;
use crate::solve::{double, of_rows};

/// The error of an intercept, in deviations of the target, beyond which double precision answers.
const INTERCEPT: f64 = 0.1;

/// Every λ in single precision, and those that it does not reach handed back.
pub(crate) async fn solve<'a>(task: &Task<'a>) -> Result<Climb<'a>> {
    let Task { asked, plan, problem, device, .. } = *task;
    let sums = if problem.weights_fit_single() { Precision::Single } else { Precision::Double };
    let equations =
        in_stage!(of_rows::equations(asked, problem, (plan.form, sums), device), "equations", form = ?plan.form)
            .await?;
    let answers = weights(task, equations.normal()).await?;
    let reached: Vec<bool> = answers.iter().map(|own| own.is_some() && problem.weights_fit_double()).collect();
    let weights: Vec<Weights> = answers.into_iter().map(|own| own.unwrap_or_else(|| Weights::singular(0))).collect();
    let used = double::used(task, device, Strategy::Cholesky);
    let path = RidgePath::of_weights(&equations, &weights, used, f32::EPSILON.into());
    let deviations = equations.totals().deviations();
    // Means far from zero, in spreads of the columns, take the digits of w from b.
    let told = |k: usize| {
        let least = |target: usize| path.intercept_error_bound(k, target) <= INTERCEPT * deviations[target];
        (0..path.targets()).all(|target| deviations[target] == 0.0 || least(target))
    };
    let reason = |k: usize| match reached[k] {
        false => Some(Reason::SinglePrecision),
        true => (!told(k)).then_some(Reason::Intercept),
    };
    let open = (0..path.len()).filter_map(|k| Some((k, reason(k)?))).collect();
    Ok(Climb { path, solved: None, corrected: None, open, retries: Vec::new() })
}

/// Weights in single precision, and `None` where that does not reach.
async fn weights(task: &Task<'_>, normal: &NormalEquations) -> Result<Vec<Option<Weights>>> {
    if let Some((gpu, sizes)) = task.device {
        return gpu::solve_one(gpu, normal, sizes, Precision::Single, &task.report).await;
    }
    let reach = condition::reach(normal.features(), f32::EPSILON.into());
    let reached = |k: usize, weights: &Weights| weights.condition <= reach && normal.fits_single(k);
    let answers = cpu::solve::solve::<f32>(normal, &task.report).into_iter().enumerate();
    Ok(answers.map(|(k, weights)| reached(k, &weights).then_some(weights)).collect())
}
