//! The exact answer of a set of doubles, and what an answer in floating point is worth beside it.

use num_bigint::BigInt;

use crate::exact::{Float, Moments, nearest, parts, solve, twofold};
use crate::sets::Set;

/// The sums of a set, exactly. Column j of X is `x_exponents[j]` powers of two times integers, as y is.
pub(crate) struct Oracle {
    moments: Moments,
    x_exponents: Vec<i64>,
    y_exponent: i64,
}

/// w and b of one shift, each as a double and what it leaves.
pub(crate) struct Truth {
    pub(crate) w: Vec<[f64; 2]>,
    pub(crate) b: [f64; 2],
}

/// What an answer of one shift is worth.
#[derive(Clone, Copy)]
pub(crate) struct Worth {
    /// −log₁₀ ‖w − w*‖₂/‖w*‖₂.
    pub(crate) digits: f64,
    /// Likewise of the intercept; NaN where it is 0 or not fitted.
    pub(crate) intercept_digits: f64,
    /// ‖w − w*‖₂/‖w*‖₂ in the units that give A a diagonal near 1.
    pub(crate) error: f64,
    /// ‖c − Aw‖₁ / (‖A‖₁‖w‖₁·n·u) in those units, u = 2⁻⁵³ as LAPACK has it.
    pub(crate) ratio: f64,
}

/// Most digits that are told apart.
const MOST: f64 = 16.0;

pub(crate) fn digits(error: f64) -> f64 {
    if error.is_nan() { f64::NAN } else { (-error.log10()).clamp(0.0, MOST) }
}

impl Oracle {
    pub(crate) fn new(set: &Set) -> Self {
        let columns: Vec<(Vec<BigInt>, i64)> = (0..set.n).map(|j| integers(&set.column(j))).collect();
        let (y, y_exponent) = integers(&set.y);
        let (x, x_exponents): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        Self { moments: Moments::new(&x, &y, set.intercept), x_exponents, y_exponent }
    }

    /// A and c of a shift in integers, row i times 2 to the power of the number beside it.
    fn equations(&self, shift: f64) -> Vec<(Vec<BigInt>, u64)> {
        let (mantissa, exponent) = parts(shift);
        let mut rows = self.moments.augmented();
        let powers = rows.iter_mut().enumerate().map(|(j, row)| {
            let added = &self.moments.weight * &mantissa;
            let e = exponent - 2 * self.x_exponents[j];
            let down = if shift > 0.0 && e < 0 { e.unsigned_abs() } else { 0 };
            row.iter_mut().for_each(|value| *value <<= down);
            row[j] += added << u64::try_from(e).unwrap_or(0);
            down
        });
        let powers: Vec<u64> = powers.collect();
        rows.into_iter().zip(powers).collect()
    }

    /// `None` when the exact matrix is singular.
    pub(crate) fn truth(&self, shift: f64) -> Option<Truth> {
        let (v, denominator) = solve(self.equations(shift).into_iter().map(|(row, _)| row).collect())?;
        let power = |j: usize| self.y_exponent - self.x_exponents[j];
        let both = |pair: [Float; 2], e: i64| pair.map(|part| part.times_power(e));
        let w = v.iter().enumerate().map(|(j, v)| both(twofold(v, &denominator), power(j))).collect();
        // b = ȳ − x̄ᵀw, in the units of y.
        let explained: BigInt = self.moments.sums_x.iter().zip(&v).map(|(sum, v)| sum * v).sum();
        let top = &self.moments.sum_y * &denominator - explained;
        let b = both(twofold(&top, &(denominator * &self.moments.rows)), self.y_exponent);
        Some(Truth { w, b })
    }

