//! The decomposition that a spectrum is read from: eigenvalues of the products, or singular values of the rows.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use crate::cpu::eigen::eigen;
use crate::cpu::gram::add_product;
use crate::cpu::product::Rows;
use crate::cpu::qr::{reduce, stack};
use crate::cpu::svd::svd;

/// Rows taken at a time.
pub(super) const BLOCK: usize = 512;
/// The condition number, at the smallest shift, up to which eigenvalues of XᵀX will do: beyond it, digits of the leverages
/// would be lost, and the singular values come from a QR factorization of the rows.
const SQUARED: f64 = 1e6;

/// σ², X̃V = U·diag(σ) and its product with y, for fewer features than rows.
pub(super) fn tall(x: &DMatrix<f64>, y: &DMatrix<f64>, shift: f64) -> (Vec<f64>, DMatrix<f64>, DMatrix<f64>) {
    let gram = product(x);
    if let Some(own) = eigen(&gram).filter(|own| well_conditioned(own.values.as_slice(), shift)) {
        let basis = rotated(x, &own.vectors);
        let projected = own.vectors.transpose() * cross(x, y);
        return (own.values.iter().map(|d| d.max(0.0)).collect(), basis, projected);
    }
    let (r, z) = triangle(x, y);
    let own = svd(r);
    let (values, kept) = squared(&own.scaled, x.nrows());
    let basis = rotated(x, &(own.vectors * &kept));
    (values, basis, (own.scaled * kept).transpose() * z)
}

/// σ², U and Uᵀy for as many features as rows or more; U spans what is orthogonal to `constant`, where the intercept is.
pub(super) fn square(
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
    constant: Option<&DVector<f64>>,
    shift: f64,
) -> (Vec<f64>, DMatrix<f64>, DMatrix<f64>) {
    let m = x.nrows();
    let across = x.transpose();
    let mut gram = product(&across);
    // The direction of the intercept, of which X̃ has nothing, becomes the largest of all, and is left out as such.
    let most = 2.0 * gram.trace().max(f64::MIN_POSITIVE);
    if let Some(constant) = constant {
        gram.ger(most, constant, constant, 1.0);
    }
    let rest = m - usize::from(constant.is_some());
    let done = |values: Vec<f64>, vectors: DMatrix<f64>| {
        let projected = vectors.transpose() * y;
        (values, vectors, projected)
    };
    if let Some(own) = eigen(&gram).filter(|own| well_conditioned(&own.values.as_slice()[..rest], shift)) {
        let values = own.values.iter().take(rest).map(|d| d.max(0.0)).collect();
        return done(values, own.vectors.columns(0, rest).into_owned());
    }
    let (mut r, _) = triangle(&across, &DMatrix::zeros(across.nrows(), 0));
    if let Some(constant) = constant {
        let last = constant.transpose() * most.sqrt();
        let both = stack(&r, &DMatrix::from_row_slice(1, m, last.as_slice()));
        let rows = both.nrows();
        r = reduce(both, DMatrix::zeros(rows, 0)).0;
    }
    let own = svd(r.resize_vertically(m, 0.0));
    let (values, _) = squared(&own.scaled, across.nrows().max(m));
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order.truncate(rest);
    done(order.iter().map(|j| values[*j]).collect(), own.vectors.select_columns(&order))
}

/// Whether eigenvalues tell the directions apart, and a shift added to them leaves digits enough.
fn well_conditioned(values: &[f64], shift: f64) -> bool {
    let most = values.iter().copied().fold(0.0, f64::max);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min).max(0.0);
    most + shift <= SQUARED * (least + shift)
}

/// σ² from AV, and a diagonal of 1, or 0 where σ is lost in the rounding of the largest, which counts as 0.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
fn squared(scaled: &DMatrix<f64>, rows: usize) -> (Vec<f64>, DMatrix<f64>) {
    let norms: Vec<f64> = scaled.column_iter().map(|column| column.norm()).collect();
    let least = rows as f64 * f64::EPSILON * norms.iter().copied().fold(0.0, f64::max);
    let kept: Vec<f64> = norms.iter().map(|norm| f64::from(u8::from(*norm > least))).collect();
    let values = norms.iter().zip(&kept).map(|(norm, kept)| norm * norm * kept).collect();
    (values, DMatrix::from_diagonal(&kept.into()))
}

/// XᵀX, both triangles.
fn product(x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut gram = DMatrix::zeros(x.ncols(), x.ncols());
    for start in (0..x.nrows()).step_by(BLOCK) {
        let rows = Rows::of(x, start, BLOCK.min(x.nrows() - start));
        add_product(rows, rows, &mut gram, true);
    }
    gram.fill_upper_triangle_with_lower_triangle();
    gram
}

/// Xᵀy.
fn cross(x: &DMatrix<f64>, y: &DMatrix<f64>) -> DMatrix<f64> {
    let mut sum = DMatrix::zeros(x.ncols(), y.ncols());
    for start in (0..x.nrows()).step_by(BLOCK) {
        let count = BLOCK.min(x.nrows() - start);
        add_product(Rows::of(x, start, count), Rows::of(y, start, count), &mut sum, false);
    }
    sum
}

/// XV.
fn rotated(x: &DMatrix<f64>, v: &DMatrix<f64>) -> DMatrix<f64> {
    const PANEL: usize = 32;
    let m = x.nrows();
    let mut all = DMatrix::zeros(m, v.ncols());
    all.as_mut_slice().par_chunks_mut(m * PANEL).enumerate().for_each(|(panel, values)| {
        let width = values.len() / m;
        let columns = v.columns(panel * PANEL, width);
        nalgebra::DMatrixViewMut::from_slice(values, m, width).gemm(1.0, x, &columns, 0.0);
    });
    all
}

/// R and Qᵀy of the rows, block by block; as many rows as columns.
fn triangle(x: &DMatrix<f64>, y: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let (m, n) = x.shape();
    let block = (4 * n).max(BLOCK);
    let part = |number: usize| {
        let (start, count) = (number * block, block.min(m - number * block));
        reduce(x.rows(start, count).into_owned(), y.rows(start, count).into_owned())
    };
    let parts: Vec<_> = (0..m.div_ceil(block)).into_par_iter().map(part).collect();
    let joined = parts.into_iter().reduce(|(r, z), (x, y)| reduce(stack(&r, &x), stack(&z, &y)));
    let (r, z) = joined.unwrap_or_else(|| (DMatrix::zeros(0, n), DMatrix::zeros(0, y.ncols())));
    (r.resize_vertically(n, 0.0), z.resize_vertically(n, 0.0))
}
