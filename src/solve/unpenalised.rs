//! The end of the rung `Unpenalised`: more features than rows, and nothing penalised, so that w has no answer, or the one of least
//! norm.

use crate::answer::path::RidgePath;
use crate::equations::dual::Dual;
use crate::equations::forms::Equations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::model::outcome::BackendUsed;
use crate::solve::task::Task;

/// The path of the λs of these numbers, whose features depend on each other from number `order` on.
pub(crate) fn path(task: &Task<'_>, numbers: &[usize], used: &BackendUsed, order: usize) -> Result<RidgePath> {
    let Task { asked, problem, .. } = *task;
    let dual = Dual::new(problem, asked.model, &asked.shared_factors())?;
    let grid = asked.grid(problem.weight_sum(), || dual.trace)?;
    let products = dual.products::<f64>();
    let triangle = asked.request.minimum_norm.then(|| dual.triangle());
    let normal = dual.normal(products, grid).only(numbers);
    let one = |k: usize| match &triangle {
        Some(triangle) if normal.unpenalised(k) => dual.minimum_norm(triangle, &normal, k),
        _ => Weights::singular(order),
    };
    let weights: Vec<Weights> = (0..numbers.len()).map(one).collect();
    let equations = Equations::Dual { problem, rows: Box::new(dual), normal };
    Ok(RidgePath::of_weights(&equations, &weights, used.clone(), f64::EPSILON))
}
