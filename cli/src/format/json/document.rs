//! What all JSON documents have in common. Every number is written so that it reads back exactly; a NaN becomes null.

use ridgepath::{RidgePath, Standardize};
use serde::Serialize;
use serde_json::Serializer;

use crate::format::json::layout::Layout;
use crate::machine::failure::{Failure, Result};

/// A document as it is written.
pub(crate) fn written(content: &impl Serialize) -> Result<Vec<u8>> {
    let mut written = Vec::new();
    content
        .serialize(&mut Serializer::with_formatter(&mut written, Layout::default()))
        .map_err(|error| Failure::Other(format!("cannot write JSON: {error}")))?;
    written.push(b'\n');
    Ok(written)
}

/// By which standard deviation columns are standardised: `false`, or its name.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Standardized {
    No(bool),
    By(&'static str),
}

impl Standardized {
    pub(crate) fn of(path: &RidgePath) -> Self {
        match path.standardize() {
            Standardize::No => Self::No(false),
            Standardize::Population => Self::By("population"),
            Standardize::Sample => Self::By("sample"),
        }
    }
}
