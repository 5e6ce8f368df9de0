//! Stage `gram` on the CPU: rows to [`Moments`].

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};
use rayon::prelude::*;

use crate::error::Result;
use crate::frame::Frame;
use crate::moments::Moments;
use crate::parallel::at_least;
use crate::problem::Problem;
use crate::scale::{exponent, scaled};
use crate::simd::vectorized;
use crate::view::{Scalar, View};

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
        let fill = |block: &mut DMatrix<A>, from: View<'_, T>, before: usize| {
            let rows = block.nrows();
            let panels = block.as_mut_slice().par_chunks_mut(rows * PANEL).with_min_len(at_least(8 * count * PANEL));
            panels.enumerate().for_each(|(panel, columns)| {
                let (first, width) = (panel * PANEL, columns.len() / rows);
                let mut values = vec![0.0; count * width];
                from.column_range(first, width).load(start, count, &mut values);
                vectorized(
                    #[inline(always)]
                    || {
                        for (j, (values, column)) in values.chunks(count).zip(columns.chunks_mut(rows)).enumerate() {
                            for ((value, own), root) in values.iter().zip(column).zip(&roots) {
                                let value =
                                    if *root > 0.0 { frame.apply(before + first + j, *value) * root } else { 0.0 };
                                *own = A::round_from(value);
                            }
                        }
                    },
                );
            });
        };
        fill(&mut x, problem.x(), 0);
        fill(&mut y, problem.y(), n);
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
    let a = transposed(a);
    let panels = sum.as_mut_slice().par_chunks_mut(n * PANEL).with_min_len(at_least(2 * a.len() * PANEL));
    panels.enumerate().for_each(|(panel, columns)| {
        let first = panel * PANEL;
        let width = columns.len() / n;
        let top = if lower { first } else { 0 };
        let product = a.rows(top, n - top) * b.columns(first, width);
        let mut columns = DMatrixViewMut::from_slice(columns, n, width);
        columns.rows_mut(top, n - top).zip_apply(&product, |sum, value| *sum += Into::<f64>::into(value));
    });
}

/// aᵀ, tile by tile, so that neither side is read or written across the memory.
fn transposed<A: Scalar>(a: &Block<'_, A>) -> DMatrix<A> {
    const TILE: usize = 16;
    let (rows, n) = a.shape();
    let mut t = DMatrix::zeros(n, rows);
    for start in (0..rows).step_by(TILE) {
        for first in (0..n).step_by(TILE) {
            for row in start..(start + TILE).min(rows) {
                for j in first..(first + TILE).min(n) {
                    t[(j, row)] = a[(row, j)];
                }
            }
        }
    }
    t
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
