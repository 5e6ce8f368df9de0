//! All that `bench` measures, in one report, which is its JSON document too.

use ridgepath::{Backend, Gpu};
use serde::Serialize;

use crate::args::bench::{BenchArgs, BenchPart};
use crate::args::input_files::{self, InputFiles};
use crate::machine::failure::{Failure, Result};
use crate::machine::hardware::Machine;
use crate::measure::accuracy::{Accuracy, Oracle, largest_deviation};
use crate::measure::break_even::{self, BreakEven};
use crate::measure::contender::{self, Timing};
use crate::measure::device_clock::Clock;
use crate::measure::device_peak;
use crate::measure::double_work::DoubleWork;
use crate::measure::lineup::{Lineup, Timed};
use crate::measure::stage_work::StageWork;
use crate::measure::stages::{self, Stages};
use crate::measure::task::{Task, least_flops};

#[derive(Serialize)]
pub(crate) struct BenchReport<'a> {
    pub(crate) schema: &'static str,
    /// What must be known before any number is believed.
    pub(crate) warnings: Vec<String>,
    pub(crate) machine: Machine,
    /// What was measured on: `"made"` data, or the name of a file and how many more there are.
    pub(crate) data: String,
    pub(crate) rows: usize,
    /// Where --drop-missing is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows_dropped: Option<usize>,
    pub(crate) features: usize,
    pub(crate) targets: usize,
    pub(crate) lambdas: usize,
    pub(crate) repeat: usize,
    /// Operations of forming the matrix, of features or of rows whichever is smaller, and factoring it for each λ.
    pub(crate) flops: f64,
    pub(crate) reference: Option<Timing<'a>>,
    /// Why there is no time of the reference.
    pub(crate) reference_reason: Option<String>,
    pub(crate) cpu: Option<Timing<'a>>,
    /// Why there is no time of the CPU.
    pub(crate) cpu_reason: Option<String>,
    pub(crate) gpu: Option<Timing<'a>>,
    /// The GPU with a factorization for each λ, where `gpu` takes a few nodes by default.
    pub(crate) gpu_cholesky: Option<Timing<'a>>,
    /// Why there is no time of the GPU.
    pub(crate) gpu_reason: Option<String>,
    /// Seconds of opening the GPU.
    pub(crate) gpu_open_seconds: Option<f64>,
    /// The CPU's time over the GPU's: the median of the rounds.
    pub(crate) speedup: Option<f64>,
    /// The largest deviation of the GPU's coefficients from the CPU's, over all λ and targets: ‖w − w′‖ / ‖w′‖.
    pub(crate) largest_deviation: Option<f64>,
    /// What `deviation` and `digits` are measured against.
    pub(crate) accuracy: Accuracy,
    pub(crate) gpu_stages: Option<Stages>,
    /// Why there are no times of the GPU's stages.
    pub(crate) gpu_stages_reason: Option<String>,
    pub(crate) break_even: Option<BreakEven>,
    /// Why there is no break-even table, where it was asked for.
    pub(crate) break_even_reason: Option<String>,
}

