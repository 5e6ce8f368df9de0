//! Answers as tables for programs, in CSV, Parquet and Arrow: of each the same columns and records.

pub(crate) mod batches;
pub(crate) mod choices;
pub(crate) mod cv;
pub(crate) mod encoder;
pub(crate) mod many;
pub(crate) mod path;
pub(crate) mod predictions;
pub(crate) mod record;
