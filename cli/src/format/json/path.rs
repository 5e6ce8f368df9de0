//! A path as JSON.

use ridgepath::RidgePath;
use serde::Serialize;

use crate::fit::backend_entry::BackendEntry;
use crate::fit::figures::Figures;
use crate::fit::other_system::OtherSystemValues;
use crate::format::json::document::{self, Standardized};
use crate::format::json::lambda_entry::{self, LambdaEntry};
use crate::input::categories::Category;
use crate::input::data::Data;
use crate::machine::failure::Result;

#[derive(Serialize)]
struct PathDocument<'a> {
    schema: &'static str,
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
    /// What λ is multiplied by for each feature, where that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    penalty_factors: Option<&'a [f64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convention: Option<OtherSystemValues>,
    backend: BackendEntry<'a>,
    path: Vec<LambdaEntry<'a>>,
}

pub(crate) fn written(path: &RidgePath, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    document::written(&PathDocument {
        schema: "ridgepath/path/1",
        features: data.features(),
        targets: data.targets(),
        categories: data.categories(),
        rows: path.rows(),
        rows_dropped: data.rows_dropped(),
        weight_sum: path.weight_sum(),
        intercept: path.intercept_fitted(),
        standardize: Standardized::of(path),
        penalty_factors: data.penalty_factors(),
        convention: figures.system.as_ref().map(|system| system.values(path)),
        backend: BackendEntry::of(path),
        path: (0..path.len()).map(|index| lambda_entry::of(path, data, index, 0..path.targets(), figures)).collect(),
    })
}
