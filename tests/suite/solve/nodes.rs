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
    let (x, y) = regression(3, 400, 40, 2);
    let shifts: Vec<f64> = (0..160).map(|k| 10f64.powf(f64::from(k) / 10.0 - 12.0)).collect();
    for (name, solver) in backends() {
        let ridge = solver.alphas(shifts.clone());
        let found = ridge.clone().strategy(Strategy::Nodes).fit(&x, &y).unwrap();
        assert!(factored(&found).is_empty(), "{name}");
        assert_agree(&found, &ridge.backend(Backend::Cpu).strategy(Strategy::Cholesky).fit(&x, &y).unwrap(), name);
    }
}

#[test]
fn progress_counts_every_lambda_once() {
    let (x, y) = regression(4, 120, 40, 2);
    for (name, solver) in backends() {
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
    for (name, solver) in backends() {
        let ridge = solver.alphas((0..150).map(|k| 1.05f64.powi(k)).collect::<Vec<_>>()).strategy(Strategy::Nodes);
        let on = |threads, budget| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| ridge.clone().memory_budget(budget).fit(&x, &y)).unwrap()
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
    for refused in [
        Request { form: Some(Form::Dual), ..wanted },
        Request { precision: Precision::Single, ..wanted },
        Request { backend: Backend::Gpu, precision: Precision::Single, ..wanted },
        Request { backend: Backend::Gpu, form: Some(Form::Dual), ..wanted },
    ] {
        let plan = plan(refused);
        assert_eq!((plan.strategy, plan.fallbacks), (Strategy::Cholesky, vec![Fallback::Nodes]), "{refused:?}");
    }
}
