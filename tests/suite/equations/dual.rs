//! The dual form: the same answers as the primal form's, for data of any shape.

use nalgebra::DMatrix;
use ridgepath::{Backend, Form, Outcome, Plan, Precision, Request, Ridge, RidgePath, Shape, Standardize};

use crate::support::{Random, distance, gpu, regression};

/// Solvers of the dual form, and the digits to expect.
fn solvers() -> Vec<(&'static str, Ridge, f64)> {
    let ridge = Ridge::new().form(Form::Dual);
    let single = ridge.clone().precision(Precision::Single);
    let mut solvers = vec![
        ("cpu", ridge.clone().backend(Backend::Cpu), 1e-12),
        ("cpu single", single.clone().backend(Backend::Cpu), 1e-3),
    ];
    if let Some(gpu) = gpu() {
        solvers.push(("gpu", ridge.backend(Backend::Gpu).gpu(gpu.clone()), 1e-12));
        solvers.push(("gpu single", single.backend(Backend::Gpu).gpu(gpu), 1e-3));
    }
    solvers
}

fn assert_same(found: &RidgePath, wanted: &RidgePath, tolerance: f64, context: &str) {
    for k in 0..wanted.len() {
        for target in 0..wanted.targets() {
            let context = format!("{context}, shift {:e}, target {target}", wanted.shifts()[k]);
            let apart = distance(found.coefficients(k, target), wanted.coefficients(k, target));
            assert!(apart <= tolerance, "{context}: {apart:e}, {:?}", found.outcome(k, target));
            let bound = found.error_bound(k, target) + wanted.error_bound(k, target);
            assert!(apart <= bound, "{context}: {apart:e}, bound {bound:e}");
            let same = |a: f64, b: f64, least: f64| (a - b).abs() <= 10.0 * tolerance * b.abs().max(least);
            assert!(same(found.intercept(k, target), wanted.intercept(k, target), 1.0), "{context}: intercept");
            assert!(same(found.squared_norm(k, target), wanted.squared_norm(k, target), 0.0), "{context}: ‖w‖²");
            let (own, other) = (found.rss(k, target), wanted.rss(k, target));
            assert!(
                (own - other).abs() <= tolerance.max(1e-8) * other.max(1e-3),
                "{context}: rss {own:e}, wanted {other:e}"
            );
        }
    }
}

#[test]
fn tall_wide_and_square_data_have_the_same_path_in_both_forms() {
    for (m, n, t) in [(20, 20, 1), (30, 12, 2), (12, 30, 2), (5, 300, 1), (70, 90, 3), (2, 7, 1), (3, 1, 1)] {
        let (x, y) = regression(m as u64, m, n, t);
        for (name, ridge, tolerance) in solvers() {
            for (intercept, standardize) in [
                (true, Standardize::No),
                (false, Standardize::No),
                (true, Standardize::Sample),
                (false, Standardize::Population),
            ] {
                let model = |ridge: Ridge| ridge.alphas([0.1, 1.0, 30.0]).intercept(intercept).standardize(standardize);
                let wanted = model(Ridge::new()).form(Form::Primal).backend(Backend::Cpu).fit(&x, &y).unwrap();
                let found = model(ridge.clone()).fit(&x, &y).unwrap();
                assert!(found.backend().form == Form::Dual);
                assert!(wanted.backend().form == Form::Primal);
                let context = format!("{name}, {m}×{n}, intercept {intercept}, {standardize:?}");
                assert_same(&found, &wanted, tolerance, &context);
            }
        }
    }
}

#[test]
fn weights_count_the_same_in_both_forms() {
    let (x, y) = regression(5, 25, 40, 2);
    let mut s = Random::new(11).weights(25);
    (s[3], s[17], s[20]) = (0.0, 1e3, 1e-6);
    for (name, ridge, tolerance) in solvers() {
        for intercept in [true, false] {
            let model = |ridge: Ridge| ridge.alphas([0.1, 10.0]).intercept(intercept).weights(s.clone());
            let wanted = model(Ridge::new()).form(Form::Primal).backend(Backend::Cpu).fit(&x, &y).unwrap();
            let found = model(ridge.clone()).fit(&x, &y).unwrap();
            assert_same(&found, &wanted, tolerance, &format!("{name}, intercept {intercept}"));
        }
    }
}

