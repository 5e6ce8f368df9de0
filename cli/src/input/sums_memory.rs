//! The memory that rows take which are summed as they come.

use std::fmt;

use crate::machine::failure::{Failure, Result};

/// Bytes that reading takes at the most, about: of Parquet several batches.
const READING: u64 = 256 << 20;
/// Rows that are summed at a time, at the most.
const BLOCK: u64 = 16_384;

/// The sizes of sums, on which their memory depends: the rows are not among them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SumsMemory {
    features: u64,
    targets: u64,
    folds: u64,
}

impl SumsMemory {
    /// Of sums that are kept for each of so many folds, or for all rows at once: for 1.
    pub(crate) fn new(features: usize, targets: usize, folds: usize) -> Self {
        Self { features: features as u64, targets: targets as u64, folds: folds as u64 }
    }

    /// Bytes of reading, summing and solving.
    pub(crate) fn bytes(&self) -> u64 {
        let Self { features: n, targets: t, folds } = *self;
        // Numbers: of each fold what it holds, what the others hold, and a block of rows; of all of them a few matrices for the path.
        let matrix = n.saturating_mul(n.saturating_add(t));
        let sums = matrix.saturating_mul(3 * folds + 4).saturating_add((n + t).saturating_mul(BLOCK * folds));
        sums.saturating_mul(8).saturating_add(READING)
    }

    /// Refuses sums that take more than these bytes.
    pub(crate) fn check(&self, bytes: u64) -> Result<()> {
        if self.bytes() <= bytes {
            return Ok(());
        }
        Err(Failure::Input(format!("--memory: found {}M, wanted {self}", bytes >> 20)))
    }
}

impl fmt::Display for SumsMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
        let (bytes, reading) = (megabytes(self.bytes()), megabytes(READING));
        write!(f, "{bytes}M at the least: {reading}M for reading, the rest the sums of {} features", self.features)?;
        if self.folds > 1 { write!(f, " in {} folds", self.folds) } else { Ok(()) }
    }
}
