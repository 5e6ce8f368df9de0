//! Many paths as CSV: one row for each problem, λ, target and feature. Every number is written so that it reads back exactly.

use crate::fit::intercept;
use crate::fit::many::Many;
use crate::fit::problem_targets::ProblemTargets;
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
    // Where each target is a problem, its name has a column already.
    let named = many.targets == ProblemTargets::All;
    writer.write_record(many.columns.iter().filter(|_| named).map(String::as_str).chain(fixed))?;
    let number = |value: f64| format!("{value:?}");
    for (problem, names) in many.names.iter().enumerate() {
        let Ok(path) = many.paths.path(problem) else {
            // Its place is kept; the reason is told beside.
            let target = if named { "" } else { names[0].as_str() };
            let empty = ["0", "", "", target, "refused", "", ""];
            writer.write_record(names.iter().filter(|_| named).map(String::as_str).chain(empty))?;
            continue;
        };
        for index in 0..path.len() {
            let [lambda, alpha] = [path.lambdas()[index], path.shifts()[index]].map(number);
            for place in 0..path.targets() {
                let target = many.targets.number(problem, place);
                let outcome = outcome::name(path.outcome(index, place));
                let own = [(INTERCEPT, intercept::of_place(&path, data, index, (place, target)))];
                let features = data.features().iter().map(String::as_str);
                let coefficients = features.zip(path.coefficients(index, place).iter().copied());
                for (feature, value) in own.into_iter().chain(coefficients) {
                    let cells = [
                        path.rows().to_string(),
                        lambda.clone(),
                        alpha.clone(),
                        data.targets()[target].clone(),
                        outcome.clone(),
                        feature.to_owned(),
                        number(value),
                    ];
                    writer.write_record(names.iter().filter(|_| named).cloned().chain(cells))?;
                }
            }
        }
    }
    Ok(())
}
