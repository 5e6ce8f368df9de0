//! Moments of the rows of files, of which no more than a few batches are held.

use std::ops::Range;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use ridgepath::{Batch, CrossValidation, Folds, Moments, Ridge, Rows, Stream};

use crate::args::data::DataArgs;
use crate::args::input_files::InputFiles;
use crate::args::names::PartingColumns;
use crate::input::column_roles::ColumnRoles;
use crate::input::dropped_rows::DroppedRows;
use crate::input::files;
use crate::input::sums_memory::SumsMemory;
use crate::input::table_builder::{Purpose, TableBuilder};
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// The moments of the rows of files.
pub(crate) struct Summed {
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<String>,
    /// One for each fold, or one of all rows.
    pub(crate) folds: Vec<Moments>,
    /// The values of the column that parts the rows into folds, where there is one, in the order of the folds.
    pub(crate) labels: Vec<String>,
    pub(crate) dropped: DroppedRows,
}

/// Refuses columns before their rows are read.
type Check<'a> = &'a (dyn Fn(&ColumnRoles) -> Result<()> + Sync);

/// What is known when all rows were read.
struct Read {
    features: Vec<String>,
    targets: Vec<String>,
    labels: Vec<String>,
    dropped: DroppedRows,
}

/// Reads the rows once, on a thread of their own, and sums them as they come: of each fold apart, where there are folds.
pub(crate) fn summed(
    args: &DataArgs,
    input: &[InputFiles],
    parting: &PartingColumns<'_>,
    folds: Option<Folds>,
    memory: Option<u64>,
) -> Result<Summed> {
    if args.categorical.is_some() {
        return Err(Failure::Input(
            "--categorical and moments do not go together: the levels of a column are known when all rows are read; wanted columns of 0 and \
             1 in the file"
                .into(),
        ));
    }
    args.check_target().map_err(Failure::Input)?;
    let parts = match &folds {
        Some(Folds::Hashed { folds, .. }) => *folds,
        _ => 1,
    };
    let fits = |columns: &ColumnRoles| match memory {
        Some(bytes) => SumsMemory::new(columns.features.len(), columns.targets.len(), parts).check(bytes),
        None => Ok(()),
    };
    thread::scope(|scope| {
        let (send, receive) = sync_channel(1);
        let reader = scope.spawn(|| read(args, input, (parting, &fits), send));
        let mut stream = Stream::once(receive);
        let summed = match folds.clone() {
            Some(folds) => CrossValidation::new(Ridge::new()).folds(folds).fold_moments(&mut stream),
            None => Moments::from_stream(&mut stream).map(|moments| vec![moments]),
        };
        // A reader that has failed has ended the stream too early: its failure comes first.
        drop(stream);
        let Read { features, targets, labels, dropped } = match reader.join() {
            Ok(read) => read?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok(Summed { features, targets, folds: summed?, labels, dropped })
    })
}

/// Reads all rows, and sends them until nobody takes them any more.
fn read(
    args: &DataArgs,
    input: &[InputFiles],
    (parting, fits): (&PartingColumns<'_>, Check<'_>),
    send: SyncSender<ridgepath::Result<Batch>>,
) -> Result<Read> {
    // Each batch would have an origin of its own for whole numbers that no float holds: they are refused.
    let purpose = Purpose::Fit { intercept: false, gaps: false };
    let choose = |source: &dyn TableSource| {
        let columns = ColumnRoles::choose(args, parting, source)?;
        fits(&columns)?;
        Ok(columns)
    };
    let mut builder: Option<TableBuilder> = None;
    let (first, chosen) = files::each(input, &args.reading, choose, |file, chosen| {
        let builder = builder.get_or_insert_with(|| TableBuilder::new(purpose, &args.reading, chosen, &[]));
        file.begin(builder, chosen)?;
        while file.give(builder, chosen)? {
            let (columns, labels) = builder.drain();
            // The other end has an error of its own to tell.
            if columns.first().is_some_and(|column| !column.is_empty())
                && send.send(batch(columns, labels, chosen)).is_err()
            {
                return Ok(());
            }
        }
        Ok(())
    })?;
    let names = |columns: &[usize]| columns.iter().map(|column| first.source().header()[*column].clone()).collect();
    let (features, targets) = (names(&chosen.features), names(&chosen.targets));
    let (dropped, labels) = match builder {
        Some(mut builder) => (builder.end(first.source())?, builder.label_names()),
        None => return Err(Failure::Input("there is no file to read; wanted INPUT".into())),
    };
    Ok(Read { features, targets, labels, dropped })
}

/// Rows from their columns: features, targets, weights; and the labels of folds.
fn batch(columns: Vec<Vec<f64>>, labels: Vec<Vec<usize>>, chosen: &ColumnRoles) -> ridgepath::Result<Batch> {
    let mut columns = columns.into_iter();
    let mut some = |count: usize| NumberColumns(columns.by_ref().take(count).collect());
    let mut batch = Batch::new(some(chosen.features.len()), some(chosen.targets.len()))?;
    if let (Some(_), Some(weights)) = (chosen.weights, columns.next()) {
        batch = batch.with_weights(weights)?;
    }
    match labels.into_iter().next() {
        Some(labels) => batch.with_labels(labels),
        None => Ok(batch),
    }
}

/// Columns as they were read.
struct NumberColumns(Vec<Vec<f64>>);

impl Rows for NumberColumns {
    fn rows(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    fn columns(&self) -> usize {
        self.0.len()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        let parts = to.chunks_exact_mut(rows.len().max(1));
        self.0[columns].iter().zip(parts).for_each(|(column, to)| to.copy_from_slice(&column[rows.clone()]));
    }

    fn by_columns(&self) -> bool {
        true
    }

    fn replayable(&self) -> bool {
        true
    }
}
