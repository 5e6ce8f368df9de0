//! The command line of `ridgepath plan`.

use crate::args::data::DataArgs;
use crate::args::grid::GridArgs;
use crate::args::solver::SolverArgs;

#[derive(clap::Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}
