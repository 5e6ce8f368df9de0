//! Models in files: what `cv` saves and `predict` reads.

use std::fs;
use std::path::Path;

use ridgepath::{Error, LinearModel, Selection};
use serde::Serialize;

use crate::data::Data;
use crate::figures::Figures;
use crate::json::{Backend, Entry, Standardized, entry};
use crate::message::{Failure, Result};

const CONVENTION: &str = "y = x·coef + intercept; minimises 1/(2W) Σ s (y − x·w − b)² + λ‖w‖², W = Σ s, alpha = 2Wλ; \
                          coefficients on the columns' own scale";

/// What was chosen and how: a [`LinearModel`] as it is saved, with what is told of the fit beside.
#[derive(Serialize)]
pub(crate) struct Saved<'a> {
    schema: &'static str,
    version: &'static str,
    convention: &'static str,
    features: &'a [String],
    targets: &'a [String],
    rows: usize,
    weight_sum: f64,
    intercept: bool,
    standardize: Standardized,
    backend: Backend<'a>,
    chosen_by: ChosenBy<'a>,
    /// One for each target, on all rows.
    path: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct ChosenBy<'a> {
    scheme: &'static str,
    score: &'a str,
    rule: &'static str,
}

/// Refuses a choice of which [`Model::read`] would refuse the document.
pub(crate) fn check(selection: &Selection, data: &Data) -> Result<()> {
    let named = |model: LinearModel| model.with_feature_names(data.features())?.with_target_names(data.targets());
    selection.model().and_then(named).map(drop).map_err(|error| data.failure(error).after("--save"))
}

pub(crate) fn saved<'a>(selection: &'a Selection, data: &'a Data, figures: &'a Figures) -> Saved<'a> {
    let path = selection.path();
    Saved {
        schema: LinearModel::SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        convention: CONVENTION,
        features: data.features(),
        targets: data.targets(),
        rows: path.rows(),
        weight_sum: path.weight_sum(),
        intercept: path.intercept_fitted(),
        standardize: Standardized::of(path),
        backend: Backend::of(path),
        chosen_by: ChosenBy {
            scheme: selection.scheme().name(),
            score: selection.score_name(),
            rule: selection.rule().name(),
        },
        path: (0..path.targets())
            .map(|target| entry(path, data, selection.choice(target).index, target..target + 1, figures))
            .collect(),
    }
}

/// A model from a file of `cv --save`, or of `cv --format json`, which has the model within, with the names of its features
/// and targets.
pub(crate) struct Model {
    pub(crate) model: LinearModel,
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<String>,
}

impl Model {
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
