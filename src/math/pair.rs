//! Numbers of twice the digits of `f64`, as sums of two doubles (Dekker, 1971), and what algorithms ask of a number that run in
//! either precision.

use std::ops::{Add, Div, Mul, Sub};

use crate::math::extended::{plus, plus_product, two_product, two_sum};
use crate::math::lanes::{LANES, sums, vectorized, vectorized_fused};
use crate::math::powers::scaled;

/// What a decomposition needs of its arithmetic: `f64` or [`Pair`].
pub(crate) trait Number:
    Copy + Default + Send + Sync + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The rounding unit, with the slack of sums that are rounded sloppily.
    const EPSILON: f64;

    /// high + low, rounded to what there is room for.
    fn of(high: f64, low: f64) -> Self;

    /// The nearest `f64`.
    fn value(self) -> f64;

    /// The square root; 0 of what is negative.
    fn sqrt(self) -> Self;

    /// Times 2^`by`, exactly but for underflow.
    fn scaled(self, by: i32) -> Self;

    /// Σ aᵢbᵢ.
    fn dot(a: &[Self], b: &[Self]) -> Self;

    /// x ← x − share·q.
    fn subtract(x: &mut [Self], share: Self, q: &[Self]);

    /// (x, y) ← (cosine·x − sine·y, sine·x + cosine·y).
    fn rotate(x: &mut [Self], y: &mut [Self], cosine: Self, sine: Self);
}

impl Number for f64 {
    const EPSILON: Self = Self::EPSILON;

    fn of(high: f64, low: f64) -> Self {
        high + low
    }

    fn value(self) -> f64 {
        self
    }

    fn sqrt(self) -> Self {
        self.max(0.0).sqrt()
    }

    fn scaled(self, by: i32) -> Self {
        scaled(self, by)
    }

    fn dot(a: &[Self], b: &[Self]) -> Self {
        vectorized(
            #[inline(always)]
            || {
                let [sum] = sums([a, b], |[a, b]| [a * b]);
                sum
            },
        )
    }

    fn subtract(x: &mut [Self], share: Self, q: &[Self]) {
        vectorized(
            #[inline(always)]
            || x.iter_mut().zip(q).for_each(|(x, q)| *x -= share * q),
        );
    }

    fn rotate(x: &mut [Self], y: &mut [Self], cosine: Self, sine: Self) {
        vectorized(
            #[inline(always)]
            || {
                for (x, y) in x.iter_mut().zip(y.iter_mut()) {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                }
            },
        );
    }
}

/// high + low, of which low is below the last digit of high.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pair(pub(crate) f64, pub(crate) f64);

impl Add for Pair {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (high, low) = plus((self.0, self.1), (other.0, other.1));
        Self(high, low)
    }
}

impl Sub for Pair {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + Self(-other.0, -other.1)
    }
}

impl Mul for Pair {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let (product, lost) = two_product(self.0, other.0);
        let (high, low) = two_sum(product, lost + (self.0 * other.1 + self.1 * other.0));
        Self(high, low)
    }
}

impl Div for Pair {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = Self(self.0 / other.0, 0.0);
        let rest = self - first * other;
        first + Self(rest.0 / other.0, 0.0)
    }
}

impl Pair {
    /// self + ab, normalised.
    #[inline(always)]
    fn plus_product(self, fused: bool, a: Self, b: Self) -> Self {
        let (high, low) = plus_product(fused, (self.0, self.1), (a.0, a.1), (b.0, b.1));
        let (high, low) = two_sum(high, low);
        Self(high, low)
    }
}

impl Number for Pair {
    const EPSILON: f64 = 1.0 / (1u128 << 100) as f64;

    fn of(high: f64, low: f64) -> Self {
        let (high, low) = two_sum(high, low);
        Self(high, low)
    }

    fn value(self) -> f64 {
        self.0
    }

