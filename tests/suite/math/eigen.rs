//! Stage `eigen` on the CPU.

use nalgebra::DMatrix;
use ridgepath::cpu::eigen::eigen;

use crate::support::{EDGES, Random, assert_within};

/// A symmetric matrix whose entries lie in (-1, 1); above the diagonal something else.
fn symmetric(seed: u64, n: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let given = Random::new(seed).matrix(n, n);
    let full = DMatrix::from_fn(n, n, |i, j| given[(i.max(j), i.min(j))]);
    (given, full)
}

#[test]
fn eigenvectors_are_orthonormal_and_rebuild_the_matrix_from_ascending_values() {
    for n in EDGES {
        let (given, full) = symmetric(n as u64, n);
        let found = eigen(&given).expect("it converges");
        assert!(found.values.as_slice().is_sorted(), "n = {n}");
        let size = n as f64;
        let rebuilt = &found.vectors * DMatrix::from_diagonal(&found.values) * found.vectors.transpose();
        assert_within(&rebuilt, &full, |_, _| 8.0 * size * f64::EPSILON, &format!("A, n = {n}"));
        let gram = found.vectors.transpose() * &found.vectors;
        let unit = DMatrix::identity(n, n);
        assert_within(&gram, &unit, |_, _| 8.0 * size * f64::EPSILON, &format!("VᵀV, n = {n}"));
    }
}

#[test]
fn eigenvalues_that_repeat_or_vanish_are_found() {
    let ones = DMatrix::from_element(40, 40, 1.0);
    let found = eigen(&ones).expect("it converges").values;
    assert!((found[39] - 40.0).abs() <= 1e-13 * 40.0, "{}", found[39]);
    assert!((0..39).all(|j| found[j].abs() <= 1e-13), "{found}");
    let found = eigen(&DMatrix::identity(65, 65)).expect("it converges").values;
    assert!(found.iter().all(|value| *value == 1.0), "{found}");
}

#[test]
fn eigenvalues_have_the_same_bits_whatever_the_number_of_threads() {
    let (given, _) = symmetric(7, 300);
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let found = pool.install(|| eigen(&given)).expect("it converges");
        (found.values, found.vectors)
    };
    assert_eq!(of(1), of(5));
}

#[test]
fn what_is_not_finite_has_no_eigenvalues_and_nothing_has_none() {
    let mut given = symmetric(3, 20).0;
    given[(0, 19)] = f64::NAN;
    assert!(eigen(&given).is_some(), "the upper triangle does not count");
    for value in [f64::NAN, f64::INFINITY] {
        given[(19, 0)] = value;
        assert!(eigen(&given).is_none(), "{value}");
    }
    assert_eq!(eigen(&DMatrix::zeros(0, 0)).map(|found| found.values.len()), Some(0));
}
