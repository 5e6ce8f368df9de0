//! How much a device is told to do at a time: by how long it took before, so that other programs, the screen and the driver's
//! watchdog need not wait, be the device slow or fast. What fits a chunk by the plan is the most.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Seconds that a submission may take.
const SUBMISSION: f64 = 0.2;
/// Seconds below which a time says more of the clock, and of the way to the device, than of its speed.
const LEAST: f64 = 1e-3;
/// Floating-point operations of the first submission of its kind: what takes so long where a small GPU attains 20 GFLOP/s,
const FIRST: u64 = 4_000_000_000;
/// and a discrete one, of whatever age, 200.
const FIRST_DISCRETE: u64 = 40_000_000_000;
/// Floating-point operations that no GPU minds: of less, a time tells how far the device is, not how fast.
const SMALL: f64 = 1e9;
/// The first in a browser, where nothing is timed.
const UNTIMED: u64 = 16_000_000_000;
/// Kinds of work that are remembered.
const KINDS: usize = 16;

/// Work of which more takes longer in proportion: a stage, and the sizes that tell how well the device does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) stage: &'static str,
    pub(crate) sizes: [usize; 2],
}

/// Work that has been submitted.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub(crate) struct Begun {
    kind: Kind,
    flops: u64,
    /// `None` in a browser, which has no such clock.
    at: Option<Instant>,
}

impl Begun {
    /// Before it is submitted.
    pub(crate) fn now(kind: Kind, flops: u64) -> Self {
        Self { kind, flops, at: (!cfg!(target_arch = "wasm32")).then(Instant::now) }
    }
}

/// How fast a device was at each kind of work, the latest last. Shared by all who use the device: those who share it wait
/// for each other, and each is given less.
#[derive(Debug)]
pub(crate) struct Pace {
    first: u64,
    known: Mutex<Vec<(Kind, f64)>>,
}

impl Pace {
    /// Of a device of which nothing else is known.
    pub(crate) fn new(discrete: bool) -> Self {
        let first = match discrete {
            _ if cfg!(target_arch = "wasm32") => UNTIMED,
            true => FIRST_DISCRETE,
            false => FIRST,
        };
        Self { first, known: Mutex::default() }
    }

    /// Floating-point operations that the next submission may have.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    pub(crate) fn allowed(&self, kind: Kind) -> u64 {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = known.iter().find(|(own, _)| *own == kind);
        rate.map_or(self.first, |(_, rate)| (rate * SUBMISSION) as u64)
    }

    /// Work that was waited for, alone, is done.
    pub(crate) fn ended(&self, begun: Begun) {
        if let Some(at) = begun.at {
            self.took(begun.kind, begun.flops, at.elapsed());
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn took(&self, kind: Kind, flops: u64, time: Duration) {
        self.set(kind, (flops as f64 / time.as_secs_f64().max(LEAST)).max(SMALL / SUBMISSION));
    }

    /// Sets how many floating-point operations of a kind the device does in a second.
    pub(crate) fn set(&self, kind: Kind, rate: f64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(own, _)| *own != kind);
        if known.len() == KINDS {
            known.remove(0);
        }
        known.push((kind, rate));
    }
}

/// Cuts work in parts of so many floating-point operations in a row, as long as they stay within what is allowed: of each
/// the end, and the operations. No part is empty.
pub(crate) fn parts(flops: &[u64], allowed: u64) -> Vec<(usize, u64)> {
    let mut parts: Vec<(usize, u64)> = Vec::new();
    for (own, end) in flops.iter().zip(1..) {
        let joined = parts.last().and_then(|(_, sum)| sum.checked_add(*own)).filter(|sum| *sum <= allowed);
        if joined.is_some() {
            parts.pop();
        }
        parts.push((end, joined.unwrap_or(*own)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FIRST, FIRST_DISCRETE, KINDS, Kind, Pace, parts};

    const KIND: Kind = Kind { stage: "made up", sizes: [3, 1] };

    #[test]
    fn the_first_submission_is_small_and_the_next_take_a_fifth_of_a_second() {
        let pace = Pace::new(false);
        assert_eq!(pace.allowed(KIND), FIRST);
        assert_eq!(Pace::new(true).allowed(KIND), FIRST_DISCRETE);
        for (flops, milliseconds, wanted) in [
            (4_000_000_000, 100, 8_000_000_000),
            (8_000_000_000, 400, 4_000_000_000),
            (1_000_000_000, 0, 200_000_000_000),
            (u64::MAX, 1, u64::MAX),
            (1_000_000, 1000, 1_000_000_000),
            (0, 0, 1_000_000_000),
        ] {
            pace.took(KIND, flops, Duration::from_millis(milliseconds));
            assert_eq!(pace.allowed(KIND), wanted, "{flops} in {milliseconds} ms");
        }
    }

    #[test]
    fn every_kind_of_work_has_a_pace_of_its_own_and_the_oldest_is_forgotten() {
        let pace = Pace::new(false);
        let kind = |n: usize| Kind { sizes: [n, 1], ..KIND };
        for n in 0..=KINDS {
            pace.took(kind(n), 1 << 40, Duration::from_secs(1));
            pace.took(kind(1), 1 << 40, Duration::from_millis(500));
        }
        let fifth = (1u64 << 40) / 5;
        let allowed: Vec<u64> = (0..=KINDS).map(|n| pace.allowed(kind(n))).collect();
        assert_eq!((allowed[0], allowed[1], allowed[2], allowed[KINDS]), (FIRST, 2 * fifth, fifth, fifth));
    }

    #[test]
    fn parts_hold_what_is_allowed_and_one_at_least() {
        assert_eq!(parts(&[], 10), []);
        assert_eq!(parts(&[3, 4, 4, 20, 1, 9, 1], 10), [(2, 7), (3, 4), (4, 20), (6, 10), (7, 1)]);
        assert_eq!(parts(&[5, 0, 5], 0), [(1, 5), (2, 0), (3, 5)]);
        assert_eq!(parts(&[u64::MAX, u64::MAX], u64::MAX), [(1, u64::MAX), (2, u64::MAX)]);
    }
}
