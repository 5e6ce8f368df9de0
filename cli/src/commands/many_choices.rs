//! `ridgepath cv` of many groups: a λ for each.

use ridgepath::choose::Scheme;
use ridgepath::{CrossValidation, Groups};

use crate::args::answer::PathFormat;
use crate::args::cv::CvArgs;
use crate::args::names::NameList;
use crate::commands::places;
use crate::fit::choices::Choices;
use crate::fit::{penalties, rates, solver};
use crate::format::{choices_notes, csv, json, message, table};
use crate::input::data::Data;
use crate::input::labels::Labels;
use crate::machine::failure::{Failure, Result};
use crate::machine::output::{self, Sink};
use crate::machine::progress::Progress;
use crate::plot;

pub(crate) fn run(args: &CvArgs, sink: Sink) -> Result<()> {
    if args.save.is_some() {
        return Err(Failure::Input(
            "--save: with --by there is a model for each group, and a file holds one; wanted a file with the rows of one group, or \
             --format json, which has the coefficients of all"
                .into(),
        ));
    }
    let plot_sink = places::sink_of_extra(&args.plot)?;
    let data = Data::parted(&args.data, &args.columns())?;
    let progress = Progress::towards_end("λ, of all groups");
    let ridge = solver::of(&data, &args.data, &args.solver, &progress).penalty(penalties::choose(&args.grid)?);
    let (ridge, _) = rates::rated(ridge, &data, &args.solver)?;
    let ([labels, of_folds @ ..], Some(by)) = (data.labels(), &args.by) else {
        return Err(Failure::Other("no column was read that parts the rows into groups".into()));
    };
    let scheme = args.scheme.scheme(of_folds.first().map_or(&[], Labels::of_rows));
    let groups = Groups::new(labels.of_rows());
    let found = CrossValidation::new(ridge)
        .scheme(scheme.clone())
        .score(args.score())
        .rule(args.rule())
        .per_target(args.per_target)
        .extend(args.extend)
        .fit_groups(data.x()?, data.y()?, &groups);
    progress.finish();
    let reason = |error| data.failure(error).text().unwrap_or_default().to_owned();
    let found = found.map_err(|error| data.failure(error))?.into_iter().map(|own| own.map_err(reason)).collect();
    let score = match &scheme {
        Scheme::Criterion(criterion) => criterion.name().to_owned(),
        _ => args.score().name().to_owned(),
    };
    let choices = Choices {
        columns: NameList::names(by).to_vec(),
        names: labels.cells().to_vec(),
        rows: (0..groups.len()).map(|group| groups.rows(group).len()).collect(),
        found,
        scheme,
        score,
        rule: args.rule(),
    };

    let answer = match args.format {
        PathFormat::Table => table::choices::written(&choices, &data).into_bytes(),
        PathFormat::Json => json::choices::written(&choices, &data, args.scheme.column())?,
        PathFormat::Csv => csv::choices::written(&choices, &data)?,
    };
    let mut staged = vec![sink.stage(answer)?];
    let mut notes = data.notes();
    // A table tells itself which groups have none.
    if args.format != PathFormat::Table {
        notes.extend(choices_notes::refused(&choices));
    }
    notes.extend(choices_notes::of(&choices, args.extend));
    if let Some(sink) = plot_sink {
        let drawing = plot::choices::draw(&choices, &data)?;
        notes.extend(drawing.notes);
        staged.push(sink.stage(drawing.svg.into_bytes())?);
    }
    output::commit(staged)?;
    notes.iter().for_each(|note| message::note(note));
    if choices.answered().next().is_some() { Ok(()) } else { Err(Failure::NoAnswer) }
}
