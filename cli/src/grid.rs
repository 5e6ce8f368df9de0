//! Penalties and sizes from the command line and from files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use ridgepath::Penalty;

use crate::args::GridArgs;
use crate::message::{Failure, Result};

/// Penalties in the order given, repeats too.
#[derive(Debug, Clone)]
pub(crate) struct Values(Vec<f64>);

/// Longer grids are slips of the keyboard.
const LONGEST: usize = 1_000_000;

impl FromStr for Values {
    type Err = String;

    fn from_str(list: &str) -> std::result::Result<Self, String> {
        list.split(',').map(penalty).collect::<std::result::Result<_, _>>().map(Self)
    }
}

impl Values {
    pub(crate) fn values(&self) -> &[f64] {
        &self.0
    }
}

pub(crate) fn choose(args: &GridArgs) -> Result<Penalty> {
    Ok(match args {
        GridArgs { lambdas: Some(values), .. } | GridArgs { lambda_grid: Some(values), .. } => {
            Penalty::Lambdas(values.0.clone())
        }
        GridArgs { alphas: Some(values), .. } | GridArgs { alpha_grid: Some(values), .. } => {
            Penalty::Alphas(values.0.clone())
        }
        GridArgs { lambda_file: Some(file), .. } => Penalty::Lambdas(read(file)?),
        _ => Penalty::default(),
    })
}

pub(crate) fn log_spaced(text: &str) -> std::result::Result<Values, String> {
    let wanted = "wanted START:STOP:COUNT, such as 1e-3:10:50";
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let &[start, stop, length] = parts.as_slice() else {
        return Err(format!("found {} parts, {wanted}", parts.len()));
    };
    let (start, stop) = (penalty(start)?, penalty(stop)?);
    Penalty::log_grid(start, stop, self::length(length)?).map(Values).map_err(|error| error.to_string())
}

/// Of a grid.
pub(crate) fn length(text: &str) -> std::result::Result<usize, String> {
    match count(text)? {
        length if length > LONGEST => Err(format!("found a count of {length}, wanted {LONGEST} at most")),
        length => Ok(length),
    }
}

pub(crate) fn percent(text: &str) -> std::result::Result<f64, String> {
    penalty(text)
}

pub(crate) fn count(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("found {text:?}, wanted a whole number from 1 on")),
    }
}

/// More threads than any machine has cores take long to start and are no faster.
pub(crate) fn threads(text: &str) -> std::result::Result<usize, String> {
    const MOST: usize = 1024;
    match count(text)? {
        threads if threads > MOST => Err(format!("found {threads}, wanted {MOST} at most")),
        threads => Ok(threads),
    }
}

pub(crate) fn bytes(text: &str) -> std::result::Result<u64, String> {
    let wanted = || format!("found {text:?}, wanted a number of bytes such as 67108864, 64M or 2G");
    let (digits, shift) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (&text[..at], 10),
        Some((at, 'M' | 'm')) => (&text[..at], 20),
        Some((at, 'G' | 'g')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| wanted())?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0).ok_or_else(wanted)
}

/// The text of a file of penalties, which may be endless.
fn text(file: &Path) -> io::Result<String> {
    const MOST: u64 = 32 << 20;
    let mut text = String::new();
    File::open(file)?.take(MOST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MOST {
        true => Err(io::Error::other(format!("found more than {} MiB, wanted one number a line", MOST >> 20))),
        false => Ok(text),
    }
}

fn read(file: &Path) -> Result<Vec<f64>> {
    let text = text(file).map_err(|error| Failure::reading(&format!("{file:?}"), &error))?;
    let mut values = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let content = line.split('#').next().unwrap_or_default().trim();
        if !content.is_empty() {
            let value = penalty(content)
                .map_err(|problem| Failure::Input(format!("{file:?}, line {}: {problem}", index + 1)))?;
            if values.len() == LONGEST {
                return Err(Failure::Input(format!("{file:?} holds more than {LONGEST} λ; wanted {LONGEST} at most")));
            }
            values.push(value);
        }
    }
    if values.is_empty() {
        return Err(Failure::Input(format!("{file:?} holds no λ; wanted one number a line")));
    }
    Ok(values)
}

pub(crate) fn positive(text: &str) -> std::result::Result<f64, String> {
    match text.trim().parse() {
        Ok(value) if f64::is_finite(value) && value > 0.0 => Ok(value),
        _ => Err(format!("found {text:?}, wanted a finite number > 0")),
    }
}

pub(crate) fn penalty(text: &str) -> std::result::Result<f64, String> {
    match text.trim().parse() {
        Ok(value) if f64::is_finite(value) && value >= 0.0 => Ok(value),
        _ => Err(format!("found {text:?}, wanted a finite number ≥ 0")),
    }
}
