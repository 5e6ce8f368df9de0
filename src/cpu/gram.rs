//! Stage `gram` on the CPU: rows to [`Moments`].

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};
use rayon::prelude::*;

use crate::error::Result;
use crate::moments::{Frame, Moments};
use crate::problem::Problem;
use crate::scale::{exponent, scaled};
use crate::view::Scalar;

/// Rows copied, centred and scaled at a time.
const BLOCK: usize = 512;
/// Columns of G that one task computes: below the diagonal only, so about half the work of a full product.
const PANEL: usize = 64;

/// The centred moments of a problem, the products in the arithmetic of `A` and their sums in `f64`.
///
/// Means are taken in `f64` and subtracted before anything is squared (two passes over the rows). The same
/// bits whatever the number of threads.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub fn gram<A: Scalar, T: Scalar>(problem: &Problem<'_, T>) -> Result<Moments> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let frame = Frame::measure(problem)?;
    let mut moments = Moments::new(n, t);
    // Weights in units of an even power of two, so that their roots fit f32.
    let unit = exponent(problem.weight(problem.heaviest())) & !1;
    let mut x = DMatrix::<A>::zeros(BLOCK.min(m), n);
    let mut y = DMatrix::<A>::zeros(BLOCK.min(m), t);
    for start in (0..m).step_by(BLOCK) {
        let count = BLOCK.min(m - start);
        let roots: Vec<f64> = (start..start + count).map(|row| scaled(problem.weight(row), -unit).sqrt()).collect();
        // Rows of weight 0 count for nothing, however far away they lie.
        let value = |row: usize, j: usize, value: f64| {
            let root = roots[row - start];
            A::round_from(if root > 0.0 { frame.apply(j, value) * root } else { 0.0 })
        };
        problem.x().visit(start, count, |row, j, v| x[(row - start, j)] = value(row, j, v));
        problem.y().visit(start, count, |row, j, v| y[(row - start, j)] = value(row, n + j, v));
        let (x, y) = (x.rows(0, count), y.rows(0, count));
        add_product(&x, &x, &mut moments.gram, true);
        add_product(&x, &y, &mut moments.cross, false);
        for (target, sum) in moments.squares.iter_mut().enumerate() {
            *sum += y.column(target).iter().map(|v| Into::<f64>::into(*v).powi(2)).sum::<f64>();
        }
    }
    for sum in [moments.gram.as_mut_slice(), moments.cross.as_mut_slice(), moments.squares.as_mut_slice()] {
        sum.iter_mut().for_each(|sum| *sum = scaled(*sum, unit));
    }
    moments.rows = m;
    moments.positive_rows = frame.positive_rows;
    moments.weight_sum = problem.weight_sum();
    (moments.means, moments.lows) = frame.means();
    moments.exponents = frame.exponents;
    Ok(moments)
}

/// A view of the first rows of a block.
pub(crate) type Block<'a, A> = DMatrixView<'a, A, nalgebra::U1, nalgebra::Dyn>;

/// sum += aᵀb, of the lower triangle alone if `lower`.
pub(crate) fn add_product<A: Scalar>(a: &Block<'_, A>, b: &Block<'_, A>, sum: &mut DMatrix<f64>, lower: bool) {
    let n = a.ncols();
    // nalgebra has a fast product for a copy of the transpose only.
    let a = a.transpose();
    sum.as_mut_slice().par_chunks_mut(n * PANEL).enumerate().for_each(|(panel, columns)| {
        let first = panel * PANEL;
        let width = columns.len() / n;
        let top = if lower { first } else { 0 };
        let product = a.rows(top, n - top) * b.columns(first, width);
        let mut columns = DMatrixViewMut::from_slice(columns, n, width);
        columns.rows_mut(top, n - top).zip_apply(&product, |sum, value| *sum += Into::<f64>::into(value));
    });
}

impl Moments {
    /// Adds rows, in `f64`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when features or targets differ,
    /// [`Error::Span`](crate::Error::Span).
    pub fn push<T: Scalar>(&mut self, problem: &Problem<'_, T>) -> Result<()> {
        self.merge(&gram::<f64, T>(problem)?)
    }
}
