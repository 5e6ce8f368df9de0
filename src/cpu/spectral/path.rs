//! The path of the strategy `spectral`, its answers written as they come.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::describe::rounding;
use crate::answer::path::RidgePath;
use crate::cpu::spectral::Spectral;
use crate::cpu::spectral::few_features::FewFeatures;
use crate::cpu::tiles::{Answers, Tiles};
use crate::equations::forms::Source;
use crate::equations::normal::NormalEquations;
use crate::equations::totals::Totals;
use crate::math::condition;
use crate::math::resolvent::worthwhile;
use crate::math::threads::at_least;
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::watch::{OfColumns, Watch};

/// λs whose condition numbers one task estimates.
const TOGETHER: usize = 64;

/// The path, as far as condition numbers up to `limit` and residuals as small as those of a Cholesky factorization go, and
/// the numbers of the λs of such a condition number whose answers it lacks.
pub(crate) fn path(
    normal: &NormalEquations,
    totals: &Totals,
    used: BackendUsed,
    limit: f64,
    watch: &dyn Watch,
) -> (RidgePath, Vec<usize>) {
    let (n, t, k) = (normal.features(), normal.targets(), normal.penalties());
    let mut spectral = Spectral::new(normal);
    let every: Vec<usize> = (0..k).collect();
    let conditions: Vec<f64> = every
        .par_chunks(TOGETHER)
        .with_min_len(at_least(TOGETHER * n))
        .flat_map_iter(|lambdas| spectral.conditions(lambdas))
        .collect();
    let reach = condition::reach(n, f64::EPSILON);
    let wanted = every.into_iter().filter(|k| conditions[*k] <= limit);
    let (lambdas, mut missing): (Vec<usize>, Vec<usize>) =
        wanted.partition(|k| conditions[*k] <= reach && spectral.condition(*k) <= reach);
    let mut path = RidgePath::blank(totals, normal, used);
    path.conditions.clone_from(&conditions);
    let of_columns = OfColumns::new(watch, t);
    let few = FewFeatures::new(&spectral, totals, &conditions, rounding(normal, totals, f64::EPSILON));
    let failed = match few {
        Some(few) => few.path(path.columns_mut(), &of_columns),
        None => {
            let nodes = spectral.resolvent(&lambdas, worthwhile(n, lambdas.len()));
            spectral.prepare(t * nodes.as_ref().map_or(lambdas.len(), |resolvent| resolvent.nodes.len()));
            let conditions: Vec<f64> = lambdas.iter().map(|k| conditions[*k]).collect();
            let outcomes = vec![Outcome::Solved; lambdas.len()];
            let of_nodes = |first: usize, count: usize| match &nodes {
                Some(resolvent) => spectral.answers(&resolvent.nodes, first, count),
                None => DMatrix::zeros(n, 0),
            };
            let answers = match &nodes {
                Some(resolvent) => Answers::Sums { resolvent, nodes: &of_nodes, infinity: None },
                None => Answers::Reduced(&spectral),
            };
            let source = Source { totals, normal, rows: None };
            Tiles { source, answers, lambdas: &lambdas, conditions: &conditions, outcomes: &outcomes }
                .path(path.columns_mut(), &of_columns)
        }
    };
    let mut left = lambdas.iter().peekable();
    for (k, mut place) in path.columns_mut().chunks(t).enumerate() {
        match left.next_if(|next| **next == k) {
            Some(_) if failed.contains(&k) => missing.push(k),
            Some(_) => {}
            None => place.clear(),
        }
    }
    missing.sort_unstable();
    if lambdas.len() < k {
        watch.done(k); // other routes, which report nothing, answer the rest
    }
    (path, missing)
}
