//! More features than rows, and nothing penalised: w has no answer, or the one of least norm.

use crate::answer::path::RidgePath;
use crate::equations::dual::Dual;
use crate::equations::forms::Equations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::model::outcome::BackendUsed;
use crate::solve::task::Task;

/// The path of the λs numbered `lost`, whose features depend on each other from number `order` on.
pub(crate) fn path(task: &Task<'_>, lost: &[usize], used: &BackendUsed, order: usize) -> Result<RidgePath> {
    let Task { spec, problem, .. } = *task;
    let dual = Dual::new(problem, spec.model, &spec.shared_factors())?;
    let grid = spec.grid(problem.weight_sum(), || dual.trace)?;
    let products = dual.products::<f64>();
    let triangle = spec.request.minimum_norm.then(|| dual.triangle());
    let normal = dual.normal(products, grid).only(lost);
    let one = |k: usize| match &triangle {
        Some(triangle) if normal.unpenalised(k) => dual.minimum_norm(triangle, &normal, k),
        _ => Weights::singular(order),
    };
    let weights: Vec<Weights> = (0..lost.len()).map(one).collect();
    let equations = Equations::Dual { problem, rows: Box::new(dual), normal };
    Ok(RidgePath::of_weights(&equations, &weights, used.clone(), f64::EPSILON))
}
