//! Backends that take turns.

use std::time::Instant;

use ridgepath::{Ridge, RidgePath, View};
use serde::Serialize;

use crate::bench::accuracy::{self, Oracle};
use crate::bench::meter::Meter;
use crate::json;

/// A solver with the times that it took and its last answer.
pub(crate) struct Contender {
    ridge: Ridge,
    /// The first run, which pays for compiled kernels and fresh memory.
    first: f64,
    /// In the order of the rounds.
    samples: Vec<f64>,
    pub(crate) path: RidgePath,
}

#[derive(Serialize)]
pub(crate) struct Timing<'a> {
    /// The median.
    pub(crate) seconds: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Of the run before these, which is in none of them.
    pub(crate) first: f64,
    pub(crate) samples: Vec<f64>,
    /// Of the work that forming G and factoring it for each λ takes, whatever the backend does instead.
    pub(crate) gflops: f64,
    /// The median over the rounds of the CPU's time over this one's.
    pub(crate) times_as_fast_as_cpu: Option<f64>,
    /// From the oracle: the largest ‖w − w′‖ / ‖w′‖.
    pub(crate) deviation: Option<f64>,
    pub(crate) digits: Option<f64>,
    #[serde(flatten)]
    pub(crate) backend: json::Backend<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coefficients: Option<Vec<Vec<&'a [f64]>>>,
}

impl Contender {
    pub(crate) fn warmed_up(ridge: Ridge, x: View<'_>, y: View<'_>, meter: &Meter) -> ridgepath::Result<Self> {
        let own = meter.clone();
        let ridge = ridge.on_progress(move |done, total| own.within(done, total));
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
            backend: json::Backend::of(&self.path),
            coefficients: coefficients.then(|| accuracy::coefficients(&self.path)),
        }
    }
}

/// Everyone once a round, whoever was first last time last, so that all meet the same weather.
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

/// NaN of none.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count => f64::midpoint(sorted[(count - 1) / 2], sorted[count / 2]),
    }
}

/// Decimal digits that agree, of the 16 that there are.
fn digits(deviation: f64) -> f64 {
    (-deviation.log10()).clamp(0.0, 16.0)
}

#[cfg(test)]
mod tests {
    use super::{digits, median};

    #[test]
    fn medians_and_digits() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
        assert_eq!([0.0, 1e-3, 5.0].map(digits), [16.0, 3.0, 0.0]);
        assert!(digits(f64::NAN).is_nan());
    }
}
