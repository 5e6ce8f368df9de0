//! Strategy `nodes`: the answers of a factorization for each λ, from those of a few dozen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ridgepath::{
    Backend, CrossValidation, Fallback, Folds, Form, Limits, Outcome, Plan, Precision, Reason, Request, Ridge,
    RidgePath, Rung, Shape, Standardize, Strategy,
};

use crate::support::{assert_agree, distance, gpu, regression};

/// A solver on each backend there is.
fn backends() -> Vec<(&'static str, Ridge)> {
    let on_gpu = gpu().map(|gpu| ("gpu", Ridge::new().backend(Backend::Gpu).gpu(gpu)));
    std::iter::once(("cpu", Ridge::new().backend(Backend::Cpu))).chain(on_gpu).collect()
}

/// The numbers of the λs that were factored, not summed.
fn factored(path: &RidgePath) -> Vec<usize> {
    let own = path.retries().iter().filter(|retry| retry.rung == Rung::Factored);
    own.inspect(|retry| assert_eq!(retry.reason, Reason::Shared)).map(|retry| retry.index).collect()
}

#[test]
fn sums_of_a_few_answers_are_what_a_factorization_for_each_lambda_gives() {
    for (name, solver) in backends() {
        for (m, n, t) in [(150, 33, 1), (200, 70, 11), (90, 40, 3), (400, 130, 2)] {
            let (mut x, y) = regression(n as u64, m, n, t);
            x.column_iter_mut().enumerate().for_each(|(j, mut column)| column *= [1.0, 37.0, 0.02][j % 3]);
            // Neither sorted nor of one step.
            let shifts: Vec<f64> =
                (0..200).map(|k| m as f64 * 10f64.powf((k * 37 % 200) as f64 / 40.0 - 2.0)).collect();
            let weights: Vec<f64> = (0..m).map(|row| 0.5 + (row % 3) as f64).collect();
            for standardize in [Standardize::No, Standardize::Population] {
                let ridge = solver.clone().alphas(shifts.clone()).standardize(standardize).weights(weights.clone());
                let found = ridge.clone().strategy(Strategy::Nodes).fit(&x, &y).unwrap();
                let wanted = ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky).fit(&x, &y).unwrap();
                assert_eq!(found.backend().method(), "nodes");
                let context = format!("{name}, {m}×{n}, {t} targets, {standardize:?}");
                assert!(factored(&found).is_empty(), "{context}");
                assert_agree(&found, &wanted, &context);
            }
        }
    }
}

/// In the dual form w is summed, of the coefficients of the nodes; whatever the penalty is of, and whether centring leaves K singular.
#[test]
fn sums_in_the_dual_form_are_what_a_factorization_for_each_lambda_gives() {
    for (name, solver) in backends() {
        for (m, n, t) in [(60, 300, 1), (90, 700, 11), (130, 150, 3), (100, 520, 2)] {
            let (mut x, y) = regression(n as u64, m, n, t);
            x.column_iter_mut().enumerate().for_each(|(j, mut column)| column *= [1.0, 37.0, 0.02][j % 3]);
            let shifts: Vec<f64> =
                (0..200).map(|k| n as f64 * 10f64.powf((k * 37 % 200) as f64 / 40.0 - 0.5)).collect();
            let weights: Vec<f64> = (0..m).map(|row| [0.5, 1.5, 2.5, 0.0][row % 4]).collect();
            let factors: Vec<f64> = (0..n).map(|j| 0.5 + (j % 5) as f64).collect();
            let ridge = solver.clone().form(Form::Dual).alphas(shifts.clone());
            for (kind, ridge) in [
                ("plain", ridge.clone()),
                ("without an intercept", ridge.clone().intercept(false)),
                ("weighted, with factors", ridge.clone().weights(weights.clone()).penalty_factors(factors)),
                ("standardised", ridge.weights(weights).standardize(Standardize::Population)),
            ] {
                let found = ridge.clone().strategy(Strategy::Nodes).fit(&x, &y).unwrap();
                let wanted = ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky).fit(&x, &y).unwrap();
                assert_eq!(found.backend().method(), "dual nodes");
                let context = format!("{name}, {m}×{n}, {t} targets, {kind}");
                assert!(factored(&found).is_empty(), "{context}: {:?}", factored(&found));
                assert!(found.retries().len() <= 150, "{context}: {} are no sums", found.retries().len());
                assert_agree(&found, &wanted, &context);
                for k in 0..found.len() {
                    for target in 0..t {
                        let (own, other) = (found.intercept(k, target), wanted.intercept(k, target));
                        let bound = found.intercept_error_bound(k, target) + wanted.intercept_error_bound(k, target);
                        assert!((own - other).abs() <= bound, "{context}: intercept {own:e}, wanted {other:e}");
                        // Of κ near what costs digits, one may be corrected to twice the digits and the other not.
                        let handed_on = |path: &RidgePath| path.retries().iter().any(|retry| retry.index == k);
                        let bounds = found.error_bound(k, target) / wanted.error_bound(k, target);
                        let alike = handed_on(&found) || handed_on(&wanted) || (0.1..=10.0).contains(&bounds);
                        assert!(alike, "{context}: a bound {bounds} times as large");
                    }
                }
            }
        }
    }
}

