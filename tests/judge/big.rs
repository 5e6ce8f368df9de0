//! Floating point of 256 bits without a limit to its range: what exact fractions are rounded to before roots and logarithms.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use num_bigint::BigInt;

/// mantissa · 2^exponent, the mantissa of [`BITS`] bits at most.
#[derive(Clone, Debug)]
pub(crate) struct Big {
    mantissa: BigInt,
    exponent: i64,
}

const BITS: u64 = 256;

impl Big {
    pub(crate) fn zero() -> Self {
        Self { mantissa: BigInt::ZERO, exponent: 0 }
    }

    pub(crate) fn new(mantissa: BigInt, exponent: i64) -> Self {
        let (mut mantissa, mut exponent) = (mantissa, exponent);
        if mantissa.bits() > BITS {
            let down = mantissa.bits() - BITS;
            mantissa >>= down;
            exponent += signed(down);
        }
        if mantissa == BigInt::ZERO { Self::zero() } else { Self { mantissa, exponent } }
    }

    pub(crate) fn ratio(numerator: &BigInt, denominator: &BigInt) -> Self {
        Self::new(numerator.clone(), 0) / Self::new(denominator.clone(), 0)
    }

    /// A double, which must be finite.
    pub(crate) fn of(value: f64) -> Self {
        let (mantissa, exponent) = parts(value);
        Self::new(mantissa, exponent)
    }

    pub(crate) fn times_power(mut self, e: i64) -> Self {
        self.exponent += e;
        if self.is_zero() { Self::zero() } else { self }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.mantissa == BigInt::ZERO
    }

    pub(crate) fn is_positive(&self) -> bool {
        self.mantissa > BigInt::ZERO
    }

    pub(crate) fn abs(self) -> Self {
        if self.mantissa < BigInt::ZERO { -self } else { self }
    }

    pub(crate) fn squared(&self) -> Self {
        self * self
    }

    /// The root of a number ≥ 0.
    pub(crate) fn sqrt(&self) -> Self {
        if !self.is_positive() {
            return Self::zero();
        }
        // An even exponent, and a mantissa of twice the bits.
        let mut up = 2 * signed(BITS) - signed(self.mantissa.bits());
        up += (self.exponent - up).rem_euclid(2);
        Self::new((&self.mantissa << unsigned(up)).sqrt(), (self.exponent - up) / 2)
    }

    /// The natural logarithm of a number > 0.
    pub(crate) fn ln(&self) -> Self {
        let fraction = |value: &Self| {
            // Two steps of Newton's iteration from 53 digits in binary, each with a series of third order.
            let mut y = Self::of(value.to_f64().ln());
            for _ in 0..2 {
                let d = &(value * &(-y.clone()).exp()) - &Self::of(1.0);
                let series = &d - &(&(&d.squared() / &Self::of(2.0)) - &(&(&d.squared() * &d) / &Self::of(3.0)));
                y = &y + &series;
            }
            y
        };
        let e = self.exponent + signed(self.mantissa.bits());
        let own = fraction(&self.clone().times_power(-e));
        &own + &(&fraction(&Self::of(2.0)) * &Self::of(e as f64))
    }

    /// The exponential of a number near 0.
    fn exp(&self) -> Self {
        const HALVINGS: i64 = 32;
        let x = self.clone().times_power(-HALVINGS);
        let (mut sum, mut term) = (Self::of(1.0), Self::of(1.0));
        for i in 1..12 {
            term = &(&term * &x) / &Self::of(f64::from(i));
            sum = &sum + &term;
        }
        (0..HALVINGS).fold(sum, |sum, _| sum.squared())
    }

    /// Rounded to the nearest double; infinite or 0 where it must be.
    pub(crate) fn to_f64(&self) -> f64 {
        // 64 bits, the last one set when anything is left: rounding these rounds the number.
        let down = signed(self.mantissa.bits()) - 64;
        let magnitude = self.mantissa.magnitude();
        let (top, rest) = match u64::try_from(down) {
            Ok(down) => {
                let top = magnitude >> down;
                let rest = (&top << down) != *magnitude;
                (top, rest)
            }
            Err(_) => (magnitude << down.unsigned_abs(), false),
        };
        let top = u64::try_from(top).expect("64 bits") | u64::from(rest);
        let mut value = top as f64;
        let mut left = self.exponent + down;
        while left != 0 && value != 0.0 && value.is_finite() {
            let step = left.clamp(-900, 900);
            value *= 2f64.powi(i32::try_from(step).expect("clamped"));
            left -= step;
        }
        if self.mantissa < BigInt::ZERO { -value } else { value }
    }

