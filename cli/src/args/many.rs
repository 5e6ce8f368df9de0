//! Many problems of one file: groups, windows and replicates of its rows.

use clap::ArgGroup;

use crate::args::missing_targets::MissingTargets;
use crate::args::names::{LabelColumns, NameList, PartingColumns};
use crate::args::numbers;

/// The options with which `path` fits many problems.
pub(crate) const OPTIONS: [&str; 5] = ["by", "window", "expanding", "bootstrap", "missing_targets"];

/// `path` fits problems of one of these kinds.
#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("many").args(OPTIONS)), group(ArgGroup::new("windows").args(["window", "expanding"])))]
pub(crate) struct ManyArgs {
    /// Fit the rows of each value of this column alone; of several columns, of each combination. A path each, in the order of
    /// the file
    #[arg(long, value_name = "A,B,…")]
    pub(crate) by: Option<NameList>,
    /// Fit windows of so many consecutive rows, or with --time of that length of time, each --step after the one before
    #[arg(long, value_name = "LENGTH", value_parser = numbers::positive, requires = "step")]
    pub(crate) window: Option<f64>,
    /// The column of the rows' times, in which --window and --step count: it is no feature, and does not run backwards
    #[arg(long, value_name = "COLUMN", requires = "window", conflicts_with = "expanding")]
    pub(crate) time: Option<String>,
    /// Fit windows from the first row on: of so many rows, then of --step rows more each
    #[arg(long, value_name = "ROWS", value_parser = numbers::count, requires = "step")]
    pub(crate) expanding: Option<usize>,
    /// Rows, or with --time the time, from one window to the next
    #[arg(long, value_name = "LENGTH", value_parser = numbers::positive, requires = "windows")]
    pub(crate) step: Option<f64>,
    /// Leave out so many rows at the end of each window, as rows whose targets are known only later
    #[arg(long, value_name = "ROWS", value_parser = numbers::count, requires = "windows")]
    pub(crate) gap: Option<usize>,
    /// Fit so many replicates, of rows drawn with replacement
    #[arg(long, value_name = "COUNT", value_parser = numbers::count)]
    pub(crate) bootstrap: Option<usize>,
    /// The seed of the draws [default: 0]
    #[arg(long, value_name = "NUMBER", requires = "bootstrap")]
    pub(crate) seed: Option<u64>,
    /// What becomes of rows in which a target has no value: with `skip` each target is fitted on the rows in which it has one
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) missing_targets: Option<MissingTargets>,
}

/// What `path` fits.
pub(crate) enum Asked<'a> {
    Groups(LabelColumns<'a>),
    Windows(WindowsAsked<'a>),
    Replicates {
        count: usize,
        seed: u64,
    },
    /// Each target on the rows in which it has a value.
    Targets,
}

/// Windows and how many rows are left out at the end of each.
pub(crate) struct WindowsAsked<'a> {
    pub(crate) kind: WindowKind<'a>,
    pub(crate) gap: usize,
}

/// How long windows are and how they move on.
pub(crate) enum WindowKind<'a> {
    Rolling { rows: usize, step: usize },
    Expanding { first: usize, step: usize },
    Time { column: &'a str, length: f64, step: f64 },
}

impl ManyArgs {
    /// The problems asked for, if any.
    ///
    /// # Errors
    /// Those of numbers of rows that are not whole.
    pub(crate) fn asked(&self) -> Result<Option<Asked<'_>>, String> {
        let windows = |kind| Ok(Some(Asked::Windows(WindowsAsked { kind, gap: self.gap.unwrap_or(0) })));
        match (self.window, self.expanding, self.step, &self.time) {
            (Some(length), _, Some(step), Some(column)) => windows(WindowKind::Time { column, length, step }),
            (Some(length), _, Some(step), None) => {
                let elsewhere = "; a length of time needs --time with the column of times";
                let [rows, step] = [("--window", length), ("--step", step)].map(|own| whole(own, elsewhere));
                windows(WindowKind::Rolling { rows: rows?, step: step? })
            }
            (_, Some(first), Some(step), _) => {
                windows(WindowKind::Expanding { first, step: whole(("--step", step), "")? })
            }
            _ => {
                let replicates = |count| Asked::Replicates { count, seed: self.seed.unwrap_or(0) };
                let targets = || self.gaps().then_some(Asked::Targets);
                Ok(self.by().map(Asked::Groups).or(self.bootstrap.map(replicates)).or_else(targets))
            }
        }
    }

    /// The columns that part the rows.
    pub(crate) fn columns(&self) -> PartingColumns<'_> {
        PartingColumns { labels: self.by().into_iter().collect(), time: self.time.as_deref(), gaps: self.gaps() }
    }

    fn gaps(&self) -> bool {
        self.missing_targets == Some(MissingTargets::Skip)
    }

    fn by(&self) -> Option<LabelColumns<'_>> {
        self.by.as_ref().map(LabelColumns::of_by)
    }
}

/// A number of rows.
fn whole((option, value): (&str, f64), elsewhere: &str) -> Result<usize, String> {
    const MOST: f64 = (1_u64 << 53) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, positive and below 2^53")]
    match value.fract() == 0.0 && value < MOST {
        true => Ok(value as usize),
        false => Err(format!("{option}: found {value}, wanted a whole number of rows{elsewhere}")),
    }
}
