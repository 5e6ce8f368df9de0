//! The windows that `path` is asked for, and what each is called.

use ridgepath::Windows;

use crate::args::many::{WindowKind, WindowsAsked};
use crate::input::data::Data;
use crate::machine::failure::{Failure, Result};

/// Windows with a name for each.
pub(crate) struct NamedWindows<'a> {
    pub(crate) windows: Windows<'a>,
    /// The columns that name a window, and what stands in them.
    pub(crate) columns: Vec<String>,
    pub(crate) names: Vec<Vec<String>>,
    pub(crate) ends: Ends,
}

/// Where each window ends.
pub(crate) struct Ends {
    /// What the values are: the name of the column of times, or none where they are numbers of rows.
    pub(crate) time: Option<String>,
    pub(crate) values: Vec<f64>,
}

/// The windows of the rows, named by their first and last row, counted from 1, and those of time by the time at which they end
/// before.
pub(crate) fn named<'a>(asked: &WindowsAsked<'_>, data: &'a Data) -> Result<NamedWindows<'a>> {
    let gap = asked.gap;
    let (option, windows, shortest) = match asked.kind {
        WindowKind::Rolling { rows, step } => ("--window", Windows::rolling(rows, step), Some(rows)),
        WindowKind::Expanding { first, step } => ("--expanding", Windows::expanding(first, step), Some(first)),
        WindowKind::Time { column, length, step } => ("--time", by_time(column, length, step, data)?, None),
    };
    if let Some(rows) = shortest.filter(|rows| *rows <= gap) {
        return Err(Failure::Input(format!(
            "--gap: found {gap}, wanted less than the {rows} rows of {option}: no row would be left"
        )));
    }
    let windows = windows.leave_out_last(gap);
    let failed = |error| Failure::from(error).after(option);
    let rows = data.rows();
    let ranges = windows.ranges(rows).map_err(failed)?;
    let mut names: Vec<Vec<String>> =
        ranges.iter().map(|own| vec![(own.start + 1).to_string(), own.end.to_string()]).collect();
    let mut columns = vec!["first_row".to_owned(), "last_row".to_owned()];
    let ends = match (&asked.kind, windows.end_times(rows).map_err(failed)?, data.times()) {
        (WindowKind::Time { .. }, Some(times), Some((_, origin))) => {
            columns.insert(0, "until".to_owned());
            names.iter_mut().zip(&times).for_each(|(name, time)| name.insert(0, in_words(*time, origin)));
            Ends {
                time: Some(data.time_name().to_owned()),
                values: times.iter().map(|time| time + origin as f64).collect(),
            }
        }
        _ => {
            #[expect(clippy::cast_precision_loss, reason = "numbers of rows")]
            let values = ranges.iter().map(|own| own.end as f64).collect();
            Ends { time: None, values }
        }
    };
    Ok(NamedWindows { windows, columns, names, ends })
}

/// Windows of time, none of which is longer than the data.
fn by_time<'a>(column: &str, length: f64, step: f64, data: &'a Data) -> Result<Windows<'a>> {
    let Some((times, origin)) = data.times() else {
        return Err(Failure::Other(format!("--time: column {column:?} was not read")));
    };
    if let [first, .., last] | [first @ last] = times
        && length > last - first
    {
        return Err(Failure::Input(format!(
            "--window: found a length of {length}, wanted at most {}: column {:?} runs from {} to {}",
            last - first,
            data.time_name(),
            in_words(*first, origin),
            in_words(*last, origin)
        )));
    }
    Ok(Windows::rolling_time(times, length, step))
}

/// A time less an origin, as the time that it is.
fn in_words(time: f64, origin: i128) -> String {
    const EXACT: f64 = (1_u64 << 53) as f64;
    if origin == 0 {
        return time.to_string();
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    match time.fract() == 0.0 && time.abs() < EXACT {
        true => (origin + time as i128).to_string(),
        false => (origin as f64 + time).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn times_beyond_53_bits_lose_no_digit() {
        assert_eq!(in_words(7.0, 1_700_000_000_000_000_001), "1700000000000000008");
        assert_eq!(in_words(-1.0, 1_700_000_000_000_000_001), "1700000000000000000");
        assert_eq!(in_words(2020.25, 0), "2020.25");
        assert_eq!(in_words(15.0, 0), "15");
    }
}
