//! Work without the interpreter's lock, which Ctrl-C ends.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use ridgepath::Cancellation;

use crate::errors::raised;
use crate::threads;

/// Seconds below which work goes on the thread that asks for it: what is too little for two threads wakes no other.
const TINY: f64 = 1e-3;
/// Seconds below which nobody waits long enough to press Ctrl-C.
const SHORT: f64 = 0.1;
/// How often Ctrl-C is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// How work is done.
pub(crate) struct Work {
    /// About how long it takes.
    pub(crate) seconds: f64,
    pub(crate) threads: Option<usize>,
    pub(crate) cancellation: Cancellation,
}

impl Work {
    /// Does it, and lets other threads of Python run.
    pub(crate) fn run<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce() -> ridgepath::Result<R> + Send,
    ) -> PyResult<R> {
        if self.seconds < TINY && threads::may_stay(self.threads) {
            return py.detach(work).map_err(raised);
        }
        let pool = threads::pool(self.threads)?;
        if self.seconds < SHORT {
            return py.detach(|| pool.install(work)).map_err(raised);
        }
        py.detach(|| {
            thread::scope(|scope| {
                let (send, receive) = channel::<()>();
                let worker = scope.spawn(|| {
                    // Dropped at the end, whatever that is.
                    let _send = send;
                    pool.install(work)
                });
                let mut interrupted = None;
                while receive.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    if interrupted.is_none() {
                        interrupted = Python::attach(|py| py.check_signals()).err();
                        if interrupted.is_some() {
                            self.cancellation.cancel();
                        }
                    }
                }
                let result = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                match interrupted {
                    Some(interrupted) => Err(interrupted),
                    None => result.map_err(raised),
                }
            })
        })
    }
}
