//! The parts that rows are cut into: their moments, and how well a path predicts them.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::choose::folds::Partition;
use crate::choose::score::Score;
use crate::cpu::gram::gram;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::math::product::product;
use crate::moments::Moments;

/// The rows of one part, together.
pub(crate) struct Part {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
    weights: Vec<f64>,
}

impl Part {
    pub(crate) fn new(problem: &Problem<'_>, rows: &[usize]) -> Self {
        let copy = |view: View<'_>| DMatrix::from_fn(rows.len(), view.columns(), |i, j| view.get(rows[i], j));
        let weights = rows.iter().map(|row| problem.weight(*row)).collect();
        Self { x: copy(problem.x()), y: copy(problem.y()), weights }
    }

    /// Whether a row of the part has positive weight.
    pub(crate) fn counts(&self) -> bool {
        self.weights.iter().any(|s| *s > 0.0)
    }

    fn moments(&self) -> Result<Moments> {
        if self.counts() {
            return gram::<f64>(&Problem::new(&self.x, &self.y)?.with_weights(&self.weights)?);
        }
        let mut none = Moments::new(self.x.ncols(), self.y.ncols());
        none.rows = self.x.nrows();
        Ok(none)
    }

    /// The first target that is the same in every row that counts, with its value.
    pub(crate) fn constant_target(&self) -> Option<(usize, f64)> {
        let constant = |target: &usize| {
            let column = self.y.column(*target);
            let mut values = column.iter().zip(&self.weights).filter(|(_, s)| **s > 0.0).map(|(y, _)| *y);
            let first = values.next()?;
            values.all(|y| y == first).then_some((*target, first))
        };
        (0..self.y.ncols()).find_map(|target| constant(&target))
    }

    /// The scores of what a path predicts for the rows of the part, [k, t], of targets in units of 2^`units`; NaN where it has no
    /// answer.
    pub(crate) fn scores(&self, path: &RidgePath, score: &Score, units: &[i32]) -> Vec<f64> {
        const COLUMNS: usize = 256;
        let (n, t) = (path.features(), path.targets());
        let lambdas = (COLUMNS / t).max(1);
        let chunk = |(at, w): (usize, &[f64])| {
            // ŷ of many λs and targets with one product.
            let mut predicted = product(self.x.as_slice(), w, n);
            let first = at * lambdas * t;
            let one = |(column, mut predicted): (usize, nalgebra::DVectorViewMut<'_, f64>)| {
                predicted.add_scalar_mut(path.intercepts[first + column]);
                let y = self.y.column(column % t);
                score.of_target(units[column % t], y.as_slice(), predicted.as_slice(), &self.weights)
            };
            predicted.column_iter_mut().enumerate().map(one).collect::<Vec<f64>>()
        };
        path.coefficients.par_chunks(lambdas * t * n).enumerate().flat_map_iter(chunk).collect()
    }
}

/// The moments of the rows that are trained on when each part is held out: the moments of the parts before it and after it, merged,
/// so that nothing is subtracted. All are held at once, n² numbers for each part.
pub(crate) fn training_moments(partition: &Partition, parts: &[Part]) -> Result<Vec<Moments>> {
    let of_parts = parts.par_iter().map(Part::moments).collect::<Result<Vec<Moments>>>()?;
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

/// Checks that each fold can be trained and scored; `first` is the number of the first fold.
pub(crate) fn check(partition: &Partition, parts: &[Part], first: usize, score: &Score) -> Result<()> {
    for (number, test) in partition.held_out().enumerate() {
        let fold = first + number;
        let trained = (0..parts.len()).any(|part| partition.trains(part, test) && parts[part].counts());
        for (found, purpose) in [(trained, "train on"), (parts[test].counts(), "score")] {
            if !found {
                return Err(Error::EmptyFold { fold, purpose });
            }
        }
        let constant = if score.needs_spread() { parts[test].constant_target() } else { None };
        if let Some((target, value)) = constant {
            return Err(Error::ConstantTarget { fold, target, value, score: score.name().to_owned() });
        }
    }
    Ok(())
}