    /// Its first 40 digits.
    pub(crate) fn digits(&self) -> String {
        const DIGITS: i64 = 40;
        if self.is_zero() {
            return "0".into();
        }
        let size = signed(self.mantissa.bits()) + self.exponent;
        #[expect(clippy::cast_possible_truncation, reason = "a power of ten of a number at hand")]
        let ten = (size as f64 * 2f64.log10()).floor() as i64;
        let up = DIGITS - ten;
        let mut numerator = self.mantissa.magnitude().clone();
        let mut denominator = num_bigint::BigUint::from(1u8);
        let tens =
            |power: i64| num_bigint::BigUint::from(10u8).pow(u32::try_from(power.unsigned_abs()).expect("small"));
        if up > 0 {
            numerator *= tens(up)
        } else {
            denominator *= tens(up)
        }
        if self.exponent > 0 {
            numerator <<= unsigned(self.exponent)
        } else {
            denominator <<= self.exponent.unsigned_abs()
        }
        let text = (numerator / denominator).to_string();
        let sign = if self.mantissa < BigInt::ZERO { "-" } else { "" };
        let power = ten + signed(text.len() as u64) - 1 - DIGITS;
        let kept = &text[..text.len().min(40)];
        format!("{sign}{}.{}e{power}", &kept[..1], &kept[1..])
    }
}

impl PartialEq for Big {
    fn eq(&self, other: &Self) -> bool {
        (self - other).is_zero()
    }
}

impl PartialOrd for Big {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some((self - other).mantissa.cmp(&BigInt::ZERO))
    }
}

impl Neg for Big {
    type Output = Self;
    fn neg(self) -> Self {
        Self { mantissa: -self.mantissa, exponent: self.exponent }
    }
}

impl Add for &Big {
    type Output = Big;
    fn add(self, other: &Big) -> Big {
        let (high, low) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        if high.is_zero() {
            return low.clone();
        }
        if low.is_zero() {
            return high.clone();
        }
        let up = unsigned(high.exponent - low.exponent);
        // What lies below the last bit by so much changes nothing.
        if high.mantissa.bits() + up > low.mantissa.bits() + 2 * BITS {
            return high.clone();
        }
        Big::new((&high.mantissa << up) + &low.mantissa, low.exponent)
    }
}

impl Sub for &Big {
    type Output = Big;
    fn sub(self, other: &Big) -> Big {
        self + &-other.clone()
    }
}

impl Mul for &Big {
    type Output = Big;
    fn mul(self, other: &Big) -> Big {
        Big::new(&self.mantissa * &other.mantissa, self.exponent + other.exponent)
    }
}

impl Div for &Big {
    type Output = Big;
    fn div(self, other: &Big) -> Big {
        let up = (2 * signed(BITS) - signed(self.mantissa.bits()) + signed(other.mantissa.bits())).max(0);
        Big::new((&self.mantissa << unsigned(up)) / &other.mantissa, self.exponent - other.exponent - up)
    }
}

/// The same of values, which reads better in formulas.
macro_rules! by_value {
    ($($name:ident $method:ident),*) => {$(
        impl $name for Big {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                $name::$method(&self, &other)
            }
        }
    )*};
}
by_value!(Add add, Sub sub, Mul mul, Div div);

impl std::iter::Sum for Big {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::zero(), |sum, own| sum + own)
    }
}

/// The integer mantissa and exponent of a double.
pub(crate) fn parts(value: f64) -> (BigInt, i64) {
    let bits = value.to_bits();
    let biased = signed((bits >> 52) & 0x7ff);
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | (1 << 52), biased - 1075) };
    let magnitude = BigInt::from(mantissa);
    (if value < 0.0 { -magnitude } else { magnitude }, exponent)
}

pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).expect("sizes in memory")
}

pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).expect("not negative")
}

#[cfg(test)]
mod tests {
    use super::Big;

    #[test]
    fn numbers_have_the_published_digits() {
        assert!(Big::of(2.0).sqrt().digits().starts_with("1.41421356237309504880168872420969807856"));
        assert!(Big::of(10.0).ln().digits().starts_with("2.30258509299404568401799145468436420760"));
        assert!((Big::of(1.0) / Big::of(3e200)).digits().starts_with("3.333333333333333"));
        assert!((Big::of(1e-3).ln() + Big::of(1e3).ln()).abs() < Big::of(1e-16));
        for value in [1.0, -0.1, 5e-324, f64::MAX, 1e-310, 12345.678] {
            assert_eq!(Big::of(value).to_f64().to_bits(), value.to_bits());
        }
        assert_eq!((Big::of(f64::MAX) * Big::of(2.0)).to_f64(), f64::INFINITY);
    }
}
