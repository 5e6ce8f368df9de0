//! Sums of products to about twice the digits of `f64`. Factors are cut into slices of 22 bits, held as multiples of one
//! unit, so that the products of slices sum without rounding, in any order (Ozaki, Ogita, Oishi and Rump, 2012): fast
//! matrix products, and the same bits whatever the threads.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::scale::scaled;

/// Bits of a slice.
const BITS: i32 = 22;
/// Terms that a sum of products of slices may have: 2·22 bits and these make the 53 of `f64`.
pub(crate) const TERMS: usize = 512;
/// Slices of a number that is held in two doubles.
const SLICES: usize = 5;

/// Slices of a matrix, the leading one first.
pub(crate) type Slices = Vec<DMatrix<f64>>;
/// A part of a slice.
pub(crate) type Part<'a> = DMatrixView<'a, f64>;

/// high + low, both matrices of one shape.
#[derive(Debug, Clone)]
pub(crate) struct Wide {
    pub(crate) high: DMatrix<f64>,
    pub(crate) low: DMatrix<f64>,
}

impl Wide {
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self { high: DMatrix::zeros(rows, columns), low: DMatrix::zeros(rows, columns) }
    }

    /// Element (i, j) times 2^`by(i, j)`, and high rounded to the nearest.
    pub(crate) fn scaled(mut self, by: impl Fn(usize, usize) -> i32) -> Self {
        for j in 0..self.high.ncols() {
            for i in 0..self.high.nrows() {
                let (high, low) = two_sum(self.high[(i, j)], self.low[(i, j)]);
                (self.high[(i, j)], self.low[(i, j)]) = (scaled(high, by(i, j)), scaled(low, by(i, j)));
            }
        }
        self
    }

    /// The symmetric matrix whose lower triangle this is.
    pub(crate) fn symmetric(mut self) -> Self {
        self.high.fill_upper_triangle_with_lower_triangle();
        self.low.fill_upper_triangle_with_lower_triangle();
        self
    }

    /// Cuts values below 2^`top` into slices; what is below the last is lost.
    pub(crate) fn cut(mut self, top: i32) -> Slices {
        let mut slices = Vec::with_capacity(SLICES);
        let mut unit = 2f64.powi(top - BITS);
        for _ in 0..SLICES {
            let round = 1.5 * 2f64.powi(52) * unit; // adding it leaves multiples of the unit
            let slice = self.high.map(|value| (value + round) - round);
            self.high -= &slice;
            self.high.iter_mut().zip(self.low.iter_mut()).for_each(|(high, low)| (*high, *low) = two_sum(*high, *low));
            slices.push(slice);
            unit *= 2f64.powi(-BITS);
        }
        slices
    }
}

/// What a sum of so many products lacks when it is formed of slices, for factors below 2^a and 2^b with a + b = `tops`.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a handful of slices")]
pub(crate) fn lost(terms: usize, tops: i32) -> f64 {
    (2 * SLICES * terms) as f64 * 2f64.powi(tops - BITS * SLICES as i32)
}

/// sum += ab, for the slices of a (at most [`TERMS`] columns) and of b.
pub(crate) fn add_product(
    (high, low): (&mut DMatrixViewMut<'_, f64>, &mut DMatrixViewMut<'_, f64>),
    a: &[Part<'_>],
    b: &[Part<'_>],
) {
    let mut product = DMatrix::zeros(high.nrows(), high.ncols());
    for (i, a) in a.iter().enumerate() {
        // What the other pairs would add lies below the last slice.
        for b in &b[..SLICES - i] {
            product.gemm(1.0, a, b, 0.0);
            for ((high, low), product) in high.iter_mut().zip(low.iter_mut()).zip(product.iter()) {
                let (sum, lost) = two_sum(*high, *product);
                *high = sum;
                *low += lost;
            }
        }
    }
}

/// The slices of the transpose. (A copy: nalgebra's products of few columns misread views whose rows are strided.)
pub(crate) fn transposed(slices: &Slices) -> Slices {
    slices.iter().map(DMatrix::transpose).collect()
}

/// Rows and columns of each slice, from (row, column) on.
pub(crate) fn parts(slices: &Slices, from: (usize, usize), shape: (usize, usize)) -> Vec<Part<'_>> {
    slices.iter().map(|slice| slice.view(from, shape)).collect()
}

/// a + b, and what its rounding lost (Knuth).
#[inline(always)]
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// ab, and what its rounding lost.
pub(crate) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "whole numbers in range")]
mod tests {
    use nalgebra::DMatrix;

    use super::{TERMS, Wide, add_product, parts, transposed, two_product, two_sum};

    /// Whole numbers below 2⁵³, whose sums of products i128 holds.
    fn whole(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
        let mut state = seed;
        DMatrix::from_fn(rows, columns, |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 - 2f64.powi(52)
        })
    }

    fn held(value: (f64, f64)) -> i128 {
        value.0 as i128 + value.1 as i128
    }

    #[test]
    fn sums_of_products_keep_a_hundred_bits() {
        // As many terms as may be, of 53 bits each: 2·53 + 9 bits, of which the slices keep the leading 110.
        let (a, b) = (whole(3, TERMS, 7), whole(5, TERMS, 6));
        let cut = |m: &DMatrix<f64>| Wide { high: m.clone(), low: m * 0.0 }.cut(53);
        let (left, right) = (transposed(&cut(&a)), cut(&b));
        let mut sum = Wide::zeros(7, 6);
        let (mut high, mut low) = (sum.high.columns_mut(0, 6), sum.low.columns_mut(0, 6));
        let (left, right) = (parts(&left, (0, 0), (7, TERMS)), parts(&right, (0, 0), (TERMS, 6)));
        add_product((&mut high, &mut low), &left, &right);
        let sum = sum.scaled(|_, _| 0);
        for i in 0..7 {
            for j in 0..6 {
                let exact: i128 = (0..TERMS).map(|k| a[(k, i)] as i128 * b[(k, j)] as i128).sum();
                let off = held((sum.high[(i, j)], sum.low[(i, j)])) - exact;
                // 2^(2·53 − 110) a term, and the rounding of the low part.
                assert!(off.unsigned_abs() <= 1 << 12, "({i}, {j}) is off by {off} of {exact}");
                let plain: f64 = a.column(i).dot(&b.column(j));
                assert!((plain as i128 - exact).unsigned_abs() > 1 << 40, "doubles alone would do");
            }
        }
    }

    #[test]
    fn slices_add_up_to_both_doubles() {
        let high = whole(7, 20, 3);
        let low = whole(9, 20, 3) * 2f64.powi(-53);
        let slices = Wide { high: high.clone(), low: low.clone() }.cut(53);
        for at in 0..high.len() {
            let sum: i128 = slices.iter().map(|slice| (slice[at] * 2f64.powi(60)) as i128).sum();
            let wanted = (high[at] * 2f64.powi(60)) as i128 + (low[at] * 2f64.powi(60)) as i128;
            assert!((sum - wanted).abs() <= 1 << 4, "{at}: off by {}", sum - wanted);
        }
    }

    #[test]
    fn nothing_is_lost_of_two_numbers() {
        assert_eq!(two_sum(1.0, 2f64.powi(-80)), (1.0, 2f64.powi(-80)));
        assert_eq!(two_product(1.0 + 2f64.powi(-30), 1.0 + 2f64.powi(-30)), (1.0 + 2f64.powi(-29), 2f64.powi(-60)));
    }
}