impl<'a> BenchReport<'a> {
    /// Everything but the times of the fits, which `lineup` has, is measured here.
    pub(crate) fn of(
        args: &BenchArgs,
        task: &Task,
        gpu: &std::result::Result<Gpu, String>,
        gpu_open_seconds: Option<f64>,
        lineup: &'a Lineup,
    ) -> Result<Self> {
        let cpu_path = lineup.cpu.as_ref().ok().map(|contender| &contender.path);
        let oracle = Oracle::new(args, task, &lineup.any()?.path, cpu_path)?;
        let timing = |contender| lineup.timing(contender, least_flops(task.shape), oracle.as_ref(), args.coefficients);
        let reason = |contender: &Timed| contender.as_ref().err().cloned();
        let (gpu_path, total) = (lineup.gpu.as_ref().ok().map(|contender| &contender.path), task.shape.penalties);
        let machine = Machine::here(gpu.as_ref().ok().map(Gpu::adapter));
        let gpu = gpu.as_ref().ok().filter(|_| lineup.gpu.is_ok());
        let wanted = gpu.filter(|_| !args.without(BenchPart::Stages));
        let (gpu_stages, gpu_stages_reason) = match wanted.map(|gpu| of_stages(args, task, gpu)).transpose() {
            // The times of the fits are not lost with it.
            Err(Failure::Other(reason)) => (None, Some(reason)),
            stages => (stages?, None),
        };
        let break_even = match gpu.filter(|_| args.break_even) {
            Some(gpu) => Some(break_even::measure(args, task, gpu)?),
            None => None,
        };
        Ok(Self {
            schema: "ridgepath/bench/1",
            warnings: warnings(&machine),
            machine,
            data: measured_on(&args.input),
            rows: task.shape.rows,
            rows_dropped: task.rows_dropped(),
            features: task.shape.features,
            targets: task.shape.targets,
            lambdas: total,
            repeat: args.repeat,
            flops: least_flops(task.shape),
            reference: timing(lineup.reference.as_ref().ok()),
            reference_reason: reason(&lineup.reference),
            cpu: timing(lineup.cpu.as_ref().ok()),
            cpu_reason: reason(&lineup.cpu),
            gpu: timing(lineup.gpu.as_ref().ok()),
            gpu_cholesky: timing(lineup.gpu_cholesky.as_ref()),
            gpu_reason: reason(&lineup.gpu),
            gpu_open_seconds,
            speedup: lineup
                .cpu
                .as_ref()
                .ok()
                .zip(lineup.gpu.as_ref().ok())
                .map(|(cpu, gpu)| contender::ratio(cpu, gpu)),
            largest_deviation: gpu_path
                .zip(cpu_path)
                .map(|(gpu, cpu)| largest_deviation(gpu, cpu, (0..total).map(|index| (index, index)))),
            accuracy: Accuracy::new(&lineup.any()?.path, oracle.as_ref()),
            gpu_stages,
            gpu_stages_reason,
            break_even_reason: (args.break_even && break_even.is_none()).then(|| "it takes a GPU".to_owned()),
            break_even,
        })
    }

    /// Everyone who was timed.
    pub(crate) fn timings(&self) -> impl Iterator<Item = &Timing<'a>> {
        [&self.reference, &self.cpu, &self.gpu, &self.gpu_cholesky].into_iter().flatten()
    }
}

/// The times of the GPU's stages.
fn of_stages(args: &BenchArgs, task: &Task, gpu: &Gpu) -> Result<Stages> {
    let clock = Clock::new(gpu);
    let peak = device_peak::measure(&clock)?;
    let work = StageWork::new(&clock, task, task.shape.features, task.penalty(), args.memory_budget)?;
    let double = DoubleWork::new(&clock, task, task.ridge(args, Backend::Gpu))?;
    stages::measure(&work, &double, args.repeat, peak)
}

/// What must be known before any number is believed.
/// Made data, or the files.
fn measured_on(input: &[InputFiles]) -> String {
    let mut files = input_files::paths(input);
    match (files.next(), files.count()) {
        (None, _) => "made".into(),
        (Some(file), 0) => file.display().to_string(),
        (Some(file), more) => format!("{} and {more} more", file.display()),
    }
}

fn warnings(machine: &Machine) -> Vec<String> {
    let software = machine
        .adapter
        .as_ref()
        .filter(|adapter| adapter.software)
        .map(|adapter| format!("{} IS A SOFTWARE ADAPTER: ITS TIMES SAY NOTHING ABOUT A GPU", adapter.name));
    let debug = (machine.build == "debug")
        .then(|| "THIS IS A DEBUG BUILD: ITS TIMES SAY NOTHING ABOUT A RELEASE BUILD (cargo run --release)".to_owned());
    software.into_iter().chain(debug).collect()
}
