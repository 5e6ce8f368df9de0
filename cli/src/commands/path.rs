//! `ridgepath path`.

use crate::args::names::PartingColumns;
use crate::args::path::PathArgs;
use crate::commands::places::Form;
use crate::commands::{ending, many_paths, places};
use crate::fit::figures::Figures;
use crate::fit::penalties::{self, Gridded};
use crate::fit::{rates, solver};
use crate::format::{json, path_notes, records, table};
use crate::input::data::Data;
use crate::machine::failure::{Failure, Result};
use crate::machine::progress::Progress;
use crate::machine::{output, same_file};
use crate::plot;

pub(crate) fn run(args: &PathArgs) -> Result<()> {
    check_places(args)?;
    let (sink, form) = places::answer(args.format, &args.output)?;
    if let Some(asked) = args.many.asked().map_err(Failure::Input)? {
        args.memory.check_alone("many paths of one file").map_err(Failure::Input)?;
        return many_paths::run(args, &asked, (sink, form));
    }
    let plot_sink = places::sink_of_extra(&args.plot)?;

    let data = match args.memory.memory {
        Some(bytes) => Data::streamed(&args.data, &PartingColumns::default(), None, bytes)?,
        None => Data::load(&args.data)?,
    };
    let progress = Progress::towards_end("λ");
    let ridge = solver::of(&data, &args.data, &args.solver, &progress);
    let Gridded { ridge, mut notes, system } = penalties::of_path(args, &data, ridge)?;
    let (ridge, _) = rates::rated(ridge, &data, &args.solver)?;
    let path = data.fit(&ridge);
    progress.finish();
    let path = path?;
    let figures = Figures::of(&path, &data, system)?.asked_for(args, &ridge, &path, &data)?;

    let answer = match form {
        Form::Table => table::path::written(&path, &data, &figures).into_bytes(),
        Form::Json => json::path::written(&path, &data, &figures)?,
        Form::Records(encoding) => records::path::written(encoding, &path, &data, &figures)?,
    };
    let mut staged = vec![sink.stage(answer)?];
    notes.extend(data.notes());
    notes.extend(figures.stats.iter().flat_map(|stats| stats.notes(&path)));
    notes.extend(path_notes::of_path(&path, &data, args.solver.minimum_norm));
    if let Some(sink) = plot_sink {
        let drawing = plot::path::draw(&path, &data)?;
        notes.extend(drawing.notes);
        staged.push(sink.stage(drawing.svg.into_bytes())?);
    }
    output::commit(staged)?;
    ending::told(&notes, &path)
}

fn check_places(args: &PathArgs) -> Result<()> {
    let mut all: Vec<places::Role<'_>> = places::inputs(&args.data.input).collect();
    all.extend(places::lambda_file(&args.grid));
    all.push(places::destination(&args.output));
    all.extend(places::extra_file("--plot", &args.plot)?);
    same_file::check(&all)
}
