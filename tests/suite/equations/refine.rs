//! Double precision from single-precision hardware, and the safer routes beyond it.

use nalgebra::DMatrix;
use ridgepath::{Backend, Outcome, Precision, Ridge, RidgePath, Route, Standardize};

use crate::support::{Random, distance, gpu, regression};

/// X with singular values from 1 down to 1/κ, evenly in their logarithms.
fn graded(seed: u64, m: usize, n: usize, condition: f64) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut random = Random::new(seed);
    let u = random.matrix(m, n).qr().q();
    let v = random.matrix(n, n).qr().q();
    let sigma = DMatrix::from_diagonal(&nalgebra::DVector::from_fn(n, |i, _| {
        condition.powf(-(i as f64) / (n.max(2) - 1) as f64)
    }));
    let x = u * sigma * v.transpose();
    let y = &x * random.matrix(n, 2);
    (x, y)
}

/// The solution by the SVD of X, in `f64`; no intercept.
fn oracle(x: &DMatrix<f64>, y: &DMatrix<f64>, shift: f64) -> DMatrix<f64> {
    let svd = x.clone().svd(true, true);
    let shrunk = DMatrix::from_diagonal(&svd.singular_values.map(|s| s / (s * s + shift)));
    svd.v_t.unwrap().transpose() * shrunk * svd.u.unwrap().tr_mul(y)
}

