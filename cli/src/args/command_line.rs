//! The whole command line: a command, and what goes for all of them.

use clap::{Parser, Subcommand};

use crate::args::bench::BenchArgs;
use crate::args::convert::ConvertArgs;
use crate::args::cv::CvArgs;
use crate::args::devices::DevicesArgs;
use crate::args::moments::{MergeArgs, MomentsArgs};
use crate::args::numbers;
use crate::args::path::PathArgs;
use crate::args::plan::PlanArgs;
use crate::args::predict::PredictArgs;
use crate::args::validate::ValidateArgs;

const EXIT_CODES: &str = "Exit codes: 0 when there is an answer, 1 when the device or writing fails, 2 for arguments and input, \
                          3 when path or cv has written its answer and no λ of any target has coefficients.";

/// Ridge regression for a whole grid of penalties at once, on the GPU and on the CPU.
///
/// The objective is 1/(2W) Σ s (y − xᵀw − b)² + λ‖w‖², with W the sum of the observation weights s: the number of rows where
/// none are given. In other words (XᵀSX + alpha·I) w = XᵀSy of centred columns, with alpha = 2Wλ, which scikit-learn calls
/// alpha too and others the shift. Answers have both, λ and alpha.
#[derive(Parser, Debug)]
#[command(name = "ridgepath", version, after_help = EXIT_CODES)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Threads on the CPU [default: one for each core], 1024 at most; the answer has the same bits for any number
    #[arg(long, value_name = "COUNT", global = true, value_parser = numbers::threads)]
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
    /// The sums of rows that path, cv and plan need, in a file that takes their place: in memory that does not grow with the rows
    Moments(MomentsArgs),
    /// The moments of several files as one
    Merge(MergeArgs),
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
