//! How fast this machine is: measured once, and kept in the user's cache directory.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ridgepath::Rates;

use crate::machine::hardware;
use crate::machine::temporary::Temporary;

/// The rates kept in the cache, else rates measured now and put there, and in words where they come from; or why there are
/// none. What cannot be kept is not measured: the next run would choose by other rates.
pub(crate) fn kept_or_measured() -> Result<(Rates, String), String> {
    let directory = cache().ok_or("no cache directory is known that would keep others")?;
    let file = &directory.join(name_of_file());
    let shown = file.display();
    let instead = match read(file) {
        Ok(rates) => return Ok((rates, format!("measured before, kept in {shown}"))),
        Err(None) => String::new(),
        Err(Some(reason)) => format!(" in place of what was there: {reason}"),
    };
    let rates = keep(file).map_err(|error| format!("cannot keep others in {shown}: {error}"))?;
    Ok((rates, format!("measured now, kept in {shown}{instead}")))
}

/// The rates in a file; of one that is there and has none, why.
fn read(file: &Path) -> Result<Rates, Option<String>> {
    let content = fs::read(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => None,
        _ => Some(error.to_string()),
    })?;
    let rates: Rates = serde_json::from_slice(&content).map_err(|error| Some(error.to_string()))?;
    rates.check().map_err(|error| Some(error.to_string()))?;
    Ok(rates)
}

/// Measures rates, and writes them to a file that appears whole or not at all.
fn keep(file: &Path) -> io::Result<Rates> {
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut place = Temporary::new(&tempfile::Builder::new(), directory)?;
    let rates = Rates::measure();
    place.write_all(&serde_json::to_vec_pretty(&rates)?)?;
    place.persist(file)?;
    Ok(rates)
}

/// One file for each version, and for each machine that shares the directory.
fn name_of_file() -> String {
    let cpu = hardware::cpu().to_lowercase();
    let words: Vec<&str> = cpu.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!("rates-{}-{}-{}-cores-{}.json", hardware::VERSION, hardware::BUILD, hardware::cores(), words.join("-"))
}

/// This program's folder in the user's cache directory, as the system has it.
fn cache() -> Option<PathBuf> {
    // What is empty or relative does not count, as the XDG Base Directory Specification says.
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = |cache: &str| env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(cache));
    let directory = match env::consts::OS {
        "windows" => variable("LOCALAPPDATA"),
        "macos" => variable("XDG_CACHE_HOME").or_else(|| home("Library/Caches")),
        _ => variable("XDG_CACHE_HOME").or_else(|| home(".cache")),
    };
    directory.map(|directory| directory.join("ridgepath"))
}
