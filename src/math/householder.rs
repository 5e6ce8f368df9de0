//! The reduction of a small symmetric matrix to a tridiagonal one, by loops in vectors: what makes the reduction of a large one fast,
//! blocks and their products, takes longer there than the arithmetic.

use nalgebra::DMatrix;

use crate::math::lanes::{LANES, Lanes, vectorized};
use crate::math::powers::{exponent, scaled};

/// The largest order.
pub(crate) const MOST: usize = 4 * LANES;

/// Q and T with A = Q·T·Qᵀ: the diagonal of T, what stands beside it, and Qᵀ.
pub(crate) struct Reduced {
    pub(crate) diagonal: Vec<f64>,
    pub(crate) off_diagonal: Vec<f64>,
    pub(crate) transposed: DMatrix<f64>,
}

/// Reduces a matrix of order [`MOST`] at most, of which both triangles are read, by Householder's reflections (Golub and Van Loan,
/// *Matrix Computations* (2013), §8.3.1). Multiplications and additions are not fused: the bits are those of any machine.
pub(crate) fn reduce(matrix: &DMatrix<f64>) -> Reduced {
    match matrix.nrows().div_ceil(LANES) {
        0 | 1 => reduce_wide::<1>(matrix),
        2 => reduce_wide::<2>(matrix),
        3 => reduce_wide::<3>(matrix),
        _ => reduce_wide::<4>(matrix),
    }
}

/// A column of a matrix, filled up with zeros.
type Column<const W: usize> = [Lanes; W];

fn reduce_wide<const W: usize>(matrix: &DMatrix<f64>) -> Reduced {
    let n = matrix.nrows();
    let mut columns = vec![[[0.0; LANES]; W]; n];
    for (to, column) in columns.iter_mut().zip(matrix.as_slice().chunks_exact(n)) {
        to.as_flattened_mut()[..n].copy_from_slice(column);
    }
    let mut reflections = vec![Reflection { v: [[0.0; LANES]; W], factor: 0.0 }; n.saturating_sub(2)];
    let mut off_diagonal = vec![0.0; n.saturating_sub(1)];
    // Q, row after row.
    let mut basis = vec![[[0.0; LANES]; W]; n];
    basis.iter_mut().enumerate().for_each(|(i, row)| row.as_flattened_mut()[i] = 1.0);
    vectorized(
        #[inline(always)]
        || {
            for (j, reflection) in reflections.iter_mut().enumerate() {
                let (done, left) = columns.split_at_mut(j + 1);
                (*reflection, off_diagonal[j]) = Reflection::new(&done[j], j + 1, n);
                if reflection.factor != 0.0 {
                    reflection.act_on_both_sides(left, j + 1);
                }
            }
            let mut j = reflections.len();
            while j > 0 {
                j -= 1;
                reflections[j].act_on_rows(&mut basis[j + 1..], j + 1);
            }
        },
    );
    if let Some(last) = off_diagonal.last_mut() {
        *last = columns[n - 2].as_flattened()[n - 1];
    }
    let mut transposed = DMatrix::zeros(n, n);
    for (to, row) in transposed.as_mut_slice().chunks_exact_mut(n).zip(&basis) {
        to.copy_from_slice(&row.as_flattened()[..n]);
    }
    let diagonal = columns.iter().enumerate().map(|(j, column)| column.as_flattened()[j]).collect();
    Reduced { diagonal, off_diagonal, transposed }
}

/// I − factor·vvᵀ; of a column that needs none, factor is 0.
#[derive(Clone, Copy)]
struct Reflection<const W: usize> {
    v: Column<W>,
    factor: f64,
}

impl<const W: usize> Reflection<W> {
    /// The reflection that brings the numbers `first` to n of a column to zero but for the first of them, and what that becomes.
    #[inline(always)]
    fn new(column: &Column<W>, first: usize, n: usize) -> (Self, f64) {
        let (mut v, column) = ([[0.0; LANES]; W], column.as_flattened());
        let below: f64 = column[first + 1..n].iter().map(|value| value.abs()).sum();
        if below == 0.0 {
            return (Self { v, factor: 0.0 }, column[first]);
        }
        // In units in which no square that counts underflows.
        let unit = exponent(below + column[first].abs()).max(-1000);
        let back = scaled(1.0, -unit);
        let values = v.as_flattened_mut();
        let mut squares = 0.0;
        for i in first + 1..n {
            values[i] = column[i] * back;
            squares += values[i] * values[i];
        }
        let head = column[first] * back;
        let size = (head * head + squares).sqrt();
        let image = if head > 0.0 { -size } else { size };
        values[first] = head - image;
        // 2/vᵀv, whose sum does not cancel.
        let factor = 2.0 / (values[first] * values[first] + squares);
        (Self { v, factor }, scaled(image, unit))
    }

