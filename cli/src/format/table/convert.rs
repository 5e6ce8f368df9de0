//! A penalty in the units of every system, as a table for people.

use ridgepath::{Convention, DataFacts};

use crate::format::number::number;
use crate::format::table::columns::aligned;

/// `lambda` in every system, in units that `facts` give; `from` is the system that it was given in.
pub(crate) fn written(from: Convention, lambda: f64, facts: &DataFacts) -> String {
    let row = |convention: Convention| {
        // What depends on what is not known is left open.
        let value = convention.value(lambda, facts).ok().filter(|value| value.is_finite());
        vec![
            convention.to_string(),
            convention.parameter().to_owned(),
            value.map_or_else(|| "-".into(), number),
            format!("{:?}", convention.standardize()).to_lowercase(),
        ]
    };
    let first = vec!["ridgepath".into(), "λ".into(), number(lambda), "as asked for".into()];
    let rows: Vec<Vec<String>> = [first].into_iter().chain(Convention::all().map(row)).collect();
    let table = aligned(&["system", "parameter", "value", "standardised"], &rows);
    format!("{}\n{table}", from.explain())
}
