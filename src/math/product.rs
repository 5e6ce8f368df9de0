//! Products of matrices on one thread, so that the bits do not depend on how many there are.

use nalgebra::{DMatrix, DMatrixViewMut};
use rayon::prelude::*;

use crate::math::lanes::LANES;
use crate::math::scalar::Scalar;
use crate::math::threads::at_least;

/// Columns of a sum that one task computes: below the diagonal only, so about half the work of a full product.
const PANEL: usize = 64;

/// Some rows and columns of a matrix, column after column, `stride` elements apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowBlock<'a, A> {
    values: &'a [A],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    stride: usize,
}

impl<'a, A: Scalar> RowBlock<'a, A> {
    /// The rows `start .. start + count`, of which there is one at least.
    pub(crate) fn of(matrix: &'a DMatrix<A>, start: usize, count: usize) -> Self {
        let values = &matrix.as_slice()[start..];
        Self { values, rows: count, columns: matrix.ncols(), stride: matrix.nrows() }
    }

    /// The numbers of the first column.
    pub(crate) fn first(self) -> &'a [A] {
        &self.values[..self.rows]
    }

    pub(crate) fn columns(self, first: usize, count: usize) -> Self {
        let values = self.values.get(first * self.stride..).unwrap_or_default();
        Self { values, columns: count, ..self }
    }

    fn matrix(&self) -> faer::MatRef<'a, A> {
        faer::MatRef::from_column_major_slice_with_stride(self.values, self.rows, self.columns, self.stride)
    }
}

/// sum += aᵀb, products and their sums over the rows in the arithmetic of `A`; where `lower`, the first rows of the sum are
/// a square of which the lower triangle counts.
pub(crate) fn add_transposed<A: Scalar>(
    a: RowBlock<'_, A>,
    b: RowBlock<'_, A>,
    mut sum: DMatrixViewMut<'_, f64>,
    lower: bool,
) {
    use faer::linalg::matmul::matmul;
    use faer::linalg::matmul::triangular::{self, BlockStructure};
    use faer::{Accum, MatMut, Par};

    let (rows, columns) = sum.shape();
    let mut product = DMatrix::<A>::zeros(rows, columns);
    let to = MatMut::from_column_major_slice_mut(product.as_mut_slice(), rows, columns);
    let square = if lower { columns.min(rows) } else { 0 };
    let (top, rest) = to.split_at_row_mut(square);
    let under = a.columns(square, rows - square).matrix();
    matmul(rest, Accum::Replace, under.transpose(), b.matrix(), A::one(), Par::Seq);
    if lower {
        let (left, half, whole) =
            (a.columns(0, square).matrix(), BlockStructure::TriangularLower, BlockStructure::Rectangular);
        triangular::matmul(top, half, Accum::Replace, left.transpose(), whole, b.matrix(), whole, A::one(), Par::Seq);
    }
    sum.zip_apply(&product, |sum, value| *sum += Into::<f64>::into(value));
}

/// a·b of two matrices, column after column, with `inner` columns and rows.
pub(crate) fn product(a: &[f64], b: &[f64], inner: usize) -> DMatrix<f64> {
    let mut product = DMatrix::zeros(a.len() / inner, b.len() / inner);
    product_into(product.as_mut_slice(), a, b, inner);
    product
}

/// [`product`], written over what is there.
pub(crate) fn product_into(to: &mut [f64], a: &[f64], b: &[f64], inner: usize) {
    use faer::linalg::matmul::matmul;
    use faer::{Accum, MatMut, MatRef, Par};

    let (rows, columns) = (a.len() / inner, b.len() / inner);
    let to = MatMut::from_column_major_slice_mut(to, rows, columns);
    let a = MatRef::from_column_major_slice(a, rows, inner);
    let b = MatRef::from_column_major_slice(b, inner, columns);
    matmul(to, Accum::Replace, a, b, 1.0, Par::Seq);
}

/// sum += aᵀb, of the lower triangle alone if `lower`.
pub(crate) fn add_product<A: Scalar>(a: RowBlock<'_, A>, b: RowBlock<'_, A>, sum: &mut DMatrix<f64>, lower: bool) {
    let n = a.columns;
    let panels = sum.as_mut_slice().par_chunks_mut(n * PANEL).with_min_len(at_least(a.rows * n * PANEL / LANES));
    panels.enumerate().for_each(|(panel, columns)| {
        let first = panel * PANEL;
        let width = columns.len() / n;
        let top = if lower { first } else { 0 };
        let mut columns = DMatrixViewMut::from_slice(columns, n, width);
        add_transposed(a.columns(top, n - top), b.columns(first, width), columns.rows_mut(top, n - top), lower);
    });
}
