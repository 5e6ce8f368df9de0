//! Sums of products to about twice the digits of `f64`, in pairs of doubles (Ogita, Rump and Oishi, 2005): what
//! the rounding of a product or a sum loses is known exactly, and summed beside it. The bits depend neither on threads nor on the
//! machine.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::math::lanes::{LANES, Lanes, vectorized_fused};
use crate::math::powers::scaled;
use crate::math::threads::at_least;

/// Terms of a sum that is kept in registers.
const BLOCK: usize = 8;
/// Terms of the sums that blocks are added to.
const TERMS: usize = 256;

/// A matrix to twice the digits: high + low.
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

    /// self += aᵀb, of the lower triangle alone if `lower`.
    pub(crate) fn add_product(&mut self, a: &Strips, b: &Strips, lower: bool) {
        let width = a.columns * LANES;
        let columns = self.high.as_mut_slice().par_chunks_mut(width).zip(self.low.as_mut_slice().par_chunks_mut(width));
        columns.with_min_len(at_least(a.rows * width)).enumerate().for_each(|(strip, sums)| {
            let first = if lower { strip } else { 0 };
            vectorized_fused(
                #[inline(always)]
                |fused| add_strip(fused, sums, a, b, strip, first),
            );
        });
    }
}

/// A factor of a product in two doubles, in strips of eight columns abreast: a strip holds row after row, and the last
/// strip is filled up with zeros.
#[derive(Debug, Clone)]
pub(crate) struct Strips {
    rows: usize,
    columns: usize,
    high: Vec<Lanes>,
    low: Vec<Lanes>,
}

impl Strips {
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        let zeros = vec![[0.0; LANES]; rows * columns.div_ceil(LANES)];
        Self { rows, columns, high: zeros.clone(), low: zeros }
    }

    pub(crate) fn set(&mut self, row: usize, column: usize, (high, low): (f64, f64)) {
        let (at, lane) = (column / LANES * self.rows + row, column % LANES);
        (self.high[at][lane], self.low[at][lane]) = (high, low);
    }

    /// The rows of each strip, high and low.
    pub(crate) fn strips(&mut self) -> impl IndexedParallelIterator<Item = (&mut [Lanes], &mut [Lanes])> {
        self.high.par_chunks_mut(self.rows).zip(self.low.par_chunks_mut(self.rows))
    }

    /// The factor with each row times its weight.
    pub(crate) fn weighed(mut self, weights: &[f64]) -> Self {
        for (high, low) in self.high.chunks_mut(self.rows).zip(self.low.chunks_mut(self.rows)) {
            for ((high, low), s) in high.iter_mut().zip(low).zip(weights) {
                for (high, low) in high.iter_mut().zip(low) {
                    let (product, lost) = two_product(*high, *s);
                    (*high, *low) = two_sum(product, lost + *low * s);
                }
            }
        }
        self
    }

    /// Rows of a strip.
    #[inline(always)]
    fn part(&self, strip: usize, rows: Range<usize>) -> StripRows<'_> {
        let range = strip * self.rows + rows.start..strip * self.rows + rows.end;
        (&self.high[range.clone()], &self.low[range])
    }
}

impl From<&Wide> for Strips {
    fn from(matrix: &Wide) -> Self {
        let (rows, columns) = matrix.high.shape();
        let mut strips = Self::zeros(rows, columns);
        for column in 0..columns {
            for row in 0..rows {
                strips.set(row, column, (matrix.high[(row, column)], matrix.low[(row, column)]));
            }
        }
        strips
    }
}

/// Rows of a strip, high and low.
type StripRows<'a> = (&'a [Lanes], &'a [Lanes]);

/// What a sum of so many products may lack, relative to the sum S of their magnitudes.
///
/// To the order of u², u = 2⁻⁵³: [`plus_product`] rounds what is below 2uS, uS and uS, numbers that are below 10u of its product,
/// and the low part, which after k products is below (k + 3)uS; in a block of eight that is 32u²S, 10u²S and 60u²S. With [`plus`]
/// a block loses 22u²S once, for its low part, and whatever it has been added to 3u²S each time: 32 times in [`TERMS`],
/// and after that no more than twice in as many. The weights of rows take 3u²S.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
pub(crate) fn lost(terms: usize) -> f64 {
    (256.0 + terms as f64 / 32.0) * (f64::EPSILON / 2.0).powi(2)
}

