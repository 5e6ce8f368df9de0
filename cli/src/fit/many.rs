//! The paths of many problems, and what each is called.

use ridgepath::{Paths, RidgePath};

use crate::fit::problem_targets::ProblemTargets;
use crate::fit::windows::NamedWindows;
use crate::input::data::Data;
use crate::input::labels::Labels;

/// Paths with a name for each problem.
pub(crate) struct Many {
    /// What the problems are: `"group"`, `"window"`, `"replicate"` or `"target"`.
    pub(crate) what: &'static str,
    pub(crate) targets: ProblemTargets,
    /// The columns that name a problem, and what stands in them.
    pub(crate) columns: Vec<String>,
    pub(crate) names: Vec<Vec<String>>,
    pub(crate) paths: Paths,
}

impl Many {
    /// Groups by the values of columns of these names.
    pub(crate) fn of_groups(columns: &[String], labels: &Labels, paths: Paths) -> Self {
        let (columns, names) = (columns.to_vec(), labels.cells().to_vec());
        Self { what: "group", targets: ProblemTargets::All, columns, names, paths }
    }

    /// Targets by their names.
    pub(crate) fn of_targets(data: &Data, paths: Paths) -> Self {
        let names = data.targets().iter().map(|name| vec![name.clone()]).collect();
        Self { what: "target", targets: ProblemTargets::Own, columns: vec!["target".into()], names, paths }
    }

    pub(crate) fn of_windows(windows: &NamedWindows<'_>, paths: Paths) -> Self {
        let (columns, names) = (windows.columns.clone(), windows.names.clone());
        Self { what: "window", targets: ProblemTargets::All, columns, names, paths }
    }

    /// Replicates by their numbers, from 0.
    pub(crate) fn of_replicates(paths: Paths) -> Self {
        let names = (0..paths.len()).map(|number| vec![number.to_string()]).collect();
        Self { what: "replicate", targets: ProblemTargets::All, columns: vec!["replicate".into()], names, paths }
    }

    /// The number of the λ in the middle of the grid, which stands for the others where there is room for one alone.
    pub(crate) fn middle(&self) -> usize {
        self.paths.penalties() / 2
    }

    /// The first path that there is.
    pub(crate) fn first(&self) -> Option<RidgePath> {
        (0..self.paths.len()).find_map(|problem| self.paths.path(problem).ok())
    }

    /// The name of a problem in words.
    pub(crate) fn name(&self, problem: usize) -> String {
        match self.what {
            "window" => {
                let cell = |(column, cell): (&String, &String)| format!("{column} {cell}");
                self.columns.iter().zip(&self.names[problem]).map(cell).collect::<Vec<_>>().join(", ")
            }
            _ => self.names[problem].join(", "),
        }
    }

    /// Whether any λ of any problem has an answer.
    pub(crate) fn answered(&self) -> bool {
        self.paths.intercepts().iter().any(|intercept| !intercept.is_nan())
    }
}
