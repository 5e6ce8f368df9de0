//! Many problems of one file: groups, windows and replicates of its rows.

use crate::args::names::{LabelColumns, NameList};
use crate::args::numbers;

/// The options with which `path` fits many problems.
pub(crate) const OPTIONS: [&str; 3] = ["by", "window", "bootstrap"];

#[derive(clap::Args, Debug)]
pub(crate) struct ManyArgs {
    /// Fit the rows of each value of this column alone; of several columns, of each combination. A path each, in the order of
    /// the file
    #[arg(long, value_name = "A,B,…", conflicts_with_all = ["window", "bootstrap"])]
    pub(crate) by: Option<NameList>,
    /// Fit windows of so many consecutive rows, each --step rows after the one before
    #[arg(long, value_name = "ROWS", value_parser = numbers::count, requires = "step", conflicts_with = "bootstrap")]
    pub(crate) window: Option<usize>,
    /// Rows from one window to the next
    #[arg(long, value_name = "ROWS", value_parser = numbers::count, requires = "window")]
    pub(crate) step: Option<usize>,
    /// Fit so many replicates, of rows drawn with replacement
    #[arg(long, value_name = "COUNT", value_parser = numbers::count)]
    pub(crate) bootstrap: Option<usize>,
    /// The seed of the draws [default: 0]
    #[arg(long, value_name = "NUMBER", requires = "bootstrap")]
    pub(crate) seed: Option<u64>,
}

impl ManyArgs {
    /// Whether many problems are asked for.
    pub(crate) fn any(&self) -> bool {
        self.by.is_some() || self.window.is_some() || self.bootstrap.is_some()
    }

    /// The columns whose values part the rows.
    pub(crate) fn labels(&self) -> Option<LabelColumns<'_>> {
        self.by.as_ref().map(|names| LabelColumns { option: "--by", names: names.names() })
    }
}
