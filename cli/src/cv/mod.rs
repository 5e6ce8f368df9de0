//! `ridgepath cv`.

mod args;
mod document;
mod plot;
mod scores;
mod table;

use ridgepath::{CrossValidation, Penalty};

pub(crate) use args::CvArgs;

use crate::args::PathFormat;
use crate::data::Data;
use crate::distinct;
use crate::figures::Figures;
use crate::message::{self, Failure, Result};
use crate::output::{self, Place, Sink};
use crate::progress::Progress;
use crate::units::{self, Gridded};
use crate::{json, model, outcome, rates};

pub(crate) fn run(args: &CvArgs) -> Result<()> {
    check_places(args)?;
    let sink = Sink::new(&args.output)?;
    let file = |path: &Option<std::path::PathBuf>| path.clone().map(|path| Sink::new(&Place::File(path))).transpose();
    let (plot_sink, model_sink) = (file(&args.plot)?, file(&args.save)?);

    let labels = args.scheme.labels();
    let data = Data::labelled(&args.data, labels)?;
    if args.save.is_some() {
        data.check_savable()?;
    }
    let progress = Progress::towards_end("λ, of all folds");
    let ridge = data.ridge(&args.data, &args.solver, &progress);
    let Gridded { ridge, mut notes, system } = units::gridded(args.convention, &args.grid, &args.data, &data, ridge)?;
    let (ridge, _) = rates::rated(ridge, &data, args.solver.rates)?;
    let selection = CrossValidation::new(ridge.clone())
        .scheme(args.scheme.scheme(data.labels()))
        .score(args.score())
        .rule(args.rule())
        .per_target(args.per_target)
        .extend(args.extend)
        .fit(data.x()?, data.y()?);
    progress.finish();
    let selection = selection.map_err(|error| data.failure(error))?;
    if model_sink.is_some() {
        model::check(&selection, &data)?;
    }

    let figures = Figures::of(selection.path(), &data, system)?;
    let written = match args.format {
        PathFormat::Table => table::written(&selection, &data, &figures).into_bytes(),
        PathFormat::Json => {
            let column = labels.map(|own| own.column);
            json::document(&document::document(&selection, &data, &figures, column))?
        }
        PathFormat::Csv => scores::written(&selection, &data, &figures)?,
    };
    let mut staged = vec![sink.stage(written)?];
    notes.extend(data.notes());
    notes.extend(outcome::notes(selection.path(), &data, args.solver.minimum_norm));
    notes.extend(table::notes(&selection, &data, args));
    if let Some(sink) = plot_sink {
        let ridge = ridge.penalty(Penalty::Alphas(selection.path().shifts().to_vec()));
        let spectrum = ridge.spectrum(data.x()?, data.y()?).map_err(|error| data.failure(error))?;
        let drawing = plot::draw(&selection, &spectrum, &data)?;
        notes.extend(drawing.notes);
        staged.push(sink.stage(drawing.svg.into_bytes())?);
    }
    if let Some(sink) = model_sink {
        staged.push(sink.stage(json::document(&model::saved(&selection, &data, &figures))?)?);
    }
    output::commit(staged)?;
    notes.iter().for_each(|note| message::note(note));
    outcome::check_answered(selection.path())
}

fn check_places(args: &CvArgs) -> Result<()> {
    let mut places = vec![("the input", distinct::Place::input(&args.data.input))];
    places.extend(args.grid.lambda_file.as_deref().map(|file| ("--lambda-file", distinct::Place::File(file))));
    places.push(match &args.output {
        Place::Stdout => ("standard output", distinct::Place::Stdout),
        Place::File(file) => ("--output", distinct::Place::File(file)),
    });
    for (option, file) in [("--plot", &args.plot), ("--save", &args.save)] {
        let Some(file) = file.as_deref() else { continue };
        if file.as_os_str() == "-" {
            return Err(Failure::Input(format!("{option}: found -, wanted the name of a file")));
        }
        places.push((option, distinct::Place::File(file)));
    }
    distinct::check(&places)
}
