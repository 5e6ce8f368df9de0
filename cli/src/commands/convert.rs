//! `ridgepath convert`.

use ridgepath::{DataFacts, Error};

use crate::args::convert::ConvertArgs;
use crate::format::table;
use crate::machine::failure::{Failure, Result};
use crate::machine::output;

pub(crate) fn run(args: &ConvertArgs) -> Result<()> {
    let facts =
        DataFacts { weight_sum: args.rows.unwrap_or(f64::NAN), deviation: args.target_deviation.unwrap_or(f64::NAN) };
    let lambda = args.from.lambda(args.value, &facts).map_err(|error| match error {
        Error::NoDeviation { system, parameter, .. } => Failure::Input(format!(
            "{system}: {parameter} is counted in units of the deviation of the target; wanted --target-deviation too"
        )),
        other => other.into(),
    })?;
    if !lambda.is_finite() {
        let (from, parameter) = (args.from, args.from.parameter());
        return Err(Failure::Input(format!("{from}: {parameter} depends on the number of rows; wanted --rows too")));
    }
    output::print(table::convert::written(args.from, lambda, &facts).into_bytes())
}
