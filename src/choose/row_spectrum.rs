//! The rows by their singular values, with what each row has of them.

use std::ops::Deref;
use std::sync::Arc;

use nalgebra::DMatrix;

use crate::choose::spectrum::Spectrum;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::directions::{self, RowDirections};
use crate::error::Result;
use crate::math::powers::scaled;
use crate::model::Model;
use crate::model::penalty::Grid;
use crate::solve::ridge::Ridge;

/// The [`Spectrum`] of rows, with their leverages and exact leave-one-out errors. Made by [`Ridge::spectrum`].
///
/// Sums of squares, m − df and 1 − hᵢ are sums of positive terms, so that they have their digits where a fit is all but exact. The
/// decomposition is one of products of the rows, where these have a condition number below 1e3; beyond that, of the rows in
/// twice the digits of `f64`, where that takes no more than about a second, and else of products up to 1e6 and of rows in `f64`,
/// whose relative errors are about 1e-16 times the condition number.
///
/// It holds as many numbers as X has, twice while it is made. Rows of weight 0 have no part in it.
#[derive(Debug, Clone)]
pub struct RowSpectrum {
    spectrum: Spectrum,
    pub(crate) rows: RowDirections,
}

impl Deref for RowSpectrum {
    type Target = Spectrum;

    fn deref(&self) -> &Spectrum {
        &self.spectrum
    }
}

impl Ridge {
    /// The grid seen through the singular values of the rows: leave-one-out errors, criteria, degrees of freedom. On the CPU
    /// in double precision, whatever the backend: no device is touched.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but for those of devices; [`Conflict`](crate::Error::Conflict) with a prior, or λs for each feature.
    pub fn spectrum<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<RowSpectrum> {
        let problem = self.problem(x.into(), y.into())?;
        let (factors, asked) = (self.one_decomposition()?, self.asked());
        asked.penalty.check_features(problem.features())?;
        let trace = directions::trace(&problem, self.model, &factors)?;
        let grid = asked.penalty.resolve(problem.weight_sum(), trace)?;
        RowSpectrum::new(&problem, self.model, grid)
    }
}

impl RowSpectrum {
    /// Decomposes the rows of a problem, for a resolved grid.
    pub(crate) fn new(problem: &Problem<'_>, model: Model, grid: Grid) -> Result<Self> {
        let least = grid.shifts.iter().copied().fold(f64::INFINITY, f64::min);
        let rows = RowDirections::new(problem, model, (&grid.factors, 0), least)?;
        Ok(Self { spectrum: Spectrum { grid, directions: Arc::clone(&rows.directions) }, rows })
    }

    /// The leverage hᵢ = ∂ŷᵢ/∂yᵢ of each row, with the intercept's part sᵢ/W; 0 for rows of weight 0.
    #[must_use]
    pub fn leverages(&self, index: usize) -> Vec<f64> {
        let mut leverages = vec![0.0; self.rows.all_rows];
        let left = self.left_of_rows(&[index]);
        self.rows.rows.iter().zip(left.iter()).for_each(|(row, left)| leverages[*row] = 1.0 - left);
        leverages
    }

    /// 1 − hᵢ of the rows of positive weight at the λs numbered `which`: a column for each. 0 when it cannot be told from 0.
    pub(crate) fn left_of_rows(&self, which: &[usize]) -> DMatrix<f64> {
        let shifts: Vec<f64> = which.iter().map(|index| self.grid.shifts[*index]).collect();
        self.rows.left_of_rows(&shifts)
    }

    /// The condition number of the products at the least shift.
    pub(crate) fn condition(&self) -> f64 {
        let root = self.grid.shifts.iter().map(|shift| self.directions.root(*shift)).fold(f64::INFINITY, f64::min);
        let size = |sigma: &f64| sigma.hypot(root);
        let (most, least) = self
            .directions
            .sigma
            .iter()
            .map(size)
            .fold((root, f64::INFINITY), |(most, least), own| (most.max(own), least.min(own)));
        // Directions that the rows do not have are those of σ = 0.
        let least = if self.directions.reach_every_feature() { least } else { root };
        (most / least).powi(2)
    }

    /// A residual of a target in natural units, from √s times it in the units of row number `i`.
    pub(crate) fn natural(&self, i: usize, target: usize, residual: f64) -> f64 {
        let RowDirections { roots, root_unit, .. } = &self.rows;
        scaled(residual / roots[i], self.directions.target_units[target] - root_unit)
    }

    /// s of row number `i`, in units of the heaviest.
    pub(crate) fn weight(&self, i: usize) -> f64 {
        self.rows.roots[i].powi(2)
    }

    /// A mean square of a target's residuals, weighted by [`weight`](Self::weight), of the target in units of 2^`unit`.
    pub(crate) fn mean_in_units(&self, unit: i32, target: usize, mean: f64) -> f64 {
        scaled(mean, 2 * (self.directions.target_units[target] - self.rows.root_unit - unit))
    }
}