fn on_gpu(ridge: &Ridge, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Option<RidgePath> {
    Some(ridge.clone().backend(Backend::Gpu).gpu(gpu()?).fit(x, y).unwrap())
}

#[test]
fn answers_are_right_to_double_precision_whatever_the_condition() {
    for condition in [1e1, 1e2, 1e3, 1e4, 1e5, 1e6] {
        let (x, y) = graded(3, 60, 20, condition);
        let ridge = Ridge::new().intercept(false).alphas([0.0, 1e-10, 1e-4]);
        let mut paths = vec![("cpu", ridge.clone().backend(Backend::Cpu).fit(&x, &y).unwrap())];
        paths.extend(on_gpu(&ridge, &x, &y).map(|path| ("gpu", path)));
        for (name, path) in paths {
            assert_eq!(path.backend().precision, Precision::Double);
            for (k, shift) in path.shifts().iter().enumerate() {
                let wanted = oracle(&x, &y, *shift);
                let kappa = (1.0 + shift) / (condition.powi(-2) + shift);
                for target in 0..2 {
                    let apart = distance(path.coefficients(k, target), wanted.column(target).as_slice());
                    let bound = (50.0 * 20.0 * f64::EPSILON * kappa).clamp(1e-12, 1e-9 * condition);
                    let context =
                        format!("{name}, κ(X) {condition:.0e}, shift {shift:.0e}: {:?}", path.outcome(k, target));
                    assert!(apart <= bound, "{context}: {apart:.1e} > {bound:.1e}");
                    // The SVD is not exact either.
                    let told = path.error_bound(k, target) + 1e3 * f64::EPSILON * kappa.sqrt();
                    assert!(apart <= told, "{context}: {apart:.1e} > bound {:.1e}", path.error_bound(k, target));
                }
            }
        }
    }
}

#[test]
fn the_route_follows_the_condition() {
    let route = |m: usize, condition: f64| {
        let (x, y) = graded(5, m, 20, condition);
        let ridge = Ridge::new().intercept(false).alphas([0.0]);
        (ridge.clone().backend(Backend::Cpu).fit(&x, &y).unwrap().outcome(0, 0), on_gpu(&ridge, &x, &y))
    };
    assert_eq!(route(60, 3.0).0, Outcome::Solved);
    assert_eq!(route(6000, 10.0).0, Outcome::Solved);
    assert_eq!(route(6000, 1e3).0, Outcome::Solved);
    assert_eq!(route(60, 1e5).0, Outcome::Solved);
    assert_eq!(route(60, 1e9).0, Outcome::Rerouted { route: Route::Qr });
    if let Some(path) = route(60, 10.0).1 {
        assert!(matches!(path.outcome(0, 0), Outcome::Refined { steps: 1..=4 }), "{:?}", path.outcome(0, 0));
        assert!(matches!(route(6000, 10.0).1.unwrap().outcome(0, 0), Outcome::Refined { steps: 1..=3 }));
        assert_eq!(route(60, 5e3).1.unwrap().outcome(0, 0), Outcome::Rerouted { route: Route::Double });
        assert_eq!(route(60, 1e9).1.unwrap().outcome(0, 0), Outcome::Rerouted { route: Route::Qr });
    }
}

#[test]
fn every_digit_is_right_where_the_condition_outweighs_the_work() {
    // Whole numbers: y is known exactly, and w with it.
    for (m, condition) in [(60, 1e2), (60, 1e4), (60, 1e6), (5000, 1e3)] {
        let x = graded(31, m, 12, condition).0.map(|value| (value * 2f64.powi(36)).round());
        let w = DMatrix::from_fn(12, 1, |i, _| (i % 5) as f64 - 2.0);
        let y = &x * &w;
        let ridge = Ridge::new().intercept(false).alphas([0.0]);
        let mut paths = vec![ridge.clone().backend(Backend::Cpu).fit(&x, &y).unwrap()];
        paths.extend(on_gpu(&ridge, &x, &y));
        for path in paths {
            let apart = distance(path.coefficients(0, 0), w.as_slice());
            assert!(path.condition(0) > condition, "{:e}", path.condition(0));
            assert!(apart <= 1e-15 && path.error_bound(0, 0) < 1e-14, "{m} rows, κ(X) {condition:e}: {apart:e}");
        }
    }
}

#[test]
fn the_estimate_of_the_condition_is_within_a_factor_of_ten() {
    for condition in [3.0, 1e2, 1e4, 1e7] {
        let (x, y) = graded(7, 80, 30, condition);
        let ridge = Ridge::new().intercept(false).alphas([0.0]).backend(Backend::Cpu);
        let found = ridge.fit(&x, &y).unwrap().condition(0);
        // κ of the matrix that was factored: columns scaled by powers of two to about norm 1.
        let mut scaled = x.clone();
        scaled.column_iter_mut().for_each(|mut c| c /= 2f64.powf(c.norm().log2().floor()));
        let sigma = scaled.svd(false, false).singular_values;
        let wanted = (sigma.max() / sigma.min()).powi(2);
        assert!(found <= 10.0 * wanted && found >= 0.1 * wanted, "{found:.2e}, wanted {wanted:.2e}");
    }
}

#[test]
fn the_gpu_estimates_the_condition_as_well_in_single_precision() {
    let (x, y) = graded(7, 80, 30, 1e2);
    let ridge = Ridge::new().intercept(false).alphas([0.0]);
    let Some(path) = on_gpu(&ridge.clone().precision(Precision::Single), &x, &y) else { return };
    assert_eq!(path.outcome(0, 0), Outcome::Solved);
    let (found, wanted) = (path.condition(0), ridge.backend(Backend::Cpu).fit(&x, &y).unwrap().condition(0));
    assert!(found >= 0.5 * wanted && found <= 2.0 * wanted, "{found:.2e}, wanted {wanted:.2e}");
}

#[test]
fn half_of_the_digits_are_right_at_least_where_qr_is_not_taken() {
    // κ of the normal equations from 1e6 to 1e12, with a y that X explains.
    for condition in [1e3, 1e4, 1e5, 1e6] {
        let (x, y) = graded(19, 60, 20, condition);
        let path = Ridge::new().intercept(false).alphas([0.0]).backend(Backend::Cpu).fit(&x, &y).unwrap();
        let wanted = oracle(&x, &y, 0.0);
        for target in 0..2 {
            let apart = distance(path.coefficients(0, target), wanted.column(target).as_slice());
            assert!(apart <= 1e-8, "κ(X) {condition:.0e}: {apart:.1e}");
        }
    }
}

#[test]
fn the_bound_covers_sums_that_cancel() {
    // y is orthogonal to x but for 1e-9 of it; in units of 2^-20 and 2^-50 both are whole, so xᵀy is known exactly. Few
    // rows are summed to twice the digits, many lose what cancels.
    for (m, cancels) in [(40, false), (30_000, true)] {
        let (x, y) = regression(23, m, 1, 1);
        let x = x.map(|value| (value * 2f64.powi(20)).round());
        let y = y.map(|value| (value * 2f64.powi(20)).round());
        let slope = (x.dot(&y) / x.dot(&x) * 2f64.powi(30)).round();
        let y = y * 2f64.powi(30) - &x * slope;
        let exact: i128 = x.iter().zip(y.iter()).map(|(x, y)| *x as i128 * *y as i128).sum();
        let norm: i128 = x.iter().map(|x| *x as i128 * *x as i128).sum();
        let wanted = exact as f64 / norm as f64;
        let ridge = Ridge::new().intercept(false).alphas([0.0]);
        let mut paths = vec![ridge.clone().backend(Backend::Cpu).fit(&x, &y).unwrap()];
        paths.extend(on_gpu(&ridge, &x, &y));
        for path in paths {
            let error = ((path.coefficients(0, 0)[0] - wanted) / wanted).abs();
            let bound = path.error_bound(0, 0);
            assert!(error > 1e-12 || !cancels, "nothing cancelled: {error:.1e}");
            assert!(error <= bound && bound < if cancels { 1e-2 } else { 1e-15 }, "{error:.1e}, bound {bound:.1e}");
        }
    }
}

#[test]
fn without_an_intercept_the_qr_route_takes_the_means_into_account() {
    // Columns at 1e8 ± 1: nearly parallel, κ(X) about 1e9, unless centred.
    let (x, _) = regression(11, 50, 3, 1);
    let x = x.add_scalar(1e8);
    let w = DMatrix::from_row_slice(3, 1, &[1.0, -2.0, 0.5]);
    let y = &x * &w;
    let path = Ridge::new().intercept(false).alphas([0.0]).backend(Backend::Cpu).fit(&x, &y).unwrap();
    assert_eq!(path.outcome(0, 0), Outcome::Rerouted { route: Route::Qr });
    assert!(distance(path.coefficients(0, 0), w.as_slice()) < 1e-6);
    let centred = Ridge::new().alphas([0.0]).backend(Backend::Cpu).fit(&x, &y).unwrap();
    assert_eq!(centred.outcome(0, 0), Outcome::Solved);
}

#[test]
fn many_rows_are_reduced_block_by_block() {
    let (x, y) = graded(13, 2500, 8, 1e10);
    let path = Ridge::new().intercept(false).alphas([0.0]).backend(Backend::Cpu).fit(&x, &y).unwrap();
    assert_eq!(path.outcome(0, 0), Outcome::Rerouted { route: Route::Qr });
    let wanted = oracle(&x, &y, 0.0);
    for target in 0..2 {
        let apart = distance(path.coefficients(0, target), wanted.column(target).as_slice());
        assert!(apart <= 1e-4, "{apart:.1e}");
    }
}

#[test]
fn the_gpu_takes_data_beyond_the_range_of_f32() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(17, 40, 5, 1);
    let plain = Ridge::new().alphas([0.5]).backend(Backend::Cpu).fit(&x, &y).unwrap();
    for scale in [1e150, 1e-150] {
        let ridge = Ridge::new().alphas([0.5 * scale * scale]).backend(Backend::Gpu).gpu(gpu.clone());
        for (precision, tolerance) in [(Precision::Single, 1e-5), (Precision::Double, 1e-13)] {
            let path = ridge.clone().precision(precision).fit(&(&x * scale), &(&y * scale)).unwrap();
            let apart = distance(path.coefficients(0, 0), plain.coefficients(0, 0));
            assert!(apart <= tolerance, "{scale:e}, {precision}: {apart:.1e}");
        }
    }
}

