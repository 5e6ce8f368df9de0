//! The paths of many problems, and what each is called.

use std::ops::Range;

use ridgepath::Paths;

/// Paths with a name for each problem.
pub(crate) struct Many {
    /// What the problems are: `"group"`, `"window"` or `"replicate"`.
    pub(crate) what: &'static str,
    /// The columns that name a problem, and what stands in them.
    pub(crate) columns: Vec<String>,
    pub(crate) names: Vec<Vec<String>>,
    pub(crate) paths: Paths,
}

impl Many {
    /// Groups by the values of columns of these names.
    pub(crate) fn of_groups(columns: &[String], cells: &[Vec<String>], paths: Paths) -> Self {
        Self { what: "group", columns: columns.to_vec(), names: cells.to_vec(), paths }
    }

    /// Windows by their first and last row, counted from 1.
    pub(crate) fn of_windows(ranges: &[Range<usize>], paths: Paths) -> Self {
        let name = |rows: &Range<usize>| vec![(rows.start + 1).to_string(), rows.end.to_string()];
        let columns = vec!["first_row".into(), "last_row".into()];
        Self { what: "window", columns, names: ranges.iter().map(name).collect(), paths }
    }

    /// Replicates by their numbers, from 0.
    pub(crate) fn of_replicates(paths: Paths) -> Self {
        let names = (0..paths.len()).map(|number| vec![number.to_string()]).collect();
        Self { what: "replicate", columns: vec!["replicate".into()], names, paths }
    }

    /// The name of a problem in words.
    pub(crate) fn name(&self, problem: usize) -> String {
        self.names[problem].join(", ")
    }

    /// Whether any λ of any problem has an answer.
    pub(crate) fn answered(&self) -> bool {
        self.paths.intercepts().iter().any(|intercept| !intercept.is_nan())
    }
}
