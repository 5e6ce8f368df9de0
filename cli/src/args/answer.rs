//! Where an answer goes, and how it is written.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

/// The file of `--output`, or standard output for `-`.
#[derive(Debug, Clone)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

impl FromStr for Destination {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Stdout } else { Self::File(text.into()) })
    }
}

impl Destination {
    /// The ending of the file's name, in small letters.
    fn ending(&self) -> Option<String> {
        match self {
            Self::Stdout => None,
            Self::File(file) => file.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase),
        }
    }
}

/// How `path` and `cv` write.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathFormat {
    Table,
    Json,
    Csv,
    Parquet,
    Arrow,
}

impl PathFormat {
    /// What is asked for, else what the ending of the file's name says, else a table for people.
    pub(crate) fn of(asked: Option<Self>, to: &Destination) -> Self {
        let ending = to.ending();
        let told = match ending.as_deref() {
            Some("json") => Some(Self::Json),
            Some("csv") => Some(Self::Csv),
            Some("parquet") => Some(Self::Parquet),
            Some("arrow" | "feather") => Some(Self::Arrow),
            _ => None,
        };
        asked.or(told).unwrap_or(Self::Table)
    }
}

/// How `predict` writes.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordFormat {
    Csv,
    Parquet,
    Arrow,
}

impl RecordFormat {
    /// What is asked for, else what the ending of the file's name says, else CSV.
    pub(crate) fn of(asked: Option<Self>, to: &Destination) -> Self {
        let told = match PathFormat::of(None, to) {
            PathFormat::Parquet => Self::Parquet,
            PathFormat::Arrow => Self::Arrow,
            PathFormat::Table | PathFormat::Json | PathFormat::Csv => Self::Csv,
        };
        asked.unwrap_or(told)
    }
}

/// How `devices`, `validate` and `bench` write.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
}
