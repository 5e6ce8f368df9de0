//! The path of the primal form in double precision, its answers written as they come.

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::cpu::spectral::tiles;
use crate::data::problem::Problem;
use crate::equations::normal::NormalEquations;
use crate::equations::totals::Totals;
use crate::model::method::Strategy;
use crate::model::outcome::BackendUsed;

/// The path of the primal form on the CPU in double precision, from the rows too where rows are at hand. Strategy
/// [`Spectral`](Strategy::Spectral) leaves out condition numbers beyond `limit`, and what it does not answer as well as a
/// factorization, is factored. Answers are written to the path as they come.
pub(crate) fn path(
    (totals, normal): (&Totals, &NormalEquations),
    strategy: Strategy,
    limit: f64,
    used: BackendUsed,
    rows: Option<&Problem<'_>>,
    progress: &(dyn Fn(usize) + Sync),
) -> RidgePath {
    let factored = |mut path: RidgePath, lambdas: &[usize], progress: &(dyn Fn(usize) + Sync)| {
        cpu::solve::in_parts::<f64>(normal, lambdas, progress, |lambdas, weights| {
            path.write(normal, lambdas, &weights);
            path.describe(totals, normal, lambdas, &weights, f64::EPSILON);
        });
        path
    };
    let path = match strategy {
        Strategy::Cholesky => {
            let every: Vec<usize> = (0..normal.penalties()).collect();
            factored(RidgePath::blank(totals, normal, used), &every, progress)
        }
        Strategy::Spectral => {
            let (path, left) = tiles::path(normal, totals, used, limit, progress);
            factored(path, &left, &|_| ())
        }
    };
    match rows {
        Some(problem) => path.with_rows(totals, normal, problem, f64::EPSILON),
        None => path,
    }
}
