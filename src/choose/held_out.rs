//! The parts that rows are cut into: their moments, and how well a path predicts them.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::choose::folds::Partition;
use crate::choose::score::Score;
use crate::choose::selection::Selection;
use crate::choose::squared_errors;
use crate::choose::unscored;
use crate::data::gathered::gathered;
use crate::data::problem::Problem;
use crate::error::{Error, Result};
use crate::math::product::product;
use crate::moments::Moments;
use crate::plan::Shape;
use crate::solve::ridge::Ridge;

/// Columns of ŷ that are found with one product.
const COLUMNS: usize = 256;

/// The rows of one part, together.
pub(crate) struct Part {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
    weights: Vec<f64>,
}

impl Part {
    pub(crate) fn new(problem: &Problem<'_>, rows: &[usize]) -> Self {
        let weights = rows.iter().map(|row| problem.weight(*row)).collect();
        Self { x: gathered(problem.x(), rows), y: gathered(problem.y(), rows), weights }
    }

    /// Whether a row of the part has positive weight.
    pub(crate) fn counts(&self) -> bool {
        self.weights.iter().any(|s| *s > 0.0)
    }

    pub(crate) fn x(&self) -> &DMatrix<f64> {
        &self.x
    }

    /// The score of predictions of a target, in units of 2^`unit`.
    pub(crate) fn score(&self, score: &Score, unit: i32, target: usize, predicted: &[f64]) -> f64 {
        score.of_target(unit, self.y.column(target).as_slice(), predicted, &self.weights)
    }

    /// The rows as a problem; `None` where none of them counts.
    pub(crate) fn problem(&self) -> Result<Option<Problem<'_>>> {
        match self.counts() {
            true => Ok(Some(Problem::new(&self.x, &self.y)?.with_weights(&self.weights)?)),
            false => Ok(None),
        }
    }

    /// The moments of rows of which none counts.
    fn nothing(&self) -> Moments {
        Moments { rows: self.x.nrows(), ..Moments::new(self.x.ncols(), self.y.ncols()) }
    }

    /// The scores of what a path predicts for these rows, [k, t], of targets in these units; NaN where it has no answer. Mean squared
    /// errors are those of the moments of the rows, where these take fewer products (two of n² numbers, against one of mn) and the sums
    /// keep their digits.
    pub(crate) fn scores(&self, path: &RidgePath, moments: Option<&Moments>, score: &Score, units: &[i32]) -> Vec<f64> {
        let t = path.targets();
        let moments = moments.filter(|own| matches!(score, Score::Mse) && own.rows() > 2 * own.features());
        let mut scores = match moments {
            Some(moments) => {
                let means = squared_errors::means(moments, path, units);
                means.into_iter().map(|own| if own.kept { own.mean } else { f64::NAN }).collect()
            }
            None => vec![f64::NAN; path.len() * t],
        };
        let left: Vec<usize> = (0..scores.len()).filter(|at| scores[*at].is_nan()).collect();
        let found: Vec<f64> =
            left.par_chunks(COLUMNS).flat_map_iter(|left| self.of_rows(path, left, score, units)).collect();
        left.into_iter().zip(found).for_each(|(at, found)| scores[at] = found);
        scores
    }

    /// The scores of what the model chosen predicts for these rows, [t], of targets in these units.
    pub(crate) fn of_choice(&self, selection: &Selection, score: &Score, units: &[i32]) -> Result<Vec<f64>> {
        let predicted = selection.predict(&self.x)?;
        let columns = self.y.column_iter().zip(predicted.column_iter()).zip(units);
        let one = |((y, predicted), unit): ((nalgebra::DVectorView<'_, f64>, nalgebra::DVectorView<'_, f64>), &i32)| {
            score.of_target(*unit, y.as_slice(), predicted.as_slice(), &self.weights)
        };
        Ok(columns.map(one).collect())
    }

    /// The scores of some columns of a path from ŷ of every row, many columns with one product.
    fn of_rows(&self, path: &RidgePath, columns: &[usize], score: &Score, units: &[i32]) -> Vec<f64> {
        let (n, t) = (path.features(), path.targets());
        let w: Vec<f64> = columns.iter().flat_map(|at| &path.coefficients[at * n..(at + 1) * n]).copied().collect();
        let mut predicted = product(self.x.as_slice(), &w, n);
        let one = |(at, mut predicted): (&usize, nalgebra::DVectorViewMut<'_, f64>)| {
            predicted.add_scalar_mut(path.intercepts[*at]);
            let y = self.y.column(at % t);
            score.of_target(units[at % t], y.as_slice(), predicted.as_slice(), &self.weights)
        };
        columns.iter().zip(predicted.column_iter_mut()).map(one).collect()
    }
}

