//! `ridgepath validate`.

use crate::args::answer::Format;
use crate::args::validate::ValidateArgs;
use crate::commands::places;
use crate::fit::{penalties, rates, solver};
use crate::format::{json, message, path_notes, table};
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::machine::progress::Progress;
use crate::machine::{output, same_file};

pub(crate) fn run(args: &ValidateArgs) -> Result<()> {
    let mut all: Vec<places::Role<'_>> = places::inputs(&args.data.input).collect();
    all.push(places::standard_output());
    all.extend(places::lambda_file(&args.grid));
    same_file::check(&all)?;
    let penalty = penalties::choose(&args.grid)?;
    let data = Data::load(&args.data)?;
    let progress = Progress::towards_end("λ");
    let ridge = solver::of(&data, &args.data, &args.solver, &progress).penalty(penalty);
    let (ridge, _) = rates::rated(ridge, &data, &args.solver)?;
    let validation = ridge.validate(data.x()?, data.y()?);
    progress.finish();
    let validation = validation.map_err(|error| data.failure(error))?;
    output::print(match args.format {
        Format::Table => table::validate::written(&validation).into_bytes(),
        Format::Json => json::validate::written(&validation, &data)?,
    })?;
    let mut notes = data.notes();
    notes.extend(path_notes::of_path(&validation.path, &data, args.solver.minimum_norm));
    notes.iter().for_each(|note| message::note(note));
    Ok(())
}
