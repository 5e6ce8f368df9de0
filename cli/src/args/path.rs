//! The command line of `ridgepath path`.

use std::path::PathBuf;

use ridgepath::Convention;

use crate::args::answer::{Destination, PathFormat};
use crate::args::convention;
use crate::args::data::DataArgs;
use crate::args::grid::GridArgs;
use crate::args::many::{self, ManyArgs};
use crate::args::memory::MemoryArgs;
use crate::args::numbers::NumberList;
use crate::args::solver::SolverArgs;

#[derive(clap::Args, Debug)]
pub(crate) struct PathArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    /// Whose penalties --lambdas, --lambda-grid and --lambda-file hold, such as sklearn, glmnet, weight-decay or lm.ridge;
    /// `ridgepath convert` has the list. Columns are standardised where they are there
    #[arg(long, value_name = "SYSTEM", value_parser = convention::parse, requires = "GridArgs")]
    #[arg(conflicts_with_all = ["alphas", "alpha_grid"], conflicts_with_all = many::OPTIONS)]
    pub(crate) convention: Option<Convention>,
    /// The λ at which ‖w‖² ≤ T: 0 where the unpenalised coefficients fit. Of standardised columns where these are
    #[arg(long, value_name = "T,T,…", conflicts_with_all = ["GridArgs", "fractions"], conflicts_with_all = many::OPTIONS)]
    pub(crate) norm_limits: Option<NumberList>,
    /// The λ at which ‖w‖ is this fraction of the unpenalised ‖w‖, as fracridge has it
    #[arg(long, value_name = "F,F,…", conflicts_with = "GridArgs", conflicts_with_all = many::OPTIONS)]
    pub(crate) fractions: Option<NumberList>,
    #[command(flatten)]
    pub(crate) many: ManyArgs,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
    /// Also the standard error of every coefficient, by the sandwich σ̂²A⁻¹GA⁻¹ with A = G + alpha·D and σ̂² = RSS/(m − df)
    #[arg(long, conflicts_with_all = many::OPTIONS)]
    pub(crate) standard_errors: bool,
    /// Where the answer goes; - is standard output. A file appears whole or not at all
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: Destination,
    /// How the answer is written [default: by the ending of --output, .json, .csv, .parquet, .arrow or .feather, else table]. All but a
    /// table, which shows some of many λ, hold every number exactly and every λ. To standard output arrow is a stream
    #[arg(long, value_enum)]
    pub(crate) format: Option<PathFormat>,
    /// Also df (with and without the intercept), GCV and the leave-one-out mean squared error of every λ
    #[arg(long, conflicts_with_all = many::OPTIONS)]
    pub(crate) stats: bool,
    /// Draw the coefficients over λ, as SVG. When standardised, as change per standard deviation of the column. Of many
    /// problems: how the coefficients differ between groups or windows at the λ in the middle of the grid, or the path
    /// among those of the replicates
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
}
