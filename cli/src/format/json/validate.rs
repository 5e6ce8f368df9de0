//! A comparison of a backend with the reference, as JSON.

use ridgepath::Validation;
use serde::Serialize;

use crate::fit::backend_entry::BackendEntry;
use crate::format::json::document;
use crate::format::outcome;
use crate::input::data::Data;
use crate::machine::failure::Result;

#[derive(Serialize)]
struct ValidateDocument<'a> {
    schema: &'static str,
    rows: usize,
    /// Where --drop-missing is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_dropped: Option<usize>,
    features: &'a [String],
    targets: &'a [String],
    backend: BackendEntry<'a>,
    /// The largest deviation of the coefficients over the whole path.
    largest: f64,
    outcomes_agree: bool,
    path: Vec<DeviationEntry>,
}

/// How far the backend is from the reference at one λ.
#[derive(Serialize)]
struct DeviationEntry {
    lambda: f64,
    coefficients: f64,
    intercept: f64,
    rss: f64,
    outcomes_agree: bool,
}

pub(crate) fn written(validation: &Validation, data: &Data) -> Result<Vec<u8>> {
    document::written(&document(validation, data))
}

fn document<'a>(validation: &'a Validation, data: &'a Data) -> ValidateDocument<'a> {
    ValidateDocument {
        schema: "ridgepath/validate/1",
        rows: validation.path.rows(),
        rows_dropped: data.rows_dropped(),
        features: data.features(),
        targets: data.targets(),
        backend: BackendEntry::of(&validation.path),
        largest: validation.largest(),
        outcomes_agree: outcome::all_agree(validation),
        path: validation
            .deviations
            .iter()
            .map(|deviation| DeviationEntry {
                lambda: deviation.lambda,
                coefficients: deviation.coefficients,
                intercept: deviation.intercept,
                rss: deviation.rss,
                outcomes_agree: deviation.outcomes_agree,
            })
            .collect(),
    }
}