/// The moments of each part, in double precision: on a GPU where that is planned for the rows of all.
pub(crate) async fn moments(ridge: &Ridge, whole: Shape, parts: &[Part]) -> Result<Vec<Moments>> {
    let problems: Vec<Option<Problem<'_>>> = parts.iter().map(Part::problem).collect::<Result<_>>()?;
    let counting: Vec<Problem<'_>> = problems.iter().flatten().cloned().collect();
    let mut found = ridge.moments_of(whole, &counting).await?.into_iter();
    let of = |(part, problem): (&Part, Option<Problem<'_>>)| {
        problem.and_then(|_| found.next()).unwrap_or_else(|| part.nothing())
    };
    Ok(parts.iter().zip(problems).map(of).collect())
}

/// The moments of the rows that are trained on when each part is held out: the moments of the parts before it and after it, merged,
/// so that nothing is subtracted. All are held at once, n² numbers for each part.
pub(crate) fn training_moments(partition: &Partition, of_parts: &[Moments]) -> Result<Vec<Moments>> {
    let Some(none) = of_parts.first().map(|part| Moments::new(part.features(), part.targets())) else {
        return Ok(Vec::new());
    };
    let merged = |sum: &Moments, part: &Moments| -> Result<Moments> {
        let mut sum = sum.clone();
        sum.merge(part)?;
        Ok(sum)
    };
    let mut after = vec![none.clone()];
    if !partition.rolling {
        for part in of_parts[1..].iter().rev() {
            after.push(merged(&after[after.len() - 1], part)?);
        }
    }
    let (mut before, mut training) = (none, Vec::with_capacity(of_parts.len()));
    for (part, moments) in of_parts.iter().enumerate() {
        if partition.held_out().contains(&part) {
            let rest = if partition.rolling { None } else { after.pop() };
            training.push(rest.map_or_else(|| Ok(before.clone()), |rest| merged(&before, &rest))?);
        }
        before.merge(moments)?;
    }
    Ok(training)
}

/// Checks that each fold has rows to train on and to score.
pub(crate) fn check(partitions: &[Partition], problem: &Problem<'_>) -> Result<()> {
    let mut folds = 0..;
    for partition in partitions {
        let counts = |rows: &Vec<usize>| rows.iter().any(|row| problem.weight(*row) > 0.0);
        let counts: Vec<bool> = partition.parts.iter().map(counts).collect();
        for (test, fold) in partition.held_out().zip(&mut folds) {
            let trained = (0..counts.len()).any(|part| partition.trains(part, test) && counts[part]);
            for (found, purpose) in [(trained, "train on"), (counts[test], "score")] {
                if !found {
                    return Err(Error::EmptyFold { fold, purpose });
                }
            }
        }
    }
    Ok(())
}

/// The error of the first fold in which a target is the same in every row held out, if any.
pub(crate) fn constant(partitions: &[Partition], problem: &Problem<'_>, score: &Score, target: usize) -> Option<Error> {
    let parts = partitions.iter().flat_map(|own| &own.parts[own.held_out()]);
    let constant = |rows: &Vec<usize>| unscored::constant(problem, rows.iter().copied(), target);
    let (fold, value) = parts.enumerate().find_map(|(fold, rows)| Some((fold, constant(rows)?)))?;
    Some(Error::ConstantTarget { fold, target, value, score: score.name().to_owned() })
}
