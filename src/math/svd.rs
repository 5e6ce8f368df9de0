//! Stage `svd` on the CPU: singular values and both sides of their vectors, small ones too to nearly all their digits, in `f64` or
//! in twice its digits.

use crate::math::pair::Number;

/// Sweeps over all pairs of columns; five to ten do.
const MOST_SWEEPS: usize = 40;

/// A = U·diag(σ)·Vᵀ of rank r: r columns of U, and of V, with as many σ > 0.
pub(crate) struct Svd<N> {
    pub(crate) u: Vec<Vec<N>>,
    pub(crate) sigma: Vec<N>,
    pub(crate) v: Vec<Vec<N>>,
}

/// A = QR, Q with orthonormal columns, of columns taken in an order that puts the largest remainder first.
pub(crate) struct Orthogonal<N> {
    pub(crate) q: Vec<Vec<N>>,
    /// Row i: what column i of Q takes of every column of A, in the order of A.
    pub(crate) r: Vec<Vec<N>>,
    /// The columns of A that the columns of Q come from.
    pub(crate) order: Vec<usize>,
}

/// The share of a column below which what is left of it, after others have taken theirs, is rounding.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
fn rounding<N: Number>(rows: usize, columns: usize) -> f64 {
    8.0 * N::EPSILON * (columns as f64 + (rows as f64).sqrt() + 8.0)
}

fn norm<N: Number>(column: &[N]) -> N {
    N::dot(column, column).sqrt()
}

/// Takes from a column what lies along orthonormal ones, twice, so that nothing of it is left (Björck, 1967); returns the shares.
pub(crate) fn remove<N: Number>(from: &mut [N], q: &[Vec<N>]) -> Vec<N> {
    let mut shares = vec![N::default(); q.len()];
    for _ in 0..2 {
        for (q, share) in q.iter().zip(&mut shares) {
            let more = N::dot(q, from);
            N::subtract(from, more, q);
            *share = *share + more;
        }
    }
    shares
}

/// Modified Gram-Schmidt with pivoting and reorthogonalisation. A column depends on others when no more is left of it than
/// rounding leaves of its norm, which is `sizes` where something was taken from it before: each by its own size, so that a
/// small column counts beside large ones; and when there are `most` before it, all that there can be.
pub(crate) fn orthogonalize<N: Number>(mut columns: Vec<Vec<N>>, sizes: &[f64], most: usize) -> Orthogonal<N> {
    let (n, m) = (columns.len(), columns.first().map_or(0, Vec::len));
    let least = rounding::<N>(m, n);
    let mut made = Orthogonal { q: Vec::new(), r: Vec::new(), order: Vec::new() };
    let mut left: Vec<usize> = (0..n).collect();
    while made.q.len() < most {
        let norms: Vec<N> = left.iter().map(|j| norm(&columns[*j])).collect();
        let holds = |at: &usize| norms[*at].value() > least * sizes[left[*at]];
        let Some(at) = (0..left.len()).filter(holds).max_by(|a, b| norms[*a].value().total_cmp(&norms[*b].value()))
        else {
            break;
        };
        let pivot = left.swap_remove(at);
        let mut column = std::mem::take(&mut columns[pivot]);
        let mut row = vec![N::default(); n];
        // What rounding left along the columns of Q that are there.
        for (share, before) in remove(&mut column, &made.q).into_iter().zip(&mut made.r) {
            before[pivot] = before[pivot] + share;
        }
        let size = norm(&column);
        column.iter_mut().for_each(|value| *value = *value / size);
        row[pivot] = size;
        for j in &left {
            row[*j] = N::dot(&column, &columns[*j]);
            N::subtract(&mut columns[*j], row[*j], &column);
        }
        made.q.push(column);
        made.r.push(row);
        made.order.push(pivot);
    }
    made
}

/// The decomposition of a matrix of rank `most` at most, given by its columns, whose norms were `sizes` before anything was taken
/// from them.
///
/// QR with pivoting first; then pairs of rows of R are turned until all are orthogonal: one-sided Jacobi on Rᵀ, which with such an R
/// finds small singular values to as many digits as the columns, each on its own scale, determine (Drmač and Veselić, *New fast and
/// accurate Jacobi SVD algorithm* (2008)). Unlike the eigenvalues of `AᵀA` it does not square the condition number.
pub(crate) fn svd<N: Number>(columns: Vec<Vec<N>>, sizes: &[f64], most: usize) -> Svd<N> {
    let Orthogonal { q, r: mut v, .. } = orthogonalize(columns, sizes, most);
    let one = |i: usize| (0..q.len()).map(|j| N::of(f64::from(u8::from(i == j)), 0.0)).collect();
    let mut turns: Vec<Vec<N>> = (0..q.len()).map(one).collect();
    turn(&mut v, &mut turns);
    let turned = |turns: &Vec<N>| {
        let mut u = vec![N::default(); q[0].len()];
        turns.iter().zip(&q).for_each(|(share, q)| N::subtract(&mut u, N::default() - *share, q));
        u
    };
    let u = turns.iter().map(turned).collect();
    let sigma: Vec<N> = v.iter().map(|row| norm(row)).collect();
    for (row, sigma) in v.iter_mut().zip(&sigma) {
        row.iter_mut().for_each(|value| *value = *value / *sigma);
    }
    Svd { u, sigma, v }
}

