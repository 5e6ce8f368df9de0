//! Reductions of rows to a triangle, a block at a time.

use nalgebra::{DMatrix, QR};

/// The rows of `above`, and under them the rows of `below`.
pub(crate) fn stack(above: &DMatrix<f64>, below: &DMatrix<f64>) -> DMatrix<f64> {
    let mut both = above.clone().resize_vertically(above.nrows() + below.nrows(), 0.0);
    both.rows_mut(above.nrows(), below.nrows()).copy_from(below);
    both
}

/// R of x = QR, and the rows of Qᵀy that stand beside R.
pub(crate) fn reduce(x: DMatrix<f64>, mut y: DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let rows = x.nrows().min(x.ncols());
    let qr = QR::new(x);
    qr.q_tr_mul(&mut y);
    (qr.r(), y.resize_vertically(rows, 0.0))
}
