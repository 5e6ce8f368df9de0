//! The lines above the tables of a path.

use ridgepath::{RidgePath, Standardize};

use crate::format::number::number;
use crate::format::words::plural;
use crate::input::data::Data;

/// What was fitted, and who answered.
pub(crate) fn of_fit(path: &RidgePath, data: &Data) -> String {
    let mut facts = vec![
        plural(path.rows(), "row"),
        plural(path.features(), "feature"),
        plural(path.targets(), "target"),
        format!("{} λ", path.len()),
        if path.intercept_fitted() { "intercept" } else { "no intercept" }.to_owned(),
    ];
    if data.weights().is_some() {
        facts.push(format!("weights that sum to {}", number(path.weight_sum())));
    }
    match path.standardize() {
        Standardize::No => (),
        Standardize::Population => facts.push("standardized (population)".into()),
        Standardize::Sample => facts.push("standardized (sample)".into()),
    }
    format!("{}\n{}\n", facts.join(", "), backend(path))
}

/// Who answered, in one line.
pub(crate) fn backend(path: &RidgePath) -> String {
    let used = path.backend();
    let adapter = used.adapter.iter().map(|name| format!(" on {name}")).collect::<String>();
    format!("{}{adapter}, {}, {} precision", used.name, used.method(), used.precision)
}
