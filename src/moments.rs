//! Sums of squares and cross-products: all that a ridge path needs to know of the rows.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::parallel::at_least;
use crate::problem::Problem;
use crate::scale::{exponent, scaled};
use crate::simd::vectorized;
use crate::view::{Scalar, View};
use crate::wide::two_sum;

/// m, W, the weighted means, and the centred sums G = (X−x̄)ᵀS(X−x̄), C = (X−x̄)ᵀS(Y−ȳ) and Σ s(y−ȳ)² of some rows.
///
/// The waist of the library: what comes after needs no rows. Moments add up: those of two sets of rows
/// [`merge`](Self::merge) into those of their union, so that chunks of a file, folds or partitions may be summed
/// apart. Each column is held in units of a power of two near its spread, so that no square overflows.
///
/// ```
/// use ridgepath::{Moments, Problem, View};
/// let (x, y) = ([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 9.0]);
/// let mut moments = Moments::new(1, 1);
/// for rows in [0..2, 2..4] {
///     moments.push(&Problem::new(&x[rows.clone()], &y[rows])?)?;
/// }
/// assert_eq!((moments.rows(), moments.mean_x(0), moments.gram(0, 0)), (4, 2.5, 5.0));
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    pub(crate) rows: usize,
    pub(crate) positive_rows: usize,
    pub(crate) weight_sum: f64,
    /// Means of the n features, then of the t targets.
    pub(crate) means: Vec<f64>,
    /// What the means lack of their exact values: their digits beyond the 53rd.
    pub(crate) lows: Vec<f64>,
    /// Column j is held in units of 2^exponents[j]; features first.
    pub(crate) exponents: Vec<i32>,
    /// n × n in those units; the lower triangle counts.
    pub(crate) gram: DMatrix<f64>,
    /// n × t.
    pub(crate) cross: DMatrix<f64>,
    /// Σ s(y−ȳ)², t.
    pub(crate) squares: Vec<f64>,
}

impl Moments {
    /// The moments of no rows, for n features and t targets.
    #[must_use]
    pub fn new(features: usize, targets: usize) -> Self {
        Self {
            rows: 0,
            positive_rows: 0,
            weight_sum: 0.0,
            means: vec![0.0; features + targets],
            lows: vec![0.0; features + targets],
            exponents: vec![0; features + targets],
            gram: DMatrix::zeros(features, features),
            cross: DMatrix::zeros(features, targets),
            squares: vec![0.0; targets],
        }
    }

