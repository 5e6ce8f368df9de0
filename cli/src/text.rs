//! Tables for people.

use std::fmt::Write;

use console::{Term, measure_text_width};
use ridgepath::{RidgePath, Standardize};

use crate::data::Data;
use crate::message::escaped;
use crate::outcome;
use crate::standard_errors::StandardErrors;
use crate::stats::{self, Stats};

/// Columns of a table when no terminal says how many it has.
const WIDTH: usize = 120;
const GAP: usize = 2;

/// Rows of cells under a header, each column as wide as its widest cell, numbers to the right.
pub(crate) fn aligned(header: &[&str], rows: &[Vec<String>]) -> String {
    let clean: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| escaped(cell)).collect()).collect();
    let header: Vec<String> = header.iter().map(|cell| escaped(cell)).collect();
    let widths: Vec<usize> = (0..header.len())
        .map(|j| clean.iter().chain([&header]).map(|row| measure_text_width(&row[j])).max().unwrap_or(0))
        .collect();
    let numeric: Vec<bool> =
        (0..header.len()).map(|j| clean.iter().all(|row| row[j].parse::<f64>().is_ok() || row[j] == "-")).collect();
    let mut text = String::new();
    for row in [&header].into_iter().chain(&clean) {
        let mut line = String::new();
        for (j, cell) in row.iter().enumerate() {
            let space = " ".repeat(widths[j] - measure_text_width(cell));
            let gap = if j == 0 { "" } else { "  " };
            line.push_str(gap);
            line.push_str(&if numeric[j] { space + cell } else { cell.clone() + &space });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Six digits: as a decimal fraction where that is short, else with an exponent.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{value:.5e}");
    let exponent: i32 = scientific.split_once('e').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(i32::MAX);
    match usize::try_from(5 - exponent) {
        Ok(decimals) if (-4..=5).contains(&exponent) => format!("{value:.decimals$}"),
        _ if value.is_finite() => scientific,
        _ => value.to_string(),
    }
}

/// Few digits, for how large an error is.
pub(crate) fn magnitude(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.1e}") }
}

pub(crate) fn path(path: &RidgePath, data: &Data, stats: Option<&Stats>, errors: Option<&StandardErrors>) -> String {
    let mut text = summary(path, data);
    for (target, name) in data.targets().iter().enumerate() {
        let _ = write!(text, "\ntarget {}\n", escaped(name));
        text.push_str(&block(path, data, target, stats, errors));
    }
    text
}

/// Who answered, in one line.
pub(crate) fn backend(path: &RidgePath) -> String {
    let used = path.backend();
    let adapter = used.adapter.iter().map(|name| format!(" on {name}")).collect::<String>();
    format!("{}{adapter}, {}, {} precision", used.name, used.strategy, used.precision)
}

pub(crate) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What was fitted, and who answered.
pub(crate) fn summary(path: &RidgePath, data: &Data) -> String {
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

fn block(
    path: &RidgePath,
    data: &Data,
    target: usize,
    stats: Option<&Stats>,
    errors: Option<&StandardErrors>,
) -> String {
    let with_error = |value: f64, error: Option<f64>| match error {
        Some(error) => format!("{} ± {}", number(value), magnitude(error)),
        None => number(value),
    };
    let mut header = vec!["λ", "alpha", "outcome", "residual", "rss", "‖w‖²", "intercept"];
    header.extend(stats.iter().flat_map(|_| stats::SHOWN));
    let mut rows: Vec<Vec<String>> = (0..path.len())
        .map(|index| {
            let fixed = [
                number(path.lambdas()[index]),
                number(path.shifts()[index]),
                outcome::name(path.outcome(index, target)),
                magnitude(path.residual(index, target)),
                number(path.rss(index, target)),
                number(path.squared_norm(index, target)),
                with_error(
                    data.intercept(path, index, target),
                    errors.map(|errors| errors.at(index, target).intercept),
                ),
            ];
            let stats = stats.iter().flat_map(|stats| stats.cells(index, target)).map(number);
            fixed.into_iter().chain(stats).collect()
        })
        .collect();
    let width_of = |own: &dyn Fn(&[String]) -> usize, name: &str| {
        rows.iter().map(|row| own(row)).max().unwrap_or(0).max(measure_text_width(name)) + GAP
    };
    let fixed: usize =
        header.iter().enumerate().map(|(j, name)| width_of(&|row| measure_text_width(&row[j]), name)).sum();
    let mut left = available().saturating_sub(fixed);
    let mut shown = 0;
    for (j, name) in data.features().iter().enumerate() {
        let error = |index: usize| errors.map(|errors| errors.at(index, target).coefficients[j]);
        let cell = |index: usize| with_error(path.coefficients(index, target)[j], error(index));
        let cells: Vec<String> = (0..path.len()).map(cell).collect();
        let widest =
            cells.iter().map(|cell| measure_text_width(cell)).max().unwrap_or(0).max(measure_text_width(name)) + GAP;
        // One feature at least, however narrow the screen.
        if widest > left && shown > 0 {
            break;
        }
        left = left.saturating_sub(widest);
        header.push(name);
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
        shown += 1;
    }
    let mut text = aligned(&header, &rows);
    if shown < path.features() {
        let rest = path.features() - shown;
        let _ = writeln!(text, "({rest} more features do not fit here: --format csv and --format json have all)");
    }
    text
}

/// Columns that a terminal would give the text.
pub(crate) fn width(text: &str) -> usize {
    measure_text_width(text)
}

fn available() -> usize {
    Term::stdout().size_checked().map_or(WIDTH, |(_, columns)| columns.into())
}
