//! Numbers as most of them are written, read in one pass over their digits.

/// Whole numbers up to this one are all 64-bit floats.
const EXACT: u64 = 1 << 53;
/// Digits that a 64-bit number holds whatever they are.
const DIGITS: usize = 19;
/// Powers of ten up to this one are 64-bit floats.
const EXACT_POWER: i32 = 22;
/// Powers of ten that are tabulated, up and down.
const POWERS: i32 = 38;

/// The number that a text begins with, and how many bytes it has. It has the bits that `str::parse` gives of them. None where that is
/// not seen at once, or where it is a whole number that may be no 64-bit float: then there may be a number all the same.
#[inline]
pub(crate) fn leading(text: &[u8], point: u8) -> Option<(f64, usize)> {
    let negative = text.first() == Some(&b'-');
    let begin = usize::from(negative);
    let mut mantissa = 0;
    let mut at = digits(text, begin, &mut mantissa);
    let mut count = at - begin;
    let mut exponent = 0;
    let mut whole = true;
    if text.get(at) == Some(&point) {
        let first = at + 1;
        at = many_digits(text, first, &mut mantissa);
        count += at - first;
        exponent = -i32::try_from(at - first).ok()?;
        whole = false;
    }
    if count == 0 || count > DIGITS {
        return None;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = text.get(at + 1).filter(|sign| matches!(sign, b'-' | b'+'));
        let first = at + 1 + usize::from(sign.is_some());
        let mut power = 0;
        at = digits(text, first, &mut power);
        if !(1..=4).contains(&(at - first)) {
            return None;
        }
        let power = i32::try_from(power).ok()?;
        exponent += if sign == Some(&b'-') { -power } else { power };
        whole = false;
    }
    if whole && mantissa > EXACT {
        return None;
    }
    let value = scaled(mantissa, exponent)?;
    Some((if negative { -value } else { value }, at))
}

/// Takes digits from a place on; where they end. Of too many the number is a wrong one.
#[inline]
fn digits(text: &[u8], mut at: usize, number: &mut u64) -> usize {
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// Adds the digits at a place to a number, eight at a time as long as there is so much text, and tells where they end.
#[inline]
fn many_digits(text: &[u8], mut at: usize, number: &mut u64) -> usize {
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let (count, value) = eight_digits(eight);
        *number = number.wrapping_mul(WHOLES[count]).wrapping_add(value);
        at += count;
        if count < 8 {
            return at;
        }
    }
    digits(text, at, number)
}

/// How many of eight bytes are digits, up to the first that is none, and their number.
#[inline]
fn eight_digits(text: &[u8; 8]) -> (usize, u64) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Digits are 0 to 9 then, and to all else 118 adds up to a byte's uppermost bit, if it has not got that itself.
    let bytes = u64::from_le_bytes(*text) ^ (EACH * 0x30);
    let others = (((bytes & (EACH * 0x7f)) + EACH * 118) | bytes) & (EACH * 0x80);
    let count = others.trailing_zeros() / 8;
    // The digits go to the end, after zeros; and neighbours are put together, in three steps.
    let digits = bytes.checked_shl(64 - 8 * count).unwrap_or(0);
    let pairs = digits.wrapping_mul((10 << 8) | 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul((100 << 16) | 1) >> 16;
    let eight = (fours & 0x0000_ffff_0000_ffff).wrapping_mul((10_000 << 32) | 1) >> 32;
    (count as usize, eight)
}

/// The float nearest to mantissa · 10^exponent, where that is seen at once.
#[inline]
fn scaled(mantissa: u64, exponent: i32) -> Option<f64> {
    if mantissa <= EXACT && exponent.abs() <= EXACT_POWER {
        // Both are floats, so that one operation rounds once.
        let power = FLOATS[exponent.unsigned_abs() as usize];
        return Some(if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power });
    }
    if mantissa == 0 {
        return Some(0.0);
    }
    let (power, two) = *TENS.get(usize::try_from(exponent + POWERS).ok()?)?;
    // 10^exponent is in [power, power + 1) · 2^two, and so the number is in [high, high + 2) · 2^(two − zeros + 64).
    let zeros = mantissa.leading_zeros();
    let product = u128::from(mantissa << zeros) * u128::from(power);
    let high = (product >> 64) as u64;
    let drop = 11 - high.leading_zeros();
    let (half, low) = (1 << (drop - 1), high & ((1 << drop) - 1));
    // The middle between two floats may be on either side of the number.
    if low == half || low == half - 1 {
        return None;
    }
    let rounded = ((high >> drop) + u64::from(low > half)) as f64;
    // No number of these exponents is too small or too large for its float to have all digits.
    let two = i64::from(two) - i64::from(zeros) + 64 + i64::from(drop);
    Some(rounded * f64::from_bits(u64::try_from(two + 1023).ok()? << 52))
}

