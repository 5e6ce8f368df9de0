//! Moments that others have summed, and what can be done to moments without their rows.

use nalgebra::DMatrix;

use super::Moments;
use crate::error::{Error, Result};
use crate::math::powers::{exponent, scaled};

/// What must be left of a column's sum of squares, relative to what it is taken from, to be told from rounding.
const LEAST: f64 = 1e-13;

/// Uncentred sums of rows, as a database or a stream has them.
#[derive(Debug, Clone, Copy)]
pub struct RawSums<'a> {
    /// m, the rows, all of positive weight.
    pub rows: usize,
    /// W = Σ s, which is m without weights.
    pub weight_sum: f64,
    /// Σ s·x of each feature (n).
    pub x: &'a [f64],
    /// Σ s·y of each target (t).
    pub y: &'a [f64],
    /// XᵀSX, n × n; the lower triangle counts.
    pub gram: &'a DMatrix<f64>,
    /// XᵀSY, n × t.
    pub cross: &'a DMatrix<f64>,
    /// Σ s·y² of each target (t).
    pub squares: &'a [f64],
}

impl Moments {
    /// The moments of sums that are not centred: G = XᵀSX − Wx̄x̄ᵀ.
    ///
    /// The difference cancels: a column whose mean is 10^d times its deviation loses 2d of 16 digits, which summing the rows
    /// with [`push`](Self::push) does not. One of which less than 1e-13 is left counts as constant.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::InvalidSetting`] when W is not a positive number or there are no rows,
    /// [`Error::NonFinite`]; [`Error::NotSemidefinite`] when a sum of squares is less than its mean allows.
    pub fn from_sums(sums: RawSums<'_>) -> Result<Self> {
        let RawSums { rows, weight_sum, x, y, gram, cross, squares } = sums;
        let (n, t) = (x.len(), y.len());
        for (what, found, wanted) in [
            ("rows of XᵀSX against the sums of features", gram.nrows(), n),
            ("columns of XᵀSX against the sums of features", gram.ncols(), n),
            ("rows of XᵀSY against the sums of features", cross.nrows(), n),
            ("columns of XᵀSY against the sums of targets", cross.ncols(), t),
            ("sums of squares against the sums of targets", squares.len(), t),
        ] {
            if found != wanted {
                return Err(Error::Shape { what, found, wanted });
            }
        }
        if rows == 0 {
            return Err(Error::InvalidSetting { what: "the number of rows summed", value: 0.0, wanted: "1 or more" });
        }
        if !(weight_sum > 0.0 && weight_sum.is_finite()) {
            let wanted = "a finite number > 0";
            return Err(Error::InvalidSetting { what: "the sum of the weights", value: weight_sum, wanted });
        }
        let raw = |i: usize, j: usize| match (i < n, j < n) {
            (true, true) => gram[(i.max(j), i.min(j))],
            (true, false) => cross[(i, j - n)],
            _ => squares[j - n],
        };
        let sum = |j: usize| if j < n { x[j] } else { y[j - n] };
        let pairs = || (0..n + t).flat_map(|j| (0..=j.min(n)).map(move |i| (i, j)).filter(move |(i, _)| *i < n));
        let lone = (0..n + t).map(|j| ("the sums", 0, j, sum(j)));
        let squares_of = (n..n + t).map(|j| ("the sums of squares", 0, j - n, raw(j, j)));
        let products = pairs().map(|(i, j)| ("the sums of products", i, j, raw(i, j)));
        if let Some((what, row, column, value)) =
            lone.chain(squares_of).chain(products).find(|found| !found.3.is_finite())
        {
            return Err(Error::NonFinite { what, row, column, value });
        }
        let mut moments = Self { rows, positive_rows: rows, weight_sum, ..Self::new(n, t) };
        moments.means = (0..n + t).map(|j| sum(j) / weight_sum).collect();
        let centred = |i: usize, j: usize| (-moments.means[i]).mul_add(sum(j), raw(i, j));
        let mut spreads = Vec::with_capacity(n + t);
        for j in 0..n + t {
            let (before, left) = (raw(j, j), centred(j, j));
            if before < 0.0 || left < -LEAST * before {
                let detail = format!("the sum of squares of column {j} (targets after features) is {before:?}");
                let detail = format!("{detail}, {left:?} about its mean {:?}", moments.means[j]);
                return Err(Error::NotSemidefinite { what: "the sums of products", detail });
            }
            spreads.push(if left > LEAST * before { left } else { 0.0 });
        }
        let unit: Vec<i32> = spreads.iter().map(|spread| exponent(*spread).div_euclid(2)).collect();
        let held = |i: usize, j: usize| match spreads[i] > 0.0 && spreads[j] > 0.0 {
            true => scaled(if i == j { spreads[j] } else { centred(i, j) }, -unit[i] - unit[j]),
            false => 0.0,
        };
        let gram = DMatrix::from_fn(n, n, |i, j| held(i.max(j), i.min(j)));
        let cross = DMatrix::from_fn(n, t, |i, target| held(i, n + target));
        let squares = (n..n + t).map(|j| held(j, j)).collect();
        Ok(Self { exponents: unit, gram, cross, squares, ..moments })
    }

    /// The centred Gram matrix (X−x̄)ᵀS(X−x̄), n × n.
    #[must_use]
    pub fn gram_matrix(&self) -> DMatrix<f64> {
        DMatrix::from_fn(self.features(), self.features(), |i, j| self.gram(i, j))
    }