    /// A = HAH, of which the columns from `first` on are given.
    #[inline(always)]
    fn act_on_both_sides(&self, columns: &mut [Column<W>], first: usize) {
        let (v, values) = (&self.v, &self.v.as_flattened()[first..]);
        let mut w = [[0.0; LANES]; W];
        for (column, value) in columns.iter().zip(values) {
            add(&mut w, self.factor * value, column);
        }
        // w = p − (factor/2·pᵀv)·v with p = factor·A·v; A − vwᵀ − wvᵀ.
        let mut dot = [0.0; LANES];
        for at in 0..W {
            for lane in 0..LANES {
                dot[lane] += w[at][lane] * v[at][lane];
            }
        }
        let mut sum = 0.0;
        for part in dot {
            sum += part;
        }
        add(&mut w, -self.factor / 2.0 * sum, v);
        let (w, also) = (&w, w);
        for ((column, v_i), w_i) in columns.iter_mut().zip(values).zip(&also.as_flattened()[first..]) {
            for at in 0..W {
                for lane in 0..LANES {
                    column[at][lane] -= v[at][lane] * w_i + w[at][lane] * v_i;
                }
            }
        }
    }

    /// Q = HQ, of which the rows from `first` on are given.
    #[inline(always)]
    fn act_on_rows(&self, rows: &mut [Column<W>], first: usize) {
        let values = &self.v.as_flattened()[first..];
        let mut product = [[0.0; LANES]; W];
        for (row, value) in rows.iter().zip(values) {
            add(&mut product, *value, row);
        }
        for (row, value) in rows.iter_mut().zip(values) {
            add(row, -self.factor * value, &product);
        }
    }
}

/// sum += factor·column
#[inline(always)]
fn add<const W: usize>(sum: &mut Column<W>, factor: f64, column: &Column<W>) {
    for at in 0..W {
        for lane in 0..LANES {
            sum[at][lane] += factor * column[at][lane];
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::reduce;

    /// A symmetric matrix whose rows and columns shrink by a factor each.
    fn graded(n: usize, factor: f64) -> DMatrix<f64> {
        let value = |i: usize, j: usize| (((i + j) * 31 + i * j * 17) % 101) as f64 / 50.0 - 1.0;
        DMatrix::from_fn(n, n, |i, j| value(i, j) * factor.powf((i + j) as f64))
    }

    #[test]
    fn q_is_orthogonal_and_leads_from_t_to_the_matrix_however_small_its_numbers_are() {
        for n in [1, 2, 3, 7, 8, 9, 16, 17, 31, 32] {
            for factor in [1.0, 0.5, 1e-5, 1e-9, 1e-80, 0.0] {
                for matrix in [graded(n, factor), graded(n, factor) * 1e-290, DMatrix::zeros(n, n)] {
                    let reduced = reduce(&matrix);
                    let q = reduced.transposed.transpose();
                    let away = (&reduced.transposed * &q - DMatrix::identity(n, n)).amax();
                    let bound = 4.0 * n as f64 * f64::EPSILON;
                    assert!(away <= bound, "n = {n}, factor {factor:e}: {away:e} from orthogonal");
                    let t = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
                        0 => reduced.diagonal[i],
                        1 => reduced.off_diagonal[i.min(j)],
                        _ => 0.0,
                    });
                    let away = (&q * t * &reduced.transposed - &matrix).amax();
                    let size = matrix.amax();
                    assert!(away <= bound * size + 1e-320, "n = {n}, factor {factor:e}: {away:e} of {size:e}");
                }
            }
        }
    }

    #[test]
    fn a_number_that_is_not_finite_is_not_passed_over() {
        for at in [(0, 0), (5, 0), (6, 5), (9, 9)] {
            let mut matrix = graded(10, 0.9);
            (matrix[at], matrix[(at.1, at.0)]) = (f64::NAN, f64::NAN);
            let reduced = reduce(&matrix);
            assert!(reduced.diagonal.iter().chain(&reduced.off_diagonal).any(|value| value.is_nan()), "{at:?}");
        }
    }
}
