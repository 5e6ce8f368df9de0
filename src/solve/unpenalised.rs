//! The rung of λs that penalise nothing, or so little that it is lost, after the dual form, whose equations have an answer even
//! where w has none. The primal form answers there, as it does for few features.

use crate::answer::path::RidgePath;
use crate::equations::dual::Dual;
use crate::equations::forms::Equations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::model::method::Form;
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::penalty::Penalty;
use crate::plan::{Plan, Request, Shape};
use crate::solve::ladder::Ladder;
use crate::solve::spec::Spec;

/// The path of the λs numbered `lost`.
pub(crate) async fn path(ladder: &Ladder<'_>, lost: &[usize], used: &BackendUsed) -> Result<RidgePath> {
    let Ladder { spec, plan, problem, .. } = *ladder;
    if problem.features() <= problem.rows() {
        let plan = plan.in_double(Form::Primal, plan.shape);
        return Box::pin(ladder.by(&plan).climb(None, Some(lost))).await;
    }
    let dual = Dual::new(problem, spec.model, &spec.shared_factors())?;
    let grid = spec.grid(problem.weight_sum(), || dual.trace)?;
    let products = dual.products::<f64>();
    let triangle = spec.request.minimum_norm.then(|| dual.triangle());
    let (normal, order) = (dual.normal(products, grid).only(lost), first_dependent(ladder).await?);
    let one = |k: usize| match &triangle {
        Some(triangle) if normal.unpenalised(k) => dual.minimum_norm(triangle, &normal, k),
        _ => Weights::singular(order),
    };
    let weights: Vec<Weights> = (0..lost.len()).map(one).collect();
    let equations = Equations::Dual { problem, rows: Box::new(dual), normal };
    Ok(RidgePath::of_weights(&equations, &weights, used.clone(), f64::EPSILON))
}

/// The order of the first feature that depends on those before it: of more features than rows, or of as many when rows are
/// centred, one does.
async fn first_dependent(ladder: &Ladder<'_>) -> Result<usize> {
    let Ladder { spec, plan, problem, .. } = *ladder;
    let x = problem.x();
    let most = problem.rows() + usize::from(!spec.model.intercept);
    let leading = problem.with_features(x.column_range(0, problem.features().min(most)));
    let request = Request { minimum_norm: false, ..spec.request };
    let alone = Spec::new(spec.model, Penalty::Alphas(vec![0.0]), request);
    let shape = Shape { features: leading.features(), penalties: 1, ..plan.shape };
    let plan = Plan { request, ..plan.clone() }.in_double(Form::Primal, shape);
    let path = Ladder { spec: &alone, problem: &leading, ..ladder.by(&plan) };
    Ok(match Box::pin(path.climb(None, None)).await?.outcome(0, 0) {
        Outcome::Singular { order } => order,
        _ => leading.features(),
    })
}
