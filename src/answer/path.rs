//! The answer: coefficients and an outcome for every λ and target.

use nalgebra::DMatrixView;

#[cfg(feature = "serde")]
use crate::answer::numbers;
use crate::model::Standardize;
use crate::model::outcome::{BackendUsed, Outcome, Route};
use crate::model::penalty::Grid;
use crate::model::penalty_factors::PenaltyFactors;
use crate::model::rung::Retry;

/// The whole ridge path: for every λ, in the order asked for, and every target, the coefficients on the original
/// scale, the intercept, an outcome and the sums that describe the fit.
///
/// With the feature `serde` it is kept in any format of serde, exactly: in those that people read NaN is null and infinities are
/// "inf" and "-inf", which JSON has not. A document that contradicts itself is refused.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RidgePath {
    pub(crate) rows: usize,
    pub(crate) weight_sum: f64,
    pub(crate) features: usize,
    pub(crate) targets: usize,
    pub(crate) intercept: bool,
    pub(crate) standardize: Standardize,
    pub(crate) backend: BackendUsed,
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) lambdas: Vec<f64>,
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) shifts: Vec<f64>,
    pub(crate) factors: PenaltyFactors,
    /// Whether a full matrix took the place of D.
    pub(crate) tikhonov: bool,
    /// Σ s(y−ȳ)² of each target, [t].
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) total_squares: Vec<f64>,
    /// [k, t, n]
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) coefficients: Vec<f64>,
    /// [k]
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) conditions: Vec<f64>,
    /// [k, t], as all that follow.
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) intercepts: Vec<f64>,
    pub(crate) outcomes: Vec<Outcome>,
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) residuals: Vec<f64>,
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) rss: Vec<f64>,
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) squared_norms: Vec<f64>,
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) error_bounds: Vec<f64>,
    /// Empty in paths that were saved before there were such bounds.
    #[cfg_attr(feature = "serde", serde(with = "numbers"))]
    pub(crate) intercept_bounds: Vec<f64>,
    pub(crate) retries: Vec<Retry>,
}

