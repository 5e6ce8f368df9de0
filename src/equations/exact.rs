//! Stage `gram` on the CPU to twice the digits, for equations whose answer double precision would spoil.

use rayon::prelude::*;

use crate::data::frame::Frame;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::equations::normal::{Exact, NormalEquations};
use crate::error::Result;
use crate::math::extended::{self, Strips, Wide};
use crate::math::lanes::{LANES, Lanes, vectorized};
use crate::math::powers::{exponent, scaled};
use crate::math::threads::at_least;

/// Rows copied, centred and scaled at a time.
const BLOCK: usize = 512;

/// The same equations with G and c from the rows to about 100 bits, in two doubles each.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub(crate) fn exact(problem: &Problem<'_>, normal: NormalEquations) -> Result<NormalEquations> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let frame = if normal.model.intercept { Frame::measure(problem)? } else { Frame::scaling(problem) };
    let rows = Rows::new(problem, &frame);
    let mut gram = Wide::zeros(n, n);
    let mut cross = Wide::zeros(n, t);
    for start in (0..m).step_by(BLOCK) {
        let count = BLOCK.min(m - start);
        let x = rows.strips(problem.x(), 0, start, count);
        let y = rows.strips(problem.y(), n, start, count);
        match rows.weights.get(start..start + count) {
            Some(weights) => {
                gram.add_product(&x, &x.clone().weighed(weights), true);
                cross.add_product(&x, &y.weighed(weights), false);
            }
            None => {
                gram.add_product(&x, &x, true);
                cross.add_product(&x, &y, false);
            }
        }
    }
    let feature = |j: usize| rows.exponents[j] + normal.unit[j];
    let target = |j: usize| rows.exponents[n + j] - normal.target_unit[j];
    let gram = gram.scaled(|i, j| rows.unit + feature(i) + feature(j)).symmetric();
    let cross = cross.scaled(|i, j| rows.unit + feature(i) + target(j));
    // No magnitudes of products sum to more than the largest sum of squares.
    let most = gram.high.diagonal().iter().chain(&normal.squares).copied().fold(0.0, f64::max);
    let exact =
        Exact { gram_low: gram.low, cross_low: cross.low, error: extended::lost(m) * most, added_low: Vec::new() };
    Ok(NormalEquations { gram: gram.high, cross: cross.high, exact: Some(exact), ..normal })
}

/// Framed rows in units of the largest number of each column, as weights leave it. A weight s = 4ʰ·r counts as 2ʰ in both
/// factors of a product, and as r in one: no root is rounded.
struct Rows<'a> {
    frame: &'a Frame,
    /// h of each row less the largest h; `None` for rows of weight 0.
    halves: Vec<Option<i32>>,
    /// Whether they differ.
    uneven: bool,
    /// r of each row; empty when all are 1.
    weights: Vec<f64>,
    /// Column j is in units of 2^`exponents[j]`.
    exponents: Vec<i32>,
    inner: Vec<i32>,
    /// Products are in units of 2^`unit` besides.
    unit: i32,
}

impl<'a> Rows<'a> {
    fn new(problem: &Problem<'_>, frame: &'a Frame) -> Self {
        let n = problem.features();
        let half = |s: f64| exponent(s).div_euclid(2);
        let most = half(problem.weight(problem.heaviest()));
        let every = (0..problem.rows()).map(|row| problem.weight(row));
        let halves: Vec<_> = every.clone().map(|s| (s > 0.0).then(|| half(s) - most)).collect();
        let weights: Vec<f64> = every.map(|s| scaled(s, -2 * half(s))).collect();
        let plain = weights.iter().zip(&halves).all(|(r, half)| *r == 1.0 || half.is_none());
        let uneven = halves.iter().flatten().any(|half| *half != 0);
        let mut rows = Self {
            frame,
            uneven,
            weights: if plain { Vec::new() } else { weights },
            exponents: frame.exponents.clone(),
            inner: vec![0; frame.exponents.len()],
            unit: 2 * most,
            halves,
        };
        if uneven {
            let mut largest = vec![None; frame.exponents.len()];
            let mut take = |row: usize, j: usize, value: f64| {
                let value = frame.apply(j, value);
                if let (Some(half), true) = (rows.halves[row], value != 0.0) {
                    largest[j] = largest[j].max(Some(exponent(value) + half));
                }
            };
            problem.x().visit(0, problem.rows(), &mut take);
            problem.y().visit(0, problem.rows(), |row, j, value| take(row, n + j, value));
            rows.inner = largest.into_iter().map(Option::unwrap_or_default).collect();
            rows.exponents.iter_mut().zip(&rows.inner).for_each(|(own, inner)| *own += inner);
        }
        rows
    }

    /// The rows from `start` on of columns of which `before` come before.
    fn strips(&self, from: View<'_>, before: usize, start: usize, count: usize) -> Strips {
        let mut strips = Strips::zeros(count, from.columns());
        strips.strips().with_min_len(at_least(16 * count * LANES)).enumerate().for_each(|(strip, (high, low))| {
            let first = strip * LANES;
            let own = from.column_range(first, LANES.min(from.columns() - first));
            let mut values = vec![0.0; count * own.columns()];
            own.load(start, count, &mut values);
            for (lane, values) in values.chunks(count).enumerate() {
                self.fill(before + first + lane, start, values, (high, low), lane);
            }
        });
        strips
    }

    /// Values of column j from row `start` on into a lane.
    fn fill(&self, j: usize, start: usize, values: &[f64], (high, low): (&mut [Lanes], &mut [Lanes]), lane: usize) {
        let halves = &self.halves[start..start + values.len()];
        vectorized(
            #[inline(always)]
            || {
                let rows = values.iter().zip(halves).zip(high.iter_mut().zip(low.iter_mut()));
                for ((value, half), (high, low)) in rows {
                    let pair = self.frame.apply_wide(j, *value);
                    (high[lane], low[lane]) = if half.is_some() { pair } else { (0.0, 0.0) };
                }
            },
        );
        if self.uneven {
            for ((half, high), low) in halves.iter().zip(high).zip(low) {
                let by = half.unwrap_or_default() - self.inner[j];
                (high[lane], low[lane]) = (scaled(high[lane], by), scaled(low[lane], by));
            }
        }
    }
}
