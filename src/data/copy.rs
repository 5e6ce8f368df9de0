//! Elements of a view as they lie in memory, in their own type or another.

use std::ops::Range;

use nalgebra::{Const, Dyn, MatrixViewMut};

use crate::data::view::{Held, Strided, View, double, of_held};
use crate::math::scalar::Scalar;

impl<'a> View<'a> {
    /// Some rows of a column, if they lie side by side as `f64`.
    pub(super) fn column_slice(&self, rows: Range<usize>, column: usize) -> Option<&'a [f64]> {
        match self.0 {
            Held::Double(_, Some(Strided { values, row: 1, column: stride })) => values[column * stride..].get(rows),
            _ => None,
        }
    }

    /// A row, if its elements lie side by side as `f64`.
    pub(super) fn row_slice(&self, row: usize) -> Option<&'a [f64]> {
        match self.0 {
            Held::Double(matrix, Some(Strided { values, row: stride, column }))
                if column == 1 || matrix.ncols() == 1 =>
            {
                values[row * stride..].get(..matrix.ncols())
            }
            _ => None,
        }
    }

    /// Bytes of an element: 4, or 8, which rows of another container are read as.
    pub(crate) fn element_bytes(&self) -> usize {
        match self.0 {
            Held::Single(_) => size_of::<f32>(),
            Held::Double(..) | Held::Elsewhere(_) => size_of::<f64>(),
        }
    }

    /// Copies elements of the rows `rows`, as many as `to` has room for from number `from` on, counted column after column where
    /// columns follow one another, else row after row: elements that lie side by side go in runs.
    pub(crate) fn copy_in_order<A: Scalar>(&self, rows: Range<usize>, from: usize, mut to: &mut [A]) {
        // A single column is gone down, whatever its strides.
        let by_columns = self.by_columns() || self.columns() == 1;
        let line = if by_columns { rows.len() } else { self.columns() };
        let mut at = from;
        while !to.is_empty() {
            let (number, begin) = (at / line, at % line);
            let whole = if begin == 0 { to.len() / line } else { 0 };
            let elsewhere = !self.in_memory() && !by_columns && whole > 1;
            let length = if elsewhere { whole * line } else { to.len().min(line - begin) };
            let (run, rest) = to.split_at_mut(length);
            at += length;
            match by_columns {
                true => self.copy_down(rows.start + begin, number, run),
                false if elsewhere => self.copy_rows(rows.start + number, run),
                false => self.copy_along(rows.start + number, begin, run),
            }
            to = rest;
        }
    }

    /// Copies whole rows of another container, read at once.
    fn copy_rows<A: Scalar>(&self, row: usize, to: &mut [A]) {
        let columns = self.columns();
        let count = to.len() / columns;
        let mut values = vec![0.0; to.len()];
        self.load(row, count, &mut values);
        for (i, to) in to.chunks_mut(columns).enumerate() {
            to.iter_mut().zip(values[i..].iter().step_by(count)).for_each(|(to, value)| *to = A::round_from(*value));
        }
    }

    /// Copies elements of a column from a row on.
    pub(super) fn copy_down<A: Scalar>(&self, row: usize, column: usize, to: &mut [A]) {
        let length = Dyn(to.len());
        of_held!(self, matrix => {
            let mut to = MatrixViewMut::from_slice_generic(to, length, Const::<1>);
            let values = matrix.generic_view((row, column), (length, Const::<1>));
            to.zip_apply(&values, |to, value| *to = A::round_from(double(value)));
        }, block => rounded(to, |values| block.load(row..row + values.len(), column..column + 1, values)));
    }

    /// Whether the elements lie in memory, rather than in another container.
    pub(crate) fn in_memory(&self) -> bool {
        !matches!(self.0, Held::Elsewhere(_))
    }

    /// Copies elements of a row from a column on.
    pub(crate) fn copy_along<A: Scalar>(&self, row: usize, column: usize, to: &mut [A]) {
        let length = Dyn(to.len());
        of_held!(self, matrix => {
            let mut to = MatrixViewMut::from_slice_generic(to, Const::<1>, length);
            let values = matrix.generic_view((row, column), (Const::<1>, length));
            to.zip_apply(&values, |to, value| *to = A::round_from(double(value)));
        }, block => rounded(to, |values| block.load(row..row + 1, column..column + values.len(), values)));
    }
}

/// What `read` writes, in another type.
fn rounded<A: Scalar>(to: &mut [A], read: impl FnOnce(&mut [f64])) {
    let mut values = vec![0.0; to.len()];
    read(&mut values);
    to.iter_mut().zip(values).for_each(|(to, value)| *to = A::round_from(value));
}

#[cfg(test)]
mod tests {
    use super::View;

    #[test]
    fn elements_are_copied_in_the_order_of_the_memory_whatever_the_strides() {
        let values: Vec<f64> = (0..24).map(f64::from).collect();
        let layouts =
            [(4, 6, 6, 1), (4, 6, 1, 4), (1, 24, 24, 1), (24, 1, 1, 24), (3, 2, 0, 5), (3, 2, 5, 0), (1, 1, 9, 9)];
        for (rows, columns, row_stride, column_stride) in layouts {
            let matrix = View::strided(&values, rows, columns, row_stride, column_stride).unwrap();
            for row in 0..rows {
                let wanted: Vec<f64> = (0..columns).map(|column| matrix.get(row, column)).collect();
                assert!(matrix.row_slice(row).is_none_or(|found| found == wanted), "row {row} of {rows}×{columns}");
            }
            for column in 0..columns {
                let wanted: Vec<f64> = (1..rows).map(|row| matrix.get(row, column)).collect();
                let found = matrix.column_slice(1..rows, column);
                assert!(found.is_none_or(|found| found == wanted), "column {column} of {rows}×{columns}");
            }
            for view in [matrix, View::of(&matrix).unwrap()] {
                let down = view.by_columns();
                let order = |at: usize| if down { (at % rows, at / rows) } else { (at / columns, at % columns) };
                for from in 0..rows * columns {
                    let mut copied = vec![0.0f32; rows * columns - from];
                    view.copy_in_order(0..rows, from, &mut copied);
                    for (value, at) in copied.into_iter().zip(from..) {
                        let (row, column) = order(at);
                        assert_eq!(f64::from(value), view.get(row, column), "({row}, {column}) of {rows}×{columns}");
                    }
                }
            }
        }
    }
}
