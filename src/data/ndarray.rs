//! Rows from the arrays of ndarray: owned, shared or views, with any strides, negative ones too.

use std::ops::Range;

use ndarray::{ArrayBase, Axis, Data, Ix1, Ix2, s};

use crate::data::block::Block;
use crate::data::rows::Rows;
use crate::data::view::{Held, View, double};
use crate::math::scalar::Scalar;

/// A matrix: element (i, j) at `[[i, j]]`.
impl<T: Scalar, S: Data<Elem = T> + Sync> Rows for ArrayBase<S, Ix2> {
    fn rows(&self) -> usize {
        self.nrows()
    }

    fn columns(&self) -> usize {
        self.ncols()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        let block = self.slice(s![rows.clone(), columns]);
        if Rows::by_columns(self) {
            for (column, to) in block.axis_iter(Axis(1)).zip(to.chunks_mut(rows.len())) {
                to.iter_mut().zip(column).for_each(|(to, value)| *to = double(*value));
            }
        } else {
            for (i, row) in block.axis_iter(Axis(0)).enumerate() {
                let to = to[i..].iter_mut().step_by(rows.len());
                to.zip(row).for_each(|(to, value)| *to = double(*value));
            }
        }
    }

    fn by_columns(&self) -> bool {
        let [down, across] = [self.strides()[0], self.strides()[1]].map(isize::unsigned_abs);
        down <= across
    }

    fn replayable(&self) -> bool {
        true
    }
}

/// One column.
impl<T: Scalar, S: Data<Elem = T> + Sync> Rows for ArrayBase<S, Ix1> {
    fn rows(&self) -> usize {
        self.len()
    }

    fn columns(&self) -> usize {
        1
    }

    fn read(&self, rows: Range<usize>, _columns: Range<usize>, to: &mut [f64]) {
        to.iter_mut().zip(self.slice(s![rows])).for_each(|(to, value)| *to = double(*value));
    }

    fn by_columns(&self) -> bool {
        true
    }

    fn replayable(&self) -> bool {
        true
    }
}

/// Without a copy, whatever the strides.
///
/// ```
/// # #[cfg(feature = "ndarray")] {
/// use ndarray::{array, s};
/// use ridgepath::Ridge;
/// let x = array![[1.0, 0.5], [2.0, 0.1], [3.0, 0.9], [4.0, 0.2]];
/// let y = array![1.0, 2.1, 2.9, 4.2];
/// let path = Ridge::new().lambdas([0.1]).fit(&x, &y)?;
/// // The rows from the last on, and the columns too.
/// let backwards = Ridge::new().lambdas([0.1]).fit(&x.slice(s![..;-1, ..;-1]), &y.slice(s![..;-1]))?;
/// assert!((path.coefficients(0, 0)[0] - backwards.coefficients(0, 0)[1]).abs() < 1e-14);
/// # }
/// # Ok::<(), ridgepath::Error>(())
/// ```
impl<'a, T: Scalar, S: Data<Elem = T> + Sync> From<&'a ArrayBase<S, Ix2>> for View<'a> {
    fn from(array: &'a ArrayBase<S, Ix2>) -> Self {
        let (rows, columns) = array.dim();
        let strided = array.as_slice_memory_order().and_then(|values| {
            let [down, across] = [array.strides()[0], array.strides()[1]].map(|stride| usize::try_from(stride).ok());
            View::strided(values, rows, columns, down?, across?).ok()
        });
        strided.unwrap_or_else(|| View(Held::Elsewhere(Block::new(array))))
    }
}

/// One column, without a copy.
impl<'a, T: Scalar, S: Data<Elem = T> + Sync> From<&'a ArrayBase<S, Ix1>> for View<'a> {
    fn from(array: &'a ArrayBase<S, Ix1>) -> Self {
        array.as_slice().map_or_else(|| View(Held::Elsewhere(Block::new(array))), View::from)
    }
}
