//! A table of numbers: what every reader of a file makes, and all that the rest of the program knows of one.

/// Named columns of numbers, one after another in memory, each less an origin of its own.
#[derive(Debug)]
pub(crate) struct Table {
    names: Vec<String>,
    rows: usize,
    values: Vec<f64>,
    origins: Vec<i128>,
}

impl Table {
    /// From columns of the same length, and what the values of each are less by.
    pub(crate) fn new(names: Vec<String>, columns: impl Iterator<Item = (Vec<f64>, i128)>) -> Self {
        let count = names.len();
        let (mut rows, mut values, mut origins) = (0, Vec::new(), Vec::with_capacity(count));
        // Each column is freed as soon as it is copied, so that the table is never held twice.
        for (numbers, origin) in columns {
            if values.is_empty() {
                rows = numbers.len();
                values.reserve_exact(rows * count);
            }
            values.extend_from_slice(&numbers);
            origins.push(origin);
        }
        Self { names, rows, values, origins }
    }

    /// What each column's values are less by: 0 but where whole numbers are beyond 64-bit floats.
    pub(crate) fn origins(&self) -> &[i128] {
        &self.origins
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The values of `count` columns from number `first` on.
    pub(crate) fn columns(&self, first: usize, count: usize) -> &[f64] {
        &self.values[first * self.rows..(first + count) * self.rows]
    }
}
