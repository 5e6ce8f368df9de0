//! Parquet files, of which only the columns that are used are read.

use std::fs::File;
use std::sync::Arc;

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::input::batch_file::{BatchSource, DecodedBatch, Decoder};
use crate::input::guarded::guarded;
use crate::input::parquet_batches::{KIND, ParquetBatches};
use crate::input::parquet_column::other_kind;
use crate::input::shared_file::SharedFile;
use crate::machine::failure::{Failure, Result};

/// A Parquet file whose schema has been read.
pub(crate) struct ParquetFile {
    name: String,
    file: SharedFile,
    /// As the columns are stored: text in dictionaries as text, for one.
    stored: ArrowReaderMetadata,
    /// As the program that wrote the file has it, where it says so.
    meant: ArrowReaderMetadata,
    ahead: Option<ParquetBatches>,
}

impl ParquetFile {
    /// Reads the schema of a file, which messages name so.
    pub(crate) fn of(name: String, file: File) -> Result<Self> {
        let file = SharedFile::new(file).map_err(|error| Failure::reading(&name, &error))?;
        let meant = guarded(&name, KIND, || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let stored = guarded(&name, KIND, || ArrowReaderMetadata::try_new(Arc::clone(meant.metadata()), options))?;
        Ok(Self { name, file, stored, meant, ahead: None })
    }
}

impl BatchSource for ParquetFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn columns(&self) -> Vec<String> {
        self.stored.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn other_kind(&self, column: usize) -> Option<&'static str> {
        // A length of time is stored as a number, whose unit only the program that wrote it knew.
        let types = [&self.stored, &self.meant].map(|metadata| metadata.schema().fields().get(column));
        types.into_iter().flatten().find_map(|field| other_kind(field.data_type()))
    }

    fn begin(&mut self, columns: Vec<usize>, decoder: Decoder) -> Result<()> {
        self.ahead = Some(ParquetBatches::of(&self.name, &self.file, &self.stored, &columns, decoder)?);
        Ok(())
    }

    fn next(&mut self) -> Result<Option<DecodedBatch>> {
        let batch = match &mut self.ahead {
            Some(ahead) => ahead.next()?,
            None => None,
        };
        if batch.is_none() {
            self.ahead = None;
        }
        Ok(batch)
    }
}