/// Turns pairs of vectors until all are orthogonal (Golub and Van Loan, *Matrix Computations* (2013), §8.6.3), and with
/// each pair the vectors of the same numbers in `others`.
#[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
fn turn<N: Number>(vectors: &mut [Vec<N>], others: &mut [Vec<N>]) {
    let length = vectors.first().map_or(0, Vec::len);
    let tolerance = ((length as f64).sqrt() + 8.0) * N::EPSILON;
    for _ in 0..MOST_SWEEPS {
        let mut turned = false;
        for j in 1..vectors.len() {
            for i in 0..j {
                let (x, y) = pair(vectors, i, j);
                let (xx, yy, xy) = (N::dot(x, x).value(), N::dot(y, y).value(), N::dot(x, y).value());
                if !(xy.abs() > tolerance * xx.sqrt() * yy.sqrt()) {
                    continue;
                }
                turned = true;
                let zeta = (yy - xx) / (2.0 * xy);
                // Any tangent near this one will do, of which cosine and sine are then right to the last digit.
                let tangent = N::of(zeta.signum() / (zeta.abs() + zeta.hypot(1.0)), 0.0);
                let cosine = N::of(1.0, 0.0) / (N::of(1.0, 0.0) + tangent * tangent).sqrt();
                N::rotate(x, y, cosine, cosine * tangent);
                let (x, y) = pair(others, i, j);
                N::rotate(x, y, cosine, cosine * tangent);
            }
        }
        if !turned {
            break;
        }
    }
}

/// Vectors i < j.
fn pair<N>(vectors: &mut [Vec<N>], i: usize, j: usize) -> (&mut [N], &mut [N]) {
    let (left, right) = vectors.split_at_mut(j);
    (&mut left[i], &mut right[0])
}

#[cfg(test)]
mod tests {
    use super::{Svd, norm, svd};
    use crate::math::pair::{Number, Pair};

    /// The decomposition of a matrix of these elements.
    fn of<N: Number>(m: usize, n: usize, element: impl Fn(usize, usize) -> f64) -> (Vec<Vec<N>>, Svd<N>) {
        let columns: Vec<Vec<N>> = (0..n).map(|j| (0..m).map(|i| N::of(element(i, j), 0.0)).collect()).collect();
        let sizes: Vec<f64> = columns.iter().map(|column| norm(column).value()).collect();
        (columns.clone(), svd(columns, &sizes, m))
    }

    /// The product is the matrix, and both sides are orthonormal, but for rounding.
    fn holds<N: Number>(m: usize, n: usize, rank: usize, element: impl Fn(usize, usize) -> f64) {
        let (columns, Svd { u, sigma, v }) = of::<N>(m, n, element);
        assert_eq!(sigma.len(), rank, "{m} × {n}");
        for (j, column) in columns.iter().enumerate() {
            let mut rest = column.clone();
            for ((u, sigma), v) in u.iter().zip(&sigma).zip(&v) {
                N::subtract(&mut rest, *sigma * v[j], u);
            }
            let (rest, size) = (norm(&rest).value(), norm(column).value());
            assert!(rest <= 1e3 * N::EPSILON * size, "column {j} of {m} × {n}: {rest:e} of {size:e}");
        }
        for side in [&u, &v] {
            for (i, a) in side.iter().enumerate() {
                for (j, b) in side.iter().enumerate() {
                    let wanted = f64::from(u8::from(i == j));
                    let off = (N::dot(a, b) - N::of(wanted, 0.0)).value();
                    assert!(off.abs() <= 1e3 * N::EPSILON, "({i}, {j}) of {m} × {n}: {off:e}");
                }
            }
        }
    }

    #[test]
    fn the_product_is_the_matrix_and_both_sides_are_orthonormal() {
        // Columns of sizes far apart; the third depends on others.
        let element = |i: usize, j: usize| match j {
            2 => ((i * 3) % 11) as f64 * 2.0 + ((i + 3 * i) % 11) as f64,
            0 => ((i * 3) % 11) as f64,
            1 => ((i + 3 * i) % 11) as f64 * 2f64.powi(-40),
            _ => ((i * j * j + 3 * i) % 13) as f64 * 2f64.powf(7.0 * j as f64),
        };
        holds::<f64>(12, 5, 4, element);
        holds::<Pair>(12, 5, 4, element);
        // More columns than rows.
        holds::<f64>(4, 9, 4, |i, j| ((i * j * j + 5 * i + j) % 13) as f64);
        holds::<Pair>(4, 9, 4, |i, j| ((i * j * j + 5 * i + j) % 13) as f64);
        holds::<f64>(5, 2, 0, |_, _| 0.0);
    }

    #[test]
    fn small_singular_values_keep_their_digits() {
        // The least singular value of a Vandermonde matrix of condition number 1e12, by 60 digits.
        let element = |i: usize, j: usize| ((i + 1) as f64 / 16.0).powf(j as f64);
        let least = |sigma: Vec<f64>| sigma.into_iter().fold(f64::INFINITY, f64::min);
        let exact = least(of::<Pair>(16, 10, element).1.sigma.iter().map(|sigma| sigma.value()).collect());
        let double = least(of::<f64>(16, 10, element).1.sigma);
        assert!((double / exact - 1.0).abs() < 1e-8, "{double:e}, {exact:e}");
        assert!((exact / 4.2e-7 - 1.0).abs() < 1.0, "{exact:e}");
    }
}
