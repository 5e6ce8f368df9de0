//! The path in double precision, its answers written as they come: of the primal form, and of nodes in the dual form.

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::cpu::spectral;
use crate::data::problem::Problem;
use crate::equations::forms::Source;
use crate::equations::nodes::{Extent, Nodes};
use crate::model::method::Strategy;
use crate::model::outcome::{BackendUsed, Outcome};

/// The path on the CPU in double precision, from the rows too where rows are at hand, and the numbers of the λs that were factored though
/// the strategy shares work between λs: those that it does not answer as well. Such strategies leave out condition numbers beyond
/// `limit`. Answers are written to the path as they come. The strategy `spectral` works here in the primal form alone.
pub(crate) fn path(
    source: Source<'_>,
    strategy: Strategy,
    limit: f64,
    used: BackendUsed,
    rows: Option<&Problem<'_>>,
    progress: &(dyn Fn(usize) + Sync),
) -> (RidgePath, Vec<usize>) {
    let Source { totals, normal, .. } = source;
    let factored = |mut path: RidgePath, lambdas: &[usize], progress: &(dyn Fn(usize) + Sync)| {
        cpu::solve::in_parts::<f64>(normal, lambdas, progress, |lambdas, weights| {
            path.write_all(source, lambdas, &weights);
        });
        path
    };
    let every = || (0..normal.penalties()).collect::<Vec<_>>();
    let (path, left) = match strategy {
        Strategy::Cholesky => (factored(RidgePath::blank(totals, normal, used), &every(), progress), Vec::new()),
        Strategy::Spectral => {
            let (path, left) = spectral::path::path(normal, totals, used, limit, progress);
            (factored(path, &left, &|_| ()), left)
        }
        Strategy::Nodes => {
            let mut extent = Extent::new(normal);
            if let Some(k) = extent.telling() {
                let told = cpu::solve::solve_these::<f64>(normal, &[k], &|_| ());
                told.iter().for_each(|own| extent.learn(normal, k, own.condition));
            }
            match Nodes::new(normal, &extent) {
                None => (factored(RidgePath::blank(totals, normal, used), &every(), progress), every()),
                Some(nodes) => {
                    let weights = cpu::solve::solve::<f64>(&nodes.equations, &|_| ());
                    let outcome = (used, |_| Outcome::Solved);
                    let (path, left) = cpu::nodes::path(source, (&nodes, &weights), limit, outcome, progress);
                    (factored(path, &left, &|_| ()), left)
                }
            }
        }
    };
    match rows {
        Some(problem) => (path.with_rows(totals, normal, problem, f64::EPSILON), left),
        None => (path, left),
    }
}
