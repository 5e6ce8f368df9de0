//! Stage `gram` on the CPU to twice the digits, for equations whose answer double precision would spoil.

use nalgebra::DMatrixViewMut;
use rayon::prelude::*;

use crate::error::Result;
use crate::moments::Frame;
use crate::normal::{Exact, NormalEquations};
use crate::problem::Problem;
use crate::scale::{exponent, scaled};
use crate::view::Scalar;
use crate::wide::{self, SLICES, Slices, TERMS, Wide, two_product, two_sum};

/// Columns of a product that one task computes.
const PANEL: usize = 64;
/// Framed values lie below 2^`TOP`.
const TOP: i32 = 1;

/// The same equations with G and c from the rows to about 100 bits, in two doubles each.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub(crate) fn exact<T: Scalar>(problem: &Problem<'_, T>, normal: NormalEquations) -> Result<NormalEquations> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let frame = if normal.model.intercept { Frame::measure(problem)? } else { Frame::scaling(problem) };
    // Weights in (0, 1], by a power of two.
    let heaviest = problem.weight(problem.heaviest());
    let unit = exponent(heaviest) + i32::from(scaled(heaviest, -exponent(heaviest)) > 1.0);
    let mut gram = Wide::zeros(n, n);
    let mut cross = Wide::zeros(n, t);
    for start in (0..m).step_by(TERMS) {
        let count = TERMS.min(m - start);
        let weights: Vec<f64> = (start..start + count).map(|row| scaled(problem.weight(row), -unit)).collect();
        let (mut x, mut y) = (Wide::zeros(count, n), Wide::zeros(count, t));
        let set = |to: &mut Wide, row: usize, j: usize, column: usize, value: f64| {
            if problem.weight(row) > 0.0 {
                let at = (row - start, j);
                (to.high[at], to.low[at]) = frame.apply_wide(column, value);
            }
        };
        problem.x().visit(start, count, |row, j, value| set(&mut x, row, j, j, value));
        problem.y().visit(start, count, |row, j, value| set(&mut y, row, j, n + j, value));
        let weighed = weights.iter().any(|s| *s != 1.0).then(|| weigh(x.clone(), &weights).cut(TOP, SLICES));
        let (x, y) = (x.cut(TOP, SLICES), weigh(y, &weights).cut(TOP, SLICES));
        let left = wide::transposed(&x);
        add(&mut gram, &left, weighed.as_ref().unwrap_or(&x), true);
        add(&mut cross, &left, &y, false);
    }
    Ok(composed(normal, gram, cross, &frame.exponents, unit, scaled(problem.weight_sum(), -unit)))
}

/// Each row times its weight.
fn weigh(mut rows: Wide, weights: &[f64]) -> Wide {
    for j in 0..rows.high.ncols() {
        for (i, s) in weights.iter().enumerate() {
            let (high, low) = two_product(rows.high[(i, j)], *s);
            (rows.high[(i, j)], rows.low[(i, j)]) = two_sum(high, low + rows.low[(i, j)] * s);
        }
    }
    rows
}

/// sum += ab, of the lower triangle alone if `lower`.
fn add(sum: &mut Wide, a: &Slices, b: &Slices, lower: bool) {
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

/// The sums in the units of the equations; column j of them is in units of 2^`exponents[j]`, all times 2^`unit`.
fn composed(
    normal: NormalEquations,
    gram: Wide,
    cross: Wide,
    exponents: &[i32],
    unit: i32,
    mass: f64,
) -> NormalEquations {
    let (n, t) = (normal.features(), normal.targets());
    let feature = |j: usize| exponents[j] + normal.unit[j];
    let target = |j: usize| exponents[n + j] - normal.target_unit[j];
    let gram = gram.scaled(|i, j| unit + feature(i) + feature(j));
    let cross = cross.scaled(|i, j| unit + feature(i) + target(j));
    // Each product lacks what lies below the last slice, and the mean its own rounding, squared.
    let lost = (2 * SLICES) as f64 * 2f64.powi(2 * TOP - 22 * SLICES as i32) * mass;
    let widest = (0..n).filter(|j| gram.high[(*j, *j)] > 0.0).map(feature).chain((0..t).map(target)).max().unwrap_or(0);
    let exact = Exact { gram_low: gram.low, cross_low: cross.low, error: scaled(lost, 2 * widest + unit) };
    NormalEquations { gram: gram.high, cross: cross.high, exact: Some(exact), ..normal }
}
