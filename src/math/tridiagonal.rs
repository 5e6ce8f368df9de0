//! A symmetric matrix reduced to a tridiagonal one, after which every shift of its diagonal costs O(n).

use nalgebra::DMatrix;

use crate::math::householder;
use crate::math::lanes::{LANES, Lanes, vectorized};

/// Parts into which one number in each lane cuts an interval.
const PARTS: f64 = 9.0;

/// A = Q·T·Qᵀ with Q orthogonal and T tridiagonal (Golub and Van Loan, *Matrix Computations* (2013), §8.3.1).
pub(crate) struct Tridiagonal {
    diagonal: Vec<f64>,
    off_diagonal: Vec<f64>,
    reflectors: Reflectors,
}

impl Tridiagonal {
    /// Reduces a symmetric matrix. On one thread, so that the bits do not depend on how many there are.
    pub(crate) fn new(matrix: DMatrix<f64>) -> Self {
        let (diagonal, off_diagonal, reflectors) =
            if matrix.nrows() <= householder::MOST { small(&matrix) } else { reduce(matrix) };
        Self { diagonal, off_diagonal, reflectors }
    }

    /// Multiplies Q out where that pays for products with this number of columns.
    pub(crate) fn prepare(&mut self, columns: usize) {
        self.reflectors.prepare(columns);
    }

    /// block = Q·block.
    pub(crate) fn multiply(&self, block: &mut DMatrix<f64>) {
        self.reflectors.multiply(block, false);
    }

    /// block = Qᵀ·block.
    pub(crate) fn multiply_transposed(&self, block: &mut DMatrix<f64>) {
        self.reflectors.multiply(block, true);
    }

    /// Qᵀ multiplied out.
    pub(crate) fn transposed_basis(&self) -> DMatrix<f64> {
        match &self.reflectors {
            Reflectors::Product { transposed } => transposed.clone(),
            Reflectors::Blocks { .. } => {
                let n = self.diagonal.len();
                let mut q = DMatrix::identity(n, n);
                self.multiply(&mut q);
                q.transpose()
            }
        }
    }

    /// Overwrites column j with (T + `shifts[j]`·I)⁻¹ times it, by T + shift·I = L·D·Lᵀ. Where that is not positive definite, the
    /// result is without meaning.
    pub(crate) fn solve(&self, shifts: &[f64], block: &mut DMatrix<f64>) {
        let n = self.diagonal.len();
        let (mut inverses, mut values) = (vec![[0.0; LANES]; n], vec![[0.0; LANES]; n]);
        for (columns, shifts) in block.as_mut_slice().chunks_mut(n * LANES).zip(shifts.chunks(LANES)) {
            let mut shift = [1.0; LANES];
            shift[..shifts.len()].copy_from_slice(shifts);
            for (lane, column) in columns.chunks(n).enumerate() {
                values.iter_mut().zip(column).for_each(|(value, from)| value[lane] = *from);
            }
            vectorized(
                #[inline(always)]
                || self.solve_lanes(&shift, &mut inverses, &mut values),
            );
            for (lane, column) in columns.chunks_mut(n).enumerate() {
                column.iter_mut().zip(&values).for_each(|(to, value)| *to = value[lane]);
            }
        }
    }

    /// Solves for a column in each lane: the recurrences wait for divisions, which may overlap. `inverses` is overwritten with D⁻¹.
    #[inline(always)]
    pub(crate) fn solve_lanes(&self, shift: &Lanes, inverses: &mut [Lanes], values: &mut [Lanes]) {
        let (mut inverse, mut value, mut before) = ([0.0; LANES], [0.0; LANES], 0.0);
        for (i, (inverses, values)) in inverses.iter_mut().zip(values.iter_mut()).enumerate() {
            for lane in 0..LANES {
                inverse[lane] = 1.0 / (self.diagonal[i] + shift[lane] - before * (before * inverse[lane]));
                value[lane] = (values[lane] - before * value[lane]) * inverse[lane];
            }
            (*inverses, *values) = (inverse, value);
            before = self.off_diagonal.get(i).copied().unwrap_or(0.0);
        }
        value = [0.0; LANES];
        for (i, (inverses, values)) in inverses.iter().zip(values).enumerate().rev() {
            let after = self.off_diagonal.get(i).copied().unwrap_or(0.0);
            for lane in 0..LANES {
                value[lane] = values[lane] - inverses[lane] * (after * value[lane]);
            }
            *values = value;
        }
    }

