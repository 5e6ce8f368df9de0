//! Moments as a document of serde, in any of its formats.

use serde::{Deserialize, Serialize};

use super::Moments;
use super::state::{State, unusable};
use crate::error::Error;

/// The name and version of the layout.
const SCHEMA: &str = "ridgepath/moments/1";

#[derive(Serialize, Deserialize)]
#[serde(rename = "Moments", deny_unknown_fields)]
pub(super) struct Document {
    schema: String,
    rows: u64,
    positive_rows: u64,
    weight_sum: f64,
    means: Vec<f64>,
    lows: Vec<f64>,
    exponents: Vec<i32>,
    gram: Vec<f64>,
    cross: Vec<f64>,
    squares: Vec<f64>,
}

impl From<Moments> for Document {
    fn from(moments: Moments) -> Self {
        let State { rows, positive_rows, weight_sum, means, lows, exponents, gram, cross, squares } =
            State::from(&moments);
        let schema = SCHEMA.to_owned();
        Self { schema, rows, positive_rows, weight_sum, means, lows, exponents, gram, cross, squares }
    }
}

impl TryFrom<Document> for Moments {
    type Error = Error;

    fn try_from(document: Document) -> Result<Self, Error> {
        let Document { schema, rows, positive_rows, weight_sum, means, lows, exponents, gram, cross, squares } =
            document;
        if schema != SCHEMA {
            return Err(unusable(format!("their schema is {schema:?}; wanted {SCHEMA:?}")));
        }
        State { rows, positive_rows, weight_sum, means, lows, exponents, gram, cross, squares }.checked()
    }
}
