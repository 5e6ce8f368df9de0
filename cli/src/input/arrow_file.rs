//! Arrow files and streams.

use std::convert::Infallible;
use std::fs::File;
use std::io::Read;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};

use crate::input::arrow_blocks::ArrowBlocks;
use crate::input::arrow_messages::ArrowMessages;
use crate::input::decoded_batch::{DecodedBatch, DecodedBatches, Decoder};
use crate::input::guarded::guarded;
use crate::input::number_block::NumberBlock;
use crate::input::parquet_column::other_kind;
use crate::input::table_source::{Next, TableSource, Wanted};
use crate::machine::failure::Result;

/// As messages name it.
const KIND: &str = "Arrow";

/// An Arrow file or stream whose schema has been read.
pub(crate) struct ArrowFile {
    source: Source,
    /// The columns that are read, in their order in the file.
    read: Vec<usize>,
    decoder: Option<Decoder>,
    batches: DecodedBatches,
}

enum Source {
    Stream(Box<ArrowMessages>),
    File(Box<ArrowBlocks>),
}

impl Source {
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
        Ok(Self::of(name, Source::Stream(Box::new(messages))))
    }

    /// Reads the schema of a file, which messages name so.
    pub(crate) fn of_file(name: String, file: File) -> Result<Self> {
        let blocks = guarded(&name, KIND, || ArrowBlocks::new(file))?;
        Ok(Self::of(name, Source::File(Box::new(blocks))))
    }

    fn of(name: String, source: Source) -> Self {
        // As the names of a CSV file are, so that files of all kinds go together.
        let header = source.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect();
        Self { source, read: Vec::new(), decoder: None, batches: DecodedBatches::of(name, header) }
    }

    fn next_batch(&mut self) -> Result<Option<DecodedBatch>> {
        let name = self.batches.name();
        let Some(batch) = guarded(name, KIND, || self.source.next())? else { return Ok(None) };
        let Some(decoder) = &self.decoder else { return Ok(None) };
        let decoded = || self.read.iter().map(|column| decoder(*column, batch.column(*column).clone())).collect();
        let columns: Result<_> = guarded(name, KIND, || Ok::<_, Infallible>(decoded()))?;
        Ok(Some(DecodedBatch { rows: batch.num_rows(), columns: columns? }))
    }
}

impl TableSource for ArrowFile {
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
            if let Some(kind) = other_kind(self.source.schema().field(*column).data_type()) {
                return Err(self.batches.refused(*column, kind));
            }
        }
        self.read = self.batches.project(wanted);
        self.decoder = Some(self.batches.decoder());
        Ok(())
    }

    fn advance(&mut self, fits: &dyn Fn(&NumberBlock) -> bool) -> Result<Next> {
        let batch = self.next_batch()?;
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
