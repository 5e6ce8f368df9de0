//! `ridgepath moments`: rows to sums, which other commands take in the place of rows.

use crate::args::moments::MomentsArgs;
use crate::commands::places;
use crate::format::message;
use crate::input::moments_file::{MomentsFile, Names};
use crate::input::row_batches::{self, Summed};
use crate::machine::failure::Result;
use crate::machine::output::{self, Sink};
use crate::machine::same_file::{self, Place};

pub(crate) fn run(args: &MomentsArgs) -> Result<()> {
    let mut all: Vec<places::Role<'_>> = places::inputs(&args.data.input).collect();
    all.push(("--output", Place::File(&args.output)));
    same_file::check(&all)?;
    let sink = Sink::file(&args.output)?;
    let Summed { features, targets, folds, labels, notes } =
        row_batches::summed(&args.data, &args.columns(), args.folds())?;
    let rows: usize = folds.iter().map(ridgepath::Moments::rows).sum();
    let parts = match folds.len() {
        1 => String::new(),
        count => format!(" in {count} folds"),
    };
    let told = format!("{rows} rows{parts}, {} features, {} targets", features.len(), targets.len());
    let file = MomentsFile { names: Names { features, targets, folds: args.in_words(&labels) }, folds };
    output::commit(vec![sink.stage(file.to_bytes()?)?])?;
    notes.iter().chain([&told]).for_each(|note| message::note(note));
    Ok(())
}
