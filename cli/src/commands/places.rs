//! Where commands read and write.

use std::path::PathBuf;

use crate::args::answer::{Destination, PathFormat, RecordFormat};
use crate::args::grid::GridArgs;
use crate::args::input_files::{self, InputFiles};
use crate::format::records::batches::Container;
use crate::format::records::encoder::Encoding;
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

/// How an answer is written, once it is known where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Table,
    Json,
    Records(Encoding),
}

/// The sink of an answer, and how it is written into that.
pub(crate) fn answer(asked: Option<PathFormat>, destination: &Destination) -> Result<(Sink, Form)> {
    let sink = sink_of(destination)?;
    let records = |format| encoding(format, &sink).map(Form::Records);
    let form = match PathFormat::of(asked, destination) {
        PathFormat::Table => Form::Table,
        PathFormat::Json => Form::Json,
        PathFormat::Csv => records(RecordFormat::Csv)?,
        PathFormat::Parquet => records(RecordFormat::Parquet)?,
        PathFormat::Arrow => records(RecordFormat::Arrow)?,
    };
    Ok((sink, form))
}

/// The sink of records alone, and how they are written into it.
pub(crate) fn records(asked: Option<RecordFormat>, destination: &Destination) -> Result<(Sink, Encoding)> {
    let sink = sink_of(destination)?;
    let encoding = encoding(RecordFormat::of(asked, destination), &sink)?;
    Ok((sink, encoding))
}

/// Who reads a stream does not wait for its end, where Arrow files have what is in them. No terminal shows other than text.
fn encoding(format: RecordFormat, sink: &Sink) -> Result<Encoding> {
    let (container, name) = match format {
        RecordFormat::Csv => return Ok(Encoding::Csv),
        RecordFormat::Parquet => (Container::Parquet, "parquet"),
        RecordFormat::Arrow if sink.is_file() => (Container::ArrowFile, "arrow"),
        RecordFormat::Arrow => (Container::ArrowStream, "arrow"),
    };
    match sink.is_terminal() {
        true => Err(Failure::Input(format!(
            "--format {name}: {} is a terminal, which cannot show it; wanted --output with the name of a file, or a pipe",
            sink.name()
        ))),
        false => Ok(Encoding::Batches(container)),
    }
}

fn sink_of(destination: &Destination) -> Result<Sink> {
    match destination {
        Destination::Stdout => Ok(Sink::stdout()),
        Destination::File(file) => Sink::file(file),
    }
}

/// The sink of a file beside the answer, if there is one.
pub(crate) fn sink_of_extra(file: &Option<PathBuf>) -> Result<Option<Sink>> {
    file.as_deref().map(Sink::file).transpose()
}
