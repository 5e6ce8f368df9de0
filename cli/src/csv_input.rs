//! CSV files, into tables.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, Position};

use crate::lines::{self, Tracked};
use crate::message::{Failure, Result};
use crate::progress::Progress;
use crate::table::Table;

/// A CSV file whose header has been read.
pub(crate) struct CsvInput {
    file: String,
    reader: csv::Reader<Tracked<Box<dyn Read>>>,
    header: Vec<String>,
    header_line: u64,
}

impl CsvInput {
    /// Opens a file, or standard input for `-`, and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (file, source): (_, Box<dyn Read>) = if path.as_os_str() == "-" {
            ("standard input".to_owned(), Box::new(io::stdin().lock()))
        } else {
            let name = path.display().to_string();
            let source = File::open(path).map_err(|error| Failure::reading(&name, &error))?;
            (name, Box::new(source))
        };
        // Ragged rows are ours to report, with the line on which they are.
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 17)
            .from_reader(Tracked::new(source));
        let mut input = Self { file, reader, header: Vec::new(), header_line: 1 };
        let mut record = ByteRecord::new();
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

    /// The line on which they stand.
    pub(crate) fn header_line(&self) -> u64 {
        self.header_line
    }

    /// Reads these columns, in this order. `weights` is the one that may hold no negative number. With them a label for each
    /// row, by the column of these: equal cells have equal labels, which count from 0 in the order of their first rows.
    pub(crate) fn read(
        mut self,
        columns: &[usize],
        weights: Option<usize>,
        labels: Option<usize>,
    ) -> Result<(Table, Vec<usize>)> {
        let progress = Progress::counting("rows read");
        let (mut known, mut label_of_row) = (HashMap::new(), Vec::new());
        let mut values = vec![Vec::new(); columns.len()];
        let mut record = ByteRecord::new();
        let mut rows = 0;
        while self.next(&mut record)? {
            if record.len() != self.header.len() {
                return Err(self.ragged(&record));
            }
            for (column, values) in columns.iter().zip(&mut values) {
                let value = number(&record[*column])
                    .and_then(|value| match weights == Some(*column) && value < 0.0 {
                        true => Err((format!("found {value}"), "a weight ≥ 0")),
                        false => Ok(value),
                    })
                    .map_err(|(found, wanted)| self.bad_cell(&record, *column, &found, wanted))?;
                values.push(value);
            }
            if let Some(column) = labels {
                let cell = record[column].trim_ascii();
                if cell.is_empty() {
                    return Err(self.bad_cell(&record, column, "found no value", "a label"));
                }
                let next = known.len();
                label_of_row.push(*known.entry(cell.to_vec()).or_insert(next));
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
        Ok((Table::new(names, values), label_of_row))
    }

    fn next(&mut self, record: &mut ByteRecord) -> Result<bool> {
        let more = self.reader.read_byte_record(record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure::reading(&self.file, &error),
            other => Failure::Input(format!("cannot read {}: {other:?}", self.file)),
        })?;
        self.reader.get_mut().forget_before(start(record));
        Ok(more)
    }

    /// The physical line on which a cell begins.
    fn line(&self, record: &ByteRecord, column: usize) -> u64 {
        let before: u64 = record.iter().take(column).map(lines::ends).sum();
        self.reader.get_ref().line_from(start(record)) + before
    }

    fn ragged(&self, record: &ByteRecord) -> Failure {
        let (file, line, found, wanted) = (&self.file, self.line(record, 0), record.len(), self.header.len());
        let column = match self.header.get(found) {
            Some(missing) => format!("column {missing:?} is the first without one"),
            None => format!("column {} has no name", wanted + 1),
        };
        let spans = record.iter().map(lines::ends).sum::<u64>();
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

fn start(record: &ByteRecord) -> u64 {
    record.position().map_or(0, Position::byte)
}

/// The number in a cell, or what was found and what was wanted.
fn number(cell: &[u8]) -> std::result::Result<f64, (String, &'static str)> {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Err(("found no value".into(), "a number"));
    }
    let value = str::from_utf8(cell).ok().and_then(|text| text.parse::<f64>().ok());
    match value {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err((format!("found {}", shown(cell)), "a finite number")),
        None => Err((format!("found {}", shown(cell)), "a number")),
    }
}

/// A cell as a message shows it: not all of a long one.
fn shown(cell: &[u8]) -> String {
    const MOST: usize = 60;
    let text = String::from_utf8_lossy(cell);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
