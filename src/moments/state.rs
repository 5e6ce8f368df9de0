//! What moments consist of, as numbers that were written elsewhere are checked before they are moments.

use nalgebra::DMatrix;

use super::Moments;
use crate::error::{Error, Result};

/// The largest power of two of a column's units. Those of numbers are below 2¹¹; factors of the weights
/// ([`Moments::scale`]) add to them.
const MOST_EXPONENT: i32 = 1 << 24;
/// What a sum of products may be of the root of the product of its columns' sums of squares, which it cannot exceed but for
/// rounding. Rows that were [taken away](Moments::remove) may leave sums of squares that are rounding in the third digit.
const MOST_CORRELATION: f64 = 1.1;

/// The numbers of [`Moments`], one triangle of G.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) rows: u64,
    pub(super) positive_rows: u64,
    pub(super) weight_sum: f64,
    /// [q]: those of the n features, then of the t targets.
    pub(super) means: Vec<f64>,
    /// [q]
    pub(super) lows: Vec<f64>,
    /// [q]
    pub(super) exponents: Vec<i32>,
    /// n(n + 1)/2: the lower triangle, column after column.
    pub(super) gram: Vec<f64>,
    /// n × t, column after column.
    pub(super) cross: Vec<f64>,
    /// [t]
    pub(super) squares: Vec<f64>,
}

/// How many numbers the lower triangle of n columns has; `None` beyond what can be counted.
pub(super) fn triangle(n: usize) -> Option<usize> {
    n.checked_add(1)?.checked_mul(n).map(|twice| twice / 2)
}

pub(super) fn unusable(detail: String) -> Error {
    Error::Document { what: "moments", detail }
}

impl From<&Moments> for State {
    fn from(moments: &Moments) -> Self {
        let n = moments.features();
        Self {
            rows: moments.rows as u64,
            positive_rows: moments.positive_rows as u64,
            weight_sum: moments.weight_sum,
            means: moments.means.clone(),
            lows: moments.lows.clone(),
            exponents: moments.exponents.clone(),
            gram: (0..n).flat_map(|j| moments.gram.column(j).into_iter().skip(j).copied()).collect(),
            cross: moments.cross.as_slice().to_vec(),
            squares: moments.squares.clone(),
        }
    }
}

impl State {
    /// The moments, if these are the numbers of some: none is larger than others allow.
    ///
    /// # Errors
    /// [`Error::Document`].
    pub(super) fn checked(self) -> Result<Moments> {
        let t = self.squares.len();
        let n = self.means.len().checked_sub(t).ok_or_else(|| unusable(format!("{t} targets have fewer means")))?;
        if n == 0 || t == 0 {
            return Err(unusable(format!("{n} features and {t} targets; wanted at least one of each")));
        }
        Moments::check_numbers(n, t)?;
        for (what, found, wanted) in [
            ("digits beyond the 53rd of means", self.lows.len(), Some(n + t)),
            ("units of columns", self.exponents.len(), Some(n + t)),
            ("sums of products of features", self.gram.len(), triangle(n)),
            ("sums of products of features and targets", self.cross.len(), n.checked_mul(t)),
        ] {
            if Some(found) != wanted {
                let wanted = wanted.unwrap_or(usize::MAX);
                return Err(unusable(format!("{n} features and {t} targets with {found} {what}; wanted {wanted}")));
            }
        }
        let count = |what: &str, rows: u64| {
            usize::try_from(rows).map_err(|_| unusable(format!("{rows} {what}, more than this machine can count")))
        };
        let (rows, positive_rows) = (count("rows", self.rows)?, count("rows", self.positive_rows)?);
        if positive_rows > rows {
            return Err(unusable(format!("{positive_rows} of {rows} rows are said to have a positive weight")));
        }
        // Written so that NaN is refused.
        if !(self.weight_sum >= 0.0 && self.weight_sum.is_finite()) {
            return Err(unusable(format!("the sum of the weights is {:?}", self.weight_sum)));
        }
        if (self.weight_sum > 0.0) != (positive_rows > 0) {
            let weights = self.weight_sum;
            return Err(unusable(format!("{positive_rows} rows have a positive weight, whose sum is {weights:?}")));
        }
        for (what, numbers) in [
            ("mean", &self.means),
            ("mean's digits beyond the 53rd", &self.lows),
            ("sum of products of features", &self.gram),
            ("sum of products of a feature and a target", &self.cross),
            ("sum of squares of a target", &self.squares),
        ] {
            if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
                return Err(unusable(format!("{what} number {at} is {:?}", numbers[at])));
            }
        }
        if let Some(j) = self.exponents.iter().position(|exponent| exponent.unsigned_abs() > MOST_EXPONENT as u32) {
            return Err(unusable(format!("column {j} is in units of 2^{}", self.exponents[j])));
        }
        let mut gram = DMatrix::zeros(n, n);
        let mut left = &self.gram[..];
        for j in 0..n {
            let (column, rest) = left.split_at(n - j);
            gram.as_mut_slice()[j * n + j..(j + 1) * n].copy_from_slice(column);
            left = rest;
        }
        let moments = Moments {
            rows,
            positive_rows,
            weight_sum: self.weight_sum,
            means: self.means,
            lows: self.lows,
            exponents: self.exponents,
            gram,
            cross: DMatrix::from_vec(n, t, self.cross),
            squares: self.squares,
        };
        moments.check_products()?;
        Ok(moments)
    }
}

impl Moments {
    /// Refuses sums of squares below 0, and sums of products larger than theirs allow.
    fn check_products(&self) -> Result<()> {
        let n = self.features();
        let spreads: Vec<f64> = (0..self.means.len()).map(|j| self.spread(j)).collect();
        if let Some(j) = spreads.iter().position(|spread| !(*spread >= 0.0)) {
            return Err(unusable(format!("the sum of squares of column {j} is {:?}", spreads[j])));
        }
        let roots: Vec<f64> = spreads.iter().map(|spread| spread.sqrt()).collect();
        let pairs = |j: usize| if j < n { j + 1..n } else { 0..n };
        for (i, j) in (0..roots.len()).flat_map(|j| pairs(j).map(move |i| (i, j))) {
            let product = if j < n { self.gram[(i, j)] } else { self.cross[(i, j - n)] };
            let most = roots[i] * roots[j];
            if !(product.abs() <= MOST_CORRELATION * most) {
                let detail = format!("the sum of products of columns {i} and {j} is {product:?}");
                return Err(unusable(format!("{detail}; that of their squares allows {most:?}")));
            }
        }
        Ok(())
    }
}

/// The same numbers; of G the triangle that counts.
impl PartialEq for Moments {
    fn eq(&self, other: &Self) -> bool {
        let scalars = |own: &Self| (own.rows, own.positive_rows, own.weight_sum);
        scalars(self) == scalars(other)
            && self.means == other.means
            && self.lows == other.lows
            && self.exponents == other.exponents
            && self.cross == other.cross
            && self.squares == other.squares
            && self.gram.ncols() == other.gram.ncols()
            && (0..self.gram.ncols())
                .all(|j| self.gram.column(j).rows_range(j..) == other.gram.column(j).rows_range(j..))
    }
}
