//! R of a covariance `RRᵀ`, whose squares could be beyond the range of `f64` though its elements are not.

use nalgebra::DMatrix;

use crate::math::powers::{exponent, scaled};

/// R, whose row j is in units of 2^`exponents[j]`, which brings the largest element of the row near 1.
#[derive(Debug)]
pub(super) struct Root {
    rows: DMatrix<f64>,
    exponents: Vec<i32>,
}

impl Root {
    /// Matrices of equally many rows side by side, each in units of 2^`its exponent`.
    pub(super) fn new(parts: &[(DMatrix<f64>, i32)]) -> Self {
        let rows = parts.first().map_or(0, |(part, _)| part.nrows());
        let of_row = |j: usize| {
            let of_part = |(part, unit): &(DMatrix<f64>, i32)| {
                let most = part.row(j).amax();
                (most > 0.0).then(|| exponent(most) + unit)
            };
            parts.iter().filter_map(of_part).max().unwrap_or(0)
        };
        let exponents: Vec<i32> = (0..rows).map(of_row).collect();
        let mut all = DMatrix::zeros(rows, parts.iter().map(|(part, _)| part.ncols()).sum());
        let mut first = 0;
        for (part, unit) in parts {
            let in_units = DMatrix::from_fn(rows, part.ncols(), |j, l| scaled(part[(j, l)], unit - exponents[j]));
            all.columns_mut(first, part.ncols()).copy_from(&in_units);
            first += part.ncols();
        }
        Self { rows: all, exponents }
    }

    /// The norm of row j times 2^`by`.
    pub(super) fn norm(&self, j: usize, by: i32) -> f64 {
        scaled(self.rows.row(j).norm(), self.exponents[j] + by)
    }

    /// `factor`·`RRᵀ`, row and column j times 2^`by[j]`: symmetric to the last bit.
    pub(super) fn product(&self, factor: f64, by: &[i32]) -> DMatrix<f64> {
        let product = &self.rows * self.rows.transpose();
        let exponent = |j: usize| self.exponents[j] + by[j];
        DMatrix::from_fn(product.nrows(), product.ncols(), |i, j| {
            scaled((product[(i, j)] + product[(j, i)]) / 2.0 * factor, exponent(i) + exponent(j))
        })
    }
}
