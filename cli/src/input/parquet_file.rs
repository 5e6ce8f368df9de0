//! Parquet files, row by row, of which only the columns that are used are read.

use std::fs::File;
use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use crate::input::guarded::guarded;
use crate::input::parquet_column::{ParquetColumn, other_kind};
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// Numbers that are decoded at a time, about.
const NUMBERS: usize = 1 << 20;
/// As messages name it.
const KIND: &str = "Parquet";

/// A Parquet file whose schema has been read.
pub(crate) struct ParquetFile {
    name: String,
    file: File,
    /// As the columns are stored: text in dictionaries as text, for one.
    stored: ArrowReaderMetadata,
    /// As the program that wrote the file has it, where it says so.
    meant: ArrowReaderMetadata,
    header: Vec<String>,
    /// The columns that are read, in their order in the file.
    read: Vec<usize>,
    /// The place of each column of the file among those.
    places: Vec<usize>,
    batches: Option<ParquetRecordBatchReader>,
    /// The columns read, of the rows of a batch.
    cells: Vec<ParquetColumn>,
    rows: usize,
    /// The next row of the batch, and how many rows of the file are before the batch.
    next: usize,
    before: u64,
}

impl ParquetFile {
    /// Reads the schema of a file, which messages name so.
    pub(crate) fn of(name: String, file: File) -> Result<Self> {
        let meant = guarded(&name, KIND, || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let stored = guarded(&name, KIND, || ArrowReaderMetadata::try_new(Arc::clone(meant.metadata()), options))?;
        // As the names of a CSV file are, so that files of both kinds go together.
        let header = stored.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect::<Vec<_>>();
        let (read, places, cells) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { name, file, stored, meant, header, read, places, batches: None, cells, rows: 0, next: 0, before: 0 })
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
        for (array, column) in batch.columns().iter().zip(&self.read) {
            let kind = || self.refused(*column, &array.data_type().to_string());
            self.cells.push(ParquetColumn::of(array).ok_or_else(kind)?);
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

impl TableSource for ParquetFile {
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
            // A length of time is stored as a number, whose unit only the program that wrote it knew.
            let types = [&self.stored, &self.meant].map(|metadata| metadata.schema().fields().get(*column));
            if let Some(kind) = types.into_iter().flatten().find_map(|field| other_kind(field.data_type())) {
                return Err(self.refused(*column, kind));
            }
        }
        self.read = columns.to_vec();
        self.read.sort_unstable();
        self.read.dedup();
        self.places = vec![usize::MAX; self.header.len()];
        self.read.iter().enumerate().for_each(|(place, column)| self.places[*column] = place);
        let mask = ProjectionMask::roots(self.stored.parquet_schema(), self.read.iter().copied());
        let file = self.file.try_clone().map_err(|error| Failure::reading(&self.name, &error))?;
        let rows = (NUMBERS / self.read.len().max(1)).clamp(256, 65_536);
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.stored.clone())
            .with_projection(mask)
            .with_batch_size(rows);
        self.batches = Some(guarded(&self.name, KIND, || batches.build())?);
        Ok(())
    }

    fn next_row(&mut self) -> Result<bool> {
        while self.next == self.rows {
            let Some(batches) = &mut self.batches else { return Ok(false) };
            match guarded(&self.name, KIND, || batches.next().transpose())? {
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
