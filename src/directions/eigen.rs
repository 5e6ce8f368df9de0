//! Directions from the eigenvalues of products of the rows: fast, where squaring the condition number costs few digits.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::math::eigen::eigen;
use crate::math::lanes::LANES;
use crate::math::product::{RowBlock, add_product, product_into};
use crate::math::threads::at_least;

/// Rows taken at a time.
const BLOCK: usize = 512;
/// Columns of a product that one task finds.
const PANEL: usize = 32;

/// U, σ and V of X (m × n). U may hold directions of σ = 0, which are orthogonal to the others; V is 0 there.
pub(super) struct Found {
    pub(super) u: DMatrix<f64>,
    pub(super) sigma: Vec<f64>,
    pub(super) v: DMatrix<f64>,
}

/// The decomposition of fewer features than rows, by XᵀX; `None` where κ(XᵀX) is beyond `limit`, whatever the shift: columns of XV
/// are orthogonal only as far as their norms are known.
pub(super) fn tall(x: &DMatrix<f64>, limit: f64) -> Option<Found> {
    let pairs = eigen(&gram(x)).filter(|pairs| well_conditioned(pairs.values.as_slice(), 0.0, limit))?;
    let mut u = times(x, &pairs.vectors);
    let sigma: Vec<f64> = u.column_iter().map(|column| column.norm()).collect();
    let unit = |sigma: f64| if sigma > 0.0 { sigma.recip() } else { 0.0 };
    u.column_iter_mut().zip(&sigma).for_each(|(mut column, sigma)| column *= unit(*sigma));
    Some(Found { u, sigma, v: pairs.vectors })
}

/// The decomposition of as many features as rows or more, by `XXᵀ`; U spans all that is orthogonal to the columns of `fixed`, which
/// are orthonormal and of which X has nothing.
pub(super) fn wide(x: &DMatrix<f64>, fixed: &DMatrix<f64>, shift: f64, limit: f64) -> Option<Found> {
    let mut products = gram(&x.transpose());
    // The directions of `fixed` become the largest of all, and are left out as such.
    let most = 2.0 * products.trace().max(f64::MIN_POSITIVE);
    fixed.column_iter().for_each(|column| products.ger(most, &column, &column, 1.0));
    let rest = x.nrows() - fixed.ncols();
    let pairs = eigen(&products).filter(|pairs| well_conditioned(&pairs.values.as_slice()[..rest], shift, limit))?;
    let u = pairs.vectors.columns(0, rest).into_owned();
    let mut v = across(x, &u);
    let least = pairs.values.iter().copied().fold(0.0, f64::max).sqrt() * f64::EPSILON;
    let mut sigma: Vec<f64> = v.column_iter().map(|column| column.norm()).collect();
    for (mut column, sigma) in v.column_iter_mut().zip(&mut sigma) {
        // Smaller than the rounding of the largest: none.
        if *sigma <= least {
            *sigma = 0.0;
            column.fill(0.0);
        } else {
            column /= *sigma;
        }
    }
    Some(Found { u, sigma, v })
}

/// Whether eigenvalues tell the directions apart, and a shift added to them leaves digits enough.
pub(super) fn well_conditioned(values: &[f64], shift: f64, limit: f64) -> bool {
    let most = values.iter().copied().fold(0.0, f64::max);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min).max(0.0);
    most + shift <= limit * (least + shift)
}

/// XᵀX, both triangles.
pub(super) fn gram(x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut gram = DMatrix::zeros(x.ncols(), x.ncols());
    for start in (0..x.nrows()).step_by(BLOCK) {
        let rows = RowBlock::of(x, start, BLOCK.min(x.nrows() - start));
        add_product(rows, rows, &mut gram, true);
    }
    gram.fill_upper_triangle_with_lower_triangle();
    gram
}

/// The product ab.
pub(super) fn times(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    if a.ncols() == 0 || a.nrows() == 0 {
        return DMatrix::zeros(a.nrows(), b.ncols());
    }
    let (rows, inner) = a.shape();
    let mut all = DMatrix::zeros(rows, b.ncols());
    let panels = all.as_mut_slice().par_chunks_mut(rows * PANEL).zip(b.as_slice().par_chunks(inner * PANEL));
    panels.with_min_len(at_least(rows * inner * PANEL / LANES)).for_each(|(to, b)| {
        product_into(to, a.as_slice(), b, inner);
    });
    all
}

/// The product aᵀb.
pub(super) fn across(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    let mut sum = DMatrix::zeros(a.ncols(), b.ncols());
    for start in (0..a.nrows()).step_by(BLOCK) {
        let count = BLOCK.min(a.nrows() - start);
        if a.ncols() > 0 && b.ncols() > 0 {
            add_product(RowBlock::of(a, start, count), RowBlock::of(b, start, count), &mut sum, false);
        }
    }
    sum
}
