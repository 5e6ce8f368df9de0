//! The λ chosen, and the scores that speak for it.

use crate::choose::rule::{Choice, Edge, Rule};
use crate::choose::scheme::Scheme;
use crate::choose::score::Better;
use crate::choose::scores::{InUnits, Scores, edges};
use crate::error::Result;
use crate::math::powers::scaled;
use crate::model::penalty::Grid;

/// The scores of every λ, fold and target, and the λ chosen by them: what [`CrossValidation::choose`](crate::CrossValidation::choose) finds,
/// and beneath what [`fit`](crate::CrossValidation::fit) and [`fit_chosen`](crate::CrossValidation::fit_chosen) find.
#[derive(Debug, Clone)]
pub struct Choices {
    grid: Grid,
    scheme: Scheme,
    scores: Scores,
    rule: Rule,
    choices: Vec<Choice>,
    extensions: usize,
}

impl Choices {
    /// What a rule chooses by the scores of a grid.
    ///
    /// # Errors
    /// Those of [`Scores::choose`].
    pub(crate) fn new(grid: Grid, scores: Scores, scheme: Scheme, rule: Rule, per_target: bool) -> Result<Self> {
        let found = scores.choose((&grid.lambdas, &grid.shifts), scores.units.len(), rule, per_target)?;
        let choices = found.into_iter().map(InUnits::natural).collect();
        Ok(Self { grid, scheme, scores, rule, choices, extensions: 0 })
    }

    /// What is chosen, in the units of the scores.
    pub(crate) fn in_units(&self, per_target: bool) -> Result<Vec<InUnits>> {
        self.scores.choose((self.lambdas(), self.alphas()), self.targets(), self.rule, per_target)
    }

    pub(crate) fn scores(&self) -> &Scores {
        &self.scores
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// This with the λ of a number for each target, that a rule has chosen for this and other problems.
    pub(crate) fn at(mut self, indices: &[usize], rule: Rule, per_target: bool) -> Self {
        self.rule = rule;
        let joint = (!per_target).then(|| self.scores.joint(indices.len()));
        for (target, index) in indices.iter().enumerate() {
            let (score, standard_error) = match &joint {
                Some((means, errors)) => {
                    let top = self.scores.top();
                    (scaled(means[*index], top), scaled(errors[*index], top))
                }
                None => (self.mean(*index, target), self.standard_error(*index, target)),
            };
            let (lambda, alpha) = (self.lambdas()[*index], self.alphas()[*index]);
            let Choice { best, edge, .. } = self.choices[target];
            self.choices[target] = Choice { index: *index, lambda, alpha, score, standard_error, best, edge };
        }
        self
    }

    /// Those of one of the targets, copied.
    pub(crate) fn of_target(&self, target: usize) -> Self {
        Self {
            grid: self.grid.clone(),
            scheme: self.scheme.clone(),
            scores: self.scores.alone(target, self.targets()),
            rule: self.rule,
            choices: vec![self.choices[target]],
            extensions: self.extensions,
        }
    }

    pub(crate) fn after(self, extensions: usize) -> Self {
        Self { extensions, ..self }
    }

    /// The edges of the grid at which a best score lies.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        edges(self.choices.iter())
    }

    /// The λs that were scored.
    #[must_use]
    pub fn lambdas(&self) -> &[f64] {
        &self.grid.lambdas
    }

    /// The shift 2Wλ of each λ on all rows, scikit-learn's alpha.
    #[must_use]
    pub fn alphas(&self) -> &[f64] {
        &self.grid.shifts
    }

    /// t.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.scores.units.len()
    }

    /// What λs were judged by.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The name of the score, or of the criterion.
    #[must_use]
    pub fn score_name(&self) -> &str {
        &self.scores.name
    }

    /// Which of two scores is better.
    #[must_use]
    pub fn better(&self) -> Better {
        self.scores.better
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

    /// The number of folds, in all repeats; 0 for leave-one-out and criteria.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.scores.folds.len()
    }

    /// The score of λ number `index` for a target in one fold; NaN where it has no answer.
    ///
    /// # Panics
    /// When a number is out of range, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn fold_score(&self, index: usize, target: usize, fold: usize) -> f64 {
        self.natural(self.scores.folds[fold][self.place(index, target)], target)
    }

    /// The mean over folds of the fold's score, NaN where one fold has none; or the leave-one-out score or the criterion.
    #[must_use]
    pub fn mean(&self, index: usize, target: usize) -> f64 {
        self.natural(self.scores.means[self.place(index, target)], target)
    }

    /// sd/√folds with the sample deviation of the folds' scores; of leave-one-out sd/√m over the rows. NaN where there is none:
    /// for one fold, criteria, and leave-one-out scores that are not means.
    #[must_use]
    pub fn standard_error(&self, index: usize, target: usize) -> f64 {
        self.natural(self.scores.errors[self.place(index, target)], target)
    }

    /// What was chosen for a target. When one λ serves all, its score and standard error are those of the targets' mean (of
    /// leave-one-out, the standard error is a bound: the mean of the targets').
    #[must_use]
    pub fn choice(&self, target: usize) -> &Choice {
        &self.choices[target]
    }

    fn natural(&self, score: f64, target: usize) -> f64 {
        scaled(score, self.scores.units[target])
    }

    fn place(&self, index: usize, target: usize) -> usize {
        let (k, t) = (self.grid.lambdas.len(), self.targets());
        assert!(index < k, "λ number {index} of {k}");
        assert!(target < t, "target number {target} of {t}");
        index * t + target
    }
}
