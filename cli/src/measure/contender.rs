//! Backends that take turns.

use std::time::Instant;

use ridgepath::{Ridge, RidgePath, View};
use serde::Serialize;

use crate::fit::backend_entry::BackendEntry;
use crate::measure::accuracy::{self, Oracle};
use crate::measure::median::median;
use crate::measure::progress_meter::Meter;

/// A solver that is timed: the times that it took, and its last answer.
pub(crate) struct Contender {
    ridge: Ridge,
    /// Seconds of the first run, which pays for compiled kernels and fresh memory.
    first: f64,
    /// Seconds of the runs timed, in the order of the rounds.
    samples: Vec<f64>,
    pub(crate) path: RidgePath,
}

/// A contender's times and its accuracy, as they are written.
#[derive(Serialize)]
pub(crate) struct Timing<'a> {
    /// The median of the runs timed.
    pub(crate) seconds: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Seconds of the run before those timed, which is in none of the samples.
    pub(crate) first: f64,
    pub(crate) samples: Vec<f64>,
    /// The rate of the work that forming G and factoring it for each λ takes, whatever the backend does instead.
    pub(crate) gflops: f64,
    /// The median over the rounds of the CPU's time over this contender's.
    pub(crate) times_as_fast_as_cpu: Option<f64>,
    /// The largest deviation from the oracle: ‖w − w′‖ / ‖w′‖.
    pub(crate) deviation: Option<f64>,
    pub(crate) digits: Option<f64>,
    #[serde(flatten)]
    pub(crate) backend: BackendEntry<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coefficients: Option<Vec<Vec<&'a [f64]>>>,
}

impl Contender {
    pub(crate) fn warmed_up(ridge: Ridge, x: View<'_>, y: View<'_>, meter: &Meter) -> ridgepath::Result<Self> {
        let counted = meter.clone();
        let ridge = ridge.on_progress(move |done, total| counted.within(done, total));
        let begun = Instant::now();
        let path = ridge.fit(x, y)?;
        let first = begun.elapsed().as_secs_f64();
        meter.run_done();
        Ok(Self { ridge, first, samples: Vec::new(), path })
    }

    fn time(&mut self, x: View<'_>, y: View<'_>, meter: &Meter) -> ridgepath::Result<()> {
        let begun = Instant::now();
        let path = self.ridge.fit(x, y)?;
        self.samples.push(begun.elapsed().as_secs_f64());
        // The last answer is freed outside of the time measured.
        self.path = path;
        meter.run_done();
        Ok(())
    }

    pub(crate) fn seconds(&self) -> f64 {
        median(&self.samples)
    }

    /// `cpu` is whom to compare with, and `oracle` whom to agree with.
    pub(crate) fn timing(
        &self,
        flops: f64,
        cpu: Option<&Self>,
        oracle: Option<&Oracle>,
        coefficients: bool,
    ) -> Timing<'_> {
        let deviation = oracle.and_then(|oracle| oracle.deviation(&self.path));
        let seconds = self.seconds();
        let extreme = |better: fn(f64, f64) -> f64, start: f64| self.samples.iter().copied().fold(start, better);
        Timing {
            seconds,
            min: extreme(f64::min, f64::INFINITY),
            max: extreme(f64::max, 0.0),
            first: self.first,
            samples: self.samples.clone(),
            gflops: flops / seconds * 1e-9,
            times_as_fast_as_cpu: cpu.map(|cpu| ratio(cpu, self)),
            deviation,
            digits: deviation.map(digits),
            backend: BackendEntry::of(&self.path),
            coefficients: coefficients.then(|| accuracy::coefficients(&self.path)),
        }
    }
}

/// Times every contender once a round, whoever was first last time now last, so that all meet the same weather.
pub(crate) fn race(
    contenders: &mut [&mut Contender],
    rounds: usize,
    x: View<'_>,
    y: View<'_>,
    meter: &Meter,
) -> ridgepath::Result<()> {
    for _ in 0..rounds {
        for contender in contenders.iter_mut() {
            contender.time(x, y, meter)?;
        }
        contenders.rotate_left(contenders.len().min(1));
    }
    Ok(())
}

/// How many times as fast as `slow` `fast` is: the median over the rounds.
pub(crate) fn ratio(slow: &Contender, fast: &Contender) -> f64 {
    median(&slow.samples.iter().zip(&fast.samples).map(|(slow, fast)| slow / fast).collect::<Vec<_>>())
}

/// Decimal digits that agree, of the 16 that there are.
fn digits(deviation: f64) -> f64 {
    (-deviation.log10()).clamp(0.0, 16.0)
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn digits_that_agree() {
        assert_eq!([0.0, 1e-3, 5.0].map(digits), [16.0, 3.0, 0.0]);
        assert!(digits(f64::NAN).is_nan());
    }
}
