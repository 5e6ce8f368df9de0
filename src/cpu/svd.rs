//! Stage `svd` on the CPU: singular values of a square matrix to nearly all their digits, small ones too.

use nalgebra::DMatrix;

/// Sweeps over all pairs of columns; five to ten do.
const MOST_SWEEPS: usize = 40;

/// A = U·diag(σ)·Vᵀ, as AV with orthogonal columns of norms σ, and V.
pub(crate) struct Svd {
    pub(crate) scaled: DMatrix<f64>,
    pub(crate) vectors: DMatrix<f64>,
}

/// Turns pairs of columns until all are orthogonal: one-sided Jacobi (Golub and Van Loan, *Matrix Computations* (2013),
/// §8.6.3). Unlike the eigenvalues of `AᵀA` it does not square the condition number.
#[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
pub(crate) fn svd(a: DMatrix<f64>) -> Svd {
    let n = a.ncols();
    let (mut a, mut v) = (a, DMatrix::identity(n, n));
    let tolerance = (n as f64).sqrt() * f64::EPSILON;
    // Columns no larger than the rounding of the others have no direction.
    let noise = (tolerance * a.norm()).powi(2);
    for _ in 0..MOST_SWEEPS {
        let mut turned = false;
        for j in 1..n {
            for i in 0..j {
                let (x, y) = (a.column(i), a.column(j));
                let (xx, yy, xy) = (x.norm_squared(), y.norm_squared(), x.dot(&y));
                if xx.min(yy) <= noise || xy.abs() <= tolerance * xx.sqrt() * yy.sqrt() {
                    continue;
                }
                turned = true;
                let zeta = (yy - xx) / (2.0 * xy);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = tangent.hypot(1.0).recip();
                rotate(&mut a, (i, j), cosine, cosine * tangent);
                rotate(&mut v, (i, j), cosine, cosine * tangent);
            }
        }
        if !turned {
            break;
        }
    }
    Svd { scaled: a, vectors: v }
}

fn rotate(matrix: &mut DMatrix<f64>, (i, j): (usize, usize), cosine: f64, sine: f64) {
    let (mut left, mut right) = matrix.columns_range_pair_mut(i..=i, j..=j);
    for (x, y) in left.iter_mut().zip(right.iter_mut()) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::svd;

    #[test]
    fn the_product_is_the_matrix_and_both_sides_are_orthogonal() {
        // Columns that depend on one another, of sizes far apart.
        let a = DMatrix::from_fn(9, 9, |i, j| ((i * j * j + 3 * i) % 11) as f64 * 0.1f64.powf(j as f64));
        let own = svd(a.clone());
        let back = &own.scaled * own.vectors.transpose();
        assert!((back - &a).norm() <= 1e-14 * a.norm());
        assert!((own.vectors.transpose() * &own.vectors - DMatrix::identity(9, 9)).norm() <= 1e-13);
        for i in 0..9 {
            for j in 0..i {
                let (x, y) = (own.scaled.column(i), own.scaled.column(j));
                let rounding = x.norm().min(y.norm()) <= 1e-15 * a.norm();
                assert!(rounding || x.dot(&y).abs() <= 1e-14 * x.norm() * y.norm(), "({i}, {j})");
            }
        }
    }

    #[test]
    fn small_singular_values_keep_their_digits() {
        // diag(1, 1e-9) turned on both sides: the square of the second is lost in the first's rounding.
        let turn = |angle: f64| DMatrix::from_row_slice(2, 2, &[angle.cos(), -angle.sin(), angle.sin(), angle.cos()]);
        let own = svd(turn(0.3) * DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 1e-9]) * turn(-1.1));
        let least = own.scaled.column_iter().map(|column| column.norm()).fold(f64::INFINITY, f64::min);
        assert!((least / 1e-9 - 1.0).abs() < 1e-6, "{least:e}");
    }
}
