//! From weights in the solver's units to the path that the user holds.

use rayon::prelude::*;

use crate::answer::columns::Figures;
use crate::answer::path::RidgePath;
use crate::answer::rss;
use crate::data::problem::Problem;
use crate::equations::forms::{Equations, Source};
use crate::equations::normal::NormalEquations;
use crate::equations::residual::{BATCH, Fit, residuals};
use crate::equations::totals::Totals;
use crate::equations::weights::Weights;
use crate::math::lanes::sums;
use crate::math::powers::scaled;
use crate::math::threads::at_least;
use crate::model::Standardize;
use crate::model::method::Form;
use crate::model::outcome::{BackendUsed, Outcome, Route};

/// A residual sum of squares that is less than this of what the moments sum to it lacks a digit or two.
const SMALL: f64 = 0.03;

/// Where a residual sum of squares is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RssSource {
    /// The equations, whose value has digits enough.
    Equations,
    /// The residual sum of squares of another λ, and how the two answers differ.
    Difference,
    /// The rows, read again.
    Rows,
}

impl RidgePath {
    /// The path of weights found in arithmetic of rounding unit `epsilon`.
    pub(crate) fn of_weights(equations: &Equations<'_>, weights: &[Weights], used: BackendUsed, epsilon: f64) -> Self {
        let every: Vec<usize> = (0..weights.len()).collect();
        let (normal, totals) = (equations.normal(), equations.totals());
        let mut path = Self::blank(&totals, normal, used);
        match equations {
            Equations::Primal { .. } => path.write(normal, &every, weights),
            Equations::Dual { rows, .. } => path.coefficients = rows.coefficients(normal, &every, weights),
        }
        path.describe(&totals, normal, &every, weights, epsilon);
        path.with_rows(&totals, normal, equations.problem(), epsilon)
    }