    /// Adds the rows of other moments (Chan, Golub and LeVeque, 1979: nothing cancels).
    ///
    /// # Errors
    /// [`Error::Shape`] when features or targets differ, [`Error::Span`] when means lie too far apart.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        for (what, found, wanted) in [
            ("features of the moments to merge", other.features(), self.features()),
            ("targets of the moments to merge", other.targets(), self.targets()),
        ] {
            if found != wanted {
                return Err(Error::Shape { what, found, wanted });
            }
        }
        if other.weight_sum == 0.0 {
            self.rows += other.rows;
            return Ok(());
        }
        if self.weight_sum > 0.0 {
            self.check_span(other)?;
        }
        self.rows += other.rows;
        if self.weight_sum == 0.0 {
            let rows = self.rows;
            *self = Self { rows, ..other.clone() };
            return Ok(());
        }
        let n = self.features();
        let weight_sum = self.weight_sum + other.weight_sum;
        let pull = other.weight_sum / weight_sum;
        let mass = self.weight_sum * pull; // WaWb/W
        let mut step = vec![0.0; self.means.len()]; // difference of means, in the common units
        let mut units = (vec![1.0; step.len()], vec![1.0; step.len()]);
        for j in 0..step.len() {
            // The low parts matter where the mean is large against the spread.
            let difference = (other.means[j] - self.means[j]) + (other.lows[j] - self.lows[j]);
            let sides = [(self.spread(j), self.exponents[j]), (other.spread(j), other.exponents[j])];
            let own = sides.iter().filter(|(spread, _)| *spread > 0.0).map(|(_, exponent)| *exponent);
            let both = own.chain((difference != 0.0).then(|| exponent(difference))).max().unwrap_or(0);
            // A column that is constant on one side has no unit there, and only zeros.
            let unit = |(spread, own): (f64, i32)| if spread > 0.0 { scaled(1.0, own - both) } else { 0.0 };
            (units.0[j], units.1[j]) = (unit(sides[0]), unit(sides[1]));
            step[j] = scaled(difference, -both);
            self.exponents[j] = both;
            let mean = self.means[j] + difference * pull;
            self.lows[j] += difference * pull - (mean - self.means[j]);
            self.means[j] = mean;
        }
        let sum = |own: &mut f64, theirs: f64, i: usize, j: usize| {
            let moved = mass * step[i] * step[j];
            *own = *own * (units.0[i] * units.0[j]) + theirs * (units.1[i] * units.1[j]) + moved;
        };
        for j in 0..n {
            for i in j..n {
                sum(&mut self.gram[(i, j)], other.gram[(i, j)], i, j);
            }
        }
        for target in 0..self.targets() {
            for i in 0..n {
                sum(&mut self.cross[(i, target)], other.cross[(i, target)], i, n + target);
            }
            sum(&mut self.squares[target], other.squares[target], n + target, n + target);
        }
        self.weight_sum = weight_sum;
        self.positive_rows += other.positive_rows;
        Ok(())
    }

    fn check_span(&self, other: &Self) -> Result<()> {
        let n = self.features();
        match (0..self.means.len()).find(|j| !(other.means[*j] - self.means[*j]).is_finite()) {
            Some(j) => {
                let (what, column) = if j < n { ("X", j) } else { ("Y", j - n) };
                let (least, greatest) = (self.means[j].min(other.means[j]), self.means[j].max(other.means[j]));
                Err(Error::Span { what, column, least, greatest })
            }
            None => Ok(()),
        }
    }

    /// The sum of squares of a column about its mean, in its units; 0 for a constant one.
    fn spread(&self, j: usize) -> f64 {
        if j < self.features() { self.gram[(j, j)] } else { self.squares[j - self.features()] }
    }

    /// The exponent of units that hold a column's deviations and its mean, and what brings the deviations into them.
    pub(crate) fn with_mean(&self, j: usize) -> (i32, f64) {
        let (own, mean) = (self.exponents[j], self.means[j]);
        match (self.spread(j) > 0.0, mean == 0.0) {
            (_, true) => (own, 1.0),
            (false, false) => (exponent(mean), 0.0),
            (true, false) => {
                let both = own.max(exponent(mean));
                (both, scaled(1.0, own - both))
            }
        }
    }

    /// m, the rows summed.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// n, the features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.gram.nrows()
    }

    /// t, the targets.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.squares.len()
    }

    /// W, the sum of the weights.
    #[must_use]
    pub fn weight_sum(&self) -> f64 {
        self.weight_sum
    }

    /// The weighted mean of feature j.
    #[must_use]
    pub fn mean_x(&self, j: usize) -> f64 {
        self.means[j]
    }

    /// The weighted mean of a target.
    #[must_use]
    pub fn mean_y(&self, target: usize) -> f64 {
        self.means[self.features() + target]
    }

    /// Element (i, j) of the centred Gram matrix (X−x̄)ᵀS(X−x̄).
    #[must_use]
    pub fn gram(&self, i: usize, j: usize) -> f64 {
        scaled(self.gram[(i.max(j), i.min(j))], self.exponents[i] + self.exponents[j])
    }

    /// Element (i, target) of the centred (X−x̄)ᵀS(Y−ȳ).
    #[must_use]
    pub fn cross(&self, i: usize, target: usize) -> f64 {
        scaled(self.cross[(i, target)], self.exponents[i] + self.exponents[self.features() + target])
    }

    /// Σ s(y−ȳ)² of a target.
    #[must_use]
    pub fn sum_of_squares(&self, target: usize) -> f64 {
        scaled(self.squares[target], 2 * self.exponents[self.features() + target])
    }
}

/// How rows are brought to zero mean and unit scale before their squares are summed:
/// x' = ((x − origin) − offset) · 2^−exponent, where the origin is the column's value in the heaviest row, so that a constant
/// column becomes exactly zero, and origin + offset is the weighted mean.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    origin: Vec<f64>,
    offset: Vec<f64>,
    /// What the offset lacks of the mean: its own rounding.
    rest: Vec<f64>,
    pub(crate) exponents: Vec<i32>,
    inverse: Vec<f64>,
    pub(crate) positive_rows: usize,
}