impl RidgePath {
    /// k, the number of λs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lambdas.len()
    }

    /// True for a path of no λ, which no solver returns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lambdas.is_empty()
    }

    /// m, the rows fitted.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// W, the sum of their weights.
    #[must_use]
    pub fn weight_sum(&self) -> f64 {
        self.weight_sum
    }

    /// n, the features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// t, the targets.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.targets
    }

    /// Whether an intercept was fitted.
    #[must_use]
    pub fn intercept_fitted(&self) -> bool {
        self.intercept
    }

    /// Whether and how the penalty acted on standardised columns.
    #[must_use]
    pub fn standardize(&self) -> Standardize {
        self.standardize
    }

    /// Who answered, how, and why not another.
    #[must_use]
    pub fn backend(&self) -> &BackendUsed {
        &self.backend
    }

    /// λ of each entry.
    #[must_use]
    pub fn lambdas(&self) -> &[f64] {
        &self.lambdas
    }

    /// The shift 2Wλ of each entry, scikit-learn's alpha.
    #[must_use]
    pub fn shifts(&self) -> &[f64] {
        &self.shifts
    }

    /// What λ was multiplied by for each feature.
    #[must_use]
    pub fn penalty_factors(&self) -> &PenaltyFactors {
        &self.factors
    }

    /// λ, shift and factors of every entry.
    pub(crate) fn grid(&self) -> Grid {
        Grid { lambdas: self.lambdas.clone(), shifts: self.shifts.clone(), factors: self.factors.clone() }
    }

    /// The n coefficients of λ number `index` for a target, on the original scale; NaN when singular.
    ///
    /// # Panics
    /// When `index ≥ len()` or `target ≥ targets()`, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn coefficients(&self, index: usize, target: usize) -> &[f64] {
        let start = self.at(index, target) * self.features;
        &self.coefficients[start..start + self.features]
    }

    /// The coefficients of λ number `index` on the original scale, n × t: a column for each target.
    ///
    /// # Panics
    /// When `index ≥ len()`.
    #[must_use]
    pub fn coefficient_matrix(&self, index: usize) -> DMatrixView<'_, f64> {
        assert!(index < self.len(), "λ number {index} of a path of {}", self.len());
        let size = self.targets * self.features;
        DMatrixView::from_slice(&self.coefficients[index * size..(index + 1) * size], self.features, self.targets)
    }

    /// All coefficients on the original scale, [k, t, n]: those of λ number k, target t and feature j (from 0) are at
    /// (k·targets + t)·features + j.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.coefficients
    }

    /// All intercepts, [k, t].
    #[must_use]
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// The intercept; 0 when none was fitted.
    #[must_use]
    pub fn intercept(&self, index: usize, target: usize) -> f64 {
        self.intercepts[self.at(index, target)]
    }

    /// How the answer came about.
    #[must_use]
    pub fn outcome(&self, index: usize, target: usize) -> Outcome {
        self.outcomes[self.at(index, target)]
    }

    /// The scaled residual ‖c − Aw‖₂ / (max aᵢᵢ·‖w‖₂ + ‖c‖₂) with A = G + shift·D, measured in double precision in units
    /// that give A a diagonal near 1. A few times 1e-16 is as good as 64 bits get, 1e-7 as good as 32 bits get.
    ///
    /// Of more than eight targets and 32 features, strategy [`Spectral`](crate::Strategy::Spectral) measures eight targets together, by
    /// their sum with random signs, each in units of what its residual may be: each is told the root mean square of the eight.
    #[must_use]
    pub fn residual(&self, index: usize, target: usize) -> f64 {
        self.residuals[self.at(index, target)]
    }

    /// An estimate of the condition number κ(A) = ‖A‖₁‖A⁻¹‖₂ of λ number `index`, A as in [`residual`](Self::residual): most often
    /// within a factor of 3 from below for the inverse. NaN when singular.
    ///
    /// # Panics
    /// When `index ≥ len()`.
    #[must_use]
    pub fn condition(&self, index: usize) -> f64 {
        self.conditions[index]
    }

    /// A bound on the relative error ‖w − w*‖₂ / ‖w*‖₂ of the coefficients, in the units of [`residual`](Self::residual) (in the
    /// dual form on the penalised scale), as far as the estimate of κ goes. A value of 1 or more says that no digit is
    /// certain. NaN when singular.
    ///
    /// Where corrections came to rest, it is what they tell of the error, eps, and what the equations lack of their exact
    /// values, about (3e-30 + 4e-34·m)·n·κ. Otherwise, for the normal equations, κ·(residual + u·(1 + v)), with u = (n + √m + 8)·eps the
    /// rounding of the factorization and of the sums, and v = √(tr XᵀX)·‖y‖ / (‖A‖₁·‖w‖), which is large where y is nearly
    /// orthogonal to X and Xᵀy cancels; by QR u·√κ·(1 + √κ·tan θ), where tan θ is the size of the residuals y − Xw against
    /// that of Xw. In the dual form κ·(residual + u), and all but eps times √(tr K)·‖β‖ / ‖w‖, by which Xᵀβ cancels. (An answer of
    /// [`Route::Form`] is bounded in the units of the form that gave it, and one at λ = 0, of which there are no dual equations, in those
    /// of the primal.)
    #[must_use]
    pub fn error_bound(&self, index: usize, target: usize) -> f64 {
        self.error_bounds[self.at(index, target)]
    }

    /// A bound on the error |b − b*| of the intercept, in the units of y; 0 when none was fitted, NaN when singular, and where a path
    /// was saved by a version that had none.
    ///
    /// With b = ȳ − x̄ᵀw it is e·‖x̄‖·‖w‖ + u·((‖x̄‖ + √m·‖σ‖)·‖w‖ + |ȳ| + √m·`σ_y`), where e is the
    /// [`error_bound`](Self::error_bound) of w, u = (n + 4)·eps, and σ are the deviations of the columns, of which √m may count in
    /// weighted means. The norms are in the units of e, in which ‖x̄‖/‖σ‖ is the distance of the means from zero in deviations. The
    /// bound is large where that distance is; predictions near the means are right nevertheless, since b belongs to the w
    /// beside it.
    #[must_use]
    pub fn intercept_error_bound(&self, index: usize, target: usize) -> f64 {
        self.intercept_bounds.get(self.at(index, target)).copied().unwrap_or(f64::NAN)
    }

    /// The weighted residual sum of squares Σ s (y − ŷ)², with the intercept that is best beside w.
    ///
    /// By the moments where they leave it at least eight digits (in single precision half of the digits there are), else from the
    /// rows where rows are at hand, if need be in twice the digits; in the dual form by β, if that is good to eight digits.
    #[must_use]
    pub fn rss(&self, index: usize, target: usize) -> f64 {
        self.rss[self.at(index, target)]
    }

    /// The coefficient of determination on the rows fitted, R² = 1 − rss / Σ s(y − ȳ)², ȳ the weighted mean whether an intercept was
    /// fitted or not, as scikit-learn has it. NaN where there is no answer, and for a constant y, which has none.
    #[must_use]
    pub fn r2(&self, index: usize, target: usize) -> f64 {
        let total = self.total_squares[target];
        if total > 0.0 { 1.0 - self.rss(index, target) / total } else { f64::NAN }
    }

    /// ‖w‖², of the coefficients on the original scale.
    #[must_use]
    pub fn squared_norm(&self, index: usize, target: usize) -> f64 {
        self.squared_norms[self.at(index, target)]
    }

    /// The number of the first entry whose λ is exactly this one.
    #[must_use]
    pub fn index_of(&self, lambda: f64) -> Option<usize> {
        self.lambdas.iter().position(|entry| *entry == lambda)
    }

    /// The number of the first entry whose λ is nearest to this one, by the ratio of the two; λ = 0 is nearest to
    /// itself alone. `None` for a NaN or a negative λ.
    #[must_use]
    pub fn nearest(&self, lambda: f64) -> Option<usize> {
        if !(lambda >= 0.0) {
            return None;
        }
        let distance = |entry: f64| if entry == lambda { 0.0 } else { (entry.ln() - lambda.ln()).abs() };
        (0..self.len()).min_by(|a, b| distance(self.lambdas[*a]).total_cmp(&distance(self.lambdas[*b])))
    }

    /// The λs that another route answered than the first planned, or that it tried to: in the order of the rungs that took them.
    #[must_use]
    pub fn retries(&self) -> &[Retry] {
        &self.retries
    }

    /// The path of one of the targets, copied: of its own numbers, and those that all targets share.
    pub(crate) fn of_target(&self, target: usize) -> Self {
        let (n, t) = (self.features, self.targets);
        fn every<T: Copy>(values: &[T], target: usize, t: usize) -> Vec<T> {
            values.iter().skip(target).step_by(t).copied().collect()
        }
        let of = |values: &[f64]| every(values, target, t);
        Self {
            rows: self.rows,
            weight_sum: self.weight_sum,
            features: n,
            targets: 1,
            intercept: self.intercept,
            standardize: self.standardize,
            backend: self.backend.clone(),
            lambdas: self.lambdas.clone(),
            shifts: self.shifts.clone(),
            factors: self.factors.clone(),
            tikhonov: self.tikhonov,
            total_squares: vec![self.total_squares[target]],
            coefficients: (0..self.len()).flat_map(|index| self.coefficients(index, target)).copied().collect(),
            conditions: self.conditions.clone(),
            intercepts: of(&self.intercepts),
            outcomes: every(&self.outcomes, target, t),
            residuals: of(&self.residuals),
            rss: of(&self.rss),
            squared_norms: of(&self.squared_norms),
            error_bounds: of(&self.error_bounds),
            intercept_bounds: of(&self.intercept_bounds),
            retries: self.retries.clone(),
        }
    }

    /// This path with the entries numbered `which` taken from another, in order.
    pub(crate) fn replaced(mut self, which: &[usize], from: &Self) -> Self {
        self.replace(from, which.iter().copied().enumerate());
        self
    }

    /// Takes entries from another path; a pair holds the number of an entry there, and the number that it has here.
    pub(crate) fn replace(&mut self, from: &Self, pairs: impl Iterator<Item = (usize, usize)>) {
        let (n, t) = (self.features, self.targets);
        for (source, index) in pairs {
            self.conditions[index] = from.conditions[source];
            for target in 0..t {
                let (here, there) = (index * t + target, source * t + target);
                self.coefficients[here * n..(here + 1) * n].copy_from_slice(from.coefficients(source, target));
                self.intercepts[here] = from.intercepts[there];
                self.outcomes[here] = from.outcomes[there];
                self.residuals[here] = from.residuals[there];
                self.rss[here] = from.rss[there];
                self.squared_norms[here] = from.squared_norms[there];
                self.error_bounds[here] = from.error_bounds[there];
                if let (Some(here), Some(there)) =
                    (self.intercept_bounds.get_mut(here), from.intercept_bounds.get(there))
                {
                    *here = *there;
                }
            }
        }
    }

    /// This path with its answers marked as another route's than the one planned; as the other form's whatever its own route, since
    /// that says in which units their bounds are.
    pub(crate) fn rerouted(mut self, route: Route) -> Self {
        for outcome in &mut self.outcomes {
            let again = route == Route::Form && matches!(outcome, Outcome::Rerouted { .. });
            if again || matches!(outcome, Outcome::Solved | Outcome::Refined { .. }) {
                *outcome = Outcome::Rerouted { route };
            }
        }
        self
    }

    fn at(&self, index: usize, target: usize) -> usize {
        assert!(index < self.len(), "λ number {index} of a path of {}", self.len());
        assert!(target < self.targets, "target number {target} of {}", self.targets);
        index * self.targets + target
    }
}
