//! Products of matrices on one thread, so that the bits do not depend on how many there are.

use nalgebra::DMatrix;

/// a·b of two matrices, column after column, with `inner` columns and rows.
#[cfg(feature = "faer")]
pub(crate) fn product(a: &[f64], b: &[f64], inner: usize) -> DMatrix<f64> {
    use faer::linalg::matmul::matmul;
    use faer::{Accum, MatMut, MatRef, Par};

    let (rows, columns) = (a.len() / inner, b.len() / inner);
    let mut product = DMatrix::zeros(rows, columns);
    let to = MatMut::from_column_major_slice_mut(product.as_mut_slice(), rows, columns);
    let a = MatRef::from_column_major_slice(a, rows, inner);
    let b = MatRef::from_column_major_slice(b, inner, columns);
    matmul(to, Accum::Replace, a, b, 1.0, Par::Seq);
    product
}

#[cfg(not(feature = "faer"))]
pub(crate) fn product(a: &[f64], b: &[f64], inner: usize) -> DMatrix<f64> {
    use nalgebra::DMatrixView;

    DMatrixView::from_slice(a, a.len() / inner, inner) * DMatrixView::from_slice(b, inner, b.len() / inner)
}
