//! Answers as CSV.

pub(crate) mod choices;
pub(crate) mod cv;
pub(crate) mod many;
pub(crate) mod path;
pub(crate) mod predictions;
pub(crate) mod records;
