//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use ridgepath::{Backend, Convention, Form, Precision, Standardize, Strategy};

use crate::bench::BenchArgs;
use crate::columns::{Factors, Names};
use crate::cv::CvArgs;
use crate::grid::{self, Values};
use crate::{output, units};

const EXIT_CODES: &str = "Exit codes: 0 when there is an answer, 1 when the device or writing fails, 2 for arguments and input, \
                          3 when path or cv has written its answer and no λ of any target has coefficients.";

/// Ridge regression for a whole grid of penalties at once, on the GPU and on the CPU.
///
/// The objective is 1/(2W) Σ s (y − xᵀw − b)² + λ‖w‖², with W the sum of the observation weights s: the number of rows where
/// none are given. In other words (XᵀSX + alpha·I) w = XᵀSy of centred columns, with alpha = 2Wλ, which scikit-learn calls
/// alpha too and others the shift. Answers have both, λ and alpha.
#[derive(Parser, Debug)]
#[command(name = "ridgepath", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Threads on the CPU [default: one for each core], 1024 at most; the answer has the same bits for any number
    #[arg(long, value_name = "COUNT", global = true, value_parser = grid::threads)]
    pub(crate) threads: Option<usize>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// The coefficients of every λ
    #[command(after_help = EXIT_CODES)]
    Path(PathArgs),
    /// The λ that predicts best: k-fold cross-validation, leave-one-out, GCV and other criteria
    #[command(after_help = EXIT_CODES)]
    Cv(CvArgs),
    /// Predictions of new rows by a model that cv has saved
    Predict(PredictArgs),
    /// A penalty of one system in those of all others
    Convert(ConvertArgs),
    /// What path would do: backend, strategy, estimated times and bytes, without doing it
    Plan(PlanArgs),
    /// The GPU adapters, their limits, and which one --backend auto would take
    Devices(DevicesArgs),
    /// A backend held against the reference: how far apart they are at every λ
    Validate(ValidateArgs),
    /// The GPU's time against the CPU's, on this machine: made data or a file
    Bench(BenchArgs),
}

#[derive(clap::Args, Debug)]
pub(crate) struct PathArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    /// Whose penalties --lambdas, --lambda-grid and --lambda-file hold, such as sklearn, glmnet, weight-decay or lm.ridge;
    /// `ridgepath convert` has the list. Columns are standardised where they are there
    #[arg(long, value_name = "SYSTEM", value_parser = units::convention, requires = "GridArgs")]
    #[arg(conflicts_with_all = ["alphas", "alpha_grid"])]
    pub(crate) convention: Option<Convention>,
    /// The λ at which ‖w‖² ≤ T: 0 where the unpenalised coefficients fit. Of standardised columns where these are
    #[arg(long, value_name = "T,T,…", conflicts_with_all = ["GridArgs", "fractions"])]
    pub(crate) norm_limits: Option<Values>,
    /// The λ at which ‖w‖ is this fraction of the unpenalised ‖w‖, as fracridge has it
    #[arg(long, value_name = "F,F,…", conflicts_with = "GridArgs")]
    pub(crate) fractions: Option<Values>,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
    /// Also the standard error of every coefficient, by the sandwich σ̂²A⁻¹GA⁻¹ with A = G + alpha·D and σ̂² = RSS/(m − df)
    #[arg(long)]
    pub(crate) standard_errors: bool,
    /// Where the answer goes; - is standard output. A file appears whole or not at all
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: output::Place,
    /// How the answer is written; json and csv hold every number exactly and every λ, a table some of many λ
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: PathFormat,
    /// Also df (with and without the intercept), GCV and the leave-one-out mean squared error of every λ
    #[arg(long)]
    pub(crate) stats: bool,
    /// Draw the coefficients over λ, as SVG. When standardised, as change per standard deviation of the column
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct ConvertArgs {
    /// Whose penalty it is
    #[arg(long, value_name = "SYSTEM", value_parser = units::convention)]
    pub(crate) from: Convention,
    /// The value of its parameter
    #[arg(long, value_name = "V", value_parser = grid::penalty, allow_negative_numbers = true)]
    pub(crate) value: f64,
    /// The rows, or the sum of their weights: without it, systems whose penalty grows with them are left open
    #[arg(long, value_name = "M", value_parser = grid::positive, allow_negative_numbers = true)]
    pub(crate) rows: Option<f64>,
    /// The population deviation of the target, which glmnet and Spark count in
    #[arg(long, value_name = "S", value_parser = grid::positive, allow_negative_numbers = true)]
    pub(crate) target_deviation: Option<f64>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct PredictArgs {
    /// What cv wrote with --save or --format json
    #[arg(value_name = "MODEL.json")]
    pub(crate) model: PathBuf,
    /// A CSV file whose header has the model's features, in any order, among other columns; - is standard input
    #[arg(value_name = "NEW.csv")]
    pub(crate) input: PathBuf,
    /// Where the predictions go, as CSV, a column for each target; - is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: output::Place,
}

#[derive(clap::Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct DevicesArgs {
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

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

/// What is fitted, from which columns.
#[derive(clap::Args, Debug)]
pub(crate) struct DataArgs {
    /// A CSV file with a header; - is standard input
    #[arg(value_name = "INPUT.csv")]
    pub(crate) input: PathBuf,
    /// A column to predict, by its name; once for each. Here and in every option that names columns, '#3' is the third column,
    /// unless one has that name
    #[arg(long, value_name = "COLUMN", required = true)]
    pub(crate) target: Vec<String>,
    /// The columns to predict from [default: all that are not a target, the weights or excluded]. Names that hold
    /// commas or quotes are quoted as in CSV
    #[arg(long, value_name = "A,B,…")]
    pub(crate) features: Option<Names>,
    /// Columns to leave out; a name leaves out all columns of that name
    #[arg(long, value_name = "A,B,…")]
    pub(crate) exclude: Option<Names>,
    /// The column of observation weights
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weights: Option<String>,
    /// Fit no intercept
    #[arg(long)]
    pub(crate) no_intercept: bool,
    /// Penalise the coefficients of standardised columns; the coefficients reported are on the original scale
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "population")]
    pub(crate) standardize: Option<Deviation>,
    /// What λ is multiplied by for some of the features, 1 for the others
    #[arg(long, value_name = "NAME=F,…")]
    pub(crate) penalty_factor: Option<Factors>,
    /// Features that are not penalised: of factor 0
    #[arg(long, value_name = "A,B,…", alias = "unpenalized")]
    pub(crate) unpenalised: Option<Names>,
}

