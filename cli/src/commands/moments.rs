//! `ridgepath moments`: rows to sums, which other commands take in the place of rows.

use std::fs;
use std::path::Path;

use ridgepath::Moments;

use crate::args::input_files::{self, InputFiles};
use crate::args::moments::MomentsArgs;
use crate::commands::places;
use crate::format::message;
use crate::format::words::plural;
use crate::input::moments_file::{MomentsFile, Names, SummedFile};
use crate::input::row_batches::{self, Summed};
use crate::machine::failure::{Failure, Result};
use crate::machine::output::{self, Sink};
use crate::machine::same_file::{self, Place};

pub(crate) fn run(args: &MomentsArgs) -> Result<()> {
    let mut all: Vec<places::Role<'_>> = places::inputs(&args.data.input).collect();
    all.push(("--output", Place::File(&args.output)));
    same_file::check(&all)?;
    if args.resume {
        return one_by_one(args);
    }
    let sink = Sink::file(&args.output)?;
    let (file, notes) = summed(args, &args.data.input, 0)?;
    output::commit(vec![sink.stage(file.to_bytes()?)?])?;
    notes.iter().for_each(|note| message::note(note));
    message::note(&told(&file));
    Ok(())
}

/// Sums each file that the output has not got already, and keeps the output after each.
fn one_by_one(args: &MomentsArgs) -> Result<()> {
    let to = args.output.display();
    let mut kept = if args.output.exists() { Some(MomentsFile::read(&args.output)?) } else { None };
    if kept.as_ref().is_some_and(|kept| kept.names.files.is_empty()) {
        return Err(Failure::Input(format!(
            "{to} does not say which files it has the sums of; wanted one that --resume has written, or none yet"
        )));
    }
    let mut left = Vec::new();
    let mut before = 0;
    for path in input_files::paths(&args.data.input) {
        let file = summed_file(path)?;
        let known = kept.iter().flat_map(|kept| &kept.names.files).find(|known| known.name == file.name);
        match known {
            None => left.push((path, file)),
            Some(known) if *known == file => before += 1,
            Some(known) => {
                let (name, found, wanted) = (&file.name, file.bytes, known.bytes);
                return Err(Failure::Input(format!(
                    "{name} has {found} bytes, and had {wanted} when it was summed into {to}; wanted the same, or another --output"
                )));
            }
        }
    }
    let count = before + left.len();
    for (path, file) in left {
        let sink = Sink::file(&args.output)?;
        let so_far = kept.as_ref().map_or(0, |kept| kept.names.files.len());
        let (mut own, notes) = summed(args, &[InputFiles::one(path)], so_far)?;
        notes.iter().for_each(|note| message::note(&format!("{}: {note}", file.name)));
        own.names.files.push(file);
        let all = match kept.take() {
            None => own,
            Some(mut all) => {
                all.check(&own, &path.display().to_string(), &to.to_string())?;
                all.merge(&own)?;
                all
            }
        };
        output::commit(vec![sink.stage(all.to_bytes()?)?])?;
        output::keep(format!("{} files are in {to}, and the same command goes on", all.names.files.len()));
        kept = Some(all);
    }
    if before > 0 {
        message::note(&format!("{before} of {count} files were in {to} already"));
    }
    kept.iter().for_each(|kept| message::note(&told(kept)));
    Ok(())
}

/// A file by its name and size, which must be one that has these for good.
fn summed_file(path: &Path) -> Result<SummedFile> {
    let name = path.display().to_string();
    if name == "-" {
        return Err(Failure::Input("--resume and standard input do not go together; wanted files".into()));
    }
    let metadata = fs::metadata(path).map_err(|error| Failure::reading(&name, &error))?;
    match metadata.is_file() {
        true => Ok(SummedFile { name, bytes: metadata.len() }),
        false => Err(Failure::Input(format!("{name} is no regular file; wanted one with --resume"))),
    }
}

/// The sums of the rows of files, before which there were so many others, and what the user should know.
fn summed(args: &MomentsArgs, input: &[InputFiles], before: usize) -> Result<(MomentsFile, Option<String>)> {
    let Summed { features, targets, folds, labels, dropped } =
        row_batches::summed(&args.data, input, &args.columns(), args.folds(before), None)?;
    let names = Names { features, targets, folds: args.in_words(&labels), files: Vec::new() };
    Ok((MomentsFile { names, folds }, dropped.note("dropped")))
}

/// How much a file holds, in words.
fn told(file: &MomentsFile) -> String {
    let rows: usize = file.folds.iter().map(Moments::rows).sum();
    let parts = match file.folds.len() {
        1 => String::new(),
        count => format!(" in {count} folds"),
    };
    let (features, targets) = (file.names.features.len(), file.names.targets.len());
    format!("{}{parts}, {}, {}", plural(rows, "row"), plural(features, "feature"), plural(targets, "target"))
}