/// Rows that are equal, and rows of zeros, leave K singular without an intercept too; their residuals count.
#[test]
fn what_no_sum_of_the_dual_form_reaches_is_factored_and_named() {
    let (mut x, y) = regression(8, 70, 190, 10);
    let same = x.row(3).into_owned();
    x.set_row(7, &same);
    x.row_mut(5).fill(0.0);
    let mut shifts: Vec<f64> = (0..120).map(|k| 10f64.powf(f64::from(k) / 20.0 - 2.0)).collect();
    shifts.extend([0.0, 1e-14, 1e-9]);
    for (name, solver) in backends() {
        for intercept in [true, false] {
            let ridge = solver.clone().form(Form::Dual).intercept(intercept).alphas(shifts.clone());
            let found = ridge.clone().strategy(Strategy::Nodes).fit(&x, &y).unwrap();
            let wanted = ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky).fit(&x, &y).unwrap();
            let context = format!("{name}, intercept {intercept}");
            assert_eq!(factored(&found), [120, 121, 122], "{context}");
            assert!(matches!(found.outcome(120, 0), Outcome::Singular { .. }), "{context}");
            for (k, shift) in shifts.iter().enumerate().filter(|(_, shift)| **shift > 0.0) {
                for target in 0..10 {
                    let apart = distance(found.coefficients(k, target), wanted.coefficients(k, target));
                    let bound = found.error_bound(k, target) + wanted.error_bound(k, target);
                    assert!(apart <= bound, "{context}, shift {shift:e}: {apart:e} > {bound:e}");
                    let (own, other) = (found.rss(k, target), wanted.rss(k, target));
                    assert!((own - other).abs() <= 1e-8 * other, "{context}, shift {shift:e}: rss {own:e}, {other:e}");
                }
            }
        }
    }
}

/// Columns whose coefficients come in units that no double holds between them.
#[test]
fn sums_in_the_dual_form_keep_the_digits_of_columns_of_any_size() {
    let (mut x, y) = regression(6, 80, 240, 2);
    x.column_iter_mut().enumerate().for_each(|(j, mut column)| column *= [1e-100, 1.0, 1e100][j % 3]);
    let shifts: Vec<f64> = (0..100).map(|k| 10f64.powf(f64::from(k) / 25.0 + 1.0)).collect();
    for (name, solver) in backends() {
        let ridge = solver.form(Form::Dual).standardize(Standardize::Sample).alphas(shifts.clone());
        let found = ridge.clone().strategy(Strategy::Nodes).fit(&x, &y).unwrap();
        let wanted = ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky).fit(&x, &y).unwrap();
        assert!(factored(&found).is_empty(), "{name}");
        for k in 0..shifts.len() {
            for target in 0..2 {
                let bound = found.error_bound(k, target) + wanted.error_bound(k, target);
                // On the scale of the columns, as the bounds are.
                let sized = |path: &RidgePath| -> Vec<f64> {
                    let w = path.coefficients(k, target).iter().enumerate();
                    w.map(|(j, w)| w * x.column(j).amax()).collect()
                };
                let apart = distance(&sized(&found), &sized(&wanted));
                assert!(apart <= 4.0 * bound, "{name}, shift {:e}: {apart:e} > {bound:e}", shifts[k]);
            }
        }
    }
}

