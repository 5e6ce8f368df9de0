//! A comparison of a backend with the reference, as a table for people.

use ridgepath::Validation;

use crate::format::number::{magnitude, number};
use crate::format::outcome;
use crate::format::table::columns::aligned;
use crate::format::table::summary;

pub(crate) fn written(validation: &Validation) -> String {
    let header = ["λ", "coefficients", "intercept", "rss", "outcomes"];
    let rows: Vec<Vec<String>> = validation
        .deviations
        .iter()
        .map(|deviation| {
            vec![
                number(deviation.lambda),
                magnitude(deviation.coefficients),
                magnitude(deviation.intercept),
                magnitude(deviation.rss),
                if deviation.outcomes_agree { "agree" } else { "differ" }.into(),
            ]
        })
        .collect();
    let outcomes = if outcome::all_agree(validation) { "all outcomes agree" } else { "some outcomes differ" };
    format!(
        "{}\nagainst the reference; relative deviations\n\n{}\nlargest deviation of the coefficients {}, {outcomes}\n",
        summary::backend(&validation.path),
        aligned(&header, &rows),
        magnitude(validation.largest()),
    )
}
