//! The rows by their singular values, in which every λ is a division.

use std::sync::Arc;

use crate::directions::Directions;
use crate::equations::normal::NormalEquations;
use crate::error::{Error, Result};
use crate::math::powers::scaled;
use crate::model::penalty::Grid;
use crate::model::penalty_factors::PenaltyFactors;
use crate::moments::Moments;
use crate::solve::ridge::Ridge;

/// What of a figure rounding may be, so that it is told.
pub(super) const KNOWN: f64 = 1e-6;

/// A grid of λs seen through the singular value decomposition √S(X − x̄)D^-½ = U·diag(σ)·Vᵀ of the rows on the penalised
/// scale (D = I, or the variances when standardised, times the penalty factors; x̄ = 0 without an intercept): degrees of freedom and
/// criteria for all λ from one decomposition. Made by [`Ridge::spectrum_of_moments`], and beneath what [`Ridge::spectrum`] makes of rows.
/// Features that are not penalised take their part of the others and of y first, as the intercept does.
///
/// Ridge shrinks the fit along uⱼ by [dⱼ = σⱼ²/(σⱼ² + shift)](Self::shrinkage), so strongly where σⱼ is small:
/// ŷ = ȳ + S^-½ Σ dⱼ uⱼ uⱼᵀ S^½(y − ȳ), and the fit of what is not penalised. (Hastie, Tibshirani and Friedman, *The Elements of Statistical
/// Learning* (2009), §3.4.1.)
///
/// From moments σ² are the eigenvalues of G, known to about 1e-15 of their sum, and RSS = ‖y‖² − 2wᵀc + wᵀGw to about 1e-15·(‖y‖ + ‖X‖‖w‖)²:
/// a criterion is NaN where that leaves it unknown by more than a millionth.
#[derive(Debug, Clone)]
pub struct Spectrum {
    pub(crate) grid: Grid,
    pub(crate) directions: Arc<Directions>,
}

impl Ridge {
    /// The grid seen through the eigenvalues of moments: criteria and degrees of freedom without rows.
    ///
    /// # Errors
    /// As [`fit_moments`](Self::fit_moments); [`Error::Conflict`] with λs for each feature, [`Error::NotDecomposed`].
    pub fn spectrum_of_moments(&self, moments: &Moments) -> Result<Spectrum> {
        self.check_moments(moments)?;
        self.one_decomposition()?;
        let normal = NormalEquations::with_penalty(moments, self.model, &self.asked().penalty)?;
        Spectrum::of_equations(moments, &normal)
    }

    /// The penalty factors, if one decomposition of the rows answers for every λ.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub(crate) fn one_decomposition(&self) -> Result<PenaltyFactors> {
        let second = "what the singular values of the rows tell";
        let conflict = |first| Error::Conflict { first, second, instead: "cross-validation by folds" };
        if !self.prior.is_none() {
            return Err(conflict("a prior mean or a Tikhonov matrix"));
        }
        self.asked().factors.ok_or_else(|| conflict("λs of their own for each feature"))
    }
}

impl Spectrum {
    /// Of moments, whose normal equations these are.
    pub(crate) fn of_equations(moments: &Moments, normal: &NormalEquations) -> Result<Self> {
        let directions = Arc::new(Directions::of_moments(moments, normal, 0)?);
        Ok(Self { grid: normal.grid.clone(), directions })
    }

    /// k.
    #[must_use]
    pub fn len(&self) -> usize {
        self.grid.shifts.len()
    }

    /// True for no λ, which no grid has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grid.shifts.is_empty()
    }

    /// The λs, with their shifts.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// σ, the singular values of √S(X − x̄)D^-½ less what is not penalised, largest first: as many as penalised features, or as
    /// rows (less one with an intercept, and one for each feature that is not penalised) where these are fewer; those that
    /// are 0 but for rounding are 0, or left out.
    #[must_use]
    pub fn singular_values(&self) -> Vec<f64> {
        let mut values: Vec<f64> =
            self.directions.sigma.iter().map(|sigma| scaled(*sigma, self.directions.unit)).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }

    /// dⱼ = σⱼ²/(σⱼ² + shift) of λ number `index`, in the order of [`singular_values`](Self::singular_values): 1 where nothing is
    /// shrunk, 0 where σⱼ = 0.
    ///
    /// # Panics
    /// When `index ≥ len()`, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn shrinkage(&self, index: usize) -> Vec<f64> {
        let mut kept = self.directions.kept(self.grid.shifts[index]);
        kept.sort_by(|a, b| b.total_cmp(a));
        kept
    }

    /// Effective degrees of freedom, tr X(XᵀSX + shift·D)⁻¹XᵀS: Σ dⱼ and the rank of the features that are not penalised; the intercept, if
    /// there is one, is not counted. NaN where moments leave them unknown by more than a millionth.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rank")]
    pub fn df_without_intercept(&self, index: usize) -> f64 {
        let shift = self.grid.shifts[index];
        let df = self.directions.fixed_rank as f64 + self.directions.kept(shift).iter().sum::<f64>();
        if self.directions.df_error(shift) <= KNOWN * df { df } else { f64::NAN }
    }

    /// [`df_without_intercept`](Self::df_without_intercept), with 1 more for an intercept.
    #[must_use]
    pub fn df(&self, index: usize) -> f64 {
        self.df_without_intercept(index) + f64::from(u8::from(self.directions.intercept))
    }

    pub(crate) fn directions(&self) -> &Directions {
        &self.directions
    }

    /// The rank of the rows, with the intercept.
    pub(crate) fn rank(&self) -> usize {
        let directions = &self.directions;
        usize::from(directions.intercept)
            + directions.fixed_rank
            + directions.sigma.iter().filter(|sigma| **sigma > 0.0).count()
    }

    /// The rows of positive weight.
    pub(crate) fn rows_counted(&self) -> usize {
        self.directions.rows_counted
    }

    /// The number of rows of positive weight.
    #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
    pub(crate) fn count(&self) -> f64 {
        self.directions.rows_counted as f64
    }

    pub(crate) fn targets(&self) -> usize {
        self.directions.rest_squares.len()
    }

    /// m − df of λ number `index`.
    pub(crate) fn unexplained(&self, index: usize) -> f64 {
        self.directions.unexplained(self.grid.shifts[index])
    }

    /// A sum of squares of a target's residuals in natural units.
    pub(crate) fn natural_square(&self, target: usize, sum: f64) -> f64 {
        self.square_in_units(0, target, sum)
    }

    /// A sum of squares of residuals of a target in units of 2^`unit`.
    pub(crate) fn square_in_units(&self, unit: i32, target: usize, sum: f64) -> f64 {
        scaled(sum, 2 * (self.directions.target_units[target] - unit))
    }
}
