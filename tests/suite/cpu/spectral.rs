//! Strategy `spectral`: the answers of a factorization for each λ, from one reduction.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ridgepath::{
    Backend, Fallback, Form, Outcome, Plan, Precision, Rates, Request, Ridge, RidgePath, Shape, Standardize, Strategy,
};

use crate::support::{assert_agree, distance, regression};

fn ridge(strategy: Strategy) -> Ridge {
    Ridge::new().backend(Backend::Cpu).strategy(strategy)
}

/// Fails unless every λ agrees within the bounds of both, answered by the same route.
#[track_caller]
fn assert_same(found: &RidgePath, wanted: &RidgePath, context: &str) {
    assert_agree(found, wanted, context);
    for (k, target) in (0..wanted.len()).flat_map(|k| (0..wanted.targets()).map(move |target| (k, target))) {
        let context = format!("{context}, shift {:e}, target {target}", wanted.shifts()[k]);
        assert_eq!(found.outcome(k, target), wanted.outcome(k, target), "{context}");
    }
}

#[test]
fn one_reduction_gives_what_a_factorization_for_each_lambda_gives() {
    let shifts: Vec<f64> = (-3..=4).map(|e| 10f64.powi(e)).collect();
    for (m, n, t) in [(2, 1, 1), (3, 2, 1), (40, 7, 3), (300, 65, 1), (500, 130, 70), (30, 120, 2), (2, 9, 1)] {
        let (x, y) = regression(n as u64, m, n, t);
        for standardize in [Standardize::No, Standardize::Population] {
            for intercept in [true, false] {
                let weights: Vec<f64> = (0..m).map(|row| 0.5 + (row % 3) as f64).collect();
                let model = |ridge: Ridge| {
                    ridge.alphas(shifts.clone()).standardize(standardize).intercept(intercept).weights(weights.clone())
                };
                let found = model(ridge(Strategy::Spectral)).fit(&x, &y).unwrap();
                let wanted = model(ridge(Strategy::Cholesky)).fit(&x, &y).unwrap();
                let names = if n > m { ["dual spectral", "dual cholesky"] } else { ["spectral", "cholesky"] };
                assert_eq!([&found, &wanted].map(|path| path.backend().method()), names);
                assert_same(&found, &wanted, &format!("{m}×{n}, {t} targets, {standardize:?}, intercept {intercept}"));
            }
        }
    }
}

/// Of so many λs the answers are sums of those of a few.
#[test]
fn hundreds_of_lambdas_are_answered_as_well_as_each_alone() {
    for (m, n, t) in [(150, 60, 1), (150, 60, 11), (90, 40, 25), (400, 130, 9), (12, 3, 10)] {
        let (mut x, y) = regression(n as u64, m, n, t);
        x.column_iter_mut().enumerate().for_each(|(j, mut column)| column *= [1.0, 37.0, 0.02][j % 3]);
        // More than a reduction does without being asked, and neither sorted nor of one step.
        let shifts: Vec<f64> = (0..400).map(|k| m as f64 * 10f64.powf((k * 37 % 400) as f64 / 80.0 - 2.0)).collect();
        for standardize in [Standardize::No, Standardize::Population] {
            let of =
                |strategy, shifts: &[f64]| ridge(strategy).alphas(shifts).standardize(standardize).fit(&x, &y).unwrap();
            let found = of(Strategy::Spectral, &shifts);
            let context = format!("{m}×{n}, {t} targets, {standardize:?}");
            assert_same(&found, &of(Strategy::Cholesky, &shifts), &context);
            for k in [0, 17, 399] {
                let alone = of(Strategy::Spectral, &shifts[k..=k]);
                for target in 0..t {
                    let apart = distance(found.coefficients(k, target), alone.coefficients(0, target));
                    assert!(apart <= 1e-13 * found.condition(k), "{context}, target {target}: {apart:e}");
                    let size = y.column(target).amax();
                    assert!(
                        (found.intercept(k, target) - alone.intercept(0, target)).abs()
                            <= 1e-13 * size * found.condition(k)
                    );
                    assert!(
                        (found.squared_norm(k, target) / alone.squared_norm(0, target) - 1.0).abs()
                            <= 1e-12 * found.condition(k)
                    );
                }
            }
        }
    }
}

