//! The moments of a stream, of all its rows or of each fold's: summed in blocks of as many rows each, however they came in batches.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::cpu::gram::gram;
use crate::data::batch::Batch;
use crate::data::problem::Problem;
use crate::data::rows::{Rows, tiles};
use crate::data::stream::Stream;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::math::threads::at_least;
use crate::model::watch::Cancellation;
use crate::moments::Moments;
use crate::solve::each::located;
use crate::solve::ridge::Ridge;

/// Numbers of a block, about: some MiB.
const NUMBERS: usize = 1 << 22;
/// Rows of a block at the least, so that merging G is little beside summing it, and at the most.
const ROWS: Range<usize> = 1024..16_384;

/// Rows that are dealt out to the blocks of their folds at a time.
const DEALT: usize = 4096;

/// The fold of each row of a batch, whose first row has a number in the stream.
pub(crate) type FoldsOfRows<'a> = &'a dyn Fn(&Batch, u64) -> Result<Vec<usize>>;

/// The moments of the rows of each fold, by its number.
///
/// # Errors
/// [`Error::Empty`] for a stream of no rows, and those of its rows, whose numbers count from its first.
pub(crate) fn moments_of(stream: &mut Stream<'_>, folds_of_rows: FoldsOfRows<'_>) -> Result<BTreeMap<usize, Moments>> {
    stage!("stream");
    let mut blocks: BTreeMap<usize, Block> = BTreeMap::new();
    let mut kind: Option<Kind> = None;
    let mut seen = 0;
    stream.read(|batch| {
        let kind = *kind.get_or_insert(Kind::of(&batch));
        kind.check(&batch)?;
        let folds = folds_of_rows(&batch, seen)?;
        let first = seen;
        seen += batch.rows() as u64;
        if let [fold, rest @ ..] = &folds[..]
            && rest.iter().all(|own| own == fold)
        {
            return block_of(&mut blocks, *fold, kind)?.push(&batch, first);
        }
        for start in (0..batch.rows()).step_by(DEALT) {
            let rows = start..batch.rows().min(start + DEALT);
            let [x, y] = [batch.x(), batch.y()].map(|from| copied(from, rows.clone()));
            let mut of_folds = BTreeMap::<usize, Vec<usize>>::new();
            rows.clone().for_each(|row| of_folds.entry(folds[row]).or_default().push(row - start));
            let weights = batch.weights().map(|weights| &weights[rows]);
            for (fold, rows) in of_folds {
                block_of(&mut blocks, fold, kind)?.push_some([&x, &y], weights, &rows, first + start as u64)?;
            }
        }
        Ok(())
    })?;
    match kind.filter(|_| seen > 0) {
        Some(_) => blocks.into_iter().map(|(fold, block)| Ok((fold, block.finish()?))).collect(),
        None => Err(Error::Empty {
            what: "the stream",
            rows: 0,
            columns: kind.map_or(0, |kind| kind.features + kind.targets),
        }),
    }
}

/// The block of a fold, which its first row makes.
fn block_of(blocks: &mut BTreeMap<usize, Block>, fold: usize, kind: Kind) -> Result<&mut Block> {
    Ok(match blocks.entry(fold) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(Block::new(kind)?),
    })
}

/// What all batches of a stream have in common.
#[derive(Clone, Copy)]
struct Kind {
    features: usize,
    targets: usize,
    weighted: bool,
}

impl Kind {
    fn of(batch: &Batch) -> Self {
        Self { features: batch.features(), targets: batch.targets(), weighted: batch.weights().is_some() }
    }

    fn check(self, batch: &Batch) -> Result<()> {
        let found = Self::of(batch);
        for (what, found, wanted) in [
            ("features of a batch against those before it", found.features, self.features),
            ("targets of a batch against those before it", found.targets, self.targets),
        ] {
            if found != wanted {
                return Err(Error::Shape { what, found, wanted });
            }
        }
        match found.weighted == self.weighted {
            true => Ok(()),
            false => Err(Error::Conflict {
                first: "batches with weights",
                second: "batches without",
                instead: "weights in every batch of a stream, or in none",
            }),
        }
    }
}

/// Rows copied together until there are enough to be summed, and the sums of those before.
struct Block {
    kind: Kind,
    /// Rows that it can hold; columns are so far apart.
    capacity: usize,
    rows: usize,
    /// [X | Y], column after column.
    values: Vec<f64>,
    weights: Vec<f64>,
    /// The numbers of the rows in the stream.
    numbers: Vec<u64>,
    sums: Moments,
}

impl Block {
    fn new(kind: Kind) -> Result<Self> {
        let columns = kind.features + kind.targets;
        let capacity = (NUMBERS / columns).clamp(ROWS.start, ROWS.end);
        let sums = Moments::try_new(kind.features, kind.targets)?;
        let values = vec![0.0; capacity * columns];
        Ok(Self { kind, capacity, rows: 0, values, weights: Vec::new(), numbers: Vec::new(), sums })
    }

    /// Takes a batch, whose first row is number `first` of the stream.
    fn push(&mut self, batch: &Batch, first: u64) -> Result<()> {
        let mut start = 0;
        while start < batch.rows() {
            let taken = start..batch.rows().min(start + self.capacity - self.rows);
            let to = (self.rows, self.capacity);
            let (x, y) = self.values.split_at_mut(self.capacity * self.kind.features);
            copy(batch.x(), taken.clone(), x, to);
            copy(batch.y(), taken.clone(), y, to);
            start = taken.end;
            self.took(batch.weights(), taken, first)?;
        }
        Ok(())
    }