    /// The least eigenvalue, or a little less, to a few eps·‖T‖.
    pub(crate) fn least(&self) -> f64 {
        self.least_of(1.0)
    }

    /// The largest, or a little more.
    pub(crate) fn largest(&self) -> f64 {
        -self.least_of(-1.0)
    }

    /// The least eigenvalue of T or −T: an interval cut in nine by eight numbers side by side, again and again, with the signs of the
    /// pivots of ±T − x·I (bisection in Golub and Van Loan §8.4.1).
    fn least_of(&self, sign: f64) -> f64 {
        let below = |i: usize| self.off_diagonal.get(i).map_or(0.0, |value| value.abs());
        let radius = |i: usize| below(i) + if i > 0 { below(i - 1) } else { 0.0 };
        let (mut low, mut high) = (f64::INFINITY, f64::INFINITY);
        for (i, value) in self.diagonal.iter().enumerate() {
            // Gershgorin's discs, and a Rayleigh quotient.
            low = low.min(sign * value - radius(i));
            high = high.min(sign * value);
        }
        let size = low.abs().max(high.abs());
        let mut cuts = [0.0; LANES];
        while high - low > f64::EPSILON * size {
            let part = (high - low) / PARTS;
            let mut after = low;
            for cut in &mut cuts {
                after += part;
                *cut = after;
            }
            let definite = vectorized(
                #[inline(always)]
                || self.definite(sign, &cuts),
            );
            let first = definite.iter().position(|definite| !definite).unwrap_or(LANES);
            let before = (low, high);
            low = if first > 0 { cuts[first - 1] } else { low };
            high = if first < LANES { cuts[first] } else { high };
            if (low, high) == before || !(low < high) {
                break;
            }
        }
        low
    }

    /// Whether ±T − x·I is positive definite, of each x.
    #[inline(always)]
    fn definite(&self, sign: f64, shifts: &Lanes) -> [bool; LANES] {
        let (mut pivot, mut least, mut before) = ([1.0; LANES], [f64::INFINITY; LANES], 0.0);
        for (i, value) in self.diagonal.iter().enumerate() {
            for lane in 0..LANES {
                pivot[lane] = (sign * value - shifts[lane]) - before * (before / pivot[lane]);
                // Written so that NaN stays.
                least[lane] = if pivot[lane] > least[lane] { least[lane] } else { pivot[lane] };
            }
            before = self.off_diagonal.get(i).copied().unwrap_or(0.0);
        }
        least.map(|least| least > 0.0)
    }
}

/// Q, which fixes the first row.
enum Reflectors {
    /// Blocks of Householder reflections: the vectors, below the diagonal from the second row on, and the upper triangles T
    /// of the blocks I − V·T·Vᵀ, side by side.
    Blocks { basis: DMatrix<f64>, factor: faer::Mat<f64> },
    /// Multiplied out: faster where many columns follow, or few numbers are in each.
    Product { transposed: DMatrix<f64> },
}

fn small(matrix: &DMatrix<f64>) -> (Vec<f64>, Vec<f64>, Reflectors) {
    let householder::Reduced { diagonal, off_diagonal, transposed } = householder::reduce(matrix);
    (diagonal, off_diagonal, Reflectors::Product { transposed })
}

fn reduce(mut matrix: DMatrix<f64>) -> (Vec<f64>, Vec<f64>, Reflectors) {
    use faer::dyn_stack::{MemBuffer, MemStack};
    use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
    use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
    use faer::{MatMut, Par};

    let n = matrix.nrows();
    let before = n.saturating_sub(1);
    let mut factor = faer::Mat::zeros(recommended_block_size::<f64>(before, before), before);
    tridiag_in_place(
        MatMut::from_column_major_slice_mut(matrix.as_mut_slice(), n, n),
        factor.as_mut(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(tridiag_in_place_scratch::<f64>(n, Par::Seq, Default::default()))),
        Default::default(),
    );
    let diagonal = (0..n).map(|i| matrix[(i, i)]).collect();
    let off_diagonal = (0..before).map(|i| matrix[(i + 1, i)]).collect();
    (diagonal, off_diagonal, Reflectors::Blocks { basis: matrix, factor })
}

