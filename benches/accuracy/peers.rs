//! Sets for other programs, and their digits.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::Case;

/// Digits of other solvers.
pub(crate) struct Peers {
    /// What they are, with versions.
    pub(crate) versions: String,
    /// The names of their columns.
    pub(crate) solvers: Vec<String>,
    /// For each set, shift and solver what the table says.
    cells: BTreeMap<String, Vec<Value>>,
}

/// Writes one file for each set. Doubles are written in the shortest form that reads back as the same double.
pub(crate) fn export(folder: &Path, cases: &[Case]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (at, case) in cases.iter().enumerate() {
        let set = &case.set;
        let answer = |shift: &f64, k: usize| match &case.truths[k] {
            // The second number of a pair is what the first leaves of the exact value.
            Some(truth) => json!({ "shift": shift, "w": truth.w, "b": truth.b }),
            None => json!({ "shift": shift, "singular": true }),
        };
        let answers: Vec<Value> = set.shifts.iter().enumerate().map(|(k, shift)| answer(shift, k)).collect();
        let rows: Vec<&[f64]> = set.x.chunks(set.n).collect();
        let all = json!({ "name": set.name, "intercept": set.intercept, "x": rows, "y": set.y, "answers": answers });
        std::fs::write(folder.join(format!("{at:02}.json")), format!("{all}\n"))?;
    }
    Ok(())
}

/// What a file of digits says; `None`, with the reason, when there is none.
pub(crate) fn read(path: &Path) -> Option<Peers> {
    let read = || -> Result<Peers, Box<dyn std::error::Error>> {
        let value: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        let strings = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let versions = value["versions"].as_str().ok_or("no versions")?.to_owned();
        let cells = value["sets"].as_object().ok_or("no sets")?.iter();
        let cells = cells.map(|(name, rows)| (name.clone(), rows.as_array().cloned().unwrap_or_default())).collect();
        Ok(Peers { versions, solvers: strings(&value["solvers"]), cells })
    };
    read().inspect_err(|error| eprintln!("no other solvers in the table: {}: {error}", path.display())).ok()
}

impl Peers {
    /// The digits of a solver at a shift, or its words where there is nothing to compare with.
    pub(crate) fn cell(&self, set: &str, shift: f64, solver: &str) -> Option<&Value> {
        let rows = self.cells.get(set)?;
        rows.iter().find(|row| row["shift"].as_f64() == Some(shift))?.get(solver)
    }
}
