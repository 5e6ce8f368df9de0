//! `ridgepath path` of many problems: groups, windows or replicates of the rows.

use ridgepath::{Groups, Windows};

use crate::args::answer::PathFormat;
use crate::args::path::PathArgs;
use crate::fit::many::Many;
use crate::fit::{penalties, rates, solver};
use crate::format::{csv, json, many_notes, message, table};
use crate::input::data::Data;
use crate::machine::failure::{Failure, Result};
use crate::machine::output::{self, Sink};
use crate::machine::progress::Progress;

pub(crate) fn run(args: &PathArgs, sink: Sink) -> Result<()> {
    let data = Data::labelled(&args.data, args.many.labels())?;
    let progress = Progress::towards_end("λ, of all problems");
    let ridge = solver::of(&data, &args.data, &args.solver, &progress).penalty(penalties::choose(&args.grid)?);
    let (ridge, _) = rates::rated(ridge, &data, &args.solver)?;
    let (x, y) = (data.x()?, data.y()?);
    let many = match (args.many.window, args.many.step, args.many.bootstrap) {
        (Some(window), Some(step), _) => {
            let windows = Windows::rolling(window, step);
            let ranges = windows.ranges(x.rows())?;
            ridge.fit_windows(x, y, &windows).map(|paths| Many::of_windows(&ranges, paths))
        }
        (_, _, Some(replicates)) => {
            ridge.bootstrap(x, y, replicates, args.many.seed.unwrap_or(0)).map(Many::of_replicates)
        }
        _ => {
            let names = args.many.labels().map_or(&[][..], |labels| labels.names);
            let labels = data.labels();
            ridge
                .fit_groups(x, y, &Groups::new(labels.of_rows()))
                .map(|paths| Many::of_groups(names, labels.cells(), paths))
        }
    };
    progress.finish();
    let many = many.map_err(|error| data.failure(error))?;
    let answer = match args.format {
        PathFormat::Table => table::many::written(&many, &data).into_bytes(),
        PathFormat::Json => json::many::written(&many, &data)?,
        PathFormat::Csv => csv::many::written(&many, &data)?,
    };
    output::commit(vec![sink.stage(answer)?])?;
    data.notes().iter().chain(&many_notes::of(&many)).for_each(|note| message::note(note));
    if many.answered() { Ok(()) } else { Err(Failure::NoAnswer) }
}
