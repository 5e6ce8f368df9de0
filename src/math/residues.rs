//! Integers held as their residues by some moduli, and how columns of numbers become integers whose products keep within them.
//!
//! The product M of N moduli that have no factor in common tells integers apart that are below M/2 in magnitude (the Chinese
//! remainder theorem). A sum of products of two columns of integers a and b is at most ‖a‖·‖b‖, whatever number of rows there are: it
//! is known from its residues where each column's norm is below √(M/2).

use crate::math::powers::exponent;

/// The largest moduli up to 256, from the largest on, of which no two have a factor in common: a residue is a byte. The product of
/// all is 2^125.4.
pub(crate) const MODULI: [u32; 16] = [256, 255, 253, 251, 247, 241, 239, 233, 229, 227, 223, 217, 211, 199, 197, 193];

/// The residues of a byte: of the integers that have it as their residue, one near 0.
const BYTES: usize = 256;

/// M of the first `count` moduli.
fn product(count: usize) -> i128 {
    MODULI[..count].iter().map(|modulus| i128::from(*modulus)).product()
}

/// The largest e for which 2^e is below M/2 of the first `count` moduli: 124 of 16, 109 of 14.
pub(crate) fn bits(count: usize) -> i32 {
    (product(count) / 2).ilog2().cast_signed()
}

/// The e for which a column whose squares have the sum `squares`, times 2^e and rounded to integers, has squares of a sum S with
/// 2^(b − 2)·(1 − 2⁻¹⁹) ≤ S < 2^b, b being the [`bits`] of so many moduli; 0 for a column of zeros.
///
/// The sum may be off by 2⁻²¹ of itself, as sums of up to 2³⁰ rounded terms in any order are, and the integers' S by 2⁻²¹ more, which
/// √m/2, the most that rounding m integers adds to their norm, is as long as m is below 2³² and b 84 at least.
pub(crate) fn scale(squares: f64, count: usize) -> i32 {
    if squares > 0.0 { (bits(count) - 1 - exponent(squares * (1.0 + 2f64.powi(-20)))).div_euclid(2) } else { 0 }
}

/// Adds residues by one modulus to others, a byte of two's complement each.
pub(crate) fn add(modulus: u32, sums: &mut [u8], residues: &[u8]) {
    for (sum, residue) in sums.iter_mut().zip(residues) {
        let both = i32::from(sum.cast_signed()) + i32::from(residue.cast_signed());
        let least = both.rem_euclid(modulus.cast_signed());
        // Its two's complement is the low byte, of one near 0 too.
        let near = if least > 127 { least - modulus.cast_signed() } else { least };
        *sum = near.to_le_bytes()[0];
    }
}

/// Integers from their residues by the first moduli.
#[derive(Debug)]
pub(crate) struct Remainder {
    product: i128,
    /// Of each modulus and each byte: the integer below M/2 in magnitude that has this residue by this modulus, and is a multiple
    /// of all others; and its share of M.
    terms: Vec<[(i128, f64); BYTES]>,
}

impl Remainder {
    /// For `count` moduli.
    #[expect(clippy::cast_precision_loss, reason = "digits are below 256; M is rounded once")]
    pub(crate) fn new(count: usize) -> Self {
        let product = product(count);
        let terms = MODULI[..count].iter().map(|modulus| {
            let modulus = i128::from(*modulus);
            let others = product / modulus;
            let inverse = (1..modulus).find(|inverse| others % modulus * inverse % modulus == 1).unwrap_or(1);
            std::array::from_fn(|byte| {
                let residue = if byte < BYTES / 2 { byte as i128 } else { byte as i128 - BYTES as i128 };
                let digit = (residue * inverse).rem_euclid(modulus);
                let digit = if 2 * digit > modulus { digit - modulus } else { digit };
                (digit * others, digit as f64 / modulus as f64)
            })
        });
        Self { product, terms: terms.collect() }
    }

