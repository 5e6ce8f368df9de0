//! The path as CSV: one row for each λ and target. Every number is written so that it reads back exactly.

use ridgepath::RidgePath;

use crate::data::Data;
use crate::message::{Failure, Result};
use crate::outcome;
use crate::standard_errors::StandardErrors;
use crate::stats::{self, Stats};

pub(crate) fn path(
    path: &RidgePath,
    data: &Data,
    stats: Option<&Stats>,
    errors: Option<&StandardErrors>,
) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    write(&mut writer, path, data, stats, errors)
        .map_err(|error| Failure::Other(format!("cannot write CSV: {error}")))?;
    writer.into_inner().map_err(|error| Failure::Other(format!("cannot write CSV: {error}")))
}

fn write(
    writer: &mut csv::Writer<Vec<u8>>,
    path: &RidgePath,
    data: &Data,
    stats: Option<&Stats>,
    errors: Option<&StandardErrors>,
) -> csv::Result<()> {
    let fixed =
        ["lambda", "alpha", "target", "outcome", "residual", "rss", "norm2", "intercept", "intercept_error_bound"];
    // A feature may have the name of one of these.
    let features = data.features().iter().map(|name| format!("coef:{name}"));
    let of_errors = errors.iter().flat_map(|_| data.features().iter().map(|name| format!("se:{name}")));
    let of_errors = of_errors.chain(errors.map(|_| "intercept_se".to_owned()));
    let names = stats.iter().flat_map(|_| stats::NAMES);
    writer.write_record(fixed.into_iter().chain(names).map(str::to_owned).chain(features).chain(of_errors))?;
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
                number(path.norm2(index, target)),
                number(path.intercept(index, target)),
                number(path.intercept_error_bound(index, target)),
            ];
            let coefficients = path.coefficients(index, target).iter().map(|value| number(*value));
            let own = errors.map(|errors| errors.at(index, target));
            let of_errors = own.iter().flat_map(|own| own.coefficients.iter().chain([&own.intercept]));
            let of_errors = of_errors.map(|value| number(*value));
            let stats = stats.iter().flat_map(|stats| stats.cells(index, target)).map(number);
            writer.write_record(fixed.into_iter().chain(stats).chain(coefficients).chain(of_errors))?;
        }
    }
    Ok(())
}
