//! Stage `gram` on the CPU to twice the digits, for equations whose answer double precision would spoil.

use std::ops::Range;

use rayon::prelude::*;

use crate::data::framed::Framed;
use crate::equations::normal::{Exact, NormalEquations};
use crate::math::extended::{self, Strips, Wide};
use crate::math::lanes::LANES;
use crate::math::powers::{exponent, scaled};
use crate::math::threads::at_least;

/// Rows copied, centred and scaled at a time.
const BLOCK: usize = 512;

/// Equations with G and c from the rows, centred where they have an intercept, to about 100 bits, in two doubles each.
pub(crate) fn exact(framed: &Framed<'_>, normal: NormalEquations) -> NormalEquations {
    let problem = framed.problem();
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let rows = WeightedRows::new(framed);
    let mut gram = Wide::zeros(n, n);
    let mut cross = Wide::zeros(n, t);
    for start in (0..m).step_by(BLOCK) {
        let block = start..m.min(start + BLOCK);
        let x = rows.strips(block.clone(), 0..n);
        let y = rows.strips(block.clone(), n..n + t);
        match rows.weights.get(block) {
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
    NormalEquations { gram: gram.high, cross: cross.high, exact: Some(exact), ..normal }
}

/// Framed rows in units of the largest number of each column, as weights leave it. A weight s = 4ʰ·r counts as 2ʰ in both
/// factors of a product, and as r in one: no root is rounded.
struct WeightedRows<'a> {
    framed: &'a Framed<'a>,
    /// h of each row less the largest h; `None` for rows of weight 0.
    halves: Vec<Option<i32>>,
    /// Whether two rows differ in h.
    uneven: bool,
    /// r of each row; empty when all are 1.
    weights: Vec<f64>,
    /// Column j is in units of 2^`exponents[j]`.
    exponents: Vec<i32>,
    /// The exponent of the largest framed number of column j once rows are multiplied by 2ʰ; 0 where all rows have one h.
    inner: Vec<i32>,
    /// Products are in units of 2^(`unit` + `exponents[i]` + `exponents[j]`).
    unit: i32,
}

impl<'a> WeightedRows<'a> {
    fn new(framed: &'a Framed<'a>) -> Self {
        let problem = framed.problem();
        let half = |s: f64| exponent(s).div_euclid(2);
        let most = half(problem.weight(problem.heaviest()));
        let every = (0..problem.rows()).map(|row| problem.weight(row));
        let halves: Vec<_> = every.clone().map(|s| (s > 0.0).then(|| half(s) - most)).collect();
        let weights: Vec<f64> = every.map(|s| scaled(s, -2 * half(s))).collect();
        let plain = weights.iter().zip(&halves).all(|(r, half)| *r == 1.0 || half.is_none());
        let uneven = halves.iter().flatten().any(|half| *half != 0);
        let mut rows = Self {
            framed,
            uneven,
            weights: if plain { Vec::new() } else { weights },
            exponents: framed.exponents().to_vec(),
            inner: vec![0; framed.exponents().len()],
            unit: 2 * most,
            halves,
        };
        if uneven {
            let mut largest = vec![None; rows.inner.len()];
            framed.visit(0..problem.rows(), 0..largest.len(), |row, j, value| {
                if let (Some(half), true) = (rows.halves[row], value != 0.0) {
                    largest[j] = largest[j].max(Some(exponent(value) + half));
                }
            });
            rows.inner = largest.into_iter().map(Option::unwrap_or_default).collect();
            rows.exponents.iter_mut().zip(&rows.inner).for_each(|(exponent, inner)| *exponent += inner);
        }
        rows
    }

    /// A block of rows and columns, as a factor of products.
    fn strips(&self, rows: Range<usize>, columns: Range<usize>) -> Strips {
        let mut strips = self.framed.strips(rows.clone(), columns.clone());
        if self.uneven {
            let halves = &self.halves[rows];
            strips.strips().with_min_len(at_least(16 * halves.len() * LANES)).enumerate().for_each(
                |(strip, values)| {
                    for (lane, j) in columns.clone().skip(strip * LANES).take(LANES).enumerate() {
                        for ((half, high), low) in halves.iter().zip(&mut *values.0).zip(&mut *values.1) {
                            let by = half.unwrap_or_default() - self.inner[j];
                            (high[lane], low[lane]) = (scaled(high[lane], by), scaled(low[lane], by));
                        }
                    }
                },
            );
        }
        strips
    }
}
