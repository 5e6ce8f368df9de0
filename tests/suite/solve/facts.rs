//! Facts that need no solver, and values that others computed.

use approx::assert_relative_eq;
use nalgebra::{DMatrix, DVector};
use ridgepath::{Backend, Outcome, Ridge, Standardize, View};

use crate::support::{Random, regression};

const EXACT: [Backend; 2] = [Backend::Cpu, Backend::Reference];

#[test]
fn orthonormal_columns_shrink_by_one_over_one_plus_shift() {
    let mut random = Random::new(43);
    let q = random.matrix(50, 8).qr().q();
    let y = random.matrix(50, 1);
    let shifts = [0.0, 0.5, 1.0, 1e3];
    for backend in EXACT {
        let path = Ridge::new().alphas(shifts).intercept(false).backend(backend).fit(&q, &y).unwrap();
        let c = q.tr_mul(&y);
        for (k, shift) in shifts.iter().enumerate() {
            for j in 0..8 {
                assert_relative_eq!(path.coefficients(k, 0)[j], c[j] / (1.0 + shift), epsilon = 1e-14);
            }
        }
    }
}

#[test]
fn glmnet_gives_the_same_numbers() {
    // glmnet 4.1, x, y as below, alpha = 0, lambda = 0.1, standardize = FALSE: its penalty is m·lambda/σ_y.
    let x = [0.0, 5.0, 1.0, 7.0, 2.0, 11.0, 3.0, 13.0];
    let y = [17.0, 19.0, 23.0, 29.0];
    let sigma = (y.iter().map(|y: &f64| (y - 22.0).powi(2)).sum::<f64>() / 4.0).sqrt();
    for backend in EXACT {
        let ridge = Ridge::new().alphas([4.0 * 0.1 / sigma]).backend(backend);
        let path = ridge.fit(View::row_major(&x, 4, 2).unwrap(), &y).unwrap();
        assert_relative_eq!(path.intercept(0, 0), 13.101_887_0, epsilon = 5e-8);
        assert_relative_eq!(path.coefficients(0, 0)[0], 2.236_236_1, epsilon = 5e-8);
        assert_relative_eq!(path.coefficients(0, 0)[1], 0.615_973_2, epsilon = 5e-8);
    }
}

#[test]
fn zero_penalty_of_full_rank_is_least_squares() {
    let (x, y) = regression(47, 40, 5, 1);
    let with_ones = x.clone().insert_column(0, 1.0);
    let wanted = with_ones.svd(true, true).solve(&y, 0.0).unwrap();
    for backend in EXACT {
        let path = Ridge::new().lambdas([0.0]).backend(backend).fit(&x, &y).unwrap();
        assert_relative_eq!(path.intercept(0, 0), wanted[0], epsilon = 1e-13);
        for j in 0..5 {
            assert_relative_eq!(path.coefficients(0, 0)[j], wanted[j + 1], epsilon = 1e-13);
        }
    }
}

#[test]
fn the_gradient_of_the_objective_vanishes() {
    let (x, y) = regression(53, 60, 7, 1);
    let s = Random::new(5).weights(60);
    let total: f64 = s.iter().sum();
    for standardize in [Standardize::No, Standardize::Population, Standardize::Sample] {
        let lambda = 0.3;
        let path = Ridge::new().lambdas([lambda]).weights(s.clone()).standardize(standardize).fit(&x, &y).unwrap();
        let w = DVector::from_row_slice(path.coefficients(0, 0));
        let errors = &y - &x * &w - DMatrix::repeat(60, 1, path.intercept(0, 0));
        let weighted = DVector::from_fn(60, |row, _| s[row] * errors[row]);
        assert!(weighted.sum().abs() < 1e-12, "of the intercept");
        for j in 0..7 {
            let column = x.column(j);
            let mean = column.iter().zip(&s).map(|(x, s)| x * s).sum::<f64>() / total;
            let variance = column.iter().zip(&s).map(|(x, s)| s * (x - mean).powi(2)).sum::<f64>() / total;
            let factor = match standardize {
                Standardize::No => 1.0,
                Standardize::Population => variance,
                Standardize::Sample => variance * 60.0 / 59.0,
            };
            let gradient = -column.dot(&weighted) / total + 2.0 * lambda * factor * w[j];
            assert!(gradient.abs() < 1e-13, "{standardize:?}, feature {j}: {gradient}");
        }
    }
}

