//! The rows by their singular values, in which every λ is a division.

use nalgebra::DMatrix;

use crate::data::problem::Problem;
use crate::data::view::View;
use crate::directions::{self, Directions};
use crate::error::{Error, Result};
use crate::math::powers::scaled;
use crate::model::Model;
use crate::model::penalty::Grid;
use crate::model::penalty_factors::PenaltyFactors;
use crate::solve::ridge::Ridge;

/// A grid of λs seen through the singular value decomposition √S(X − x̄)D^-½ = U·diag(σ)·Vᵀ of the rows on the penalised
/// scale (D = I, or the variances when standardised, times the penalty factors; x̄ = 0 without an intercept): degrees of freedom, leverages, exact
/// leave-one-out errors and criteria for all λ from one decomposition. Made by [`Ridge::spectrum`]. Features that are not
/// penalised take their part of the others and of y first, as the intercept does.
///
/// Ridge shrinks the fit along uⱼ by [dⱼ = σⱼ²/(σⱼ² + shift)](Self::shrinkage), so strongly where σⱼ is small:
/// ŷ = ȳ + S^-½ Σ dⱼ uⱼ uⱼᵀ S^½(y − ȳ), and the fit of what is not penalised. (Hastie, Tibshirani and Friedman, *The Elements of Statistical
/// Learning* (2009), §3.4.1.)
///
/// Sums of squares, m − df and 1 − hᵢ are sums of positive terms, so that they have their digits where a fit is all but exact. The
/// decomposition is one of products of the rows, where these have a condition number below 1e3; beyond that, of the rows in
/// twice the digits of `f64`, where that takes no more than about a second, and else of products up to 1e6 and of rows in `f64`,
/// whose relative errors are about 1e-16 times the condition number.
///
/// It holds as many numbers as X has, twice while it is made. Rows of weight 0 have no part in it.
#[derive(Debug, Clone)]
pub struct Spectrum {
    pub(crate) grid: Grid,
    directions: Directions,
}

impl Ridge {
    /// The grid seen through the singular values of the rows: leave-one-out errors, criteria, degrees of freedom. On the CPU
    /// in double precision, whatever the backend: no device is touched.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but for those of devices; [`Error::Conflict`] with a prior, or λs for each feature.
    pub fn spectrum<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Spectrum> {
        let problem = self.problem(x.into(), y.into())?;
        let (factors, asked) = (self.one_decomposition()?, self.asked());
        asked.penalty.check_features(problem.features())?;
        let trace = directions::trace(&problem, self.model, &factors)?;
        let grid = asked.penalty.resolve(problem.weight_sum(), trace)?;
        Spectrum::new(&problem, self.model, grid)
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
    /// Decomposes the rows of a problem, for a resolved grid.
    pub(crate) fn new(problem: &Problem<'_>, model: Model, grid: Grid) -> Result<Self> {
        let least = grid.shifts.iter().copied().fold(f64::INFINITY, f64::min);
        let directions = Directions::new(problem, model, (&grid.factors, 0), least)?;
        Ok(Self { grid, directions })
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
    /// there is one, is not counted.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rank")]
    pub fn df_without_intercept(&self, index: usize) -> f64 {
        self.directions.fixed_rank as f64 + self.directions.kept(self.grid.shifts[index]).iter().sum::<f64>()
    }

    /// [`df_without_intercept`](Self::df_without_intercept), with 1 more for an intercept.
    #[must_use]
    pub fn df(&self, index: usize) -> f64 {
        self.df_without_intercept(index) + f64::from(u8::from(self.directions.intercept))
    }

    /// The leverage hᵢ = ∂ŷᵢ/∂yᵢ of each row, with the intercept's part sᵢ/W; 0 for rows of weight 0.
    #[must_use]
    pub fn leverages(&self, index: usize) -> Vec<f64> {
        let mut leverages = vec![0.0; self.directions.all_rows];
        let left = self.left_of_rows(&[index]);
        self.directions.rows.iter().zip(left.iter()).for_each(|(row, left)| leverages[*row] = 1.0 - left);
        leverages
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
        self.directions.rows.len()
    }

    /// The number of rows of positive weight.
    #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
    pub(crate) fn count(&self) -> f64 {
        self.directions.rows.len() as f64
    }

    pub(crate) fn targets(&self) -> usize {
        self.directions.rest.ncols()
    }

    /// m − df of λ number `index`.
    pub(crate) fn unexplained(&self, index: usize) -> f64 {
        self.directions.unexplained(self.grid.shifts[index])
    }

    /// 1 − hᵢ of the rows of positive weight at the λs numbered `which`: a column for each. 0 when it cannot be told from 0.
    pub(crate) fn left_of_rows(&self, which: &[usize]) -> DMatrix<f64> {
        let shifts: Vec<f64> = which.iter().map(|index| self.grid.shifts[*index]).collect();
        self.directions.left_of_rows(&shifts)
    }

    /// A residual of a target in natural units, from √s times it in the units of row number `i`.
    pub(crate) fn natural(&self, i: usize, target: usize, residual: f64) -> f64 {
        let Directions { roots, target_units, root_unit, .. } = &self.directions;
        scaled(residual / roots[i], target_units[target] - root_unit)
    }

    /// s of row number `i`, in units of the heaviest.
    pub(crate) fn weight(&self, i: usize) -> f64 {
        self.directions.roots[i].powi(2)
    }

    /// A mean square of a target's residuals, weighted by [`weight`](Self::weight), of the target in units of 2^`unit`.
    pub(crate) fn mean_in_units(&self, unit: i32, target: usize, mean: f64) -> f64 {
        scaled(mean, 2 * (self.directions.target_units[target] - self.directions.root_unit - unit))
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
