//! A choice of λ from a stream of rows: moments in one pass, and what they do not tell from a second.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::choose::cross_validation::CrossValidation;
use crate::choose::folds::{Folds, hashed};
use crate::choose::scheme::Scheme;
use crate::choose::score::Score;
use crate::choose::selection::Selection;
use crate::choose::summed::{MOST_FOLDS, of_mean};
use crate::data::batch::Batch;
use crate::data::stream::Stream;
use crate::error::{Error, Result};
use crate::math::powers::scaled;
use crate::math::product::product;
use crate::model::watch::Cancellation;
use crate::moments::Moments;
use crate::solve::stream_sums::{all_moments, copied, moments_of};

/// Columns of ŷ that are found with one product.
const COLUMNS: usize = 256;
/// Rows whose predictions are held at a time.
const ROWS: usize = 1024;

/// How the rows of a stream are parted into folds.
#[derive(Clone, Copy)]
enum Parting {
    Hashed { folds: usize, seed: u64 },
    Labels,
}

impl Parting {
    /// As a scheme has it.
    ///
    /// # Errors
    /// [`Error::Count`], [`Error::Conflict`].
    fn of(scheme: &Scheme) -> Result<Self> {
        let (first, second, instead) = match scheme {
            Scheme::Folds(Folds::Hashed { folds, seed }) if (2..=MOST_FOLDS).contains(folds) => {
                return Ok(Self::Hashed { folds: *folds, seed: *seed });
            }
            Scheme::Folds(Folds::Hashed { folds, .. }) => {
                let (what, found) = ("folds of a stream", *folds);
                return Err(Error::Count { what, found, least: 2, most: MOST_FOLDS });
            }
            Scheme::Folds(Folds::Labelled | Folds::RollingLabels) => return Ok(Self::Labels),
            Scheme::Folds(_) => (
                "these folds",
                "a stream, whose rows are not counted before they are read",
                "Folds::Hashed, Folds::Labelled or Folds::RollingLabels",
            ),
            Scheme::LeaveOneOut => ("leave-one-out", "a stream", "folds, or rows in memory"),
            Scheme::Criterion(_) => ("a criterion", "moments of folds", "Moments::from_stream"),
        };
        Err(Error::Conflict { first, second, instead })
    }

    /// The fold of each row of a batch, whose first row is number `first` of the stream.
    fn folds(self, batch: &Batch, first: u64) -> Result<Vec<usize>> {
        match (self, batch.labels()) {
            (Self::Hashed { folds, seed }, _) => {
                Ok((0..batch.rows() as u64).map(|row| hashed(folds, seed, first + row)).collect())
            }
            (Self::Labels, Some(labels)) => Ok(labels.to_vec()),
            (Self::Labels, None) => Err(Error::Conflict {
                first: "folds by labels",
                second: "batches without",
                instead: "Batch::with_labels, or Folds::Hashed",
            }),
        }
    }

    /// The moments of each fold, by its label or number.
    fn moments(self, stream: &mut Stream<'_>, cancellation: &Cancellation) -> Result<BTreeMap<usize, Moments>> {
        let seen = RefCell::new(BTreeSet::new());
        let counted = |batch: &Batch, first: u64| {
            cancellation.check()?;
            let folds = self.folds(batch, first)?;
            let mut seen = seen.borrow_mut();
            seen.extend(folds.iter().copied());
            match seen.len() {
                found if found > MOST_FOLDS => {
                    Err(Error::Count { what: "distinct labels of folds", found, least: 2, most: MOST_FOLDS })
                }
                _ => Ok(folds),
            }
        };
        let mut moments = moments_of(stream, &counted)?;
        // A fold that no row was drawn for has none, which is told where it is held out.
        if let Self::Hashed { folds, .. } = self
            && let Some((features, targets)) = moments.values().next().map(|any| (any.features(), any.targets()))
        {
            (0..folds).for_each(|fold| _ = moments.entry(fold).or_insert_with(|| Moments::new(features, targets)));
        }
        Ok(moments)
    }
}

