//! CSV files, into tables.

use std::io::Read;
use std::path::Path;

use csv::{ByteRecord, Position};

use crate::args::reading::ReadingArgs;
use crate::input::column_roles::ColumnRoles;
use crate::input::delimiter::Parting;
use crate::input::labels::Labels;
use crate::input::line_numbers::{self, Tracked};
use crate::input::number_column::{self, NumberColumn};
use crate::input::other_formats;
use crate::input::table::Table;
use crate::input::text_file::TextFile;
use crate::machine::failure::{Failure, Result};
use crate::machine::progress::Progress;

/// What columns are read for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// With `gaps` a target may have no value in a row: NaN.
    Fit {
        intercept: bool,
        gaps: bool,
    },
    Predict,
}

/// A CSV file whose header has been read.
pub(crate) struct CsvFile {
    file: String,
    reader: csv::Reader<Tracked<Box<dyn Read>>>,
    header: Vec<String>,
    header_line: u64,
}

impl CsvFile {
    /// Opens a file, or standard input for `-`, and reads its header.
    pub(crate) fn open(path: &Path, args: &ReadingArgs) -> Result<Self> {
        let mut text = TextFile::open(path)?;
        let parting = Parting::of(&mut text, args.delimiter)?;
        let (file, head) = (text.name.clone(), text.head.clone());
        // Ragged rows are ours to report, with the line on which they are.
        let delimiter = parting.delimiter.byte();
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 17)
            .from_reader(Tracked::new(text.into_source(), delimiter));
        let mut input = Self { file, reader, header: Vec::new(), header_line: 1 };
        let mut record = ByteRecord::new();
        if parting.separator_line {
            input.next(&mut record)?;
        }
        if !input.next(&mut record)? {
            return Err(Failure::Input(format!("{} is empty; wanted a header with the columns' names", input.file)));
        }
        input.header_line = input.line(&record, 0);
        for (column, name) in record.iter().enumerate() {
            let name = str::from_utf8(name).map_err(|_| {
                let (line, found) = (input.line(&record, column), String::from_utf8_lossy(name));
                Failure::Input(format!(
                    "{}, line {line}: the name of column {} is {found:?}; wanted UTF-8",
                    input.file,
                    column + 1
                ))
            })?;
            // The parser takes a byte-order mark off only when it comes with the first bytes read.
            let name = if column == 0 { name.trim_start_matches('\u{feff}') } else { name };
            input.header.push(name.trim().to_owned());
        }
        if other_formats::is_data(parting.header_line(&head), &input.header) {
            let (file, line) = (&input.file, input.header_line);
            return Err(Failure::Input(format!(
                "{file}, line {line}: found numbers alone, wanted the columns' names: put a line of names before it; names that \
                 are numbers need quotes, as in \"2024\",\"2025\""
            )));
        }
        Ok(input)
    }

    /// The file, as messages name it.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The columns' names.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The line on which the columns' names stand.
    pub(crate) fn header_line(&self) -> u64 {
        self.header_line
    }

    /// Reads the features, then the targets, then the weights, then the times, which must not run backwards; and a label for each row,
    /// of each kind for which columns are chosen.
    pub(crate) fn read(mut self, chosen: &ColumnRoles, purpose: Purpose) -> Result<(Table, Vec<Labels>)> {
        let columns = chosen.of_numbers();
        let progress = Progress::counting("rows read");
        let mut labels: Vec<Labels> = chosen.labels.iter().map(|_| Labels::default()).collect();
        let mut values: Vec<NumberColumn> = columns.iter().map(|_| NumberColumn::default()).collect();
        let mut record = ByteRecord::new();
        let mut rows = 0;
        while self.next(&mut record)? {
            if record.len() != self.header.len() {
                return Err(self.ragged(&record));
            }
            for (column, values) in columns.iter().zip(&mut values) {
                let (weights, time) = (chosen.weights == Some(*column), chosen.time == Some(*column));
                let may_miss = matches!(purpose, Purpose::Fit { gaps: true, .. }) && chosen.targets.contains(column);
                if may_miss && number_column::is_missing(&record[*column]) {
                    values.push_missing();
                    continue;
                }
                // Of times nothing but their differences is used.
                let shiftable = (matches!(purpose, Purpose::Fit { intercept: true, .. }) && !weights) || time;
                values
                    .push(&record[*column], shiftable)
                    .and_then(|value| match weights && value < 0.0 {
                        true => Err((format!("found {value}"), "a weight ≥ 0")),
                        false => Ok(()),
                    })
                    .and_then(|()| match time && values.falls() {
                        true => Err((
                            format!(
                                "found {}, which is before the time of the row above",
                                number_column::shown(&record[*column])
                            ),
                            "rows in the order of time",
                        )),
                        false => Ok(()),
                    })
                    .map_err(|(found, wanted)| {
                        let remedy = match number_column::is_missing(&record[*column]) {
                            false => "",
                            true if matches!(purpose, Purpose::Fit { .. }) && chosen.features.contains(column) => {
                                ": leave out its row, or the column by --exclude"
                            }
                            true if chosen.targets.contains(column) => {
                                ": leave out its row, as path and cv do for this target by --missing-targets skip"
                            }
                            true => ": leave out its row",
                        };
                        self.bad_cell(&record, *column, &found, &format!("{wanted}{remedy}"))
                    })?;
            }
            for (columns, labels) in chosen.labels.iter().zip(&mut labels) {
                let cell = |column: &usize| match record[*column].trim_ascii() {
                    [] => Err(self.bad_cell(&record, *column, "found no value", "a label")),
                    cell => Ok(cell.to_vec()),
                };
                labels.push(columns.iter().map(cell).collect::<Result<_>>()?);
            }
            rows += 1;
            progress.counted(rows);
        }
        progress.finish();
        if rows == 0 {
            let (file, line) = (&self.file, self.header_line);
            return Err(Failure::Input(format!(
                "{file} has no rows after the header on line {line}; wanted at least 1"
            )));
        }
        let names = columns.iter().map(|column| self.header[*column].clone()).collect();
        Ok((Table::new(names, values), labels))
    }

    /// Reads the next row into the record; false at the end.
    fn next(&mut self, record: &mut ByteRecord) -> Result<bool> {
        let more = self.reader.read_byte_record(record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure::reading(&self.file, &error),
            other => Failure::Input(format!("cannot read {}: {other:?}", self.file)),
        })?;
        let end = self.reader.position().byte();
        self.reader.get_mut().row_read(start(record), end);
        Ok(more)
    }

    /// The physical line on which a cell begins.
    fn line(&self, record: &ByteRecord, column: usize) -> u64 {
        let before: u64 = record.iter().take(column).map(line_numbers::ends).sum();
        self.reader.get_ref().line_from(start(record)) + before
    }

    fn ragged(&self, record: &ByteRecord) -> Failure {
        let (file, line, found, wanted) = (&self.file, self.line(record, 0), record.len(), self.header.len());
        let column = match self.header.get(found) {
            Some(missing) => format!("column {missing:?} is the first without one"),
            None => format!("column {} has no name", wanted + 1),
        };
        let spans = record.iter().map(line_numbers::ends).sum::<u64>();
        let hint = match spans {
            0 => String::new(),
            _ => format!("; a quoted cell runs on to line {}, is a quote missing?", line + spans),
        };
        let cells = if found == 1 { "cell" } else { "cells" };
        Failure::Input(format!(
            "{file}, line {line}: found {found} {cells}, wanted {wanted} as in the header ({column}){hint}"
        ))
    }

    fn bad_cell(&self, record: &ByteRecord, column: usize, found: &str, wanted: &str) -> Failure {
        let (file, line, name) = (&self.file, self.line(record, column), &self.header[column]);
        Failure::Input(format!("{file}, line {line}, column {name:?}: {found}, wanted {wanted}"))
    }
}

/// The byte at which a row begins.
fn start(record: &ByteRecord) -> u64 {
    record.position().map_or(0, Position::byte)
}
