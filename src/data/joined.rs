//! X and Y as one matrix.

use std::ops::Range;

use crate::data::rows::Rows;
use crate::data::view::View;

/// [X | Y]: the columns of X, then those of Y, of as many rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joined<'a> {
    pub(super) x: View<'a>,
    pub(super) y: View<'a>,
}

impl Joined<'_> {
    /// Whether rows of X follow one another in memory, and Y lies there too: then a row is read as fast as a block.
    pub(super) fn by_rows(&self) -> bool {
        !self.x.by_columns() && self.x.in_memory() && self.y.in_memory()
    }

    /// Copies some columns of a row of [X | Y].
    #[inline]
    pub(super) fn read_row(&self, row: usize, columns: Range<usize>, to: &mut [f64]) {
        let n = self.x.columns();
        let (x, y) = to.split_at_mut(n.clamp(columns.start, columns.end) - columns.start);
        if !x.is_empty() {
            self.x.copy_along(row, columns.start, x);
        }
        if !y.is_empty() {
            self.y.copy_along(row, columns.start.max(n) - n, y);
        }
    }
}

impl Rows for Joined<'_> {
    fn rows(&self) -> usize {
        self.x.rows()
    }

    fn columns(&self) -> usize {
        self.x.columns() + self.y.columns()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        let n = self.x.columns();
        let (x, y) = (columns.start.min(n)..columns.end.min(n), columns.start.max(n) - n..columns.end.max(n) - n);
        let (to_x, to_y) = to.split_at_mut(rows.len() * x.len());
        for (view, columns, to) in [(self.x, x, to_x), (self.y, y, to_y)] {
            if !columns.is_empty() {
                view.read(rows.clone(), columns, to);
            }
        }
    }

    fn by_columns(&self) -> bool {
        Rows::by_columns(&self.x)
    }

    fn replayable(&self) -> bool {
        self.x.replayable() && self.y.replayable()
    }
}