const WHOLES: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

const FLOATS: [f64; EXACT_POWER as usize + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// 10^−38 to 10^38: the 64 bits from the first that is not 0, the rest cut off, and the power of two that they are counted in.
static TENS: [(u64, i32); 2 * POWERS as usize + 1] = tens();

const fn tens() -> [(u64, i32); 2 * POWERS as usize + 1] {
    let mut all = [(0, 0); 2 * POWERS as usize + 1];
    let mut at = 0;
    while at < all.len() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "77 at the most")]
        let exponent = at as i32 - POWERS;
        let power = 10_u128.pow(exponent.unsigned_abs());
        all[at] = if exponent < 0 { inverse(power) } else { upper(power) };
        at += 1;
    }
    all
}

/// The upper 64 bits of a number.
const fn upper(number: u128) -> (u64, i32) {
    let shifted = number << number.leading_zeros();
    #[expect(clippy::cast_possible_wrap, reason = "128 at the most")]
    let upper = ((shifted >> 64) as u64, 64 - number.leading_zeros() as i32);
    upper
}

/// The upper 64 bits of 1 / number, by long division.
const fn inverse(number: u128) -> (u64, i32) {
    let (mut bits, mut rest, mut two) = (0_u64, 1_u128, 0);
    while bits >> 63 == 0 {
        rest *= 2;
        two -= 1;
        bits *= 2;
        if rest >= number {
            rest -= number;
            bits += 1;
        }
    }
    (bits, two)
}

#[cfg(test)]
mod tests {
    use super::leading;
    use proptest::prelude::*;

    /// What is read has the bits that `str::parse` gives of as many bytes; whether all were read.
    fn agrees(text: &str) -> bool {
        let Some((value, length)) = leading(text.as_bytes(), b'.') else { return false };
        let wanted: f64 = text[..length].parse().unwrap();
        assert_eq!(value.to_bits(), wanted.to_bits(), "{text}");
        let pointed = leading(text.replace('.', ",").as_bytes(), b',').unwrap();
        assert_eq!((pointed.0.to_bits(), pointed.1), (value.to_bits(), length));
        length == text.len()
    }

    #[test]
    fn plain_numbers_are_read_and_others_left() {
        let read = [
            "0",
            "-0",
            "-0.0",
            "5.",
            ".5",
            "1e5",
            "1.5E-7",
            "9007199254740992",
            "0.1",
            "123456789.123456789",
            "1e38",
            "3.e+2",
        ];
        for text in read {
            assert!(agrees(text), "{text}");
        }
        for text in
            ["", "-", ".", "+1", "e5", "1e", "1e+", "nan", "inf", "9007199254740993", "12345678901234567890.5", "1e400"]
        {
            assert!(!agrees(text), "{text}");
        }
        assert_eq!(leading(b"1.25,3", b'.'), Some((1.25, 4)));
    }

    #[test]
    fn the_middle_between_two_floats_is_never_rounded_by_guess() {
        for step in 0..2000_u128 {
            let middle = (1 << 53) + 2 * step + 1;
            for text in
                [format!("{middle}.0"), format!("{}.{:03}", middle / 1000, middle % 1000), format!("{middle}e-9")]
            {
                agrees(&text);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn any_float_is_read_to_the_last_bit(value in any::<f64>().prop_filter("finite", |value| value.is_finite()), scale in -30..30) {
            agrees(&format!("{value:?}"));
            let near = value.to_bits() % 1_000_000_007;
            agrees(&format!("{:?}", near as f64 * 10_f64.powi(scale)));
            agrees(&format!("{:.16e}", near as f64 * 1.1_f64.powi(scale)));
        }

        #[test]
        fn any_digits_are_read_to_the_last_bit(text in "-?[0-9]{0,12}(\\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?") {
            agrees(&text);
        }
    }
}
