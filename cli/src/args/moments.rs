//! The command lines of `ridgepath moments` and `ridgepath merge`.

use std::path::PathBuf;

use ridgepath::Folds;

use crate::args::data::DataArgs;
use crate::args::names::{LabelColumns, PartingColumns};

#[derive(clap::Args, Debug)]
pub(crate) struct MomentsArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Part the rows into so many folds, drawn from the seed and each row's number, for ridgepath cv
    #[arg(long, value_name = "K", conflicts_with = "fold_column")]
    folds: Option<usize>,
    /// The seed of --folds [default: 0]; where moments of several machines are merged, another for each
    #[arg(long, value_name = "NUMBER", requires = "folds")]
    seed: Option<u64>,
    /// A fold for each value of this column, whole numbers or any text, in the order in which they first appear
    #[arg(long, value_name = "COLUMN")]
    fold_column: Option<String>,
    /// Sum file by file, and keep the sums in --output after each: what is interrupted goes on, or new files are added, with the same
    /// command, which leaves out the files that --output has already
    #[arg(long, conflicts_with = "fold_column")]
    pub(crate) resume: bool,
    /// Where the moments go. The file appears whole or not at all
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

impl MomentsArgs {
    /// How the rows are parted, if they are, of file number `file` where each is summed by itself, as several machines would.
    pub(crate) fn folds(&self, file: usize) -> Option<Folds> {
        let hashed = |folds| Folds::Hashed { folds, seed: self.seed.unwrap_or(0).wrapping_add(file as u64) };
        self.folds.map(hashed).or_else(|| self.fold_column.as_ref().map(|_| Folds::Labelled))
    }

    /// The column whose values part the rows into folds.
    pub(crate) fn columns(&self) -> PartingColumns<'_> {
        let of = |name| LabelColumns { option: "--fold-column", names: std::slice::from_ref(name) };
        PartingColumns { labels: self.fold_column.iter().map(of).collect(), ..PartingColumns::default() }
    }

    /// The folds in words: of other words they are others, which are not merged.
    pub(crate) fn in_words(&self, labels: &[String]) -> Option<String> {
        let by_column = || self.fold_column.as_ref().map(|name| format!("folds by {name:?}: {}", labels.join(", ")));
        self.folds.map(|_| "folds drawn by chance".into()).or_else(by_column)
    }
}

#[derive(clap::Args, Debug)]
pub(crate) struct MergeArgs {
    /// Files of ridgepath moments, of the same columns; those with folds are merged fold by fold
    #[arg(value_name = "MOMENTS", required = true)]
    pub(crate) input: Vec<PathBuf>,
    /// Where the merged moments go. The file appears whole or not at all
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}
