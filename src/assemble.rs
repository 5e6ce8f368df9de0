//! From weights in the solver's units to the path that the user holds.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::normal::{Model, NormalEquations};
use crate::outcome::{BackendUsed, Outcome, Route};
use crate::parallel::at_least;
use crate::path::{RidgePath, Weights};
use crate::place::Entry;
use crate::problem::Problem;
use crate::residual::{BATCH, Fit, residuals};
use crate::simd::sums;
use crate::view::Scalar;

/// What a path says of the rows, and needs of them.
pub(crate) struct Totals {
    pub(crate) rows: usize,
    pub(crate) weight_sum: f64,
    /// Of the features, then of the targets.
    pub(crate) means: Vec<f64>,
    /// Σ s(y−ȳ)² of each target, or Σ s·y² without an intercept.
    pub(crate) squares: Vec<f64>,
    /// Σ s(y−ȳ)² of each target, with and without an intercept.
    pub(crate) centred_squares: Vec<f64>,
    /// Terms of each sum in the matrix of the equations.
    pub(crate) terms: usize,
}

impl Totals {
    /// The entry of coefficients w on the original scale; `solution` is whether they were not 0 when they were solved for, `None`
    /// where they were not.
    #[inline(always)]
    pub(crate) fn entry(
        &self,
        model: Model,
        target: usize,
        w: &[f64],
        (outcome, solution): (Outcome, Option<bool>),
        (fit, error_bound): (&Fit, f64),
    ) -> Entry {
        let sums = sums([w, &self.means[..w.len()]], |[w, mean]| [w * mean, w * w]);
        self.entry_of(model, target, w, sums, (outcome, solution), (fit, error_bound))
    }

    /// The same of wᵀx̄ and ‖w‖².
    #[inline(always)]
    pub(crate) fn entry_of(
        &self,
        model: Model,
        target: usize,
        w: &[f64],
        [explained, squared_norm]: [f64; 2],
        (outcome, solution): (Outcome, Option<bool>),
        (fit, error_bound): (&Fit, f64),
    ) -> Entry {
        let intercept = match (solution, model.intercept) {
            (None, _) => f64::NAN,
            (_, true) => self.means[w.len() + target] - explained,
            (_, false) => 0.0,
        };
        let in_range = solution.is_none_or(|solution| {
            // Whose squares are in range, is.
            let safe = || (1e-280..1e280).contains(&squared_norm);
            let largest = || w.iter().fold(0.0f64, |largest, w| w.abs().max(largest));
            let vanished = || solution && largest() < f64::MIN_POSITIVE;
            intercept.is_finite() && (safe() || (w.iter().all(|w| w.is_finite()) && !vanished()))
        });
        let outcome = if in_range { outcome } else { Outcome::OutOfRange };
        Entry { intercept, outcome, residual: fit.residual, rss: fit.rss, squared_norm, error_bound }
    }
}

impl RidgePath {
    /// A path of zeros, whose answers are yet to be written.
    pub(crate) fn blank(totals: &Totals, normal: &NormalEquations, backend: BackendUsed) -> Self {
        let (k, t) = (normal.penalties(), normal.targets());
        let n = totals.means.len() - t;
        let unknown = || vec![0.0; k * t]; // which touches no memory yet
        Self {
            rows: totals.rows,
            weight_sum: totals.weight_sum,
            features: n,
            targets: t,
            intercept: normal.model.intercept,
            standardize: normal.model.standardize,
            backend,
            lambdas: normal.grid.lambdas.clone(),
            shifts: normal.grid.shifts.clone(),
            factors: normal.grid.factors.clone(),
            tikhonov: false,
            total_squares: totals.centred_squares.clone(),
            coefficients: vec![0.0; k * t * n],
            conditions: vec![f64::NAN; k],
            intercepts: unknown(),
            outcomes: vec![Outcome::Singular { order: 0 }; k * t],
            residuals: unknown(),
            rss: unknown(),
            squared_norms: unknown(),
            error_bounds: unknown(),
        }
    }

    /// Writes the coefficients of weights of the λs numbered `lambdas` (in order), in the primal form; NaN where there are none.
    pub(crate) fn write(&mut self, normal: &NormalEquations, lambdas: &[usize], weights: &[Weights]) {
        let (n, t) = (self.features, self.targets);
        let mut left = lambdas.iter().zip(weights).peekable();
        let places = self.coefficients.chunks_mut(n * t).enumerate();
        let own: Vec<_> = places.filter_map(|(k, own)| Some((k, own, left.next_if(|next| *next.0 == k)?.1))).collect();
        own.into_par_iter().with_min_len(at_least(4 * n * t)).for_each(|(k, own, weights)| match &weights.values {
            Some(values) => {
                own.copy_from_slice(values.as_slice());
                own.chunks_mut(n).enumerate().for_each(|(target, own)| normal.to_natural(k, target, own));
            }
            None => own.fill(f64::NAN),
        });
    }