    /// Takes some rows of X and Y, of which the first is number `first` of the stream.
    fn push_some(
        &mut self,
        from: [&DMatrix<f64>; 2],
        weights: Option<&[f64]>,
        mut rows: &[usize],
        first: u64,
    ) -> Result<()> {
        while !rows.is_empty() {
            let (taken, rest) = rows.split_at(rows.len().min(self.capacity - self.rows));
            let columns = from.into_iter().flat_map(|matrix| matrix.column_iter());
            for (column, to) in columns.zip(self.values.chunks_mut(self.capacity)) {
                to[self.rows..].iter_mut().zip(taken).for_each(|(to, row)| *to = column[*row]);
            }
            rows = rest;
            self.took(weights, taken.iter().copied(), first)?;
        }
        Ok(())
    }

    /// Notes the weights and the numbers of rows that were copied, and sums when no more can be held.
    fn took(
        &mut self,
        weights: Option<&[f64]>,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
        first: u64,
    ) -> Result<()> {
        self.rows += rows.len();
        self.weights.extend(weights.iter().flat_map(|weights| rows.clone().map(|row| weights[row])));
        self.numbers.extend(rows.map(|row| first + row as u64));
        if self.rows == self.capacity { self.sum() } else { Ok(()) }
    }

    /// Adds the rows held to the sums.
    fn sum(&mut self) -> Result<()> {
        let Kind { features, targets, weighted } = self.kind;
        let columns = |first: usize, count: usize| {
            View::strided(&self.values[first * self.capacity..], self.rows, count, 1, self.capacity)
        };
        let problem = Problem::new(columns(0, features)?, columns(features, targets)?);
        let weighted = problem.and_then(|own| if weighted { own.with_weights(&self.weights) } else { Ok(own) });
        match weighted.and_then(|problem| gram::<f64>(&problem)) {
            Ok(sums) => self.sums.merge(&sums)?,
            // Rows that do not count are rows all the same.
            Err(Error::ZeroWeights { rows }) => self.sums.rows += rows,
            Err(error) => {
                let number = |row: usize| usize::try_from(self.numbers[row]).unwrap_or(usize::MAX);
                return Err(located(error, number));
            }
        }
        self.rows = 0;
        self.numbers.clear();
        self.weights.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Moments> {
        if self.rows > 0 {
            self.sum()?;
        }
        Ok(self.sums)
    }
}

/// Some rows, column after column.
pub(crate) fn copied(from: &(dyn Rows + Send), rows: Range<usize>) -> DMatrix<f64> {
    let mut to = DMatrix::zeros(rows.len(), from.columns());
    copy(from, rows.clone(), to.as_mut_slice(), (0, rows.len()));
    to
}

/// Copies some rows to where the row number `first` of columns of `capacity` rows begins.
fn copy(from: &(dyn Rows + Send), rows: Range<usize>, to: &mut [f64], (first, capacity): (usize, usize)) {
    /// Columns that one task copies.
    const PANEL: usize = 32;
    let panels = to.par_chunks_mut(PANEL * capacity).with_min_len(at_least(rows.len() * PANEL));
    panels.enumerate().for_each(|(panel, to)| {
        let columns = panel * PANEL..panel * PANEL + to.len() / capacity;
        if from.by_columns() {
            for (column, to) in columns.zip(to.chunks_mut(capacity)) {
                from.read(rows.clone(), column..column + 1, &mut to[first..first + rows.len()]);
            }
            return;
        }
        let mut tile = Vec::new();
        tiles(false, rows.clone(), columns.clone(), |part, across| {
            tile.resize(part.len() * across.len(), 0.0);
            from.read(part.clone(), across.clone(), &mut tile);
            for (values, column) in tile.chunks(part.len()).zip(across) {
                let begin = (column - columns.start) * capacity + first + part.start - rows.start;
                to[begin..begin + part.len()].copy_from_slice(values);
            }
        });
    });
}

impl Moments {
    /// The moments of all rows of a stream, in one pass and in memory that does not grow with them: n² numbers, a block of rows, and
    /// two batches. The bits do not depend on how rows come in batches, nor on the number of threads.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows, [`Error::Shape`] for batches that are not alike, those of [`Problem`], and what the source of
    /// the rows fails with; rows are numbered from the first of the stream.
    pub fn from_stream(stream: &mut Stream<'_>) -> Result<Self> {
        all_moments(stream, &Cancellation::new())
    }
}

/// The moments of all rows of a stream, whose next batch may be one too many.
///
/// # Errors
/// Those of [`Moments::from_stream`]; [`Error::Cancelled`].
pub(crate) fn all_moments(stream: &mut Stream<'_>, cancellation: &Cancellation) -> Result<Moments> {
    let one = |batch: &Batch, _| cancellation.check().map(|()| vec![0; batch.rows()]);
    let found = moments_of(stream, &one)?;
    found.into_values().next().ok_or(Error::Empty { what: "the stream", rows: 0, columns: 0 })
}

impl Ridge {
    /// The path of all rows of a stream, read once: that of its [moments](Moments::from_stream), as
    /// [`fit_moments`](Self::fit_moments) has it. Weights are those of the batches.
    ///
    /// Routes that read rows again are left out: with rows in memory they give full digits at condition numbers beyond about
    /// 1e6, where the path's error bound tells how many are left.
    ///
    /// # Errors
    /// Those of [`Moments::from_stream`] and [`fit_moments`](Self::fit_moments); [`Error::Conflict`] with
    /// [weights](Self::weights) set.
    pub fn fit_stream(&self, stream: &mut Stream<'_>) -> Result<RidgePath> {
        self.check_no_weights()?;
        self.fit_moments(&all_moments(stream, &self.cancellation)?)
    }
}
