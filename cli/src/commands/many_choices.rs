//! `ridgepath cv` of many groups, or of targets with gaps: a λ for each.

use ridgepath::choose::Scheme;
use ridgepath::{CrossValidation, Groups, TargetPatterns};

use crate::args::cv::CvArgs;
use crate::args::names::NameList;
use crate::commands::places::{self, Form};
use crate::fit::choices::Choices;
use crate::fit::problem_targets::ProblemTargets;
use crate::fit::{penalties, rates, solver};
use crate::format::{choices_notes, json, message, records, table};
use crate::input::data::Data;
use crate::input::labels::Labels;
use crate::machine::failure::{Failure, Result};
use crate::machine::output::{self, Sink};
use crate::machine::progress::Progress;
use crate::plot;

pub(crate) fn run(args: &CvArgs, (sink, form): (Sink, Form)) -> Result<()> {
    if args.save.is_some() {
        let (option, what) = if args.gaps() { ("--missing-targets skip", "target") } else { ("--by", "group") };
        return Err(Failure::Input(format!(
            "--save: with {option} there is a model for each {what}, and a file holds one; wanted a file with the rows of one {what}, or \
             --format json, which has the coefficients of all"
        )));
    }
    let plot_sink = places::sink_of_extra(&args.plot)?;
    let data = Data::parted(&args.data, &args.columns())?;
    let progress = Progress::towards_end("λ, of all problems");
    let ridge = solver::of(&data, &args.data, &args.solver, &progress).penalty(penalties::choose(&args.grid)?);
    let (ridge, _) = rates::rated(ridge, &data, &args.solver)?;
    let (of_groups, of_folds) = data.labels().split_at(usize::from(args.by.is_some()));
    let scheme = args.scheme.scheme(of_folds.first().map_or(&[], Labels::of_rows));
    let choice = CrossValidation::new(ridge)
        .scheme(scheme.clone())
        .score(args.score())
        .rule(args.rule())
        .per_target(args.per_target)
        .extend(args.extend);
    let (x, y) = (data.x()?, data.y()?);
    let mut joint = Vec::new();
    let (found, parted) = match (of_groups, &args.by) {
        ([labels], Some(by)) => {
            let groups = Groups::new(labels.of_rows());
            let rows = (0..groups.len()).map(|group| groups.rows(group).len()).collect();
            let names = (NameList::names(by).to_vec(), labels.cells().to_vec());
            let found = match args.one_lambda {
                true => choice.fit_groups_jointly(x, y, &groups).map(|found| {
                    joint = (0..data.targets().len()).map(|target| *found.choice(target)).collect();
                    found.selections().to_vec()
                }),
                false => choice.fit_groups(x, y, &groups),
            };
            (found, ("group", ProblemTargets::All, names, rows))
        }
        _ => {
            let patterns = TargetPatterns::of(y);
            let rows = (0..data.targets().len()).map(|own| patterns.rows(patterns.of_target(own)).len()).collect();
            let names = (vec!["target".into()], data.targets().iter().map(|name| vec![name.clone()]).collect());
            (choice.fit_targets(x, y), ("target", ProblemTargets::Own, names, rows))
        }
    };
    progress.finish();
    let reason = |error| data.failure(error).text().unwrap_or_default().to_owned();
    let found = found.map_err(|error| data.failure(error))?.into_iter().map(|own| own.map_err(reason)).collect();
    let score = match &scheme {
        Scheme::Criterion(criterion) => criterion.name().to_owned(),
        _ => args.score().name().to_owned(),
    };
    let (what, targets, (columns, names), rows) = parted;
    let choices = Choices { what, targets, columns, names, rows, found, joint, scheme, score, rule: args.rule() };

    let answer = match form {
        Form::Table => table::choices::written(&choices, &data).into_bytes(),
        Form::Json => json::choices::written(&choices, &data, args.scheme.column())?,
        Form::Records(encoding) => records::choices::written(encoding, &choices, &data)?,
    };
    let mut staged = vec![sink.stage(answer)?];
    let mut notes = data.notes();
    // A table tells itself which have none.
    if form != Form::Table {
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
