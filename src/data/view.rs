//! Borrowed matrices: any strides, `f32` or `f64`, no copy; and rows of other containers, read by blocks.

use std::ops::Range;

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dim, Dyn, Matrix, RawStorage};

use crate::data::block::Block;
use crate::data::rows::{self, Rows};
use crate::error::{Error, Result};
use crate::math::scalar::{Scalar, Typed, sealed::Sealed};

/// A borrowed matrix of `f32` or `f64`, rows × columns, with any non-negative strides. X and Y of one problem may differ in type.
///
/// Made from nalgebra matrices and views (`(&x).into()`), from a slice as one column (`(&y[..]).into()`),
/// or from a slice and its layout:
///
/// ```
/// use ridgepath::View;
/// let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let x = View::row_major(&values, 3, 2)?; // rows (1, 2), (3, 4), (5, 6)
/// assert_eq!(x.get(2, 0), 5.0);
/// # Ok::<(), ridgepath::Error>(())
/// ```
///
/// Any other container comes in by [`Rows`], and [`View::of`].
#[derive(Debug, Clone, Copy)]
pub struct View<'a>(pub(super) Held<'a>);

/// Where the elements lie.
#[derive(Debug, Clone, Copy)]
pub(super) enum Held<'a> {
    Single(DMatrixView<'a, f32, Dyn, Dyn>),
    Double(DMatrixView<'a, f64, Dyn, Dyn>, Option<Strided<'a>>),
    Elsewhere(Block<'a>),
}

/// The slice of a matrix that was made from one, from which rows or columns are borrowed, with the strides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strided<'a> {
    pub(super) values: &'a [f64],
    pub(super) row: usize,
    pub(super) column: usize,
}

impl<'a> From<Typed<'a>> for View<'a> {
    fn from(matrix: Typed<'a>) -> Self {
        Self(match matrix {
            Typed::Single(matrix) => Held::Single(matrix),
            Typed::Double(matrix) => Held::Double(matrix, None),
        })
    }
}

/// An expression of a matrix, whatever its type, or of rows that lie elsewhere.
macro_rules! of_held {
    ($view:expr, $matrix:ident => $of:expr, $block:ident => $elsewhere:expr) => {
        match &$view.0 {
            $crate::data::view::Held::Single($matrix) => $of,
            $crate::data::view::Held::Double($matrix, _) => $of,
            $crate::data::view::Held::Elsewhere($block) => $elsewhere,
        }
    };
}
pub(super) use of_held;

impl<'a> View<'a> {
    /// A matrix whose rows follow one another: element (i, j) is `values[i * columns + j]`. The slice holds the matrix and
    /// nothing else; [`strided`](Self::strided) takes part of one.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`] unless there are rows × columns values, [`Error::Overflow`].
    pub fn row_major<T: Scalar>(values: &'a [T], rows: usize, columns: usize) -> Result<Self> {
        exactly("values of a row-major slice against rows × columns", values.len(), rows, columns)?;
        Self::strided(values, rows, columns, columns, 1)
    }

