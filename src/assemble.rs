//! From weights in the solver's units to the path that the user holds.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::moments::Moments;
use crate::normal::NormalEquations;
use crate::path::{BackendUsed, RidgePath, Weights};
use crate::problem::Problem;
use crate::scale::scaled;
use crate::view::Scalar;

/// λs whose products with G are formed at once.
const BATCH: usize = 64;

/// What the residual tells of one λ and target.
#[derive(Clone, Copy)]
struct Fit {
    residual: f64,
    rss: f64,
}

/// Builds the path. Residuals are measured in `f64` against these equations, the residual sums of squares come from
/// the same, or from the rows where they would cancel: below `cancels` times the sum of squares of y.
pub(crate) fn assemble<T: Scalar>(
    moments: &Moments,
    normal: &NormalEquations,
    weights: &[Weights],
    backend: BackendUsed,
    rows: Option<(&Problem<'_, T>, f64)>,
) -> RidgePath {
    let (n, t, k) = (normal.features(), normal.targets(), normal.penalties());
    let model = normal.model;
    let fits: Vec<Fit> = (0..k.div_ceil(BATCH))
        .into_par_iter()
        .flat_map_iter(|batch| measure(normal, weights, batch * BATCH, BATCH.min(k - batch * BATCH)))
        .collect();
    let mut path = RidgePath {
        rows: moments.rows,
        weight_sum: moments.weight_sum,
        features: n,
        targets: t,
        intercept: model.intercept,
        standardize: model.standardize,
        backend,
        lambdas: normal.grid.lambdas.clone(),
        shifts: normal.grid.shifts.clone(),
        coefficients: Vec::with_capacity(k * t * n),
        intercepts: Vec::with_capacity(k * t),
        outcomes: Vec::with_capacity(k * t),
        residuals: fits.iter().map(|fit| fit.residual).collect(),
        rss: fits.iter().map(|fit| fit.rss).collect(),
        norms2: Vec::with_capacity(k * t),
    };
    for (index, weights) in weights.iter().enumerate() {
        for target in 0..t {
            let start = path.coefficients.len();
            let Some(values) = &weights.values else {
                path.coefficients.extend(std::iter::repeat_n(f64::NAN, n));
                path.intercepts.push(f64::NAN);
                path.norms2.push(f64::NAN);
                path.outcomes.push(weights.outcome);
                continue;
            };
            path.coefficients.extend((0..n).map(|j| normal.coefficient(index, j, target, values[(j, target)])));
            let w = &path.coefficients[start..];
            let explained: f64 = w.iter().zip(&moments.means).map(|(w, mean)| w * mean).sum();
            path.intercepts.push(if model.intercept { moments.mean_y(target) - explained } else { 0.0 });
            path.norms2.push(w.iter().map(|w| w * w).sum());
            path.outcomes.push(weights.outcome);
        }
    }
    if let Some((problem, cancels)) = rows {
        let lost: Vec<usize> = (0..k * t)
            .filter(|at| {
                let squares = scaled(normal.squares[at % t], 2 * normal.target_unit[at % t]);
                path.rss[*at] <= cancels * squares
            })
            .collect();
        rss_from_rows(problem, &mut path, &lost);
    }
    path
}

/// Residual and sum of squares of `count` λs: one product G·[w of all λs and targets].
fn measure(normal: &NormalEquations, weights: &[Weights], first: usize, count: usize) -> Vec<Fit> {
    let (n, t) = (normal.features(), normal.targets());
    let mut u = DMatrix::<f64>::zeros(n, count * t);
    let units: Vec<Vec<f64>> = (first..first + count).map(|k| normal.steps(k).collect()).collect();
    for (batch, weights) in weights[first..first + count].iter().enumerate() {
        if let Some(values) = &weights.values {
            for target in 0..t {
                for j in 0..n {
                    u[(j, batch * t + target)] = values[(j, target)] * units[batch][j];
                }
            }
        }
    }
    let product = symmetric_product(&normal.gram, &u);
    let mut fits = Vec::with_capacity(count * t);
    for (batch, weights) in weights[first..first + count].iter().enumerate() {
        let (added, units) = (normal.added(first + batch), &units[batch]);
        let top = (0..n).map(|j| normal.gram[(j, j)] * units[j] * units[j] + added[j]).fold(0.0, f64::max);
        for target in 0..t {
            let Some(values) = &weights.values else {
                fits.push(Fit { residual: f64::NAN, rss: f64::NAN });
                continue;
            };
            let column = batch * t + target;
            let (mut r2, mut w2, mut c2) = (0.0f64, 0.0f64, 0.0f64);
            let mut rss = normal.squares[target];
            for j in 0..n {
                let (w, c) = (values[(j, target)], normal.cross[(j, target)]);
                let left = c - product[(j, column)];
                r2 += (left * units[j] - added[j] * w).powi(2);
                w2 += w * w;
                c2 += (c * units[j]).powi(2);
                rss -= u[(j, column)] * (c + left); // Σ s·y² − 2wᵀc + wᵀGw
            }
            let scale = top * w2.sqrt() + c2.sqrt();
            let residual = if r2 == 0.0 { 0.0 } else { r2.sqrt() / scale };
            let rss = scaled(rss.max(0.0), 2 * normal.target_unit[target]);
            fits.push(Fit { residual, rss });
        }
    }
    fits
}

/// G·u with the lower triangle of G alone, by blocks of columns.
fn symmetric_product(gram: &DMatrix<f64>, u: &DMatrix<f64>) -> DMatrix<f64> {
    const BLOCK: usize = 128;
    let n = gram.nrows();
    let mut product = DMatrix::zeros(n, u.ncols());
    for start in (0..n).step_by(BLOCK) {
        let width = BLOCK.min(n - start);
        let mut block = gram.view((start, start), (width, width)).clone_owned();
        block.fill_upper_triangle_with_lower_triangle();
        product.rows_mut(start, width).gemm(1.0, &block, &u.rows(start, width), 1.0);
        let below = n - start - width;
        if below > 0 {
            let under = gram.view((start + width, start), (below, width));
            product.rows_mut(start + width, below).gemm(1.0, &under, &u.rows(start, width), 1.0);
            product.rows_mut(start, width).gemm_tr(1.0, &under, &u.rows(start + width, below), 1.0);
        }
    }
    product
}

/// Σ s (y − Xw − b)² from the rows, for the entries (λ and target) named.
fn rss_from_rows<T: Scalar>(problem: &Problem<'_, T>, path: &mut RidgePath, entries: &[usize]) {
    const ROWS: usize = 256;
    let (m, n, t) = (problem.rows(), path.features, path.targets);
    let x = problem.x();
    for entries in entries.chunks(BATCH) {
        let w = DMatrix::from_fn(n, entries.len(), |j, e| path.coefficients[entries[e] * n + j]);
        let sums = (0..m.div_ceil(ROWS))
            .into_par_iter()
            .map(|block| {
                let (start, count) = (block * ROWS, ROWS.min(m - block * ROWS));
                let mut rows = DMatrix::<f64>::zeros(count, n);
                x.visit(start, count, |row, j, value| rows[(row - start, j)] = value);
                let fitted = rows * &w;
                let mut sums = vec![0.0; entries.len()];
                for (e, entry) in entries.iter().enumerate() {
                    for row in 0..count {
                        let y: f64 = problem.y().get(start + row, entry % t).into();
                        let error = y - fitted[(row, e)] - path.intercepts[*entry];
                        sums[e] += problem.weight(start + row) * error * error;
                    }
                }
                sums
            })
            .collect::<Vec<_>>();
        for (e, entry) in entries.iter().enumerate() {
            path.rss[*entry] = sums.iter().map(|block| block[e]).sum();
        }
    }
}