impl CrossValidation {
    /// Chooses λ from a stream of rows, in memory that does not grow with them: one pass sums the moments of each fold, from which
    /// [`fit_moments`](Self::fit_moments) chooses. [`Mae`](Score::Mae), and λs whose errors are so small beside y that moments have
    /// lost them, take a second pass over a stream that can be read again.
    ///
    /// Folds are [`Folds::Hashed`], [`Folds::Labelled`] or [`Folds::RollingLabels`]: the others need the number of rows. A
    /// [criterion](Self::criterion) judges by the moments of all rows.
    ///
    /// ```
    /// use ridgepath::{Batch, CrossValidation, Folds, Ridge, Stream, nalgebra::DMatrix};
    /// let batch = |number: usize| {
    ///     let x = DMatrix::from_fn(1000, 3, |row, j| ((number * 1000 + row) * (j + 3) % 101) as f64);
    ///     let y = DMatrix::from_fn(1000, 1, |row, _| x[(row, 0)] - 0.5 * x[(row, 2)] + (row % 7) as f64);
    ///     Batch::new(x, y)
    /// };
    /// let mut rows = Stream::replayable(|| Ok((0..10).map(batch)));
    /// let choice = CrossValidation::new(Ridge::new()).folds(Folds::Hashed { folds: 5, seed: 1 });
    /// println!("λ = {}", choice.fit_stream(&mut rows)?.choice(0).lambda);
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fit_moments`](Self::fit_moments) and [`Moments::from_stream`]; [`Error::Conflict`] for other folds, batches without
    /// the labels asked for, and scores of all predictions of a fold together; [`Error::NoScore`] where moments tell too little and the
    /// stream can be read once.
    pub fn fit_stream(&self, stream: &mut Stream<'_>) -> Result<Selection> {
        self.ridge.check_no_weights()?;
        if let Scheme::Criterion(criterion) = self.scheme {
            return self.by_criterion(criterion, &all_moments(stream, &self.ridge.cancellation)?);
        }
        let (scheme, parting) = (&self.scheme, Parting::of(&self.scheme)?);
        let again = matches!(self.score, Score::Mse | Score::Rmse | Score::R2 | Score::Mae) && stream.is_replayable();
        let (labels, moments): (Vec<usize>, Vec<Moments>) =
            parting.moments(stream, &self.ridge.cancellation)?.into_iter().unzip();
        let held_out = usize::from(*scheme == Scheme::Folds(Folds::RollingLabels))..labels.len();
        let number_of: BTreeMap<usize, usize> = labels[held_out.clone()].iter().copied().zip(0..).collect();
        let cancellation = &self.ridge.cancellation;
        let mut second = |paths: &[RidgePath], units: &[i32]| {
            let held_out = &moments[held_out.clone()];
            let mut errors: Vec<Vec<f64>> = paths.iter().map(|path| vec![0.0; path.len() * path.targets()]).collect();
            let mut first = 0;
            stream.read(|batch| {
                cancellation.check()?;
                let folds = parting.folds(&batch, first)?;
                first += batch.rows() as u64;
                for start in (0..batch.rows()).step_by(ROWS) {
                    let rows = start..batch.rows().min(start + ROWS);
                    self.add_errors(&batch, rows.clone(), (&folds[rows], &number_of), paths, (units, &mut errors));
                }
                Ok(())
            })?;
            let of_fold = |(sums, moments): (Vec<f64>, &Moments)| {
                let one = |(at, sum): (usize, f64)| {
                    of_mean(&self.score, sum / moments.weight_sum(), (moments, at % units.len()), units)
                };
                sums.into_iter().enumerate().map(one).collect()
            };
            Ok(errors.into_iter().zip(held_out).map(of_fold).collect())
        };
        self.of_summed(scheme.clone(), &moments, again.then_some(&mut second))
    }

    /// The moments of each fold of a stream, in one pass: what [`fit_moments`](Self::fit_moments) takes, here or elsewhere. Folds are as
    /// [`fit_stream`](Self::fit_stream) has them.
    ///
    /// # Errors
    /// Those of [`Moments::from_stream`]; [`Error::Conflict`] and [`Error::Count`] as of [`fit_stream`](Self::fit_stream).
    pub fn fold_moments(&self, stream: &mut Stream<'_>) -> Result<Vec<Moments>> {
        Ok(Parting::of(&self.scheme)?.moments(stream, &self.ridge.cancellation)?.into_values().collect())
    }

    /// Adds Σ s(y − ŷ)², or Σ s|y − ŷ|, of some rows of a batch to those of their folds, for targets in these units.
    fn add_errors(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        (folds, number_of): (&[usize], &BTreeMap<usize, usize>),
        paths: &[RidgePath],
        (units, errors): (&[i32], &mut [Vec<f64>]),
    ) {
        let [x, y] = [batch.x(), batch.y()].map(|from| copied(from, rows.clone()));
        // No thread of a browser may share the solver, which holds a device.
        let absolute = matches!(self.score, Score::Mae);
        let of_error = |error: f64| if absolute { error.abs() } else { error * error };
        let mut of_folds = BTreeMap::<usize, Vec<usize>>::new();
        for (row, fold) in folds.iter().enumerate() {
            if let Some(number) = number_of.get(fold) {
                of_folds.entry(*number).or_default().push(row);
            }
        }
        for (number, listed) in of_folds {
            let (path, errors) = (&paths[number], &mut errors[number]);
            let (n, t) = (path.features(), path.targets());
            let x = DMatrix::from_fn(listed.len(), n, |i, j| x[(listed[i], j)]);
            let weight = |i: usize| batch.weights().map_or(1.0, |weights| weights[rows.start + listed[i]]);
            let weights: Vec<f64> = (0..listed.len()).map(weight).collect();
            errors.par_chunks_mut(COLUMNS).enumerate().for_each(|(chunk, errors)| {
                let first = chunk * COLUMNS;
                let w = &path.coefficients[first * n..(first + errors.len()) * n];
                let predicted = product(x.as_slice(), w, n);
                for ((at, error), predicted) in (first..).zip(errors).zip(predicted.column_iter()) {
                    let y = listed.iter().map(|row| y[(*row, at % t)] - path.intercepts[at]);
                    let terms = y.zip(predicted.iter()).zip(&weights);
                    terms.for_each(|((y, predicted), weight)| {
                        *error += weight * of_error(scaled(y - predicted, -units[at % t]))
                    });
                }
            });
        }
    }
}
