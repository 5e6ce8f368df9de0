//! The path as CSV: one row for each λ and target. Every number is written so that it reads back exactly.

use ridgepath::RidgePath;

use crate::fit::figures::Figures;
use crate::fit::intercept;
use crate::fit::other_system::OtherSystem;
use crate::fit::statistics;
use crate::format::csv::records::{self, Writer};
use crate::format::outcome;
use crate::input::data::Data;
use crate::machine::failure::Result;

pub(crate) fn written(path: &RidgePath, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    records::written(|writer| write(writer, path, data, figures))
}

fn write(writer: &mut Writer, path: &RidgePath, data: &Data, figures: &Figures) -> csv::Result<()> {
    let Figures { stats, errors, system, .. } = figures;
    let (stats, errors) = (stats.as_ref(), errors.as_ref());
    let fixed = [
        "lambda",
        "alpha",
        "target",
        "outcome",
        "residual",
        "rss",
        "r2",
        "squared_norm",
        "intercept",
        "intercept_error_bound",
    ];
    // A feature may have the name of a column that every path has.
    let features = data.features().iter().map(|name| format!("coef:{name}"));
    let of_errors = errors.iter().flat_map(|_| data.features().iter().map(|name| format!("se:{name}")));
    let of_errors = of_errors.chain(errors.map(|_| "intercept_se".to_owned()));
    let names = stats.iter().flat_map(|_| statistics::NAMES);
    let last = system.iter().map(OtherSystem::column);
    let names = fixed.into_iter().chain(names).map(str::to_owned);
    writer.write_record(names.chain(features).chain(of_errors).chain(last))?;
    for index in 0..path.len() {
        for (target, name) in data.targets().iter().enumerate() {
            let number = |value: f64| format!("{value:?}");
            let fixed = [
                number(path.lambdas()[index]),
                number(path.shifts()[index]),
                name.clone(),
                outcome::name(path.outcome(index, target)),
                number(path.residual(index, target)),
                number(path.rss(index, target)),
                number(figures.r2(index, target)),
                number(path.squared_norm(index, target)),
                number(intercept::of_file(path, data, index, target)),
                number(path.intercept_error_bound(index, target)),
            ];
            let coefficients = path.coefficients(index, target).iter().map(|value| number(*value));
            let errors = errors.map(|errors| errors.at(index, target));
            let of_errors = errors.iter().flat_map(|errors| errors.coefficients.iter().chain([&errors.intercept]));
            let of_errors = of_errors.map(|value| number(*value));
            let stats = stats.iter().flat_map(|stats| stats.cells(index, target)).map(number);
            let last = system.iter().map(|system| number(system.value(path.lambdas()[index])));
            writer.write_record(fixed.into_iter().chain(stats).chain(coefficients).chain(of_errors).chain(last))?;
        }
    }
    Ok(())
}
