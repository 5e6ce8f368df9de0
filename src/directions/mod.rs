//! Rows, or their moments, seen along the directions in which ridge shrinks them: one decomposition for all λ.

mod coefficients;
mod doubles;
mod eigen;
mod errors;
mod lost;
mod of_moments;
mod of_rows;
mod pairs;
mod penalised_columns;
mod predictor;
mod rows;
mod shrinkage;

use doubles::Doubles;
pub(crate) use of_rows::RowDirections;
pub(crate) use predictor::Predictor;
use rows::ScaledRows;
pub(crate) use shrinkage::Directions;

use crate::data::problem::Problem;
use crate::error::Result;
use crate::math::powers::scaled;
use crate::model::Model;
use crate::model::penalty_factors::PenaltyFactors;

/// The condition numbers of products up to which their eigenvalues will do: where twice the digits cost little, and where not.
const SQUARED: [f64; 2] = [1e3, 1e6];
/// Operations on pairs of doubles that take a second or so.
const MOST: f64 = 2e8;

impl RowDirections {
    /// Decomposes the rows of a problem, with the penalty factors of λ number `index`, for shifts from `least` on.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn new(
        problem: &Problem<'_>,
        model: Model,
        (factors, index): (&PenaltyFactors, usize),
        least: f64,
    ) -> Result<Self> {
        let rows = ScaledRows::new(problem, model, factors, index)?;
        let affordable =
            affordable(rows.rows.len(), rows.columns.penalised.len(), rows.columns.fixed.len(), problem.targets());
        let found = Doubles::new(&rows, problem);
        let limit = SQUARED[usize::from(!affordable)];
        if let Some(directions) = found.by_products(&rows, scaled(least, -2 * rows.columns.unit), limit)
            && (!affordable || directions.keeps_its_digits(least))
        {
            return Ok(directions);
        }
        Ok(match affordable {
            true => pairs::in_pairs(&rows, problem),
            false => found.by_rows(&rows),
        })
    }
}

/// The trace of XᵀSX of centred rows on the penalised scale, of the features that are penalised.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub(crate) fn trace(problem: &Problem<'_>, model: Model, factors: &PenaltyFactors) -> Result<f64> {
    let rows = ScaledRows::new(problem, model, factors, 0)?;
    Ok(scaled(rows.doubles(&rows.columns.penalised).norm_squared(), 2 * rows.columns.unit))
}

/// Whether a decomposition in pairs of doubles takes no longer than a second or so.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn affordable(m: usize, n: usize, fixed: usize, t: usize) -> bool {
    let r = m.min(n) as f64;
    let [m, n, fixed, t] = [m, n, fixed, t].map(|size| size as f64);
    6.0 * m * n * r + 10.0 * (n + r) * r * r + 6.0 * m * fixed * (fixed + n + t) + 6.0 * m * r * t < MOST
}