    /// Sets what is told of these λs by their weights, which were found in arithmetic of rounding unit `epsilon`, and whose
    /// coefficients are written. Residuals are measured in `f64` against these equations.
    pub(crate) fn describe(
        &mut self,
        totals: &Totals,
        normal: &NormalEquations,
        lambdas: &[usize],
        weights: &[Weights],
        epsilon: f64,
    ) {
        let t = self.targets;
        let batch = (BATCH / t).max(1);
        let batches = lambdas.par_chunks(batch).zip(weights.par_chunks(batch));
        let batches = batches.with_min_len(at_least(batch * t * normal.features() * normal.features()));
        let fits: Vec<Fit> = batches.flat_map_iter(|(lambdas, weights)| measure(normal, lambdas, weights)).collect();
        let rounding = rounding(normal, totals, epsilon);
        let entry = |(at, fit): (usize, &Fit)| {
            let (k, weights, target) = (lambdas[at / t], &weights[at / t], at % t);
            let errors = weights.errors.as_ref().map(|errors| errors[target]);
            let bound = error_bound(normal, (weights.outcome, weights.condition), errors, fit, rounding);
            let solution = weights.values.as_ref().map(|values| values.column(target).amax() > 0.0);
            let w = self.coefficients(k, target);
            totals.entry(normal.model, target, w, (weights.outcome, solution), (fit, bound))
        };
        let entries: Vec<Entry> =
            fits.par_iter().with_min_len(at_least(4 * self.features)).enumerate().map(entry).collect();
        let mut place = self.place();
        entries.into_iter().enumerate().for_each(|(at, entry)| place.set(lambdas[at / t] * t + at % t, entry));
        lambdas.iter().zip(weights).for_each(|(k, weights)| self.conditions[*k] = weights.condition);
    }

    /// The same, with the residual sums of squares from the rows where they would cancel in the moments: below √`epsilon` times the
    /// sum of squares of y.
    pub(crate) fn with_rows<T: Scalar>(mut self, totals: &Totals, problem: &Problem<'_, T>, epsilon: f64) -> Self {
        let lost = |at: &usize| self.rss[*at] <= epsilon.sqrt() * totals.squares[at % self.targets];
        let lost: Vec<usize> = (0..self.rss.len()).filter(lost).collect();
        rss_from_rows(problem, &mut self, &lost);
        self
    }
}

/// The rounding of the factorization and of the sums, as [`RidgePath::error_bound`] has it.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
pub(crate) fn rounding(normal: &NormalEquations, totals: &Totals, epsilon: f64) -> f64 {
    epsilon * (normal.features() as f64 + (totals.terms as f64).sqrt() + 8.0)
}

/// See [`RidgePath::error_bound`]; `corrected` is the error where corrections came to rest.
pub(crate) fn error_bound(
    normal: &NormalEquations,
    (outcome, condition): (Outcome, f64),
    corrected: Option<f64>,
    fit: &Fit,
    rounding: f64,
) -> f64 {
    if let Some(error) = corrected {
        return f64::EPSILON + error * spread(condition, fit);
    }
    match outcome {
        Outcome::Singular { .. } => f64::NAN,
        Outcome::MinimumNorm { .. } if normal.dual => condition * rounding * spread(condition, fit),
        _ if normal.dual => condition * (fit.residual + rounding) * spread(condition, fit),
        Outcome::Rerouted { route: Route::Qr } | Outcome::MinimumNorm { .. } => {
            rounding * condition.sqrt() * (1.0 + condition.sqrt() * fit.misfit)
        }
        // Infinite where w = 0 for a y that is not: a relative error of 1 then, if any.
        _ if fit.cancelled == f64::INFINITY => 1.0,
        _ => condition * (fit.residual + rounding * (1.0 + fit.cancelled)),
    }
}

/// By how much Xᵀβ cancels: as measured, and where that was lost in rounding, as much as it can.
fn spread(condition: f64, fit: &Fit) -> f64 {
    if fit.spread * f64::EPSILON.sqrt() < 1.0 { fit.spread } else { fit.spread.max(condition.sqrt()) }
}

/// What the residuals tell of these λs, of weights in one double as they are returned: one entry per λ and target, NaN where
/// there are no weights. Those that were measured before are not again.
fn measure(normal: &NormalEquations, lambdas: &[usize], weights: &[Weights]) -> Vec<Fit> {
    let unknown = lambdas.iter().zip(weights).filter(|(_, weights)| weights.fits.is_none());
    let solved: Vec<_> = unknown.filter_map(|(k, weights)| Some((*k, weights.values.as_ref()?, None))).collect();
    let mut residuals = residuals(normal, &solved).into_iter();
    let nan = f64::NAN;
    let none =
        vec![
            Fit { sizes: [nan; 2], residual: nan, backward: nan, rss: nan, misfit: nan, cancelled: nan, spread: nan };
            normal.targets()
        ];
    let of = |weights: &Weights| match (&weights.values, &weights.fits) {
        (Some(_), Some(fits)) => fits.clone(),
        (Some(_), None) => residuals.next().map_or_else(|| none.clone(), |own| own.fits),
        (None, _) => none.clone(),
    };
    weights.iter().flat_map(of).collect()
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
