//! Where coefficients are shrunk to, and along which directions: a prior mean, and a full Tikhonov matrix in place of D.

use nalgebra::DMatrix;

use crate::error::{Error, Result};
use crate::math::eigen::eigen;

/// The penalty λ(w − w₀)ᵀΓ(w − w₀).
#[derive(Debug, Clone, Default)]
pub(crate) struct Prior {
    /// w₀: n numbers for all targets, or for each.
    pub(crate) mean: Option<Vec<f64>>,
    /// Γ
    pub(crate) tikhonov: Option<DMatrix<f64>>,
}

/// Γ = QΛQᵀ: the directions in which the penalty acts alone, and how much in each.
pub(crate) struct Rotation {
    /// Λ
    pub(crate) factors: Vec<f64>,
    /// Q
    pub(crate) basis: DMatrix<f64>,
}

impl Prior {
    pub(crate) fn is_none(&self) -> bool {
        self.mean.is_none() && self.tikhonov.is_none()
    }

    /// The prior of some of t targets, of n features.
    pub(crate) fn of_targets(&self, targets: &[usize], [n, t]: [usize; 2]) -> Self {
        let some = |mean: &Vec<f64>| match mean.len() == n * t && t > 1 {
            true => targets.iter().flat_map(|target| &mean[target * n..(target + 1) * n]).copied().collect(),
            // One for all, or of a length that is refused.
            false => mean.clone(),
        };
        Self { mean: self.mean.as_ref().map(some), tikhonov: self.tikhonov.clone() }
    }

    /// w₀ as n × t.
    pub(crate) fn mean(&self, n: usize, t: usize) -> Result<DMatrix<f64>> {
        let Some(mean) = &self.mean else { return Ok(DMatrix::zeros(n, t)) };
        if mean.len() != n && mean.len() != n * t {
            let what = "numbers of the prior mean, one for each feature or for each of every target";
            return Err(Error::Shape { what, found: mean.len(), wanted: n });
        }
        match mean.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(Error::NonFinite { what: "the prior mean", row: at % n, column: at / n, value: mean[at] }),
            None => Ok(DMatrix::from_fn(n, t, |j, target| mean[(target * n + j) % mean.len()])),
        }
    }

    pub(crate) fn directions(&self, n: usize) -> Result<Option<Rotation>> {
        let Some(matrix) = &self.tikhonov else { return Ok(None) };
        for (what, found) in [
            ("rows of the Tikhonov matrix against features", matrix.nrows()),
            ("columns of the Tikhonov matrix against features", matrix.ncols()),
        ] {
            if found != n {
                return Err(Error::Shape { what, found, wanted: n });
            }
        }
        let largest = matrix.amax();
        #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
        let rounding = 8.0 * n as f64 * f64::EPSILON;
        for column in 0..n {
            for row in column..n {
                let (value, mirrored) = (matrix[(row, column)], matrix[(column, row)]);
                if !value.is_finite() || !mirrored.is_finite() {
                    return Err(Error::NonFinite { what: "the Tikhonov matrix", row, column, value });
                }
                if (value - mirrored).abs() > rounding * largest {
                    let detail = format!("element ({row}, {column}) is {value:?}, ({column}, {row}) {mirrored:?}");
                    return Err(Error::NotSemidefinite { what: "the Tikhonov matrix", detail });
                }
            }
        }
        let eigen = eigen(matrix).ok_or(Error::NotDecomposed { what: "the Tikhonov matrix" })?;
        let least = rounding * eigen.values.amax();
        if let Some(value) = eigen.values.iter().find(|value| **value < -least) {
            let detail = format!("it has the eigenvalue {value:?}");
            return Err(Error::NotSemidefinite { what: "the Tikhonov matrix", detail });
        }
        // What is 0 but for rounding is 0: the directions that Γ leaves free.
        let factors = eigen.values.iter().map(|value| if *value > least { *value } else { 0.0 }).collect();
        Ok(Some(Rotation { factors, basis: eigen.vectors }))
    }
}
