//! The times of the GPU's stages, each alone, and how near they come to the device's peaks.

use serde::Serialize;

use crate::machine::failure::Result;
use crate::measure::device_clock::Span;
use crate::measure::device_peak::Peak;
use crate::measure::double_work::DoubleWork;
use crate::measure::median::median;
use crate::measure::stage_work::{OneStage, StageWork};

/// One stage of the whole task. Where the plan cuts the task into chunks, one chunk is timed and counted as often as it
/// takes.
#[derive(Serialize)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// Seconds by the device's timestamps; the median. Of a transfer, the device's part in it: the host may have written to its
    /// memory already.
    pub(crate) device_seconds: Option<f64>,
    /// Seconds by the host's clock: with the recording of the commands and the wait for them; the median.
    pub(crate) host_seconds: f64,
    /// The seconds that the rates are of: the device's, if it tells; of a transfer, the host's.
    pub(crate) seconds: f64,
    /// Floating-point operations that the stage takes at least.
    pub(crate) flops: f64,
    /// Bytes that the stage moves at least.
    pub(crate) bytes: f64,
    pub(crate) gflops: f64,
    pub(crate) gbytes: f64,
    /// The rate of operations in percent of the measured peak, which is that of 32-bit floats: other stages have none.
    pub(crate) percent_of_flops: Option<f64>,
    /// The rate of bytes in percent of the measured peak; transfers, which go over another bus, have none.
    pub(crate) percent_of_bytes: Option<f64>,
}

/// Every stage, and all of them in one go.
#[derive(Serialize)]
pub(crate) struct Stages {
    /// What `device_seconds` are measured with, or why they are missing.
    pub(crate) timestamps: &'static str,
    pub(crate) chunks_of_rows: usize,
    pub(crate) chunks_of_lambdas: usize,
    pub(crate) peak: Peak,
    pub(crate) stages: Vec<Stage>,
    /// Frame, gram, factor, solve and transfer down in one submission, with the rows on the device already; by the host's clock.
    pub(crate) rows_on_device_seconds: f64,
}

/// Times every stage, so many times, in turns, after once that is not timed.
pub(crate) fn measure(work: &StageWork<'_>, double: &DoubleWork<'_>, repeat: usize, peak: Peak) -> Result<Stages> {
    let each: Vec<OneStage<'_>> = work.stages().into_iter().chain(double.stages()).collect();
    let mut spans: Vec<Vec<Span>> = each.iter().map(|_| Vec::with_capacity(repeat)).collect();
    let mut device = Vec::with_capacity(repeat);
    each.iter().try_for_each(|stage| (stage.run)().map(drop))?;
    for _ in 0..repeat {
        for (stage, spans) in each.iter().zip(&mut spans) {
            spans.push((stage.run)()?);
        }
        device.push(work.rows_on_device()?);
    }
    let stages: Vec<Stage> = each.iter().zip(&spans).map(|(stage, spans)| timed(stage, spans, peak)).collect();
    Ok(Stages {
        timestamps: match work.has_timestamps() {
            true if stages.iter().all(|stage| stage.device_seconds.is_some()) => "timestamps of the device",
            true => "missing: the adapter's timestamps do not advance",
            false => "missing: the adapter has no timestamp queries",
        },
        chunks_of_rows: work.chunks_of_rows(),
        chunks_of_lambdas: work.chunks_of_lambdas(),
        peak,
        stages,
        rows_on_device_seconds: median(&device),
    })
}

/// The times of a stage in the whole task, and its rates.
fn timed(&OneStage { name, scale, flops, bytes, single, .. }: &OneStage<'_>, spans: &[Span], peak: Peak) -> Stage {
    let device: Option<Vec<f64>> = spans.iter().map(|span| span.device).collect();
    let device_seconds = device.map(|device| scale * median(&device));
    let host_seconds = scale * median(&spans.iter().map(|span| span.host).collect::<Vec<_>>());
    let seconds = device_seconds.filter(|_| flops > 0.0).unwrap_or(host_seconds);
    let (gflops, gbytes) = (flops / seconds * 1e-9, bytes / seconds * 1e-9);
    let percent = |reached: f64, most: f64| (flops > 0.0).then_some(100.0 * reached / most);
    Stage {
        name,
        device_seconds,
        host_seconds,
        seconds,
        flops,
        bytes,
        gflops,
        gbytes,
        percent_of_flops: percent(gflops, peak.gflops).filter(|_| single),
        percent_of_bytes: percent(gbytes, peak.gbytes),
    }
}
