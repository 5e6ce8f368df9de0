//! How a column is centred and scaled before it is squared.

use rayon::prelude::*;

use crate::data::problem::Problem;
use crate::data::rows::{self, Rows as _};
use crate::error::{Error, Result};
use crate::math::extended::two_sum;
use crate::math::lanes::vectorized;
use crate::math::powers::{exponent, scaled};
use crate::math::threads::at_least;

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

/// Columns that one task measures.
const PANEL: usize = 32;
/// Rows that one task measures.
const RUN: usize = 8192;
/// Rows that a task reads at a time.
const ROWS: usize = 256;
/// Rows measured side by side. (Loops over eight the compiler unrolls before it looks for vectors.)
const EXTENT_LANES: usize = 16;
/// The least exponent of a column's units: 2^-LEAST is still a number, by which subnormal columns are multiplied.
const LEAST: i32 = -1000;

impl Frame {
    /// Measures the columns of [X | Y] in one pass over the rows of positive weight.
    pub(super) fn measure(problem: &Problem<'_>) -> Result<Self> {
        let (m, n) = (problem.rows(), problem.features());
        // In units of a power of two above W, so that no sum overflows.
        let above = -exponent(problem.weight_sum()) - 1;
        let weights: Vec<f64> = (0..m).map(|row| scaled(problem.weight(row), above)).collect();
        let weight_sum = scaled(problem.weight_sum(), above);
        // The heaviest row: its distance from the mean, which its weight multiplies, is then right to its last digits.
        let first = problem.heaviest();
        let extents = ColumnExtent::of(problem, first, &weights);
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
        let positive_rows = weights.iter().filter(|s| **s > 0.0).count();
        Ok(Self { origin, offset, rest, exponents, inverse, positive_rows })
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
        let positive_rows = (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).count();
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

/// A column's value in one row, and of the distances from it the weighted sum, the least and the greatest.
#[derive(Debug, Clone, Copy)]
struct ColumnExtent {
    origin: f64,
    sum: CompensatedSum,
    least: f64,
    greatest: f64,
}

impl ColumnExtent {
    /// The extent of every column of [X | Y], about its value in row `first`, over the rows of positive weight.
    fn of(problem: &Problem<'_>, first: usize, weights: &[f64]) -> Vec<Self> {
        let q = problem.columns();
        let panels = q.div_ceil(PANEL);
        // Task number i measures panel i % panels of run i / panels.
        let tasks = weights.len().div_ceil(RUN) * panels;
        let measure = |task: usize| {
            let (start, panel) = (task / panels * RUN, task % panels);
            let columns = panel * PANEL..q.min((panel + 1) * PANEL);
            let mut origins = vec![0.0; columns.len()];
            problem.read(first..first + 1, columns.clone(), &mut origins);
            let mut lanes: Vec<ExtentLanes> = origins.into_iter().map(ExtentLanes::new).collect();
            let run = &weights[start..weights.len().min(start + RUN)];
            let mut block = vec![0.0; ROWS.min(run.len()) * columns.len()];
            for (part, weights) in run.chunks(ROWS).enumerate() {
                let block = &mut block[..weights.len() * columns.len()];
                let top = start + part * ROWS;
                problem.read(top..top + weights.len(), columns.clone(), block);
                vectorized(
                    #[inline(always)]
                    || {
                        for (column, lanes) in block.chunks(weights.len()).zip(&mut lanes) {
                            lanes.add(column, weights);
                        }
                    },
                );
            }
            lanes.iter().map(ExtentLanes::joined).collect::<Vec<Self>>()
        };
        let operations = PANEL.min(q) * RUN.min(weights.len());
        let tasks = (0..tasks).into_par_iter().with_min_len(at_least(operations));
        let mut runs: Vec<Vec<Self>> = tasks.map(measure).collect();
        let others = runs.split_off(panels);
        let mut columns = runs.concat();
        for (other, at) in others.iter().zip((0..panels).cycle()) {
            columns[at * PANEL..].iter_mut().zip(other).for_each(|(column, other)| column.add(other));
        }
        columns
    }

    fn add(&mut self, other: &Self) {
        self.sum.add(other.sum.high);
        self.sum.add(other.sum.low);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }
}

/// The extent of a column in [`EXTENT_LANES`] parts: lane l measures row l of every sixteen. The sum of a lane is `high` + `low`.
struct ExtentLanes {
    origin: f64,
    high: [f64; EXTENT_LANES],
    low: [f64; EXTENT_LANES],
    least: [f64; EXTENT_LANES],
    greatest: [f64; EXTENT_LANES],
}

impl ExtentLanes {
    fn new(origin: f64) -> Self {
        let zeros = [0.0; EXTENT_LANES];
        Self { origin, high: zeros, low: zeros, least: zeros, greatest: zeros }
    }

    /// Adds rows, of which those of weight 0 count for nothing.
    #[inline(always)]
    fn add(&mut self, column: &[f64], weights: &[f64]) {
        let (whole, rest) = column.as_chunks();
        let (whole_weights, rest_weights) = weights.as_chunks();
        self.add_blocks(whole, whole_weights);
        if !rest.is_empty() {
            let (mut values, mut weights) = ([self.origin; EXTENT_LANES], [0.0; EXTENT_LANES]);
            values[..rest.len()].copy_from_slice(rest);
            weights[..rest.len()].copy_from_slice(rest_weights);
            self.add_blocks(&[values], &[weights]);
        }
    }

    #[inline(always)]
    fn add_blocks(&mut self, values: &[[f64; EXTENT_LANES]], weights: &[[f64; EXTENT_LANES]]) {
        let Self { origin, mut high, mut low, mut least, mut greatest } = *self;
        for (values, weights) in values.iter().zip(weights) {
            for lane in 0..EXTENT_LANES {
                let away = if weights[lane] > 0.0 { values[lane] - origin } else { 0.0 };
                let (sum, lost) = two_sum(high[lane], away * weights[lane]);
                high[lane] = sum;
                low[lane] += lost;
                least[lane] = if away < least[lane] { away } else { least[lane] };
                greatest[lane] = if away > greatest[lane] { away } else { greatest[lane] };
            }
        }
        *self = Self { origin, high, low, least, greatest };
    }

    fn joined(&self) -> ColumnExtent {
        let (mut high, mut low) = (self.high, self.low);
        let mut half = EXTENT_LANES / 2;
        while half > 0 {
            for lane in 0..half {
                let (sum, lost) = two_sum(high[lane], high[lane + half]);
                (high[lane], low[lane]) = (sum, low[lane] + low[lane + half] + lost);
            }
            half /= 2;
        }
        let mut sum = CompensatedSum { high: high[0], low: 0.0 };
        sum.add(low[0]);
        let least = self.least.iter().copied().fold(0.0, f64::min);
        ColumnExtent { origin: self.origin, sum, least, greatest: self.greatest.iter().copied().fold(0.0, f64::max) }
    }
}

/// A sum with its rounding errors beside it (Ogita, Rump and Oishi, 2005): as good as in twice the digits.
#[derive(Debug, Clone, Copy, Default)]
struct CompensatedSum {
    high: f64,
    low: f64,
}

impl CompensatedSum {
    fn add(&mut self, value: f64) {
        let (sum, lost) = two_sum(self.high, value);
        self.low += lost;
        self.high = sum;
    }
}
