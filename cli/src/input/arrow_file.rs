//! Arrow files and streams.

use std::convert::Infallible;
use std::fs::File;
use std::io::Read;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};

use crate::input::arrow_blocks::ArrowBlocks;
use crate::input::arrow_messages::ArrowMessages;
use crate::input::batch_file::{BatchSource, DecodedBatch, Decoder};
use crate::input::guarded::guarded;
use crate::input::parquet_column::other_kind;
use crate::machine::failure::Result;

/// As messages name it.
const KIND: &str = "Arrow";

/// An Arrow file or stream whose schema has been read.
pub(crate) struct ArrowFile {
    name: String,
    batches: Batches,
    /// The columns that are read, in their order in the file, and what becomes of them.
    read: Option<(Vec<usize>, Decoder)>,
}

enum Batches {
    Stream(Box<ArrowMessages>),
    File(Box<ArrowBlocks>),
}

impl Batches {
    fn schema(&self) -> &Schema {
        match self {
            Self::Stream(messages) => messages.schema(),
            Self::File(blocks) => blocks.schema(),
        }
    }

    fn next(&mut self) -> std::result::Result<Option<RecordBatch>, ArrowError> {
        match self {
            Self::Stream(messages) => messages.next(),
            Self::File(blocks) => blocks.next(),
        }
    }
}

impl ArrowFile {
    /// Reads the schema of a stream, which messages name so.
    pub(crate) fn of_stream(name: String, stream: Box<dyn Read>) -> Result<Self> {
        let messages = guarded(&name, KIND, || ArrowMessages::new(stream))?;
        Ok(Self { name, batches: Batches::Stream(Box::new(messages)), read: None })
    }

    /// Reads the schema of a file, which messages name so.
    pub(crate) fn of_file(name: String, file: File) -> Result<Self> {
        let blocks = guarded(&name, KIND, || ArrowBlocks::new(file))?;
        Ok(Self { name, batches: Batches::File(Box::new(blocks)), read: None })
    }
}

impl BatchSource for ArrowFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn columns(&self) -> Vec<String> {
        self.batches.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn other_kind(&self, column: usize) -> Option<&'static str> {
        other_kind(self.batches.schema().field(column).data_type())
    }

    fn begin(&mut self, columns: Vec<usize>, decoder: Decoder) -> Result<()> {
        self.read = Some((columns, decoder));
        Ok(())
    }

    fn next(&mut self) -> Result<Option<DecodedBatch>> {
        let Some((columns, decoder)) = &self.read else { return Ok(None) };
        let Some(batch) = guarded(&self.name, KIND, || self.batches.next())? else { return Ok(None) };
        let decoded = || columns.iter().map(|column| decoder(*column, batch.column(*column).clone())).collect();
        let columns: Result<_> = guarded(&self.name, KIND, || Ok::<_, Infallible>(decoded()))?;
        Ok(Some(DecodedBatch { rows: batch.num_rows(), columns: columns? }))
    }
}
