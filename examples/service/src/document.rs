//! What is asked and answered, as JSON.

use ridgepath::{BackendUsed, Outcome, PathEntry, RidgePath, View};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Rows of numbers.
    x: Vec<Vec<f64>>,
    /// A number for each row.
    pub(crate) y: Vec<f64>,
    pub(crate) lambdas: Vec<f64>,
}

/// Rows one after another.
pub(crate) struct Rows {
    values: Vec<f64>,
    rows: usize,
    columns: usize,
}

impl Asked {
    /// The rows of X, if they are alike and the answer has no more than `most` coefficients.
    pub(crate) fn rows(&self, most: usize) -> Result<Rows, Refusal> {
        let columns = self.x.first().map_or(0, Vec::len);
        if let Some((row, found)) = self.x.iter().enumerate().find(|(_, own)| own.len() != columns) {
            let found = found.len();
            return Err(Refusal::wrong(format!("x[row {row}] has {found} numbers; wanted {columns}, as row 0 has")));
        }
        let lambdas = self.lambdas.len();
        if columns.saturating_mul(lambdas) > most {
            let asked = format!("{columns} features and {lambdas} lambdas");
            return Err(Refusal::wrong(format!("{asked} are more than {most} coefficients; wanted fewer lambdas")));
        }
        Ok(Rows { values: self.x.concat(), rows: self.x.len(), columns })
    }
}

impl Rows {
    pub(crate) fn view(&self) -> ridgepath::Result<View<'_>> {
        View::row_major(&self.values, self.rows, self.columns)
    }
}

/// The body of an answer. Numbers that are not finite are null: all of a λ that has no unique answer.
#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a BackendUsed,
    path: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    lambda: f64,
    outcome: Outcome,
    error_bound: f64,
    intercept: f64,
    coefficients: &'a [f64],
}

/// A path as JSON.
pub(crate) fn written<'a>(path: &'a RidgePath) -> Result<Vec<u8>, Refusal> {
    let entry = |of: PathEntry<'a>| Entry {
        lambda: of.lambda(),
        outcome: of.outcome(0),
        error_bound: of.error_bound(0),
        intercept: of.intercept(0),
        coefficients: of.coefficients(0),
    };
    let answer = Answer { backend: path.backend(), path: path.iter().map(entry).collect() };
    serde_json::to_vec(&answer).map_err(|error| Refusal::broken(&error))
}