    /// A matrix whose columns follow one another: element (i, j) is `values[j * rows + i]`. The slice holds the matrix and
    /// nothing else, as in [`row_major`](Self::row_major).
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`] unless there are rows × columns values, [`Error::Overflow`].
    pub fn column_major<T: Scalar>(values: &'a [T], rows: usize, columns: usize) -> Result<Self> {
        exactly("values of a column-major slice against rows × columns", values.len(), rows, columns)?;
        Self::strided(values, rows, columns, 1, rows)
    }

    /// Rows of any container, read by blocks.
    ///
    /// # Errors
    /// [`Error::Conflict`] where they cannot be read again: a path takes two passes over the rows at the least.
    pub fn of(rows: &'a dyn Rows) -> Result<Self> {
        match rows.replayable() {
            true => Ok(Self(Held::Elsewhere(Block::new(rows)))),
            false => Err(Error::Conflict {
                first: "rows that can be read once",
                second: "a view, which is read several times",
                instead: "Moments::push, part by part, and Ridge::fit_moments",
            }),
        }
    }

    /// A matrix with element (i, j) at `values[i * row_stride + j * column_stride]`. The slice may hold more, between the elements
    /// and after them.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::SliceTooShort`], [`Error::Overflow`].
    pub fn strided<T: Scalar>(
        values: &'a [T],
        rows: usize,
        columns: usize,
        row_stride: usize,
        column_stride: usize,
    ) -> Result<Self> {
        let wanted = if rows == 0 || columns == 0 {
            Some(0)
        } else if rows.checked_mul(columns).is_none() {
            None // which strides of 0 would allow
        } else {
            (rows - 1)
                .checked_mul(row_stride)
                .zip((columns - 1).checked_mul(column_stride))
                .and_then(|(down, across)| down.checked_add(across)?.checked_add(1))
        };
        let wanted = wanted.ok_or_else(|| Error::Overflow {
            what: "the number of elements",
            detail: format!("{rows}×{columns} with strides ({row_stride}, {column_stride})"),
        })?;
        if values.len() < wanted {
            let found = values.len();
            return Err(Error::SliceTooShort { rows, columns, row_stride, column_stride, found, wanted });
        }
        if wanted == 0 {
            return Err(Error::Empty { what: "the matrix", rows, columns });
        }
        // A stride along one element is never stepped over, and could be any number.
        let row_stride = if rows == 1 { 0 } else { row_stride };
        let column_stride = if columns == 1 { 0 } else { column_stride };
        Ok(View::of_slice(values, [rows, columns], [row_stride, column_stride]))
    }

    fn of_slice<T: Scalar>(values: &'a [T], [rows, columns]: [usize; 2], [row, column]: [usize; 2]) -> Self {
        let sizes = (Dyn(rows), Dyn(columns), Dyn(row), Dyn(column));
        let matrix = DMatrixView::from_slice_with_strides_generic(values, sizes.0, sizes.1, sizes.2, sizes.3);
        match (T::typed(matrix), T::doubles(values)) {
            (Typed::Double(matrix), Some(values)) => Self(Held::Double(matrix, Some(Strided { values, row, column }))),
            (matrix, _) => matrix.into(),
        }
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        of_held!(self, matrix => matrix.nrows(), block => block.rows.len())
    }

    /// Columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        of_held!(self, matrix => matrix.ncols(), block => block.columns.len())
    }

    /// Element (row, column), as `f64`.
    ///
    /// # Panics
    /// When the row or the column is out of range, as slices do.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> f64 {
        of_held!(self, matrix => double(matrix[(row, column)]), block => block.get(row, column))
    }

    /// The rows `start .. start + count`, borrowed.
    ///
    /// # Panics
    /// When they are out of range, as slices do.
    #[must_use]
    pub fn row_range(&self, start: usize, count: usize) -> View<'_> {
        of_held!(self, matrix => Sealed::typed(matrix.rows(start, count)).into(), block => View(Held::Elsewhere(block.part(start..start + count, 0..block.columns.len()))))
    }

    /// The columns `start .. start + count`, borrowed.
    ///
    /// # Panics
    /// When they are out of range, as slices do.
    #[must_use]
    pub fn column_range(&self, start: usize, count: usize) -> View<'_> {
        of_held!(self, matrix => Sealed::typed(matrix.columns(start, count)).into(), block => View(Held::Elsewhere(block.part(0..block.rows.len(), start..start + count))))
    }

    /// Whether columns follow one another, so that it is fast to go down them.
    pub(crate) fn by_columns(&self) -> bool {
        of_held!(self, matrix => {
            let (row_stride, column_stride) = matrix.strides();
            // nalgebra's iterators take a row stride of 0 for the end of a column.
            row_stride > 0 && row_stride <= column_stride
        }, block => block.of.by_columns())
    }

    /// Calls `visit` with each element of `to` and the value of a column in as many rows from `start` on, of a view whose row
    /// stride is not 0.
    pub(crate) fn go_down(&self, column: usize, start: usize, to: &mut [f64], visit: impl Fn(&mut f64, f64)) {
        of_held!(self, matrix => {
            let values = matrix.view((start, column), (to.len(), 1));
            to.iter_mut().zip(values.iter()).for_each(|(to, value)| visit(to, double(*value)));
        }, block => {
            let mut values = vec![0.0; to.len()];
            block.load(start..start + to.len(), column..column + 1, &mut values);
            to.iter_mut().zip(values).for_each(|(to, value)| visit(to, value));
        });
    }

    /// Copies the rows `start .. start + count`, column after column.
    pub(crate) fn load(&self, start: usize, count: usize, to: &mut [f64]) {
        if let Held::Elsewhere(block) = &self.0 {
            block.load(start..start + count, 0..block.columns.len(), to);
        } else if self.by_columns() && count > 0 {
            // Twice as fast as both matrices together.
            for (column, to) in to.chunks_mut(count).enumerate() {
                self.copy_down(start, column, to);
            }
        } else {
            let mut to = DMatrixViewMut::from_slice(to, count, self.columns());
            of_held!(self, matrix => to.zip_apply(&matrix.rows(start, count), |to, value| *to = double(value)), _block => ());
        }
    }

    /// Calls `visit(row, column, value)` for the rows `start .. start + count`, in the order of the memory.
    pub(crate) fn visit(&self, start: usize, count: usize, visit: impl FnMut(usize, usize, f64)) {
        of_held!(self, matrix => in_order_of_memory(*matrix, start, count, visit), block => {
            rows::visit(self, start..start + count, 0..block.columns.len(), visit);
        });
    }
}

