//! A block of rows that lie in a container of another's.

use std::fmt;
use std::ops::Range;

use crate::data::rows::Rows;

/// Some rows and columns of a container.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) of: &'a dyn Rows,
    pub(crate) rows: Span,
    pub(crate) columns: Span,
}

/// Consecutive rows, or columns: a range that can be copied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    start: usize,
    length: usize,
}

impl Span {
    pub(crate) fn len(self) -> usize {
        self.length
    }

    /// A range within, in the numbers of the container.
    fn range(self, within: &Range<usize>) -> Range<usize> {
        assert!(within.start <= within.end && within.end <= self.length, "{within:?} of {}", self.length);
        self.start + within.start..self.start + within.end
    }

    fn part(self, within: &Range<usize>) -> Self {
        let range = self.range(within);
        Self { start: range.start, length: range.len() }
    }
}

impl<'a> Block<'a> {
    /// All rows and columns.
    pub(crate) fn new(of: &'a dyn Rows) -> Self {
        let all = |length| Span { start: 0, length };
        Self { of, rows: all(of.rows()), columns: all(of.columns()) }
    }

    /// Some of its rows and columns.
    pub(crate) fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Self {
        Self { of: self.of, rows: self.rows.part(&rows), columns: self.columns.part(&columns) }
    }

    /// Element (row, column).
    pub(crate) fn get(&self, row: usize, column: usize) -> f64 {
        let mut value = [0.0];
        self.load(row..row + 1, column..column + 1, &mut value);
        value[0]
    }

    /// Copies some rows and columns, column after column.
    pub(crate) fn load(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        if !to.is_empty() {
            self.of.read(self.rows.range(&rows), self.columns.range(&columns), to);
        }
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("rows", &self.rows).field("columns", &self.columns).finish_non_exhaustive()
    }
}