/// Adds the products of a, from its strip `first` on, with a strip of b to as many columns of a sum.
#[inline(always)]
fn add_strip(fused: bool, (high, low): (&mut [f64], &mut [f64]), a: &Strips, b: &Strips, strip: usize, first: usize) {
    let n = a.columns;
    for above in first..n.div_ceil(LANES) {
        // In memory that a variable indexes: of scalars the compiler would not make vectors of eight rows.
        let mut sums = [EightSums::default(); LANES];
        for start in (0..a.rows).step_by(TERMS) {
            let rows = start..a.rows.min(start + TERMS);
            let (a, b) = (a.part(above, rows.clone()), b.part(strip, rows));
            for (column, sum) in sums.iter_mut().enumerate().take(high.len() / n) {
                *sum = sum.plus(EightSums::products(fused, a, b, column));
            }
        }
        let rows = above * LANES..n.min((above + 1) * LANES);
        for ((sum, high), low) in sums.iter().zip(high.chunks_mut(n)).zip(low.chunks_mut(n)) {
            let elements = high[rows.clone()].iter_mut().zip(&mut low[rows.clone()]);
            for ((high, low), more) in elements.zip(sum.high.into_iter().zip(sum.low)) {
                (*high, *low) = plus((*high, *low), more);
            }
        }
    }
}

/// Sums of eight rows of a column.
#[derive(Clone, Copy, Default)]
struct EightSums {
    high: Lanes,
    low: Lanes,
}

impl EightSums {
    /// The products of rows of a with one column of b.
    #[inline(always)]
    fn products(fused: bool, a: StripRows<'_>, b: StripRows<'_>, column: usize) -> Self {
        let mut sum = Self::default();
        let blocks = a.0.chunks(BLOCK).zip(a.1.chunks(BLOCK)).zip(b.0.chunks(BLOCK).zip(b.1.chunks(BLOCK)));
        for ((a, a_low), (b, b_low)) in blocks {
            let mut of_block = Self::default();
            for ((a, a_low), (b, b_low)) in a.iter().zip(a_low).zip(b.iter().zip(b_low)) {
                let b = (b[column], b_low[column]);
                of_block = of_block.map(
                    #[inline(always)]
                    |lane, sum| plus_product(fused, sum, (a[lane], a_low[lane]), b),
                );
            }
            sum = sum.plus(of_block);
        }
        sum
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.map(
            #[inline(always)]
            |lane, sum| plus(sum, (other.high[lane], other.low[lane])),
        )
    }

    #[inline(always)]
    fn map(self, op: impl Fn(usize, (f64, f64)) -> (f64, f64)) -> Self {
        let mut mapped = Self::default();
        for lane in 0..LANES {
            (mapped.high[lane], mapped.low[lane]) = op(lane, (self.high[lane], self.low[lane]));
        }
        mapped
    }
}

/// sum + ab, of pairs: what rounding lost goes to the low part, which may come to overlap the high one ([`plus`] parts them).
#[inline(always)]
pub(crate) fn plus_product(fused: bool, (high, low): (f64, f64), a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let product = a.0 * b.0;
    let sum = high + product;
    let part = sum - high;
    // ab − part, rounded once in either way: of product and part the difference is exact.
    let rest = if fused { a.0.mul_add(b.0, -part) } else { (product - part) + split_lost(a.0, b.0, product) };
    (sum, low + (((high - (sum - part)) + rest) + (a.0 * b.1 + a.1 * b.0)))
}

/// a + b, of pairs.
#[inline(always)]
pub(crate) fn plus(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (sum, lost) = two_sum(a.0, b.0);
    two_sum(sum, lost + (a.1 + b.1))
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

/// What the rounding of a product lost, without `mul_add` (Dekker).
#[inline(always)]
fn split_lost(a: f64, b: f64, product: f64) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (halves(a), halves(b));
    ((a * b - product) + a * b_rest + a_rest * b) + a_rest * b_rest
}

/// A number as the sum of two of 26 bits each, whose products are exact (Veltkamp).
#[inline(always)]
fn halves(value: f64) -> (f64, f64) {
    let wide = 134_217_729.0 * value; // 2²⁷ + 1
    let head = wide - (wide - value);
    (head, value - head)
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "whole numbers in range")]
mod tests {
    use super::{Strips, Wide, lost, plus_product, two_product, two_sum};

