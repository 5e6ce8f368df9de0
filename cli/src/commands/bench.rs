//! `ridgepath bench`: the GPU against the CPU, on this machine.

use std::time::Instant;

use ridgepath::Gpu;
use ridgepath::gpu::GpuOptions;

use crate::args::answer::Format;
use crate::args::bench::{BenchArgs, BenchBackend};
use crate::commands::places;
use crate::fit::shared_gpus;
use crate::format::{json, message, table};
use crate::machine::failure::Result;
use crate::machine::output::{self, Sink};
use crate::machine::same_file;
use crate::measure::lineup::Lineup;
use crate::measure::report::BenchReport;
use crate::measure::task::Task;
use crate::plot;

pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    check_places(args)?;
    let plot_sink = places::sink_of_extra(&args.plot)?;
    let task = Task::new(args)?;
    let begun = Instant::now();
    let gpu = open(args)?;
    let gpu_open_seconds = gpu.is_ok().then(|| begun.elapsed().as_secs_f64());
    let lineup = Lineup::timed(args, &task, &gpu)?;
    let report = BenchReport::of(args, &task, &gpu, gpu_open_seconds, &lineup)?;
    let answer = match args.format {
        Format::Table => table::bench::written(&report).into_bytes(),
        Format::Json => json::document::written(&report)?,
    };
    let mut staged = vec![Sink::stdout().stage(answer)?];
    if let Some(sink) = plot_sink {
        staged.push(sink.stage(plot::bench::draw(&report)?.into_bytes())?);
    }
    output::commit(staged)?;
    task.notes().iter().for_each(|note| message::note(note));
    if args.format == Format::Json {
        report.warnings.iter().for_each(|warning| message::note(warning));
    }
    Ok(())
}

fn check_places(args: &BenchArgs) -> Result<()> {
    let mut all = vec![places::standard_output()];
    all.extend(places::inputs(&args.input));
    all.extend(places::lambda_file(&args.grid));
    all.extend(places::extra_file("--plot", &args.plot)?);
    same_file::check(&all)
}

/// The GPU, or those that share the work, or why there is none.
fn open(args: &BenchArgs) -> Result<std::result::Result<Gpu, String>> {
    if args.backend == BenchBackend::Cpu {
        return Ok(Err("not asked for".into()));
    }
    let opened = match &args.adapter[..] {
        several @ [_, _, ..] => shared_gpus::opened(several, args.allow_software_gpu, true)
            .map_err(|(_, error)| error)
            .and_then(|shared| Gpu::sharing(shared.devices)),
        one => {
            let options = GpuOptions { allow_software: args.allow_software_gpu, adapter: one.first().cloned() };
            pollster::block_on(Gpu::open_with(&options))
        }
    };
    match opened {
        Err(error) if args.backend == BenchBackend::Auto => Ok(Err(error.to_string())),
        opened => Ok(Ok(opened?)),
    }
}
