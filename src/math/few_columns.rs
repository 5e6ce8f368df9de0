//! Products of few columns with each other, summed over their rows in lanes: less work than to bring them into the order in which
//! products of large matrices take them.

use nalgebra::ComplexField;

use crate::math::lanes::{LANES, vectorized_fused};
use crate::math::scalar::Scalar;

/// Columns up to which this is faster.
pub(crate) const FEW: usize = 64;
/// Columns that are multiplied with others at a time, and those others.
const LEFT: usize = 3;
const RIGHT: usize = 2;

/// Calls `add(i, j, Σ aᵢ·aⱼ)` for the columns j < `first` and i ≥ j of a matrix of whole lanes of `rows` rows, column after column, products
/// and sums in the arithmetic of `A`.
pub(crate) fn products<A: Scalar>(matrix: &[A], rows: usize, first: usize, mut add: impl FnMut(usize, usize, f64)) {
    let count = matrix.len() / rows;
    let (lanes, _) = matrix.as_chunks::<LANES>();
    let column = |j: usize| &lanes[j.min(count - 1) * (rows / LANES)..][..rows / LANES];
    let places = (0..first).step_by(RIGHT).flat_map(|j| (j..count).step_by(LEFT).map(move |i| (i, j)));
    let places: Vec<(usize, usize)> = places.collect();
    let mut tiles = vec![[[[A::zero(); LANES]; LEFT]; RIGHT]; places.len()];
    let work = tiles.iter_mut().zip(&places);
    vectorized_fused(
        #[inline(always)]
        |fused| {
            for (tile, (i, j)) in work {
                sum_tile(fused, [column(*i), column(i + 1), column(i + 2)], [column(*j), column(j + 1)], tile);
            }
        },
    );
    for (tile, (left, right)) in tiles.iter().zip(places) {
        for (j, sums) in (right..first).zip(tile) {
            for (i, lanes) in (left..count).zip(sums).filter(|(i, _)| *i >= j) {
                add(i, j, lanes.iter().map(|lane| Into::<f64>::into(*lane)).sum());
            }
        }
    }
}

/// The lanes of Σ aᵢ·bⱼ of some columns. (Where they are added up here too, the compiler finds no vectors.)
#[inline(always)]
fn sum_tile<A: Scalar>(
    fused: bool,
    a: [&[[A; LANES]]; LEFT],
    b: [&[[A; LANES]]; RIGHT],
    to: &mut [[[A; LANES]; LEFT]; RIGHT],
) {
    let length = a[0].len();
    let [a0, a1, a2] = [&a[0][..length], &a[1][..length], &a[2][..length]];
    let [b0, b1] = [&b[0][..length], &b[1][..length]];
    let mut sums = [[[A::zero(); LANES]; LEFT]; RIGHT];
    for at in 0..length {
        let (a, b) = ([&a0[at], &a1[at], &a2[at]], [&b0[at], &b1[at]]);
        for j in 0..RIGHT {
            for i in 0..LEFT {
                for lane in 0..LANES {
                    let (sum, a, b) = (&mut sums[j][i][lane], a[i][lane], b[j][lane]);
                    *sum = if fused { ComplexField::mul_add(a, b, *sum) } else { *sum + a * b };
                }
            }
        }
    }
    *to = sums;
}

#[cfg(test)]
mod tests {
    use super::products;

    #[test]
    fn each_pair_of_columns_has_the_sum_of_its_products_once() {
        for (rows, first, count) in [(8, 1, 1), (8, 2, 3), (16, 4, 4), (24, 5, 7), (40, 7, 9)] {
            let value = |row: usize, j: usize| ((row * 7 + j * 5) % 11) as f64 - 5.0;
            let matrix: Vec<f64> = (0..count * rows).map(|at| value(at % rows, at / rows)).collect();
            let mut found = vec![f64::NAN; first * count];
            products(&matrix, rows, first, |i, j, sum| {
                assert!(found[j * count + i].is_nan(), "({i}, {j}) twice");
                found[j * count + i] = sum;
            });
            for (i, j) in (0..first).flat_map(|j| (j..count).map(move |i| (i, j))) {
                let wanted: f64 = (0..rows).map(|row| value(row, i) * value(row, j)).sum();
                assert_eq!(found[j * count + i], wanted, "({i}, {j}) of {count}");
            }
        }
    }
}
