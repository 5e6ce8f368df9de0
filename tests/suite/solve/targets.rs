//! Targets with gaps: each has the path of the rows in which it has values.

use nalgebra::DMatrix;
use ridgepath::{Backend, Error, Penalty, Ridge, RidgePath, Standardize, TargetPatterns, View};

use crate::support::{Random, gpu, regression};

/// Five targets of three patterns, and where they have gaps.
fn with_gaps(m: usize, n: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let (x, mut y) = regression(7, m, n, 5);
    for row in 0..m {
        if row % 7 == 3 {
            y[(row, 1)] = f64::NAN;
            y[(row, 4)] = f64::NAN;
        }
        if row < 5 || row == m - 1 {
            y[(row, 2)] = f64::NAN;
        }
    }
    (x, y)
}

fn picked(matrix: &DMatrix<f64>, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), columns.len(), |i, j| matrix[(rows[i], columns[j])])
}

/// The fit of a pattern's rows and targets, written out.
fn fit(ridge: &Ridge, x: &DMatrix<f64>, y: &DMatrix<f64>, rows: &[usize], targets: &[usize]) -> RidgePath {
    let features: Vec<usize> = (0..x.ncols()).collect();
    ridge.fit(&picked(x, rows, &features), &picked(y, rows, targets)).unwrap()
}

#[test]
fn targets_share_a_pattern_where_they_have_values_in_the_same_rows() {
    let (m, n) = (150, 3);
    let (_, y) = with_gaps(m, n);
    let patterns = TargetPatterns::of(&y);
    assert_eq!((patterns.len(), patterns.total_targets()), (3, 5));
    let targets: Vec<&[usize]> = (0..3).map(|pattern| patterns.targets(pattern)).collect();
    assert_eq!(targets, [&[0, 3][..], &[1, 4], &[2]]);
    assert_eq!((0..5).map(|target| patterns.of_target(target)).collect::<Vec<_>>(), [0, 1, 2, 0, 1]);
    for pattern in 0..3 {
        for target in patterns.targets(pattern) {
            let present: Vec<usize> = (0..m).filter(|row| !y[(*row, *target)].is_nan()).collect();
            assert_eq!(patterns.rows(pattern), present);
        }
    }
    assert_eq!(patterns.missing(), y.iter().filter(|value| value.is_nan()).count());
    let along = y.transpose().as_slice().to_vec();
    assert_eq!(TargetPatterns::of(View::row_major(&along, m, 5).unwrap()), patterns);
}

#[test]
fn each_target_has_the_path_of_the_rows_in_which_it_has_values() {
    let (m, n) = (150, 4);
    let (x, y) = with_gaps(m, n);
    let patterns = TargetPatterns::of(&y);
    let weights = Random::new(3).weights(m);
    let mean: Vec<f64> = (0..5 * n).map(|at| at as f64 / 10.0).collect();
    let cpu = Ridge::new().backend(Backend::Cpu);
    let solvers = [
        cpu.clone().penalty(Penalty::default()),
        cpu.clone().alphas([2.0, 0.1]).intercept(false),
        cpu.clone().alphas([0.5]).weights(weights.clone()).standardize(Standardize::Sample),
        cpu.clone().lambdas([0.3, 1.0]).prior_mean(mean.clone()),
    ];
    for (number, ridge) in solvers.iter().enumerate() {
        let paths = ridge.fit_targets(&x, &y).unwrap();
        assert_eq!((paths.len(), paths.targets(), paths.refused().count()), (5, 1, 0));
        for pattern in 0..patterns.len() {
            let (rows, targets) = (patterns.rows(pattern), patterns.targets(pattern));
            let alone = match number {
                2 => ridge.clone().weights(rows.iter().map(|row| weights[*row]).collect::<Vec<_>>()),
                3 => {
                    let of = |target: &usize| mean[target * n..(target + 1) * n].to_vec();
                    ridge.clone().prior_mean(targets.iter().flat_map(of).collect::<Vec<_>>())
                }
                _ => ridge.clone(),
            };
            let together = fit(&alone, &x, &y, rows, targets);
            for (at, target) in targets.iter().enumerate() {
                let path = paths.path(*target).unwrap();
                assert_eq!((path.rows(), path.targets()), (rows.len(), 1));
                assert_eq!(path.lambdas(), together.lambdas());
                for k in 0..path.len() {
                    assert_eq!(path.coefficients(k, 0), together.coefficients(k, at), "solver {number}");
                    assert_eq!(paths.coefficients(*target, k, 0), together.coefficients(k, at));
                    let figures = |path: &RidgePath, target| {
                        [
                            path.intercept(k, target),
                            path.residual(k, target),
                            path.rss(k, target),
                            path.squared_norm(k, target),
                            path.error_bound(k, target),
                            path.intercept_error_bound(k, target),
                            path.r2(k, target),
                            path.condition(k),
                        ]
                    };
                    assert_eq!(figures(&path, 0), figures(&together, at), "solver {number}");
                    assert_eq!(path.outcome(k, 0), together.outcome(k, at));
                }
            }
        }
    }
}

