//! Rows that are left out because a value is missing.

/// How many rows of those read are left out.
#[derive(Debug, Default)]
pub(crate) struct DroppedRows {
    /// Whether rows are to be left out.
    pub(crate) asked: bool,
    pub(crate) count: usize,
    /// How many were read.
    pub(crate) of: usize,
}

impl DroppedRows {
    /// What is said of them, if there are any; `end` is what became of them.
    pub(crate) fn note(&self, end: &str) -> Option<String> {
        let (count, of) = (self.count, self.of);
        (count > 0)
            .then(|| format!("{count} of {of} rows {end} (--drop-missing): they lack a value in a column that is used"))
    }
}
