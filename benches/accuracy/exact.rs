//! Exact linear algebra on integers, and the one rounding at its end.

use num_bigint::{BigInt, BigUint, Sign};

/// The centred sums of a regression with integer columns, times `weight` so that they stay integers; or the plain sums.
pub(crate) struct Moments {
    /// m when centred, else 1.
    pub(crate) weight: BigInt,
    pub(crate) rows: BigInt,
    pub(crate) gram: Vec<Vec<BigInt>>,
    pub(crate) cross: Vec<BigInt>,
    pub(crate) sums_x: Vec<BigInt>,
    pub(crate) sum_y: BigInt,
}

impl Moments {
    /// `x` holds columns.
    pub(crate) fn new(x: &[Vec<BigInt>], y: &[BigInt], centred: bool) -> Self {
        let rows = BigInt::from(y.len());
        let weight = if centred { rows.clone() } else { BigInt::from(1) };
        let sum = |column: &[BigInt]| column.iter().sum::<BigInt>();
        let dot = |a: &[BigInt], b: &[BigInt]| a.iter().zip(b).map(|(a, b)| a * b).sum::<BigInt>();
        let product = |a: &[BigInt], b: &[BigInt]| match centred {
            true => &weight * dot(a, b) - sum(a) * sum(b),
            false => dot(a, b),
        };
        let gram = x.iter().map(|a| x.iter().map(|b| product(a, b)).collect()).collect();
        let cross = x.iter().map(|a| product(a, y)).collect();
        Self { gram, cross, sums_x: x.iter().map(|a| sum(a)).collect(), sum_y: sum(y), weight, rows }
    }

    /// [A | c] with nothing added to the diagonal.
    pub(crate) fn augmented(&self) -> Vec<Vec<BigInt>> {
        self.gram.iter().zip(&self.cross).map(|(row, c)| row.iter().chain([c]).cloned().collect()).collect()
    }
}

/// The solution of [A | c] as numerators and their common denominator; `None` when A is singular.
///
/// Fraction-free elimination: every element stays a minor of A, so that no fraction is ever reduced (Bareiss, 1968).
pub(crate) fn solve(mut a: Vec<Vec<BigInt>>) -> Option<(Vec<BigInt>, BigInt)> {
    let n = a.len();
    let zero = BigInt::from(0);
    let mut before = BigInt::from(1);
    for k in 0..n {
        let pivot = (k..n).find(|i| a[*i][k] != zero)?;
        a.swap(k, pivot);
        let (done, rest) = a.split_at_mut(k + 1);
        let own = &done[k];
        for row in rest {
            for j in k + 1..=n {
                row[j] = (&row[j] * &own[k] - &row[k] * &own[j]) / &before;
            }
        }
        before = own[k].clone();
    }
    let mut w = vec![zero; n];
    for i in (0..n).rev() {
        let known: BigInt = (i + 1..n).map(|j| &a[i][j] * &w[j]).sum();
        w[i] = (&before * &a[i][n] - known) / &a[i][i];
    }
    Some((w, before))
}

/// mantissa · 2^exponent, the mantissa an integer below 2⁵³ in magnitude.
#[derive(Clone, Copy)]
pub(crate) struct Float {
    pub(crate) mantissa: f64,
    pub(crate) exponent: i64,
}

impl Float {
    /// Times 2^e, as a double; 0 or infinite where it must be.
    pub(crate) fn times_power(self, e: i64) -> f64 {
        let mut value = self.mantissa;
        let mut left = self.exponent + e;
        while left != 0 && value != 0.0 && value.is_finite() {
            let step = left.clamp(-900, 900);
            value *= 2f64.powi(i32::try_from(step).expect("clamped"));
            left -= step;
        }
        value
    }
}

/// The integer mantissa and exponent of a double.
pub(crate) fn parts(value: f64) -> (BigInt, i64) {
    let bits = value.to_bits();
    let biased = i64::try_from((bits >> 52) & 0x7ff).expect("11 bits");
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | (1 << 52), biased - 1075) };
    let magnitude = BigInt::from(mantissa);
    (if value < 0.0 { -magnitude } else { magnitude }, exponent)
}

/// A fraction rounded to the nearest double, its range unlimited.
pub(crate) fn nearest(numerator: &BigInt, denominator: &BigInt) -> Float {
    let (top, bottom) = (numerator.magnitude(), denominator.magnitude());
    if numerator.sign() == Sign::NoSign {
        return Float { mantissa: 0.0, exponent: 0 };
    }
    let bits = |value: &BigUint| i64::try_from(value.bits()).expect("fits memory");
    // A quotient of 66 or 67 bits, its last one set when anything is left: rounding it to 53 rounds the fraction.
    let shift = 66 + bits(bottom) - bits(top);
    let (top, bottom) = match u64::try_from(shift) {
        Ok(up) => (top << up, bottom.clone()),
        Err(_) => (top.clone(), bottom << shift.unsigned_abs()),
    };
    let quotient = &top / &bottom;
    let sticky = u128::from(&quotient * &bottom != top);
    let quotient = u128::try_from(quotient).expect("67 bits") | sticky;
    #[expect(clippy::cast_precision_loss, reason = "this is the rounding")]
    let mantissa = quotient as f64 / 2f64.powi(14); // now an integer: 53 bits of at most 67 remain
    let same = numerator.sign() == denominator.sign();
    Float { mantissa: if same { mantissa } else { -mantissa }, exponent: 14 - shift }
}

/// A fraction as the sum of two doubles with the power of two of each; the second is the rounding error of the first.
pub(crate) fn twofold(numerator: &BigInt, denominator: &BigInt) -> [Float; 2] {
    let high = nearest(numerator, denominator);
    let (mantissa, exponent) = parts(high.mantissa);
    let exponent = exponent + high.exponent;
    let (left, bottom) = match u64::try_from(exponent) {
        Ok(up) => (numerator - ((mantissa << up) * denominator), denominator.clone()),
        Err(_) => {
            let down = exponent.unsigned_abs();
            ((numerator << down) - mantissa * denominator, denominator << down)
        }
    };
    [high, nearest(&left, &bottom)]
}
