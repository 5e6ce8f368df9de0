//! Every backend and precision against an oracle that uses another algorithm: the SVD of X.

use nalgebra::{DMatrix, DVector};
use ridgepath::{Backend, Outcome, Precision, Ridge, RidgePath, Route};

use crate::support::{Random, distance, gpu, regression};

/// The solvers under test, with the rounding unit of each. The GPU's only where there is one.
fn solvers() -> Vec<(&'static str, Ridge, f64)> {
    let ridge = Ridge::new();
    let mut solvers = vec![
        ("reference", ridge.clone().backend(Backend::Reference), f64::EPSILON),
        ("cpu", ridge.clone().backend(Backend::Cpu), f64::EPSILON),
        ("cpu single", ridge.clone().backend(Backend::Cpu).precision(Precision::Single), f32::EPSILON.into()),
    ];
    if let Some(gpu) = gpu() {
        let ridge = ridge.backend(Backend::Gpu).gpu(gpu);
        solvers.push(("gpu", ridge.clone(), f64::EPSILON));
        solvers.push(("gpu, tiny chunks", ridge.clone().memory_budget(0), f64::EPSILON));
        let ridge = ridge.precision(Precision::Single);
        solvers.push(("gpu single", ridge.clone(), f32::EPSILON.into()));
        solvers.push(("gpu single, tiny chunks", ridge.memory_budget(0), f32::EPSILON.into()));
    }
    solvers
}

/// w of one shift by the SVD of the centred, weighted X, and κ of its matrix.
fn oracle(x: &DMatrix<f64>, y: &DMatrix<f64>, s: &[f64], shift: f64, intercept: bool) -> (DMatrix<f64>, f64) {
    let total: f64 = s.iter().sum();
    let root = DVector::from_fn(s.len(), |row, _| s[row].sqrt());
    let prepared = |matrix: &DMatrix<f64>| {
        let mean = |j: usize| matrix.column(j).iter().zip(s).map(|(v, s)| v * s).sum::<f64>() / total;
        let means: Vec<f64> = (0..matrix.ncols()).map(|j| if intercept { mean(j) } else { 0.0 }).collect();
        matrix.map_with_location(|row, j, v| root[row] * (v - means[j]))
    };
    let svd = prepared(x).svd(true, true);
    let (u, v) = (svd.u.unwrap(), svd.v_t.unwrap().transpose());
    let sigma = &svd.singular_values;
    let shrunk = DMatrix::from_diagonal(&sigma.map(|s| if s == 0.0 { 0.0 } else { s / (s * s + shift) }));
    let least = if x.ncols() > sigma.len() { 0.0 } else { sigma.min() };
    (v * shrunk * u.tr_mul(&prepared(y)), (sigma.max().powi(2) + shift) / (least.powi(2) + shift))
}

#[track_caller]
fn assert_path(path: &RidgePath, x: &DMatrix<f64>, y: &DMatrix<f64>, s: &[f64], epsilon: f64, name: &str) {
    let (n, t) = (x.ncols(), y.ncols());
    for (k, shift) in path.shifts().iter().enumerate() {
        let (wanted, condition) = oracle(x, y, s, *shift, path.intercept_fitted());
        for target in 0..t {
            let apart = distance(path.coefficients(k, target), wanted.column(target).as_slice());
            let bound = 50.0 * (n as f64).max(8.0) * epsilon * condition;
            let context = format!("{name}, {}×{n}, shift {shift}, target {target}, κ {condition:.1e}", x.nrows());
            assert!(apart <= bound, "{context}: {apart:.1e} > {bound:.1e}");
            assert!(path.residual(k, target) <= 4.0 * (n as f64 + 4.0) * epsilon, "{context}: residual");
            // κ as estimated, of the matrix scaled to a unit diagonal: no farther below the truth than a factor of √n.
            // Neither is the SVD exact.
            let told = path.error_bound(k, target) + 10.0 * (n as f64 + 8.0) * f64::EPSILON * condition.sqrt();
            assert!(apart <= told, "{context}: {apart:.1e} > bound {:.1e}", path.error_bound(k, target));
            let predicted = path.predict(k, x).unwrap();
            let rss: f64 = (0..x.nrows()).map(|i| s[i] * (y[(i, target)] - predicted[(i, target)]).powi(2)).sum();
            let total: f64 = (0..x.nrows()).map(|i| s[i] * y[(i, target)].powi(2)).sum();
            let off = (path.rss(k, target) - rss).abs();
            assert!(
                off <= 50.0 * epsilon.sqrt() * rss + 1e3 * epsilon * epsilon * total,
                "{context}: rss off by {off}"
            );
        }
    }
}

