//! Targets with gaps: which rows each has.

use std::collections::HashMap;

use crate::data::view::View;

/// Rows that are read at a time.
const ROWS: usize = 64;

/// Which targets have values in the same rows. A value that is NaN is missing: its row does not count for its target.
///
/// Targets without values in the same rows have a pattern in common, and are solved together. Patterns are in the order in which
/// targets first show them.
///
/// ```
/// use ridgepath::{TargetPatterns, View};
/// let y = [1.0, f64::NAN, 5.0, 2.0, 7.0, f64::NAN, 3.0, 8.0, 6.0];
/// let patterns = TargetPatterns::of(View::row_major(&y, 3, 3)?);
/// assert_eq!((patterns.len(), patterns.rows(0), patterns.targets(0)), (3, &[0, 1, 2][..], &[0][..]));
/// assert_eq!((patterns.rows(2), patterns.of_target(2), patterns.missing()), (&[0, 2][..], 2, 2));
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetPatterns {
    of_targets: Vec<usize>,
    patterns: Vec<Pattern>,
    missing: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    targets: Vec<usize>,
    rows: Vec<usize>,
}

impl TargetPatterns {
    /// The patterns of the targets Y (m × t).
    #[must_use]
    pub fn of<'a>(y: impl Into<View<'a>>) -> Self {
        let y = y.into();
        let (m, t) = (y.rows(), y.columns());
        // A bit for each row that is missing, target after target.
        let words = m.div_ceil(ROWS);
        let mut bits = vec![0u64; words * t];
        let mut block = vec![0.0; ROWS.min(m) * t];
        for (word, start) in (0..m).step_by(ROWS).enumerate() {
            let count = ROWS.min(m - start);
            let block = &mut block[..count * t];
            y.load(start, count, block);
            for (target, values) in block.chunks(count).enumerate() {
                let set = |bits: u64, (at, value): (usize, &f64)| bits | u64::from(value.is_nan()) << at;
                bits[target * words + word] = values.iter().enumerate().fold(0, set);
            }
        }
        let missing = bits.iter().map(|word| word.count_ones() as usize).sum();
        let mut numbers: HashMap<&[u64], usize> = HashMap::new();
        let mut patterns: Vec<Pattern> = Vec::new();
        let pattern = |target: usize| {
            let bits = &bits[target * words..(target + 1) * words];
            let number = *numbers.entry(bits).or_insert_with(|| {
                let rows = (0..m).filter(|row| bits[row / ROWS] >> (row % ROWS) & 1 == 0).collect();
                patterns.push(Pattern { targets: Vec::new(), rows });
                patterns.len() - 1
            });
            patterns[number].targets.push(target);
            number
        };
        let of_targets = (0..t).map(pattern).collect();
        Self { of_targets, patterns, missing }
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// True of no targets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The targets of a pattern, in ascending order.
    ///
    /// # Panics
    /// When there is no such pattern, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn targets(&self, pattern: usize) -> &[usize] {
        &self.patterns[pattern].targets
    }

    /// The rows in which the targets of a pattern have values, in ascending order.
    #[must_use]
    pub fn rows(&self, pattern: usize) -> &[usize] {
        &self.patterns[pattern].rows
    }

    /// The pattern of a target.
    #[must_use]
    pub fn of_target(&self, target: usize) -> usize {
        self.of_targets[target]
    }

    /// t, the targets of all patterns.
    #[must_use]
    pub fn total_targets(&self) -> usize {
        self.of_targets.len()
    }

    /// How many values are missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.missing
    }
}
