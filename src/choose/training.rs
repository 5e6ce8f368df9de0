//! What is trained on when a part of the rows is held out: a path, or predictions without coefficients where these take less work.

use std::ops::Range;

use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::choose::folds::Partition;
use crate::choose::held_out::Part;
use crate::choose::score::Score;
use crate::data::problem::Problem;
use crate::directions::Predictor;
use crate::error::Result;
use crate::model::method::{Backend, Form, Precision};
use crate::model::penalty::Grid;
use crate::model::watch::Watch;
use crate::moments::Moments;
use crate::plan::Request;
use crate::solve::known::Known;
use crate::solve::ridge::Ridge;

/// Columns of ŷ that one product finds, and the targets of them where there are so many.
const COLUMNS: usize = 256;
const TARGETS: usize = 64;
/// Operations of an eigendecomposition of order r, in units of r³.
const EIGEN: f64 = 12.0;
/// λs that a path is summed from, where there are more.
const NODES: usize = 25;

/// The rows trained on for each fold of a partition.
pub(crate) struct Training<'a> {
    problem: &'a Problem<'a>,
    partition: &'a Partition,
    /// Of each fold, where they are known.
    moments: &'a [Moments],
    /// Whether a fold has predictions in place of a path.
    predicts: bool,
}

impl<'a> Training<'a> {
    pub(crate) fn new(ridge: &Ridge, problem: &'a Problem<'a>, partition: &'a Partition) -> Self {
        let predicts = may_predict(ridge) && pays(problem, partition, ridge.penalty.len());
        Self { problem, partition, moments: &[], predicts }
    }

    pub(crate) fn with_moments(self, moments: &'a [Moments]) -> Self {
        Self { moments, ..self }
    }

    /// Whether the equations of a fold are made from moments in double precision.
    pub(crate) fn needs_moments(&self, ridge: &Ridge) -> bool {
        let request = ridge.asked().request;
        let primal = request.form(ridge.shape(self.problem.x(), self.problem.y())) == Form::Primal;
        let on_host = !request.wants_gpu(ridge.shape(self.problem.x(), self.problem.y()));
        primal
            && request.backend != Backend::Reference
            && request.precision == Precision::Double
            && !(self.predicts && on_host)
    }

    /// The paths of some folds, by their numbers and the parts that they hold out, on a GPU.
    pub(crate) async fn together(&self, ridge: &Ridge, folds: &[(usize, usize)]) -> Result<Vec<RidgePath>> {
        let weights: Vec<Vec<f64>> = folds.iter().map(|(_, test)| self.weights(*test)).collect();
        let known = |(number, _): &(usize, usize)| self.moments.get(*number).cloned();
        let folds = folds
            .iter()
            .zip(&weights)
            .map(|(own, weights)| Ok((self.problem.clone().with_weights(weights)?, known(own))));
        ridge.solve_together(folds.collect::<Result<Vec<_>>>()?).await
    }

    /// The path of one fold, on the CPU.
    pub(crate) async fn alone(&self, ridge: &Ridge, (number, test): (usize, usize)) -> Result<RidgePath> {
        let weights = self.weights(test);
        let known = self.moments.get(number).cloned().map(Known::Moments);
        ridge.solve(&self.problem.clone().with_weights(&weights)?, known).await
    }

