//! Every figure held against the exact answer of small problems: bounds that are bounds, sums of squares, intercepts.

use nalgebra::DMatrix;
use ridgepath::{Backend, Form, Outcome, Penalty, Precision, Ridge, RidgePath, Route, Strategy, View};

use crate::oracle::Task;
use crate::support::{Random, distance, gpu, regression};

/// What is unusual about a problem.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    NearlyEqualColumns,
    Weights(i32),
    Factors,
    Scales(i32),
    OffsetOfY,
    OffsetsOfX,
    ZeroAndTinyRows,
}

const KINDS: [Kind; 10] = [
    Kind::Plain,
    Kind::NearlyEqualColumns,
    Kind::Weights(8),
    Kind::Weights(200),
    Kind::Factors,
    Kind::Scales(6),
    Kind::Scales(150),
    Kind::OffsetOfY,
    Kind::OffsetsOfX,
    Kind::ZeroAndTinyRows,
];

/// Whole numbers below n.
fn below(random: &mut Random, n: usize) -> usize {
    (((random.next() + 1.0) / 2.0 * n as f64) as usize).min(n - 1)
}

fn ten(e: i32) -> f64 {
    10f64.powi(e)
}

fn task(kind: Kind, random: &mut Random, most: usize) -> Task {
    let mut pick = |n: usize| below(random, n);
    let (m, n) = (1 + pick(most), 1 + pick(8));
    let column = |pick: &mut dyn FnMut(usize) -> usize| {
        (0..m).map(|_| (pick(2001) as f64 - 1000.0) / 64.0).collect::<Vec<f64>>()
    };
    let mut x: Vec<Vec<f64>> = (0..n).map(|_| column(&mut pick)).collect();
    let mut y = column(&mut pick);
    let (mut weights, mut factors) = (vec![1.0; m], vec![1.0; n]);
    let intercept = pick(2) == 0;
    let mut alpha = ten(pick(9) as i32 - 6);
    let apart = |pick: &mut dyn FnMut(usize) -> usize, most: i32, values: &mut [f64]| {
        values.iter_mut().for_each(|value| *value *= ten((pick(3) as i32 - 1) * most));
    };
    let scale =
        |x: &mut [Vec<f64>], by: &[f64]| x.iter_mut().zip(by).for_each(|(x, by)| x.iter_mut().for_each(|x| *x *= by));
    match kind {
        Kind::Plain => {}
        Kind::NearlyEqualColumns => {
            if n > 1 {
                let e = ten(-(pick(12) as i32));
                x[1] = x[0].iter().zip(&x[1]).map(|(a, b)| a + b * e).collect();
            }
            if pick(3) == 0 {
                alpha = 0.0;
            }
        }
        Kind::Weights(most) => apart(&mut pick, most, &mut weights),
        Kind::Factors => factors.iter_mut().for_each(|f| *f = ten(pick(17) as i32 - 8)),
        Kind::Scales(most) => {
            let mut by = vec![1.0; n];
            apart(&mut pick, most, &mut by);
            scale(&mut x, &by);
        }
        Kind::OffsetOfY => {
            let offset = ten(pick(13) as i32);
            y.iter_mut().for_each(|y| *y += offset);
        }
        Kind::OffsetsOfX => {
            for x in &mut x {
                let offset = ten(pick(8) as i32);
                x.iter_mut().for_each(|x| *x += offset);
            }
        }
        Kind::ZeroAndTinyRows => {
            for i in 0..m {
                let by = [0.0, 1e-9, 1e-170, 1.0][pick(4)];
                x.iter_mut().for_each(|x| x[i] *= by);
            }
        }
    }
    Task { x, y, weights, factors, alpha, intercept }
}

fn fitted(task: &Task, alphas: usize, form: Option<Form>, strategy: Strategy, precision: Precision) -> RidgePath {
    let (m, n) = (task.y.len(), task.x.len());
    let x = DMatrix::from_fn(m, n, |i, j| task.x[j][i]);
    let alphas: Vec<f64> = (0..alphas).map(|k| task.alpha * (1.0 + k as f64 / 64.0)).collect();
    let ridge = Ridge::new().alphas(alphas).weights(task.weights.clone()).penalty_factors(task.factors.clone());
    let ridge = ridge.intercept(task.intercept).strategy(strategy).precision(precision).backend(Backend::Cpu);
    let ridge = match form {
        Some(form) => ridge.form(form),
        None => ridge,
    };
    ridge.fit(&x, &DMatrix::from_column_slice(m, 1, &task.y)).unwrap()
}

