//! CSV files, row by row.

use std::io::Read;

use csv::{ByteRecord, Position};

use crate::args::reading::{Delimiter, ReadingArgs};
use crate::input::delimiter::Parting;
use crate::input::line_numbers::{self, Tracked};
use crate::input::other_formats;
use crate::input::table_source::TableSource;
use crate::input::text_file::TextFile;
use crate::machine::failure::{Failure, Result};

/// A CSV file whose header has been read.
pub(crate) struct CsvFile {
    file: String,
    reader: csv::Reader<Tracked<Box<dyn Read>>>,
    header: Vec<String>,
    header_line: u64,
    row: ByteRecord,
}

impl CsvFile {
    /// Reads the header of a text.
    pub(crate) fn of(mut text: TextFile, args: &ReadingArgs) -> Result<Self> {
        let parting = Parting::of(&mut text, args.delimiter)?;
        let (file, head) = (text.name.clone(), text.head.clone());
        if args.decimal_comma && parting.delimiter == Delimiter::COMMA {
            return Err(Failure::Input(format!(
                "{file}: --decimal-comma: commas part its cells, wanted another delimiter, as found in its header or given by --delimiter"
            )));
        }
        // Ragged rows are ours to report, with the line on which they are.
        let delimiter = parting.delimiter.byte();
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 17)
            .from_reader(Tracked::new(text.into_source(), delimiter));
        let mut input = Self { file, reader, header: Vec::new(), header_line: 1, row: ByteRecord::new() };
        if parting.separator_line {
            input.read()?;
        }
        if !input.read()? {
            return Err(Failure::Input(format!("{} is empty; wanted a header with the columns' names", input.file)));
        }
        input.header_line = input.line(0);
        for (column, name) in input.row.iter().enumerate() {
            let name = str::from_utf8(name).map_err(|_| {
                let (line, found) = (input.line(column), String::from_utf8_lossy(name));
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

    /// Reads the next row, of any length; false at the end.
    fn read(&mut self) -> Result<bool> {
        let more = self.reader.read_byte_record(&mut self.row).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure::reading(&self.file, &error),
            other => Failure::Input(format!("cannot read {}: {other:?}", self.file)),
        })?;
        let end = self.reader.position().byte();
        self.reader.get_mut().row_read(start(&self.row), end);
        Ok(more)
    }

    /// The physical line on which a cell begins.
    fn line(&self, column: usize) -> u64 {
        let before: u64 = self.row.iter().take(column).map(line_numbers::ends).sum();
        self.reader.get_ref().line_from(start(&self.row)) + before
    }

    fn ragged(&self) -> Failure {
        let (file, line, found, wanted) = (&self.file, self.line(0), self.row.len(), self.header.len());
        let column = match self.header.get(found) {
            Some(missing) => format!("column {missing:?} is the first without one"),
            None => format!("column {} has no name", wanted + 1),
        };
        let spans = self.row.iter().map(line_numbers::ends).sum::<u64>();
        let hint = match spans {
            0 => String::new(),
            _ => format!("; a quoted cell runs on to line {}, is a quote missing?", line + spans),
        };
        let cells = if found == 1 { "cell" } else { "cells" };
        Failure::Input(format!(
            "{file}, line {line}: found {found} {cells}, wanted {wanted} as in the header ({column}){hint}"
        ))
    }
}

impl TableSource for CsvFile {
    fn name(&self) -> &str {
        &self.file
    }

    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_place(&self) -> String {
        format!("{}, line {}", self.file, self.header_line)
    }

    fn lacks_rows(&self) -> String {
        format!("has no rows after the header ({})", self.header_place())
    }

    fn next_row(&mut self) -> Result<bool> {
        match self.read()? {
            true if self.row.len() != self.header.len() => Err(self.ragged()),
            more => Ok(more),
        }
    }

    fn cell(&self, column: usize) -> &[u8] {
        &self.row[column]
    }

    fn place(&self, column: usize) -> String {
        let (file, line, name) = (&self.file, self.line(column), &self.header[column]);
        format!("{file}, line {line}, column {name:?}")
    }
}

/// The byte at which a row begins.
fn start(row: &ByteRecord) -> u64 {
    row.position().map_or(0, Position::byte)
}
