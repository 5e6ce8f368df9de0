//! Work that another thread ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ridgepath::choose::Criterion;
use ridgepath::{
    Backend, Batch, Cancellation, CrossValidation, Error, Folds, Groups, Moments, Precision, Problem, Ridge, Strategy,
    Stream,
};

use crate::support::{gpu, regression};

/// A solver that is cancelled when its first λs are done, and the most that it was told.
fn soon_cancelled(ridge: Ridge) -> (Ridge, Cancellation, Arc<AtomicUsize>) {
    let (cancellation, most) = (Cancellation::new(), Arc::new(AtomicUsize::new(0)));
    let (cancel, told) = (cancellation.clone(), most.clone());
    let ridge = ridge.cancellation(&cancellation).on_progress(move |done, _| {
        told.fetch_max(done, Ordering::Relaxed);
        cancel.cancel();
    });
    (ridge, cancellation, most)
}

fn grid(k: usize) -> Ridge {
    Ridge::new().alphas((1..=k).map(|k| k as f64 / 10.0).collect::<Vec<f64>>())
}

#[test]
fn a_path_ends_before_all_lambdas_are_done() {
    let (x, y) = regression(1, 90, 40, 3);
    let k = 3000;
    let solvers = [
        ("cholesky", grid(k).strategy(Strategy::Cholesky)),
        ("spectral", grid(k).strategy(Strategy::Spectral)),
        ("nodes", grid(k).strategy(Strategy::Nodes)),
        ("single", grid(k).precision(Precision::Single)),
    ];
    for (name, ridge) in solvers {
        let (ridge, _, most) = soon_cancelled(ridge.backend(Backend::Cpu));
        let error = ridge.fit(&x, &y).unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{name}: {error}");
        let most = most.load(Ordering::Relaxed);
        assert!((1..k).contains(&most), "{name}: {most}");
        // For good, and for all that is made with it.
        assert!(matches!(ridge.clone().alphas([1.0]).fit(&x, &y), Err(Error::Cancelled)), "{name}");
    }
    let (ridge, ..) = soon_cancelled(grid(k));
    let mut moments = Moments::new(40, 3);
    moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
    assert!(matches!(ridge.fit_moments(&moments), Err(Error::Cancelled)));
}

#[test]
fn a_gpu_ends_between_two_chunks() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(1, 60, 30, 1);
    for precision in [Precision::Double, Precision::Single] {
        let ridge = grid(64).gpu(gpu.clone()).backend(Backend::Gpu).precision(precision);
        let ridge = ridge.strategy(Strategy::Cholesky).memory_budget(100_000);
        let (ridge, _, most) = soon_cancelled(ridge);
        assert!(matches!(ridge.fit(&x, &y), Err(Error::Cancelled)), "{precision}");
        assert!(most.load(Ordering::Relaxed) < 64, "{precision}");
        // The device serves the next.
        grid(3).gpu(gpu.clone()).backend(Backend::Gpu).fit(&x, &y).unwrap();
    }
}

#[test]
fn choices_and_many_problems_end_as_a_whole() {
    let (x, y) = regression(2, 600, 6, 1);
    let of = || soon_cancelled(grid(20)).0;
    let choose = || CrossValidation::new(of());
    let (groups, labels) =
        (Groups::new(&(0..600).map(|row| row / 3).collect::<Vec<usize>>()), (0..600).map(|row| row % 5));
    let problems: Vec<Problem<'_>> = (0..40).map(|_| Problem::new(&x, &y).unwrap()).collect();
    let ends: Vec<(&str, Result<(), Error>)> = vec![
        ("folds", choose().folds(Folds::Given(labels.collect())).fit(&x, &y).map(drop)),
        ("leave-one-out", choose().leave_one_out().fit(&x, &y).map(drop)),
        ("a criterion", choose().criterion(Criterion::Gcv).fit(&x, &y).map(drop)),
        ("nested", choose().nested(&x, &y, &Folds::Contiguous(4)).map(drop)),
        ("groups", of().fit_groups(&x, &y, &groups).map(drop)),
        ("problems", of().fit_many(&problems).map(drop)),
        ("choices of groups", choose().fit_groups(&x, &y, &groups).map(drop)),
    ];
    // Whose one piece is done before it is told of.
    let before = Cancellation::new();
    before.cancel();
    let ridge = grid(20).cancellation(&before);
    let at_once = vec![
        ("targets", ridge.fit_targets(&x, &y).map(drop)),
        ("permutations", CrossValidation::new(ridge).permutation_test(&x, &y, 50, 1).map(drop)),
    ];
    for (name, end) in ends.into_iter().chain(at_once) {
        assert!(matches!(end, Err(Error::Cancelled)), "{name}: {end:?}");
    }
}

#[test]
fn a_stream_is_read_no_further() {
    let (x, y) = regression(3, 40, 3, 1);
    let read = AtomicUsize::new(0);
    let cancellation = Cancellation::new();
    let batches = || {
        Ok((0..1000).map(|_| {
            if read.fetch_add(1, Ordering::Relaxed) == 5 {
                cancellation.cancel();
            }
            Batch::new(x.clone(), y.clone())
        }))
    };
    let ridge = Ridge::new().cancellation(&cancellation);
    assert!(matches!(ridge.fit_stream(&mut Stream::replayable(batches)), Err(Error::Cancelled)));
    let choice = CrossValidation::new(ridge).folds(Folds::Hashed { folds: 3, seed: 1 });
    assert!(matches!(choice.fit_stream(&mut Stream::replayable(batches)), Err(Error::Cancelled)));
    assert!(read.load(Ordering::Relaxed) < 50);
}
