//! What all CSV answers have in common.

use crate::machine::failure::{Failure, Result};

/// Takes the records of an answer.
pub(crate) type Writer = csv::Writer<Vec<u8>>;

/// The answer whose records `write` writes.
pub(crate) fn written(write: impl FnOnce(&mut Writer) -> csv::Result<()>) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| Failure::Other(format!("cannot write CSV: {error}"));
    let mut writer = Writer::from_writer(Vec::new());
    write(&mut writer).map_err(|error| failed(&error))?;
    writer.into_inner().map_err(|error| failed(&error))
}
