//! Models in files: what `cv` saves and `predict` reads.

use std::fs;
use std::path::Path;

use ridgepath::Selection;
use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::figures::Figures;
use crate::json::{Backend, Entry, Standardized, entry};
use crate::message::{Failure, Result};

const SCHEMA: &str = "ridgepath/model/1";
const CONVENTION: &str = "y = x·coef + intercept; minimises 1/(2W) Σ s (y − x·w − b)² + λ‖w‖², W = Σ s, alpha = 2Wλ; \
                          coefficients on the columns' own scale";

/// What was chosen and how, with all that a prediction needs.
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

pub(crate) fn saved<'a>(selection: &'a Selection, data: &'a Data, figures: &'a Figures) -> Saved<'a> {
    let path = selection.path();
    Saved {
        schema: SCHEMA,
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
            score: selection.score(),
            rule: selection.rule().name(),
        },
        path: (0..path.targets())
            .map(|target| entry(path, selection.choice(target).index, target..target + 1, figures))
            .collect(),
    }
}

/// A model read back.
#[derive(Deserialize)]
pub(crate) struct Model {
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<String>,
    path: Vec<OneTarget>,
}

#[derive(Deserialize)]
struct OneTarget {
    coef: Vec<Vec<f64>>,
    intercept: Vec<f64>,
}

impl Model {
    /// From a file of `cv --save`, or of `cv --format json`, which has the model within.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).map_err(|error| Failure::reading(&name.to_string(), &error))?;
        let wrong = |what: String| Failure::Input(format!("{name} is not a model that cv has saved: {what}"));
        let mut document: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| wrong(format!("it is not JSON, {error}")))?;
        if document["schema"] == "ridgepath/cv/1" {
            document = document["model"].take();
        }
        if document["schema"] != SCHEMA {
            let found = &document["schema"];
            return Err(wrong(format!("found schema {found}, wanted {SCHEMA:?} or \"ridgepath/cv/1\"")));
        }
        let model: Self = serde_json::from_value(document).map_err(|error| wrong(error.to_string()))?;
        model.check().map_err(wrong)?;
        Ok(model)
    }

    fn check(&self) -> std::result::Result<(), String> {
        let (n, t) = (self.features.len(), self.targets.len());
        if self.path.len() != t {
            return Err(format!("found {} entries in its path, wanted one for each of {t} targets", self.path.len()));
        }
        for (own, target) in self.path.iter().zip(&self.targets) {
            if own.coef.len() != 1 || own.intercept.len() != 1 || own.coef[0].len() != n {
                let found = own.coef.first().map_or(0, Vec::len);
                return Err(format!("target {target:?} has {found} coefficients, wanted one for each of {n} features"));
            }
        }
        Ok(())
    }

    /// ŷ of each row for a target, from the columns of the features, one after another.
    pub(crate) fn predict(&self, target: usize, columns: &[f64], rows: usize) -> Vec<f64> {
        let own = &self.path[target];
        let mut predicted = vec![own.intercept[0]; rows];
        for (column, w) in columns.chunks(rows).zip(&own.coef[0]) {
            predicted.iter_mut().zip(column).for_each(|(sum, value)| *sum += w * value);
        }
        predicted
    }
}
