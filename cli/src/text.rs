//! Tables and numbers for people.

use console::{Term, measure_text_width};
use ridgepath::{RidgePath, Standardize};

use crate::data::Data;
use crate::message::escaped;

/// Columns of a table when neither a terminal nor COLUMNS says how many there are.
const WIDTH: usize = 120;
const GAP: &str = "  ";

/// A column of a table.
pub(crate) struct Column {
    head: String,
    cells: Vec<String>,
}

impl Column {
    pub(crate) fn new(head: impl Into<String>, cells: impl IntoIterator<Item = String>) -> Self {
        let clean = |text: String| escaped(&text);
        Self { head: clean(head.into()), cells: cells.into_iter().map(clean).collect() }
    }

    /// Head and cells, all as wide as the widest: numbers with their decimal points under one another, words to the left.
    fn lines(&self) -> Vec<String> {
        let numeric = self.cells.iter().all(|cell| is_number(cell));
        let before = |cell: &str| if numeric { measure_text_width(&cell[..whole(cell)]) } else { 0 };
        let after = |cell: &str| measure_text_width(cell) - before(cell);
        let most = |of: &dyn Fn(&str) -> usize| self.cells.iter().map(|cell| of(cell)).max().unwrap_or(0);
        let (left, right) = (most(&before), most(&after));
        let head = measure_text_width(&self.head);
        let more = " ".repeat(head.saturating_sub(left + right));
        let space = " ".repeat((left + right).saturating_sub(head));
        let (lead, trail) = if numeric { (more, String::new()) } else { (String::new(), more) };
        let mut lines = vec![if numeric { space + &self.head } else { self.head.clone() + &space }];
        lines.extend(self.cells.iter().map(|cell| {
            let (before, after) = (" ".repeat(left - before(cell)), " ".repeat(right - after(cell)));
            format!("{lead}{before}{cell}{after}{trail}")
        }));
        lines
    }
}

/// Whether a cell holds a number, one with its error, or the sign for none.
fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok() || cell == "-" || cell.contains(" ± ")
}

/// Where the whole part of a number ends.
fn whole(cell: &str) -> usize {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '(');
    match cell.contains(|c: char| c.is_ascii_digit()) {
        true => cell.find(|c| !part(c)).unwrap_or(cell.len()),
        false => cell.len(),
    }
}

/// Rows of cells under a header.
pub(crate) fn aligned(header: &[&str], rows: &[Vec<String>]) -> String {
    let column = |(j, head): (usize, &&str)| Column::new(*head, rows.iter().map(|row| row[j].clone()));
    let columns: Vec<Column> = header.iter().enumerate().map(column).collect();
    joined(&columns.iter().map(Column::lines).collect::<Vec<_>>())
}

/// Columns side by side, in blocks under one another where the screen is too narrow; each block begins with the first column.
pub(crate) fn fitted(columns: &[Column]) -> String {
    let lines: Vec<Vec<String>> = columns.iter().map(Column::lines).collect();
    let Some((first, rest)) = lines.split_first() else { return String::new() };
    let mut blocks = vec![vec![first.clone()]];
    let mut used = width(&first[0]);
    for column in rest {
        let own = GAP.len() + width(&column[0]);
        // One column at least, however narrow the screen.
        if used + own > screen() && blocks.last().is_some_and(|block| block.len() > 1) {
            blocks.push(vec![first.clone()]);
            used = width(&first[0]);
        }
        used += own;
        if let Some(block) = blocks.last_mut() {
            block.push(column.clone());
        }
    }
    blocks.iter().map(|block| joined(block)).collect::<Vec<_>>().join("\n")
}

/// Whether these fit the screen side by side.
pub(crate) fn fit(columns: &[Column]) -> bool {
    let widths = columns.iter().map(|column| GAP.len() + width(&column.lines()[0]));
    widths.sum::<usize>() <= screen() + GAP.len()
}

fn joined(columns: &[Vec<String>]) -> String {
    let count = columns.first().map_or(0, Vec::len);
    let line = |i: usize| columns.iter().map(|column| column[i].as_str()).collect::<Vec<_>>().join(GAP);
    (0..count).map(|i| format!("{}\n", line(i).trim_end())).collect()
}

/// Numbers of so many among `count`, from the first to the last: all where these are not more.
pub(crate) fn thinned(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    let steps = most - 1;
    (0..most).map(|own| (own * (count - 1) + steps / 2) / steps).collect()
}

