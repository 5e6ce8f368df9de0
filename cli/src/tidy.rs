//! The path as CSV: one row for each λ and target. Every number is written so that it reads back exactly.

use ridgepath::RidgePath;

use crate::data::Data;
use crate::message::{Failure, Result};
use crate::outcome;

pub(crate) fn path(path: &RidgePath, data: &Data) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    write(&mut writer, path, data).map_err(|error| Failure::Other(format!("cannot write CSV: {error}")))?;
    writer.into_inner().map_err(|error| Failure::Other(format!("cannot write CSV: {error}")))
}

fn write(writer: &mut csv::Writer<Vec<u8>>, path: &RidgePath, data: &Data) -> csv::Result<()> {
    let fixed = ["lambda", "alpha", "target", "outcome", "residual", "rss", "norm2", "intercept"];
    // A feature may have the name of one of these.
    let features = data.features().iter().map(|name| format!("coef:{name}"));
    writer.write_record(fixed.map(str::to_owned).into_iter().chain(features))?;
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
            ];
            let coefficients = path.coefficients(index, target).iter().map(|value| number(*value));
            writer.write_record(fixed.into_iter().chain(coefficients))?;
        }
    }
    Ok(())
}
