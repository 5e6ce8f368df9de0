//! What was chosen, and everything that speaks for it.

use nalgebra::DMatrix;

use crate::error::{Error, Result};
use crate::path::RidgePath;
use crate::select::folds::Folds;
use crate::select::rule::{Choice, Edge, Rule};
use crate::select::score::{Better, Score};
use crate::view::{Scalar, View};

/// The scores of every λ, fold and target, the λ chosen, and the path of all rows, from which the model is taken.
#[derive(Debug, Clone)]
pub struct Selection {
    path: RidgePath,
    folds: Folds,
    score: String,
    better: Better,
    rule: Rule,
    /// [fold, k, t]
    fold_scores: Vec<Vec<f64>>,
    /// [k, t]
    means: Vec<f64>,
    errors: Vec<f64>,
    choices: Vec<Choice>,
    extensions: usize,
}

impl Selection {
    pub(crate) fn new(
        path: RidgePath,
        fold_scores: Vec<Vec<f64>>,
        folds: Folds,
        score: &Score,
        rule: Rule,
        per_target: bool,
    ) -> Result<Self> {
        let (k, t, better) = (path.len(), path.targets(), score.better());
        let of = |at: usize| fold_scores.iter().map(|fold| fold[at]).collect::<Vec<f64>>();
        let (means, errors): (Vec<f64>, Vec<f64>) = (0..k * t).map(|at| mean_and_error(&of(at))).unzip();
        let grid = (path.lambdas(), path.shifts());
        let choose = |target: usize, (means, errors): (Vec<f64>, Vec<f64>)| {
            let none = Error::NoScore { target, reason: "each is NaN in some fold" };
            rule.choose(grid, &means, &errors, better).ok_or(none)
        };
        let choices = if per_target {
            let own =
                |target: usize| (0..k).map(|index| (means[index * t + target], errors[index * t + target])).unzip();
            (0..t).map(|target| choose(target, own(target))).collect::<Result<Vec<Choice>>>()?
        } else {
            #[expect(clippy::cast_precision_loss, reason = "a count of targets")]
            let joint = |fold: &Vec<f64>, index: usize| fold[index * t..(index + 1) * t].iter().sum::<f64>() / t as f64;
            let all = |index: usize| fold_scores.iter().map(|fold| joint(fold, index)).collect::<Vec<f64>>();
            vec![choose(0, (0..k).map(|index| mean_and_error(&all(index))).unzip())?; t]
        };
        let score = score.name().to_owned();
        Ok(Self { path, folds, score, better, rule, fold_scores, means, errors, choices, extensions: 0 })
    }

    pub(crate) fn after(self, extensions: usize) -> Self {
        Self { extensions, ..self }
    }

    /// The edges of the grid at which a best score lies.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let at = |edge: &Edge| self.choices.iter().any(|choice| choice.edge == Some(*edge));
        [Edge::Smallest, Edge::Largest].into_iter().filter(at).collect()
    }

    /// The path of all rows, over the whole grid.
    #[must_use]
    pub fn path(&self) -> &RidgePath {
        &self.path
    }

    /// How the rows were parted.
    #[must_use]
    pub fn scheme(&self) -> &Folds {
        &self.folds
    }

    /// The name of the score.
    #[must_use]
    pub fn score(&self) -> &str {
        &self.score
    }

    /// Which of two scores is better.
    #[must_use]
    pub fn better(&self) -> Better {
        self.better
    }

    /// The rule that chose.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// How often the grid grew.
    #[must_use]
    pub fn extensions(&self) -> usize {
        self.extensions
    }

    /// The number of folds, in all repeats.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.fold_scores.len()
    }

    /// The score of λ number `index` for a target in one fold; NaN where it has no answer.
    ///
    /// # Panics
    /// When a number is out of range, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn fold_score(&self, index: usize, target: usize, fold: usize) -> f64 {
        self.fold_scores[fold][self.at(index, target)]
    }

    /// The mean over folds of the fold's score; NaN where one fold has none.
    #[must_use]
    pub fn mean(&self, index: usize, target: usize) -> f64 {
        self.means[self.at(index, target)]
    }

    /// sd/√folds, the sample deviation of the folds' scores; NaN for one fold.
    #[must_use]
    pub fn standard_error(&self, index: usize, target: usize) -> f64 {
        self.errors[self.at(index, target)]
    }

    /// What was chosen for a target. When one λ serves all, its score and standard error are those of the targets' mean.
    #[must_use]
    pub fn choice(&self, target: usize) -> &Choice {
        &self.choices[target]
    }

    /// ŷ = Xw + b of new rows (m' × n), each target at its λ: m' × t.
    ///
    /// # Errors
    /// [`Error::Shape`] when X has not n columns.
    pub fn predict<'a, T: Scalar>(&self, x: impl Into<View<'a, T>>) -> Result<DMatrix<f64>> {
        let x = x.into();
        let mut predicted = self.path.predict(self.choices[0].index, x)?;
        for (target, choice) in self.choices.iter().enumerate().skip(1) {
            if choice.index != self.choices[0].index {
                predicted.set_column(target, &self.path.predict(choice.index, x)?.column(target));
            }
        }
        Ok(predicted)
    }

    fn at(&self, index: usize, target: usize) -> usize {
        assert!(index < self.path.len(), "λ number {index} of a path of {}", self.path.len());
        assert!(target < self.path.targets(), "target number {target} of {}", self.path.targets());
        index * self.path.targets() + target
    }
}

/// The mean, and sd/√n with the sample deviation.
#[expect(clippy::cast_precision_loss, reason = "a count of folds")]
pub(crate) fn mean_and_error(scores: &[f64]) -> (f64, f64) {
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}