#[test]
fn paths_agree_with_the_svd_of_x() {
    let shifts = [1e-2, 1.0, 30.0, 1e4];
    for (m, n, t) in [(20, 1, 1), (3, 2, 1), (70, 33, 2), (200, 65, 5), (150, 130, 1), (1500, 20, 1)] {
        let (x, y) = regression(m as u64, m, n, t);
        for (name, ridge, epsilon) in solvers() {
            for intercept in [true, false] {
                let path = ridge.clone().alphas(shifts).intercept(intercept).fit(&x, &y).unwrap();
                assert_path(&path, &x, &y, &vec![1.0; m], epsilon, name);
            }
        }
    }
}

#[test]
fn weighted_paths_agree_with_the_svd_of_x() {
    let (x, y) = regression(73, 120, 34, 3);
    let s = Random::new(11).weights(120);
    for (name, ridge, epsilon) in solvers() {
        let path = ridge.alphas([0.1, 10.0]).weights(s.clone()).fit(&x, &y).unwrap();
        assert_path(&path, &x, &y, &s, epsilon, name);
    }
}

#[test]
fn wide_data_are_solved() {
    for (m, n) in [(1, 5), (2, 70), (40, 130)] {
        let (x, y) = regression(79, m, n, 2);
        for (name, ridge, epsilon) in solvers() {
            let path = ridge.alphas([1.0, 100.0]).fit(&x, &y).unwrap();
            assert_path(&path, &x, &y, &vec![1.0; m], epsilon, name);
        }
    }
}

#[test]
fn rank_deficient_data_are_solved_with_a_penalty_and_singular_without() {
    let (mut x, y) = regression(83, 50, 12, 1);
    let sum = x.column(1) + x.column(3);
    x.set_column(7, &sum);
    for (name, ridge, epsilon) in solvers() {
        let path = ridge.clone().alphas([1.0, 0.0, 10.0]).fit(&x, &y).unwrap();
        assert_eq!(path.outcome(1, 0), Outcome::Singular { order: 8 }, "{name}");
        assert!(path.coefficients(1, 0).iter().all(|w| w.is_nan()), "{name}");
        assert!(path.rss(1, 0).is_nan() && path.intercept(1, 0).is_nan() && path.squared_norm(1, 0).is_nan(), "{name}");
        assert!(
            [0, 2].iter().all(|k| matches!(path.outcome(*k, 0), Outcome::Solved | Outcome::Refined { .. })),
            "{name}"
        );
        let solvable = ridge.alphas([1.0, 10.0]).fit(&x, &y).unwrap();
        assert_path(&solvable, &x, &y, &[1.0; 50], epsilon, name);
    }
}

#[test]
fn what_single_precision_cannot_factor_is_answered_in_double() {
    let (mut x, y) = regression(89, 60, 6, 2);
    let near = x.column(2) + Random::new(3).matrix(60, 1) * 5e-4; // κ about 3e7: beyond f32, well within f64
    x.set_column(5, &near);
    let wanted = Ridge::new().backend(Backend::Cpu).alphas([0.0, 1.0]).fit(&x, &y).unwrap();
    for (name, ridge, _) in solvers().into_iter().filter(|(name, ..)| name.contains("single")) {
        let path = ridge.alphas([0.0, 1.0]).fit(&x, &y).unwrap();
        assert_eq!(
            (path.outcome(0, 0), path.outcome(1, 0)),
            (Outcome::Rerouted { route: Route::Double }, Outcome::Solved),
            "{name}"
        );
        for target in 0..2 {
            assert_eq!(path.coefficients(0, target), wanted.coefficients(0, target), "{name}");
            assert_eq!(path.rss(0, target), wanted.rss(0, target), "{name}");
        }
    }
}

