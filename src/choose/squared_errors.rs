//! Squared errors of predictions from the moments of the rows: Σ s(y − ŷ)² = Σ s(y − ȳ)² − 2wᵀc + wᵀGw + W(ȳ − b − x̄ᵀw)², for n²
//! operations a λ instead of mn.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::math::powers::scaled;
use crate::math::product::product;
use crate::moments::Moments;

/// What a sum of squares must be of the terms that it is summed from, so that it lacks a digit and a half at the most.
const KEPT: f64 = 0.03;
/// What the rounding of ȳ − b − x̄ᵀw may be of the mean squared error.
const ROUNDED: f64 = 1e-14;
/// Columns of Gw that are found with one product.
const COLUMNS: usize = 256;

/// A mean squared error, and how far it may be off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeanSquare {
    /// NaN where a path has no answer.
    pub(crate) mean: f64,
    /// What rounding may have added or taken.
    pub(crate) error: f64,
    /// Whether it has lost no more than a digit and a half.
    pub(crate) kept: bool,
}

/// The mean squared error of each λ and target, [k, t], in units of 2^(2·`units`) of its target.
pub(crate) fn means(moments: &Moments, path: &RidgePath, units: &[i32]) -> Vec<MeanSquare> {
    let (n, t) = (path.features(), path.targets());
    let mut gram = moments.gram.clone();
    gram.fill_upper_triangle_with_lower_triangle();
    let sizes = gram.map(f64::abs);
    // Of sums in blocks, and of n terms.
    let size = 8.0 + (n as f64).sqrt();
    let chunk = |(chunk, w): (usize, &[f64])| {
        // In the units of the moments, ŷ in those of y.
        let exponent =
            |j: usize, column: usize| moments.exponents[j] - moments.exponents[n + (chunk * COLUMNS + column) % t];
        let w = DMatrix::from_fn(n, w.len() / n, |j, column| scaled(w[column * n + j], exponent(j, column)));
        let products = product(gram.as_slice(), w.as_slice(), n);
        let terms = product(sizes.as_slice(), w.map(f64::abs).as_slice(), n);
        let one = |column: usize| {
            let at = chunk * COLUMNS + column;
            let (target, w) = (at % t, w.column(column));
            let (gw, terms) = (products.column(column), terms.column(column));
            let (squares, c) = (moments.squares[target], moments.cross.column(target));
            let left = squares + (0..n).map(|j| w[j] * (gw[j] - 2.0 * c[j])).sum::<f64>();
            let summed = squares + (0..n).map(|j| w[j].abs() * (terms[j] + 2.0 * c[j].abs())).sum::<f64>();
            let unit = 2 * (moments.exponents[n + target] - units[target]);
            let spread = scaled(left, unit) / moments.weight_sum;
            let (offset, rounding) = offset(moments, path, at);
            let (offset, rounding) = (scaled(offset, -units[target]), scaled(rounding, -units[target]));
            let mean = spread + offset * offset;
            // Written so that NaN is not kept.
            let kept = left >= KEPT * summed && rounding * (offset.abs() + rounding) <= ROUNDED * mean;
            let of_sums = f64::EPSILON * size * scaled(summed, unit) / moments.weight_sum;
            MeanSquare { mean, error: of_sums + rounding * (2.0 * offset.abs() + rounding), kept }
        };
        (0..w.ncols()).map(one).collect::<Vec<MeanSquare>>()
    };
    path.coefficients.par_chunks(COLUMNS * n).enumerate().flat_map_iter(chunk).collect()
}

/// ȳ − b − x̄ᵀw of a column of a path, and what rounding may have left of it.
fn offset(moments: &Moments, path: &RidgePath, at: usize) -> (f64, f64) {
    let (n, target) = (path.features(), at % path.targets());
    let w = &path.coefficients[at * n..(at + 1) * n];
    let terms = || w.iter().zip(&moments.means).map(|(w, mean)| w * mean);
    let (mean, b) = (moments.means[n + target], path.intercepts[at]);
    let sizes = mean.abs() + b.abs() + terms().map(f64::abs).sum::<f64>();
    (mean - b - terms().sum::<f64>(), f64::EPSILON * sizes)
}