/// Shifts down to nothing: those without reach, of a matrix that is singular but for rounding, are factored or go to safer
/// routes, and each says so.
#[test]
fn what_no_sum_reaches_is_factored_and_named() {
    let (mut x, y) = regression(8, 90, 35, 1);
    let double = x.column(3) * 2.0;
    x.set_column(7, &double);
    x.column_mut(5).fill(4.0);
    let mut shifts: Vec<f64> = (0..120).map(|k| 10f64.powf(f64::from(k) / 20.0 - 3.0)).collect();
    shifts.extend([0.0, 1e-14, 1e-9]);
    for (name, solver) in backends() {
        let ridge = solver.alphas(shifts.clone());
        let found = ridge.clone().strategy(Strategy::Nodes).fit(&x, &y).unwrap();
        let wanted = ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky).fit(&x, &y).unwrap();
        assert_eq!(factored(&found), [120, 121, 122], "{name}");
        assert!(matches!(found.outcome(120, 0), Outcome::Singular { .. }), "{name}");
        for (k, shift) in shifts.iter().enumerate().filter(|(_, shift)| **shift > 0.0) {
            let apart = distance(found.coefficients(k, 0), wanted.coefficients(k, 0));
            let bound = found.error_bound(k, 0) + wanted.error_bound(k, 0);
            assert!(apart <= bound, "{name}, shift {shift:e}: {apart:e} > {bound:e}");
            assert_eq!(found.coefficients(k, 0)[5], 0.0, "a constant column");
        }
    }
}

/// Where the data are well-conditioned whatever the shift, as few nodes reach the smallest ones too.
#[test]
fn tiny_shifts_of_well_conditioned_data_are_sums_too() {
    let shifts: Vec<f64> = (0..160).map(|k| 10f64.powf(f64::from(k) / 10.0 - 12.0)).collect();
    for ((m, n), form) in [((400, 40), Form::Primal), ((80, 900), Form::Dual)] {
        let (x, y) = regression(3, m, n, 2);
        for (name, solver) in backends() {
            let ridge = solver.form(form).alphas(shifts.clone());
            let found = ridge.clone().strategy(Strategy::Nodes).fit(&x, &y).unwrap();
            assert!(factored(&found).is_empty(), "{name}, {form:?}");
            let wanted = ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky).fit(&x, &y).unwrap();
            assert_agree(&found, &wanted, &format!("{name}, {form:?}"));
        }
    }
}

#[test]
fn progress_counts_every_lambda_once() {
    let (x, y) = regression(4, 120, 90, 2);
    let each = |form| backends().into_iter().map(move |(name, solver)| (name, solver.form(form)));
    for (name, solver) in each(Form::Primal).chain(each(Form::Dual)) {
        let most = Arc::new(AtomicUsize::new(0));
        let told = most.clone();
        let shifts: Vec<f64> = (0..150).map(|k| 1.1f64.powi(k)).collect();
        let ridge = solver.alphas(shifts).strategy(Strategy::Nodes).on_progress(move |done, total| {
            assert_eq!(total, 150);
            told.fetch_max(done, Ordering::Relaxed);
        });
        ridge.fit(&x, &y).unwrap();
        assert_eq!(most.load(Ordering::Relaxed), 150, "{name}");
    }
}

#[test]
fn the_bits_depend_neither_on_threads_nor_on_the_memory_budget() {
    let (x, y) = regression(4, 300, 70, 9);
    let (wide, of_wide) = regression(4, 70, 1300, 9);
    let primal = backends().into_iter().map(|(name, solver)| (name, solver, &x, &y));
    let dual = backends().into_iter().map(|(name, solver)| (name, solver, &wide, &of_wide));
    for (name, solver, x, y) in primal.chain(dual) {
        let ridge = solver.alphas((0..150).map(|k| 1.05f64.powi(k)).collect::<Vec<_>>()).strategy(Strategy::Nodes);
        let on = |threads, budget| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| ridge.clone().memory_budget(budget).fit(x, y)).unwrap()
        };
        assert_eq!(on(1, 1 << 30), on(3, 1 << 30), "{name}");
        assert_eq!(on(2, 1 << 20), on(2, 1 << 30), "{name}");
    }
}

#[test]
fn folds_share_the_dispatches_of_their_nodes() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(4, 210, 40, 3);
    let ridge = Ridge::new().lambdas((0..120).map(|k| 1.1f64.powi(k - 90)).collect::<Vec<_>>());
    let chosen =
        |ridge: Ridge| CrossValidation::new(ridge).folds(Folds::Shuffled { folds: 3, seed: 1 }).fit(&x, &y).unwrap();
    let most = Arc::new(AtomicUsize::new(0));
    let told = most.clone();
    let tell = move |done, total| {
        assert_eq!(total, 4 * 120, "three folds and the path of all rows");
        told.fetch_max(done, Ordering::Relaxed);
    };
    let found = chosen(ridge.clone().backend(Backend::Gpu).gpu(gpu).on_progress(tell));
    assert_eq!(most.load(Ordering::Relaxed), 4 * 120);
    let wanted = chosen(ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky));
    assert_eq!(found.path().backend().method(), "nodes");
    assert_eq!(found.choice(0).index, wanted.choice(0).index);
    let (own, other) = (found.choice(0).score, wanted.choice(0).score);
    assert!((own - other).abs() <= 1e-12 * other, "{own:e} against {other:e}");
}