/// Columns that one task measures.
const PANEL: usize = 32;
/// Sums that run side by side.
const LANES: usize = 8;
/// The least exponent of a column's units: 2^-LEAST is still a number, by which subnormal columns are multiplied.
const LEAST: i32 = -1000;

impl Frame {
    /// Measures the columns of [X | Y] in one pass over the rows of positive weight.
    pub(crate) fn measure<T: Scalar>(problem: &Problem<'_, T>) -> Result<Self> {
        let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
        // In units of a power of two above W, so that no sum overflows.
        let above = -exponent(problem.weight_sum()) - 1;
        let weights: Vec<f64> = (0..m).map(|row| scaled(problem.weight(row), above)).collect();
        let weight_sum = scaled(problem.weight_sum(), above);
        // The heaviest row: its distance from the mean, which its weight multiplies, is then right to its last digits.
        let first = problem.heaviest();
        let columns = [problem.x(), problem.y()].map(|view| Extent::of(view, first, &weights)).concat();
        let origin: Vec<f64> = columns.iter().map(|own| own.origin).collect();
        let offset: Vec<f64> = columns.iter().map(|own| own.sum.high / weight_sum).collect();
        let left = |sum: &Sum, offset: f64| (offset.mul_add(-weight_sum, sum.high) + sum.low) / weight_sum;
        let rest = columns.iter().zip(&offset).map(|(own, offset)| left(&own.sum, *offset)).collect();
        let mut exponents = vec![0; n + t];
        for (j, own) in columns.iter().enumerate() {
            let spread = (own.greatest - offset[j]).max(offset[j] - own.least);
            if !spread.is_finite() {
                let (what, column) = if j < n { ("X", j) } else { ("Y", j - n) };
                let (least, greatest) = (own.origin + own.least, own.origin + own.greatest);
                return Err(Error::Span { what, column, least, greatest });
            }
            exponents[j] = if spread > 0.0 { exponent(spread).max(LEAST) } else { 0 };
        }
        let inverse = exponents.iter().map(|e| scaled(1.0, -e)).collect();
        let positive_rows = weights.iter().filter(|s| **s > 0.0).count();
        Ok(Self { origin, offset, rest, exponents, inverse, positive_rows })
    }

    /// A frame that only scales: no origin, no mean.
    pub(crate) fn scaling<T: Scalar>(problem: &Problem<'_, T>) -> Self {
        let q = problem.features() + problem.targets();
        let mut greatest = vec![0.0f64; q];
        let mut add = |row: usize, j: usize, value: f64| {
            if problem.weight(row) > 0.0 {
                greatest[j] = greatest[j].max(value.abs());
            }
        };
        problem.x().visit(0, problem.rows(), &mut add);
        problem.y().visit(0, problem.rows(), |row, j, value| add(row, problem.features() + j, value));
        let exponents: Vec<i32> = greatest.iter().map(|value| exponent(*value).max(LEAST)).collect();
        let inverse = exponents.iter().map(|e| scaled(1.0, -e)).collect();
        let zeros = || vec![0.0; q];
        let positive_rows = (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).count();
        Self { origin: zeros(), offset: zeros(), rest: zeros(), exponents, inverse, positive_rows }
    }

    /// x' of a value of column j in two doubles: no digit of the value, or of the mean, is lost.
    pub(crate) fn apply_wide(&self, j: usize, value: f64) -> (f64, f64) {
        let (high, low) = two_sum(value, -self.origin[j]);
        let (high, more) = two_sum(high, -self.offset[j]);
        let (high, low) = two_sum(high, low + (more - self.rest[j]));
        (high * self.inverse[j], low * self.inverse[j])
    }

    /// x' of a value of column j; features first, then targets.
    #[inline]
    pub(crate) fn apply(&self, j: usize, value: f64) -> f64 {
        ((value - self.origin[j]) - self.offset[j]) * self.inverse[j]
    }

    /// The weighted mean of each column, to its own last digit or so (where the values all but cancel, errors of their size would
    /// count when columns are not centred: W·x̄·ȳ), and what that lacks of it.
    pub(crate) fn means(&self) -> (Vec<f64>, Vec<f64>) {
        let mean = |j: usize| {
            let (sum, lost) = two_sum(self.origin[j], self.offset[j]);
            two_sum(sum, lost + self.rest[j])
        };
        (0..self.origin.len()).map(mean).unzip()
    }