#[test]
fn columns_and_rows_of_any_size_are_solved_in_the_dual_form() {
    let (x, y) = regression(17, 10, 25, 1);
    for scale in [1e150, 1e-150] {
        for (name, ridge, tolerance) in solvers() {
            let found = ridge.clone().alphas([0.5 * scale * scale]).fit(&(&x * scale), &(&y * scale)).unwrap();
            let wanted = ridge.alphas([0.5]).fit(&x, &y).unwrap();
            let apart = distance(found.coefficients(0, 0), wanted.coefficients(0, 0));
            assert!(apart <= tolerance, "{name}, {scale:e}: {apart:e}");
        }
    }
    // Columns from 1e-8 to 1e8 of the others, and a row that is nearly the mean.
    let mut graded = x.clone();
    for (j, mut column) in graded.column_iter_mut().enumerate() {
        column *= 10f64.powi(j as i32 % 17 - 8);
    }
    let mean = graded.row_mean();
    graded.set_row(4, &(&mean * (1.0 + 1e-9)));
    let ridge = Ridge::new().alphas([1e-3, 1e3]).backend(Backend::Cpu);
    let wanted = ridge.clone().form(Form::Primal).fit(&graded, &y).unwrap();
    assert_same(&ridge.form(Form::Dual).fit(&graded, &y).unwrap(), &wanted, 1e-12, "graded");
}

#[test]
fn penalties_however_small_leave_the_digits_of_wide_data() {
    let (x, y) = regression(19, 15, 60, 2);
    let alphas = [1e-300, 1e-30, 1e-12, 1e-6, 1e-2, 1e6, 1e300];
    for (name, ridge, _) in solvers().into_iter().filter(|(name, ..)| !name.contains("single")) {
        let found = ridge.alphas(alphas).fit(&x, &y).unwrap();
        let least_norm = Ridge::new().alphas([0.0]).minimum_norm(true).form(Form::Primal).fit(&x, &y).unwrap();
        let centred = |m: &DMatrix<f64>| m.map_with_location(|_, j, v| v - m.column(j).mean());
        let pseudo = centred(&x).pseudo_inverse(1e-10).unwrap() * centred(&y);
        for target in 0..2 {
            let wanted = pseudo.column(target);
            for path in [&found, &least_norm] {
                let apart = distance(path.coefficients(0, target), wanted.as_slice());
                assert!(apart <= 1e-12, "{name}: {apart:e}, {:?}", path.outcome(0, target));
            }
            for k in 0..alphas.len() {
                assert!(found.error_bound(k, target) < 1e-13, "{name}: {:e}", found.error_bound(k, target));
            }
        }
    }
}

