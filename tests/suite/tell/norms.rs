//! λ from the norm that it leaves.

use approx::assert_relative_eq;
use ridgepath::{Error, Ridge, Standardize};

use crate::support::{Random, regression};

#[test]
fn orthonormal_columns_give_lambda_by_hand() {
    // ‖w‖ = ‖c‖/(1 + shift): a fraction f is shift = 1/f − 1.
    let q = Random::new(503).matrix(50, 6).qr().q();
    let y = Random::new(509).matrix(50, 1);
    let norms = Ridge::new().intercept(false).norms(&q, &y).unwrap();
    for fraction in [1.0, 0.9, 0.5, 0.1, 1e-3, 1e-9] {
        let shift = 100.0 * norms.lambda_at_fraction(0, fraction).unwrap();
        assert_relative_eq!(shift, 1.0 / fraction - 1.0, max_relative = 1e-12, epsilon = 1e-13);
    }
    let full = q.tr_mul(&y).norm_squared();
    assert_eq!(norms.lambda_within(0, full * 1.000_001).unwrap(), 0.0);
    assert_relative_eq!(100.0 * norms.lambda_within(0, full / 9.0).unwrap(), 2.0, max_relative = 1e-12);
}

#[test]
fn the_path_at_that_lambda_has_that_norm() {
    let (mut x, y) = regression(521, 60, 8, 2);
    // Eigenvalues far apart.
    (0..8).for_each(|j| x.column_mut(j).scale_mut(10f64.powi(3 - i32::try_from(j).unwrap())));
    for intercept in [true, false] {
        let norms = Ridge::new().intercept(intercept).norms(&x, &y).unwrap();
        for target in 0..2 {
            let free = norms.squared_norm(target, 0.0).unwrap();
            for share in [0.999, 0.5, 0.1, 1e-4, 1e-12] {
                let lambda = norms.lambda_within(target, share * free).unwrap();
                let path = Ridge::new().lambdas([lambda]).intercept(intercept).fit(&x, &y).unwrap();
                assert_relative_eq!(path.squared_norm(0, target), share * free, max_relative = 1e-9);
                assert_relative_eq!(norms.squared_norm(target, lambda).unwrap(), share * free, max_relative = 1e-12);
                let fraction = norms.lambda_at_fraction(target, share.sqrt()).unwrap();
                assert_relative_eq!(fraction, lambda, max_relative = 1e-11);
            }
        }
    }
}

#[test]
fn standardised_columns_count_by_their_deviation() {
    let (x, y) = regression(523, 40, 4, 1);
    let norms = Ridge::new().standardize(Standardize::Population).norms(&x, &y).unwrap();
    let lambda = norms.lambda_within(0, 0.05).unwrap();
    let path = Ridge::new().lambdas([lambda]).standardize(Standardize::Population).fit(&x, &y).unwrap();
    let squared_norm: f64 = (0..4).map(|j| path.coefficients(0, 0)[j].powi(2) * x.column(j).variance()).sum();
    assert_relative_eq!(squared_norm, 0.05, max_relative = 1e-12);
}

#[test]
fn dependent_columns_shrink_from_the_solution_of_least_norm() {
    let (x, y) = regression(541, 30, 3, 1);
    let twice = x.clone().insert_column(3, 0.0);
    let twice = {
        let mut t = twice;
        t.set_column(3, &x.column(0));
        t
    };
    let norms = Ridge::new().norms(&twice, &y).unwrap();
    let path = Ridge::new().alphas([0.0]).minimum_norm(true).fit(&twice, &y).unwrap();
    assert_relative_eq!(norms.squared_norm(0, 0.0).unwrap(), path.squared_norm(0, 0), max_relative = 1e-10);
    let half = norms.lambda_at_fraction(0, 0.5).unwrap();
    let path = Ridge::new().lambdas([half]).fit(&twice, &y).unwrap();
    assert_relative_eq!(path.squared_norm(0, 0), norms.squared_norm(0, 0.0).unwrap() / 4.0, max_relative = 1e-10);
}

#[test]
fn the_scale_of_the_data_does_not_matter() {
    let (x, y) = regression(547, 30, 3, 1);
    let fraction = |of_x: f64, of_y: f64| {
        Ridge::new().norms(&(&x * of_x), &(&y * of_y)).unwrap().lambda_at_fraction(0, 0.3).unwrap()
    };
    let plain = fraction(1.0, 1.0);
    for (of_x, of_y) in [(1e150, 1.0), (1e-140, 1.0), (1.0, 1e150), (1e-120, 1e-120)] {
        assert_relative_eq!(fraction(of_x, of_y) / of_x / of_x, plain, max_relative = 1e-10);
    }
}

#[test]
fn a_target_that_nothing_explains_needs_no_penalty() {
    let (x, y) = regression(557, 30, 3, 1);
    let norms = Ridge::new().norms(&x, &(y * 0.0)).unwrap();
    assert_eq!(norms.lambda_at_fraction(0, 0.5).unwrap(), 0.0);
    assert_eq!(norms.lambda_within(0, 1e-3).unwrap(), 0.0);
}

#[test]
fn norms_that_cannot_be_are_refused() {
    let (x, y) = regression(563, 30, 3, 1);
    let norms = Ridge::new().norms(&x, &y).unwrap();
    for t in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(norms.lambda_within(0, t), Err(Error::InvalidSetting { .. })));
    }
    for fraction in [0.0, 1.1, f64::NAN] {
        assert!(matches!(norms.lambda_at_fraction(0, fraction), Err(Error::InvalidSetting { .. })));
    }
    assert!(matches!(norms.lambda_within(1, 1.0), Err(Error::OutOfRange { what: "target", index: 1, count: 1 })));
    assert!(matches!(norms.squared_norm(0, -1.0), Err(Error::InvalidPenalty { .. })));
    for other in [Ridge::new().penalty_factors([1.0, 2.0, 1.0]), Ridge::new().prior_mean([1.0; 3])] {
        assert!(matches!(other.norms(&x, &y), Err(Error::Conflict { .. })));
    }
}
