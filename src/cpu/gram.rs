//! Stage `gram` on the CPU: rows to [`Moments`].

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::frame::{Centring, Frame};
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::Result;
use crate::math::lanes::{LANES, vectorized};
use crate::math::powers::{exponent, scaled};
use crate::math::product::Rows;
use crate::math::product::add_product;
use crate::math::scalar::Scalar;
use crate::math::threads::at_least;
use crate::moments::Moments;

/// Rows copied, centred and scaled at a time.
const BLOCK: usize = 256;
/// Rows that one task sums where G is small, and so many tasks at a time.
const RUN: usize = 1024;
const RUNS: usize = 16;
/// Numbers of all sums up to which they are small.
const SMALL: usize = 65_536;
/// Columns of G that one task computes where it is not: below the diagonal only, so about half the work of a full product.
const PANEL: usize = 64;

/// The centred moments of a problem, the products in the arithmetic of `A` and their sums in `f64`.
///
/// Means are taken in `f64` and subtracted before anything is squared (two passes over the rows). The same
/// bits whatever the number of threads.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub fn gram<A: Scalar>(problem: &Problem<'_>) -> Result<Moments> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let mut moments = Moments::try_new(n, t)?;
    let frame = Frame::measure(problem)?;
    // Weights in units of an even power of two, so that their roots fit f32.
    let unit = exponent(problem.weight(problem.heaviest())) & !1;
    let mut sums = Sums::new(n, t);
    if n * (n + t) <= SMALL && m > RUN {
        let of = |start: usize| {
            let mut own = Sums::new(n, t);
            own.add_rows::<A>(problem, &frame, unit, start..m.min(start + RUN));
            own
        };
        for wave in (0..m).step_by(RUN).collect::<Vec<_>>().chunks(RUNS) {
            let runs: Vec<Sums> =
                wave.par_iter().with_min_len(at_least(RUN * n * (n + t) / LANES)).map(|start| of(*start)).collect();
            runs.iter().for_each(|run| sums.add(run));
        }
    } else {
        sums.add_rows::<A>(problem, &frame, unit, 0..m);
    }
    sums.parts().into_iter().flatten().for_each(|sum| *sum = scaled(*sum, unit));
    (moments.gram, moments.cross, moments.squares) = (sums.gram, sums.cross, sums.squares);
    moments.rows = m;
    moments.positive_rows = frame.positive_rows;
    moments.weight_sum = problem.weight_sum();
    (moments.means, moments.lows) = frame.means();
    moments.exponents = frame.exponents;
    Ok(moments)
}

/// XᵀX, of which the lower triangle counts, Xᵀy and Σ y² of each target, of framed rows.
struct Sums {
    gram: DMatrix<f64>,
    cross: DMatrix<f64>,
    squares: Vec<f64>,
}

impl Sums {
    fn new(n: usize, t: usize) -> Self {
        Self { gram: DMatrix::zeros(n, n), cross: DMatrix::zeros(n, t), squares: vec![0.0; t] }
    }

    fn parts(&mut self) -> [&mut [f64]; 3] {
        [self.gram.as_mut_slice(), self.cross.as_mut_slice(), &mut self.squares]
    }

    fn add(&mut self, other: &Self) {
        let others = [other.gram.as_slice(), other.cross.as_slice(), &other.squares];
        for (sums, others) in self.parts().into_iter().zip(others) {
            sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
        }
    }

    /// Adds some rows, with the roots of their weights in units of 2^(`unit`/2).
    fn add_rows<A: Scalar>(&mut self, problem: &Problem<'_>, frame: &Frame, unit: i32, rows: std::ops::Range<usize>) {
        let (n, t) = (problem.features(), problem.targets());
        let mut x = DMatrix::<A>::zeros(BLOCK.min(rows.len()), n);
        let mut y = DMatrix::<A>::zeros(BLOCK.min(rows.len()), t);
        for start in rows.clone().step_by(BLOCK) {
            let count = BLOCK.min(rows.end - start);
            let roots: Vec<f64> = (start..start + count).map(|row| scaled(problem.weight(row), -unit).sqrt()).collect();
            fill(&mut x, problem.x(), start, &roots, |j| frame.column(j));
            fill(&mut y, problem.y(), start, &roots, |target| frame.column(n + target));
            let (x, y) = (Rows::of(&x, 0, count), Rows::of(&y, 0, count));
            add_product(x, x, &mut self.gram, true);
            add_product(x, y, &mut self.cross, false);
            vectorized(
                #[inline(always)]
                || {
                    for (target, sum) in self.squares.iter_mut().enumerate() {
                        *sum += squares(y.columns(target, 1).first());
                    }
                },
            );
        }
    }
}

/// Σ y², side by side.
#[inline(always)]
fn squares<A: Scalar>(values: &[A]) -> f64 {
    let mut lanes = [0.0; 2 * LANES];
    for block in values.chunks(2 * LANES) {
        for (lane, value) in lanes.iter_mut().zip(block) {
            let value: f64 = (*value).into();
            *lane += value * value;
        }
    }
    lanes.iter().sum()
}

/// Copies the rows from `start` on, centred, scaled and times these roots. Rows of weight 0 count for nothing, however far away
/// they lie.
fn fill<A: Scalar>(
    block: &mut DMatrix<A>,
    from: View<'_>,
    start: usize,
    roots: &[f64],
    column: impl Fn(usize) -> Centring + Sync,
) {
    let (rows, count) = (block.nrows(), roots.len());
    let panels = block.as_mut_slice().par_chunks_mut(rows * PANEL).with_min_len(at_least(2 * count * PANEL));
    panels.enumerate().for_each(|(panel, columns)| {
        let (first, width) = (panel * PANEL, columns.len() / rows);
        let mut values = vec![0.0; count * width];
        from.column_range(first, width).load(start, count, &mut values);
        let centring: Vec<Centring> = (first..first + width).map(&column).collect();
        vectorized(
            #[inline(always)]
            || {
                for ((values, own), centring) in values.chunks(count).zip(columns.chunks_mut(rows)).zip(&centring) {
                    for ((value, own), root) in values.iter().zip(own).zip(roots) {
                        let value = centring.apply(*value) * root;
                        *own = A::round_from(if *root > 0.0 { value } else { 0.0 });
                    }
                }
            },
        );
    });
}

impl Moments {
    /// Adds rows, in `f64`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when features or targets differ,
    /// [`Error::Span`](crate::Error::Span).
    pub fn push(&mut self, problem: &Problem<'_>) -> Result<()> {
        self.merge(&gram::<f64>(problem)?)
    }
}
