//! `ridgepath merge`: the moments of several machines as those of all their rows.

use crate::args::moments::MergeArgs;
use crate::commands::places;
use crate::input::moments_file::MomentsFile;
use crate::machine::failure::Result;
use crate::machine::output::{self, Sink};
use crate::machine::same_file::{self, Place};

pub(crate) fn run(args: &MergeArgs) -> Result<()> {
    let mut all: Vec<places::Role<'_>> = args.input.iter().map(|path| ("the input", Place::input(path))).collect();
    all.push(("--output", Place::File(&args.output)));
    same_file::check(&all)?;
    let sink = Sink::file(&args.output)?;
    let mut merged = MomentsFile::of_files(args.input.iter().map(AsRef::as_ref))?;
    if merged.names.folds.is_none() {
        merged.folds = vec![merged.whole()?];
    }
    output::commit(vec![sink.stage(merged.to_bytes()?)?])
}