    /// The scores of what a fold predicts for the rows of its part, [k, t], of targets in these units, on the CPU: from predictions where
    /// these take less work and have their digits, else from a path; `of_path` scores that.
    pub(crate) async fn scores(
        &self,
        ridge: &Ridge,
        own: (usize, usize),
        part: &Part,
        (score, units): (&Score, &[i32]),
        of_path: impl Fn(&RidgePath) -> Vec<f64>,
    ) -> Result<Vec<f64>> {
        let weights = self.weights(own.1);
        let problem = self.problem.clone().with_weights(&weights)?;
        let asked = ridge.asked();
        let predictor = match &asked.factors {
            Some(factors) if self.predicts => Predictor::new(&problem, ridge.model, (factors, 0), part.x())?,
            _ => None,
        };
        let Some(predictor) = predictor else { return Ok(of_path(&self.alone(ridge, own).await?)) };
        let Grid { shifts, .. } = asked.penalty.resolve(problem.weight_sum(), 0.0)?;
        let (reached, left): (Vec<usize>, Vec<usize>) =
            (0..shifts.len()).partition(|index| predictor.reaches(shifts[*index]));
        ridge.check_cancelled()?;
        let t = self.problem.targets();
        let mut scores = vec![f64::NAN; shifts.len() * t];
        for (index, target, score) in predicted(&predictor, part, (&shifts, &reached), (score, units)) {
            scores[index * t + target] = score;
        }
        if left.is_empty() {
            ridge.reporter(shifts.len()).done(shifts.len());
        } else {
            let path = self.alone(&ridge.clone().penalty(ridge.penalty.only(&left)), own).await?;
            for (index, own) in left.into_iter().zip(of_path(&path).chunks(t)) {
                scores[index * t..(index + 1) * t].copy_from_slice(own);
            }
        }
        Ok(scores)
    }

    /// The weights of the rows when a part is held out: 0 for those that are not trained on.
    fn weights(&self, test: usize) -> Vec<f64> {
        let mut weights = vec![0.0; self.problem.rows()];
        for (part, rows) in self.partition.parts.iter().enumerate() {
            if self.partition.trains(part, test) {
                rows.iter().for_each(|row| weights[*row] = self.problem.weight(*row));
            }
        }
        weights
    }
}

/// The score of each λ reached and each target, with their numbers.
fn predicted(
    predictor: &Predictor,
    part: &Part,
    (shifts, reached): (&[f64], &[usize]),
    (score, units): (&Score, &[i32]),
) -> Vec<(usize, usize, f64)> {
    let t = units.len();
    let width = TARGETS.min(t);
    let blocks: Vec<(Range<usize>, &[usize])> = (0..t)
        .step_by(width)
        .flat_map(|first| reached.chunks(COLUMNS / width).map(move |some| (first..t.min(first + width), some)))
        .collect();
    let of_block = |(targets, some): (Range<usize>, &[usize])| {
        let own: Vec<f64> = some.iter().map(|index| shifts[*index]).collect();
        let predicted = predictor.predict(&own, targets.clone());
        let columns = some.iter().flat_map(|index| targets.clone().map(|target| (*index, target)));
        columns
            .zip(predicted.column_iter())
            .map(|((index, target), predicted)| {
                (index, target, part.score(score, units[target], target, predicted.as_slice()))
            })
            .collect::<Vec<_>>()
    };
    blocks.into_par_iter().flat_map_iter(of_block).collect()
}

/// Whether all that is asked for leaves the way to predictions open.
fn may_predict(ridge: &Ridge) -> bool {
    let Request { backend, precision, form, strategy, has_inverse, .. } = ridge.asked().request;
    let (on_cpu, unforced) = (backend != Backend::Reference, form.is_none() && strategy.is_none());
    on_cpu && precision == Precision::Double && unforced && has_inverse && ridge.one_decomposition().is_ok()
}

/// Whether predictions along eigenvectors take less work than coefficients and predictions by them, in multiplications and additions.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn pays(problem: &Problem<'_>, partition: &Partition, k: usize) -> bool {
    let (n, t) = (problem.features(), problem.targets());
    let held_out = problem.rows().div_ceil(partition.parts.len().max(1));
    let r = n.min(problem.rows() - held_out);
    let [n, t, k, h, r, nodes] = [n, t, k, held_out, r, k.min(NODES)].map(|size| size as f64);
    EIGEN * r.powi(3) + 2.0 * n * r * (h + r) + k * t * r * h <= k * t * n * (nodes + h)
}