#[test]
fn progress_counts_the_lambdas_of_other_routes_too() {
    let (mut x, y) = regression(4, 60, 20, 1);
    let twin = x.column(0) * (1.0 + 1e-9) + x.column(2) * 1e-9;
    x.set_column(1, &twin);
    let shifts: Vec<f64> = (0..40).map(|k| 10f64.powf(3.0 - k as f64 / 2.0)).collect();
    let most = Arc::new(AtomicUsize::new(0));
    let told = most.clone();
    let ridge = ridge(Strategy::Spectral).alphas(shifts).on_progress(move |done, total| {
        assert_eq!(total, 40);
        told.fetch_max(done, Ordering::Relaxed);
    });
    let path = ridge.fit(&x, &y).unwrap();
    assert!(path.condition(0) < 1e3 && path.condition(39) > 1e12);
    assert_eq!(most.load(Ordering::Relaxed), 40);
}

/// A residual that is measured of eight targets together speaks for each.
#[test]
fn targets_of_any_size_share_a_residual() {
    let (x, mut y) = regression(3, 200, 50, 20);
    y.column_iter_mut().enumerate().for_each(|(target, mut y)| y *= 10f64.powi(20 * (target as i32 % 5 - 2)));
    y.column_mut(7).fill(0.0);
    let shifts: Vec<f64> = (0..200).map(|k| 10f64.powf(k as f64 / 40.0 - 1.0)).collect();
    let of = |strategy| ridge(strategy).alphas(shifts.clone()).fit(&x, &y).unwrap();
    let (found, wanted) = (of(Strategy::Spectral), of(Strategy::Cholesky));
    for k in 0..shifts.len() {
        for target in 0..20 {
            assert_eq!(found.outcome(k, target), Outcome::Solved);
            assert!(found.residual(k, target) <= 1e-15, "{:e}", found.residual(k, target));
            let (own, other) = (found.coefficients(k, target), wanted.coefficients(k, target));
            let bound = found.error_bound(k, target) + wanted.error_bound(k, target);
            let apart = if target == 7 { own.iter().map(|w| w.abs()).sum() } else { distance(own, other) };
            assert!(apart <= if target == 7 { 0.0 } else { bound }, "target {target}: {apart:e}");
        }
    }
}

#[test]
fn columns_of_any_size_are_answered_as_well_as_by_factorizations() {
    for power in [1, 3, 20, 150] {
        let (mut x, y) = regression(5, 200, 12, 2);
        for (j, mut column) in x.column_iter_mut().enumerate() {
            column *= 10f64.powi(power * (j as i32 % 3 - 1));
        }
        let alphas: Vec<f64> = (-4..=4).map(|e| 10f64.powi(power * e / 2)).collect();
        let of = |strategy| ridge(strategy).alphas(alphas.clone()).fit(&x, &y).unwrap();
        let (found, wanted) = (of(Strategy::Spectral), of(Strategy::Cholesky));
        for k in 0..alphas.len() {
            for target in 0..2 {
                // On the scale of the columns, as the bounds are.
                let sized = |path: &RidgePath| -> Vec<f64> {
                    let w = path.coefficients(k, target).iter().enumerate();
                    w.map(|(j, w)| w * (x.column(j).norm_squared() + alphas[k]).sqrt()).collect()
                };
                let apart = distance(&sized(&found), &sized(&wanted));
                let bound = 4.0 * (found.error_bound(k, target) + wanted.error_bound(k, target));
                assert!(apart <= bound, "10^±{power}, shift {:e}: {apart:e} > {bound:e}", alphas[k]);
                assert!(found.residual(k, target) <= 1e-15, "{:e}", found.residual(k, target));
            }
        }
    }
}

