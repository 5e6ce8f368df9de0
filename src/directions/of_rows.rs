//! The directions of rows, with what each row has of them: leverages, and residuals without a row.

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::directions::coefficients::Coefficients;
use crate::directions::eigen::times;
use crate::directions::rows::ScaledRows;
use crate::directions::shrinkage::Directions;
use crate::math::lanes::vectorized;

/// A rest of a row, a column or a target that is less than this of the whole is known to fewer digits.
pub(super) const SMALL: f64 = 0.03;
/// Singular values of which the eigenvalues of products tell no digit are less than this of the largest.
const INDISTINCT: f64 = 1e-6;

/// Directions and U. The decomposition is carried out in twice the digits of `f64` where eigenvalues of products would lose more than a
/// few and the rows are few; else in `f64`.
#[derive(Debug, Clone)]
pub(crate) struct RowDirections {
    pub(crate) directions: Arc<Directions>,
    /// The rows of positive weight.
    pub(crate) rows: Vec<usize>,
    /// m, with the rows of weight 0.
    pub(crate) all_rows: usize,
    /// √s of each row of positive weight, in units of 2^`root_unit`.
    pub(crate) roots: Vec<f64>,
    pub(crate) root_unit: i32,
    /// U, m × r.
    pub(crate) u: DMatrix<f64>,
    /// S^½(y − ȳ) less what the features that are not penalised explain, m × t.
    pub(crate) y: DMatrix<f64>,
    /// `y` less what U explains of it, m × t.
    pub(crate) rest: DMatrix<f64>,
    /// 1 − hᵢ of each row, were nothing penalised.
    pub(crate) free: Vec<f64>,
    /// What a sum of squares of U may be wrong by; 0 where nothing is subtracted from it.
    pub(crate) noise: f64,
}

/// What a decomposition has found, with the fields of [`RowDirections`] and [`Directions`] of these names.
pub(super) struct Parts {
    pub(super) sigma: Vec<f64>,
    pub(super) unit: i32,
    pub(super) along: DMatrix<f64>,
    pub(super) y: DMatrix<f64>,
    pub(super) rest: DMatrix<f64>,
    pub(super) free: Vec<f64>,
    pub(super) noise: f64,
}

impl RowDirections {
    /// The directions that a decomposition of `rows` has found; where they span all that y can be, they leave nothing of it.
    pub(super) fn of_parts(
        rows: &ScaledRows<'_>,
        u: DMatrix<f64>,
        parts: Parts,
        fixed_rank: usize,
        coefficients: Coefficients,
    ) -> Self {
        let Parts { sigma, unit, along, y, mut rest, mut free, mut noise } = parts;
        let mut directions = Directions {
            rows_counted: rows.rows.len(),
            intercept: rows.has_intercept(),
            weight_sum: rows.weight_sum(),
            sigma,
            unit,
            along,
            target_units: rows.columns.target_units(),
            rest_squares: Vec::new(),
            fixed_rank,
            coefficients,
            lost: None,
        };
        if directions.room() == 0 {
            rest.fill(0.0);
            free.fill(0.0);
            noise = 0.0;
        }
        directions.rest_squares = rest.column_iter().map(|rest| rest.norm_squared()).collect();
        Self {
            directions: Arc::new(directions),
            rows: rows.rows.clone(),
            all_rows: rows.all_rows(),
            roots: rows.roots.clone(),
            root_unit: rows.root_unit,
            u,
            y,
            rest,
            free,
            noise,
        }
    }

    /// 1 − hᵢ of the rows of positive weight, a column for each shift. 0 where it has no digits.
    pub(crate) fn left_of_rows(&self, shifts: &[f64]) -> DMatrix<f64> {
        let weights: Vec<_> =
            shifts.iter().map(|shift| nalgebra::DVector::from_vec(self.directions.left(*shift))).collect();
        let weights = DMatrix::from_columns(&weights);
        let mut left = times(&self.u.map(|value| value * value), &weights);
        vectorized(|| {
            for column in left.as_mut_slice().chunks_mut(self.free.len()) {
                for (left, free) in column.iter_mut().zip(&self.free) {
                    let sum = *left + free;
                    // Written so that NaN has none.
                    *left = if sum > self.noise { sum } else { 0.0 };
                }
            }
        });
        left
    }

    /// Whether nothing that is told of rows and targets, at shifts from `least` on, is a small rest of much more, and no direction
    /// may be there by rounding alone.
    pub(super) fn keeps_its_digits(&self, least: f64) -> bool {
        let Directions { sigma, along, .. } = self.directions.as_ref();
        let most = sigma.iter().copied().fold(0.0, f64::max);
        if sigma.iter().any(|sigma| *sigma < INDISTINCT * most) {
            return false;
        }
        let (left, room) = (self.left_of_rows(&[least]), self.directions.room());
        let targets = 0..self.rest.ncols();
        let mut known = targets.filter(|target| along.column(*target).amax() > 0.0);
        let small = |target: usize| self.rest.column(target).norm() < SMALL * along.column(target).norm() && room > 0;
        // Directions that span all there is leave a row little for its weight alone.
        let kept = match room {
            0 => self.u.row_iter().all(|row| row.norm_squared() > SMALL),
            _ => left.iter().all(|left| *left > SMALL),
        };
        kept && !known.any(small)
    }
}
