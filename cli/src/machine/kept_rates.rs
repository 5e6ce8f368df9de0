//! How fast this machine and its GPU are: measured once, and kept in the user's cache directory.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ridgepath::{DeviceRates, Gpu, Rates};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::machine::hardware;
use crate::machine::temporary::Temporary;

/// The rates of the CPU, and in words where they come from; or why there are none.
pub(crate) fn of_cpu() -> Result<(Rates, String), String> {
    let name = format!("cores-{}-{}", hardware::cores(), words(&hardware::cpu()));
    kept_or_measured(&name, Rates::check, || Ok(Rates::measure()))
}

/// Those of a GPU.
pub(crate) fn of_gpu(gpu: &Gpu) -> Result<(DeviceRates, String), String> {
    let adapter = gpu.adapter();
    let name = words(&format!("{} {} {}", adapter.name, adapter.api, adapter.driver));
    let measure = || pollster::block_on(DeviceRates::measure(gpu)).map_err(io::Error::other);
    kept_or_measured(&name, DeviceRates::check, measure)
}

/// The rates kept in the cache, else rates measured now and put there. What cannot be kept is not measured: the next run would
/// choose by other rates.
fn kept_or_measured<R: Serialize + DeserializeOwned>(
    name: &str,
    check: impl Fn(&R) -> ridgepath::Result<()>,
    measure: impl Fn() -> io::Result<R>,
) -> Result<(R, String), String> {
    let directory = cache().ok_or("no cache directory is known that would keep others")?;
    let file = &directory.join(format!("rates-{}-{}-{name}.json", hardware::VERSION, hardware::BUILD));
    let shown = file.display();
    let instead = match read(file, check) {
        Ok(rates) => return Ok((rates, format!("measured before, kept in {shown}"))),
        Err(None) => String::new(),
        Err(Some(reason)) => format!(" in place of what was there: {reason}"),
    };
    let rates = keep(file, measure).map_err(|error| format!("cannot keep others in {shown}: {error}"))?;
    Ok((rates, format!("measured now, kept in {shown}{instead}")))
}

/// The rates in a file; of one that is there and has none, why.
fn read<R: DeserializeOwned>(file: &Path, check: impl Fn(&R) -> ridgepath::Result<()>) -> Result<R, Option<String>> {
    let content = fs::read(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => None,
        _ => Some(error.to_string()),
    })?;
    let rates: R = serde_json::from_slice(&content).map_err(|error| Some(error.to_string()))?;
    check(&rates).map_err(|error| Some(error.to_string()))?;
    Ok(rates)
}

/// Measures rates, and writes them to a file that appears whole or not at all.
fn keep<R: Serialize>(file: &Path, measure: impl Fn() -> io::Result<R>) -> io::Result<R> {
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut place = Temporary::new(&tempfile::Builder::new(), directory)?;
    let rates = measure()?;
    place.write_all(&serde_json::to_vec_pretty(&rates)?)?;
    place.persist(file)?;
    Ok(rates)
}

/// The words of a name as part of that of a file.
fn words(name: &str) -> String {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
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
