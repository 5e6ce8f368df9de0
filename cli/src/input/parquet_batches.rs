//! The batches of a Parquet file, each of whose columns is decoded on whatever thread is free.

use std::cell::Cell;
use std::fmt::Display;
use std::fs::File;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Once};

use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::input::decoded_column::DecodedColumn;
use crate::machine::failure::{Failure, Result};

/// Numbers that are decoded at a time, about.
const NUMBERS: usize = 1 << 20;
/// Into so many parts the columns are dealt at the most, each decoded by itself. More threads than that find nothing to do; of damaged
/// files the part tells which failure comes first, so that it is no number of the machine's.
const PARTS: usize = 16;

/// What becomes of a column of a file, by its number, once it is decoded.
type Taken = dyn Fn(usize, ArrayRef) -> Result<DecodedColumn> + Send + Sync;

/// Batches that are read ahead, one each.
pub(crate) struct ParquetBatches {
    name: Arc<str>,
    take: Arc<Taken>,
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

/// Rows that follow one another.
pub(crate) struct Batch {
    pub(crate) rows: usize,
    pub(crate) columns: Vec<DecodedColumn>,
}

impl ParquetBatches {
    /// Begins to read columns of a file, by their numbers in order.
    pub(crate) fn of(path: &Path, metadata: &ArrowReaderMetadata, columns: &[usize], take: Arc<Taken>) -> Result<Self> {
        let name: Arc<str> = path.display().to_string().into();
        let rows = (NUMBERS / columns.len().max(1)).clamp(256, 65_536);
        let mut batches = Self { name, take, parts: Vec::new(), columns: columns.len() };
        let count = PARTS.min(columns.len());
        for part in 0..count {
            let own: Vec<usize> = columns.iter().copied().skip(part).step_by(count).collect();
            let mask = ProjectionMask::roots(metadata.parquet_schema(), own.iter().copied());
            // A copy of an open file would have the place of the other in it.
            let file = File::open(path).map_err(|error| Failure::reading(&batches.name, &error))?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
            let reader = guarded(&batches.name, || builder.with_projection(mask).with_batch_size(rows).build())?;
            let begun = batches.begun(reader, own);
            batches.parts.push(begun);
        }
        Ok(batches)
    }

    /// Has a part of the next batch read.
    fn begun(&self, mut reader: ParquetRecordBatchReader, columns: Vec<usize>) -> Receiver<Ahead> {
        let (send, receive) = sync_channel(1);
        let (name, take) = (Arc::clone(&self.name), Arc::clone(&self.take));
        rayon::spawn(move || {
            let batch = guarded(&name, || reader.next().transpose());
            let batch = batch.and_then(|batch| batch.map(|batch| part_of(batch, &columns, &take)).transpose());
            // Nobody waits for it where another part has failed.
            let _ = send.send(Ahead { reader, columns, batch });
        });
        receive
    }

    /// The next batch; none at the end, or after a failure.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
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
        Ok(Some(Batch { rows, columns }))
    }
}

fn part_of(batch: RecordBatch, columns: &[usize], take: &Arc<Taken>) -> Result<Part> {
    let rows = batch.num_rows();
    // What is taken has no other owner then, and need not be copied.
    let (_, arrays, _) = batch.into_parts();
    let columns = arrays.into_iter().zip(columns).map(|(array, column)| take(*column, array)).collect::<Result<_>>()?;
    Ok(Part { rows, columns })
}

thread_local! {
    /// Whether what panics on this thread is caught, and told in words.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// What the reader gives, or its failure in its words, which may have several lines. It panics at some damaged files, and is not asked
/// again then.
pub(crate) fn guarded<T, E: Display>(name: &str, read: impl FnOnce() -> std::result::Result<T, E>) -> Result<T> {
    // The hook would write to standard error what is said below.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            if !GUARDED.get() {
                hook(what);
            }
        }));
    });
    GUARDED.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    let words = match outcome {
        Ok(Ok(read)) => return Ok(read),
        Ok(Err(error)) => error.to_string(),
        Err(payload) => match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
            (Some(words), _) => words.clone(),
            (_, Some(words)) => (*words).to_owned(),
            _ => "it is damaged".into(),
        },
    };
    let words: Vec<&str> = words.lines().map(str::trim).collect();
    Err(Failure::Input(format!("cannot read {name} as Parquet: {}", words.join(" "))))
}
