//! From weights in the solver's units to the path that the user holds.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::normal::NormalEquations;
use crate::outcome::{BackendUsed, Outcome, Route};
use crate::path::{RidgePath, Weights};
use crate::problem::Problem;
use crate::residual::{BATCH, Fit, residuals};
use crate::view::Scalar;

/// What a path says of the rows, and needs of them.
pub(crate) struct Totals<'a> {
    pub(crate) rows: usize,
    pub(crate) weight_sum: f64,
    /// Of the features, then of the targets.
    pub(crate) means: &'a [f64],
    /// Σ s(y−ȳ)² of each target, or Σ s·y² without an intercept.
    pub(crate) squares: Vec<f64>,
    /// Terms of each sum in the matrix of the equations.
    pub(crate) terms: usize,
}

/// Builds the path of weights found in arithmetic of rounding unit `epsilon`; `coefficients` are theirs on the original scale,
/// [k, t, n]. Residuals are measured in `f64` against these equations; the residual sums of squares come from
/// the same, or from the rows where they would cancel: below √`epsilon` times the sum of squares of y.
pub(crate) fn assemble<T: Scalar>(
    totals: &Totals<'_>,
    normal: &NormalEquations,
    weights: &[Weights],
    coefficients: Vec<f64>,
    backend: BackendUsed,
    epsilon: f64,
    rows: Option<&Problem<'_, T>>,
) -> RidgePath {
    let (t, k) = (normal.targets(), normal.penalties());
    let n = totals.means.len() - t;
    let model = normal.model;
    let fits: Vec<Fit> = (0..k.div_ceil(BATCH))
        .into_par_iter()
        .flat_map_iter(|batch| measure(normal, weights, batch * BATCH, BATCH.min(k - batch * BATCH)))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let rounding = epsilon * (normal.features() as f64 + (totals.terms as f64).sqrt() + 8.0);
    let mut path = RidgePath {
        rows: totals.rows,
        weight_sum: totals.weight_sum,
        features: n,
        targets: t,
        intercept: model.intercept,
        standardize: model.standardize,
        backend,
        lambdas: normal.grid.lambdas.clone(),
        shifts: normal.grid.shifts.clone(),
        factors: normal.grid.factors.clone(),
        tikhonov: false,
        coefficients,
        conditions: weights.iter().map(|weights| weights.condition).collect(),
        intercepts: Vec::with_capacity(k * t),
        outcomes: Vec::with_capacity(k * t),
        residuals: fits.iter().map(|fit| fit.residual).collect(),
        rss: fits.iter().map(|fit| fit.rss).collect(),
        norms2: Vec::with_capacity(k * t),
        error_bounds: (0..k * t).map(|at| error_bound(normal, &weights[at / t], at % t, &fits[at], rounding)).collect(),
    };
    let entry = |(at, w): (usize, &[f64])| {
        let explained: f64 = w.iter().zip(totals.means).map(|(w, mean)| w * mean).sum();
        let intercept = match &weights[at / t].values {
            None => f64::NAN,
            Some(_) if model.intercept => totals.means[n + at % t] - explained,
            Some(_) => 0.0,
        };
        let norm2: f64 = w.iter().map(|w| w * w).sum();
        let in_range = weights[at / t].values.as_ref().is_none_or(|values| {
            let largest = w.iter().fold(0.0f64, |largest, w| w.abs().max(largest));
            let vanished = largest < f64::MIN_POSITIVE && values.column(at % t).amax() > 0.0;
            w.iter().all(|w| w.is_finite()) && intercept.is_finite() && !vanished
        });
        (intercept, norm2, if in_range { weights[at / t].outcome } else { Outcome::OutOfRange })
    };
    let entries: Vec<(f64, f64, Outcome)> = path.coefficients.par_chunks(n).enumerate().map(entry).collect();
    for (intercept, norm2, outcome) in entries {
        path.intercepts.push(intercept);
        path.norms2.push(norm2);
        path.outcomes.push(outcome);
    }
    if let Some(problem) = rows {
        let lost: Vec<usize> =
            (0..k * t).filter(|at| path.rss[*at] <= epsilon.sqrt() * totals.squares[at % t]).collect();
        rss_from_rows(problem, &mut path, &lost);
    }
    path
}

/// See [`RidgePath::error_bound`].
fn error_bound(normal: &NormalEquations, weights: &Weights, target: usize, fit: &Fit, rounding: f64) -> f64 {
    let condition = weights.condition;
    let cancelled = 1.0 + fit.cancelled;
    if let Some(errors) = &weights.errors {
        return f64::EPSILON + errors[target] * spread(condition, fit);
    }
    match weights.outcome {
        Outcome::Singular { .. } => f64::NAN,
        Outcome::MinimumNorm { .. } if normal.dual => condition * rounding * spread(condition, fit),
        _ if normal.dual => condition * (fit.residual + rounding) * spread(condition, fit),
        Outcome::Rerouted { route: Route::Qr } | Outcome::MinimumNorm { .. } => {
            rounding * condition.sqrt() * (1.0 + condition.sqrt() * fit.misfit)
        }
        // Infinite where w = 0 for a y that is not: a relative error of 1 then, if any.
        _ if fit.cancelled == f64::INFINITY => 1.0,
        _ => condition * (fit.residual + rounding * cancelled),
    }
}

/// By how much Xᵀβ cancels: as measured, and where that was lost in rounding, as much as it can.
fn spread(condition: f64, fit: &Fit) -> f64 {
    if fit.spread * f64::EPSILON.sqrt() < 1.0 { fit.spread } else { fit.spread.max(condition.sqrt()) }
}

/// What the residuals tell of the λs `first .. first + count`, of weights in one double as they are returned: one entry per λ
/// and target, NaN where there are no weights. Those that were measured before are not again.
fn measure(normal: &NormalEquations, weights: &[Weights], first: usize, count: usize) -> Vec<Fit> {
    let range = first..first + count;
    let unknown = range.clone().filter(|k| weights[*k].fits.is_none());
    let solved: Vec<_> = unknown.filter_map(|k| Some((k, weights[k].values.as_ref()?, None))).collect();
    let mut residuals = residuals(normal, &solved).into_iter();
    let nan = f64::NAN;
    let none = vec![
        Fit { residual: nan, backward: nan, rss: nan, misfit: nan, cancelled: nan, spread: nan };
        normal.targets()
    ];
    let of = |k: usize| match (&weights[k].values, &weights[k].fits) {
        (Some(_), Some(fits)) => fits.clone(),
        (Some(_), None) => residuals.next().map_or_else(|| none.clone(), |own| own.fits),
        (None, _) => none.clone(),
    };
    range.flat_map(of).collect()
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
