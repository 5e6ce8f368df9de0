//! Records in columns: as Parquet, and as files and streams of Arrow.

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::format::records::record::{Cell, Column, Kind};

/// Cells that are held before they are encoded, about, and those of a row group of Parquet, which is held encoded.
const CELLS: usize = 1 << 18;
const GROUP_CELLS: usize = 1 << 22;

/// What batches of records are written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Parquet,
    ArrowFile,
    ArrowStream,
}

/// Records in columns, of which a batch is held.
pub(crate) struct Batches<W: Write + Send> {
    writer: Way<W>,
    schema: SchemaRef,
    cells: Vec<Builder>,
    rows: usize,
    most: usize,
}

enum Way<W: Write + Send> {
    Parquet(ArrowWriter<W>),
    File(FileWriter<W>),
    Stream(StreamWriter<W>),
}

enum Builder {
    Number(Float64Builder),
    Whole(Int64Builder),
    Flag(BooleanBuilder),
    Text(StringBuilder),
}

impl<W: Write + Send> Batches<W> {
    pub(crate) fn new(container: Container, columns: &[Column], to: W) -> io::Result<Self> {
        let field = |column: &Column| Field::new(&column.name, column.kind.stored(), true);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let rows = |cells: usize| (cells / columns.len().max(1)).clamp(64, 1 << 20);
        let writer = match container {
            Container::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_max_row_group_row_count(Some(rows(GROUP_CELLS)))
                    .build();
                Way::Parquet(ArrowWriter::try_new(to, Arc::clone(&schema), Some(properties)).map_err(of_parquet)?)
            }
            Container::ArrowFile => Way::File(FileWriter::try_new(to, &schema).map_err(of_arrow)?),
            Container::ArrowStream => Way::Stream(StreamWriter::try_new(to, &schema).map_err(of_arrow)?),
        };
        let cells = columns.iter().map(|column| Builder::of(column.kind)).collect();
        Ok(Self { writer, schema, cells, rows: 0, most: rows(CELLS) })
    }

    pub(crate) fn record<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        let mut columns = self.cells.iter_mut();
        for cell in cells {
            columns.next().ok_or_else(|| io::Error::other("a record has more cells than columns"))?.push(cell)?;
        }
        self.rows += 1;
        if self.rows == self.most { self.flush() } else { Ok(()) }
    }

    /// Encodes the records held.
    fn flush(&mut self) -> io::Result<()> {
        let columns = self.cells.iter_mut().map(Builder::finish).collect();
        self.rows = 0;
        // It is an error where a record had fewer cells than others.
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(of_arrow)?;
        match &mut self.writer {
            Way::Parquet(writer) => writer.write(&batch).map_err(of_parquet),
            Way::File(writer) => writer.write(&batch).map_err(of_arrow),
            Way::Stream(writer) => writer.write(&batch).map_err(of_arrow),
        }
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.flush()?;
        }
        match self.writer {
            Way::Parquet(writer) => writer.into_inner().map_err(of_parquet),
            Way::File(writer) => writer.into_inner().map_err(of_arrow),
            Way::Stream(writer) => writer.into_inner().map_err(of_arrow),
        }
    }
}

impl Kind {
    fn stored(self) -> DataType {
        match self {
            Self::Number => DataType::Float64,
            Self::Whole => DataType::Int64,
            Self::Flag => DataType::Boolean,
            Self::Text => DataType::Utf8,
        }
    }
}

impl Builder {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Whole => Self::Whole(Int64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Text => Self::Text(StringBuilder::new()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) -> io::Result<()> {
        match (self, cell) {
            (Self::Number(cells), Cell::Number(value)) => cells.append_value(value),
            (Self::Number(cells), Cell::Text(text)) => cells.append_value(parsed(text)?),
            (Self::Number(cells), Cell::Empty) => cells.append_null(),
            (Self::Whole(cells), Cell::Whole(value)) => {
                cells.append_value(i64::try_from(value).map_err(io::Error::other)?);
            }
            (Self::Whole(cells), Cell::Text(text)) => cells.append_value(parsed(text)?),
            (Self::Whole(cells), Cell::Empty) => cells.append_null(),
            (Self::Flag(cells), Cell::Flag(value)) => cells.append_value(value),
            (Self::Flag(cells), Cell::Text(text)) => cells.append_value(parsed(text)?),
            (Self::Flag(cells), Cell::Empty) => cells.append_null(),
            (Self::Text(cells), Cell::Text(text)) => cells.append_value(text),
            (Self::Text(cells), Cell::Empty) => cells.append_null(),
            (_, cell) => return Err(io::Error::other(format!("{cell:?} is not of the kind of its column"))),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Number(cells) => Arc::new(cells.finish()),
            Self::Whole(cells) => Arc::new(cells.finish()),
            Self::Flag(cells) => Arc::new(cells.finish()),
            Self::Text(cells) => Arc::new(cells.finish()),
        }
    }
}

fn parsed<T: FromStr>(text: &str) -> io::Result<T> {
    text.parse().map_err(|_| io::Error::other(format!("{text:?} is not of the kind of its column")))
}

/// The failure of writing, where it is one: a closed pipe is told from others.
fn of_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        other => io::Error::other(other),
    }
}

fn of_arrow(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}
