//! The command line of `ridgepath bench`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::args::answer::Format;
use crate::args::data::{DataArgs, DeviationName};
use crate::args::grid::GridArgs;
use crate::args::input_files::InputFiles;
use crate::args::names::NameList;
use crate::args::numbers;
use crate::args::reading::ReadingArgs;
use crate::args::solver::{PrecisionName, StrategyName};

/// Rows and features of made data, unless given.
const ROWS: usize = 5_000;
const FEATURES: usize = 128;

#[derive(clap::Args, Debug)]
pub(crate) struct BenchArgs {
    /// CSV files with a header, or Parquet files, as for ridgepath path, to measure on; - is standard input [default: made data]
    #[arg(value_name = "INPUT", requires = "target", conflicts_with_all = ["rows", "targets"], value_parser = InputFiles::parser())]
    pub(crate) input: Vec<InputFiles>,
    /// A column of INPUT to predict, by its name; once for each
    #[arg(long, value_name = "COLUMN", requires = "input", conflicts_with_all = ["rows", "targets"])]
    target: Vec<String>,
    /// Rows of the made data [default: 5000]
    #[arg(long, value_parser = numbers::count)]
    rows: Option<usize>,
    /// How many features the made data have [default: 128]; with INPUT, the columns to predict from
    #[arg(long, value_name = "COUNT|A,B,…")]
    features: Option<String>,
    /// Targets of the made data [default: 1]
    #[arg(long, value_parser = numbers::count)]
    targets: Option<usize>,
    /// Columns of INPUT to leave out
    #[arg(long, value_name = "A,B,…", requires = "input", conflicts_with_all = ["rows", "targets"])]
    exclude: Option<NameList>,
    /// Features of INPUT that are text
    #[arg(long, value_name = "A,B,…", requires = "input", conflicts_with_all = ["rows", "targets"])]
    categorical: Option<NameList>,
    /// The column of INPUT with the observation weights
    #[arg(long, value_name = "COLUMN", requires = "input", conflicts_with_all = ["rows", "targets"])]
    weights: Option<String>,
    /// Fit no intercept
    #[arg(long)]
    pub(crate) no_intercept: bool,
    /// Penalise the coefficients of standardised columns
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "population")]
    pub(crate) standardize: Option<DeviationName>,
    /// How many λ, scaled from the data [default: 100]
    #[arg(long, value_parser = numbers::length, conflicts_with = "GridArgs")]
    pub(crate) lambdas_count: Option<usize>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    /// auto: the CPU, and a GPU if there is one; gpu: both, and it is an error if there is none; cpu: no GPU
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) backend: BenchBackend,
    /// Let a software adapter stand for the GPU: that tests the benchmark, and says nothing about a GPU
    #[arg(long)]
    pub(crate) allow_software_gpu: bool,
    /// Which GPU to take: a part of its name or API, or its number in `ridgepath devices` [default: the best]; several times
    /// for GPUs that share the work by their measured rates, of which the stages of the first are timed
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) adapter: Vec<String>,
    /// The arithmetic asked for
    #[arg(long, value_enum, default_value = "double")]
    pub(crate) precision: PrecisionName,
    /// How the equations are solved; spectral: by the CPU. With auto, where the GPU's answers are sums of those of nodes, it is
    /// timed with a factorization for each λ too
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) strategy: StrategyName,
    /// Device memory to take at a time; K, M and G stand for 2¹⁰, 2²⁰ and 2³⁰ [default: 1G]
    #[arg(long, value_name = "BYTES", value_parser = numbers::bytes)]
    pub(crate) memory_budget: Option<u64>,
    /// Timed runs of each, in turns, after one that is not timed
    #[arg(long, default_value = "5", value_parser = numbers::count)]
    pub(crate) repeat: usize,
    /// Leave these out
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART,…")]
    without: Vec<BenchPart>,
    /// Time the reference however long it takes; else only up to about two seconds a run
    #[arg(long)]
    pub(crate) reference: bool,
    /// Find the sizes from which the GPU wins: n in powers of 4 up to the number of features, k in powers of 10 up to
    /// that of λ
    #[arg(long)]
    pub(crate) break_even: bool,
    /// What a run of the break-even table may take; what would take longer is left out
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) cell_seconds: f64,
    /// Add to the JSON document the coefficients at which the accuracy is measured
    #[arg(long)]
    pub(crate) coefficients: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// Draw the times, as SVG
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
}

/// Which backends `bench` times.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BenchBackend {
    Auto,
    Gpu,
    Cpu,
}

/// What `bench --without` leaves out.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BenchPart {
    /// The textbook solution with nalgebra, on one core, and with it the accuracy
    Reference,
    /// The CPU backend
    Cpu,
    /// The GPU's stages and peaks
    Stages,
}

/// Sizes of made data.
pub(crate) struct MadeSizes {
    pub(crate) rows: usize,
    pub(crate) features: usize,
    pub(crate) targets: usize,
}

impl BenchArgs {
    pub(crate) fn without(&self, part: BenchPart) -> bool {
        self.without.contains(&part)
    }

    /// The sizes of made data, or what is wrong with them.
    pub(crate) fn made_sizes(&self) -> Result<MadeSizes, String> {
        self.reading.refuse_without_input()?;
        let features = match &self.features {
            Some(text) => numbers::count(text).map_err(|problem| format!("--features: {problem}"))?,
            None => FEATURES,
        };
        Ok(MadeSizes { rows: self.rows.unwrap_or(ROWS), features, targets: self.targets.unwrap_or(1) })
    }

    /// What `path` would be told of INPUT, or what is wrong with it; nothing where data are made.
    pub(crate) fn data(&self) -> Result<Option<DataArgs>, String> {
        if self.input.is_empty() {
            return Ok(None);
        }
        let names = |text: &String| NameList::from_str(text).map_err(|problem| format!("--features: {problem}"));
        Ok(Some(DataArgs {
            input: self.input.clone(),
            reading: self.reading.clone(),
            target: self.target.clone(),
            features: self.features.as_ref().map(names).transpose()?,
            exclude: self.exclude.clone(),
            categorical: self.categorical.clone(),
            weights: self.weights.clone(),
            no_intercept: self.no_intercept,
            standardize: self.standardize,
            penalty_factor: None,
            unpenalised: None,
        }))
    }
}

/// The value of `--cell-seconds`.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 => Ok(seconds),
        _ => Err(format!("found {text:?}, wanted a number of seconds above 0")),
    }
}