    /// Σ s·x'² of every column of [X | Y], in units of the frame.
    pub(crate) fn squares<T: Scalar>(&self, problem: &Problem<'_, T>) -> Vec<f64> {
        let n = problem.features();
        let unit = exponent(problem.weight(problem.heaviest()));
        let weights: Vec<f64> = (0..problem.rows()).map(|row| scaled(problem.weight(row), -unit)).collect();
        let mut squares = vec![0.0; n + problem.targets()];
        let mut add = |row: usize, j: usize, value: f64| {
            if weights[row] > 0.0 {
                squares[j] += weights[row] * self.apply(j, value).powi(2);
            }
        };
        problem.x().visit(0, problem.rows(), &mut add);
        problem.y().visit(0, problem.rows(), |row, j, value| add(row, n + j, value));
        squares.into_iter().map(|sum| scaled(sum, unit)).collect()
    }
}

/// A column's value in one row, and of the distances from it the weighted sum, the least and the greatest.
#[derive(Debug, Clone, Copy)]
struct Extent {
    origin: f64,
    sum: Sum,
    least: f64,
    greatest: f64,
}

impl Extent {
    /// Of every column, about its value in row `first`, over the rows of positive weight.
    fn of<T: Scalar>(view: View<'_, T>, first: usize, weights: &[f64]) -> Vec<Self> {
        const ROWS: usize = 256;
        let panel = |start: usize| {
            let own = view.column_range(start, PANEL.min(view.columns() - start));
            let mut lanes: Vec<Lanes> = (0..own.columns()).map(|j| Lanes::new(own.get(first, j).into())).collect();
            let mut block = vec![0.0; ROWS.min(view.rows()) * own.columns()];
            for (part, weights) in weights.chunks(ROWS).enumerate() {
                let block = &mut block[..weights.len() * own.columns()];
                own.load(part * ROWS, weights.len(), block);
                vectorized(|| {
                    for (column, lanes) in block.chunks(weights.len()).zip(&mut lanes) {
                        lanes.add(column, weights);
                    }
                });
            }
            lanes.into_iter().map(Lanes::joined).collect::<Vec<Self>>()
        };
        let panels: Vec<usize> = (0..view.columns()).step_by(PANEL).collect();
        panels.into_par_iter().with_min_len(at_least(16 * PANEL * view.rows())).flat_map_iter(panel).collect()
    }
}

/// The same of every eighth row.
struct Lanes {
    origin: f64,
    high: [f64; LANES],
    low: [f64; LANES],
    least: [f64; LANES],
    greatest: [f64; LANES],
}

impl Lanes {
    fn new(origin: f64) -> Self {
        let zeros = [0.0; LANES];
        Self { origin, high: zeros, low: zeros, least: zeros, greatest: zeros }
    }

    /// Adds rows, of which those of weight 0 count for nothing.
    #[inline(always)]
    fn add(&mut self, column: &[f64], weights: &[f64]) {
        let Self { origin, mut high, mut low, mut least, mut greatest } = *self;
        let mut one = |lane: usize, value: f64, weight: f64| {
            let away = if weight > 0.0 { value - origin } else { 0.0 };
            let (sum, lost) = two_sum(high[lane], away * weight);
            (high[lane], low[lane]) = (sum, low[lane] + lost);
            least[lane] = if away < least[lane] { away } else { least[lane] };
            greatest[lane] = if away > greatest[lane] { away } else { greatest[lane] };
        };
        let (whole, rest) = column.as_chunks::<LANES>();
        let (own, own_rest) = weights.as_chunks::<LANES>();
        for (values, weights) in whole.iter().zip(own) {
            for lane in 0..LANES {
                one(lane, values[lane], weights[lane]);
            }
        }
        rest.iter().zip(own_rest).enumerate().for_each(|(lane, (value, weight))| one(lane, *value, *weight));
        *self = Self { origin, high, low, least, greatest };
    }

    fn joined(self) -> Extent {
        let mut sum = Sum::default();
        self.high.into_iter().chain(self.low).for_each(|part| sum.add(part));
        let least = self.least.into_iter().fold(0.0, f64::min);
        Extent { origin: self.origin, sum, least, greatest: self.greatest.into_iter().fold(0.0, f64::max) }
    }
}

/// A sum with its rounding errors beside it (Ogita, Rump and Oishi, 2005): as good as in twice the digits.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let (sum, lost) = two_sum(self.high, value);
        self.low += lost;
        self.high = sum;
    }
}
