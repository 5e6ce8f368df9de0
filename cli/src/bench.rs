//! `ridgepath bench`.

use std::time::Instant;

use ridgepath::{Backend, Gpu, Penalty, Ridge, RidgePath, View};
use serde::Serialize;

use crate::args::{BenchArgs, BenchBackend, Format};
use crate::message::{Failure, Result};
use crate::{json, output, text};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    rows: usize,
    features: usize,
    targets: usize,
    lambdas: usize,
    repeat: usize,
    cpu: Timing<'a>,
    gpu: Option<Timing<'a>>,
    /// Why there is no GPU's time.
    gpu_reason: Option<String>,
    /// The CPU's median time over the GPU's.
    speedup: Option<f64>,
    /// Of the coefficients, over all λ and targets: ‖w − w′‖ / ‖w′‖ of the GPU’s w and the CPU’s w′.
    largest_deviation: Option<f64>,
}

#[derive(Serialize)]
struct Timing<'a> {
    /// The median.
    seconds: f64,
    min: f64,
    max: f64,
    samples: Vec<f64>,
    #[serde(flatten)]
    backend: json::Backend<'a>,
}

/// Made data: X (rows × features) and Y (rows × targets), both column after column.
struct Made {
    x: Vec<f64>,
    y: Vec<f64>,
}

/// A solver with the times that it took and its last answer.
struct Runner {
    ridge: Ridge,
    samples: Vec<f64>,
    path: RidgePath,
}

pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    let made = make(args)?;
    let x = View::column_major(&made.x, args.rows, args.features)?;
    let y = View::column_major(&made.y, args.rows, args.targets)?;
    let ridge = Ridge::new().penalty(Penalty::Auto(args.lambdas_count)).precision(args.precision.into());
    let mut cpu = Runner::warmed_up(ridge.clone().backend(Backend::Cpu), x, y)?;
    let mut gpu = match args.backend {
        BenchBackend::Cpu => Err("not asked for".to_owned()),
        _ => match open(args).and_then(|gpu| Runner::warmed_up(ridge.gpu(gpu).backend(Backend::Gpu), x, y)) {
            Ok(runner) => Ok(runner),
            Err(error) if error.is_device() && args.backend == BenchBackend::Auto => Err(error.to_string()),
            Err(error) => return Err(error.into()),
        },
    };
    // In turns, so that both meet the same weather.
    for _ in 0..args.repeat {
        cpu.time(x, y)?;
        if let Ok(gpu) = &mut gpu {
            gpu.time(x, y)?;
        }
    }
    let document = document(args, &cpu, &gpu);
    output::print(match args.format {
        Format::Table => table(&document).into_bytes(),
        Format::Json => json::document(&document)?,
    })
}

fn open(args: &BenchArgs) -> ridgepath::Result<Gpu> {
    pollster::block_on(Gpu::open(args.allow_software_gpu))
}

impl Runner {
    /// The first run pays for compiled kernels and fresh memory, and is not timed.
    fn warmed_up(ridge: Ridge, x: View<'_, f64>, y: View<'_, f64>) -> ridgepath::Result<Self> {
        let path = ridge.fit(x, y)?;
        Ok(Self { ridge, samples: Vec::new(), path })
    }

    fn time(&mut self, x: View<'_, f64>, y: View<'_, f64>) -> ridgepath::Result<()> {
        let begun = Instant::now();
        self.path = self.ridge.fit(x, y)?;
        self.samples.push(begun.elapsed().as_secs_f64());
        Ok(())
    }

    fn timing(&self) -> Timing<'_> {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let (upper, lower) = (sorted.len() / 2, (sorted.len() - 1) / 2);
        Timing {
            seconds: f64::midpoint(sorted[lower], sorted[upper]),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            samples: self.samples.clone(),
            backend: json::Backend::of(&self.path),
        }
    }
}

fn document<'a>(args: &BenchArgs, cpu: &'a Runner, gpu: &'a std::result::Result<Runner, String>) -> Document<'a> {
    let (cpu_timing, gpu_timing) = (cpu.timing(), gpu.as_ref().ok().map(Runner::timing));
    Document {
        schema: "ridgepath/bench/1",
        rows: args.rows,
        features: args.features,
        targets: args.targets,
        lambdas: args.lambdas_count,
        repeat: args.repeat,
        speedup: gpu_timing.as_ref().map(|gpu| cpu_timing.seconds / gpu.seconds),
        largest_deviation: gpu.as_ref().ok().map(|gpu| deviation(&gpu.path, &cpu.path)),
        cpu: cpu_timing,
        gpu: gpu_timing,
        gpu_reason: gpu.as_ref().err().cloned(),
    }
}

fn deviation(path: &RidgePath, from: &RidgePath) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let mut worst = 0.0;
    for index in 0..path.len() {
        for target in 0..path.targets() {
            let (own, wanted) = (path.coefficients(index, target), from.coefficients(index, target));
            let distance = norm(&mut own.iter().zip(wanted).map(|(a, b)| a - b));
            let relative = distance / norm(&mut wanted.iter().copied());
            // A NaN stays.
            worst = if relative > worst || relative.is_nan() { relative } else { worst };
        }
    }
    worst
}

fn table(document: &Document<'_>) -> String {
    let sizes = [(document.rows, "row"), (document.features, "feature"), (document.targets, "target")]
        .map(|(count, what)| text::plural(count, what))
        .join(", ");
    let mut lines = Vec::new();
    for timing in [Some(&document.cpu), document.gpu.as_ref()].into_iter().flatten() {
        let [median, min, max] = [timing.seconds, timing.min, timing.max].map(text::number);
        lines.push(timing.backend.cells().into_iter().chain([median, min, max]).collect());
    }
    let header = ["backend", "precision", "adapter", "median s", "min s", "max s"];
    let verdict = match (&document.gpu_reason, document.speedup, document.largest_deviation) {
        (None, Some(speedup), Some(deviation)) => {
            let deviation = text::magnitude(deviation);
            format!("the GPU is {speedup:.2} times as fast; largest deviation of the coefficients {deviation}")
        }
        (reason, ..) => format!("no GPU was timed: {}", reason.as_deref().unwrap_or("unknown")),
    };
    let made = format!("made data: {sizes}, {} λ; {}", document.lambdas, text::plural(document.repeat, "timed run"));
    format!("{made}\n\n{}\n{verdict}\n", text::aligned(&header, &lines))
}

/// The same data for the same sizes, always: features of unit scale, targets that depend on them, and noise.
fn make(args: &BenchArgs) -> Result<Made> {
    let too_many = || {
        Failure::Input(format!("{} rows of {} + {} columns do not fit memory", args.rows, args.features, args.targets))
    };
    let allocate = |columns: usize| {
        let mut values: Vec<f64> = Vec::new();
        let size = args.rows.checked_mul(columns).ok_or_else(too_many)?;
        values.try_reserve_exact(size).map_err(|_| too_many())?;
        Ok::<_, Failure>((values, size))
    };
    let (mut x, size) = allocate(args.features)?;
    let (mut y, _) = allocate(args.targets)?;
    let mut random = Random(0x5eed);
    x.extend((0..size).map(|_| random.next()));
    for _ in 0..args.targets {
        let from = y.len();
        y.extend((0..args.rows).map(|_| random.next()));
        for column in x.chunks_exact(args.rows) {
            let weight = random.next();
            y[from..].iter_mut().zip(column).for_each(|(y, x)| *y += weight * x);
        }
    }
    Ok(Made { x, y })
}

/// `SplitMix64`: a few lines, and the same numbers on every machine.
struct Random(u64);

impl Random {
    /// Uniform between −1 and 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}
