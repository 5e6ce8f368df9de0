//! Rows from the matrices of faer.

use std::ops::Range;

use faer::{Mat, MatRef};

use crate::data::block::Block;
use crate::data::rows::Rows;
use crate::data::view::{Held, View, double};
use crate::math::scalar::Scalar;

/// A view with any strides.
impl<T: Scalar> Rows for MatRef<'_, T> {
    fn rows(&self) -> usize {
        self.nrows()
    }

    fn columns(&self) -> usize {
        self.ncols()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        let block = self.get(rows.clone(), columns);
        if Rows::by_columns(self) {
            for (column, to) in block.col_iter().zip(to.chunks_mut(rows.len())) {
                match column.try_as_col_major() {
                    Some(values) => {
                        to.iter_mut().zip(values.as_slice()).for_each(|(to, value)| *to = double(*value));
                    }
                    None => to.iter_mut().zip(column.iter()).for_each(|(to, value)| *to = double(*value)),
                }
            }
        } else {
            for (i, row) in block.row_iter().enumerate() {
                let to = to[i..].iter_mut().step_by(rows.len());
                to.zip(row.iter()).for_each(|(to, value)| *to = double(*value));
            }
        }
    }

    fn by_columns(&self) -> bool {
        self.row_stride().unsigned_abs() <= self.col_stride().unsigned_abs()
    }

    fn replayable(&self) -> bool {
        true
    }
}

/// A matrix that a [`Batch`](crate::Batch) owns, or that is read as it lies.
impl<T: Scalar> Rows for Mat<T> {
    fn rows(&self) -> usize {
        self.nrows()
    }

    fn columns(&self) -> usize {
        self.ncols()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        self.as_ref().read(rows, columns, to);
    }

    fn by_columns(&self) -> bool {
        true
    }

    fn replayable(&self) -> bool {
        true
    }
}

/// Without a copy.
///
/// ```
/// # #[cfg(feature = "faer")] {
/// use faer::mat;
/// use ridgepath::Ridge;
/// let x = mat![[1.0, 0.5], [2.0, 0.1], [3.0, 0.9], [4.0, 0.2]];
/// let y = mat![[1.0], [2.1], [2.9], [4.2]];
/// let path = Ridge::new().lambdas([0.1]).fit(&x, &y)?;
/// let first_three = Ridge::new().lambdas([0.1]).fit(&x.get(..3, ..), &y.get(..3, ..))?;
/// # assert_eq!((path.features(), first_three.features()), (2, 2));
/// # }
/// # Ok::<(), ridgepath::Error>(())
/// ```
impl<'a, T: Scalar> From<&'a Mat<T>> for View<'a> {
    fn from(matrix: &'a Mat<T>) -> Self {
        View(Held::Elsewhere(Block::new(matrix)))
    }
}

/// Without a copy, whatever the strides.
impl<'a, T: Scalar> From<&'a MatRef<'_, T>> for View<'a> {
    fn from(matrix: &'a MatRef<'_, T>) -> Self {
        View(Held::Elsewhere(Block::new(matrix)))
    }
}
