//! `ridgepath path`.

use ridgepath::RidgePath;

use crate::args::{PathArgs, PathFormat};
use crate::data::Data;
use crate::distinct;
use crate::figures::Figures;
use crate::message::{Failure, Result};
use crate::output::{self, Place, Sink};
use crate::progress::Progress;
use crate::units::{self, Gridded};
use crate::{json, outcome, path_table, plot, rates, tidy};

pub(crate) fn run(args: &PathArgs) -> Result<()> {
    check_places(args)?;
    let sink = Sink::new(&args.output)?;
    let plot_sink = args.plot.clone().map(|file| Sink::new(&Place::File(file))).transpose()?;

    let data = Data::load(&args.data)?;
    let progress = Progress::towards_end("λ");
    let Gridded { ridge, mut notes, system } =
        units::solver(args, &data, data.ridge(&args.data, &args.solver, &progress))?;
    let (ridge, _) = rates::rated(ridge, &data, args.solver.rates)?;
    let path = ridge.fit(data.x()?, data.y()?);
    progress.finish();
    let path = path.map_err(|error| data.failure(error))?;
    let figures = Figures::of(&path, &data, system)?.asked_for(args, &ridge, &path, &data)?;
    let answer = written(args.format, &path, &data, &figures)?;
    let mut staged = vec![sink.stage(answer)?];
    notes.extend(data.notes());
    notes.extend(outcome::notes(&path, &data, args.solver.minimum_norm));
    if let Some(sink) = plot_sink {
        let drawing = plot::draw(&path, &data)?;
        notes.extend(drawing.notes);
        staged.push(sink.stage(drawing.svg.into_bytes())?);
    }
    output::commit(staged)?;
    notes.iter().for_each(|note| crate::message::note(note));
    outcome::check_answered(&path)
}

fn written(format: PathFormat, path: &RidgePath, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    match format {
        PathFormat::Table => Ok(path_table::written(path, data, figures).into_bytes()),
        PathFormat::Json => json::path(path, data, figures),
        PathFormat::Csv => tidy::path(path, data, figures),
    }
}

fn check_places(args: &PathArgs) -> Result<()> {
    let mut places = vec![("the input", distinct::Place::input(&args.data.input))];
    places.extend(args.grid.lambda_file.as_deref().map(|file| ("--lambda-file", distinct::Place::File(file))));
    places.push(match &args.output {
        Place::Stdout => ("standard output", distinct::Place::Stdout),
        Place::File(file) => ("--output", distinct::Place::File(file)),
    });
    if let Some(file) = args.plot.as_deref() {
        if file.as_os_str() == "-" {
            return Err(Failure::Input("--plot: found -, wanted the name of a file".into()));
        }
        places.push(("--plot", distinct::Place::File(file)));
    }
    distinct::check(&places)
}
