//! Where commands read and write.

use std::path::PathBuf;

use crate::args::answer::Destination;
use crate::args::grid::GridArgs;
use crate::args::input_files::{self, InputFiles};
use crate::machine::failure::{Failure, Result};
use crate::machine::output::Sink;
use crate::machine::same_file::Place;

/// A place with its role in a command.
pub(crate) type Role<'a> = (&'static str, Place<'a>);

pub(crate) fn inputs(files: &[InputFiles]) -> impl Iterator<Item = Role<'_>> {
    input_files::paths(files).map(|path| ("the input", Place::input(path)))
}

pub(crate) fn lambda_file(args: &GridArgs) -> Option<Role<'_>> {
    args.lambda_file.as_deref().map(|file| ("--lambda-file", Place::File(file)))
}

pub(crate) fn standard_output() -> Role<'static> {
    ("standard output", Place::Stdout)
}

pub(crate) fn destination(destination: &Destination) -> Role<'_> {
    match destination {
        Destination::Stdout => standard_output(),
        Destination::File(file) => ("--output", Place::File(file)),
    }
}

/// The file that an option asks for beside the answer, such as a picture: standard output will not do for it.
pub(crate) fn extra_file<'a>(option: &'static str, file: &'a Option<PathBuf>) -> Result<Option<Role<'a>>> {
    match file.as_deref() {
        Some(file) if file.as_os_str() == "-" => {
            Err(Failure::Input(format!("{option}: found -, wanted the name of a file")))
        }
        file => Ok(file.map(|file| (option, Place::File(file)))),
    }
}

pub(crate) fn sink_of(destination: &Destination) -> Result<Sink> {
    match destination {
        Destination::Stdout => Ok(Sink::stdout()),
        Destination::File(file) => Sink::file(file),
    }
}

/// The sink of a file beside the answer, if there is one.
pub(crate) fn sink_of_extra(file: &Option<PathBuf>) -> Result<Option<Sink>> {
    file.as_deref().map(Sink::file).transpose()
}