#[test]
fn what_one_reduction_cannot_tell_is_factored_and_said_as_before() {
    let (mut x, y) = regression(8, 60, 9, 1);
    let double = x.column(3) * 2.0;
    x.set_column(7, &double);
    x.column_mut(5).fill(4.0);
    let alphas = vec![0.0, 1e-14, 1e-9, 1e-3, 1.0, 1e3, 1e12, 1e300];
    let of = |strategy| ridge(strategy).alphas(alphas.clone()).fit(&x, &y).unwrap();
    let (found, wanted) = (of(Strategy::Spectral), of(Strategy::Cholesky));
    assert!(matches!(found.outcome(0, 0), Outcome::Singular { .. }));
    for k in 0..alphas.len() {
        assert_eq!(found.outcome(k, 0), wanted.outcome(k, 0), "shift {:e}", alphas[k]);
        if k > 0 {
            let apart = distance(found.coefficients(k, 0), wanted.coefficients(k, 0));
            assert!(apart <= found.error_bound(k, 0) + wanted.error_bound(k, 0), "shift {:e}: {apart:e}", alphas[k]);
            assert_eq!(found.coefficients(k, 0)[5], 0.0, "a constant column");
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let (x, y) = regression(4, 400, 90, 3);
    let ridge = ridge(Strategy::Spectral).alphas((0..200).map(|k| 1.05f64.powi(k)).collect::<Vec<_>>());
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| ridge.fit(&x, &y)).unwrap()
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn many_lambdas_are_planned_by_one_reduction_and_few_by_factorizations() {
    let shape = |penalties| Shape { rows: 1000, features: 200, targets: 1, penalties, problems: 1 };
    let plan = |penalties, strategy, backend, precision| {
        Plan::new(shape(penalties), Request { strategy, backend, precision, ..Request::default() }, None).unwrap()
    };
    let on_cpu = |penalties, strategy| plan(penalties, strategy, Backend::Cpu, Precision::Double);
    assert_eq!(on_cpu(1, None).strategy, Strategy::Cholesky);
    assert_eq!(on_cpu(100, None).strategy, Strategy::Spectral);
    let text = on_cpu(100, None).explain();
    assert!(text.contains("strategy   spectral about") && text.contains("; cholesky about"), "{text}");
    assert!(text.contains(&format!("{} bytes", shape(100).bytes_on_cpu(Form::Primal, Strategy::Spectral))), "{text}");
    assert_eq!(on_cpu(1, Some(Strategy::Spectral)).strategy, Strategy::Spectral);
    assert_eq!(on_cpu(100, Some(Strategy::Cholesky)).strategy, Strategy::Cholesky);
    for (backend, precision) in [(Backend::Cpu, Precision::Single), (Backend::Reference, Precision::Double)] {
        let refused = plan(100, Some(Strategy::Spectral), backend, precision);
        assert_eq!(refused.strategy, Strategy::Cholesky, "{backend:?}");
        assert!(refused.fallbacks == [Fallback::Spectral], "{backend:?}");
        assert_eq!(plan(100, None, backend, precision).fallbacks, [], "{backend:?}");
    }
}

#[test]
fn moments_alone_are_solved_by_one_reduction_too() {
    let (x, y) = regression(6, 300, 30, 2);
    let problem = ridgepath::Problem::new(&x, &y).unwrap();
    let moments = ridgepath::cpu::gram::gram::<f64>(&problem).unwrap();
    let alphas: Vec<f64> = (0..20).map(|k| 1.5f64.powi(k - 5)).collect();
    let of = |strategy| ridge(strategy).alphas(alphas.clone()).fit_moments(&moments).unwrap();
    let found = of(Strategy::Spectral);
    assert_eq!(found.backend().method(), "spectral");
    assert_same(&found, &of(Strategy::Cholesky), "moments");
}

#[test]
fn the_forms_of_a_square_problem_agree() {
    let (x, y) = regression(9, 80, 80, 3);
    let ridge = ridge(Strategy::Spectral).alphas([1e-2, 1.0, 1e2]);
    let of = |form| ridge.clone().form(form).fit(&x, &y).unwrap();
    let (primal, dual) = (of(Form::Primal), of(Form::Dual));
    for k in 0..3 {
        for target in 0..3 {
            let apart = distance(primal.coefficients(k, target), dual.coefficients(k, target));
            assert!(apart <= primal.error_bound(k, target) + dual.error_bound(k, target), "{apart:e}");
        }
    }
}

#[test]
fn the_strategy_told_is_that_of_the_rows_that_count() {
    let (x, y) = regression(11, 300, 400, 1);
    let weights: Vec<f64> = (0..300).map(|row| f64::from(u8::from(row < 10))).collect();
    let rates = Rates { factor: 9e9, ..Rates::default() };
    let ridge = Ridge::new().backend(Backend::Cpu).rates(rates).alphas((1..=12).map(f64::from).collect::<Vec<f64>>());
    let few = ridge.fit(&x.rows(0, 10).into_owned(), &y.rows(0, 10).into_owned()).unwrap();
    let weighted = ridge.clone().weights(weights).fit(&x, &y).unwrap();
    assert_eq!(ridge.fit(&x, &y).unwrap().backend().method(), "dual spectral");
    assert_eq!([&few, &weighted].map(|path| path.backend().method()), ["dual cholesky"; 2]);
}