impl Rows for View<'_> {
    fn rows(&self) -> usize {
        View::rows(self)
    }

    fn columns(&self) -> usize {
        View::columns(self)
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        self.column_range(columns.start, columns.len()).load(rows.start, rows.len(), to);
    }

    fn by_columns(&self) -> bool {
        View::by_columns(self)
    }

    fn replayable(&self) -> bool {
        true
    }
}

/// A matrix that a [`Batch`](crate::Batch) owns.
impl<T: Scalar> Rows for DMatrix<T> {
    fn rows(&self) -> usize {
        self.nrows()
    }

    fn columns(&self) -> usize {
        self.ncols()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        for (column, to) in columns.zip(to.chunks_mut(rows.len())) {
            let values = &self.as_slice()[column * self.nrows()..][rows.clone()];
            to.iter_mut().zip(values).for_each(|(to, value)| *to = double(*value));
        }
    }

    fn by_columns(&self) -> bool {
        true
    }

    fn replayable(&self) -> bool {
        true
    }
}

/// A number of either type as `f64`, without rounding.
#[inline(always)]
pub(super) fn double<T: Scalar>(value: T) -> f64 {
    value.into()
}

/// Calls `visit(row, column, value)` for some rows of a matrix.
fn in_order_of_memory<T: Scalar>(
    matrix: DMatrixView<'_, T, Dyn, Dyn>,
    start: usize,
    count: usize,
    mut visit: impl FnMut(usize, usize, f64),
) {
    let (row_stride, column_stride) = matrix.strides();
    if row_stride == 0 {
        // One row, or one that stands for many: nalgebra's iterators take a row stride of 0 for the end of a
        // column, and would go on to the next one.
        for row in start..start + count {
            for column in 0..matrix.ncols() {
                visit(row, column, matrix[(row, column)].into());
            }
        }
    } else if row_stride > column_stride {
        for row in start..start + count {
            for (column, value) in matrix.row(row).iter().enumerate() {
                visit(row, column, (*value).into());
            }
        }
    } else {
        for column in 0..matrix.ncols() {
            let values = matrix.column(column);
            for (row, value) in values.rows_range(start..start + count).iter().enumerate() {
                visit(start + row, column, (*value).into());
            }
        }
    }
}

/// Refuses a slice that is not filled by a matrix of this shape.
fn exactly(what: &'static str, found: usize, rows: usize, columns: usize) -> Result<()> {
    if rows == 0 || columns == 0 {
        return Err(Error::Empty { what: "the matrix", rows, columns });
    }
    match rows.checked_mul(columns) {
        Some(wanted) if wanted == found => Ok(()),
        Some(wanted) => Err(Error::Shape { what, found, wanted }),
        None => Err(Error::Overflow { what: "the number of elements", detail: format!("{rows}×{columns}") }),
    }
}

impl<'a, T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>> From<&'a Matrix<T, R, C, S>> for View<'a>
where
    DMatrixView<'a, T, Dyn, Dyn>: From<&'a Matrix<T, R, C, S>>,
{
    fn from(matrix: &'a Matrix<T, R, C, S>) -> Self {
        View::from(T::typed(matrix.into()))
    }
}

/// One column.
impl<'a, T: Scalar> From<&'a [T]> for View<'a> {
    fn from(column: &'a [T]) -> Self {
        View::of_slice(column, [column.len(), 1], [1, 0])
    }
}

/// One column.
impl<'a, T: Scalar> From<&'a Vec<T>> for View<'a> {
    fn from(column: &'a Vec<T>) -> Self {
        column.as_slice().into()
    }
}

/// One column.
impl<'a, T: Scalar, const N: usize> From<&'a [T; N]> for View<'a> {
    fn from(column: &'a [T; N]) -> Self {
        column.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::View;

    #[test]
    fn rows_are_visited_with_the_values_that_get_returns_whatever_the_strides() {
        let values: Vec<f64> = (0..24).map(f64::from).collect();
        let layouts =
            [(4, 6, 6, 1), (4, 6, 1, 4), (1, 24, 24, 1), (24, 1, 1, 24), (3, 2, 0, 5), (3, 2, 5, 0), (1, 1, 9, 9)];
        for (rows, columns, row_stride, column_stride) in layouts {
            let view = View::strided(&values, rows, columns, row_stride, column_stride).unwrap();
            let mut seen = 0;
            view.visit(0, rows, |row, column, value| {
                assert_eq!(value, view.get(row, column), "({row}, {column}) of {rows}×{columns}");
                assert_eq!(view.get(row, column), values[row * row_stride + column * column_stride]);
                seen += 1;
            });
            let mut loaded = vec![0.0; (rows - 1) * columns];
            view.load(1.min(rows - 1), rows - 1, &mut loaded);
            for (at, value) in loaded.iter().enumerate() {
                assert_eq!(*value, view.get(1 + at % (rows - 1), at / (rows - 1)));
            }
            assert_eq!(seen, rows * columns);
        }
    }
}
