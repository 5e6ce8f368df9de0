//! Stage `factor` on the CPU: a blocked Cholesky factorization that reports where it fails.

use faer::linalg::{matmul::matmul, triangular_solve::solve_lower_triangular_in_place};
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::{DMatrix, DMatrixViewMut};

use crate::equations::normal::{NormalEquations, pivot_tolerance};
use crate::math::scalar::Scalar;
use crate::plan::LARGE;

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
        let (done, rest) = a.as_mut_slice().split_at_mut(start * n);
        let panel = Panel { columns: &mut rest[..n * width], n, start };
        if let Err(column) = panel.factor(done, |j, pivot| pivot > least * diagonal[start + j]) {
            return start + column + 1;
        }
    }
    0
}

/// A block of columns of order-n matrices, from row `start` on.
struct Panel<'a, A> {
    columns: &'a mut [A],
    n: usize,
    start: usize,
}

impl<A: Scalar> Panel<'_, A> {
    /// The columns of L in this panel, from the columns `done` before it; or the number of the column whose pivot is not `accepted`.
    fn factor(mut self, done: &[A], accepted: impl Fn(usize, A) -> bool) -> Result<(), usize> {
        if self.start > 0 {
            self.subtract(done);
        }
        let (n, start, width) = (self.n, self.start, self.columns.len() / self.n);
        let mut columns = DMatrixViewMut::from_slice(self.columns, n, width);
        let mut square = columns.rows_mut(start, width);
        for j in 0..width {
            let pivot = square[(j, j)];
            // Written so that NaN fails.
            if !accepted(j, pivot) {
                return Err(j);
            }
            let root = pivot.sqrt();
            square[(j, j)] = root;
            square.view_mut((j + 1, j), (width - j - 1, 1)).unscale_mut(root);
            let (before, mut after) = square.columns_range_pair_mut(0..j + 1, j + 1..width);
            let finished = before.column(j);
            for (i, mut column) in after.column_iter_mut().enumerate() {
                let other = j + 1 + i;
                column.rows_mut(other, width - other).axpy(
                    -finished[other],
                    &finished.rows(other, width - other),
                    A::one(),
                );
            }
        }
        if start + width < n {
            self.divide();
        }
        Ok(())
    }
}

impl<A: Scalar> Panel<'_, A> {
    fn matrix(&mut self) -> MatMut<'_, A> {
        let (n, start, width) = (self.n, self.start, self.columns.len() / self.n);
        MatMut::from_column_major_slice_mut(self.columns, n, width).subrows_mut(start, n - start)
    }

    /// Subtracts what the columns `done` have in the columns of this panel.
    fn subtract(&mut self, done: &[A]) {
        let (n, start, width) = (self.n, self.start, self.columns.len() / self.n);
        let left = MatRef::from_column_major_slice(done, n, start).subrows(start, n - start);
        subtract(self.matrix(), left, left.subrows(0, width).transpose(), if n < LARGE { n } else { ROWS });
    }

    /// Divides the rows below the diagonal square by the triangle of L in it.
    fn divide(&mut self) {
        let width = self.columns.len() / self.n;
        let (triangle, below) = self.matrix().split_at_row_mut(width);
        solve_lower_triangular_in_place(triangle.as_ref(), below.transpose_mut(), Par::Seq);
    }
}

/// rest −= left·top, by runs of `rows` rows side by side: the bits do not depend on the number of threads.
fn subtract<A: Scalar>(rest: MatMut<'_, A>, left: MatRef<'_, A>, top: MatRef<'_, A>, rows: usize) {
    let all = rest.nrows();
    if all <= rows {
        matmul(rest, Accum::Add, left, top, -A::one(), Par::Seq);
        return;
    }
    let half = (all / 2).next_multiple_of(rows);
    let (above, below) = rest.split_at_row_mut(half);
    let (left_above, left_below) = left.split_at_row(half);
    rayon::join(|| subtract(above, left_above, top, rows), || subtract(below, left_below, top, rows));
}
