//! `ridgepath cv`.

use ridgepath::{CrossValidation, Penalty};

use crate::args::cv::CvArgs;
use crate::commands::places::Form;
use crate::commands::{ending, many_choices, places};
use crate::fit::choice_tests::ChoiceTests;
use crate::fit::figures::Figures;
use crate::fit::penalties::{self, Gridded};
use crate::fit::{rates, solver};
use crate::format::{choice_notes, choice_tests, json, path_notes, records, table};
use crate::input::data::Data;
use crate::input::labels::Labels;
use crate::machine::failure::{Failure, Result};
use crate::machine::progress::Progress;
use crate::machine::{output, same_file};
use crate::plot;

pub(crate) fn run(args: &CvArgs) -> Result<()> {
    ChoiceTests::check_seed(args)?;
    check_places(args)?;
    let (sink, form) = places::answer(args.format, &args.output)?;
    if args.by.is_some() || args.gaps() {
        args.memory.check_alone("many choices from one file").map_err(Failure::Input)?;
        return many_choices::run(args, (sink, form));
    }
    let (plot_sink, model_sink) = (places::sink_of_extra(&args.plot)?, places::sink_of_extra(&args.save)?);

    let data = match args.memory.memory {
        Some(bytes) => {
            let folds = args.scheme.of_stream().map_err(Failure::Input)?;
            Data::streamed(&args.data, &args.columns(), folds, bytes)?
        }
        None => Data::parted(&args.data, &args.columns())?,
    };
    if args.save.is_some() {
        data.check_savable()?;
    }
    ChoiceTests::check(args, &data)?;
    let progress = Progress::towards_end("λ, of all folds");
    let ridge = solver::of(&data, &args.data, &args.solver, &progress);
    let Gridded { ridge, mut notes, system } =
        penalties::of_grid(args.convention, &args.grid, &args.data, &data, ridge)?;
    let (ridge, _) = rates::rated(ridge, &data, &args.solver)?;
    let choice = CrossValidation::new(ridge.clone())
        .scheme(args.scheme.scheme(data.labels().first().map_or(&[], Labels::of_rows)))
        .score(args.score())
        .rule(args.rule())
        .per_target(args.per_target)
        .extend(args.extend);
    let chosen = data.choose(&choice).and_then(|own| Ok((own, ChoiceTests::of(args, &data, &choice)?)));
    progress.finish();
    let (selection, tests) = chosen?;
    if model_sink.is_some() {
        json::model::check_readable(&selection, &data)?;
    }

    let figures = Figures::of(selection.path(), &data, system)?;
    let answer = match form {
        Form::Table => table::cv::written(&selection, &data, &figures, &tests).into_bytes(),
        Form::Json => json::cv::written(&selection, &data, &figures, &tests, args.scheme.column())?,
        Form::Records(encoding) => records::cv::written(encoding, &selection, &data, &figures)?,
    };
    let mut staged = vec![sink.stage(answer)?];
    notes.extend(data.notes());
    notes.extend(path_notes::of_path(selection.path(), &data, args.solver.minimum_norm));
    notes.extend(choice_notes::of_choice(&selection, &data, args));
    notes.extend(choice_tests::notes(&tests, &data));
    if matches!(form, Form::Records(_)) {
        notes.extend(choice_tests::of_targets(&tests, &data));
    }
    if let Some(sink) = plot_sink {
        let ridge = ridge.penalty(Penalty::Alphas(selection.path().shifts().to_vec()));
        let spectrum = data.spectrum(&ridge)?;
        let drawing = plot::cv::draw(&selection, &spectrum, &data)?;
        notes.extend(drawing.notes);
        staged.push(sink.stage(drawing.svg.into_bytes())?);
    }
    if let Some(sink) = model_sink {
        staged.push(sink.stage(json::model::written(&selection, &data, &figures)?)?);
    }
    output::commit(staged)?;
    ending::told(&notes, selection.path())
}

fn check_places(args: &CvArgs) -> Result<()> {
    let mut all: Vec<places::Role<'_>> = places::inputs(&args.data.input).collect();
    all.extend(places::lambda_file(&args.grid));
    all.push(places::destination(&args.output));
    all.extend(places::extra_file("--plot", &args.plot)?);
    all.extend(places::extra_file("--save", &args.save)?);
    same_file::check(&all)
}
