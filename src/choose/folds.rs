//! Which rows are held out: pure arithmetic, that knows no data.

use std::collections::{BTreeMap, HashMap};

use crate::error::{Error, Result};
use crate::math::random::SplitMix64;

/// The most folds, in all repeats: far more than anybody learns from.
const MOST_FOLDS: usize = 100_000;
/// The most row numbers that the folds of all repeats hold.
const MOST_NUMBERS: usize = 1 << 28;

/// How m rows are parted into rows to train on and rows held out.
///
/// Folds of consecutive rows are as even as can be: the first m mod k of k folds are one row longer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Folds {
    /// This many folds of consecutive rows, each held out once, as scikit-learn's `KFold`.
    Contiguous(usize),
    /// Runs of rows, as even as can be, after the rows were shuffled: Fisher–Yates with `SplitMix64`, which gives the same folds everywhere and in every
    /// version.
    Shuffled {
        /// How many.
        folds: usize,
        /// Of the generator.
        seed: u64,
    },
    /// Shuffled again and again: every row is held out once in each repeat. The first repeat is `Shuffled`.
    Repeated {
        /// How many in each repeat.
        folds: usize,
        /// How often: 10,000 at most, and times the rows no more than 2²⁸.
        repeats: usize,
        /// Of the generator.
        seed: u64,
    },
    /// Rows with the same label are held out together. The largest group goes first, each to the fold that has the fewest
    /// rows so far; of equals, the first.
    Grouped {
        /// How many.
        folds: usize,
        /// A label for each row.
        groups: Vec<usize>,
    },
    /// A fold for each distinct label, in the order of the labels; one label for each row. A label for each group makes
    /// leave-one-group-out.
    Given(Vec<usize>),
    /// For rows in the order of time: this many runs of ⌊m/(k + 1)⌋ rows at the end, each held out once from the rows before it,
    /// as scikit-learn's `TimeSeriesSplit`.
    RollingOrigin(usize),
    /// A fold for each row drawn from the seed and the row's number alone, so that rows can be parted as they come: those of a stream
    /// too. Folds are as even as chance has them.
    Hashed {
        /// How many.
        folds: usize,
        /// Of the generator.
        seed: u64,
    },
    /// A fold for each distinct label of a [stream's](crate::Stream) batches, in the order of the labels, or each of the
    /// [`Moments`](crate::Moments) given; where rows are in memory, [`Given`](Self::Given).
    Labelled,
    /// As [`Labelled`](Self::Labelled), for labels in the order of time: each fold but the first is held out once from those before it.
    RollingLabels,
}

/// The rows of one fold, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// To train on.
    pub train: Vec<usize>,
    /// Held out.
    pub test: Vec<usize>,
}

/// Rows parted once: the rows of each part, in ascending order.
#[derive(Debug, Clone)]
pub(crate) struct Partition {
    pub(crate) parts: Vec<Vec<usize>>,
    /// Each part but the first is held out from the parts before it; else each from all others.
    pub(crate) rolling: bool,
}

impl Partition {
    /// The parts that are held out, one after another.
    pub(crate) fn held_out(&self) -> std::ops::Range<usize> {
        usize::from(self.rolling)..self.parts.len()
    }

    /// Whether `part` is trained on when `test` is held out.
    pub(crate) fn trains(&self, part: usize, test: usize) -> bool {
        if self.rolling { part < test } else { part != test }
    }

    /// The rows that are trained on and held out when `test` is held out.
    pub(crate) fn split(&self, test: usize) -> Split {
        let trained = self.parts.iter().enumerate().filter(|(part, _)| self.trains(*part, test));
        let mut train: Vec<usize> = trained.flat_map(|(_, rows)| rows).copied().collect();
        train.sort_unstable();
        Split { train, test: self.parts[test].clone() }
    }
}

impl Folds {
    /// The splits of this many rows.
    ///
    /// # Errors
    /// [`Error::Count`] for fewer than two folds (one of [`RollingOrigin`](Self::RollingOrigin)), more than rows or groups, no
    /// repeats, or so many that there would be more than 100,000 folds or 2²⁸ row numbers; [`Error::Shape`] when there are not as many
    /// labels as rows; [`Error::Overflow`] for more rows than memory has numbers.
    pub fn splits(&self, rows: usize) -> Result<Vec<Split>> {
        let partitions = self.partitions(rows)?;
        Ok(partitions.iter().flat_map(|own| own.held_out().map(|test| own.split(test))).collect())
    }

