//! What ridge at a shift leaves of y along the directions, and what follows from it: residual sums of squares, degrees of freedom,
//! leverages.

use nalgebra::DMatrix;

use crate::directions::coefficients::Coefficients;
use crate::directions::eigen::times;
use crate::directions::rows::ScaledRows;
use crate::math::powers::scaled;

/// A rest of a row, a column or a target that is less than this of the whole is known to fewer digits.
pub(super) const SMALL: f64 = 0.03;
/// Singular values of which the eigenvalues of products tell no digit are less than this of the largest.
const INDISTINCT: f64 = 1e-6;

/// The singular value decomposition √S(X − x̄)D^-½ = U·diag(σ)·Vᵀ of the penalised features, after the intercept and the features
/// that are not penalised have taken their part of them and of y.
///
/// Along uⱼ ridge leaves [shift/(σⱼ² + shift)](Self::left) of y. So sums of squares, degrees of freedom and leverages are sums of positive
/// terms, and have as many digits as the decomposition: it is carried out in twice the digits of `f64` where eigenvalues of products would
/// lose more than a few and the rows are few; else in `f64`.
#[derive(Debug, Clone)]
pub(crate) struct Directions {
    /// The rows of positive weight.
    pub(crate) rows: Vec<usize>,
    /// m, with the rows of weight 0.
    pub(crate) all_rows: usize,
    /// √s of each row of positive weight, in units of 2^`root_unit`.
    pub(crate) roots: Vec<f64>,
    pub(crate) root_unit: i32,
    pub(crate) intercept: bool,
    pub(crate) weight_sum: f64,
    /// σ ≥ 0 in units of 2^`unit`.
    pub(crate) sigma: Vec<f64>,
    pub(crate) unit: i32,
    /// U, m × r.
    pub(crate) u: DMatrix<f64>,
    /// UᵀS^½(y − ȳ), r × t; target τ in units of 2^`target_units[τ]`.
    pub(crate) along: DMatrix<f64>,
    pub(crate) target_units: Vec<i32>,
    /// S^½(y − ȳ) less what the features that are not penalised explain, m × t.
    pub(crate) y: DMatrix<f64>,
    /// `y` less what U explains of it, m × t.
    pub(crate) rest: DMatrix<f64>,
    /// 1 − hᵢ of each row, were nothing penalised.
    pub(crate) free: Vec<f64>,
    /// What a sum of squares of U may be wrong by; 0 where nothing is subtracted from it.
    pub(crate) noise: f64,
    /// The rank of the features that are not penalised.
    pub(crate) fixed_rank: usize,
    /// How directions lead to coefficients.
    pub(crate) coefficients: Coefficients,
}

/// What a decomposition has found, with the fields of [`Directions`] of these names.
pub(super) struct Parts {
    pub(super) sigma: Vec<f64>,
    pub(super) unit: i32,
    pub(super) along: DMatrix<f64>,
    pub(super) y: DMatrix<f64>,
    pub(super) rest: DMatrix<f64>,
    pub(super) free: Vec<f64>,
    pub(super) noise: f64,
}

impl Directions {
    /// The directions that a decomposition of `rows` has found; where they span all that y can be, they leave nothing of it.
    pub(super) fn of_parts(
        rows: &ScaledRows<'_>,
        u: DMatrix<f64>,
        parts: Parts,
        fixed_rank: usize,
        coefficients: Coefficients,
    ) -> Self {
        let Parts { sigma, unit, along, y, rest, free, noise } = parts;
        let mut directions = Self {
            rows: rows.rows.clone(),
            all_rows: rows.all_rows(),
            roots: rows.roots.clone(),
            root_unit: rows.root_unit,
            intercept: rows.has_intercept(),
            weight_sum: rows.weight_sum(),
            sigma,
            unit,
            u,
            along,
            target_units: rows.target_units(),
            y,
            rest,
            free,
            noise,
            fixed_rank,
            coefficients,
        };
        if directions.room() == 0 {
            directions.rest.fill(0.0);
            directions.free.fill(0.0);
            directions.noise = 0.0;
        }
        directions
    }

