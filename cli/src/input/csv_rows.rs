//! A block of a CSV file, row by row.

use std::io::{self, Read};

use csv::{ByteRecord, Position};

use crate::input::csv_blocks::CsvBlock;
use crate::input::line_numbers::{self, Tracked};
use crate::machine::failure::{Failure, Result};

/// The rows of a block, which are read one after another.
pub(crate) struct CsvRows {
    file: String,
    reader: csv::Reader<Tracked<Box<dyn Read>>>,
    row: ByteRecord,
}

impl CsvRows {
    /// Those of a block before which so many lines have ended.
    pub(crate) fn of(file: &str, block: CsvBlock, delimiter: u8, before: u64) -> Self {
        let text: Box<dyn Read> = match block {
            CsvBlock::Rows(text) => Box::new(io::Cursor::new(text)),
            CsvBlock::Endless(text) => text,
        };
        // The parser takes a byte-order mark off the first bytes, which must be those of the file. Of a later block they are the end
        // of the line before it.
        let (text, before): (Box<dyn Read>, _) = match before.checked_sub(1) {
            Some(before) => (Box::new((&b"\n"[..]).chain(text)), before),
            None => (text, 0),
        };
        // Ragged rows are ours to report, with the line on which they are.
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 17)
            .from_reader(Tracked::new(text, delimiter, before));
        Self { file: file.to_owned(), reader, row: ByteRecord::new() }
    }

    /// Reads the next row, of any length; false at the end.
    pub(crate) fn read(&mut self) -> Result<bool> {
        let more = self.reader.read_byte_record(&mut self.row).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure::reading(&self.file, &error),
            other => Failure::Input(format!("cannot read {}: {other:?}", self.file)),
        })?;
        let end = self.reader.position().byte();
        self.reader.get_mut().row_read(start(&self.row), end);
        Ok(more)
    }

    /// The row read.
    pub(crate) fn row(&self) -> &ByteRecord {
        &self.row
    }

    /// After the row read, how many bytes of the block there were, if it is the first of its file.
    pub(crate) fn passed(&self) -> u64 {
        self.reader.position().byte()
    }

    /// The physical line on which a cell begins.
    pub(crate) fn line(&self, column: usize) -> u64 {
        let before: u64 = self.row.iter().take(column).map(line_numbers::ends).sum();
        self.reader.get_ref().line_from(start(&self.row)) + before
    }
}

/// The byte at which a row begins.
fn start(row: &ByteRecord) -> u64 {
    row.position().map_or(0, Position::byte)
}
