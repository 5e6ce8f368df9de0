//! Predictions as CSV: a column for each target, and a row for each one that was read. Every number is written so that it reads back
//! exactly.

use ridgepath::nalgebra::DMatrix;

use crate::format::csv::records;
use crate::input::dropped_rows::DroppedRows;
use crate::machine::failure::Result;

/// The predictions, with empty cells for the rows that were left out.
pub(crate) fn written(targets: &[String], predicted: &DMatrix<f64>, dropped: &DroppedRows) -> Result<Vec<u8>> {
    records::written(|writer| {
        writer.write_record(targets)?;
        let mut dropped = dropped.numbers.iter().peekable();
        let mut number = 0;
        for row in predicted.row_iter() {
            while dropped.next_if(|next| **next == number).is_some() {
                writer.write_record(targets.iter().map(|_| ""))?;
                number += 1;
            }
            writer.write_record(row.iter().map(|value| format!("{value:?}")))?;
            number += 1;
        }
        for _ in dropped {
            writer.write_record(targets.iter().map(|_| ""))?;
        }
        Ok(())
    })
}
