//! Parquet files, of which only the columns that are used are read.

use std::fs::File;
use std::sync::Arc;

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::input::decoded_batch::DecodedBatches;
use crate::input::guarded::guarded;
use crate::input::number_block::NumberBlock;
use crate::input::parquet_batches::{KIND, ParquetBatches};
use crate::input::parquet_column::other_kind;
use crate::input::shared_file::SharedFile;
use crate::input::table_source::{Next, TableSource, Wanted};
use crate::machine::failure::{Failure, Result};

/// A Parquet file whose schema has been read.
pub(crate) struct ParquetFile {
    file: SharedFile,
    /// As the columns are stored: text in dictionaries as text, for one.
    stored: ArrowReaderMetadata,
    /// As the program that wrote the file has it, where it says so.
    meant: ArrowReaderMetadata,
    ahead: Option<ParquetBatches>,
    batches: DecodedBatches,
}

impl ParquetFile {
    /// Reads the schema of a file, which messages name so.
    pub(crate) fn of(name: String, file: File) -> Result<Self> {
        let file = SharedFile::new(file).map_err(|error| Failure::reading(&name, &error))?;
        let meant = guarded(&name, KIND, || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let stored = guarded(&name, KIND, || ArrowReaderMetadata::try_new(Arc::clone(meant.metadata()), options))?;
        // As the names of a CSV file are, so that files of all kinds go together.
        let header = stored.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect();
        Ok(Self { file, stored, meant, ahead: None, batches: DecodedBatches::of(name, header) })
    }
}

impl TableSource for ParquetFile {
    fn name(&self) -> &str {
        self.batches.name()
    }

    fn header(&self) -> &[String] {
        self.batches.header()
    }

    fn header_place(&self) -> String {
        self.name().to_owned()
    }

    fn lacks_rows(&self) -> String {
        "has no rows".into()
    }

    fn project(&mut self, wanted: Wanted) -> Result<()> {
        for column in &wanted.columns {
            // A length of time is stored as a number, whose unit only the program that wrote it knew.
            let types = [&self.stored, &self.meant].map(|metadata| metadata.schema().fields().get(*column));
            if let Some(kind) = types.into_iter().flatten().find_map(|field| other_kind(field.data_type())) {
                return Err(self.batches.refused(*column, kind));
            }
        }
        let columns = self.batches.project(wanted);
        let (name, decoder) = (self.batches.name(), self.batches.decoder());
        self.ahead = Some(ParquetBatches::of(name, &self.file, &self.stored, &columns, decoder)?);
        Ok(())
    }

    fn advance(&mut self, fits: &dyn Fn(&NumberBlock) -> bool) -> Result<Next> {
        let batch = match &mut self.ahead {
            Some(ahead) => ahead.next()?,
            None => None,
        };
        if batch.is_none() {
            self.ahead = None;
        }
        Ok(self.batches.advance(batch, fits))
    }

    fn next_row(&mut self) -> Result<bool> {
        Ok(self.batches.next_row())
    }

    fn number(&self, column: usize) -> Option<f64> {
        self.batches.number(column)
    }

    fn cell(&self, column: usize) -> &[u8] {
        self.batches.cell(column)
    }

    fn place(&self, column: usize) -> String {
        self.batches.place(column)
    }
}