    fn sqrt(self) -> Self {
        if self.0 <= 0.0 {
            return Self::default();
        }
        let first = Self(self.0.sqrt(), 0.0);
        let rest = self - first * first;
        first + Self(rest.0 / (2.0 * first.0), 0.0)
    }

    fn scaled(self, by: i32) -> Self {
        Self(scaled(self.0, by), scaled(self.1, by))
    }

    fn dot(a: &[Self], b: &[Self]) -> Self {
        let mut lanes = [(0.0, 0.0); LANES];
        let all = &mut lanes;
        vectorized_fused(
            #[inline(always)]
            |fused| {
                for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
                    for ((sum, a), b) in all.iter_mut().zip(a).zip(b) {
                        *sum = plus_product(fused, *sum, (a.0, a.1), (b.0, b.1));
                    }
                }
            },
        );
        lanes.into_iter().map(|(high, low)| Self::of(high, low)).fold(Self::default(), Add::add)
    }

    fn subtract(x: &mut [Self], share: Self, q: &[Self]) {
        let share = Self(-share.0, -share.1);
        vectorized_fused(
            #[inline(always)]
            |fused| {
                for (x, q) in x.iter_mut().zip(q) {
                    *x = x.plus_product(fused, share, *q);
                }
            },
        );
    }

    fn rotate(x: &mut [Self], y: &mut [Self], cosine: Self, sine: Self) {
        let back = Self(-sine.0, -sine.1);
        vectorized_fused(
            #[inline(always)]
            |fused| {
                for (x, y) in x.iter_mut().zip(y.iter_mut()) {
                    let zero = Self::default();
                    let left = zero.plus_product(fused, cosine, *x).plus_product(fused, back, *y);
                    *y = zero.plus_product(fused, sine, *x).plus_product(fused, cosine, *y);
                    *x = left;
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Pair};

    /// 1/3 in two doubles.
    fn third() -> Pair {
        Pair(1.0, 0.0) / Pair(3.0, 0.0)
    }

    #[test]
    fn quotients_and_roots_have_twice_the_digits() {
        let rest = third() * Pair(3.0, 0.0) - Pair(1.0, 0.0);
        assert!(rest.0.abs() < Pair::EPSILON, "{rest:?}");
        let root = Pair(2.0, 0.0).sqrt();
        let rest = root * root - Pair(2.0, 0.0);
        assert!(rest.0.abs() < 4.0 * Pair::EPSILON && root.1 != 0.0, "{rest:?}");
    }

    #[test]
    fn sums_of_products_keep_what_cancels() {
        // (1/3)·3 over and over, and −1 as often: what is left is rounding.
        let a: Vec<Pair> = (0..41).map(|i| if i % 2 == 0 { third() } else { Pair(-1.0, 0.0) }).collect();
        let b: Vec<Pair> = (0..41).map(|i| if i % 2 == 0 { Pair(3.0, 0.0) } else { Pair(1.0, 0.0) }).collect();
        let rest = Pair::dot(&a, &b) - Pair(1.0, 0.0);
        assert!(rest.0.abs() < 100.0 * Pair::EPSILON, "{rest:?}");
    }

    #[test]
    fn a_rotation_keeps_the_norm() {
        let (mut x, mut y) = (vec![third(); 9], vec![Pair(0.7, 0.0); 9]);
        let before = Pair::dot(&x, &x) + Pair::dot(&y, &y);
        let tangent = Pair(0.3, 0.0);
        let cosine = Pair(1.0, 0.0) / (Pair(1.0, 0.0) + tangent * tangent).sqrt();
        Pair::rotate(&mut x, &mut y, cosine, cosine * tangent);
        let after = Pair::dot(&x, &x) + Pair::dot(&y, &y);
        assert!((after - before).0.abs() < 100.0 * Pair::EPSILON);
        assert!((x[0].0 - 0.1).abs() > 0.01, "nothing was turned");
    }
}
