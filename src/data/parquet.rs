//! Rows from Parquet files.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::data::batch::Batch;
use crate::data::column_names::{ColumnNames, find};
use crate::data::stream::Stream;
use crate::error::{Error, Result};

/// Numbers of a batch, about.
const NUMBERS: usize = 1 << 20;

/// Parquet files of which the rows follow one another, in the order of the files: opened, their columns found by name, and nothing else
/// read yet.
///
/// Only the columns that are used are read, in batches, several columns at a time on several threads; the order of the rows is that
/// of the files. Files may have their columns in any order, and others beside.
///
/// ```no_run
/// use ridgepath::{ColumnNames, CrossValidation, Folds, ParquetFiles, Ridge};
/// let files = ParquetFiles::open(["2024.parquet", "2025.parquet"], &ColumnNames::new(["price"]))?;
/// println!("{} rows of {:?}", files.rows(), files.features());
/// let choice = CrossValidation::new(Ridge::new()).folds(Folds::Hashed { folds: 5, seed: 1 });
/// println!("λ = {}", choice.fit_stream(&mut files.stream())?.choice(0).lambda);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug)]
pub struct ParquetFiles {
    files: Vec<(PathBuf, ArrowReaderMetadata)>,
    /// With the features of the first file.
    names: ColumnNames,
    features: Vec<String>,
    targets: Vec<String>,
    /// All columns used, in the order of features, targets, weights and labels.
    used: Vec<String>,
    dropped: AtomicU64,
}

impl ParquetFiles {
    /// Reads the schemas of files. Features that are not named are those of the first file.
    ///
    /// # Errors
    /// [`Error::File`] for a file that cannot be read, is cut off, encrypted or none of Parquet; [`Error::Column`] for a column that a
    /// file has not; [`Error::Count`] for no files.
    pub fn open<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, names: &ColumnNames) -> Result<Self> {
        let one = |path: P| {
            let path = path.as_ref();
            let file = File::open(path).map_err(|error| unread(path, error))?;
            let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
            Ok((path.to_owned(), metadata.map_err(|error| unread(path, error))?))
        };
        let files: Vec<(PathBuf, ArrowReaderMetadata)> = paths.into_iter().map(one).collect::<Result<_>>()?;
        let Some((_, first)) = files.first() else {
            return Err(Error::Count { what: "Parquet files", found: 0, least: 1, most: usize::MAX });
        };
        let all = columns(first.schema());
        let numbers = names.among(&all)?;
        let named = |numbers: &[usize]| -> Vec<String> { numbers.iter().map(|at| all[*at].to_owned()).collect() };
        let (features, targets) = (named(&numbers.features), named(&numbers.targets));
        let used = named(&numbers.all().collect::<Vec<_>>());
        let names = names.clone().features(features.clone());
        for (path, metadata) in &files {
            let all = columns(metadata.schema());
            let missing = used.iter().find_map(|name| find(&all, name).err());
            if let Some(Error::Column { column, detail }) = missing {
                return Err(Error::Column { column, detail: format!("of {}: {detail}", path.display()) });
            }
        }
        Ok(Self { files, names, features, targets, used, dropped: AtomicU64::default() })
    }

    /// The rows of all files, with those that are left out for a null.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let of = |metadata: &ArrowReaderMetadata| metadata.metadata().file_metadata().num_rows();
        self.files.iter().map(|(_, metadata)| u64::try_from(of(metadata)).unwrap_or(0)).sum()
    }

    /// The names of the features.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The names of the targets.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// How many rows the last pass has left out for a null.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The rows, which can be read again.
    #[must_use]
    pub fn stream(&self) -> Stream<'_> {
        Stream::replayable(move || {
            self.dropped.store(0, Ordering::Relaxed);
            let mut first = 0;
            let records = self.files.iter().flat_map(|(path, metadata)| match self.records(path, metadata) {
                Ok(records) => Records::Some(records),
                Err(error) => Records::Failed(Some(error)),
            });
            Ok(records.map(move |record| {
                let record = record?;
                let (batch, dropped) = Batch::of_arrow(&record, &self.names, first)?;
                first += record.num_rows() as u64;
                self.dropped.fetch_add(dropped as u64, Ordering::Relaxed);
                Ok(batch)
            }))
        })
    }

    /// The columns used of one file, in batches: each of some threads decodes some of them.
    fn records(&self, path: &Path, metadata: &ArrowReaderMetadata) -> Result<Columns> {
        let all = columns(metadata.schema());
        let threads = thread::available_parallelism().map_or(1, usize::from).min(self.used.len());
        let rows = (NUMBERS / self.used.len()).clamp(256, 65_536);
        let mut parts = Vec::with_capacity(threads);
        let mut order = vec![(0, 0); self.used.len()];
        for part in 0..threads {
            // Roots of the schema come in its own order, whatever is asked for.
            let mut roots: Vec<(usize, usize)> = Vec::new();
            for (place, name) in self.used.iter().enumerate().skip(part).step_by(threads) {
                roots.push((find(&all, name)?, place));
            }
            roots.sort_unstable();
            roots.iter().enumerate().for_each(|(at, (_, place))| order[*place] = (part, at));
            let mask = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().map(|(root, _)| *root));
            let file = File::open(path).map_err(|error| unread(path, error))?;
            let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                .with_projection(mask)
                .with_batch_size(rows)
                .build()
                .map_err(|error| unread(path, error))?;
            let (send, receive) = sync_channel(1);
            let path = path.to_owned();
            thread::Builder::new()
                .name("ridgepath parquet".into())
                .spawn(move || {
                    // Damaged files have made readers panic: that is an error too, not an end.
                    let mut next = || catch_unwind(AssertUnwindSafe(|| reader.next()));
                    loop {
                        let record = match next() {
                            Ok(None) => break,
                            Ok(Some(record)) => record.map_err(|error| unread(&path, error)),
                            Err(_) => Err(unread(&path, "its pages are damaged")),
                        };
                        // Nobody takes any more after an error, or when the stream was dropped.
                        let failed = record.is_err();
                        if send.send(record).is_err() || failed {
                            break;
                        }
                    }
                })
                .map_err(Error::source)?;
            parts.push(receive);
        }
        let fields = self.used.iter().map(|name| find(&all, name).map(|at| metadata.schema().fields()[at].clone()));
        let schema = Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?));
        Ok(Columns { path: path.to_owned(), schema, parts, order })
    }
}

