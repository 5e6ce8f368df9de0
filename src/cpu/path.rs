//! The path in double precision, its answers written as they come: of the primal form, and of nodes in the dual form.

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::cpu::spectral;
use crate::data::problem::Problem;
use crate::equations::forms::Source;
use crate::equations::nodes::{Extent, Nodes};
use crate::model::method::Strategy;
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::watch::{Report, Watch};

/// The path on the CPU in double precision, from the rows too where rows are at hand, and the numbers of the λs that were factored though
/// the strategy shares work between λs: those that it does not answer as well. Such strategies leave out condition numbers beyond
/// `limit`. Answers are written to the path as they come. The strategy `spectral` works here in the primal form alone.
pub(crate) fn path(
    source: Source<'_>,
    strategy: Strategy,
    limit: f64,
    used: BackendUsed,
    rows: Option<&Problem<'_>>,
    watch: &dyn Watch,
) -> (RidgePath, Vec<usize>) {
    let Source { totals, normal, .. } = source;
    stage!("path", ?strategy, lambdas = normal.penalties());
    let factored = |mut path: RidgePath, lambdas: &[usize], watch: &dyn Watch| {
        cpu::solve::in_parts::<f64>(normal, lambdas, watch, |lambdas, weights| {
            path.write_all(source, lambdas, &weights);
        });
        path
    };
    let every = || (0..normal.penalties()).collect::<Vec<_>>();
    let (path, left) = match strategy {
        Strategy::Cholesky => (factored(RidgePath::blank(totals, normal, used), &every(), watch), Vec::new()),
        Strategy::Spectral => {
            let (path, left) = spectral::path::path(normal, totals, used, limit, watch);
            (factored(path, &left, &Report::of(watch).untold()), left)
        }
        Strategy::Nodes => {
            let mut extent = Extent::new(normal);
            if let Some(k) = extent.telling() {
                let told = cpu::solve::solve_these::<f64>(normal, &[k], &Report::of(watch).untold());
                told.iter().for_each(|own| extent.learn(normal, k, own.condition));
            }
            match Nodes::new(normal, &extent) {
                None => (factored(RidgePath::blank(totals, normal, used), &every(), watch), every()),
                Some(nodes) => {
                    let weights = cpu::solve::solve::<f64>(&nodes.equations, &Report::of(watch).untold());
                    let outcome = (used, |_| Outcome::Solved);
                    let (path, left) = cpu::nodes::path(source, (&nodes, &weights), limit, outcome, watch);
                    (factored(path, &left, &Report::of(watch).untold()), left)
                }
            }
        }
    };
    match rows {
        Some(problem) => (path.with_rows(totals, normal, problem, f64::EPSILON), left),
        None => (path, left),
    }
}
