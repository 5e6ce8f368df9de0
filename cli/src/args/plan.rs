//! The command line of `ridgepath plan`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::args::answer::Format;
use crate::args::data::{DataArgs, DeviationName};
use crate::args::grid::GridArgs;
use crate::args::input_files::InputFiles;
use crate::args::memory::MemoryArgs;
use crate::args::names::{NameList, NamedFactors};
use crate::args::numbers;
use crate::args::reading::ReadingArgs;
use crate::args::solver::SolverArgs;

/// λ of a grid scaled from the data.
const LAMBDAS: usize = 100;

#[derive(clap::Args, Debug)]
pub(crate) struct PlanArgs {
    /// CSV files with a header, or Parquet files, as for ridgepath path; - is standard input. Without, the sizes alone are planned
    #[arg(value_name = "INPUT", conflicts_with_all = ["rows", "targets", "lambdas_count"], value_parser = InputFiles::parser())]
    input: Vec<InputFiles>,
    /// A column of INPUT to predict, by its name; once for each
    #[arg(long, value_name = "COLUMN", requires = "input", conflicts_with = "rows")]
    target: Vec<String>,
    /// Rows of data that need not be there
    #[arg(long, value_parser = numbers::count, required_unless_present = "input", requires = "features")]
    rows: Option<usize>,
    /// How many features; with INPUT, the columns to predict from
    #[arg(long, value_name = "COUNT|A,B,…")]
    features: Option<String>,
    /// Targets [default: 1]
    #[arg(long, value_parser = numbers::count)]
    targets: Option<usize>,
    /// How many λ [default: 100]
    #[arg(long, value_parser = numbers::length, conflicts_with = "GridArgs")]
    lambdas_count: Option<usize>,
    /// Plan the training of so many folds too
    #[arg(long, value_name = "COUNT", value_parser = folds)]
    pub(crate) folds: Option<usize>,
    /// A device that need not be there: the answer of 'ridgepath devices --measure --format json', there or elsewhere
    #[arg(long, value_name = "FILE.json")]
    pub(crate) device_rates: Option<PathBuf>,
    /// Columns of INPUT to leave out
    #[arg(long, value_name = "A,B,…", requires = "input", conflicts_with = "rows")]
    exclude: Option<NameList>,
    /// Features of INPUT that are text
    #[arg(long, value_name = "A,B,…", requires = "input", conflicts_with = "rows")]
    categorical: Option<NameList>,
    /// The column of INPUT with the observation weights
    #[arg(long, value_name = "COLUMN", requires = "input", conflicts_with = "rows")]
    weights: Option<String>,
    /// Fit no intercept
    #[arg(long)]
    no_intercept: bool,
    /// Penalise the coefficients of standardised columns
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "population")]
    standardize: Option<DeviationName>,
    /// What λ is multiplied by for some of the features, 1 for the others
    #[arg(long, value_name = "NAME=F,…", requires = "input", conflicts_with = "rows")]
    penalty_factor: Option<NamedFactors>,
    /// Features that are not penalised: of factor 0
    #[arg(long, value_name = "A,B,…", alias = "unpenalized", requires = "input", conflicts_with = "rows")]
    unpenalised: Option<NameList>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

/// The sizes of data that need not be there.
pub(crate) struct Sizes {
    pub(crate) rows: usize,
    pub(crate) features: usize,
    pub(crate) targets: usize,
    /// λ, where they are not listed.
    pub(crate) lambdas: usize,
}

impl PlanArgs {
    /// The sizes, where there is no INPUT, or what is wrong with them.
    pub(crate) fn sizes(&self) -> Result<Option<Sizes>, String> {
        let (true, Some(rows), Some(features)) = (self.input.is_empty(), self.rows, &self.features) else {
            return Ok(None);
        };
        self.reading.refuse_without_input()?;
        let features = numbers::count(features).map_err(|problem| format!("--features: {problem}"))?;
        let (targets, lambdas) = (self.targets.unwrap_or(1), self.lambdas_count.unwrap_or(LAMBDAS));
        Ok(Some(Sizes { rows, features, targets, lambdas }))
    }

    /// What `path` would be told of INPUT, or what is wrong with it.
    pub(crate) fn data(&self) -> Result<DataArgs, String> {
        let names = |text: &String| NameList::from_str(text).map_err(|problem| format!("--features: {problem}"));
        Ok(DataArgs {
            input: self.input.clone(),
            reading: self.reading.clone(),
            target: self.target.clone(),
            features: self.features.as_ref().map(names).transpose()?,
            exclude: self.exclude.clone(),
            categorical: self.categorical.clone(),
            weights: self.weights.clone(),
            no_intercept: self.no_intercept,
            standardize: self.standardize,
            penalty_factor: self.penalty_factor.clone(),
            unpenalised: self.unpenalised.clone(),
        })
    }
}

/// A number of folds.
fn folds(text: &str) -> Result<usize, String> {
    match numbers::count(text)? {
        1 => Err("found 1, wanted a whole number from 2 on".into()),
        count => Ok(count),
    }
}