    /// The centred (X−x̄)ᵀS(Y−ȳ), n × t.
    #[must_use]
    pub fn cross_matrix(&self) -> DMatrix<f64> {
        DMatrix::from_fn(self.features(), self.targets(), |i, target| self.cross(i, target))
    }

    /// Multiplies the weights of all rows by a factor, as for rows that fade with time: means stay, sums are multiplied.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] when the factor is not a positive number, [`Error::Overflow`] when W is none afterwards.
    pub fn scale(&mut self, factor: f64) -> Result<()> {
        if !(factor > 0.0 && factor.is_finite()) {
            let wanted = "a finite number > 0";
            return Err(Error::InvalidSetting { what: "the factor of the weights", value: factor, wanted });
        }
        let weight_sum = self.weight_sum * factor;
        if !weight_sum.is_finite() || (weight_sum == 0.0 && self.weight_sum > 0.0) {
            let detail = format!("{:?} times {factor:?}", self.weight_sum);
            return Err(Error::Overflow { what: "the sum of the weights", detail });
        }
        // Powers of two go into the units, so that no sum leaves its range.
        let half = exponent(factor).div_euclid(2);
        let rest = scaled(factor, -2 * half);
        self.weight_sum = weight_sum;
        self.exponents.iter_mut().for_each(|exponent| *exponent += half);
        self.gram *= rest;
        self.cross *= rest;
        self.squares.iter_mut().for_each(|square| *square *= rest);
        Ok(())
    }

    /// Takes away rows that were summed before, the inverse of [`merge`](Self::merge). Unlike that it cancels: returned is how
    /// many decimal digits it cost the worst column, of about 16. With one row left or none, its sums are exact.
    ///
    /// # Errors
    /// With these moments as they were: [`Error::Shape`] when features or targets differ, [`Error::Count`] when there are
    /// fewer rows here than there, [`Error::InvalidSetting`] when less than no weight would be left, or of a column's
    /// sum of squares nothing but rounding.
    pub fn remove(&mut self, other: &Self) -> Result<f64> {
        self.check_sizes(other, ["features of the moments to remove", "targets of the moments to remove"])?;
        for (what, found, most) in [
            ("rows to remove", other.rows, self.rows),
            ("rows of positive weight to remove", other.positive_rows, self.positive_rows),
        ] {
            if found > most {
                return Err(Error::Count { what, found, least: 0, most });
            }
        }
        let (rows, positive_rows) = (self.rows - other.rows, self.positive_rows - other.positive_rows);
        if other.positive_rows == 0 {
            self.rows = rows;
            return Ok(0.0);
        }
        let mut left = Self { rows, positive_rows, ..Self::new(self.features(), self.targets()) };
        if positive_rows == 0 {
            *self = left;
            return Ok(0.0);
        }
        left.weight_sum = self.weight_sum - other.weight_sum;
        if !(left.weight_sum > LEAST * self.weight_sum) {
            let (value, wanted) = (left.weight_sum, "more than 1e-13 of the weight before");
            return Err(Error::InvalidSetting { what: "the weight left by the removal", value, wanted });
        }
        self.check_span(other)?;
        let n = self.features();
        let columns = self.means.len();
        let (push, mut step) = (other.weight_sum / left.weight_sum, vec![0.0; columns]);
        let mut digits = (self.weight_sum / left.weight_sum).log10();
        for j in 0..columns {
            step[j] = (other.means[j] - self.means[j]) + (other.lows[j] - self.lows[j]);
            let moved = step[j] * push;
            left.means[j] = self.means[j] - moved;
            left.lows[j] = self.lows[j] - (moved - (self.means[j] - left.means[j]));
            left.exponents[j] = self.exponents[j];
        }
        if positive_rows == 1 {
            *self = left;
            return Ok(digits);
        }
        let mass = self.weight_sum * push; // W·Wₒ/(W − Wₒ)
        // In the units here, which hold all of what is taken away.
        let rest = |ours: f64, theirs: f64, i: usize, j: usize| {
            let away = [i, j].map(|j| scaled(step[j], -self.exponents[j]));
            let unit = |j: usize| other.exponents[j] - self.exponents[j];
            ours - scaled(theirs, unit(i) + unit(j)) - mass * away[0] * away[1]
        };
        for target in 0..self.targets() {
            let j = n + target;
            left.squares[target] = rest(self.squares[target], other.squares[target], j, j);
            for i in 0..n {
                left.cross[(i, target)] = rest(self.cross[(i, target)], other.cross[(i, target)], i, j);
            }
        }
        for j in 0..n {
            for i in j..n {
                left.gram[(i, j)] = rest(self.gram[(i, j)], other.gram[(i, j)], i, j);
            }
        }
        for j in 0..columns {
            let before = self.spread(j);
            if before == 0.0 {
                continue; // constant before, and after
            }
            let share = left.spread(j) / before;
            if !(share > LEAST) {
                let wanted = "more than 1e-13 of it; sum the rows that stay instead";
                let what = "the part of a column's sum of squares left by the removal";
                return Err(Error::InvalidSetting { what, value: share, wanted });
            }
            digits = digits.max(-share.log10());
        }
        *self = left;
        Ok(digits)
    }
}
