//! Windows of rows in the order of time.

use std::ops::Range;

use crate::error::{Error, Result};

/// Windows of consecutive rows, each fitted alone: of one length that moves on by a step, or from the first row on ever longer.
///
/// ```
/// use ridgepath::Windows;
/// assert_eq!(Windows::rolling(4, 3).ranges(10)?, [0..4, 3..7, 6..10]);
/// assert_eq!(Windows::expanding(4, 3).ranges(10)?, [0..4, 0..7, 0..10]);
/// let days = [0.0, 1.0, 1.5, 4.0, 4.5];
/// assert_eq!(Windows::rolling_time(&days, 2.0, 1.0).ranges(5)?, [0..3, 2..3, 3..4]);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Windows<'a> {
    kind: Kind<'a>,
    left_out: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind<'a> {
    Rolling { length: usize, step: usize },
    Expanding { first: usize, step: usize },
    Time { times: &'a [f64], length: f64, step: f64 },
}

impl<'a> Windows<'a> {
    /// Windows of `length` rows, each `step` rows after the one before, as many as there are whole.
    #[must_use]
    pub fn rolling(length: usize, step: usize) -> Self {
        Self { kind: Kind::Rolling { length, step }, left_out: 0 }
    }

    /// Windows from the first row on, of `first` rows, then of `step` rows more each.
    #[must_use]
    pub fn expanding(first: usize, step: usize) -> Self {
        Self { kind: Kind::Expanding { first, step }, left_out: 0 }
    }

    /// Windows by the time of each row, which does not run backwards: window number i holds the rows of times in
    /// (e − `length`, e], where e is the first time + `length` + i·`step`, but the first, which holds the first row too; as long as
    /// e is at most the last time. A window may hold no row.
    #[must_use]
    pub fn rolling_time(times: &'a [f64], length: f64, step: f64) -> Self {
        Self { kind: Kind::Time { times, length, step }, left_out: 0 }
    }

    /// The last `rows` of each window left out, as rows whose targets are known only later.
    #[must_use]
    pub fn leave_out_last(self, rows: usize) -> Self {
        Self { left_out: rows, ..self }
    }

    /// The rows of each window.
    ///
    /// # Errors
    /// [`Error::Count`] for windows of no rows, longer than all rows, or that do not move on; [`Error::Shape`] where there are not as
    /// many times as rows; [`Error::InvalidSetting`] for times that are not finite or run backwards, and lengths or steps of time
    /// that are not positive, or a length that is more than the time of all rows.
    pub fn ranges(&self, rows: usize) -> Result<Vec<Range<usize>>> {
        let whole = match self.kind {
            Kind::Rolling { length, step } => {
                counted("rows of a window", length, rows)?;
                counted("rows from one window to the next", step, usize::MAX)?;
                (0..=rows - length).step_by(step).map(|start| start..start + length).collect()
            }
            Kind::Expanding { first, step } => {
                counted("rows of the first window", first, rows)?;
                counted("rows from one window to the next", step, usize::MAX)?;
                (first..=rows).step_by(step).map(|end| 0..end).collect()
            }
            Kind::Time { times, length, step } => by_time(times, length, step, rows)?,
        };
        let shortened = |own: Range<usize>| own.start..own.end.saturating_sub(self.left_out).max(own.start);
        Ok(whole.into_iter().map(shortened).collect())
    }

    /// The time at which each window ends, in units of the rows' times; `None` of windows that count rows.
    ///
    /// ```
    /// use ridgepath::Windows;
    /// let days = [0.0, 1.0, 1.5, 4.0, 4.5];
    /// assert_eq!(Windows::rolling_time(&days, 2.0, 1.0).end_times(5)?, Some(vec![2.0, 3.0, 4.0]));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub fn end_times(&self, rows: usize) -> Result<Option<Vec<f64>>> {
        let count = self.ranges(rows)?.len();
        Ok(match self.kind {
            Kind::Time { times: [begin, ..], length, step } => {
                Some((0..count).map(|number| end_of(*begin, length, step, number)).collect())
            }
            Kind::Time { times: [], .. } => Some(Vec::new()),
            Kind::Rolling { .. } | Kind::Expanding { .. } => None,
        })
    }
}

/// The time at which window number `number` ends.
fn end_of(begin: f64, length: f64, step: f64, number: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count up to 10⁸")]
    let steps = number as f64;
    begin + length + steps * step
}

/// Windows beyond which somebody has mistaken a unit of time.
const MOST_WINDOWS: f64 = 1e8;

fn by_time(times: &[f64], length: f64, step: f64, rows: usize) -> Result<Vec<Range<usize>>> {
    let (what, found) = ("times of rows against rows of X", times.len());
    if found != rows {
        return Err(Error::Shape { what, found, wanted: rows });
    }
    for (what, value) in [("the length of a window", length), ("the time from one window to the next", step)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(Error::InvalidSetting { what, value, wanted: "a finite time > 0" });
        }
    }
    if let Some(value) = times.iter().find(|time| !time.is_finite()) {
        let (what, wanted) = ("a time of a row", "a finite number");
        return Err(Error::InvalidSetting { what, value: *value, wanted });
    }
    if let Some(pair) = times.windows(2).find(|pair| pair[1] < pair[0]) {
        let (what, wanted) = ("the time of a row that comes after a later one", "an order in which time runs forwards");
        return Err(Error::InvalidSetting { what, value: pair[1], wanted });
    }
    let [Some(begin), Some(end)] = [times.first(), times.last()] else { return Ok(Vec::new()) };
    if length > end - begin {
        let (what, wanted) = ("the length of a window", "at most the time from the first row to the last");
        return Err(Error::InvalidSetting { what, value: length, wanted });
    }
    let count = ((end - begin - length) / step).floor() + 1.0;
    if !(count <= MOST_WINDOWS) {
        let (what, wanted) = ("the number of windows", "a longer step: 10⁸ windows at most");
        return Err(Error::InvalidSetting { what, value: count, wanted });
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count up to 10⁸")]
    let count = count.max(0.0) as usize;
    let mut ranges = Vec::with_capacity(count);
    let (mut first, mut last) = (0, 0);
    for number in 0..count {
        let until = end_of(*begin, length, step, number);
        while last < rows && times[last] <= until {
            last += 1;
        }
        while number > 0 && first < last && times[first] <= until - length {
            first += 1;
        }
        ranges.push(first..last);
    }
    Ok(ranges)
}

fn counted(what: &'static str, found: usize, most: usize) -> Result<()> {
    if (1..=most).contains(&found) { Ok(()) } else { Err(Error::Count { what, found, least: 1, most }) }
}