/// Record batches put together from parts of the columns, each read on a thread of its own.
struct Columns {
    path: PathBuf,
    schema: SchemaRef,
    parts: Vec<Receiver<Result<RecordBatch>>>,
    /// Of each column the part that it is in, and its number there.
    order: Vec<(usize, usize)>,
}

impl Iterator for Columns {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let parts: Vec<Result<RecordBatch>> = self.parts.iter().filter_map(|part| part.recv().ok()).collect();
        match parts.len() {
            0 => return None,
            some if some < self.parts.len() => {
                return Some(Err(unread(&self.path, "its columns differ in their rows")));
            }
            _ => (),
        }
        let together = |parts: Vec<RecordBatch>| {
            let columns: Vec<ArrayRef> = self.order.iter().map(|(part, at)| parts[*part].column(*at).clone()).collect();
            let rows = RecordBatchOptions::new().with_row_count(parts.first().map(RecordBatch::num_rows));
            RecordBatch::try_new_with_options(self.schema.clone(), columns, &rows).map_err(Error::source)
        };
        Some(parts.into_iter().collect::<Result<Vec<_>>>().and_then(together))
    }
}

/// The record batches of a file, or why there are none.
enum Records {
    Some(Columns),
    Failed(Option<Error>),
}

impl Iterator for Records {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Some(records) => records.next(),
            Self::Failed(error) => error.take().map(Err),
        }
    }
}

/// The names of the columns of a schema.
fn columns(schema: &Schema) -> Vec<&str> {
    schema.fields().iter().map(|field| field.name().as_str()).collect()
}

fn unread(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::File { action: "read", file: path.display().to_string(), detail: error.to_string() }
}
