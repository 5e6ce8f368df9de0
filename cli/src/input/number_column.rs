//! The numbers in the cells of a column. No whole number is rounded.

use std::result::Result;

/// What was found in a cell, and what was wanted in its place.
pub(crate) type Unfit = (String, &'static str);

/// Whole numbers of so many digits are all 64-bit floats.
const SAFE_DIGITS: usize = 15;

/// What is wanted in a column that has an origin.
const FAR: &str = "a whole number less than 2^53 from the others of its column, beyond 2^53 as some are: more is not a 64-bit float; \
                   a decimal, such as 1.5e18, may be rounded";

/// A column as it is read.
///
/// Whole numbers beyond 2⁵³, such as times in nanoseconds, are not all 64-bit floats, and rounded to floats they may lose
/// all that tells them apart. Their distances from one of them, the origin, fit where they are less than 2⁵³.
#[derive(Debug, Default)]
pub(crate) struct NumberColumn {
    /// The numbers less the origin.
    values: Vec<f64>,
    /// 0 while every number so far is a float itself.
    origin: i128,
}

impl NumberColumn {
    /// Takes the next cell. `shiftable`: the column may be given an origin, as a fitted intercept takes up any.
    pub(crate) fn push(&mut self, cell: &[u8], shiftable: bool) -> Result<f64, Unfit> {
        let cell = cell.trim_ascii();
        let value = number(cell)?;
        if self.origin == 0 && is_exact(cell, value) {
            self.values.push(value);
            return Ok(value);
        }
        let unfit = |wanted| Err((format!("found {}", shown(cell)), wanted));
        if !shiftable {
            return unfit(
                "a number that 64-bit floats hold, as they do all whole ones up to 2^53: subtract one number from the whole \
                 column, or write it as a decimal, such as 1.5e18, where it may be rounded",
            );
        }
        let whole_number = whole(cell, value);
        if self.origin == 0
            && let Some(origin) = whole_number
            && let Some(moved) = self.values.iter().map(|old| moved(*old, origin)).collect()
        {
            (self.values, self.origin) = (moved, origin);
        }
        match whole_number.and_then(|whole_number| distance(whole_number, self.origin)) {
            Some(value) if self.origin != 0 => {
                self.values.push(value);
                Ok(value)
            }
            _ => unfit(FAR),
        }
    }

    /// Takes the next number, of a source that has it as a float.
    pub(crate) fn push_number(&mut self, number: f64) -> Result<f64, Unfit> {
        let kept = if self.origin == 0 { Some(number) } else { moved(number, self.origin) };
        let kept = kept.ok_or_else(|| (format!("found {number:?}"), FAR))?;
        self.values.push(kept);
        Ok(kept)
    }

    /// Whether numbers are as they are, less no origin.
    pub(crate) fn is_plain(&self) -> bool {
        self.origin == 0
    }

    /// The last number.
    pub(crate) fn last(&self) -> Option<f64> {
        self.values.last().copied()
    }

    /// Takes the next numbers, of which none is less an origin.
    pub(crate) fn extend(&mut self, numbers: Vec<f64>) {
        match self.values.is_empty() {
            true => self.values = numbers,
            false => self.values.extend_from_slice(&numbers),
        }
    }

    /// Takes a cell without a value, as NaN.
    pub(crate) fn push_missing(&mut self) {
        self.values.push(f64::NAN);
    }

    /// Whether the last number is less than the one before it.
    pub(crate) fn falls(&self) -> bool {
        matches!(self.values.as_slice(), [.., before, last] if last < before)
    }

    /// The values less the origin, and the origin.
    pub(crate) fn into_parts(self) -> (Vec<f64>, i128) {
        (self.values, self.origin)
    }
}

/// The number in a cell, where a float is that.
pub(crate) fn as_it_is(cell: &[u8]) -> Option<f64> {
    let cell = cell.trim_ascii();
    number(cell).ok().filter(|value| is_exact(cell, *value))
}

/// The number in a cell.
fn number(cell: &[u8]) -> Result<f64, Unfit> {
    if cell.is_empty() {
        return Err((found(cell), "a number"));
    }
    let value = str::from_utf8(cell).ok().and_then(|text| text.parse::<f64>().ok());
    match value {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err((format!("found {}", shown(cell)), "a finite number")),
        None => Err((format!("found {}", shown(cell)), "a number")),
    }
}

/// Whether this is the number that the cell has, if that is written as a whole one; others are taken to be measured.
fn is_exact(cell: &[u8], value: f64) -> bool {
    let digits = cell.strip_prefix(b"-").or(cell.strip_prefix(b"+")).unwrap_or(cell);
    if digits.len() <= SAFE_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return true;
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    zeros == digits.len() || format!("{:.0}", value.abs()).as_bytes() == &digits[zeros..]
}

/// The whole number that a cell of this value has, or the value has where there is no cell.
fn whole(cell: &[u8], value: f64) -> Option<i128> {
    const SMALL: f64 = (1_u128 << 100) as f64;
    let written = str::from_utf8(cell).ok().and_then(|text| text.parse().ok());
    #[expect(clippy::cast_possible_truncation, reason = "whole and smaller than 2^100")]
    written.or_else(|| (value.fract() == 0.0 && value.abs() < SMALL).then_some(value as i128))
}

/// How far a number read before is from the origin, where that is a float; NaN of one that is missing.
fn moved(old: f64, origin: i128) -> Option<f64> {
    if old.is_nan() { Some(old) } else { distance(whole(&[], old)?, origin) }
}

/// How far a number is from the origin, where that is a float.
fn distance(number: i128, origin: i128) -> Option<f64> {
    let exact = number.checked_sub(origin)?;
    let float = exact as f64;
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    (float as i128 == exact).then_some(float)
}

/// What was found in a cell, as a message says it.
pub(crate) fn found(cell: &[u8]) -> String {
    if cell.is_empty() { "found no value".into() } else { format!("found {}", shown(cell)) }
}

/// A cell as a message shows it: not all of a long one.
pub(crate) fn shown(cell: &[u8]) -> String {
    const MOST: usize = 60;
    let text = String::from_utf8_lossy(cell);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