#[test]
fn folds_of_wide_data_are_sums_too() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(4, 120, 400, 1);
    let ridge = Ridge::new().lambdas((0..90).map(|k| 1.1f64.powi(k - 40)).collect::<Vec<_>>());
    let chosen =
        |ridge: Ridge| CrossValidation::new(ridge).folds(Folds::Shuffled { folds: 3, seed: 1 }).fit(&x, &y).unwrap();
    let found = chosen(ridge.clone().backend(Backend::Gpu).gpu(gpu));
    let wanted = chosen(ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky));
    assert_eq!(found.path().backend().method(), "dual nodes");
    assert_eq!(found.choice(0).index, wanted.choice(0).index);
    let (own, other) = (found.choice(0).score, wanted.choice(0).score);
    assert!((own - other).abs() <= 1e-12 * other, "{own:e} against {other:e}");
}

fn request(strategy: Option<Strategy>, backend: Backend) -> Request {
    Request { backend, strategy, ..Request::default() }
}

/// What a card offers that is sold for data centres.
const CARD: Limits = Limits {
    storage_binding: (2 << 30) - 4,
    buffer: 1 << 40,
    workgroups: 65_535,
    workgroup_storage: 48 << 10,
    shader_f64: true,
};

#[test]
fn a_gpu_is_planned_as_many_factorizations_as_there_are_nodes() {
    let shape = |rows, features, penalties, problems| Shape { rows, features, targets: 1, penalties, problems };
    let plan = |shape, strategy| Plan::new(shape, request(strategy, Backend::Gpu), Some(Ok(CARD))).unwrap();
    let large = plan(shape(50_000, 2048, 1000, 1), None);
    let sizes = large.gpu.as_ref().unwrap();
    assert_eq!(large.strategy, Strategy::Nodes);
    assert!(sizes.matrices <= 60 && sizes.matrices_per_chunk == sizes.matrices, "{}", large.explain());
    assert!(sizes.factor.dispatches <= 40, "{}", large.explain());
    let folds = plan(shape(100_000, 512, 100, 5), None);
    assert!(folds.gpu.as_ref().unwrap().factor.dispatches <= 12, "{}", folds.explain());
    let wide = plan(shape(2000, 20_000, 1000, 1), None);
    let sizes = wide.gpu.as_ref().unwrap();
    assert_eq!((wide.form, wide.strategy), (Form::Dual, Strategy::Nodes));
    assert!(sizes.matrices <= 60 && sizes.matrices_per_chunk == sizes.matrices, "{}", wide.explain());
    assert!(wide.rungs.contains(&Rung::Factored), "{}", wide.explain());
    // Sums of as many terms as there are rows are as good as those of nodes.
    assert_eq!(plan(shape(50, 20_000, 1000, 1), None).strategy, Strategy::Cholesky);
    assert_eq!(plan(shape(2000, 20_000, 60, 1), None).strategy, Strategy::Cholesky);
    // Few λs are factored each, and so are all where that is asked for.
    assert_eq!(plan(shape(50_000, 2048, 60, 1), None).strategy, Strategy::Cholesky);
    let each = plan(shape(50_000, 2048, 1000, 1), Some(Strategy::Cholesky));
    assert_eq!((each.strategy, each.gpu.unwrap().matrices), (Strategy::Cholesky, 1000));
}

#[test]
fn where_there_are_no_nodes_the_plan_says_so() {
    let shape = Shape { rows: 300, features: 100, targets: 1, penalties: 500, problems: 1 };
    let wanted = Request { strategy: Some(Strategy::Nodes), ..request(None, Backend::Cpu) };
    let plan = |request| Plan::new(shape, request, Some(Ok(CARD))).unwrap();
    assert_eq!(plan(wanted).strategy, Strategy::Nodes);
    assert_eq!(plan(wanted).fallbacks, []);
    assert!(plan(wanted).explain().contains("a factorization each"));
    for backend in [Backend::Cpu, Backend::Gpu] {
        let dual = plan(Request { form: Some(Form::Dual), backend, ..wanted });
        assert_eq!((dual.method(), dual.fallbacks), ("dual nodes", Vec::new()));
    }
    for refused in [
        Request { precision: Precision::Single, ..wanted },
        Request { backend: Backend::Gpu, precision: Precision::Single, ..wanted },
        Request { form: Some(Form::Dual), precision: Precision::Single, ..wanted },
    ] {
        let plan = plan(refused);
        assert_eq!((plan.strategy, plan.fallbacks), (Strategy::Cholesky, vec![Fallback::Nodes]), "{refused:?}");
    }
}