#[test]
fn a_constant_column_has_coefficient_zero() {
    let (mut x, y) = regression(59, 30, 4, 1);
    x.column_mut(2).fill(0.1);
    for standardize in [Standardize::No, Standardize::Population] {
        for backend in EXACT {
            let ridge = Ridge::new().lambdas([0.0, 1e-6, 1.0]).standardize(standardize).backend(backend);
            let path = ridge.fit(&x, &y).unwrap();
            assert_eq!(path.outcome(0, 0), Outcome::Singular { order: 3 }, "no penalty, no unique answer");
            assert!(path.coefficients(0, 0)[2].is_nan());
            assert!(path.coefficients(1, 0)[2].abs() < 1e-9 && path.coefficients(2, 0)[2].abs() < 1e-12);
        }
        let exact = Ridge::new().lambdas([1e-6]).standardize(standardize).backend(Backend::Cpu).fit(&x, &y).unwrap();
        assert_eq!(exact.coefficients(0, 0)[2], 0.0);
    }
}

#[test]
fn integer_weights_are_repeated_rows() {
    let (x, y) = regression(61, 12, 3, 1);
    let repeats = [1usize, 2, 3, 1, 1, 4, 1, 2, 1, 1, 3, 1];
    let rows: Vec<usize> = repeats.iter().enumerate().flat_map(|(row, r)| std::iter::repeat_n(row, *r)).collect();
    let ridge = Ridge::new().lambdas([0.05]).standardize(Standardize::Population);
    let repeated = ridge.fit(&x.select_rows(&rows), &y.select_rows(&rows)).unwrap();
    let weighted = ridge.weights(repeats.map(|r| r as f64)).fit(&x, &y).unwrap();
    for j in 0..3 {
        assert_relative_eq!(weighted.coefficients(0, 0)[j], repeated.coefficients(0, 0)[j], max_relative = 1e-12);
    }
    assert_relative_eq!(weighted.rss(0, 0), repeated.rss(0, 0), max_relative = 1e-12);
    assert_eq!(weighted.weight_sum(), repeated.weight_sum());
}

#[test]
fn the_scale_of_the_data_changes_the_units_and_nothing_else() {
    let (x, y) = regression(67, 30, 4, 1);
    let plain = Ridge::new().alphas([0.7]).standardize(Standardize::Population).fit(&x, &y).unwrap();
    for (of_x, of_y) in [(1e150, 1.0), (1e-150, 1.0), (1.0, 1e150), (1e-120, 1e-120), (3.0, 1e-30)] {
        let ridge = Ridge::new().alphas([0.7]).standardize(Standardize::Population);
        let scaled = ridge.fit(&(&x * of_x), &(&y * of_y)).unwrap();
        for j in 0..4 {
            let back = scaled.coefficients(0, 0)[j] * of_x / of_y;
            assert_relative_eq!(back, plain.coefficients(0, 0)[j], max_relative = 1e-12);
        }
    }
}

#[test]
fn penalties_from_the_least_to_the_greatest_number_are_answered() {
    let (x, y) = regression(71, 30, 4, 1);
    let least_squares = Ridge::new().lambdas([0.0]).fit(&x, &y).unwrap();
    let alphas = [5e-324, 1e-300, 1e-20, 1e20, 1e150, 1e300, f64::MAX];
    let path = Ridge::new().alphas(alphas).fit(&x, &y).unwrap();
    let centred = |m: &DMatrix<f64>| m.map_with_location(|_, j, v| v - m.column(j).mean());
    let c = centred(&x).tr_mul(&centred(&y));
    for (k, alpha) in alphas.iter().enumerate() {
        assert_eq!(path.outcome(k, 0), Outcome::Solved);
        for j in 0..4 {
            let w = path.coefficients(k, 0)[j];
            if *alpha < 1.0 {
                assert_relative_eq!(w, least_squares.coefficients(0, 0)[j], max_relative = 1e-12);
            } else {
                assert_relative_eq!(w, c[j] / alpha, max_relative = 1e-12);
            }
        }
    }
}