impl Reflectors {
    fn prepare(&mut self, columns: usize) {
        let Self::Blocks { basis, .. } = self else { return };
        let n = basis.nrows();
        // The blocks are as much work as Q, in smaller products.
        if columns >= 4 * n {
            let mut q = DMatrix::identity(n, n);
            self.multiply(&mut q, false);
            *self = Self::Product { transposed: q.transpose() };
        }
    }

    fn multiply(&self, block: &mut DMatrix<f64>, transposed: bool) {
        use faer::dyn_stack::{MemBuffer, MemStack};
        use faer::linalg::householder::{
            apply_block_householder_sequence_on_the_left_in_place_scratch as scratch,
            apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
            apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj as apply_transposed,
        };
        use faer::linalg::matmul::matmul;
        use faer::{Accum, Conj, MatMut, MatRef, Par};

        let (n, columns) = block.shape();
        if n < 2 || columns == 0 {
            return;
        }
        match self {
            Self::Blocks { basis, factor } => {
                let basis = MatRef::from_column_major_slice(basis.as_slice(), n, n).submatrix(1, 0, n - 1, n - 1);
                let block = MatMut::from_column_major_slice_mut(block.as_mut_slice(), n, columns).subrows_mut(1, n - 1);
                let mut memory = MemBuffer::new(scratch::<f64>(n - 1, factor.nrows(), columns));
                let multiply = if transposed { apply_transposed } else { apply };
                multiply(basis, factor.as_ref(), Conj::No, block, Par::Seq, MemStack::new(&mut memory));
            }
            Self::Product { transposed: q } => {
                let q = MatRef::from_column_major_slice(q.as_slice(), n, n);
                let q = if transposed { q } else { q.transpose() };
                let mut product = DMatrix::zeros(n, columns);
                let to = MatMut::from_column_major_slice_mut(product.as_mut_slice(), n, columns);
                let from = MatRef::from_column_major_slice(block.as_slice(), n, columns);
                matmul(to, Accum::Replace, q, from, 1.0, Par::Seq);
                *block = product;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::Tridiagonal;
    use crate::math::eigen::eigen;

    /// A positive definite matrix, its spectrum spread over a few powers of ten.
    fn definite(n: usize) -> DMatrix<f64> {
        let spread = DMatrix::from_fn(2 * n, n, |i, j| ((i * 31 + j * 17 + i * j) % 101) as f64 / 50.0 - 1.0);
        spread.transpose() * spread + DMatrix::identity(n, n) * 0.1
    }

    #[test]
    fn solutions_of_every_shift_satisfy_their_equations() {
        for n in [1, 2, 3, 8, 17, 32, 33, 40, 70] {
            let a = definite(n);
            let mut tridiagonal = Tridiagonal::new(a.clone());
            tridiagonal.prepare(11);
            let shifts: Vec<f64> = (0..11).map(|k| 10f64.powi(k - 6)).collect();
            let rhs = DMatrix::from_fn(n, shifts.len(), |i, j| (1 + (i + 3 * j) % 7) as f64);
            let mut w = rhs.clone();
            tridiagonal.multiply_transposed(&mut w);
            tridiagonal.solve(&shifts, &mut w);
            tridiagonal.multiply(&mut w);
            for (k, shift) in shifts.iter().enumerate() {
                let left = &a * w.column(k) + w.column(k) * *shift - rhs.column(k);
                let bound = 8.0 * n as f64 * f64::EPSILON * (a.norm() + shift) * w.column(k).norm();
                assert!(left.norm() <= bound, "n = {n}, shift {shift:e}: {:e} > {bound:e}", left.norm());
            }
        }
    }

    #[test]
    fn the_outermost_eigenvalues_are_those_of_the_matrix() {
        for n in [1, 2, 5, 9, 20, 32, 64] {
            let a = definite(n) - DMatrix::identity(n, n);
            let values = eigen(&a).expect("it converges").values;
            let tridiagonal = Tridiagonal::new(a.clone());
            for (found, wanted) in [(tridiagonal.least(), values[0]), (tridiagonal.largest(), values[n - 1])] {
                let bound = 8.0 * n as f64 * f64::EPSILON * a.norm();
                assert!((found - wanted).abs() <= bound, "n = {n}: {found}, {wanted}");
            }
        }
    }
}