/// What is wrong with λ number 0 of a path.
fn faults(task: &Task, path: &RidgePath, precision: Precision) -> Vec<String> {
    let Some(truth) = task.truth() else { return Vec::new() };
    let outcome = path.outcome(0, 0);
    if outcome == Outcome::OutOfRange {
        return Vec::new();
    }
    if matches!(outcome, Outcome::Singular { .. }) {
        return if task.alpha > 0.0 { vec!["no answer".into()] } else { Vec::new() };
    }
    let mut faults = Vec::new();
    let w = path.coefficients(0, 0);
    let other = outcome == Outcome::Rerouted { route: Route::Form };
    let dual = (path.backend().form == Form::Dual) != other && task.alpha > 0.0;
    let (error, bound) = (truth.error(w, dual), path.error_bound(0, 0));
    if !(error <= bound) {
        faults.push(format!("the error of w is {error:e}, its bound {bound:e}, κ {:e}", path.condition(0)));
    }
    let (error, bound) = (truth.intercept_error(path.intercept(0, 0)), path.intercept_error_bound(0, 0));
    if !(error <= bound) {
        faults.push(format!("the error of b is {error:e}, its bound {bound:e}"));
    }
    // The sum of squares of these coefficients, or of the exact ones.
    let (rss, own, exact) = (path.rss(0, 0), task.rss(w), truth.rss.times_power(0));
    let tolerance = if precision == Precision::Single { 1e-3 } else { 1e-7 };
    let squares: f64 = task.rss(&vec![0.0; w.len()]);
    let near = |wanted: f64| (rss - wanted).abs() <= tolerance * wanted + 1e-28 * squares;
    if !(near(own) || near(exact)) {
        faults.push(format!("rss {rss:e}, of w {own:e}, of the exact w {exact:e}, of 0 {squares:e}"));
    }
    faults
}

/// Runs some problems of every kind; `many` are the λs, of which more than a few make equations in double precision worth their while.
fn judged(kinds: &[Kind], seeds: std::ops::Range<u64>, rows: usize, many: usize) -> Vec<String> {
    let mut found = Vec::new();
    for (seed, kind) in seeds.flat_map(|seed| kinds.iter().map(move |kind| (seed, *kind))) {
        let number = KINDS.iter().position(|own| *own == kind).unwrap() as u64;
        let task = task(kind, &mut Random::new(seed * 100 + number), rows);
        for form in [None, Some(Form::Primal), Some(Form::Dual)] {
            for (strategy, precision) in [
                (Strategy::Cholesky, Precision::Double),
                (Strategy::Spectral, Precision::Double),
                (Strategy::Cholesky, Precision::Single),
            ] {
                let path = fitted(&task, many, form, strategy, precision);
                for fault in faults(&task, &path, precision) {
                    let how = format!("{form:?} {strategy:?} {precision}, {many} λ from {:e}", task.alpha);
                    let shape = format!("{}×{}, intercept {}", task.y.len(), task.x.len(), task.intercept);
                    found.push(format!("{kind:?} {seed}, {shape}, {how}, {:?}: {fault}", path.outcome(0, 0)));
                }
            }
        }
    }
    found
}

#[test]
fn no_error_exceeds_its_bound_and_every_penalised_problem_has_an_answer() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |own| own.parse().unwrap());
    let count = number("RIDGEPATH_BOUNDS", 40);
    let mut found = Vec::new();
    for (rows, many) in [(8, 1), (12, 100), (60, 60)] {
        found.extend(judged(&KINDS, 0..count, rows, many));
    }
    assert!(found.is_empty(), "{} faults, of which\n{}", found.len(), found[..found.len().min(20)].join("\n"));
}

fn cpu() -> Ridge {
    Ridge::new().backend(Backend::Cpu)
}

