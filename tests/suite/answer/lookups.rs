//! What the user holds: lookups, prediction, grids, progress, async and threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ridgepath::gpu::wgpu;
use ridgepath::{Backend, Error, Gpu, Outcome, Penalty, Precision, Rates, Ridge, RidgePath, Validation};

use crate::support::{gpu, regression};

fn made(lambdas: &[f64]) -> RidgePath {
    let (x, y) = regression(113, 40, 3, 2);
    Ridge::new().lambdas(lambdas).fit(&x, &y).unwrap()
}

#[test]
fn entries_keep_the_order_asked_for_and_repeats() {
    let path = made(&[1.0, 0.1, 1.0, 10.0]);
    assert_eq!(path.lambdas(), [1.0, 0.1, 1.0, 10.0]);
    assert_eq!(path.shifts(), [80.0, 8.0, 80.0, 800.0], "2Wλ with W = 40");
    assert_eq!(path.coefficients(0, 1), path.coefficients(2, 1));
}

#[test]
fn lambdas_are_found_exactly_or_by_nearness() {
    let path = made(&[0.0, 0.1, 1.0, 10.0, 1.0]);
    assert_eq!((path.index_of(1.0), path.index_of(0.5)), (Some(2), None));
    assert_eq!((path.nearest(0.9), path.nearest(4.0), path.nearest(1e-12)), (Some(2), Some(3), Some(1)));
    assert_eq!((path.nearest(0.0), path.nearest(f64::NAN), path.nearest(-1.0)), (Some(0), None, None));
}

#[test]
fn predictions_are_xw_plus_b() {
    let (x, y) = regression(127, 30, 4, 2);
    let path = Ridge::new().lambdas([0.2]).fit(&x, &y).unwrap();
    let predicted = path.predict(0, &x).unwrap();
    for target in 0..2 {
        for row in 0..30 {
            let sum: f64 = (0..4).map(|j| x[(row, j)] * path.coefficients(0, target)[j]).sum();
            assert!((predicted[(row, target)] - sum - path.intercept(0, target)).abs() < 1e-14);
        }
    }
    let error = path.predict(0, &x.columns(0, 3).into_owned()).unwrap_err();
    assert!(matches!(error, Error::Shape { found: 3, wanted: 4, .. }), "{error}");
    assert!(matches!(path.predict(1, &x).unwrap_err(), Error::OutOfRange { index: 1, count: 1, .. }));
}

#[test]
fn the_default_grid_runs_from_all_shrunk_to_hardly_any() {
    let (x, y) = regression(131, 60, 5, 1);
    let path = Ridge::new().fit(&x, &y).unwrap();
    assert_eq!(path.len(), 100);
    assert!(path.lambdas().windows(2).all(|pair| pair[0] > pair[1]), "largest first");
    let free = Ridge::new().lambdas([0.0]).fit(&x, &y).unwrap().squared_norm(0, 0);
    assert!(path.squared_norm(0, 0) < 1e-3 * free && path.squared_norm(99, 0) > 0.999 * free);
}

#[test]
fn log_grids_hold_their_ends_exactly_and_even_ratios() {
    let grid = Penalty::log_grid(1e-4, 1e4, 9).unwrap();
    assert_eq!((grid[0], grid[8], grid.len()), (1e-4, 1e4, 9));
    assert!(grid.windows(2).all(|pair| (pair[1] / pair[0] - 10.0).abs() < 1e-12));
    assert_eq!(Penalty::log_grid(3.0, 7.0, 1).unwrap(), [3.0]);
}

#[test]
fn norms_fall_and_residual_sums_rise_with_lambda() {
    let path = made(&Penalty::log_grid(1e-5, 1e3, 50).unwrap());
    for k in 1..50 {
        for target in 0..2 {
            assert!(path.squared_norm(k, target) < path.squared_norm(k - 1, target));
            assert!(path.rss(k, target) > path.rss(k - 1, target));
        }
    }
}