#[test]
fn without_a_penalty_wide_data_are_singular_or_have_their_least_norm() {
    let (mut x, y) = regression(23, 12, 40, 2);
    let wanted = Ridge::new().alphas([0.0]).minimum_norm(true).form(Form::Primal).fit(&x, &y).unwrap();
    for (name, ridge, tolerance) in solvers() {
        let path = ridge.clone().alphas([1.0, 0.0]).fit(&x, &y).unwrap();
        assert_eq!(path.outcome(1, 1), Outcome::Singular { order: 12 }, "{name}");
        assert!(path.coefficients(1, 0).iter().all(|w| w.is_nan()) && path.rss(1, 0).is_nan(), "{name}");
        assert!(path.error_bound(0, 0) < tolerance, "{name}");
        let path = ridge.alphas([0.0, 1.0]).minimum_norm(true).fit(&x, &y).unwrap();
        assert_eq!(path.outcome(0, 0), Outcome::MinimumNorm { rank: 11 }, "{name}");
        for target in 0..2 {
            let apart = distance(path.coefficients(0, target), wanted.coefficients(0, target));
            assert!(apart <= 1e-12 && apart <= path.error_bound(0, target), "{name}: {apart:e}");
            assert!(path.rss(0, target) < 1e-20, "{name}: {:e}", path.rss(0, target));
        }
    }
    // Rows twice with other targets, and weights: no fit is exact, and the weights count.
    for i in 0..3 {
        let row = x.row(i).clone_owned();
        x.set_row(i + 6, &row);
    }
    let column = x.column(0) * 2.0;
    x.set_column(4, &column);
    let ridge = Ridge::new().alphas([0.0]).weights(Random::new(3).weights(12)).backend(Backend::Cpu);
    for intercept in [true, false] {
        let ridge = ridge.clone().intercept(intercept);
        let asked = ridge.clone().minimum_norm(true);
        let wanted = asked.clone().form(Form::Primal).fit(&x, &y).unwrap();
        let found = asked.form(Form::Dual).fit(&x, &y).unwrap();
        assert_eq!(found.outcome(0, 0), wanted.outcome(0, 0));
        let apart = distance(found.coefficients(0, 0), wanted.coefficients(0, 0));
        assert!(apart <= 1e-12 && apart <= found.error_bound(0, 0), "{apart:e}, {:e}", found.error_bound(0, 0));
        assert_eq!(ridge.fit(&x, &y).unwrap().outcome(0, 0), Outcome::Singular { order: 5 });
    }
}

#[test]
fn forced_on_tall_data_the_dual_form_still_answers_every_penalty() {
    let (x, y) = regression(29, 40, 6, 1);
    let ridge = Ridge::new().alphas([0.0, 1e-200, 1e-14, 1.0]).backend(Backend::Cpu);
    let wanted = ridge.clone().form(Form::Primal).fit(&x, &y).unwrap();
    assert_same(&ridge.form(Form::Dual).fit(&x, &y).unwrap(), &wanted, 1e-11, "tall");
}

#[test]
fn the_plan_takes_the_form_of_less_work() {
    let shape = |rows, features| Shape { rows, features, targets: 1, penalties: 10, problems: 1 };
    let plan =
        |shape, form| Plan::new(shape, Request { backend: Backend::Cpu, form, ..Request::default() }, None).unwrap();
    assert_eq!(plan(shape(100, 100), None).form, Form::Primal);
    assert_eq!(plan(shape(100, 101), None).form, Form::Dual);
    assert!(plan(shape(100, 101), None).explain().contains("dual"));
    assert_eq!(plan(shape(100, 101), Some(Form::Primal)).form, Form::Primal);
    assert_eq!(plan(shape(101, 100), Some(Form::Dual)).form, Form::Dual);
    assert!(shape(100, 10_000).flops(Form::Dual) < 1e-3 * shape(100, 10_000).flops(Form::Primal));
}

#[test]
fn features_by_the_hundred_thousand_take_no_matrix_of_their_order() {
    let (m, n) = (8, 200_000);
    let mut random = Random::new(31);
    let x = random.matrix(m, n);
    let y = random.matrix(m, 1);
    let path = Ridge::new().alphas([1e3, 1e5]).backend(Backend::Cpu).fit(&x, &y).unwrap();
    let centred = |m: &DMatrix<f64>| m.map_with_location(|_, j, v| v - m.column(j).mean());
    let (x, y) = (centred(&x), centred(&y));
    for (k, shift) in [1e3, 1e5].into_iter().enumerate() {
        let matrix = &x * x.transpose() + DMatrix::identity(m, m) * shift;
        let wanted = x.tr_mul(&matrix.cholesky().unwrap().solve(&y));
        assert!(distance(path.coefficients(k, 0), wanted.as_slice()) <= 1e-13);
    }
}