    /// The integer below 2^b in magnitude, b the [`bits`] of the moduli, that has these residues, a byte of two's complement each.
    ///
    /// The terms add up to it plus a multiple of M, which the sum of their shares tells: that is off by 2⁻⁴⁸ at most, and 2^b is
    /// below 0.499·M.
    #[inline]
    pub(crate) fn of(&self, residues: impl Iterator<Item = u8>) -> i128 {
        let (mut sum, mut share) = (0i128, 0.0);
        for (terms, byte) in self.terms.iter().zip(residues) {
            let (term, of_product) = terms[usize::from(byte)];
            sum = sum.wrapping_add(term);
            share += of_product;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most half of 16")]
        let times = share.round() as i8;
        sum.wrapping_sub(self.product.wrapping_mul(times.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::{MODULI, Remainder, add, bits, product, scale};

    fn divisor(a: u32, b: u32) -> u32 {
        if b == 0 { a } else { divisor(b, a % b) }
    }

    #[test]
    fn moduli_have_no_factor_in_common_and_none_larger_is_left_out() {
        for (at, modulus) in MODULI.iter().enumerate() {
            assert!(MODULI[..at].iter().all(|other| divisor(*modulus, *other) == 1), "{modulus}");
            let last = if at == 0 { 257 } else { MODULI[at - 1] };
            let skipped = modulus + 1..last;
            assert!(skipped.into_iter().all(|larger| MODULI[..at].iter().any(|other| divisor(larger, *other) > 1)));
        }
        assert_eq!([bits(14), bits(15), bits(16)], [109, 116, 124]);
    }

    #[test]
    fn an_integer_is_told_from_its_residues() {
        for count in 1..=MODULI.len() {
            let remainder = Remainder::new(count);
            let most = 1i128 << bits(count);
            assert!(most as f64 <= 0.499 * product(count) as f64 || count < 3, "{count} moduli");
            let mut value = 1i128;
            let made = (0..3000).map(|_| {
                value =
                    value.wrapping_mul(0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f).wrapping_add(0x1234_5678_9abc_def1);
                value % most
            });
            for wanted in made.chain([0, 1, -1, most - 1, 1 - most]).filter(|_| count > 2) {
                // Any of the bytes that stand for a residue.
                for up in [0, 1] {
                    let residue = |modulus: &u32| {
                        let modulus = i128::from(*modulus);
                        let least = wanted.rem_euclid(modulus);
                        let own = if least >= 128 { least - modulus } else { least };
                        let other = own + if own + modulus < 128 { up * modulus } else { 0 };
                        i8::try_from(other).expect("a byte").cast_unsigned()
                    };
                    assert_eq!(remainder.of(MODULI[..count].iter().map(residue)), wanted, "{count} moduli");
                }
            }
        }
    }

    #[test]
    fn residues_of_a_sum_are_the_sums_of_residues() {
        for modulus in MODULI {
            let byte = |value: i32| {
                let least = value.rem_euclid(modulus.cast_signed());
                if least > 127 { least - modulus.cast_signed() } else { least }.to_le_bytes()[0]
            };
            for one in -300..300 {
                let others: Vec<i32> = (-300..300).collect();
                let mut sums: Vec<u8> = others.iter().map(|_| byte(one)).collect();
                add(modulus, &mut sums, &others.iter().map(|other| byte(*other)).collect::<Vec<_>>());
                assert!(sums.iter().zip(others).all(|(sum, other)| *sum == byte(one + other)), "{modulus}, {one}");
            }
            let mut all: Vec<u8> = (0..=255).collect();
            let same = all.clone();
            add(modulus, &mut all, &same);
            for (sum, own) in all.iter().zip(same) {
                let [sum, own] = [*sum, own].map(|byte| i32::from(byte.cast_signed()));
                assert_eq!((sum - 2 * own).rem_euclid(modulus.cast_signed()), 0, "any byte stands for a residue");
            }
        }
    }

    #[test]
    fn a_scaled_column_fills_the_moduli_and_does_not_exceed_them() {
        for count in [12, 14, 16] {
            for squares in [1e-170, 0.3, 1.0, 1.0 - 1e-12, 1.0 + 1e-12, 2.0, 4.0 - 1e-6, 4.0, 5e9] {
                let whole = squares * 4f64.powi(scale(squares, count));
                let most = 2f64.powi(bits(count));
                assert!(whole * (1.0 + 2f64.powi(-21)) < most, "{squares}: {whole:e} of {most:e}");
                assert!(whole >= most / 4.0 * (1.0 - 2f64.powi(-19)), "{squares}: {whole:e} of {most:e}");
            }
        }
        assert_eq!(scale(0.0, 16), 0);
    }
}
