//! The command line of `ridgepath validate`.

use crate::args::answer::Format;
use crate::args::data::DataArgs;
use crate::args::grid::GridArgs;
use crate::args::solver::SolverArgs;

#[derive(clap::Args, Debug)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}
