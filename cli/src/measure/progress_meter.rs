//! How far the benchmark has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::machine::progress::Progress;

/// Counts runs, and within a run its λ.
#[derive(Clone)]
pub(crate) struct Meter(Arc<Inner>);

struct Inner {
    progress: Progress,
    runs: usize,
    done: AtomicUsize,
}

/// Steps of the bar a run.
const STEPS: usize = 1000;

impl Meter {
    pub(crate) fn new(runs: usize, what: &'static str) -> Self {
        Self(Arc::new(Inner { progress: Progress::of_parts(what), runs, done: AtomicUsize::new(0) }))
    }

    /// The run under way has done so many of all its λ.
    pub(crate) fn within(&self, done: usize, total: usize) {
        let inner = &self.0;
        let before = inner.done.load(Ordering::Relaxed) * STEPS;
        inner.progress.reached(before + STEPS * done / total.max(1), inner.runs * STEPS);
    }

    pub(crate) fn run_done(&self) {
        self.skip(1);
    }

    /// Counts runs that there will not be.
    pub(crate) fn skip(&self, runs: usize) {
        self.0.done.fetch_add(runs, Ordering::Relaxed);
        self.within(0, 1);
    }

    /// Takes the bar away; contenders, which hold on to the meter, may live on.
    pub(crate) fn finish(&self) {
        self.0.progress.finish();
    }
}

/// Takes the bar away where runs end early.
impl Drop for Inner {
    fn drop(&mut self) {
        self.progress.finish();
    }
}
