//! Files that are read one after another, as one table.

use std::collections::{HashMap, HashSet};
use std::fs;

use crate::args::input_files::{self, InputFiles};
use crate::args::reading::ReadingArgs;
use crate::input::categories::Category;
use crate::input::column_roles::ColumnRoles;
use crate::input::csv_file::CsvFile;
use crate::input::table_builder::{Built, Purpose, TableBuilder};
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// Reads all files. `known` are the categories of a model; `choose` says which columns of the first are what; those of the others are found by their names.
pub(crate) fn read(
    files: &[InputFiles],
    reading: &ReadingArgs,
    purpose: Purpose,
    known: &[Category],
    choose: impl FnOnce(&CsvFile) -> Result<ColumnRoles>,
) -> Result<(Built, ColumnRoles)> {
    let mut builder: Option<TableBuilder> = None;
    let (first, chosen) = each(files, reading, choose, |source, chosen| {
        builder.get_or_insert_with(|| TableBuilder::new(purpose, reading, chosen, known)).take(source, chosen)
    })?;
    match builder {
        Some(builder) => builder.finish(&first, &chosen).map(|built| (built, chosen)),
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
    choose: impl FnOnce(&CsvFile) -> Result<ColumnRoles>,
    mut take: impl FnMut(&mut CsvFile, &ColumnRoles) -> Result<()>,
) -> Result<(CsvFile, ColumnRoles)> {
    // One that is not there is told before the others are read.
    for path in input_files::paths(files).filter(|path| path.as_os_str() != "-") {
        fs::metadata(path).map_err(|error| Failure::reading(&path.display().to_string(), &error))?;
    }
    let mut paths = input_files::paths(files);
    let Some(path) = paths.next() else { return Err(nothing()) };
    let mut first = CsvFile::open(path, reading)?;
    let chosen = choose(&first)?;
    take(&mut first, &chosen)?;
    for path in paths {
        let mut other = CsvFile::open(path, reading)?;
        let found = columns_of(&other, &chosen, &first)?;
        take(&mut other, &found)?;
    }
    Ok((first, chosen))
}

/// The columns of another file that are those chosen in the first: of the same names, in any order.
fn columns_of(other: &impl TableSource, chosen: &ColumnRoles, first: &impl TableSource) -> Result<ColumnRoles> {
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
