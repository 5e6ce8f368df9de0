//! The path of the strategy `nodes`: every λ a sum of the answers of few nodes, measured and written as it comes.

use crate::answer::path::RidgePath;
use crate::cpu::tiles::{Answers, Tiles};
use crate::equations::forms::Source;
use crate::equations::nodes::Nodes;
use crate::equations::weights::Weights;
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::watch::{OfColumns, Watch};

/// The path as far as sums of the answers of the nodes are as good as those of a factorization, and the numbers of the λs whose
/// answers it lacks: NaN there. Condition numbers beyond `limit` are left out, and are none of these. `outcome` tells that of
/// a condition number.
pub(crate) fn path(
    source: Source<'_>,
    (nodes, weights): (&Nodes, &[Weights]),
    limit: f64,
    (used, outcome): (BackendUsed, impl Fn(f64) -> Outcome),
    watch: &dyn Watch,
) -> (RidgePath, Vec<usize>) {
    let Source { totals, normal, .. } = source;
    let (t, k) = (normal.targets(), normal.penalties());
    let mut path = RidgePath::blank(totals, normal, used);
    let conditions = nodes.conditions(weights);
    nodes.lambdas.iter().zip(&conditions).for_each(|(k, condition)| path.conditions[*k] = *condition);
    let solved = weights.iter().all(|own| own.values.is_some());
    let counts = |condition: &f64| solved && *condition <= limit;
    let wanted: Vec<usize> = (0..conditions.len()).filter(|at| counts(&conditions[*at])).collect();
    let lambdas: Vec<usize> = wanted.iter().map(|at| nodes.lambdas[*at]).collect();
    let conditions: Vec<f64> = wanted.iter().map(|at| conditions[*at]).collect();
    let outcomes: Vec<Outcome> = conditions.iter().map(|condition| outcome(*condition)).collect();
    let resolvent = nodes.resolvent.only(&wanted);
    let of_nodes = |first: usize, targets: usize| nodes.answers(weights, first, targets);
    let infinity = nodes.infinity(&wanted);
    let answers = Answers::Sums { resolvent: &resolvent, nodes: &of_nodes, infinity: infinity.as_ref() };
    let tiles = Tiles { source, answers, lambdas: &lambdas, conditions: &conditions, outcomes: &outcomes };
    let of_columns = OfColumns::new(watch, t);
    let failed = tiles.path(path.columns_mut(), &of_columns);
    let mut missing = Vec::new();
    let mut left = lambdas.iter().peekable();
    for (k, mut place) in path.columns_mut().chunks(t).enumerate() {
        if left.next_if(|next| **next == k).is_none() || failed.contains(&k) {
            place.clear();
            missing.push(k);
        }
    }
    // Those beyond the limit go to another rung, by their condition number.
    missing.retain(|k| !(solved && path.conditions[*k] > limit));
    missing.iter().for_each(|k| path.conditions[*k] = f64::NAN);
    if lambdas.len() < k {
        watch.done(k); // other routes, which report nothing, answer the rest
    }
    (path, missing)
}
