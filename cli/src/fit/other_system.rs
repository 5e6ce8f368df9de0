//! Penalties in the units of another system.

use ridgepath::{Convention, DataFacts, RidgePath};
use serde::Serialize;

/// Another system's penalties, for the data of a fit.
pub(crate) struct OtherSystem {
    pub(crate) convention: Convention,
    pub(crate) facts: DataFacts,
}

/// The penalties of a path in another system's units, for JSON.
#[derive(Serialize)]
pub(crate) struct OtherSystemValues {
    name: &'static str,
    parameter: &'static str,
    values: Vec<f64>,
}

impl OtherSystem {
    /// The value of a λ in the other system; NaN where the deviation that it is counted in is none.
    pub(crate) fn value(&self, lambda: f64) -> f64 {
        self.convention.value(lambda, &self.facts).unwrap_or(f64::NAN)
    }

    pub(crate) fn values(&self, path: &RidgePath) -> OtherSystemValues {
        let values = path.lambdas().iter().map(|lambda| self.value(*lambda)).collect();
        OtherSystemValues { name: self.convention.name(), parameter: self.convention.parameter(), values }
    }

    /// System and parameter, as tables for people name them.
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.convention, self.convention.parameter())
    }

    /// System and parameter, as CSV names their column.
    pub(crate) fn column(&self) -> String {
        format!("{}:{}", self.convention, self.convention.parameter())
    }
}