#[test]
fn many_targets_are_each_solved_as_if_alone() {
    let (x, y) = regression(97, 40, 5, 33);
    for (name, ridge, _) in solvers() {
        let together = ridge.clone().alphas([0.3]).fit(&x, &y).unwrap();
        for target in [0, 3, 4, 32] {
            let alone = ridge.clone().alphas([0.3]).fit(&x, &y.column(target).into_owned()).unwrap();
            let apart = distance(together.coefficients(0, target), alone.coefficients(0, 0));
            assert!(apart <= 1e-14 || name.contains("single") && apart <= 1e-6, "{name}: {apart}");
        }
    }
}

#[test]
fn the_answer_has_the_same_bits_whatever_the_chunks() {
    let Some(gpu) = gpu() else { return };
    for n in [3, 64, 65, 140] {
        let (x, y) = regression(101, 700, n, 3);
        let fit = |budget| {
            let ridge = Ridge::new().penalty(ridgepath::Penalty::Auto(23)).backend(Backend::Gpu).gpu(gpu.clone());
            [Precision::Single, Precision::Double]
                .map(|precision| ridge.clone().precision(precision).memory_budget(budget).fit(&x, &y).unwrap())
        };
        let whole = fit(1 << 30);
        for budget in [0, 300_000, 1_000_000] {
            assert!(fit(budget) == whole, "n {n}, {budget} bytes");
        }
    }
}

#[test]
fn more_lambdas_than_a_dispatch_has_workgroups_are_solved() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(103, 9, 2, 1);
    for k in [65_534, 65_535, 65_536, 131_071] {
        let alphas: Vec<f64> = (1..=k).map(f64::from).collect();
        let ridge = Ridge::new().alphas(alphas).precision(Precision::Single);
        let path = ridge.clone().backend(Backend::Gpu).gpu(gpu.clone()).fit(&x, &y).unwrap();
        let wanted = ridge.backend(Backend::Cpu).fit(&x, &y).unwrap();
        assert_eq!(path.len(), k as usize);
        for at in [0, 65_533, path.len() - 2, path.len() - 1] {
            let apart = distance(path.coefficients(at, 0), wanted.coefficients(at, 0));
            assert!(apart <= 1e-5, "k {k}, λ {at}: {apart}");
        }
    }
}

#[test]
fn matrices_of_order_1500_are_solved_on_the_gpu() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(107, 1600, 1500, 1);
    let ridge = Ridge::new().alphas([50.0]).precision(Precision::Single);
    let path = ridge.clone().backend(Backend::Gpu).gpu(gpu).fit(&x, &y).unwrap();
    let wanted = ridge.precision(Precision::Double).backend(Backend::Cpu).fit(&x, &y).unwrap();
    let apart = distance(path.coefficients(0, 0), wanted.coefficients(0, 0));
    assert!(apart <= 1e-4, "{apart}");
}

#[test]
fn a_single_row_and_constant_targets_are_no_special_case() {
    for (name, ridge, _) in solvers() {
        let one = ridge.clone().alphas([2.0]).fit(&DMatrix::from_row_slice(1, 2, &[3.0, 4.0]), &[5.0]).unwrap();
        assert_eq!((one.coefficients(0, 0), one.intercept(0, 0)), (&[0.0, 0.0][..], 5.0), "{name}");
        let (x, _) = regression(109, 20, 3, 1);
        let flat = ridge.alphas([2.0]).fit(&x, &[7.5; 20]).unwrap();
        assert!(flat.squared_norm(0, 0) < 1e-28 && (flat.intercept(0, 0) - 7.5).abs() < 1e-14, "{name}");
        assert!(flat.rss(0, 0) < 1e-26, "{name}: {}", flat.rss(0, 0));
    }
}
