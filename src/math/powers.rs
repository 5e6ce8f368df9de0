//! Multiplication by powers of two, which is exact.

/// The exponent e with 2^e ≤ |value| < 2^(e+1), within what [`scaled`] can undo in one step; 0 for 0.
#[inline(always)]
pub(crate) fn exponent(value: f64) -> i32 {
    // Without branches, so that loops over it become vectors; subnormal numbers are brought among the others.
    let subnormal = value.abs() < f64::MIN_POSITIVE;
    let (value, bias) = if subnormal { (value * power(64), 1023 + 64) } else { (value, 1023) };
    let biased = (value.abs().to_bits() >> 52) as i32;
    if value == 0.0 || biased == 0x7ff { 0 } else { biased - bias }
}

/// value · 2^e, rounded once at most (when the result is subnormal); 0 or infinite when it must be.
#[inline]
pub(crate) fn scaled(value: f64, e: i32) -> f64 {
    if is_normal(e) {
        return value * power(e);
    }
    if e > 0 {
        // At most 2^2098 leads from the smallest number to the largest.
        let e = e.min(2200);
        value * power(e / 3) * power(e / 3) * power(e - 2 * (e / 3))
    } else {
        // Down to 2^-1000 exactly, so that only the last step rounds; what is below that by more is 0.
        let first = -(exponent(value) + 1000).clamp(0, 2100.min(-e));
        let rest = (e - first).max(-1022);
        value * power(first / 2) * power(first - first / 2) * power(rest)
    }
}

/// Every value · 2^e of its own e: fast where no e is out of range, as most often.
#[inline(always)]
pub(crate) fn scale_all(values: &mut [f64], exponents: impl Iterator<Item = i32> + Clone) {
    let normal = exponents.clone().fold(true, |normal, e| normal & is_normal(e));
    let all = values.iter_mut().zip(exponents);
    if normal {
        all.for_each(|(value, e)| *value *= power(e))
    } else {
        all.for_each(|(value, e)| *value = scaled(*value, e))
    }
}

/// Whether 2^e is a normal number, which [`power`] gives.
#[inline(always)]
pub(crate) fn is_normal(e: i32) -> bool {
    (-1022..=1023).contains(&e)
}

/// 2^e, which must be a normal number.
#[expect(clippy::cast_sign_loss, reason = "the biased exponent of a normal number is positive")]
#[inline(always)]
pub(crate) fn power(e: i32) -> f64 {
    f64::from_bits(((e + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::{exponent, scaled};

    #[test]
    fn exponents_bracket_the_value() {
        for value in [1.0, 1.5, 2.0, 0.75, 1e300, 1e-300, f64::MIN_POSITIVE, 3e-310, 5e-324, f64::MAX] {
            let e = exponent(value);
            let unit = scaled(value, -e);
            assert!((1.0..2.0).contains(&unit), "{value}: 2^{e} leaves {unit}");
            assert_eq!(scaled(unit, e), value);
        }
        assert_eq!([0.0, -0.0, f64::INFINITY, f64::NAN].map(exponent), [0; 4]);
    }

    #[test]
    fn scaling_reaches_both_ends() {
        assert_eq!(scaled(f64::MIN_POSITIVE, 2000), 2f64.powi(978));
        assert_eq!(scaled(2f64.powi(1000), -2000), 2f64.powi(-1000));
        assert_eq!(scaled(1.0, 5000), f64::INFINITY);
        assert_eq!(scaled(1.0, -5000), 0.0);
        assert_eq!(scaled(0.0, 5000), 0.0);
    }
}
