//! What is to be done when something takes too long: by one thread, however much is waited for.

use std::collections::BTreeMap;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

type Late = Box<dyn FnOnce() + Send>;
/// When, and a number that tells apart what is due at the same time.
type Due = (Instant, u64);

#[derive(Default)]
struct Waits {
    late: BTreeMap<Due, Late>,
    numbers: u64,
}

static WAITS: Mutex<Waits> = Mutex::new(Waits { late: BTreeMap::new(), numbers: 0 });
static SOONER: Condvar = Condvar::new();
/// Whether there is the thread.
static WATCHED: LazyLock<bool> =
    LazyLock::new(|| thread::Builder::new().name("ridgepath-deadlines".into()).spawn(watch).is_ok());

fn waits() -> MutexGuard<'static, Waits> {
    WAITS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn watch() {
    let mut waits = waits();
    loop {
        let now = Instant::now();
        let next = waits.late.first_key_value().map(|((at, _), _)| at.saturating_duration_since(now));
        waits = match next {
            Some(Duration::ZERO) => {
                let late = waits.late.pop_first();
                drop(waits);
                late.into_iter().for_each(|(_, late)| late());
                self::waits()
            }
            Some(left) => SOONER.wait_timeout(waits, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0,
            None => SOONER.wait(waits).unwrap_or_else(|poisoned| poisoned.into_inner()),
        };
    }
}

/// What is not late yet; dropped, it will not be.
#[derive(Debug)]
#[must_use]
pub(crate) struct Deadline(Option<Due>);

impl Deadline {
    /// Calls `late` after this time, unless dropped before. Never where the time has no end, or no thread can be had.
    pub(crate) fn after(time: Duration, late: impl FnOnce() + Send + 'static) -> Self {
        let Some(at) = Instant::now().checked_add(time).filter(|_| *WATCHED) else { return Self(None) };
        let mut waits = waits();
        waits.numbers += 1;
        let due = (at, waits.numbers);
        waits.late.insert(due, Box::new(late));
        if waits.late.first_key_value().is_some_and(|(first, _)| *first == due) {
            SOONER.notify_one();
        }
        Self(Some(due))
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(due) = self.0 {
            let late = waits().late.remove(&due);
            drop(late); // after the lock
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::Deadline;

    #[test]
    fn what_is_late_is_told_in_the_order_of_the_deadlines_and_what_is_not_is_not() {
        let (sender, told) = mpsc::channel();
        let of = |number: u64, milliseconds: u64| {
            let sender = sender.clone();
            Deadline::after(Duration::from_millis(milliseconds), move || sender.send(number).unwrap())
        };
        let kept = [of(3, 600), of(2, 300), of(1, 0), of(4, u64::MAX)];
        drop([of(5, 450), of(6, 900)]);
        let next = || told.recv_timeout(Duration::from_secs(20));
        assert_eq!([next(), next(), next()], [Ok(1), Ok(2), Ok(3)]);
        assert!(told.recv_timeout(Duration::from_millis(600)).is_err());
        drop(kept);
    }
}
