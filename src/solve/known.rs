//! Sums of a problem that are summed already.

use nalgebra::DMatrix;

use crate::moments::Moments;

/// Sums of products of the rows of a problem in double precision: with those of the targets, or for the dual form those of the features
/// alone.
#[derive(Debug, Clone)]
pub(crate) enum Known {
    Moments(Moments),
    Products(DMatrix<f64>),
}

impl Known {
    /// The sums of some targets.
    pub(crate) fn of_targets(&self, targets: &[usize]) -> Self {
        match self {
            Self::Moments(moments) => Self::Moments(moments.of_targets(targets)),
            Self::Products(products) => Self::Products(products.clone()),
        }
    }
}
