//! The λs chosen for many groups as CSV: one row for each group, target and feature. Every number is written so that it reads back
//! exactly.

use ridgepath::Selection;

use crate::fit::choices::Choices;
use crate::fit::intercept;
use crate::fit::problem_targets::ProblemTargets;
use crate::format::csv::many::INTERCEPT;
use crate::format::csv::records::{self, Writer};
use crate::format::outcome;
use crate::input::data::Data;
use crate::machine::failure::Result;

/// The columns after those that name a group.
const COLUMNS: [&str; 11] =
    ["rows", "target", "outcome", "lambda", "alpha", "score", "se", "at_edge", "feature", "coefficient", "refused"];

pub(crate) fn written(choices: &Choices, data: &Data) -> Result<Vec<u8>> {
    records::written(|writer| write(writer, choices, data))
}

fn write(writer: &mut Writer, choices: &Choices, data: &Data) -> csv::Result<()> {
    // Where each target has rows of its own, its name has a column already.
    let named = choices.targets == ProblemTargets::All;
    writer.write_record(choices.columns.iter().filter(|_| named).map(String::as_str).chain(COLUMNS))?;
    for (group, found) in choices.found.iter().enumerate() {
        let rows = choices.rows[group].to_string();
        let mut record = |cells: [&str; 11]| {
            let names = choices.names[group].iter().filter(|_| named);
            writer.write_record(names.map(String::as_str).chain(cells))
        };
        match found {
            Ok(selection) => {
                of_group(&mut record, selection, data, (&rows, &|place| choices.targets.number(group, place)))?
            }
            // Its place is kept.
            Err(why) => record([
                &rows,
                if named { "" } else { &choices.names[group][0] },
                "refused",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                why,
            ])?,
        }
    }
    Ok(())
}

fn of_group(
    record: &mut dyn FnMut([&str; 11]) -> csv::Result<()>,
    selection: &Selection,
    data: &Data,
    (rows, target_of): (&str, &dyn Fn(usize) -> usize),
) -> csv::Result<()> {
    let path = selection.path();
    let number = |value: f64| format!("{value:?}");
    for place in 0..path.targets() {
        let (target, choice) = (target_of(place), selection.choice(place));
        let name = &data.targets()[target];
        let outcome = outcome::name(path.outcome(choice.index, place));
        let [lambda, alpha, score, error] =
            [choice.lambda, choice.alpha, choice.score, choice.standard_error].map(number);
        let edge = choice.edge.is_some().to_string();
        let own = [(INTERCEPT, intercept::of_place(path, data, choice.index, (place, target)))];
        let coefficients = selection.coefficients(place).iter().copied();
        let coefficients = data.features().iter().map(String::as_str).zip(coefficients);
        for (feature, value) in own.into_iter().chain(coefficients) {
            record([rows, name, &outcome, &lambda, &alpha, &score, &error, &edge, feature, &number(value), ""])?;
        }
    }
    Ok(())
}