#[test]
fn rank_deficient_least_squares_has_its_least_norm_solution_on_request() {
    let (mut x, y) = regression(19, 30, 6, 2);
    let sum = x.column(0) + x.column(1) * 2.0;
    x.set_column(4, &sum);
    x.column_mut(5).fill(3.0);
    let centred = |m: &DMatrix<f64>| m.map_with_location(|_, j, v| v - m.column(j).mean());
    let pseudo = centred(&x).pseudo_inverse(1e-10).unwrap() * centred(&y);
    let ridge = Ridge::new().lambdas([0.0, 1e-3]).minimum_norm(true);
    let mut paths = vec![ridge.clone().backend(Backend::Cpu).fit(&x, &y).unwrap()];
    paths.extend(on_gpu(&ridge, &x, &y));
    paths.extend(on_gpu(&ridge.clone().precision(Precision::Single), &x, &y));
    for path in paths {
        for target in 0..2 {
            assert_eq!(path.outcome(0, target), Outcome::MinimumNorm { rank: 4 });
            let apart = distance(path.coefficients(0, target), pseudo.column(target).as_slice());
            assert!(apart <= 1e-13 && apart <= path.error_bound(0, target), "{apart:.1e}");
        }
        assert!(!matches!(path.outcome(1, 0), Outcome::MinimumNorm { .. }), "a penalty makes the answer unique");
    }
    let without = Ridge::new().lambdas([0.0]).fit(&x, &y).unwrap();
    assert!(matches!(without.outcome(0, 0), Outcome::Singular { order: 5 }));
}

