//! The data that every peer solves.

use std::error::Error;
use std::fs;

/// X (rows × features) and Y (rows × targets), both column after column.
pub struct Data {
    pub rows: usize,
    pub features: usize,
    pub targets: usize,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Data {
    pub fn read(file: &str, rows: usize, features: usize, targets: usize) -> Result<Self, Box<dyn Error>> {
        let bytes = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        let wanted = rows.checked_mul(8).and_then(|own| own.checked_mul(features.checked_add(targets)?));
        if wanted != Some(bytes.len()) {
            let found = bytes.len();
            return Err(format!("{file}: found {found} bytes, wanted {rows} × ({features} + {targets}) × 8").into());
        }
        let (x, y) = bytes.split_at(8 * rows * features);
        let values = |bytes: &[u8]| bytes.as_chunks().0.iter().map(|own| f64::from_ne_bytes(*own)).collect();
        Ok(Self { rows, features, targets, x: values(x), y: values(y) })
    }

    /// X and Y less their columns' means, so that no peer needs an intercept.
    pub fn centred(&self) -> (Vec<f64>, Vec<f64>) {
        (centred(&self.x, self.rows), centred(&self.y, self.rows))
    }
}

fn centred(columns: &[f64], rows: usize) -> Vec<f64> {
    let mut centred = Vec::with_capacity(columns.len());
    for column in columns.chunks_exact(rows) {
        let mean = column.iter().sum::<f64>() / rows as f64;
        centred.extend(column.iter().map(|value| value - mean));
    }
    centred
}
