//! Stage `factor` on the CPU: a blocked Cholesky factorization that reports where it fails.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dyn, U1};

use crate::normal::{NormalEquations, pivot_tolerance};
use crate::plan::LARGE;
use crate::view::Scalar;

const BLOCK: usize = 64;
/// Rows of a large matrix that one task works on.
const ROWS: usize = 256;

/// L with LLᵀ = G + shift·D of one λ, in the units of [`NormalEquations`], or the order of the first leading minor
/// that is not positive definite to working precision.
#[derive(Debug, Clone)]
pub struct Factor<A: Scalar> {
    /// The lower triangle counts.
    lower: DMatrix<A>,
    /// 0, or the order of the leading minor whose pivot failed.
    pub info: usize,
}

impl<A: Scalar> Factor<A> {
    /// L, n × n; what stands above the diagonal is without meaning.
    #[must_use]
    pub fn lower(&self) -> &DMatrix<A> {
        &self.lower
    }
}

/// Factors λ number k.
///
/// A pivot is accepted when it is greater than n·eps times the diagonal element it comes from: below that it
/// holds no correct digit. Higham, *Accuracy and Stability of Numerical Algorithms* (2002), ch. 10.
#[must_use]
pub fn factor<A: Scalar>(normal: &NormalEquations, k: usize) -> Factor<A> {
    let n = normal.features();
    let units = normal.steps(k);
    let added = normal.added(k);
    let mut a = DMatrix::<A>::zeros(n, n);
    for j in 0..n {
        for i in j..n {
            a[(i, j)] = A::round_from(normal.gram[(i, j)] * units[i] * units[j]);
        }
        a[(j, j)] = A::round_from(normal.gram[(j, j)] * units[j] * units[j] + added[j]);
    }
    let info = factor_in_place(&mut a);
    Factor { lower: a, info }
}

/// Left-looking by blocks of columns; 0, or the order of the first leading minor that fails.
fn factor_in_place<A: Scalar>(a: &mut DMatrix<A>) -> usize {
    let n = a.nrows();
    let least = A::round_from(pivot_tolerance(n, A::EPSILON));
    let diagonal: Vec<A> = a.diagonal().iter().copied().collect();
    for start in (0..n).step_by(BLOCK) {
        let width = BLOCK.min(n - start);
        let (done, mut rest) = a.columns_range_pair_mut(0..start, start..start + width);
        if start > 0 {
            let left = done.rows(start, n - start);
            let top = done.rows(start, width).transpose();
            subtract(rest.rows_mut(start, n - start), left, &top, if n < LARGE { n } else { ROWS });
        }
        for j in 0..width {
            let row = start + j;
            let pivot = rest[(row, j)];
            // Written so that NaN fails.
            if !(pivot > least * diagonal[row]) {
                return row + 1;
            }
            let root = pivot.sqrt();
            rest[(row, j)] = root;
            rest.view_mut((row + 1, j), (n - row - 1, 1)).unscale_mut(root);
            let (before, mut after) = rest.columns_range_pair_mut(0..j + 1, j + 1..width);
            let own = before.column(j);
            for (i, mut column) in after.column_iter_mut().enumerate() {
                let other = row + 1 + i;
                column.rows_mut(other, n - other).axpy(-own[other], &own.rows(other, n - other), A::one());
            }
        }
    }
    0
}

/// rest −= left·top, by runs of so many rows side by side: the same bits whatever the number of threads.
fn subtract<A: Scalar>(
    mut rest: DMatrixViewMut<'_, A, U1, Dyn>,
    left: DMatrixView<'_, A, U1, Dyn>,
    top: &DMatrix<A>,
    rows: usize,
) {
    let all = rest.nrows();
    if all <= rows {
        rest.gemm(-A::one(), &left, top, A::one());
        return;
    }
    let half = (all / 2).next_multiple_of(rows);
    let (above, below) = rest.rows_range_pair_mut(0..half, half..all);
    rayon::join(
        || subtract(above, left.rows(0, half), top, rows),
        || subtract(below, left.rows(half, all - half), top, rows),
    );
}