    /// √shift in the units of σ.
    pub(crate) fn root(&self, shift: f64) -> f64 {
        scaled(shift.sqrt(), -self.unit)
    }

    /// The share of y that is shrunk away along each direction: shift/(σ² + shift); 1 where σ = 0.
    pub(crate) fn left(&self, shift: f64) -> Vec<f64> {
        let root = self.root(shift);
        self.sigma.iter().map(|sigma| if *sigma > 0.0 { 1.0 / (1.0 + (sigma / root).powi(2)) } else { 1.0 }).collect()
    }

    /// The share of y that is kept along each direction: σ²/(σ² + shift).
    pub(crate) fn kept(&self, shift: f64) -> Vec<f64> {
        let root = self.root(shift);
        self.sigma.iter().map(|sigma| if *sigma > 0.0 { 1.0 / (1.0 + (root / sigma).powi(2)) } else { 0.0 }).collect()
    }

    /// Rows of positive weight that nothing explains, were nothing penalised: m less the rank and what is not penalised.
    pub(crate) fn room(&self) -> usize {
        self.rows.len() - usize::from(self.intercept) - self.fixed_rank - self.sigma.len()
    }

    /// Whether the penalised features have no direction of σ = 0.
    pub(crate) fn reach_every_feature(&self) -> bool {
        self.sigma.iter().filter(|sigma| **sigma > 0.0).count() == self.coefficients.penalised.len()
    }

    /// m − df: a sum, so that it has its digits where df is all but m.
    #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
    pub(crate) fn unexplained(&self, shift: f64) -> f64 {
        self.room() as f64 + self.left(shift).iter().sum::<f64>()
    }

    /// Σ s(y − ŷ)² of a target, in its units: a sum, so that it has its digits where the fit is all but exact.
    pub(crate) fn rss(&self, shift: f64, target: usize) -> f64 {
        let left = self.left(shift);
        let along: f64 = left.iter().zip(self.along.column(target).iter()).map(|(left, p)| (left * p).powi(2)).sum();
        self.rest.column(target).norm_squared() + along
    }

    /// 1 − hᵢ of the rows of positive weight, a column for each shift. 0 where it has no digits.
    pub(crate) fn left_of_rows(&self, shifts: &[f64]) -> DMatrix<f64> {
        let weights: Vec<_> = shifts.iter().map(|shift| nalgebra::DVector::from_vec(self.left(*shift))).collect();
        let weights = DMatrix::from_columns(&weights);
        let mut left = times(&self.u.map(|value| value * value), &weights);
        for mut column in left.column_iter_mut() {
            for (left, free) in column.iter_mut().zip(&self.free) {
                *left += free;
                // Written so that NaN has none.
                if !(*left > self.noise) {
                    *left = 0.0;
                }
            }
        }
        left
    }

    /// Whether nothing that is told of rows and targets, at shifts from `least` on, is a small rest of much more, and no direction
    /// may be there by rounding alone.
    pub(super) fn keeps_its_digits(&self, least: f64) -> bool {
        let most = self.sigma.iter().copied().fold(0.0, f64::max);
        if self.sigma.iter().any(|sigma| *sigma < INDISTINCT * most) {
            return false;
        }
        let left = self.left_of_rows(&[least]);
        let targets = 0..self.rest.ncols();
        let mut known = targets.filter(|target| self.along.column(*target).amax() > 0.0);
        let small = |target: usize| {
            self.rest.column(target).norm() < SMALL * self.along.column(target).norm() && self.room() > 0
        };
        // Directions that span all there is leave a row little for its weight alone.
        let kept = match self.room() {
            0 => self.u.row_iter().all(|row| row.norm_squared() > SMALL),
            _ => left.iter().all(|left| *left > SMALL),
        };
        kept && !known.any(small)
    }
}
