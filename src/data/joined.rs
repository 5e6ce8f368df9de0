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

impl<'a> Joined<'a> {
    /// Calls `visit` with the values of each of some columns in some rows and with its number among them; they are borrowed where all lie
    /// side by side as `f64`, else copied.
    #[inline]
    pub(super) fn visit_columns(
        &self,
        rows: Range<usize>,
        columns: Range<usize>,
        mut visit: impl FnMut(usize, &[f64]),
    ) {
        let n = self.x.columns();
        let slice = |column: usize| match column < n {
            true => self.x.column_slice(rows.clone(), column),
            false => self.y.column_slice(rows.clone(), column - n),
        };
        if columns.clone().all(|column| slice(column).is_some()) {
            columns.filter_map(slice).enumerate().for_each(|(at, values)| visit(at, values));
        } else {
            let mut copy = vec![0.0; rows.len() * columns.len()];
            self.read(rows.clone(), columns, &mut copy);
            copy.chunks(rows.len()).enumerate().for_each(|(at, values)| visit(at, values));
        }
    }

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
