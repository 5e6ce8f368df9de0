//! The λs chosen for many groups as records: one for each group, target and feature.

use std::io;

use ridgepath::Selection;

use crate::fit::choices::Choices;
use crate::fit::intercept;
use crate::fit::problem_targets::ProblemTargets;
use crate::format::outcome;
use crate::format::records::encoder::{self, Encoder, Encoding};
use crate::format::records::many::INTERCEPT;
use crate::format::records::record::{Cell, Column};
use crate::input::data::Data;
use crate::machine::failure::Result;

/// Columns after those that name a group.
type Cells<'a> = [Cell<'a>; 11];

pub(crate) fn written(encoding: Encoding, choices: &Choices, data: &Data) -> Result<Vec<u8>> {
    encoder::written(encoding, &columns(choices), |to| write(to, choices, data))
}

/// Where each target has rows of its own, its name has a column already.
fn has_names(choices: &Choices) -> bool {
    choices.targets == ProblemTargets::All
}

fn columns(choices: &Choices) -> Vec<Column> {
    let names = choices.columns.iter().filter(|_| has_names(choices));
    let mut columns: Vec<Column> = names.map(Column::text).collect();
    columns.extend([Column::whole("rows"), Column::text("target"), Column::text("outcome")]);
    columns.extend(["lambda", "alpha", "score", "se"].map(Column::number));
    columns.extend([Column::flag("at_edge"), Column::text("feature"), Column::number("coefficient")]);
    columns.push(Column::text("refused"));
    columns
}

fn write(to: &mut Encoder<Vec<u8>>, choices: &Choices, data: &Data) -> io::Result<()> {
    let named = has_names(choices);
    for (group, found) in choices.found.iter().enumerate() {
        let rows = Cell::Whole(choices.rows[group]);
        let names = &choices.names[group];
        let mut record =
            |cells: Cells<'_>| to.record(names.iter().filter(|_| named).map(|name| Cell::Text(name)).chain(cells));
        match found {
            Ok(selection) => {
                of_group(&mut record, selection, data, (rows, &|place| choices.targets.number(group, place)))?;
            }
            // Its place is kept.
            Err(why) => {
                let mut cells = [Cell::Empty; 11];
                cells[0] = rows;
                cells[1] = if named { Cell::Empty } else { Cell::Text(&names[0]) };
                cells[2] = Cell::Text("refused");
                cells[10] = Cell::Text(why);
                record(cells)?;
            }
        }
    }
    Ok(())
}

fn of_group(
    record: &mut dyn FnMut(Cells<'_>) -> io::Result<()>,
    selection: &Selection,
    data: &Data,
    (rows, target_of): (Cell<'_>, &dyn Fn(usize) -> usize),
) -> io::Result<()> {
    let path = selection.path();
    for place in 0..path.targets() {
        let (target, choice) = (target_of(place), selection.choice(place));
        let outcome = outcome::name(path.outcome(choice.index, place));
        let own = [(INTERCEPT, intercept::of_place(path, data, choice.index, (place, target)))];
        let coefficients = selection.coefficients(place).iter().copied();
        let coefficients = data.features().iter().map(String::as_str).zip(coefficients);
        for (feature, value) in own.into_iter().chain(coefficients) {
            record([
                rows,
                Cell::Text(&data.targets()[target]),
                Cell::Text(&outcome),
                Cell::Number(choice.lambda),
                Cell::Number(choice.alpha),
                Cell::Number(choice.score),
                Cell::Number(choice.standard_error),
                Cell::Flag(choice.edge.is_some()),
                Cell::Text(feature),
                Cell::Number(value),
                Cell::Empty,
            ])?;
        }
    }
    Ok(())
}
