//! `ridgepath bench`: the GPU against the CPU, on this machine.

mod accuracy;
mod args;
mod break_even;
mod clock;
mod contender;
mod lineup;
mod made;
mod meter;
mod peak;
mod plot;
mod report;
mod stages;
mod table;
mod task;

use std::time::Instant;

use ridgepath::Gpu;

use crate::args::Format;
use crate::distinct::{self, Place};
use crate::json;
use crate::machine::Machine;
use crate::message::{self, Failure, Result};
use crate::output::{self, Sink};
use accuracy::{Description, Oracle, largest_deviation};
pub(crate) use args::BenchArgs;
use args::{BenchBackend, Part};
use clock::Clock;
use lineup::Lineup;
use report::Document;
use task::{Task, least_flops};

pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    check_places(args)?;
    let plot_sink = args.plot.clone().map(|file| Sink::new(&output::Place::File(file))).transpose()?;
    let task = Task::new(args)?;
    let begun = Instant::now();
    let gpu = open(args)?;
    let gpu_open_seconds = gpu.is_ok().then(|| begun.elapsed().as_secs_f64());
    let lineup = Lineup::timed(args, &task, &gpu)?;
    let document = document(args, &task, &gpu, gpu_open_seconds, &lineup)?;
    let written = match args.format {
        Format::Table => table::table(&document).into_bytes(),
        Format::Json => json::document(&document)?,
    };
    let mut staged = vec![Sink::new(&output::Place::Stdout)?.stage(written)?];
    if let Some(sink) = plot_sink {
        staged.push(sink.stage(plot::draw(&document)?.into_bytes())?);
    }
    output::commit(staged)?;
    if args.format == Format::Json {
        document.warnings.iter().for_each(|warning| message::note(warning));
    }
    Ok(())
}

fn check_places(args: &BenchArgs) -> Result<()> {
    let mut places = vec![("standard output", Place::Stdout)];
    places.extend(args.input.as_deref().map(|file| ("the input", Place::input(file))));
    places.extend(args.grid.lambda_file.as_deref().map(|file| ("--lambda-file", Place::File(file))));
    if let Some(file) = args.plot.as_deref() {
        if file.as_os_str() == "-" {
            return Err(Failure::Input("--plot: found -, wanted the name of a file".into()));
        }
        places.push(("--plot", Place::File(file)));
    }
    distinct::check(&places)
}

/// The GPU, or why there is none.
fn open(args: &BenchArgs) -> Result<std::result::Result<Gpu, String>> {
    if args.backend == BenchBackend::Cpu {
        return Ok(Err("not asked for".into()));
    }
    match pollster::block_on(Gpu::open(args.allow_software_gpu)) {
        Err(error) if args.backend == BenchBackend::Auto => Ok(Err(error.to_string())),
        opened => Ok(Ok(opened?)),
    }
}

fn document<'a>(
    args: &BenchArgs,
    task: &Task,
    gpu: &std::result::Result<Gpu, String>,
    gpu_open_seconds: Option<f64>,
    lineup: &'a Lineup,
) -> Result<Document<'a>> {
    let cpu_path = lineup.cpu.as_ref().ok().map(|own| &own.path);
    let oracle = Oracle::new(args, task, &lineup.any()?.path, cpu_path)?;
    let timing = |own| lineup.timing(own, least_flops(task.shape), oracle.as_ref(), args.coefficients);
    let reason = |own: &lineup::Entry| own.as_ref().err().cloned();
    let (gpu_path, total) = (lineup.gpu.as_ref().ok().map(|own| &own.path), task.shape.penalties);
    let machine = Machine::here(gpu.as_ref().ok().map(Gpu::adapter));
    let gpu = gpu.as_ref().ok().filter(|_| lineup.gpu.is_ok());
    let wanted = gpu.filter(|_| !args.without(Part::Stages));
    let (gpu_stages, gpu_stages_reason) = match wanted.map(|gpu| of_stages(args, task, gpu)).transpose() {
        // The times of the fits are not lost with it.
        Err(Failure::Other(reason)) => (None, Some(reason)),
        stages => (stages?, None),
    };
    let break_even = match gpu.filter(|_| args.break_even) {
        Some(gpu) => Some(break_even::measure(args, task, gpu)?),
        None => None,
    };
    Ok(Document {
        schema: "ridgepath/bench/1",
        warnings: warnings(&machine),
        machine,
        data: args.input.as_ref().map_or_else(|| "made".into(), |file| file.display().to_string()),
        rows: task.shape.rows,
        features: task.shape.features,
        targets: task.shape.targets,
        lambdas: total,
        repeat: args.repeat,
        flops: least_flops(task.shape),
        reference: timing(&lineup.reference),
        reference_reason: reason(&lineup.reference),
        cpu: timing(&lineup.cpu),
        cpu_reason: reason(&lineup.cpu),
        gpu: timing(&lineup.gpu),
        gpu_reason: reason(&lineup.gpu),
        gpu_open_seconds,
        speedup: lineup.cpu.as_ref().ok().zip(lineup.gpu.as_ref().ok()).map(|(cpu, gpu)| contender::ratio(cpu, gpu)),
        largest_deviation: gpu_path
            .zip(cpu_path)
            .map(|(gpu, cpu)| largest_deviation(gpu, cpu, (0..total).map(|index| (index, index)))),
        accuracy: Description::new(&lineup.any()?.path, oracle.as_ref()),
        gpu_stages,
        gpu_stages_reason,
        break_even_reason: (args.break_even && break_even.is_none()).then(|| "it takes a GPU".to_owned()),
        break_even,
    })
}

fn of_stages(args: &BenchArgs, task: &Task, gpu: &Gpu) -> Result<stages::Stages> {
    let clock = Clock::new(gpu);
    let peak = peak::measure(&clock)?;
    let bench = stages::Bench::new(&clock, task, task.shape.features, task.penalty(), args.memory_budget)?;
    bench.measure(args.repeat, peak)
}

/// What must be known before any number is believed.
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
