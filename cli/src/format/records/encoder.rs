//! Records as CSV, Parquet and Arrow, as they come.

use std::io::{self, Write};

use csv::Writer;

use crate::format::records::batches::{Batches, Container};
use crate::format::records::record::{Cell, Column};
use crate::machine::failure::{Failure, Result};

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Every number is written so that it reads back exactly.
    Csv,
    Batches(Container),
}

/// Takes records one after another.
pub(crate) struct Encoder<W: Write + Send>(Way<W>);

enum Way<W: Write + Send> {
    Csv(Box<Writer<W>>),
    Batches(Box<Batches<W>>),
}

impl<W: Write + Send> Encoder<W> {
    /// Begins a table of these columns.
    pub(crate) fn new(encoding: Encoding, columns: &[Column], to: W) -> io::Result<Self> {
        Ok(Self(match encoding {
            Encoding::Csv => {
                let mut writer = Writer::from_writer(to);
                writer.write_record(columns.iter().map(|column| &column.name))?;
                Way::Csv(Box::new(writer))
            }
            Encoding::Batches(container) => Way::Batches(Box::new(Batches::new(container, columns, to)?)),
        }))
    }

    /// Takes a record, with a cell for each column.
    pub(crate) fn record<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        match &mut self.0 {
            Way::Batches(batches) => batches.record(cells),
            Way::Csv(writer) => {
                for cell in cells {
                    match cell {
                        Cell::Number(value) => writer.write_field(format!("{value:?}"))?,
                        Cell::Whole(value) => writer.write_field(value.to_string())?,
                        Cell::Flag(value) => writer.write_field(value.to_string())?,
                        Cell::Text(text) => writer.write_field(text)?,
                        Cell::Empty => writer.write_field("")?,
                    }
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
        }
    }

    /// Ends the table, and gives back what it was written to.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self.0 {
            Way::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error),
            Way::Batches(batches) => batches.finish(),
        }
    }
}

/// The bytes of a table whose records `write` writes.
pub(crate) fn written(
    encoding: Encoding,
    columns: &[Column],
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> io::Result<()>,
) -> Result<Vec<u8>> {
    let bytes = || {
        let mut encoder = Encoder::new(encoding, columns, Vec::new())?;
        write(&mut encoder)?;
        encoder.finish()
    };
    bytes().map_err(|error: io::Error| Failure::Other(format!("cannot write the table: {error}")))
}
