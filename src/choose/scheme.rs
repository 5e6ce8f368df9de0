//! How predictions are judged.

use crate::choose::criterion::Criterion;
use crate::choose::folds::Folds;

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
}
