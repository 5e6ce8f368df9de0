//! The λs chosen for many groups as CSV: one row for each group, target and feature. Every number is written so that it reads back
//! exactly.

use ridgepath::Selection;

use crate::fit::choices::Choices;
use crate::fit::intercept;
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
    writer.write_record(choices.columns.iter().map(String::as_str).chain(COLUMNS))?;
    for (group, found) in choices.found.iter().enumerate() {
        let rows = choices.rows[group].to_string();
        let mut record =
            |cells: [&str; 11]| writer.write_record(choices.names[group].iter().map(String::as_str).chain(cells));
        match found {
            Ok(selection) => of_group(&mut record, selection, data, &rows)?,
            // Its place is kept.
            Err(why) => record([&rows, "", "refused", "", "", "", "", "", "", "", why])?,
        }
    }
    Ok(())
}

fn of_group(
    record: &mut dyn FnMut([&str; 11]) -> csv::Result<()>,
    selection: &Selection,
    data: &Data,
    rows: &str,
) -> csv::Result<()> {
    let path = selection.path();
    let number = |value: f64| format!("{value:?}");
    for (target, name) in data.targets().iter().enumerate() {
        let choice = selection.choice(target);
        let outcome = outcome::name(path.outcome(choice.index, target));
        let [lambda, alpha, score, error] =
            [choice.lambda, choice.alpha, choice.score, choice.standard_error].map(number);
        let edge = choice.edge.is_some().to_string();
        let own = [(INTERCEPT, intercept::of_file(path, data, choice.index, target))];
        let coefficients = selection.coefficients(target).iter().copied();
        let coefficients = data.features().iter().map(String::as_str).zip(coefficients);
        for (feature, value) in own.into_iter().chain(coefficients) {
            record([rows, name, &outcome, &lambda, &alpha, &score, &error, &edge, feature, &number(value), ""])?;
        }
    }
    Ok(())
}
