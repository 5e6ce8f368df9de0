//! Files that are read one after another, as one table.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use crate::args::input_files::{self, InputFiles};
use crate::args::reading::ReadingArgs;
use crate::input::arrow_file::ArrowFile;
use crate::input::batch_file::BatchFile;
use crate::input::categories::Category;
use crate::input::column_roles::ColumnRoles;
use crate::input::csv_file::CsvFile;
use crate::input::other_formats::Container;
use crate::input::parquet_file::ParquetFile;
use crate::input::spool;
use crate::input::table_builder::{Built, Purpose, TableBuilder};
use crate::input::table_source::TableSource;
use crate::input::text_file::TextFile;
use crate::machine::failure::{Failure, Result};

/// A file of any kind. Rows are read by what it is, not through `dyn`, which would cost time in each cell.
pub(crate) enum File {
    Csv(Box<CsvFile>),
    Parquet(Box<BatchFile<ParquetFile>>),
    Arrow(Box<BatchFile<ArrowFile>>),
}

impl File {
    /// Opens a file, or standard input for `-`; of which kind it is its first bytes tell.
    fn open(path: &Path, reading: &ReadingArgs) -> Result<Self> {
        let file = TextFile::open(path)?;
        let in_place = path.is_file() && Container::of(&file.head).is_some();
        let file = file.unpacked()?;
        // The end of a container is read first, which what is piped or packed has only in a file.
        let whole = |file: TextFile| match in_place {
            true => fs::File::open(path).map_err(|error| Failure::reading(&file.name, &error)),
            false => spool::spooled(file),
        };
        let name = file.name.clone();
        Ok(match Container::of(&file.head) {
            None => Self::Csv(Box::new(CsvFile::of(file, reading)?)),
            Some(Container::Parquet) => Self::Parquet(Box::new(BatchFile::of(ParquetFile::of(name, whole(file)?)?))),
            Some(Container::ArrowFile) => Self::Arrow(Box::new(BatchFile::of(ArrowFile::of_file(name, whole(file)?)?))),
            Some(Container::ArrowStream) => {
                Self::Arrow(Box::new(BatchFile::of(ArrowFile::of_stream(name, file.into_source())?)))
            }
        })
    }

    pub(crate) fn source(&self) -> &dyn TableSource {
        match self {
            Self::Csv(file) => file.as_ref(),
            Self::Parquet(file) => file.as_ref(),
            Self::Arrow(file) => file.as_ref(),
        }
    }

    /// Tells a table that the rows of this file come, of the columns chosen.
    pub(crate) fn begin(&mut self, builder: &mut TableBuilder, chosen: &ColumnRoles) -> Result<()> {
        match self {
            Self::Csv(file) => builder.begin(file.as_mut(), chosen),
            Self::Parquet(file) => builder.begin(file.as_mut(), chosen),
            Self::Arrow(file) => builder.begin(file.as_mut(), chosen),
        }
    }

    /// Gives a table the rows that come next, some at a time; false when there are no more.
    pub(crate) fn give(&mut self, builder: &mut TableBuilder, chosen: &ColumnRoles) -> Result<bool> {
        match self {
            Self::Csv(file) => builder.take_some(file.as_mut(), chosen),
            Self::Parquet(file) => builder.take_some(file.as_mut(), chosen),
            Self::Arrow(file) => builder.take_some(file.as_mut(), chosen),
        }
    }
}

/// Reads all files. `known` are the categories of a model; `choose` says which columns of the first are what; those of the others are found by their names.
pub(crate) fn read(
    files: &[InputFiles],
    reading: &ReadingArgs,
    purpose: Purpose,
    known: &[Category],
    choose: impl FnOnce(&dyn TableSource) -> Result<ColumnRoles>,
) -> Result<(Built, ColumnRoles)> {
    let mut builder: Option<TableBuilder> = None;
    let (first, chosen) = each(files, reading, choose, |file, chosen| {
        let builder = builder.get_or_insert_with(|| TableBuilder::new(purpose, reading, chosen, known));
        file.begin(builder, chosen)?;
        while file.give(builder, chosen)? {}
        Ok(())
    })?;
    match builder {
        Some(builder) => builder.finish(first.source(), &chosen).map(|built| (built, chosen)),
        None => Err(nothing()),
    }
}

fn nothing() -> Failure {
    Failure::Input("there is no file to read; wanted INPUT".into())
}

/// Calls `take` with each file and its columns, and returns the first, after its rows were taken, with its columns.
pub(crate) fn each(
    files: &[InputFiles],
    reading: &ReadingArgs,
    choose: impl FnOnce(&dyn TableSource) -> Result<ColumnRoles>,
    mut take: impl FnMut(&mut File, &ColumnRoles) -> Result<()>,
) -> Result<(File, ColumnRoles)> {
    // One that is not there is told before the others are read.
    for path in input_files::paths(files).filter(|path| path.as_os_str() != "-") {
        let name = path.display().to_string();
        if fs::metadata(path).map_err(|error| Failure::reading(&name, &error))?.is_dir() {
            return Err(Failure::Input(format!(
                "cannot read {name}: it is a folder; wanted a file, or as INPUT a folder in which files are named *.parquet"
            )));
        }
    }
    let mut paths = input_files::paths(files);
    let Some(path) = paths.next() else { return Err(nothing()) };
    let mut first = File::open(path, reading)?;
    let chosen = choose(first.source())?;
    take(&mut first, &chosen)?;
    for path in paths {
        let mut other = File::open(path, reading)?;
        let found = columns_of(other.source(), &chosen, first.source())?;
        take(&mut other, &found)?;
    }
    Ok((first, chosen))
}

/// The columns of another file that are those chosen in the first: of the same names, in any order.
fn columns_of(other: &dyn TableSource, chosen: &ColumnRoles, first: &dyn TableSource) -> Result<ColumnRoles> {
    if other.header() == first.header() {
        return Ok(chosen.clone());
    }
    let mut places = HashMap::<&str, Vec<usize>>::new();
    other.header().iter().enumerate().for_each(|(at, name)| places.entry(name).or_default().push(at));
    let (name, place) = (|column: usize| first.header()[column].as_str(), other.header_place());
    let found = chosen.moved(|column| match places.get(name(column)).map(Vec::as_slice) {
        Some([one]) => Ok(*one),
        Some(several) => {
            let (name, wanted, found) = (name(column), first.name(), several.len());
            Err(Failure::Input(format!("{place}: {found} columns are named {name:?}; wanted one, as in {wanted}")))
        }
        None => {
            let (name, with) = (name(column), first.name());
            Err(Failure::Input(format!("{place}: there is no column {name:?}, which {with} has; wanted it in both")))
        }
    })?;
    if chosen.features_are_the_rest {
        let known: HashSet<&str> = chosen.all().into_iter().chain(chosen.excluded.iter().copied()).map(name).collect();
        if let Some((at, name)) = other.header().iter().enumerate().find(|(_, name)| !known.contains(name.as_str())) {
            let (number, without) = (at + 1, first.name());
            return Err(Failure::Input(format!(
                "{place}: column {number}, {name:?}, is none that {without} has, of which all that are left are features; wanted the same \
                 columns in both, or --features with those to use"
            )));
        }
    }
    Ok(found)
}
