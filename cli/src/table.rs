//! A table of numbers: what every reader of a file makes, and all that the rest of the program knows of one.

/// Named columns of numbers, one after another in memory.
#[derive(Debug)]
pub(crate) struct Table {
    names: Vec<String>,
    rows: usize,
    values: Vec<f64>,
}

impl Table {
    /// From columns of the same length.
    pub(crate) fn new(names: Vec<String>, columns: Vec<Vec<f64>>) -> Self {
        let rows = columns.first().map_or(0, Vec::len);
        let mut values = Vec::with_capacity(rows * columns.len());
        // Each column is freed as soon as it is copied, so that the table is never held twice.
        for column in columns {
            values.extend_from_slice(&column);
        }
        Self { names, rows, values }
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
