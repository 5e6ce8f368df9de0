//! Sums of squares and cross-products: all that a ridge path needs to know of the rows.

use nalgebra::DMatrix;

mod bytes;
mod change;
#[cfg(feature = "serde")]
mod document;
mod state;

pub use change::RawSums;

use crate::data::framed::Framed;
use crate::error::{Error, Result};
use crate::math::powers::{exponent, scaled};

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
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "document::Document", try_from = "document::Document"))]
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
    /// G, n × n, in the units of the columns; the lower triangle counts.
    pub(crate) gram: DMatrix<f64>,
    /// C, n × t, in the units of the columns.
    pub(crate) cross: DMatrix<f64>,
    /// Σ s(y−ȳ)² of each target, in the units of the targets.
    pub(crate) squares: Vec<f64>,
}

impl Moments {
    /// Those of some targets, copied.
    pub(crate) fn of_targets(&self, targets: &[usize]) -> Self {
        let n = self.features();
        let columns = || (0..n).chain(targets.iter().map(|target| n + target));
        let of = |values: &[f64]| columns().map(|j| values[j]).collect();
        Self {
            means: of(&self.means),
            lows: of(&self.lows),
            exponents: columns().map(|j| self.exponents[j]).collect(),
            gram: self.gram.clone(),
            cross: self.cross.select_columns(targets),
            squares: targets.iter().map(|target| self.squares[*target]).collect(),
            ..*self
        }
    }

    /// The moments of no rows, for n features and t targets.
    ///
    /// # Panics
    /// When n·(n + t) numbers are more than memory can be addressed, where [`try_new`](Self::try_new) has an error.
    #[must_use]
    pub fn new(features: usize, targets: usize) -> Self {
        Self::try_new(features, targets).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The moments of no rows, for n features and t targets.
    ///
    /// # Errors
    /// [`Error::Overflow`] when n·(n + t) numbers are more than memory can be addressed.
    pub fn try_new(features: usize, targets: usize) -> Result<Self> {
        Self::check_numbers(features, targets)?;
        Ok(Self {
            rows: 0,
            positive_rows: 0,
            weight_sum: 0.0,
            means: vec![0.0; features + targets],
            lows: vec![0.0; features + targets],
            exponents: vec![0; features + targets],
            gram: DMatrix::zeros(features, features),
            cross: DMatrix::zeros(features, targets),
            squares: vec![0.0; targets],
        })
    }

    /// Refuses sizes of which the sums are more than memory can be addressed.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub(crate) fn check_numbers(features: usize, targets: usize) -> Result<()> {
        let numbers = features.checked_add(targets).and_then(|columns| columns.checked_mul(features.max(1)));
        if numbers.is_none_or(|numbers| numbers > isize::MAX as usize / size_of::<f64>()) {
            let detail = format!("{features} features and {targets} targets");
            return Err(Error::Overflow { what: "the size of the moments", detail });
        }
        Ok(())
    }

    /// The moments of centred rows, from their sums in the units of their columns: G, of which the lower triangle
    /// counts, C and Σ s(y−ȳ)².
    pub(crate) fn of_framed(rows: &Framed<'_>, gram: DMatrix<f64>, cross: DMatrix<f64>, squares: Vec<f64>) -> Self {
        let (means, lows) = rows.means();
        Self {
            rows: rows.problem().rows(),
            positive_rows: rows.positive_rows(),
            weight_sum: rows.problem().weight_sum(),
            means,
            lows,
            exponents: rows.exponents().to_vec(),
            gram,
            cross,
            squares,
        }
    }

    /// Adds the rows of other moments (Chan, Golub and LeVeque, 1979: nothing cancels).
    ///
    /// # Errors
    /// [`Error::Shape`] when features or targets differ, [`Error::Span`] when means lie too far apart, [`Error::Overflow`] when the
    /// rows are too many to be counted or the sum of the weights is not finite. The moments are then as they were.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.check_sizes(other, ["features of the moments to merge", "targets of the moments to merge"])?;
        let overflow = |what: &'static str, detail: String| Error::Overflow { what, detail };
        let rows = self.rows.checked_add(other.rows);
        let rows = rows.ok_or_else(|| overflow("the number of rows", format!("{} and {}", self.rows, other.rows)))?;
        let weight_sum = self.weight_sum + other.weight_sum;
        if !weight_sum.is_finite() {
            return Err(overflow(
                "the sum of the weights",
                format!("{:?} and {:?}", self.weight_sum, other.weight_sum),
            ));
        }
        if self.weight_sum > 0.0 && other.weight_sum > 0.0 {
            self.check_span(other)?;
        }
        self.rows = rows;
        if other.weight_sum == 0.0 {
            return Ok(());
        }
        if self.weight_sum == 0.0 {
            *self = Self { rows, ..other.clone() };
            return Ok(());
        }
        let n = self.features();
        let pull = other.weight_sum / weight_sum;
        let mass = self.weight_sum * pull; // WaWb/W
        let mut step = vec![0.0; self.means.len()]; // difference of means, in the common units
        let mut units = (vec![1.0; step.len()], vec![1.0; step.len()]);
        for j in 0..step.len() {
            // The low parts matter where the mean is large against the spread.
            let difference = (other.means[j] - self.means[j]) + (other.lows[j] - self.lows[j]);
            let sides = [(self.spread(j), self.exponents[j]), (other.spread(j), other.exponents[j])];
            let exponents = sides.iter().filter(|(spread, _)| *spread > 0.0).map(|(_, exponent)| *exponent);
            let both = exponents.chain((difference != 0.0).then(|| exponent(difference))).max().unwrap_or(0);
            // A column that is constant on one side has no unit there, and only zeros.
            let unit = |(spread, exponent): (f64, i32)| if spread > 0.0 { scaled(1.0, exponent - both) } else { 0.0 };
            (units.0[j], units.1[j]) = (unit(sides[0]), unit(sides[1]));
            step[j] = scaled(difference, -both);
            self.exponents[j] = both;
            let mean = self.means[j] + difference * pull;
            self.lows[j] += difference * pull - (mean - self.means[j]);
            self.means[j] = mean;
        }
        let add = |sum: &mut f64, theirs: f64, i: usize, j: usize| {
            let moved = mass * step[i] * step[j];
            *sum = *sum * (units.0[i] * units.0[j]) + theirs * (units.1[i] * units.1[j]) + moved;
        };
        for j in 0..n {
            for i in j..n {
                add(&mut self.gram[(i, j)], other.gram[(i, j)], i, j);
            }
        }
        for target in 0..self.targets() {
            for i in 0..n {
                add(&mut self.cross[(i, target)], other.cross[(i, target)], i, n + target);
            }
            add(&mut self.squares[target], other.squares[target], n + target, n + target);
        }
        self.weight_sum = weight_sum;
        self.positive_rows += other.positive_rows;
        Ok(())
    }

    fn check_sizes(&self, other: &Self, [features, targets]: [&'static str; 2]) -> Result<()> {
        for (what, found, wanted) in
            [(features, other.features(), self.features()), (targets, other.targets(), self.targets())]
        {
            if found != wanted {
                return Err(Error::Shape { what, found, wanted });
            }
        }
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
        let (spread_exponent, mean) = (self.exponents[j], self.means[j]);
        match (self.spread(j) > 0.0, mean == 0.0) {
            (_, true) => (spread_exponent, 1.0),
            (false, false) => (exponent(mean), 0.0),
            (true, false) => {
                let both = spread_exponent.max(exponent(mean));
                (both, scaled(1.0, spread_exponent - both))
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