    /// A matrix of whole numbers below 2^`bits`, rows × columns, held in two doubles.
    fn whole(mut seed: u64, bits: u32, rows: usize, columns: usize) -> (Vec<i128>, Strips) {
        let mut strips = Strips::zeros(rows, columns);
        let mut values = Vec::new();
        for (column, row) in (0..columns).flat_map(|column| (0..rows).map(move |row| (column, row))) {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (i128::from(seed >> 1) - (1 << 62)) >> (62 - bits);
            let high = value as f64;
            strips.set(row, column, (high, (value - high as i128) as f64));
            values.push(value);
        }
        (values, strips)
    }

    /// Products of columns of so many whole numbers, as `add_product` sums them in `parts` and as they are; `lower` leaves out others.
    fn holds(bits: u32, rows: usize, lower: bool) {
        let (n, columns) = (11, if lower { 11 } else { 9 });
        let (a, left) = whole(3, bits, rows, n);
        let (b, right) = whole(5, bits, rows, columns);
        let mut sum = Wide::zeros(n, columns);
        sum.add_product(&left, &right, lower);
        let mut worst = 0.0f64;
        for (i, j) in (0..n).flat_map(|i| (0..columns).map(move |j| (i, j))).filter(|(i, j)| !lower || i >= j) {
            let products = || (0..rows).map(|k| a[i * rows + k] * b[j * rows + k]);
            let size: f64 = products().map(|product| product.abs() as f64).sum();
            let off = products().sum::<i128>() - (sum.high[(i, j)] as i128 + sum.low[(i, j)] as i128);
            assert!(off.abs() as f64 <= lost(rows) * size, "({i}, {j}) of {rows} rows is off by {off}, of {size:e}");
            worst = worst.max(off.abs() as f64 / size);
        }
        // A tenth of what doubles lose: the low parts count.
        assert!(worst > 0.0 && worst < 1e-30, "{worst:e}");
    }

    #[test]
    fn sums_lack_no_more_than_is_said() {
        holds(62, 3, false);
        holds(60, 70, false);
        holds(57, 1000, true);
        holds(55, 20_000, false);
    }

    #[test]
    fn weights_multiply_rows() {
        let (values, strips) = whole(7, 58, 30, 3);
        let weights: Vec<f64> = (0..30).map(f64::from).collect();
        let (_, other) = whole(0, 0, 30, 1);
        let mut ones = other;
        (0..30).for_each(|row| ones.set(row, 0, (1.0, 0.0)));
        let mut sum = Wide::zeros(3, 1);
        sum.add_product(&strips.weighed(&weights), &ones, false);
        for j in 0..3 {
            let exact: i128 = (0..30).map(|row| row as i128 * values[j * 30 + row]).sum();
            assert_eq!(sum.high[(j, 0)] as i128 + sum.low[(j, 0)] as i128, exact);
        }
    }

    #[test]
    fn products_are_the_same_bits_with_and_without_fused_operations() {
        let (values, _) = whole(9, 53, 4000, 1);
        for (at, four) in values.chunks(4).enumerate() {
            let four: Vec<f64> = four.iter().map(|value| *value as f64).collect();
            let scale = 2f64.powi(53 * (at % 5) as i32);
            let (sum, a, b) = ((four[0] * scale, four[1]), (four[1], four[2] * 2f64.powi(-53)), (four[3], 0.5));
            assert_eq!(plus_product(true, sum, a, b), plus_product(false, sum, a, b));
            let cancelling = (-(a.0 * b.0), 0.0);
            assert_eq!(plus_product(true, cancelling, a, (b.0, 0.0)), plus_product(false, cancelling, a, (b.0, 0.0)));
        }
    }

    #[test]
    fn nothing_is_lost_of_two_numbers() {
        assert_eq!(two_sum(1.0, 2f64.powi(-80)), (1.0, 2f64.powi(-80)));
        assert_eq!(two_product(1.0 + 2f64.powi(-30), 1.0 + 2f64.powi(-30)), (1.0 + 2f64.powi(-29), 2f64.powi(-60)));
    }
}
