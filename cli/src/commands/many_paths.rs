//! `ridgepath path` of many problems: groups, windows or replicates of the rows, or targets with gaps.

use ridgepath::Groups;

use crate::args::many::Asked;
use crate::args::path::PathArgs;
use crate::commands::places::{self, Form};
use crate::fit::many::Many;
use crate::fit::{penalties, rates, solver, windows};
use crate::format::{json, many_notes, message, records, table};
use crate::input::data::Data;
use crate::machine::failure::{Failure, Result};
use crate::machine::output::{self, Sink};
use crate::machine::progress::Progress;
use crate::plot;
use crate::plot::drawing::Drawing;

pub(crate) fn run(args: &PathArgs, asked: &Asked<'_>, (sink, form): (Sink, Form)) -> Result<()> {
    let plot_sink = places::sink_of_extra(&args.plot)?;
    let data = Data::parted(&args.data, &args.many.columns())?;
    let progress = Progress::towards_end("λ, of all problems");
    let ridge = solver::of(&data, &args.data, &args.solver, &progress).penalty(penalties::choose(&args.grid)?);
    let (ridge, _) = rates::rated(ridge, &data, &args.solver)?;
    let (x, y) = (data.x()?, data.y()?);
    let failed = |error| data.failure(error);
    let drawn = plot_sink.is_some();
    let fitted = match asked {
        Asked::Windows(asked) => {
            let named = windows::named(asked, &data)?;
            ridge.fit_windows(x, y, &named.windows).map(|paths| {
                let many = Many::of_windows(&named, paths);
                let drawing = drawn.then(|| plot::windows::draw(&many, &named.ends, &data));
                (many, drawing)
            })
        }
        Asked::Replicates { count, seed } => ridge.bootstrap(x, y, *count, *seed).and_then(|paths| {
            let many = Many::of_replicates(paths);
            // The replicates have the grid of all rows.
            let whole = drawn.then(|| ridge.fit(x, y)).transpose()?;
            let drawing = whole.map(|whole| plot::bootstrap::draw(&many, &whole, &data));
            Ok((many, drawing))
        }),
        Asked::Targets if drawn => {
            return Err(Failure::Input(
                "--plot: there is no picture of targets with gaps; wanted one --target in a file of the rows in which it has values".into(),
            ));
        }
        Asked::Targets => ridge.fit_targets(x, y).map(|paths| (Many::of_targets(&data, paths), None)),
        Asked::Groups(columns) => {
            let [labels] = data.labels() else {
                return Err(Failure::Other(format!("{}: no labels were read", columns.option)));
            };
            ridge.fit_groups(x, y, &Groups::new(labels.of_rows())).map(|paths| {
                let many = Many::of_groups(columns.names, labels, paths);
                let drawing = drawn.then(|| plot::groups::draw(&many, &data));
                (many, drawing)
            })
        }
    };
    progress.finish();
    let (many, drawing) = fitted.map_err(failed)?;
    let answer = match form {
        Form::Table => table::many::written(&many, &data).into_bytes(),
        Form::Json => json::many::written(&many, &data)?,
        Form::Records(encoding) => records::many::written(encoding, &many, &data)?,
    };
    let mut staged = vec![sink.stage(answer)?];
    let mut notes = data.notes();
    notes.extend(many_notes::of(&many));
    if let (Some(sink), Some(drawing)) = (plot_sink, drawing) {
        let Drawing { svg, notes: of_drawing } = drawing?;
        notes.extend(of_drawing);
        staged.push(sink.stage(svg.into_bytes())?);
    }
    output::commit(staged)?;
    notes.iter().for_each(|note| message::note(note));
    if many.answered() { Ok(()) } else { Err(Failure::NoAnswer) }
}
