//! The solver that the command line asks for.

use ridgepath::Ridge;

use crate::args::data::DataArgs;
use crate::args::solver::SolverArgs;
use crate::input::data::Data;
use crate::machine::progress::Progress;

/// The solver of the data, all but its grid of penalties.
pub(crate) fn of(data: &Data, args: &DataArgs, solver: &SolverArgs, progress: &Progress) -> Ridge {
    let progress = progress.clone();
    let mut ridge = without_data(solver)
        .intercept(!args.no_intercept)
        .standardize(args.standardize())
        .on_progress(move |done, total| progress.reached(done, total));
    if let Some(factors) = data.penalty_factors() {
        ridge = ridge.penalty_factors(factors);
    }
    match data.weights() {
        Some(weights) => ridge.weights(weights),
        None => ridge,
    }
}

/// What is said of where and how to solve.
pub(crate) fn without_data(solver: &SolverArgs) -> Ridge {
    let mut ridge = Ridge::new()
        .backend(solver.backend.into())
        .allow_software_gpu(solver.allow_software_gpu)
        .minimum_norm(solver.minimum_norm)
        .precision(solver.precision.into());
    if let Some(name) = solver.adapter.first() {
        ridge = ridge.adapter(name);
    }
    if let Some(bytes) = solver.memory_budget {
        ridge = ridge.memory_budget(bytes);
    }
    if let Some(form) = solver.form {
        ridge = ridge.form(form.into());
    }
    if let Some(strategy) = solver.strategy.into() {
        ridge = ridge.strategy(strategy);
    }
    ridge
}