    pub(crate) fn worth(&self, set: &Set, shift: f64, truth: &Truth, w: &[f64], b: f64) -> Worth {
        let n = w.len();
        let rows = self.equations(shift);
        // Element (i, j) as a double in natural units, without the range of doubles.
        let element = |i: usize, j: usize| nearest(&rows[i].0[j], &self.moments.weight);
        let power = |i: usize, j: usize| self.x_exponents[i] + self.x_exponents[j] - down(rows[i].1);
        // Powers of two that bring the diagonal near 1.
        let units: Vec<i64> = (0..n)
            .map(|j| match element(j, j) {
                Float { mantissa: 0.0, .. } => 0,
                own => -(exponent(own) + power(j, j)).div_euclid(2),
            })
            .collect();
        let a = |i: usize, j: usize| element(i, j).times_power(power(i, j) + units[i] + units[j]).abs();
        let norm = (0..n).map(|j| (0..n).map(|i| a(i, j)).sum::<f64>()).fold(0.0, f64::max);
        // w in the units of the integers: whole numbers times 2^least.
        let parts: Vec<(BigInt, i64)> = w.iter().map(|w| parts(*w)).collect();
        let in_units = |j: usize| parts[j].1 + self.x_exponents[j] - self.y_exponent;
        let least = (0..n).map(in_units).min().unwrap_or(0).min(0);
        let whole: Vec<BigInt> = (0..n)
            .map(|j| &parts[j].0 << u64::try_from(in_units(j) - least).expect("the least is subtracted"))
            .collect();
        let residual: f64 = (0..n)
            .map(|i| {
                let row = &rows[i].0;
                let product: BigInt = (0..n).map(|j| &row[j] * &whole[j]).sum();
                let left = (&row[n] << least.unsigned_abs()) - product;
                let e = least + self.x_exponents[i] + self.y_exponent - down(rows[i].1) + units[i];
                nearest(&left, &self.moments.weight).times_power(e).abs()
            })
            .sum();
        let scaled = |value: f64, j: usize| Float { mantissa: value, exponent: 0 }.times_power(-units[j]);
        let size: f64 = (0..n).map(|j| scaled(w[j], j).abs()).sum();
        let unit = n as f64 * f64::EPSILON / 2.0;
        let ratio = if residual == 0.0 { 0.0 } else { residual / (norm * size * unit) };
        let away = |j: usize| (w[j] - truth.w[j][0]) - truth.w[j][1];
        let relative = |unit: &dyn Fn(f64, usize) -> f64| {
            let top = (0..n).map(|j| unit(away(j), j).powi(2)).sum::<f64>().sqrt();
            let bottom = (0..n).map(|j| unit(truth.w[j][0], j).powi(2)).sum::<f64>().sqrt();
            if top == 0.0 { 0.0 } else { top / bottom }
        };
        let intercept_digits = match set.intercept && truth.b[0] != 0.0 {
            true => digits((((b - truth.b[0]) - truth.b[1]) / truth.b[0]).abs()),
            false => f64::NAN,
        };
        Worth { digits: digits(relative(&|value, _| value)), intercept_digits, error: relative(&scaled), ratio }
    }

    /// The mean of A's diagonal without a penalty.
    pub(crate) fn mean_diagonal(&self) -> f64 {
        let n = self.x_exponents.len();
        let diagonal = |j: usize| nearest(&self.moments.gram[j][j], &self.moments.weight);
        (0..n).map(|j| diagonal(j).times_power(2 * self.x_exponents[j])).sum::<f64>() / n as f64
    }
}

fn down(power: u64) -> i64 {
    i64::try_from(power).expect("powers are small")
}

/// ⌊log₂⌋ of a number that is not 0.
fn exponent(value: Float) -> i64 {
    let (mantissa, e) = parts(value.mantissa);
    i64::try_from(mantissa.bits()).expect("53 at most") - 1 + e + value.exponent
}

/// Doubles as integers times a power of two.
fn integers(values: &[f64]) -> (Vec<BigInt>, i64) {
    let parts: Vec<(BigInt, i64)> = values
        .iter()
        .map(|value| {
            let (mantissa, e) = parts(*value);
            let zeros = mantissa.trailing_zeros().unwrap_or(0);
            (mantissa >> zeros, e + down(zeros))
        })
        .collect();
    let used = parts.iter().filter(|(mantissa, _)| mantissa.bits() > 0);
    let least = used.map(|(_, e)| *e).min().unwrap_or(0);
    let whole = |(mantissa, e): (BigInt, i64)| mantissa << u64::try_from(e - least).unwrap_or(0);
    (parts.into_iter().map(whole).collect(), least)
}
