//! Many paths as records: one for each problem, λ, target and feature.

use std::io;

use crate::fit::intercept;
use crate::fit::many::Many;
use crate::fit::problem_targets::ProblemTargets;
use crate::format::outcome;
use crate::format::records::encoder::{self, Encoder, Encoding};
use crate::format::records::record::{Cell, Column};
use crate::input::data::Data;
use crate::machine::failure::Result;

/// What stands for the intercept among the features.
pub(crate) const INTERCEPT: &str = "(intercept)";

pub(crate) fn written(encoding: Encoding, many: &Many, data: &Data) -> Result<Vec<u8>> {
    encoder::written(encoding, &columns(many), |to| write(to, many, data))
}

/// Where each target is a problem, its name has a column already.
fn has_names(many: &Many) -> bool {
    many.targets == ProblemTargets::All
}

fn columns(many: &Many) -> Vec<Column> {
    let named = many.columns.iter().enumerate().filter(|_| has_names(many));
    let mut columns: Vec<Column> = named.map(|(at, name)| of_names(many, at, name)).collect();
    columns.extend([Column::whole("rows"), Column::number("lambda"), Column::number("alpha")]);
    columns.extend(["target", "outcome", "feature"].map(Column::text));
    columns.push(Column::number("coefficient"));
    columns
}

/// The column of what names the problems.
fn of_names(many: &Many, at: usize, name: &str) -> Column {
    match (many.what, name) {
        ("replicate", _) | ("window", "first_row" | "last_row") => Column::whole(name),
        // Whole numbers beyond 64-bit floats keep their digits as text.
        ("window", _) if many.names.iter().all(|own| is_float(&own[at])) => Column::number(name),
        _ => Column::text(name),
    }
}

fn is_float(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|value| value.to_string() == text)
}

/// The cells that name a problem.
fn named_by(names: &[String], named: bool) -> impl Iterator<Item = Cell<'_>> {
    names.iter().filter(move |_| named).map(|name| Cell::Text(name))
}

fn write(to: &mut Encoder<Vec<u8>>, many: &Many, data: &Data) -> io::Result<()> {
    let named = has_names(many);
    for (problem, names) in many.names.iter().enumerate() {
        let Ok(path) = many.paths.path(problem) else {
            // Its place is kept; the reason is told beside.
            let target = if named { Cell::Empty } else { Cell::Text(&names[0]) };
            let (rows, outcome) = (Cell::Whole(0), Cell::Text("refused"));
            to.record(named_by(names, named).chain([
                rows,
                Cell::Empty,
                Cell::Empty,
                target,
                outcome,
                Cell::Empty,
                Cell::Empty,
            ]))?;
            continue;
        };
        for index in 0..path.len() {
            for place in 0..path.targets() {
                let target = many.targets.number(problem, place);
                let outcome = outcome::name(path.outcome(index, place));
                let first = [(INTERCEPT, intercept::of_place(&path, data, index, (place, target)))];
                let features = data.features().iter().map(String::as_str);
                let coefficients = features.zip(path.coefficients(index, place).iter().copied());
                for (feature, value) in first.into_iter().chain(coefficients) {
                    let cells = [
                        Cell::Whole(path.rows()),
                        Cell::Number(path.lambdas()[index]),
                        Cell::Number(path.shifts()[index]),
                        Cell::Text(&data.targets()[target]),
                        Cell::Text(&outcome),
                        Cell::Text(feature),
                        Cell::Number(value),
                    ];
                    to.record(named_by(names, named).chain(cells))?;
                }
            }
        }
    }
    Ok(())
}
