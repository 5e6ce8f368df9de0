//! The program `ridgepath`: from a table to the whole ridge path in one command.

mod args;
mod bench;
mod canvas;
mod cell;
mod columns;
mod convert;
mod csv_input;
mod curves;
mod cv;
mod data;
mod devices;
mod distinct;
mod figures;
mod grid;
mod json;
mod json_lines;
mod kind;
mod lines;
mod machine;
mod message;
mod model;
mod outcome;
mod output;
mod path;
mod path_table;
mod plan;
mod plot;
mod predict;
mod progress;
mod rates;
mod scale;
mod standard_errors;
mod stats;
mod table;
mod temporary;
mod text;
mod tidy;
mod units;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use message::Failure;

fn main() -> ExitCode {
    without_device_layer();
    let args = Args::parse();
    let done = threads(args.threads).and_then(|()| match args.command {
        Command::Path(args) => path::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Cv(args) => cv::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Bench(args) => bench::run(&args),
    });
    match done {
        Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(Failure::Input(text)) => {
            message::error(&text);
            ExitCode::from(2)
        }
        Err(Failure::NoAnswer) => {
            message::error("no λ has an answer");
            ExitCode::from(3)
        }
        Err(Failure::Other(text)) => {
            message::error(&text);
            ExitCode::FAILURE
        }
    }
}

/// Turns off Mesa's layer that sorts devices where there is no desktop to sort them for, which it would complain of on standard error:
/// devices are chosen here.
fn without_device_layer() {
    const LAYER: &str = "NODEVICE_SELECT";
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() && std::env::var_os(LAYER).is_none() {
        // SAFETY: no other thread has been started yet.
        #[expect(unsafe_code, reason = "the layer reads nothing else")]
        unsafe {
            std::env::set_var(LAYER, "1");
        }
    }
}

/// Sets how many threads the work on the CPU may take.
fn threads(count: Option<usize>) -> message::Result<()> {
    let Some(count) = count else { return Ok(()) };
    let built = rayon::ThreadPoolBuilder::new().num_threads(count).build_global();
    built.map_err(|error| Failure::Input(format!("--threads {count}: {error}")))
}
