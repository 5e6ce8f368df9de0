//! Rows that every run makes alike.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch};
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::prelude::SessionContext;

use crate::Result;

pub(crate) const FILES: usize = 8;
pub(crate) const ROWS: usize = 50_000;
pub(crate) const FEATURES: usize = 20;
pub(crate) const FOLDS: usize = 5;

/// The rows of all files, features row after row, and y.
pub(crate) struct Rows {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
}

impl Rows {
    pub(crate) fn new() -> Self {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        let x: Vec<f64> = (0..FILES * ROWS * FEATURES).map(|_| random()).collect();
        let sum = |row: &[f64]| row.iter().zip(1..).map(|(value, j)| value * f64::from(j)).sum::<f64>();
        let y = x.chunks(FEATURES).map(|row| 3.0 + sum(row) + random()).collect();
        Self { x, y }
    }

    /// A Parquet file for each part of the rows: `fold`, `y`, `x1`, `x2`, …
    pub(crate) async fn write(&self, folder: &Path) -> Result<()> {
        let context = SessionContext::new();
        for file in 0..FILES {
            let rows = file * ROWS..(file + 1) * ROWS;
            let folds = Int32Array::from_iter_values(rows.clone().map(|row| (row % FOLDS) as i32));
            let mut columns: Vec<(String, ArrayRef)> = vec![("fold".to_owned(), Arc::new(folds))];
            columns
                .push(("y".to_owned(), Arc::new(Float64Array::from_iter_values(self.y[rows.clone()].iter().copied()))));
            for j in 0..FEATURES {
                let column = rows.clone().map(|row| self.x[row * FEATURES + j]);
                columns.push((format!("x{}", j + 1), Arc::new(Float64Array::from_iter_values(column))));
            }
            let path = folder.join(format!("part-{file}.parquet"));
            let path = path.to_str().ok_or("the folder for temporary files is not named in UTF-8")?;
            let frame = context.read_batch(RecordBatch::try_from_iter(columns)?)?;
            frame.write_parquet(path, DataFrameWriteOptions::new().with_single_file_output(true), None).await?;
        }
        Ok(())
    }
}
