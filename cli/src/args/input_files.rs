//! The files that are read: one by its name, all that a pattern matches, or those of Parquet in a folder.

use std::ffi::OsString;
use std::fs;
use std::io;
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

    /// One file by its name.
    pub(crate) fn one(path: &Path) -> Self {
        Self(vec![path.to_owned()])
    }

    fn of(argument: OsString) -> Result<Self, String> {
        let pattern = argument.to_str().filter(|text| text.contains(['*', '?', '[']));
        match pattern {
            // A file may have such a name.
            Some(pattern) if !Path::new(pattern).exists() => Self::matching(pattern),
            _ if Path::new(&argument).is_dir() => Self::in_folder(Path::new(&argument)),
            _ => Ok(Self(vec![argument.into()])),
        }
    }

    /// The Parquet files of a folder, in the order of the bytes of their names. What is in folders within it is not among them, but a
    /// folder named as a file is: reading it fails, so that nothing goes missing in silence.
    fn in_folder(folder: &Path) -> Result<Self, String> {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| format!("cannot read the folder: {error}"))?;
        let paths = entries.into_iter().map(|entry| entry.path());
        let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let is_parquet = |path: &Path| path.extension().is_some_and(|end| end == "parquet");
        let files: Vec<PathBuf> = paths.filter(|path| is_parquet(path) && !is_hidden(path)).collect();
        // One without any is refused where it is read, as any input that cannot be.
        Ok(if files.is_empty() { Self(vec![folder.to_owned()]) } else { Self::sorted(files) })
    }

    fn sorted(mut files: Vec<PathBuf>) -> Self {
        files.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        Self(files)
    }

    /// The files that a pattern matches, in the order of the bytes of their names.
    fn matching(pattern: &str) -> Result<Self, String> {
        // As shells do: hidden files are named.
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
        let found =
            glob::glob_with(pattern, options).map_err(|error| format!("wanted a file or a pattern: {error}"))?;
        let files: Vec<PathBuf> = found.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        if files.is_empty() {
            return Err("no file matches".into());
        }
        Ok(Self::sorted(files))
    }
}

/// The files of all arguments, in the order in which they are read.
pub(crate) fn paths(arguments: &[InputFiles]) -> impl Iterator<Item = &Path> {
    arguments.iter().flat_map(|files| files.0.iter().map(PathBuf::as_path))
}
