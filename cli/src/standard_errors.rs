//! `--standard-errors`: how certain the coefficients of a path are.

use ridgepath::{Inference, RidgePath};

use crate::data::Data;
use crate::message::Result;

/// The standard errors of every λ and target; NaN where there are none.
pub(crate) struct StandardErrors {
    entries: Vec<Vec<Entry>>,
}

/// Of one λ and target.
pub(crate) struct Entry {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) intercept: f64,
}

impl StandardErrors {
    pub(crate) fn of(path: &RidgePath, data: &Data) -> Result<Self> {
        let problem = data.problem()?;
        let inference = Inference::new(&problem, path)?;
        let mut entries = Vec::with_capacity(path.len());
        for index in 0..path.len() {
            let at = inference.at(index)?;
            let entry = |target: usize| match &at {
                Some(at) => {
                    Entry { coefficients: at.standard_errors(target), intercept: at.intercept_standard_error(target) }
                }
                None => Entry { coefficients: vec![f64::NAN; path.features()], intercept: f64::NAN },
            };
            entries.push((0..path.targets()).map(entry).collect());
        }
        Ok(Self { entries })
    }

    pub(crate) fn at(&self, index: usize, target: usize) -> &Entry {
        &self.entries[index][target]
    }
}