#[test]
fn a_target_that_cannot_be_fitted_spoils_no_other() {
    let (m, n) = (60, 3);
    let (mut x, mut y) = with_gaps(m, n);
    let sound = Ridge::new().lambdas([0.1]).fit_targets(&x, &y).unwrap();
    y[(9, 3)] = f64::INFINITY;
    y.column_mut(2).fill(f64::NAN);
    let paths = Ridge::new().lambdas([0.1]).fit_targets(&x, &y).unwrap();
    let why: Vec<(usize, String)> = paths.refused().map(|(target, why)| (target, why.to_string())).collect();
    assert_eq!(why.len(), 2);
    assert_eq!(why[0], (2, "X has 0 rows and 3 columns; at least one of each is needed".to_owned()));
    assert_eq!(why[1], (3, "Y[row 9, column 3] is inf; a finite number is needed".to_owned()));
    for target in [0, 1, 4] {
        let (found, wanted) = (paths.coefficients(target, 0, 0), sound.coefficients(target, 0, 0));
        let near = found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() <= 1e-13 * wanted.abs());
        assert!(near, "target {target}: {found:?}, {wanted:?}");
    }
    // A number of X that is missing is missed by every target that has a value in its row.
    x[(3, 1)] = f64::NAN;
    let paths = Ridge::new().lambdas([0.1]).fit_targets(&x, &y).unwrap();
    assert_eq!(paths.refused().map(|(target, _)| target).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!(paths.refusal(0).unwrap().to_string(), "X[row 3, column 1] is NaN; a finite number is needed");
}

#[test]
fn arguments_that_serve_no_target_are_errors() {
    let (x, y) = with_gaps(30, 3);
    let ridge = Ridge::new().lambdas([0.1]);
    let short = ridge.clone().weights(vec![1.0; 29]).fit_targets(&x, &y);
    assert!(matches!(short, Err(Error::Shape { found: 29, wanted: 30, .. })), "{short:?}");
    let negative = Ridge::new().lambdas([-0.1]).fit_targets(&x, &y);
    assert!(matches!(negative, Err(Error::InvalidPenalty { index: 0, .. })), "{negative:?}");
    let no_mean = ridge.prior_mean(vec![f64::NAN; 3]).fit_targets(&x, &y);
    assert!(matches!(no_mean, Err(Error::NonFinite { what: "the prior mean", .. })), "{no_mean:?}");
}

#[test]
fn on_a_gpu_each_target_has_the_answers_that_it_has_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = with_gaps(120, 5);
    let ridge = Ridge::new().backend(Backend::Gpu).gpu(gpu).lambdas([1.0, 0.1, 0.01]);
    let (paths, wanted) =
        (ridge.fit_targets(&x, &y).unwrap(), ridge.backend(Backend::Cpu).fit_targets(&x, &y).unwrap());
    assert!(paths.backends().iter().all(|own| own.name == Backend::Gpu));
    for target in 0..5 {
        for k in 0..3 {
            let bound = wanted.path(target).unwrap().error_bound(k, 0) * 4.0 + 1e-13;
            let (found, wanted) = (paths.coefficients(target, k, 0), wanted.coefficients(target, k, 0));
            let size = wanted.iter().fold(0.0f64, |size, w| size.max(w.abs()));
            let near = found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() <= bound * size);
            assert!(near, "target {target}: {found:?}, {wanted:?}");
        }
    }
}
