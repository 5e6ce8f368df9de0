//! Stage `gram` on the CPU: rows to [`Moments`].

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::error::Result;
use crate::math::few_columns::{FEW, products};
use crate::math::lanes::{LANES, vectorized};
use crate::math::powers::scaled;
use crate::math::product::{RowBlock, add_product};
use crate::math::scalar::Scalar;
use crate::math::threads::at_least;
use crate::moments::Moments;

/// Rows copied, centred and scaled at a time.
const BLOCK: usize = 256;
/// Rows that one task sums where G is small.
const RUN: usize = 1024;
/// Tasks whose sums are held at a time.
const RUNS: usize = 16;
/// Numbers of G and c up to which G is small.
const SMALL: usize = 65_536;

/// The centred moments of a problem, the products in the arithmetic of `A` and their sums in `f64`.
///
/// Means are taken in `f64` and subtracted before anything is squared (two passes over the rows). The bits
/// do not depend on the number of threads.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub fn gram<A: Scalar>(problem: &Problem<'_>) -> Result<Moments> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    stage!("gram", rows = m, features = n, targets = t);
    Moments::check_numbers(n, t)?;
    let rows = Framed::centred(problem)?;
    let mut sums = GramSums::new(n, t);
    if n * (n + t) <= SMALL && m > RUN {
        let of = |start: usize| {
            let mut run = GramSums::new(n, t);
            run.add_rows::<A>(&rows, start..m.min(start + RUN));
            run
        };
        for wave in (0..m).step_by(RUN).collect::<Vec<_>>().chunks(RUNS) {
            let runs: Vec<GramSums> =
                wave.par_iter().with_min_len(at_least(RUN * n * (n + t) / LANES)).map(|start| of(*start)).collect();
            runs.iter().for_each(|run| sums.add(run));
        }
    } else {
        sums.add_rows::<A>(&rows, 0..m);
    }
    sums.parts().into_iter().flatten().for_each(|sum| *sum = scaled(*sum, rows.unit()));
    Ok(Moments::of_framed(&rows, sums.gram, sums.cross, sums.squares))
}

/// XᵀX, of which the lower triangle counts, Xᵀy and Σ y² of each target, of framed rows.
struct GramSums {
    gram: DMatrix<f64>,
    cross: DMatrix<f64>,
    squares: Vec<f64>,
}

impl GramSums {
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

    /// Adds framed rows, with weights in the units of [`Framed::unit`].
    fn add_rows<A: Scalar>(&mut self, framed: &Framed<'_>, rows: std::ops::Range<usize>) {
        let (n, t) = (framed.problem().features(), framed.problem().targets());
        let most = BLOCK.min(rows.len()).next_multiple_of(LANES);
        let mut block = DMatrix::<A>::zeros(most, n + t);
        for start in rows.clone().step_by(BLOCK) {
            let count = BLOCK.min(rows.end - start);
            let roots = framed.roots(start..start + count);
            framed.columns_to(start, &roots, 0..n + t, &mut block);
            let all = RowBlock::of(&block, 0, count);
            let (x, y) = (all.columns(0, n), all.columns(n, t));
            vectorized(
                #[inline(always)]
                || {
                    for (target, sum) in self.squares.iter_mut().enumerate() {
                        *sum += squares(y.columns(target, 1).first());
                    }
                },
            );
            if n + t <= FEW {
                // What is left there of the rows before.
                block.rows_mut(count, most - count).fill(A::zero());
                products(block.as_slice(), most, n, |i, j, sum| match i.checked_sub(n) {
                    None => self.gram[(i, j)] += sum,
                    Some(target) => self.cross[(j, target)] += sum,
                });
            } else {
                add_product(x, x, &mut self.gram, true);
                add_product(x, y, &mut self.cross, false);
            }
        }
    }
}

/// Σ y², in lanes that are added at the end.
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