    /// Writes the answers of the λs numbered `lambdas` (in order), found in double precision, with their figures.
    pub(crate) fn write_all(&mut self, source: Source<'_>, lambdas: &[usize], weights: &[Weights]) {
        let Source { totals, normal, rows } = source;
        match rows {
            None => self.write(normal, lambdas, weights),
            Some(rows) => {
                let each = self.features * self.targets;
                let coefficients = rows.coefficients(normal, lambdas, weights);
                let places = lambdas.iter().zip(coefficients.chunks(each.max(1)));
                places.for_each(|(k, own)| self.coefficients[k * each..(k + 1) * each].copy_from_slice(own));
            }
        }
        self.describe(totals, normal, lambdas, weights, f64::EPSILON);
    }

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
            intercept_bounds: unknown(),
            retries: Vec::new(),
        }
    }

    /// Writes the coefficients of weights of the λs numbered `lambdas` (in order), in the primal form; NaN where there are none.
    fn write(&mut self, normal: &NormalEquations, lambdas: &[usize], weights: &[Weights]) {
        let (n, t) = (self.features, self.targets);
        let mut left = lambdas.iter().zip(weights).peekable();
        let places = self.coefficients.chunks_mut(n * t).enumerate();
        let written: Vec<_> =
            places.filter_map(|(k, place)| Some((k, place, left.next_if(|next| *next.0 == k)?.1))).collect();
        written.into_par_iter().with_min_len(at_least(4 * n * t)).for_each(|(k, place, weights)| {
            match &weights.values {
                Some(values) => {
                    place.copy_from_slice(values.as_slice());
                    place.chunks_mut(n).enumerate().for_each(|(target, w)| normal.to_natural(k, target, w));
                }
                None => place.fill(f64::NAN),
            }
        });
    }

    /// Sets the figures of the λs numbered `lambdas` by their weights, which were found in arithmetic of rounding unit `epsilon`,
    /// and whose coefficients are written. Residuals are measured in `f64` against `normal`.
    fn describe(
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
        let least = least(normal, totals);
        let centres = totals.centres(normal);
        let entry = |(at, fit): (usize, &Fit)| {
            let (k, weights, target) = (lambdas[at / t], &weights[at / t], at % t);
            let spread = match &totals.roots {
                Some(roots) => {
                    spread(scaled(fit.summed, totals.target_units[target]), roots.size(self.coefficients(k, target)))
                }
                None => 1.0,
            };
            let corrected = weights.errors.as_ref().map(|errors| errors[target] * spread + least);
            let bound = error_bound(normal, (weights.outcome, weights.condition), corrected, fit, (rounding, spread));
            let solution = weights.values.as_ref().map(|values| values.column(target).amax() > 0.0);
            let w = self.coefficients(k, target);
            Figures::of(totals, normal.model, target, w, (weights.outcome, solution), (fit, bound, centres[k]))
        };
        let entries: Vec<Figures> =
            fits.par_iter().with_min_len(at_least(4 * self.features)).enumerate().map(entry).collect();
        let mut place = self.columns_mut();
        entries.into_iter().enumerate().for_each(|(at, entry)| place.set(lambdas[at / t] * t + at % t, entry));
        lambdas.iter().zip(weights).for_each(|(k, weights)| self.conditions[*k] = weights.condition);
    }

    /// This path, with the residual sums of squares from the rows where the equations, in arithmetic of rounding unit `epsilon`,
    /// keep less than half of their digits: the moments lose what is small against y and what is fitted, and β of the dual form,
    /// of which residuals are a part, may be no better. Where the moments keep more, but not all, one λ of the target takes its sum
    /// from the rows, and the other λs by how their weights differ from its.
    pub(crate) fn with_rows(
        mut self,
        totals: &Totals,
        normal: &NormalEquations,
        problem: &Problem<'_>,
        epsilon: f64,
    ) -> Self {
        let (t, half) = (self.targets, epsilon.sqrt());
        let sizes = if normal.form == Form::Primal { column_sizes(normal) } else { Vec::new() };
        let rounding = rounding(normal, totals, 1.0);
        let answered = |at: usize| !self.rss[at].is_nan() && self.outcomes[at] != Outcome::OutOfRange;
        let source = |at: usize| match normal.form == Form::Dual {
            true if self.shifts[at / t] == 0.0 || !(self.error_bounds[at] <= half) => RssSource::Rows,
            // Weights of 32 bits leave more than the exact answer does.
            true => {
                let share = if epsilon > f64::EPSILON { self.error_bounds[at] / half } else { 0.0 };
                if self.rss[at] <= share * share * totals.squares[at % t] {
                    RssSource::Rows
                } else {
                    RssSource::Equations
                }
            }
            false => {
                let terms = self.terms_of_rss(totals, normal, &sizes, at);
                match self.rss[at] {
                    rss if rss <= half * rounding * terms => RssSource::Rows,
                    rss if rss <= SMALL * terms && epsilon == f64::EPSILON => RssSource::Difference,
                    _ => RssSource::Equations,
                }
            }
        };
        let entries = (0..self.rss.len()).into_par_iter().with_min_len(at_least(4 * self.features));
        let sources: Vec<(usize, RssSource)> = entries.filter(|at| answered(*at)).map(|at| (at, source(at))).collect();
        let of = |wanted: RssSource| sources.iter().filter(move |(_, source)| *source == wanted).map(|(at, _)| *at);
        let by_difference: Vec<usize> = of(RssSource::Difference).collect();
        // The least of each target, so that differences add to it.
        let mut nearest: Vec<Option<usize>> = vec![None; t];
        for at in &by_difference {
            let best = &mut nearest[at % t];
            *best = best.filter(|best| self.rss[*best] <= self.rss[*at]).or(Some(*at));
        }
        let by_rows: Vec<usize> = of(RssSource::Rows).chain(nearest.iter().copied().flatten()).collect();
        rss::from_rows(problem, &mut self, &by_rows);
        let others = by_difference.into_iter().filter_map(|at| {
            let other = nearest[at % t].filter(|nearest| *nearest != at)?;
            Some([at, other].map(|at| (at, self.terms_of_rss(totals, normal, &sizes, at))))
        });
        let others: Vec<_> = others.collect();
        let left = rss::by_difference(normal, &mut self, &others);
        rss::from_rows(problem, &mut self, &left);
        self
    }

    /// The size of what the moments sum to the residual sum of squares of an entry: Σ s·y², and √Σ s·y²·Σ |w|·√`G_jj`.
    fn terms_of_rss(&self, totals: &Totals, normal: &NormalEquations, sizes: &[f64], at: usize) -> f64 {
        let (n, target) = (self.features, at % self.targets);
        let w = &self.coefficients[at * n..(at + 1) * n];
        let [fitted] = sums([w, sizes], |[w, size]| [w.abs() * size]);
        let fitted = scaled(fitted, -normal.target_unit[target]);
        match normal.squares[target] {
            0.0 => 0.0,
            squares => totals.squares[target] * (1.0 + fitted / squares.sqrt()),
        }
    }
}

