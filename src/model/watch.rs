//! Who follows the work: is told how far it is, and may end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// Who follows the work: any function of the number of λs done, or what may end it besides.
pub trait Watch: Sync {
    /// So many λs are done, of all.
    fn done(&self, lambdas: usize);

    /// Whether to do no more. What is then returned has no meaning.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl<F: Fn(usize) + Sync> Watch for F {
    fn done(&self, lambdas: usize) {
        self(lambdas);
    }
}

/// Another's watch, which is told of the work or only asked whether to go on.
#[derive(Clone, Copy)]
pub(crate) struct Report<'a> {
    watch: &'a dyn Watch,
    told: bool,
}

impl<'a> Report<'a> {
    pub(crate) fn of(watch: &'a dyn Watch) -> Self {
        Self { watch, told: true }
    }

    /// Over work that others tell of.
    pub(crate) fn untold(self) -> Self {
        Self { told: false, ..self }
    }
}

impl Watch for Report<'_> {
    fn done(&self, lambdas: usize) {
        if self.told {
            self.watch.done(lambdas);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.watch.is_cancelled()
    }
}

/// Another's watch over work that is done column by column: targets of λs.
pub(crate) struct OfColumns<'a> {
    watch: &'a dyn Watch,
    targets: usize,
    done: AtomicUsize,
}

impl<'a> OfColumns<'a> {
    pub(crate) fn new(watch: &'a dyn Watch, targets: usize) -> Self {
        Self { watch, targets, done: AtomicUsize::new(0) }
    }
}

impl Watch for OfColumns<'_> {
    fn done(&self, columns: usize) {
        self.watch.done((self.done.fetch_add(columns, Ordering::Relaxed) + columns) / self.targets);
    }

    fn is_cancelled(&self) -> bool {
        self.watch.is_cancelled()
    }
}

/// Ends work from another thread: a request that nobody waits for any more, Ctrl-C, a timeout. Clones are one.
///
/// ```
/// use std::{thread, time::Duration};
/// use ridgepath::{Cancellation, Error, Ridge, View};
///
/// let x: Vec<f64> = (0..400_000).map(|i| f64::from(i % 1009 * (i % 1009) % 1009)).collect();
/// let y: Vec<f64> = x.iter().step_by(400).copied().collect();
/// let (cancellation, alphas): (_, Vec<f64>) = (Cancellation::new(), (1..=5000).map(f64::from).collect());
/// let ridge = Ridge::new().alphas(alphas).cancellation(&cancellation);
/// let path = thread::scope(|scope| {
///     scope.spawn(|| cancellation.cancel());
///     thread::sleep(Duration::from_millis(1));
///     ridge.fit(View::row_major(&x, 1000, 400)?, &y)
/// });
/// assert!(matches!(path, Err(Error::Cancelled) | Ok(_))); // Ok: it was done before
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Nothing is cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all work that has this, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