/// The penalties; without any, 100 values scaled from the data.
#[derive(clap::Args, Debug)]
#[group(multiple = false)]
pub(crate) struct GridArgs {
    /// λ to solve for, in this order
    #[arg(long, value_name = "V,V,…", allow_negative_numbers = true)]
    pub(crate) lambdas: Option<Values>,
    /// Log-spaced λ, both ends included
    #[arg(long, value_name = "START:STOP:COUNT", value_parser = grid::log_spaced, allow_negative_numbers = true)]
    pub(crate) lambda_grid: Option<Values>,
    /// λ from a file, one a line; blank lines and # comments are skipped
    #[arg(long, value_name = "FILE")]
    pub(crate) lambda_file: Option<PathBuf>,
    /// alphas = 2Wλ to solve for, in this order, as scikit-learn has them
    #[arg(long, value_name = "V,V,…", allow_negative_numbers = true)]
    pub(crate) alphas: Option<Values>,
    /// Log-spaced alphas, both ends included
    #[arg(long, value_name = "START:STOP:COUNT", value_parser = grid::log_spaced, allow_negative_numbers = true)]
    pub(crate) alpha_grid: Option<Values>,
}

/// Where and how to solve.
#[derive(clap::Args, Debug)]
pub(crate) struct SolverArgs {
    /// Where to solve; auto takes a GPU when it pays
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) backend: BackendName,
    /// Let --backend gpu take a software adapter, which is slower than the CPU
    #[arg(long)]
    pub(crate) allow_software_gpu: bool,
    /// The arithmetic; in double, what single precision hardware computes is corrected
    #[arg(long, value_enum, default_value = "double")]
    pub(crate) precision: PrecisionName,
    /// Which equations to solve: of order n, or of order m [default: those of less work]
    #[arg(long, value_enum)]
    pub(crate) form: Option<FormName>,
    /// How to solve them on the CPU
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) strategy: StrategyName,
    /// How fast the CPU is taken to be, by which strategy and backend are chosen
    #[arg(long, value_enum, default_value = "auto", env = "RIDGEPATH_RATES")]
    pub(crate) rates: RatesName,
    /// Answer λ = 0 on features that depend on one another by the solution of least norm
    #[arg(long)]
    pub(crate) minimum_norm: bool,
    /// Device memory to take at a time; K, M and G stand for 2¹⁰, 2²⁰ and 2³⁰ [default: 1G]
    #[arg(long, value_name = "BYTES", value_parser = grid::bytes)]
    pub(crate) memory_budget: Option<u64>,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathFormat {
    Table,
    Json,
    Csv,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum BackendName {
    Auto,
    Gpu,
    Cpu,
    Reference,
}

impl From<BackendName> for Backend {
    fn from(name: BackendName) -> Self {
        match name {
            BackendName::Auto => Self::Auto,
            BackendName::Gpu => Self::Gpu,
            BackendName::Cpu => Self::Cpu,
            BackendName::Reference => Self::Reference,
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum PrecisionName {
    Double,
    Single,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::Double => Self::Double,
            PrecisionName::Single => Self::Single,
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum FormName {
    /// (Xᵀ·X + alpha·I) w = Xᵀ·y, of the order of the features
    Primal,
    /// (X·Xᵀ + alpha·I) β = y, of the order of the rows, and w = Xᵀ·β
    Dual,
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Primal => Self::Primal,
            FormName::Dual => Self::Dual,
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum StrategyName {
    /// What is less work
    Auto,
    /// A factorization for each λ
    Cholesky,
    /// One reduction for all λ
    Spectral,
}

impl From<StrategyName> for Option<Strategy> {
    fn from(name: StrategyName) -> Self {
        match name {
            StrategyName::Auto => None,
            StrategyName::Cholesky => Some(Strategy::Cholesky),
            StrategyName::Spectral => Some(Strategy::Spectral),
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum RatesName {
    /// As measured where a task takes half a second or more, else constants with this machine's number of cores
    Auto,
    /// As measured on this machine, once, and kept in the user's cache directory; `ridgepath plan` says where
    Measured,
    /// Constants, for four cores: the same choice on every machine
    Default,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum Deviation {
    /// √(Σ(x−x̄)²/m), as scikit-learn has it
    Population,
    /// √(Σ(x−x̄)²/(m−1)), as R has it
    Sample,
}

impl From<Deviation> for Standardize {
    fn from(deviation: Deviation) -> Self {
        match deviation {
            Deviation::Population => Self::Population,
            Deviation::Sample => Self::Sample,
        }
    }
}

impl DataArgs {
    pub(crate) fn standardize(&self) -> Standardize {
        self.standardize.map_or(Standardize::No, Into::into)
    }
}
