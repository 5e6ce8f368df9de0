//! Models that `cv` has saved.

use std::fs;
use std::path::Path;

use ridgepath::{Error, LinearModel};

use crate::machine::failure::{Failure, Result};

/// A model from a file of `cv --save`, or of `cv --format json`, which has the model within, with the names of its features
/// and targets.
pub(crate) struct SavedModel {
    pub(crate) model: LinearModel,
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<String>,
}

impl SavedModel {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).map_err(|error| Failure::reading(&name.to_string(), &error))?;
        let wrong = |what: String| Failure::Input(format!("{name} is not a model that cv has saved: {what}"));
        let model = LinearModel::from_json(&text).map_err(|error| match error {
            Error::Document { detail, .. } => wrong(detail),
            error => wrong(error.to_string()),
        })?;
        let names = |of: &str, names: Option<&[String]>| {
            let none = || wrong(format!("it has no names of {of}, wanted them to find columns by"));
            names.map(<[String]>::to_vec).ok_or_else(none)
        };
        let features = names("features", model.feature_names())?;
        let targets = names("targets", model.target_names())?;
        Ok(Self { model, features, targets })
    }
}