/// √`G_jj` of each feature in natural units, at most the largest number.
fn column_sizes(normal: &NormalEquations) -> Vec<f64> {
    let size = |(j, unit): (usize, &i32)| scaled(normal.gram[(j, j)].sqrt(), -unit).min(f64::MAX);
    normal.unit.iter().enumerate().map(size).collect()
}

/// The rounding of the factorization and of the sums, as [`RidgePath::error_bound`] has it.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
pub(crate) fn rounding(normal: &NormalEquations, totals: &Totals, epsilon: f64) -> f64 {
    epsilon * (normal.features() as f64 + (totals.terms as f64).sqrt() + 8.0)
}

/// The rounding that corrections leave: of w, in the dual form of 1/D and its product with Xᵀβ too, and of the variances in D.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
fn least(normal: &NormalEquations, totals: &Totals) -> f64 {
    let deviations = if normal.model.standardize == Standardize::No { 0.0 } else { (totals.rows as f64).sqrt() };
    f64::EPSILON * (if normal.form == Form::Dual { 2.0 } else { 1.0 } + deviations)
}

/// See [`RidgePath::error_bound`]; `corrected` is that bound where corrections came to rest, and `spread` by how much Xᵀβ cancels.
pub(crate) fn error_bound(
    normal: &NormalEquations,
    (outcome, condition): (Outcome, f64),
    corrected: Option<f64>,
    fit: &Fit,
    (rounding, spread): (f64, f64),
) -> f64 {
    if let Some(bound) = corrected {
        return bound;
    }
    match outcome {
        Outcome::Singular { .. } => f64::NAN,
        Outcome::MinimumNorm { .. } if normal.form == Form::Dual => condition * rounding * spread,
        _ if normal.form == Form::Dual => condition * (fit.residual + rounding) * spread,
        Outcome::Rerouted { route: Route::Qr } | Outcome::MinimumNorm { .. } => {
            rounding * condition.sqrt() * (1.0 + condition.sqrt() * fit.misfit)
        }
        // Infinite where w = 0 for a y that is not: a relative error of 1 then, if any.
        _ if fit.cancelled == f64::INFINITY => 1.0,
        _ => condition * (fit.residual + rounding * (1.0 + fit.cancelled)),
    }
}

/// By how much Xᵀβ cancels: the size of what it sums over that of its sum; 1 where w is 0, which it is exactly where X is.
pub(crate) fn spread(summed: f64, size: f64) -> f64 {
    if size == 0.0 { 1.0 } else { (summed / size).max(1.0) }
}

/// The fit of every λ in `lambdas` and every target, by the residuals of the weights in one double; NaN where there are no weights.
/// Weights that hold their fits are not measured again.
fn measure(normal: &NormalEquations, lambdas: &[usize], weights: &[Weights]) -> Vec<Fit> {
    let unknown = lambdas.iter().zip(weights).filter(|(_, weights)| weights.fits.is_none());
    let solved: Vec<_> = unknown.filter_map(|(k, weights)| Some((*k, weights.values.as_ref()?, None))).collect();
    let mut residuals = residuals(normal, &solved).into_iter();
    let nan = f64::NAN;
    let none = vec![
        Fit {
            sizes: [nan; 2],
            residual: nan,
            backward: nan,
            rss: nan,
            misfit: nan,
            cancelled: nan,
            summed: nan,
            penalised: None,
            size: nan
        };
        normal.targets()
    ];
    let of = |weights: &Weights| match (&weights.values, &weights.fits) {
        (Some(_), Some(fits)) => fits.clone(),
        (Some(_), None) => residuals.next().map_or_else(|| none.clone(), |residual| residual.fits),
        (None, _) => none.clone(),
    };
    weights.iter().flat_map(of).collect()
}
