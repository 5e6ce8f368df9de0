//! How a column is centred and scaled before it is squared.

use crate::data::extent::CompensatedSum;
use crate::data::problem::Problem;
use crate::data::rows::{self, Rows as _};
use crate::error::{Error, Result};
use crate::math::extended::two_sum;
use crate::math::powers::{exponent, scaled};

/// How rows are brought to zero mean and unit scale before their squares are summed:
/// x' = ((x − origin) − offset) · 2^−exponent, where the origin is the column's value in the heaviest row, so that a constant
/// column becomes exactly zero, and origin + offset is the weighted mean.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    origin: Vec<f64>,
    offset: Vec<f64>,
    /// What the offset lacks of the mean, by rounding.
    rest: Vec<f64>,
    pub(super) exponents: Vec<i32>,
    inverse: Vec<f64>,
    pub(super) positive_rows: usize,
}

/// The least exponent of a column's units: 2^-LEAST is still a number, by which subnormal columns are multiplied.
const LEAST: i32 = -1000;

impl Frame {
    /// Measures the columns of [X | Y] in one pass over the rows of positive weight.
    pub(super) fn measure(problem: &Problem<'_>) -> Result<Self> {
        let (n, extents) = (problem.features(), problem.extents());
        let weight_sum = scaled(problem.weight_sum(), -problem.weight_unit());
        let origin: Vec<f64> = extents.iter().map(|extent| extent.origin).collect();
        let offset: Vec<f64> = extents.iter().map(|extent| extent.sum.high / weight_sum).collect();
        let left = |sum: &CompensatedSum, offset: f64| (offset.mul_add(-weight_sum, sum.high) + sum.low) / weight_sum;
        let rest = extents.iter().zip(&offset).map(|(extent, offset)| left(&extent.sum, *offset)).collect();
        let mut exponents = vec![0; extents.len()];
        for (j, extent) in extents.iter().enumerate() {
            let spread = (extent.greatest - offset[j]).max(offset[j] - extent.least);
            if !spread.is_finite() {
                let (what, column) = if j < n { ("X", j) } else { ("Y", j - n) };
                let (least, greatest) = (extent.origin + extent.least, extent.origin + extent.greatest);
                return Err(Error::Span { what, column, least, greatest });
            }
            exponents[j] = if spread > 0.0 { exponent(spread).max(LEAST) } else { 0 };
        }
        let inverse = exponents.iter().map(|e| scaled(1.0, -e)).collect();
        Ok(Self { origin, offset, rest, exponents, inverse, positive_rows: problem.positive_rows() })
    }

    /// A frame that only scales: no origin, no mean.
    pub(super) fn scaling(problem: &Problem<'_>) -> Self {
        let q = problem.columns();
        let mut greatest = vec![0.0f64; q];
        rows::visit(problem, 0..problem.rows(), 0..q, |row, j, value| {
            if problem.weight(row) > 0.0 {
                greatest[j] = greatest[j].max(value.abs());
            }
        });
        let exponents: Vec<i32> = greatest.iter().map(|value| exponent(*value).max(LEAST)).collect();
        let inverse = exponents.iter().map(|e| scaled(1.0, -e)).collect();
        let zeros = || vec![0.0; q];
        let positive_rows = problem.positive_rows();
        Self { origin: zeros(), offset: zeros(), rest: zeros(), exponents, inverse, positive_rows }
    }

    /// x' of a value of column j in two doubles: no digit of the value, or of the mean, is lost.
    #[inline(always)]
    pub(super) fn apply_wide(&self, j: usize, value: f64) -> (f64, f64) {
        let (high, low) = two_sum(value, -self.origin[j]);
        let (high, more) = two_sum(high, -self.offset[j]);
        let (high, low) = two_sum(high, low + (more - self.rest[j]));
        (high * self.inverse[j], low * self.inverse[j])
    }

    /// x' of a value of column j; features first, then targets.
    #[inline]
    pub(super) fn apply(&self, j: usize, value: f64) -> f64 {
        self.column(j).apply(value)
    }

    /// How column j is centred and scaled.
    #[inline]
    pub(super) fn column(&self, j: usize) -> Centring {
        Centring { origin: self.origin[j], offset: self.offset[j], inverse: self.inverse[j] }
    }

    /// The weighted mean of each column, to its last digit or so (where the values all but cancel, errors of their size would
    /// count when columns are not centred: W·x̄·ȳ), and what that lacks of it.
    pub(super) fn means(&self) -> (Vec<f64>, Vec<f64>) {
        let mean = |j: usize| {
            let (sum, lost) = two_sum(self.origin[j], self.offset[j]);
            two_sum(sum, lost + self.rest[j])
        };
        (0..self.origin.len()).map(mean).unzip()
    }
}

/// What is done to the values of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Centring {
    origin: f64,
    offset: f64,
    inverse: f64,
}

impl Centring {
    /// Origin, offset and what the difference is multiplied by.
    pub(super) fn numbers(self) -> [f64; 3] {
        [self.origin, self.offset, self.inverse]
    }

    #[inline(always)]
    pub(super) fn apply(&self, value: f64) -> f64 {
        ((value - self.origin) - self.offset) * self.inverse
    }
}
