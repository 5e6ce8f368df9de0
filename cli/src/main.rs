//! The program `ridgepath`: from a table to the whole ridge path in one command.
//!
//! The command line is read in `args`, and run in `commands`: a table is read in `input`, solved in `fit`, and written in
//! `format` and `plot`; `measure` is what `bench` measures. `machine` has to do with files, streams and signals. A room
//! imports only from rooms before it in this order: `args` and `machine`, `input`, `fit`, `measure`, `format`, `plot`,
//! `commands`.

mod args;
mod commands;
mod fit;
mod format;
mod input;
mod machine;
mod measure;
mod plot;

use std::process::ExitCode;

use clap::Parser;

use crate::args::command_line::{Command, CommandLine};
use crate::format::message;
use crate::machine::failure::{Failure, Result};
use crate::machine::signals;

fn main() -> ExitCode {
    without_device_layer();
    let line = CommandLine::parse();
    signals::watch(message::error);
    let done = threads(line.threads).and_then(|()| match line.command {
        Command::Path(args) => commands::path::run(&args),
        Command::Plan(args) => commands::plan::run(&args),
        Command::Cv(args) => commands::cv::run(&args),
        Command::Moments(args) => commands::moments::run(&args),
        Command::Merge(args) => commands::merge::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Convert(args) => commands::convert::run(&args),
        Command::Devices(args) => commands::devices::run(&args),
        Command::Validate(args) => commands::validate::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.text() {
                message::error(text);
            }
            failure.exit_code()
        }
    }
}

/// Turns off Mesa's layer that sorts devices where there is no desktop to sort them for, which it would complain of on
/// standard error: devices are chosen here.
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
fn threads(count: Option<usize>) -> Result<()> {
    let Some(count) = count else { return Ok(()) };
    let built = rayon::ThreadPoolBuilder::new().num_threads(count).build_global();
    built.map_err(|error| Failure::Input(format!("--threads {count}: {error}")))
}
