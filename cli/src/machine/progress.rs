//! How far long work has come, on standard error when that is a terminal.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::style::TemplateError;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// The bar of the work that is under way, and whether it counts parts.
static CURRENT: Mutex<Option<(ProgressBar, bool)>> = Mutex::new(None);

/// How far the work that is under way has come at least, in words; its bar goes.
#[cfg(unix)]
pub(crate) fn interrupted() -> Option<String> {
    let (bar, in_parts) = current().take()?;
    bar.finish_and_clear();
    let (done, what) = (bar.position(), bar.message());
    Some(match bar.length() {
        Some(total) if in_parts => format!("{} % of the {what}", 100 * done / total.max(1)),
        Some(total) => format!("{done} of {total} {what}"),
        None => format!("{done} {what}"),
    })
}

fn current() -> MutexGuard<'static, Option<(ProgressBar, bool)>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bar that appears when the work takes long.
#[derive(Clone)]
pub(crate) struct Progress {
    begun: Instant,
    bar: ProgressBar,
}

impl Progress {
    /// The bar of work whose end is not known.
    pub(crate) fn counting(what: &'static str) -> Self {
        Self::new(what, false, ProgressStyle::with_template("{spinner} {human_pos} {msg} ({elapsed})"))
    }

    /// The bar of work whose end is known.
    pub(crate) fn towards_end(what: &'static str) -> Self {
        Self::new(what, false, ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} {msg} ({eta} left)"))
    }

    /// The bar of work whose parts have no number worth telling.
    pub(crate) fn of_parts(what: &'static str) -> Self {
        Self::new(what, true, ProgressStyle::with_template("{wide_bar} {percent} % of the {msg} ({eta} left)"))
    }

    fn new(what: &'static str, in_parts: bool, style: Result<ProgressStyle, TemplateError>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(Cow::Borrowed(what));
        *current() = Some((bar.clone(), in_parts));
        Self { begun: Instant::now(), bar }
    }

    pub(crate) fn counted(&self, done: u64) {
        // A look at the clock for every row would cost as much as reading it.
        if done.is_multiple_of(4096) {
            self.counted_some(done);
        }
    }

    /// Shows how much is done, after many at once.
    pub(crate) fn counted_some(&self, done: u64) {
        self.show();
        self.bar.set_position(done);
    }

    pub(crate) fn reached(&self, done: usize, total: usize) {
        self.show();
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    pub(crate) fn finish(&self) {
        *current() = None;
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        if self.bar.is_hidden() && self.begun.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}
