//! The batches of a Parquet file, each of whose columns is decoded on whatever thread is free.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::input::batch_file::{DecodedBatch, Decoder};
use crate::input::decoded_column::DecodedColumn;
use crate::input::guarded::guarded;
use crate::input::shared_file::SharedFile;
use crate::machine::failure::{Failure, Result};

/// Numbers that are decoded at a time, about.
const NUMBERS: usize = 1 << 20;
/// Into so many parts the columns are dealt at the most, each decoded by itself. More threads than that find nothing to do; of damaged
/// files the part tells which failure comes first, so that it is no number of the machine's.
const PARTS: usize = 16;
/// As messages name the format.
pub(crate) const KIND: &str = "Parquet";

/// Batches that are read ahead, one each.
pub(crate) struct ParquetBatches {
    name: Arc<str>,
    decoder: Decoder,
    parts: Vec<Receiver<Ahead>>,
    columns: usize,
}

/// A part of the columns: what reads them, their numbers in the file, and the batch that was read.
struct Ahead {
    reader: ParquetRecordBatchReader,
    columns: Vec<usize>,
    batch: Result<Option<Part>>,
}

/// Some columns of a batch, of so many rows.
struct Part {
    rows: usize,
    columns: Vec<DecodedColumn>,
}

impl ParquetBatches {
    /// Begins to read columns of a file, by their numbers in order.
    pub(crate) fn of(
        name: &str,
        file: &SharedFile,
        metadata: &ArrowReaderMetadata,
        columns: &[usize],
        decoder: Decoder,
    ) -> Result<Self> {
        let rows = (NUMBERS / columns.len().max(1)).clamp(256, 65_536);
        let mut batches = Self { name: name.into(), decoder, parts: Vec::new(), columns: columns.len() };
        let count = PARTS.min(columns.len());
        for part in 0..count {
            let own: Vec<usize> = columns.iter().copied().skip(part).step_by(count).collect();
            let mask = ProjectionMask::roots(metadata.parquet_schema(), own.iter().copied());
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone());
            let reader = guarded(name, KIND, || builder.with_projection(mask).with_batch_size(rows).build())?;
            let begun = batches.begun(reader, own);
            batches.parts.push(begun);
        }
        Ok(batches)
    }

    /// Has a part of the next batch read.
    fn begun(&self, mut reader: ParquetRecordBatchReader, columns: Vec<usize>) -> Receiver<Ahead> {
        let (send, receive) = sync_channel(1);
        let (name, decoder) = (Arc::clone(&self.name), Arc::clone(&self.decoder));
        rayon::spawn(move || {
            let batch = guarded(&name, KIND, || reader.next().transpose());
            let batch = batch.and_then(|batch| {
                let part = |batch| guarded(&name, KIND, || Ok::<_, Infallible>(part_of(batch, &columns, &decoder)));
                batch.map(|batch| part(batch)?).transpose()
            });
            // Nobody waits for it where another part has failed.
            let _ = send.send(Ahead { reader, columns, batch });
        });
        receive
    }

    /// The next batch; none at the end, or after a failure.
    pub(crate) fn next(&mut self) -> Result<Option<DecodedBatch>> {
        let lost = |_| Failure::Other(format!("a thread that read {} has ended too early", self.name));
        let read = std::mem::take(&mut self.parts).into_iter().map(|part| part.recv().map_err(lost));
        let mut parts = Vec::new();
        for Ahead { reader, columns, batch } in read.collect::<Result<Vec<_>>>()? {
            parts.push((reader, columns, batch?));
        }
        let rows: Vec<Option<usize>> = parts.iter().map(|(.., part)| part.as_ref().map(|part| part.rows)).collect();
        if rows.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(Failure::Input(format!(
                "cannot read {} as Parquet: its columns differ in their rows",
                self.name
            )));
        }
        let Some(Some(rows)) = rows.first().copied() else { return Ok(None) };
        let mut dealt = Vec::with_capacity(parts.len());
        for (reader, columns, part) in parts {
            dealt.push(part.into_iter().flat_map(|part| part.columns));
            let begun = self.begun(reader, columns);
            self.parts.push(begun);
        }
        let count = dealt.len();
        let columns = (0..self.columns).filter_map(|at| dealt[at % count].next()).collect();
        Ok(Some(DecodedBatch { rows, columns }))
    }
}

fn part_of(batch: RecordBatch, columns: &[usize], decoder: &Decoder) -> Result<Part> {
    let rows = batch.num_rows();
    // What is taken has no other owner then, and need not be copied.
    let (_, arrays, _) = batch.into_parts();
    let decoded = arrays.into_iter().zip(columns).map(|(array, column)| decoder(*column, array));
    Ok(Part { rows, columns: decoded.collect::<Result<_>>()? })
}