#[test]
fn the_least_norm_is_that_of_standardised_coefficients_when_standardised() {
    let (mut x, y) = regression(23, 30, 3, 1);
    let scaled = x.column(0) * 1e3;
    x.set_column(2, &scaled);
    let ridge = Ridge::new().lambdas([0.0]).standardize(Standardize::Population).minimum_norm(true);
    let path = ridge.fit(&x, &y).unwrap();
    let w = path.coefficients(0, 0);
    assert_eq!(path.outcome(0, 0), Outcome::MinimumNorm { rank: 2 });
    assert!((w[0] / (w[2] * 1e3) - 1.0).abs() < 1e-10, "equal shares on the standardised scale: {w:?}");
}

#[test]
fn the_bound_of_qr_holds_where_coefficients_cancel() {
    // A column twice, held apart by next to no penalty: half of its coefficient alone each, as symmetry has it.
    let mut random = Random::new(23);
    let mut told = 0;
    for power in 8..28 {
        for _ in 0..20 {
            let column = random.matrix(5, 1);
            let y = &column * 1.5 + random.matrix(5, 1) * 1e-9;
            let mut x = DMatrix::zeros(5, 2);
            x.set_column(0, &column.column(0));
            x.set_column(1, &column.column(0));
            let path = Ridge::new().intercept(false).alphas([10f64.powi(-power)]).backend(Backend::Cpu);
            let path = path.fit(&x, &y).unwrap();
            if matches!(path.outcome(0, 0), Outcome::Singular { .. }) {
                continue;
            }
            let half = column.dot(&y) / (2.0 * column.norm_squared() + 10f64.powi(-power));
            let (apart, bound) = (distance(path.coefficients(0, 0), &[half, half]), path.error_bound(0, 0));
            // `half` is rounded, too.
            assert!(apart <= bound + 2.0 * f64::EPSILON || bound >= 0.1, "1e-{power}: {apart:e} > {bound:e}");
            told += usize::from(bound < 1e-3);
        }
    }
    assert!(told >= 100, "{told} bounds below 1e-3");
}

#[test]
fn the_gpu_does_not_take_the_rounding_of_a_singular_matrix_for_its_condition() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random::new(19);
    for case in 0..60 {
        // The last of two or three columns is a combination of the others but for 1e-9.
        let (n, noise) = (2 + case % 2, random.matrix(12, 1) * 1e-9);
        let mut x = random.matrix(12, n);
        let last = x.columns(0, n - 1) * random.matrix(n - 1, 1) + noise;
        x.set_column(n - 1, &last.column(0));
        let y = &x * random.matrix(n, 1);
        let ridge = Ridge::new().alphas([0.0]);
        let path = ridge.backend(Backend::Gpu).gpu(gpu.clone()).fit(&x, &y).unwrap();
        assert!(matches!(path.outcome(0, 0), Outcome::Rerouted { .. }), "{:?}", path.outcome(0, 0));
        assert!(path.condition(0) > 1e12, "{:e}", path.condition(0));
    }
}

#[test]
fn a_column_that_depends_on_others_is_found_among_many_rows() {
    for (m, offset) in [(1000, 0.0), (30_000, 0.0), (30_000, 100.0)] {
        let (mut x, y) = regression(29, m, 4, 1);
        x.add_scalar_mut(offset);
        let sum = x.column(0) + x.column(1);
        x.set_column(2, &sum);
        let path = Ridge::new().lambdas([0.0]).backend(Backend::Cpu).fit(&x, &y).unwrap();
        assert_eq!(path.outcome(0, 0), Outcome::Singular { order: 3 }, "{m} rows, offset {offset}");
    }
}

#[test]
fn as_many_centred_rows_as_columns_are_never_taken_for_independent() {
    // Centring makes them singular, exactly; rounding hides that, and corrections do not see it.
    let mut told = 0;
    for seed in 0..300 {
        let n = 2 + seed % 15;
        let mut random = Random::new(1000 + seed as u64);
        let mut x = random.matrix(n, n);
        x.column_iter_mut().for_each(|mut column| column *= 10f64.powi((3.0 * random.next()) as i32));
        let y = random.matrix(n, 1);
        let path = Ridge::new().alphas([0.0]).backend(Backend::Cpu).fit(&x, &y).unwrap();
        let singular = matches!(path.outcome(0, 0), Outcome::Singular { .. });
        assert!(
            singular || path.error_bound(0, 0) >= 0.1,
            "{n}: {:?}, {:e}",
            path.outcome(0, 0),
            path.error_bound(0, 0)
        );
        told += usize::from(singular);
    }
    assert!(told >= 290, "{told} of 300 were said to be singular");
}