#[test]
fn rows_of_zeros_count_in_the_sum_of_squares_of_the_dual_form() {
    // Whatever x of the first row, the others leave 1 + 1 + 9.
    let y = [1.0, 1.0, 1.0, 3.0];
    for first in [1.0, 1e-3, 1e100] {
        for (strategy, lambdas) in [(Strategy::Spectral, 1), (Strategy::Spectral, 50), (Strategy::Cholesky, 1)] {
            let ridge = cpu().intercept(false).form(Form::Dual).strategy(strategy).alphas(vec![8.0; lambdas]);
            let path = ridge.fit(View::row_major(&[first, 0.0, 0.0, 0.0], 4, 1).unwrap(), &y).unwrap();
            let own = 8.0 / (first * first + 8.0);
            for k in 0..lambdas {
                let rss = path.rss(k, 0);
                assert!((rss - (11.0 + own * own)).abs() < 1e-13, "{first:e}, {strategy:?}: {rss}");
                assert!(path.residual(k, 0) < 1e-15, "{:e}", path.residual(k, 0));
            }
        }
    }
    // Three rows of small whole numbers, the last of zeros but for y = 7.
    let x = [1.0, 0.0, 2.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let x = View::row_major(&x, 3, 6).unwrap();
    let grid = Penalty::log_grid(1.0, 1e-6, 100).unwrap();
    let fitted = |form: Form| cpu().intercept(false).form(form).lambdas(grid.clone()).fit(x, &[5.0, 2.0, 7.0]).unwrap();
    let (dual, primal) = (fitted(Form::Dual), fitted(Form::Primal));
    for k in 0..100 {
        let (rss, wanted) = (dual.rss(k, 0), primal.rss(k, 0));
        assert!(rss >= 49.0 && (rss - wanted).abs() < 1e-12 * wanted, "λ {}: {rss}, {wanted}", dual.lambdas()[k]);
        assert!(dual.residual(k, 0) < 1e-15);
    }
}

#[test]
fn columns_of_very_different_size_have_an_answer_in_either_form() {
    let (mut x, y) = regression(3, 5, 9, 1);
    for (j, mut column) in x.column_iter_mut().enumerate() {
        column *= [1e-150, 1.0, 1e150][j % 3];
    }
    let ridge = cpu().alphas([1e-6, 1.0]);
    let wanted = ridge.clone().form(Form::Primal).fit(&x, &y).unwrap();
    let found = ridge.fit(&x, &y).unwrap();
    for k in 0..2 {
        assert_eq!(found.outcome(k, 0), Outcome::Rerouted { route: Route::Form });
        assert!(distance(found.coefficients(k, 0), wanted.coefficients(k, 0)) < 1e-14);
        assert!(found.error_bound(k, 0) < 1e-14);
    }
}

#[test]
fn weights_of_very_different_size_have_an_answer_in_either_form() {
    let (x, y) = regression(5, 9, 5, 1);
    let weights: Vec<f64> = (0..9).map(|row| [1e-200, 1.0, 1e200][row % 3]).collect();
    let ridge = cpu().alphas([1.0]).weights(weights);
    let found = ridge.clone().fit(&x, &y).unwrap();
    let wanted = ridge.form(Form::Dual).fit(&x, &y).unwrap();
    assert_eq!(found.outcome(0, 0), Outcome::Rerouted { route: Route::Form });
    assert!(distance(found.coefficients(0, 0), wanted.coefficients(0, 0)) < 1e-14);
}

#[test]
fn sums_of_squares_keep_their_digits_beside_a_large_offset_of_the_target() {
    for (offset, precision, tolerance) in
        [(1e12, Precision::Double, 1e-7), (1e6, Precision::Double, 1e-9), (1e6, Precision::Single, 1e-3)]
    {
        for intercept in [true, false] {
            let mut random = Random::new(71);
            let (m, n) = (40, 4);
            // Without an intercept a column of ones takes its place.
            let value = |random: &mut Random, j: usize| if j == 3 && !intercept { 1.0 } else { random.next() };
            let x: Vec<Vec<f64>> = (0..n).map(|j| (0..m).map(|_| value(&mut random, j)).collect()).collect();
            let y = (0..m).map(|i| offset + 3.0 * x[0][i] - x[1][i] + random.next()).collect();
            let task = Task { x, y, weights: vec![1.0; m], factors: vec![1.0; n], alpha: 1e-9, intercept };
            let path = fitted(&task, 1, Some(Form::Primal), Strategy::Cholesky, precision);
            let (rss, wanted) = (path.rss(0, 0), task.rss(path.coefficients(0, 0)));
            let context = format!("{offset:e}, {precision}, intercept {intercept}");
            assert!((rss / wanted - 1.0).abs() < tolerance, "{context}: {rss:?}, wanted {wanted:?}");
        }
    }
}

#[test]
fn an_intercept_far_from_the_data_is_right_or_its_bound_says_that_it_is_not() {
    // Milliseconds since 1970, seven minutes of them, and y = 2t + 3z − 7 but for small numbers.
    let (m, start) = (40, 1_788_500_000_000.0);
    let z = |i: usize| (i * 7 % 31) as f64;
    let x = DMatrix::from_fn(m, 2, |i, j| if j == 0 { start + 137.0 * i as f64 } else { z(i) });
    let y = DMatrix::from_fn(m, 1, |i, _| 2.0 * x[(i, 0)] + 3.0 * z(i) - 7.0);
    let mut ridges = vec![("cpu", cpu()), ("cpu single", cpu().precision(Precision::Single))];
    if let Some(gpu) = gpu() {
        let ridge = Ridge::new().backend(Backend::Gpu).gpu(gpu);
        ridges.extend([("gpu", ridge.clone()), ("gpu single", ridge.precision(Precision::Single))]);
    }
    for (name, ridge) in ridges {
        let path = ridge.alphas([0.0]).fit(&x, &y).unwrap();
        let (b, bound) = (path.intercept(0, 0), path.intercept_error_bound(0, 0));
        assert!((b + 7.0).abs() <= bound && bound < 1.0, "{name}: {b}, bound {bound:e}");
    }
}

#[test]
fn the_bound_of_an_intercept_is_none_where_there_is_no_intercept_or_no_answer() {
    let (x, y) = regression(11, 12, 3, 1);
    let path = cpu().alphas([1.0]).fit(&x, &y).unwrap();
    assert!((0.0..1e-13).contains(&path.intercept_error_bound(0, 0)));
    assert_eq!(cpu().intercept(false).alphas([1.0]).fit(&x, &y).unwrap().intercept_error_bound(0, 0), 0.0);
    let mut twice = x.clone();
    twice.set_column(2, &x.column(0));
    assert!(cpu().alphas([0.0]).fit(&twice, &y).unwrap().intercept_error_bound(0, 0).is_nan());
}

#[cfg(feature = "serde")]
#[test]
fn a_path_saved_without_bounds_of_intercepts_is_refused_by_name() {
    let (x, y) = regression(11, 12, 3, 1);
    let path = cpu().alphas([1.0, 2.0]).fit(&x, &y).unwrap();
    let mut saved = serde_json::to_value(&path).unwrap();
    assert_eq!(serde_json::from_value::<RidgePath>(saved.clone()).unwrap(), path);
    saved.as_object_mut().unwrap().remove("intercept_bounds").unwrap();
    let error = serde_json::from_value::<RidgePath>(saved).unwrap_err();
    assert!(error.to_string().contains("intercept_bounds"), "{error}");
}

#[test]
fn on_a_gpu_no_error_exceeds_its_bound() {
    let Some(gpu) = gpu() else { return };
    for (seed, kind) in (0..2).flat_map(|seed| KINDS.into_iter().map(move |kind| (seed, kind))) {
        let task = task(kind, &mut Random::new(seed), 8);
        for precision in [Precision::Double, Precision::Single] {
            let ridge = Ridge::new().alphas([task.alpha]).weights(task.weights.clone());
            let ridge = ridge.penalty_factors(task.factors.clone()).intercept(task.intercept).precision(precision);
            let x = DMatrix::from_fn(task.y.len(), task.x.len(), |i, j| task.x[j][i]);
            let y = DMatrix::from_column_slice(task.y.len(), 1, &task.y);
            let path = ridge.backend(Backend::Gpu).gpu(gpu.clone()).fit(&x, &y).unwrap();
            let found = faults(&task, &path, precision);
            assert!(found.is_empty(), "{kind:?} {seed}, {precision}, {:?}: {found:?}", path.outcome(0, 0));
        }
    }
}

#[test]
fn rows_of_no_weight_beside_others_do_not_count_by_qr() {
    // Three heavy rows, centred, leave one of three directions to those of weight 1; the others weigh 1e-400 of the heaviest.
    let (x, y) = regression(17, 12, 3, 1);
    let weights: Vec<f64> = (0..12).map(|row| [1e200, 1.0, 1e-200, 1e-200][row / 3]).collect();
    let ridge = cpu().weights(weights.clone()).alphas([0.5]).form(Form::Primal);
    let path = ridge.fit(&x, &y).unwrap();
    let columns = x.column_iter().map(|column| column.as_slice().to_vec()).collect();
    let task =
        Task { x: columns, y: y.as_slice().to_vec(), weights, factors: vec![1.0; 3], alpha: 0.5, intercept: true };
    let found = faults(&task, &path, Precision::Double);
    assert!(found.is_empty(), "{:?}: {found:?}", path.outcome(0, 0));
}
