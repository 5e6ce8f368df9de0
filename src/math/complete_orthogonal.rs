//! The complete orthogonal decomposition, for least-norm solutions of deficient rank (Golub and Van Loan, *Matrix
//! Computations* (2013), §5.4.7).

use nalgebra::{ColPivQR, DMatrix, QR};

/// A = Q₁·Uᵀ·Wᵀ with U upper triangular of order `rank`, and W of orthonormal columns.
pub(crate) struct CompleteOrthogonal {
    pub(crate) rank: usize,
    /// An estimate of the condition number of what is kept of A: the ratio of the largest pivot to the smallest.
    pub(crate) condition: f64,
    upper: DMatrix<f64>,
    basis: DMatrix<f64>,
}

impl CompleteOrthogonal {
    /// Decomposes A; pivots below `least` times the first count as 0. With it Q₁ᵀz.
    pub(crate) fn new(a: DMatrix<f64>, mut z: DMatrix<f64>, least: f64) -> (Self, DMatrix<f64>) {
        let n = a.ncols();
        let qr = ColPivQR::new(a);
        qr.q_tr_mul(&mut z);
        let r = qr.r();
        let pivots: Vec<f64> = r.diagonal().iter().map(|pivot| pivot.abs()).collect();
        let first = pivots.iter().copied().fold(0.0, f64::max);
        let rank = pivots.iter().take_while(|pivot| **pivot > least * first).count();
        let kept = pivots[..rank].iter().copied().fold(f64::INFINITY, f64::min);
        let condition = if rank > 0 { first / kept } else { 1.0 };
        let (upper, basis) = match rank {
            0 => (DMatrix::zeros(0, 0), DMatrix::zeros(n, 0)),
            _ => {
                let (mut basis, upper) = QR::new(r.rows(0, rank).transpose()).unpack();
                qr.p().inv_permute_rows(&mut basis);
                (upper, basis)
            }
        };
        (Self { rank, condition, upper, basis }, z.rows(0, rank).into_owned())
    }

    /// The least-norm w of Aw ≈ z, from Q₁ᵀz.
    pub(crate) fn solve(&self, mut z: DMatrix<f64>) -> DMatrix<f64> {
        let _ = self.upper.tr_solve_upper_triangular_mut(&mut z);
        &self.basis * z
    }

    /// (AᵀA)⁺c.
    pub(crate) fn solve_normal(&self, c: &DMatrix<f64>) -> DMatrix<f64> {
        let mut reduced = self.basis.tr_mul(c);
        let _ = self.upper.solve_upper_triangular_mut(&mut reduced);
        self.solve(reduced)
    }
}
