//! Stage `eigen` on the CPU: all eigenvalues and eigenvectors of a symmetric matrix.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{ColMut, MatMut, MatRef, Par};
use nalgebra::{DMatrix, DVector};

/// A = V·diag(d)·Vᵀ with V orthogonal.
#[derive(Debug, Clone)]
pub struct Eigen {
    /// d, n values in ascending order.
    pub values: DVector<f64>,
    /// V, n × n: column j belongs to value j.
    pub vectors: DMatrix<f64>,
}

/// Decomposes a symmetric matrix, of which the lower triangle counts; `None` when it holds what is not finite, or the
/// iteration does not converge. Values and vectors are those of a matrix within a few n·eps·‖A‖ of A. On one thread, so
/// that the bits do not depend on how many there are.
///
/// Reduced to a tridiagonal matrix, which is divided and conquered (Golub and Van Loan, *Matrix Computations* (2013),
/// §8.3 and §8.4).
#[must_use]
pub fn eigen(matrix: &DMatrix<f64>) -> Option<Eigen> {
    let n = matrix.nrows();
    if n == 0 {
        return Some(Eigen { values: DVector::zeros(0), vectors: DMatrix::zeros(0, 0) });
    }
    if !(0..n).all(|j| matrix.view((j, j), (n - j, 1)).iter().all(|value| value.is_finite())) {
        return None;
    }
    let mut values = DVector::zeros(n);
    let mut vectors = DMatrix::zeros(n, n);
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    self_adjoint_evd(
        MatRef::from_column_major_slice(matrix.as_slice(), n, n),
        ColMut::from_slice_mut(values.as_mut_slice()).as_diagonal_mut(),
        Some(MatMut::from_column_major_slice_mut(vectors.as_mut_slice(), n, n)),
        Par::Seq,
        MemStack::new(&mut MemBuffer::try_new(scratch).ok()?),
        Default::default(),
    )
    .ok()?;
    Some(Eigen { values, vectors })
}
