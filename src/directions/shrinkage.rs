//! What ridge at a shift leaves of y along the directions, and what follows from it: residual sums of squares, degrees of freedom.

use nalgebra::DMatrix;

use crate::directions::coefficients::Coefficients;
use crate::directions::lost::Lost;
use crate::math::powers::scaled;

/// The singular value decomposition √S(X − x̄)D^-½ = U·diag(σ)·Vᵀ of the penalised features, after the intercept and the features
/// that are not penalised have taken their part of them and of y: as far as it can be told without the rows.
///
/// Along uⱼ ridge leaves [shift/(σⱼ² + shift)](Self::left) of y. So sums of squares, degrees of freedom and leverages are sums of positive
/// terms, and have as many digits as the decomposition.
#[derive(Debug, Clone)]
pub(crate) struct Directions {
    /// The rows of positive weight.
    pub(crate) rows_counted: usize,
    pub(crate) intercept: bool,
    pub(crate) weight_sum: f64,
    /// σ ≥ 0 in units of 2^`unit`.
    pub(crate) sigma: Vec<f64>,
    pub(crate) unit: i32,
    /// UᵀS^½(y − ȳ), r × t; target τ in units of 2^`target_units[τ]`.
    pub(crate) along: DMatrix<f64>,
    pub(crate) target_units: Vec<i32>,
    /// The sum of squares of what no direction, and no feature that is not penalised, explains of each target.
    pub(crate) rest_squares: Vec<f64>,
    /// The rank of the features that are not penalised.
    pub(crate) fixed_rank: usize,
    /// How directions lead to coefficients.
    pub(crate) coefficients: Coefficients,
    /// What moments have lost of all this; nothing where the directions are those of rows.
    pub(super) lost: Option<Lost>,
}

impl Directions {
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
        self.rows_counted - usize::from(self.intercept) - self.fixed_rank - self.sigma.len()
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
        self.rest_squares[target] + along
    }
}
