//! Penalties in a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::args::numbers::{self, LONGEST_GRID};
use crate::machine::failure::{Failure, Result};

/// The penalties in a file, one a line; blank lines and # comments are skipped.
pub(crate) fn read(file: &Path) -> Result<Vec<f64>> {
    let text = text(file).map_err(|error| Failure::reading(&format!("{file:?}"), &error))?;
    let mut values = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let content = line.split('#').next().unwrap_or_default().trim();
        if !content.is_empty() {
            let value = numbers::penalty(content)
                .map_err(|problem| Failure::Input(format!("{file:?}, line {}: {problem}", index + 1)))?;
            if values.len() == LONGEST_GRID {
                return Err(Failure::Input(format!(
                    "{file:?} holds more than {LONGEST_GRID} λ; wanted {LONGEST_GRID} at most"
                )));
            }
            values.push(value);
        }
    }
    if values.is_empty() {
        return Err(Failure::Input(format!("{file:?} holds no λ; wanted one number a line")));
    }
    Ok(values)
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
