//! Many paths as CSV: one row for each problem, λ, target and feature. Every number is written so that it reads back exactly.

use crate::fit::intercept;
use crate::fit::many::Many;
use crate::format::csv::records::{self, Writer};
use crate::format::outcome;
use crate::input::data::Data;
use crate::machine::failure::Result;

/// What stands for the intercept among the features.
pub(crate) const INTERCEPT: &str = "(intercept)";

pub(crate) fn written(many: &Many, data: &Data) -> Result<Vec<u8>> {
    records::written(|writer| write(writer, many, data))
}

fn write(writer: &mut Writer, many: &Many, data: &Data) -> csv::Result<()> {
    let fixed = ["rows", "lambda", "alpha", "target", "outcome", "feature", "coefficient"];
    writer.write_record(many.columns.iter().map(String::as_str).chain(fixed))?;
    let number = |value: f64| format!("{value:?}");
    for (problem, names) in many.names.iter().enumerate() {
        let Ok(path) = many.paths.path(problem) else {
            // Its place is kept; the reason is told beside.
            let empty = ["0", "", "", "", "refused", "", ""].map(str::to_owned);
            writer.write_record(names.iter().cloned().chain(empty))?;
            continue;
        };
        for index in 0..path.len() {
            let [lambda, alpha] = [path.lambdas()[index], path.shifts()[index]].map(number);
            for (target, target_name) in data.targets().iter().enumerate() {
                let outcome = outcome::name(path.outcome(index, target));
                let own = [(INTERCEPT, intercept::of_file(&path, data, index, target))];
                let features = data.features().iter().map(String::as_str);
                let coefficients = features.zip(path.coefficients(index, target).iter().copied());
                for (feature, value) in own.into_iter().chain(coefficients) {
                    let cells = [
                        path.rows().to_string(),
                        lambda.clone(),
                        alpha.clone(),
                        target_name.clone(),
                        outcome.clone(),
                        feature.to_owned(),
                        number(value),
                    ];
                    writer.write_record(names.iter().cloned().chain(cells))?;
                }
            }
        }
    }
    Ok(())
}
