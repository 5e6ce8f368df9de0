//! Exact linear algebra on integers.

use num_bigint::BigInt;

use crate::big::{parts, signed, unsigned};

/// Doubles as integers times one power of two.
pub(crate) fn integers(values: &[f64]) -> (Vec<BigInt>, i64) {
    let parts: Vec<(BigInt, i64)> = values
        .iter()
        .map(|value| {
            let (mantissa, e) = parts(*value);
            let zeros = mantissa.trailing_zeros().unwrap_or(0);
            (mantissa >> zeros, e + signed(zeros))
        })
        .collect();
    let least = parts.iter().filter(|(mantissa, _)| *mantissa != BigInt::ZERO).map(|(_, e)| *e).min().unwrap_or(0);
    let whole = |(mantissa, e): (BigInt, i64)| match mantissa == BigInt::ZERO {
        true => mantissa,
        false => mantissa << unsigned(e - least),
    };
    (parts.into_iter().map(whole).collect(), least)
}

pub(crate) fn dot(a: &[BigInt], b: &[BigInt]) -> BigInt {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A⁻¹B as numerators, column after column, and their common denominator det A (but for a sign that both share); `None` when
/// A is singular.
///
/// Fraction-free elimination: every element stays a minor of [A | B], so that no fraction is ever reduced (Bareiss, 1968).
pub(crate) fn solve(a: &[Vec<BigInt>], b: &[Vec<BigInt>]) -> Option<(Vec<Vec<BigInt>>, BigInt)> {
    let n = a.len();
    let mut rows: Vec<Vec<BigInt>> =
        (0..n).map(|i| a[i].iter().cloned().chain(b.iter().map(|column| column[i].clone())).collect()).collect();
    let width = n + b.len();
    let mut before = BigInt::from(1);
    for k in 0..n {
        let pivot = (k..n).find(|i| rows[*i][k] != BigInt::ZERO)?;
        rows.swap(k, pivot);
        let (done, rest) = rows.split_at_mut(k + 1);
        let own = &done[k];
        for row in rest {
            for j in k + 1..width {
                row[j] = (&row[j] * &own[k] - &row[k] * &own[j]) / &before;
            }
        }
        before = own[k].clone();
    }
    let column = |c: usize| {
        let mut w = vec![BigInt::ZERO; n];
        for i in (0..n).rev() {
            let known: BigInt = (i + 1..n).map(|j| &rows[i][j] * &w[j]).sum();
            w[i] = (&before * &rows[i][n + c] - known) / &rows[i][i];
        }
        w
    };
    Some(((0..b.len()).map(column).collect(), before))
}

/// The numbers of the first columns that do not depend on those before them, of a symmetric semi-definite matrix.
pub(crate) fn independent(a: &[Vec<BigInt>]) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for j in 0..a.len() {
        let with: Vec<usize> = chosen.iter().copied().chain([j]).collect();
        let minor: Vec<Vec<BigInt>> = with.iter().map(|i| with.iter().map(|k| a[*i][*k].clone()).collect()).collect();
        if solve(&minor, &[]).is_some() {
            chosen = with;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::{independent, integers, solve};
    use num_bigint::BigInt;

    fn matrix(rows: &[&[i64]]) -> Vec<Vec<BigInt>> {
        rows.iter().map(|row| row.iter().map(|v| BigInt::from(*v)).collect()).collect()
    }

    #[test]
    fn solutions_are_exact_and_dependence_is_seen() {
        let a = matrix(&[&[0, 2], &[3, 1]]);
        let (w, det) = solve(&a, &matrix(&[&[4, 5]])).unwrap();
        assert_eq!((w[0].clone(), det), (vec![BigInt::from(6), BigInt::from(12)], BigInt::from(6)));
        assert!(solve(&matrix(&[&[1, 2], &[2, 4]]), &[]).is_none());
        assert_eq!(independent(&matrix(&[&[1, 2, 0], &[2, 4, 0], &[0, 0, 1]])), [0, 2]);
        assert_eq!(integers(&[0.0, 0.75, -3e0]), (matrix(&[&[0, 3, -12]]).remove(0), -2));
    }
}
