//! How predictions are judged.

use crate::choose::criterion::Criterion;
use crate::choose::folds::Folds;
use crate::error::{Error, Result};

/// What λs are judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// Folds of rows held out, each in turn.
    Folds(Folds),
    /// Each row held out alone: exactly, from one decomposition of all rows. Shift, and when standardised the scale of the
    /// columns, are those of all rows, as in scikit-learn's `RidgeCV(cv=None)`.
    LeaveOneOut,
    /// A criterion that holds nothing out.
    Criterion(Criterion),
}

impl Scheme {
    /// That of the [folds](Folds::name) or the [criterion](Criterion::name), or `"leave-one-out"`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Folds(folds) => folds.name(),
            Self::LeaveOneOut => "leave-one-out",
            Self::Criterion(criterion) => criterion.name(),
        }
    }

    /// This for some of the rows, whose labels are theirs.
    pub(crate) fn of_rows(&self, rows: &[usize]) -> Self {
        let of = |labels: &[usize]| rows.iter().map(|row| labels[*row]).collect();
        match self {
            Self::Folds(Folds::Given(labels)) => Self::Folds(Folds::Given(of(labels))),
            Self::Folds(Folds::Grouped { folds, groups }) => {
                Self::Folds(Folds::Grouped { folds: *folds, groups: of(groups) })
            }
            other => other.clone(),
        }
    }

    /// Refuses labels of folds that are not one for each of so many rows.
    pub(crate) fn check_labels(&self, rows: usize) -> Result<()> {
        match self {
            Self::Folds(Folds::Given(labels) | Folds::Grouped { groups: labels, .. }) if labels.len() != rows => {
                let what = "labels of folds against rows of X";
                Err(Error::Shape { what, found: labels.len(), wanted: rows })
            }
            _ => Ok(()),
        }
    }
}
