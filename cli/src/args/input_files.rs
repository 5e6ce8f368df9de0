//! The files that are read: one by its name, or all that a pattern matches.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use glob::MatchOptions;

/// What one argument of the command line stands for: one file at least.
#[derive(Debug, Clone)]
pub(crate) struct InputFiles(Vec<PathBuf>);

impl InputFiles {
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().try_map(Self::of)
    }

    fn of(argument: OsString) -> Result<Self, String> {
        let pattern = argument.to_str().filter(|text| text.contains(['*', '?', '[']));
        match pattern {
            // A file may have such a name.
            Some(pattern) if !Path::new(pattern).exists() => Self::matching(pattern),
            _ => Ok(Self(vec![argument.into()])),
        }
    }

    /// The files that a pattern matches, in the order of the bytes of their names.
    fn matching(pattern: &str) -> Result<Self, String> {
        // As shells do: hidden files are named.
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
        let found =
            glob::glob_with(pattern, options).map_err(|error| format!("wanted a file or a pattern: {error}"))?;
        let mut files: Vec<PathBuf> = found.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        if files.is_empty() {
            return Err("no file matches".into());
        }
        files.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        Ok(Self(files))
    }
}

/// The files of all arguments, in the order in which they are read.
pub(crate) fn paths(arguments: &[InputFiles]) -> impl Iterator<Item = &Path> {
    arguments.iter().flat_map(|files| files.0.iter().map(PathBuf::as_path))
}
