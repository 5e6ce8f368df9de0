//! Moments from raw sums, scaled, and with rows taken away again.

use approx::assert_relative_eq;
use nalgebra::{DMatrix, DVector};
use ridgepath::{Error, Moments, Problem, RawSums, Ridge};

fn data() -> (DMatrix<f64>, DMatrix<f64>) {
    let x = DMatrix::from_fn(9, 2, |i, j| ((i * 7 + j * 5) % 11) as f64 + 3.0 * j as f64);
    let y = DMatrix::from_fn(9, 1, |i, _| ((i * 5) % 7) as f64 - 1.0);
    (x, y)
}

fn moments(x: &DMatrix<f64>, y: &DMatrix<f64>, weights: Option<&[f64]>) -> Moments {
    let mut moments = Moments::new(x.ncols(), y.ncols());
    let mut problem = Problem::new(x, y).unwrap();
    if let Some(weights) = weights {
        problem = problem.with_weights(weights).unwrap();
    }
    moments.push(&problem).unwrap();
    moments
}

fn assert_same(found: &Moments, wanted: &Moments) {
    assert_eq!(found.rows(), wanted.rows());
    assert_relative_eq!(found.weight_sum(), wanted.weight_sum(), max_relative = 1e-13);
    let (own, gram) = (found.gram_matrix(), wanted.gram_matrix());
    assert_relative_eq!(own, gram, max_relative = 1e-12, epsilon = 1e-12 * gram.amax());
    let (own, cross) = (found.cross_matrix(), wanted.cross_matrix());
    assert_relative_eq!(own, cross, max_relative = 1e-12, epsilon = 1e-12 * cross.amax());
    assert_relative_eq!(found.sum_of_squares(0), wanted.sum_of_squares(0), max_relative = 1e-12);
    for j in 0..wanted.features() {
        assert_relative_eq!(found.mean_x(j), wanted.mean_x(j), max_relative = 1e-13);
    }
    assert_relative_eq!(found.mean_y(0), wanted.mean_y(0), max_relative = 1e-12);
}

#[test]
fn raw_sums_give_the_moments_of_their_rows_and_the_same_path() {
    let (x, y) = data();
    let s = DVector::from_fn(9, |i, _| 0.5 + i as f64);
    let weighted = DMatrix::from_diagonal(&s);
    let (gram, cross) = (x.transpose() * &weighted * &x, x.transpose() * &weighted * &y);
    let (sum_x, sum_y) = (x.transpose() * &s, y.transpose() * &s);
    let squares = [(y.transpose() * &weighted * &y)[(0, 0)]];
    let sums = RawSums {
        rows: 9,
        weight_sum: s.sum(),
        x: sum_x.as_slice(),
        y: sum_y.as_slice(),
        gram: &gram,
        cross: &cross,
        squares: &squares,
    };
    let found = Moments::from_sums(sums).unwrap();
    assert_same(&found, &moments(&x, &y, Some(s.as_slice())));
    for intercept in [true, false] {
        let ridge = Ridge::new().lambdas([0.1]).intercept(intercept);
        let (own, wanted) = (ridge.fit_moments(&found).unwrap(), ridge.weights(s.as_slice()).fit(&x, &y).unwrap());
        for (w, v) in own.coefficients(0, 0).iter().zip(wanted.coefficients(0, 0)) {
            assert_relative_eq!(w, v, max_relative = 1e-11);
        }
    }
    let short = Moments::from_sums(RawSums { squares: &[], ..sums });
    assert!(matches!(short, Err(Error::Shape { found: 0, wanted: 1, .. })), "{short:?}");
    let none = Moments::from_sums(RawSums { weight_sum: 0.0, ..sums });
    assert!(matches!(none, Err(Error::InvalidSetting { .. })), "{none:?}");
    let impossible = Moments::from_sums(RawSums { squares: &[0.1], ..sums });
    assert!(matches!(impossible, Err(Error::NotSemidefinite { .. })), "{impossible:?}");
    let nan = gram.map(|_| f64::NAN);
    assert!(matches!(Moments::from_sums(RawSums { gram: &nan, ..sums }), Err(Error::NonFinite { .. })));
}

#[test]
fn scaled_moments_are_those_of_scaled_weights_whatever_the_factor() {
    let (x, y) = data();
    for factor in [0.3, 5.0, 1e-200, 1e200] {
        let mut found = moments(&x, &y, None);
        found.scale(factor).unwrap();
        assert_same(&found, &moments(&x, &y, Some(&[factor; 9])));
    }
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(moments(&x, &y, None).scale(factor), Err(Error::InvalidSetting { .. })));
    }
}

#[test]
fn rows_removed_leave_the_moments_of_the_others_and_tell_the_digits_lost() {
    let (x, y) = data();
    let part = |first: usize, count: usize| moments(&x.rows(first, count).into(), &y.rows(first, count).into(), None);
    for gone in [1, 4, 8] {
        let mut found = part(0, 9);
        let digits = found.remove(&part(0, gone)).unwrap();
        assert!((0.0..2.0).contains(&digits), "{digits}");
        assert_same(&found, &part(gone, 9 - gone));
    }
    let mut all = part(0, 9);
    all.remove(&part(0, 9)).unwrap();
    assert_eq!(all, Moments::new(2, 1));
    let mut few = part(0, 3);
    assert!(matches!(few.remove(&part(0, 4)), Err(Error::Count { found: 4, most: 3, .. })));
    assert_eq!(few, part(0, 3), "unchanged");
}

#[test]
fn a_removal_that_leaves_nothing_but_rounding_is_refused() {
    let small = DMatrix::from_column_slice(3, 1, &[1.0, 2.0, 4.0]);
    let large = DMatrix::from_column_slice(2, 1, &[-1e9, 1e9]);
    let far = moments(&large, &DMatrix::from_column_slice(2, 1, &[1.0, 2.0]), None);
    let mut both = moments(&small, &small, None);
    both.merge(&far).unwrap();
    assert!(matches!(both.remove(&far), Err(Error::InvalidSetting { .. })));
}