#[test]
fn progress_reaches_the_end() {
    let (x, y) = regression(137, 30, 4, 1);
    let last = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&last);
    let ridge = Ridge::new().lambdas([1.0; 7]).on_progress(move |done, total| {
        assert_eq!(total, 7);
        seen.fetch_max(done, Ordering::Relaxed);
    });
    ridge.fit(&x, &y).unwrap();
    assert_eq!(last.load(Ordering::Relaxed), 7);
}

#[test]
fn validation_finds_the_backends_equal_and_a_difference_when_there_is_one() {
    let (x, y) = regression(139, 50, 6, 2);
    let Validation { path, reference, deviations } = Ridge::new().backend(Backend::Cpu).validate(&x, &y).unwrap();
    assert_eq!((path.backend().name, reference.backend().name), (Backend::Cpu, Backend::Reference));
    assert_eq!(deviations.len(), 100);
    assert!(deviations.iter().all(|d| d.outcomes_agree && d.coefficients < 1e-12 && d.rss < 1e-12));
    let single = Ridge::new().backend(Backend::Cpu).precision(Precision::Single).validate(&x, &y).unwrap();
    assert!(single.largest() > 1e-9 && single.largest() < 1e-4, "{}", single.largest());
}

#[test]
fn auto_answers_small_tasks_on_the_cpu_without_a_fallback() {
    let path = made(&[1.0]);
    let used = path.backend();
    assert_eq!((used.name, used.precision, used.fallback()), (Backend::Cpu, Precision::Double, None));
}

#[test]
fn one_solver_serves_many_threads_with_the_same_answer() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(149, 80, 20, 2);
    let ridge = Ridge::new().alphas([0.5, 5.0]).backend(Backend::Gpu).gpu(gpu).precision(Precision::Single);
    let wanted = ridge.fit(&x, &y).unwrap();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(|| ridge.fit(&x, &y).unwrap())).collect();
        for worker in workers {
            assert_eq!(worker.join().expect("no panic"), wanted);
        }
    });
}

#[test]
fn futures_can_be_sent_to_other_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let (x, y) = regression(151, 20, 3, 1);
    let ridge = Ridge::new().lambdas([1.0]);
    let future = sendable(ridge.fit_async(&x, &y));
    assert_eq!(pollster::block_on(future).unwrap().outcome(0, 0), Outcome::Solved);
}

#[test]
fn the_callers_device_is_used_and_named() {
    if gpu().is_none() {
        return;
    }
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).unwrap();
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap();
    let (x, y) = regression(157, 50, 70, 1);
    let ridge = Ridge::new().alphas([1.0]).backend(Backend::Gpu).gpu(Gpu::from_device(device, queue));
    let path = ridge.fit(&x, &y).unwrap();
    assert_eq!(path.backend().name, Backend::Gpu);
    assert_eq!(path.backend().adapter.as_deref(), Some(adapter.get_info().name.as_str()));
}

#[test]
fn a_lost_device_is_an_error_on_the_gpu_and_a_reported_fallback_on_auto() {
    let Some(_) = gpu() else { return };
    let (x, y) = regression(163, 3000, 300, 1);
    let lost = || {
        let gpu = pollster::block_on(Gpu::open(true)).unwrap();
        gpu.device().destroy();
        gpu
    };
    let slow = Rates { factor: 5e9, ..Rates::default() };
    let ridge = Ridge::new().penalty(Penalty::Auto(1200)).precision(Precision::Single).rates(slow);
    let error = ridge.clone().backend(Backend::Gpu).gpu(lost()).fit(&x, &y).unwrap_err();
    assert!(error.is_device(), "{error}");
    let path = ridge.backend(Backend::Auto).gpu(lost()).fit(&x, &y).unwrap();
    assert_eq!(path.backend().name, Backend::Cpu);
    let why = path.backend().fallback().unwrap_or_default();
    assert!(why.contains("lost"), "{why}");
}
