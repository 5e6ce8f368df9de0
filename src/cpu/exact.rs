//! Stage `gram` on the CPU to twice the digits, for equations whose answer double precision would spoil.

use nalgebra::DMatrixViewMut;
use rayon::prelude::*;

use crate::error::Result;
use crate::frame::Frame;
use crate::normal::{Exact, NormalEquations};
use crate::problem::Problem;
use crate::scale::{exponent, scaled};
use crate::view::Scalar;
use crate::wide::{self, Slices, TERMS, Wide, two_product, two_sum};

/// Columns of a product that one task computes.
const PANEL: usize = 64;
/// Framed values lie below 2^`TOP`.
pub(crate) const TOP: i32 = 1;
/// Times a weight below 4.
pub(crate) const WEIGHED: i32 = TOP + 2;

/// The same equations with G and c from the rows to about 100 bits, in two doubles each.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub(crate) fn exact<T: Scalar>(problem: &Problem<'_, T>, normal: NormalEquations) -> Result<NormalEquations> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let frame = if normal.model.intercept { Frame::measure(problem)? } else { Frame::scaling(problem) };
    let rows = Rows::new(problem, &frame);
    let mut gram = Wide::zeros(n, n);
    let mut cross = Wide::zeros(n, t);
    for start in (0..m).step_by(TERMS) {
        let count = TERMS.min(m - start);
        let (mut x, mut y) = (Wide::zeros(count, n), Wide::zeros(count, t));
        let set = |to: &mut Wide, row: usize, j: usize, column: usize, value: f64| {
            let at = (row - start, j);
            (to.high[at], to.low[at]) = rows.apply(row, column, value);
        };
        problem.x().visit(start, count, |row, j, value| set(&mut x, row, j, j, value));
        problem.y().visit(start, count, |row, j, value| set(&mut y, row, j, n + j, value));
        let (y, weighed) = match rows.weights.get(start..start + count) {
            Some(weights) => (weigh(y, weights).cut(WEIGHED), Some(weigh(x.clone(), weights).cut(WEIGHED))),
            None => (y.cut(TOP), None),
        };
        let x = x.cut(TOP);
        let left = wide::transposed(&x);
        add(&mut gram, &left, weighed.as_ref().unwrap_or(&x), true);
        add(&mut cross, &left, &y, false);
    }
    let feature = |j: usize| rows.exponents[j] + normal.unit[j];
    let target = |j: usize| rows.exponents[n + j] - normal.target_unit[j];
    let gram = gram.scaled(|i, j| rows.unit + feature(i) + feature(j)).symmetric();
    let cross = cross.scaled(|i, j| rows.unit + feature(i) + target(j));
    // Each product lacks what lies below the last slice.
    let lost = wide::lost(m, TOP + WEIGHED);
    let widest = (0..n).filter(|j| gram.high[(*j, *j)] > 0.0).map(feature).chain((0..t).map(target)).max().unwrap_or(0);
    let exact = Exact { gram_low: gram.low, cross_low: cross.low, error: scaled(lost, 2 * widest + rows.unit) };
    Ok(NormalEquations { gram: gram.high, cross: cross.high, exact: Some(exact), ..normal })
}

/// Framed rows in units of the largest number of each column, as weights leave it. A weight s = 4ʰ·r counts as 2ʰ in both
/// factors of a product, and as r in one: no root is rounded.
struct Rows<'a> {
    frame: &'a Frame,
    /// h of each row less the largest h; `None` for rows of weight 0.
    halves: Vec<Option<i32>>,
    /// r of each row; empty when all are 1.
    weights: Vec<f64>,
    /// Column j is in units of 2^`exponents[j]`.
    exponents: Vec<i32>,
    inner: Vec<i32>,
    /// Products are in units of 2^`unit` besides.
    unit: i32,
}

impl<'a> Rows<'a> {
    fn new<T: Scalar>(problem: &Problem<'_, T>, frame: &'a Frame) -> Self {
        let n = problem.features();
        let half = |s: f64| exponent(s).div_euclid(2);
        let most = half(problem.weight(problem.heaviest()));
        let every = (0..problem.rows()).map(|row| problem.weight(row));
        let halves: Vec<_> = every.clone().map(|s| (s > 0.0).then(|| half(s) - most)).collect();
        let weights: Vec<f64> = every.map(|s| scaled(s, -2 * half(s))).collect();
        let plain = weights.iter().zip(&halves).all(|(r, half)| *r == 1.0 || half.is_none());
        let mut rows = Self {
            frame,
            weights: if plain { Vec::new() } else { weights },
            exponents: frame.exponents.clone(),
            inner: vec![0; frame.exponents.len()],
            unit: 2 * most,
            halves,
        };
        if rows.halves.iter().flatten().any(|half| *half != 0) {
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

    fn apply(&self, row: usize, j: usize, value: f64) -> (f64, f64) {
        let Some(half) = self.halves[row] else { return (0.0, 0.0) };
        let (high, low) = self.frame.apply_wide(j, value);
        let by = half - self.inner[j];
        if by == 0 { (high, low) } else { (scaled(high, by), scaled(low, by)) }
    }
}

/// Each row times its weight.
pub(crate) fn weigh(mut rows: Wide, weights: &[f64]) -> Wide {
    for j in 0..rows.high.ncols() {
        for (i, s) in weights.iter().enumerate() {
            let (high, low) = two_product(rows.high[(i, j)], *s);
            (rows.high[(i, j)], rows.low[(i, j)]) = two_sum(high, low + rows.low[(i, j)] * s);
        }
    }
    rows
}

/// sum += ab, of the lower triangle alone if `lower`.
pub(crate) fn add(sum: &mut Wide, a: &Slices, b: &Slices, lower: bool) {
    let (n, rows) = (sum.high.nrows(), b[0].nrows());
    let columns =
        sum.high.as_mut_slice().par_chunks_mut(n * PANEL).zip(sum.low.as_mut_slice().par_chunks_mut(n * PANEL));
    columns.enumerate().for_each(|(panel, (high, low))| {
        let first = panel * PANEL;
        let width = high.len() / n;
        let top = if lower { first } else { 0 };
        let (mut high, mut low) =
            (DMatrixViewMut::from_slice(high, n, width), DMatrixViewMut::from_slice(low, n, width));
        wide::add_product(
            (&mut high.rows_mut(top, n - top), &mut low.rows_mut(top, n - top)),
            &wide::parts(a, (top, 0), (n - top, rows)),
            &wide::parts(b, (0, first), (rows, width)),
        );
    });
}
