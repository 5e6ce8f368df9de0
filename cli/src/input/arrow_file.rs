//! Arrow files and streams, row by row.

use std::io::Read;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::input::arrow_messages::ArrowMessages;
use crate::input::guarded::guarded;
use crate::input::parquet_column::{ParquetColumn, other_kind};
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// As messages name it.
const KIND: &str = "Arrow";

/// An Arrow file or stream whose schema has been read.
pub(crate) struct ArrowFile {
    name: String,
    header: Vec<String>,
    messages: ArrowMessages,
    /// The columns that are read, in their order in the file.
    read: Vec<usize>,
    /// The place of each column of the file among those.
    places: Vec<usize>,
    /// The columns read, of the rows of a batch.
    cells: Vec<ParquetColumn>,
    rows: usize,
    /// The next row of the batch, and how many rows of the file are before the batch.
    next: usize,
    before: u64,
}

impl ArrowFile {
    /// Reads the schema of a source, which messages name so.
    pub(crate) fn of(name: String, source: Box<dyn Read>) -> Result<Self> {
        let messages = guarded(&name, KIND, || ArrowMessages::new(source))?;
        // As the names of a CSV file are, so that files of all kinds go together.
        let header = messages.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect();
        let (read, places, cells) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { name, header, messages, read, places, cells, rows: 0, next: 0, before: 0 })
    }

    fn refused(&self, column: usize, kind: &str) -> Failure {
        let (name, header) = (&self.name, &self.header[column]);
        Failure::Input(format!(
            "{name}, column {header:?}: found {kind}, wanted numbers or text; --exclude leaves a column out"
        ))
    }

    /// Goes to before the first row of a batch.
    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        self.before += self.rows as u64;
        (self.rows, self.next) = (batch.num_rows(), 0);
        self.cells.clear();
        for column in &self.read {
            let array = batch.column(*column);
            let cells = guarded(&self.name, KIND, || Ok::<_, ArrowError>(ParquetColumn::of(array)))?;
            self.cells.push(cells.ok_or_else(|| self.refused(*column, &array.data_type().to_string()))?);
        }
        Ok(())
    }

    fn cells(&self, column: usize) -> &ParquetColumn {
        &self.cells[self.places[column]]
    }

    /// The row, from 0, in the batch.
    fn row(&self) -> usize {
        self.next.saturating_sub(1)
    }
}

impl TableSource for ArrowFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_place(&self) -> String {
        self.name.clone()
    }

    fn lacks_rows(&self) -> String {
        "has no rows".into()
    }

    fn project(&mut self, columns: &[usize]) -> Result<()> {
        for column in columns {
            if let Some(kind) = other_kind(self.messages.schema().field(*column).data_type()) {
                return Err(self.refused(*column, kind));
            }
        }
        self.read = columns.to_vec();
        self.read.sort_unstable();
        self.read.dedup();
        self.places = vec![usize::MAX; self.header.len()];
        self.read.iter().enumerate().for_each(|(place, column)| self.places[*column] = place);
        Ok(())
    }

    fn next_row(&mut self) -> Result<bool> {
        while self.next == self.rows {
            match guarded(&self.name, KIND, || self.messages.next())? {
                Some(batch) => self.take(&batch)?,
                None => return Ok(false),
            }
        }
        self.next += 1;
        Ok(true)
    }

    fn number(&self, column: usize) -> Option<f64> {
        self.cells(column).number(self.row())
    }

    fn cell(&self, column: usize) -> &[u8] {
        self.cells(column).text(self.row())
    }

    fn place(&self, column: usize) -> String {
        let (name, row, header) = (&self.name, self.before + self.next as u64, &self.header[column]);
        format!("{name}, row {row}, column {header:?}")
    }
}