/// What is said under a table that leaves out λs.
pub(crate) fn left_out(shown: usize, count: usize) -> String {
    if shown == count {
        return String::new();
    }
    format!("({shown} λ of {count}: --format csv and --format json have all)\n")
}

/// Six digits: as a decimal fraction where that is short, else with an exponent.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{value:.5e}");
    match usize::try_from(5 - exponent(&scientific)) {
        Ok(decimals) if (-4..=5).contains(&exponent(&scientific)) => format!("{value:.decimals$}"),
        _ if value.is_finite() => scientific,
        _ => value.to_string(),
    }
}

/// Few digits, for how large an error is.
pub(crate) fn magnitude(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.1e}") }
}

/// A value with its standard error, which is rounded to two digits, and the value to the same place.
pub(crate) fn measured(value: f64, error: f64) -> String {
    if !(value.is_finite() && error.is_normal() && error > 0.0) {
        return format!("{} ± {}", number(value), if error == 0.0 { "0".into() } else { error.to_string() });
    }
    let of = |value: f64| exponent(&format!("{value:.1e}"));
    let place = of(error) - 1;
    let top = of(value).max(place + 1);
    // More digits than a number has would be made up.
    if value != 0.0 && of(value) - place > 15 {
        return format!("{} ± {}", number(value), magnitude(error));
    }
    let rounded = |value: f64, place: i32| {
        // `{:.0}` rounds to whole numbers; to tens and more, by an exponent.
        let text = match usize::try_from(-place) {
            Ok(decimals) => format!("{value:.decimals$}"),
            Err(_) => {
                let digits = usize::try_from(of(value) - place).ok();
                let short = digits.map_or(0.0, |digits| format!("{value:.digits$e}").parse().unwrap_or(value));
                format!("{short:.0}")
            }
        };
        let zero = !text.contains(|digit: char| matches!(digit, '1'..='9'));
        if zero { text.trim_start_matches('-').to_owned() } else { text }
    };
    if (-9..=6).contains(&place) && top <= 8 {
        return format!("{} ± {}", rounded(value, place), rounded(error, place));
    }
    let decimals = usize::try_from(top - place).unwrap_or(0);
    let unit = 10f64.powi(-top.clamp(-300, 300));
    let mantissa = |value: f64| format!("{:.decimals$}", value * unit);
    format!("({} ± {})e{}", mantissa(value), mantissa(error), top.clamp(-300, 300))
}

/// Of a number as `{:e}` writes it.
fn exponent(scientific: &str) -> i32 {
    scientific.split_once('e').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(i32::MAX)
}

/// Who answered, in one line.
pub(crate) fn backend(path: &RidgePath) -> String {
    let used = path.backend();
    let adapter = used.adapter.iter().map(|name| format!(" on {name}")).collect::<String>();
    format!("{}{adapter}, {}, {} precision", used.name, used.method(), used.precision)
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

/// Columns that a terminal would give the text.
pub(crate) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// Columns that there are.
fn screen() -> usize {
    let told = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    Term::stdout().size_checked().map(|(_, columns)| columns.into()).or_else(told).unwrap_or(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::{measured, thinned};

    #[test]
    fn an_error_has_two_digits_and_its_value_ends_at_the_same_place() {
        for (value, error, wanted) in [
            (-107.3456, 31.2, "-107 ± 31"),
            (-107.3456, 3.12, "-107.3 ± 3.1"),
            (-0.2, 31.2, "0 ± 31"),
            (1.0, 0.0996, "1.00 ± 0.10"),
            (12_345.6, 3120.0, "12300 ± 3100"),
            (120.0, 3120.0, "100 ± 3100"),
            (20.0, 3120.0, "0 ± 3100"),
            (0.001_234_5, 0.000_012, "0.001234 ± 0.000012"),
            (1.234_56e12, 3.1e10, "(1.235 ± 0.031)e12"),
            (-1.234_56e-12, 3.1e-14, "(-1.235 ± 0.031)e-12"),
            (2.0, 0.0, "2.00000 ± 0"),
            (2.0, f64::NAN, "2.00000 ± NaN"),
            (1.0, 1e-20, "1.00000 ± 1.0e-20"),
        ] {
            assert_eq!(measured(value, error), wanted, "{value} and {error}");
        }
    }

    #[test]
    fn what_is_thinned_keeps_both_ends() {
        assert_eq!(thinned(3, 12), [0, 1, 2]);
        assert_eq!(thinned(100, 12), [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99]);
        assert_eq!(thinned(13, 12).len(), 12);
    }
}
