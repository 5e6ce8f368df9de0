//! Predictions as CSV: a column for each target. Every number is written so that it reads back exactly.

use ridgepath::nalgebra::DMatrix;

use crate::format::csv::records;
use crate::machine::failure::Result;

pub(crate) fn written(targets: &[String], predicted: &DMatrix<f64>) -> Result<Vec<u8>> {
    records::written(|writer| {
        writer.write_record(targets)?;
        for row in predicted.row_iter() {
            writer.write_record(row.iter().map(|value| format!("{value:?}")))?;
        }
        Ok(())
    })
}
