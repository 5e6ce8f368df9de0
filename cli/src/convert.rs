//! `ridgepath convert`.

use ridgepath::{Convention, DataFacts, Error};

use crate::args::ConvertArgs;
use crate::message::{Failure, Result};
use crate::{output, text};

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
    let row = |convention: Convention| {
        // What depends on what is not known is left open.
        let value = convention.value(lambda, &facts).ok().filter(|value| value.is_finite());
        vec![
            convention.to_string(),
            convention.parameter().to_owned(),
            value.map_or_else(|| "-".into(), text::number),
            format!("{:?}", convention.standardize()).to_lowercase(),
        ]
    };
    let own = vec!["ridgepath".into(), "λ".into(), text::number(lambda), "as asked for".into()];
    let rows: Vec<Vec<String>> = [own].into_iter().chain(Convention::all().map(row)).collect();
    let table = text::aligned(&["system", "parameter", "value", "standardised"], &rows);
    output::print(format!("{}\n{table}", args.from.explain()).into_bytes())
}
