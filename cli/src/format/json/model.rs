//! The model that `cv` saves, as JSON.

use ridgepath::{LinearModel, Selection};
use serde::Serialize;

use crate::fit::backend_entry::BackendEntry;
use crate::fit::figures::Figures;
use crate::format::json::document::{self, Standardized};
use crate::format::json::lambda_entry::{self, LambdaEntry};
use crate::input::categories::Category;
use crate::input::data::Data;
use crate::machine::failure::Result;

const CONVENTION: &str = "y = x·coef + intercept; minimises 1/(2W) Σ s (y − x·w − b)² + λ‖w‖², W = Σ s, alpha = 2Wλ; \
                          coefficients on the columns' own scale";

/// What was chosen and how: a [`LinearModel`] as it is saved, with what is told of the fit beside.
#[derive(Serialize)]
pub(crate) struct ModelDocument<'a> {
    schema: &'static str,
    version: &'static str,
    convention: &'static str,
    features: &'a [String],
    targets: &'a [String],
    /// What became of columns of text, where there are any.
    #[serde(skip_serializing_if = "<[Category]>::is_empty")]
    categories: &'a [Category],
    rows: usize,
    /// Where --drop-missing is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_dropped: Option<usize>,
    weight_sum: f64,
    intercept: bool,
    standardize: Standardized,
    backend: BackendEntry<'a>,
    chosen_by: ChosenBy<'a>,
    /// The λ chosen for each target, fitted on all rows.
    path: Vec<LambdaEntry<'a>>,
}

#[derive(Serialize)]
struct ChosenBy<'a> {
    scheme: &'static str,
    score: &'a str,
    rule: &'static str,
}

/// Refuses a choice of which [`SavedModel::read`](crate::input::saved_model::SavedModel::read) would refuse the document.
pub(crate) fn check_readable(selection: &Selection, data: &Data) -> Result<()> {
    let named = |model: LinearModel| model.with_feature_names(data.features())?.with_target_names(data.targets());
    selection.model().and_then(named).map(drop).map_err(|error| data.failure(error).after("--save"))
}

pub(crate) fn written(selection: &Selection, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    document::written(&document(selection, data, figures))
}

pub(crate) fn document<'a>(selection: &'a Selection, data: &'a Data, figures: &'a Figures) -> ModelDocument<'a> {
    let path = selection.path();
    ModelDocument {
        schema: LinearModel::SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        convention: CONVENTION,
        features: data.features(),
        targets: data.targets(),
        categories: data.categories(),
        rows: path.rows(),
        rows_dropped: data.rows_dropped(),
        weight_sum: path.weight_sum(),
        intercept: path.intercept_fitted(),
        standardize: Standardized::of(path),
        backend: BackendEntry::of(path),
        chosen_by: ChosenBy {
            scheme: selection.scheme().name(),
            score: selection.score_name(),
            rule: selection.rule().name(),
        },
        path: (0..path.targets())
            .map(|target| lambda_entry::of(path, data, selection.choice(target).index, target..target + 1, figures))
            .collect(),
    }
}