    /// `"contiguous"`, `"shuffled"`, `"repeated"`, `"grouped"`, `"given"`, `"rolling origin"`, `"hashed"`, `"labelled"` or `"rolling labels"`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Contiguous(_) => "contiguous",
            Self::Shuffled { .. } => "shuffled",
            Self::Repeated { .. } => "repeated",
            Self::Grouped { .. } => "grouped",
            Self::Given(_) => "given",
            Self::RollingOrigin(_) => "rolling origin",
            Self::Hashed { .. } => "hashed",
            Self::Labelled => "labelled",
            Self::RollingLabels => "rolling labels",
        }
    }

    pub(crate) fn partitions(&self, rows: usize) -> Result<Vec<Partition>> {
        let apart = |parts| Partition { parts, rolling: false };
        match self {
            Self::Contiguous(folds) => {
                in_range("folds of rows", *folds, 2, rows)?;
                countable(rows)?;
                Ok(vec![apart(even(&(0..rows).collect::<Vec<_>>(), *folds))])
            }
            Self::Shuffled { folds, seed } => {
                Self::Repeated { folds: *folds, repeats: 1, seed: *seed }.partitions(rows)
            }
            Self::Repeated { folds, repeats, seed } => {
                in_range("folds of rows", *folds, 2, rows)?;
                let most = (MOST_FOLDS / folds).min(MOST_NUMBERS / rows).max(1);
                in_range("repeats", *repeats, 1, most)?;
                countable(rows)?;
                let mut random = SplitMix64::new(*seed);
                Ok((0..*repeats).map(|_| apart(even(&random.shuffled(rows), *folds))).collect())
            }
            Self::Grouped { folds, groups } => {
                matching("groups against rows of X", groups.len(), rows)?;
                Ok(vec![apart(grouped(groups, *folds)?)])
            }
            Self::Given(labels) => {
                matching("labels of folds against rows of X", labels.len(), rows)?;
                let mut parts = BTreeMap::<usize, Vec<usize>>::new();
                labels.iter().enumerate().for_each(|(row, label)| parts.entry(*label).or_default().push(row));
                in_range("distinct labels of folds", parts.len(), 2, rows)?;
                Ok(vec![apart(parts.into_values().collect())])
            }
            Self::RollingOrigin(folds) => {
                in_range("folds of rows in time", *folds, 1, rows.saturating_sub(1))?;
                countable(rows)?;
                let length = rows / (folds + 1);
                let first = rows - folds * length;
                let start = |part: usize| if part == 0 { 0 } else { first + (part - 1) * length };
                let parts = (0..=*folds).map(|part| (start(part)..start(part + 1)).collect()).collect();
                Ok(vec![Partition { parts, rolling: true }])
            }
            Self::Hashed { folds, seed } => {
                in_range("folds of rows", *folds, 2, rows)?;
                countable(rows)?;
                let mut parts = vec![Vec::new(); *folds];
                (0..rows).for_each(|row| parts[hashed(*folds, *seed, row as u64)].push(row));
                Ok(vec![apart(parts)])
            }
            Self::Labelled | Self::RollingLabels => Err(Error::Conflict {
                first: "folds by the labels of batches",
                second: "rows in memory",
                instead: "Folds::Given, or Folds::RollingOrigin",
            }),
        }
    }
}

/// The fold of a row by its number.
pub(crate) fn hashed(folds: usize, seed: u64, row: u64) -> usize {
    SplitMix64::stream(seed, row).below(folds)
}

fn in_range(what: &'static str, found: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&found) { Ok(()) } else { Err(Error::Count { what, found, least, most }) }
}

/// Refuses more rows than memory has room to number.
fn countable(rows: usize) -> Result<()> {
    let overflow =
        |_| Error::Overflow { what: "the number of rows", detail: format!("{rows} rows to part into folds") };
    Vec::<usize>::new().try_reserve_exact(rows).map_err(overflow)
}

fn matching(what: &'static str, found: usize, wanted: usize) -> Result<()> {
    if found == wanted { Ok(()) } else { Err(Error::Shape { what, found, wanted }) }
}

/// Runs of an order, as even as can be, each sorted.
fn even(order: &[usize], folds: usize) -> Vec<Vec<usize>> {
    let (length, longer) = (order.len() / folds, order.len() % folds);
    let start = |fold: usize| fold * length + fold.min(longer);
    let part = |fold: usize| {
        let mut rows = order[start(fold)..start(fold + 1)].to_vec();
        rows.sort_unstable();
        rows
    };
    (0..folds).map(part).collect()
}

fn grouped(labels: &[usize], folds: usize) -> Result<Vec<Vec<usize>>> {
    let mut place = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (row, label) in labels.iter().enumerate() {
        let at = *place.entry(label).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push(row);
    }
    in_range("folds of groups", folds, 2, groups.len())?;
    groups.sort_by_key(|rows| std::cmp::Reverse(rows.len())); // stable: of equals, the first
    let mut parts = vec![Vec::new(); folds];
    for rows in groups {
        if let Some(lightest) = parts.iter_mut().min_by_key(|part| part.len()) {
            lightest.extend(rows);
        }
    }
    parts.iter_mut().for_each(|part| part.sort_unstable());
    Ok(parts)
}
