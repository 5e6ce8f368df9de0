//! Numbers on the command line, and in files of penalties: what they may be, and what is said of others.

use std::str::FromStr;

use ridgepath::Penalty;

/// Numbers ≥ 0, such as penalties, in the order given, repeats too.
#[derive(Debug, Clone)]
pub(crate) struct NumberList(Vec<f64>);

/// Longer grids of penalties are slips of the keyboard.
pub(crate) const LONGEST_GRID: usize = 1_000_000;

impl FromStr for NumberList {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        list.split(',').map(penalty).collect::<Result<_, _>>().map(Self)
    }
}

impl NumberList {
    pub(crate) fn values(&self) -> &[f64] {
        &self.0
    }
}

/// A grid as START:STOP:COUNT.
pub(crate) fn log_spaced(text: &str) -> Result<NumberList, String> {
    let wanted = "wanted START:STOP:COUNT, such as 1e-3:10:50";
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let &[start, stop, length] = parts.as_slice() else {
        return Err(format!("found {} parts, {wanted}", parts.len()));
    };
    let (start, stop) = (penalty(start)?, penalty(stop)?);
    Penalty::log_grid(start, stop, self::length(length)?).map(NumberList).map_err(|error| error.to_string())
}

/// How many penalties a grid has.
pub(crate) fn length(text: &str) -> Result<usize, String> {
    match count(text)? {
        length if length > LONGEST_GRID => Err(format!("found a count of {length}, wanted {LONGEST_GRID} at most")),
        length => Ok(length),
    }
}

/// A share in percent.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    penalty(text)
}

/// A whole number from 1 on.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("found {text:?}, wanted a whole number from 1 on")),
    }
}

/// A number of folds, of which one is trained on at least.
pub(crate) fn folds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(folds) if folds > 1 => Ok(folds),
        _ => Err(format!("found {text:?}, wanted a whole number from 2 on")),
    }
}

/// A number of threads. More than any machine has cores take long to start and are no faster.
pub(crate) fn threads(text: &str) -> Result<usize, String> {
    const MOST: usize = 1024;
    match count(text)? {
        threads if threads > MOST => Err(format!("found {threads}, wanted {MOST} at most")),
        threads => Ok(threads),
    }
}

/// A number of bytes, with K, M or G for 2¹⁰, 2²⁰ or 2³⁰ at its end.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let wanted = || format!("found {text:?}, wanted a number of bytes such as 67108864, 64M or 2G");
    let number = text.strip_suffix(['B', 'b']).unwrap_or(text);
    let (digits, shift) = match number.char_indices().last() {
        Some((at, 'K' | 'k')) => (&number[..at], 10),
        Some((at, 'M' | 'm')) => (&number[..at], 20),
        Some((at, 'G' | 'g')) => (&number[..at], 30),
        _ => (number, 0),
    };
    let number: u64 = digits.parse().map_err(|_| wanted())?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0).ok_or_else(wanted)
}

/// A finite number > 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(value) if f64::is_finite(value) && value > 0.0 => Ok(value),
        _ => Err(format!("found {text:?}, wanted a finite number > 0")),
    }
}

/// A finite number ≥ 0.
pub(crate) fn penalty(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(value) if f64::is_finite(value) && value >= 0.0 => Ok(value),
        _ => Err(format!("found {text:?}, wanted a finite number ≥ 0")),
    }
}
