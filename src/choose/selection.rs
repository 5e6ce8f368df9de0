//! What was chosen, and everything that speaks for it.

use nalgebra::DMatrix;

use crate::answer::path::RidgePath;
use crate::answer::prediction::{check_columns, determination, predictions};
use crate::choose::rule::{Choice, Edge, Rule};
use crate::choose::scheme::Scheme;
use crate::choose::score::Better;
use crate::choose::scores::{InUnits, Scores, edges};
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::Result;
use crate::math::powers::scaled;

/// The scores of every λ, fold and target, the λ chosen, and the path of all rows, from which the model is taken.
#[derive(Debug, Clone)]
pub struct Selection {
    path: RidgePath,
    scheme: Scheme,
    scores: Scores,
    rule: Rule,
    choices: Vec<Choice>,
    extensions: usize,
}

impl Selection {
    pub(crate) fn new(path: RidgePath, scores: Scores, scheme: Scheme, rule: Rule, per_target: bool) -> Result<Self> {
        let choices = scores.choose((path.lambdas(), path.shifts()), path.targets(), rule, per_target)?;
        let choices = choices.into_iter().map(InUnits::natural).collect();
        Ok(Self { path, scheme, scores, rule, choices, extensions: 0 })
    }

    /// What is chosen, in the units of the scores.
    pub(crate) fn in_units(&self, per_target: bool) -> Result<Vec<InUnits>> {
        self.scores.choose((self.path.lambdas(), self.path.shifts()), self.path.targets(), self.rule, per_target)
    }

    pub(crate) fn scores(&self) -> &Scores {
        &self.scores
    }

    /// This with the λ of a number for each target, that a rule has chosen for this and other problems.
    pub(crate) fn chosen_at(mut self, indices: &[usize], rule: Rule, per_target: bool) -> Self {
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
            let (lambda, alpha) = (self.path.lambdas()[*index], self.path.shifts()[*index]);
            let Choice { best, edge, .. } = self.choices[target];
            self.choices[target] = Choice { index: *index, lambda, alpha, score, standard_error, best, edge };
        }
        self
    }

    /// The selection of one of the targets, copied.
    pub(crate) fn of_target(&self, target: usize) -> Self {
        Self {
            path: self.path.of_target(target),
            scheme: self.scheme.clone(),
            scores: self.scores.alone(target, self.path.targets()),
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

    /// The path of all rows, over the whole grid.
    #[must_use]
    pub fn path(&self) -> &RidgePath {
        &self.path
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
        self.natural(self.scores.folds[fold][self.at(index, target)], target)
    }

    /// The mean over folds of the fold's score, NaN where one fold has none; or the leave-one-out score or the criterion.
    #[must_use]
    pub fn mean(&self, index: usize, target: usize) -> f64 {
        self.natural(self.scores.means[self.at(index, target)], target)
    }

    /// sd/√folds with the sample deviation of the folds' scores; of leave-one-out sd/√m over the rows. NaN where there is none:
    /// for one fold, criteria, and leave-one-out scores that are not means.
    #[must_use]
    pub fn standard_error(&self, index: usize, target: usize) -> f64 {
        self.natural(self.scores.errors[self.at(index, target)], target)
    }

    /// What was chosen for a target. When one λ serves all, its score and standard error are those of the targets' mean (of
    /// leave-one-out, the standard error is a bound: the mean of the targets').
    #[must_use]
    pub fn choice(&self, target: usize) -> &Choice {
        &self.choices[target]
    }

    /// The n coefficients of a target at its λ, on the original scale; NaN where that has no answer.
    #[must_use]
    pub fn coefficients(&self, target: usize) -> &[f64] {
        self.path.coefficients(self.choices[target].index, target)
    }

    /// The intercept of a target at its λ; 0 when none was fitted.
    #[must_use]
    pub fn intercept(&self, target: usize) -> f64 {
        self.path.intercept(self.choices[target].index, target)
    }

    /// ŷ = Xw + b of new rows (m' × n), each target at its λ: m' × t, for the work of one product of matrices.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when X has not n columns.
    pub fn predict<'a>(&self, x: impl Into<View<'a>>) -> Result<DMatrix<f64>> {
        let x = x.into();
        check_columns(&x, self.path.features())?;
        let targets = 0..self.path.targets();
        let w: Vec<f64> = targets.clone().flat_map(|target| self.coefficients(target)).copied().collect();
        let intercepts: Vec<f64> = targets.map(|target| self.intercept(target)).collect();
        Ok(predictions(x, &w, &intercepts, intercepts.len()).swap_remove(0))
    }

    /// R² of each target at its λ on the rows given, as [`RidgePath::score`] has it.
    ///
    /// # Errors
    /// Those of [`RidgePath::score`].
    pub fn score<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Vec<f64>> {
        let problem = Problem::new(x, y)?;
        determination(&problem, &self.predict(problem.x())?)
    }

    /// R² with observation weights, as [`RidgePath::score_weighted`] has it.
    ///
    /// # Errors
    /// Those of [`RidgePath::score_weighted`].
    pub fn score_weighted<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        weights: &[f64],
    ) -> Result<Vec<f64>> {
        let problem = Problem::new(x, y)?;
        let problem = problem.with_weights(weights)?;
        determination(&problem, &self.predict(problem.x())?)
    }

    fn natural(&self, score: f64, target: usize) -> f64 {
        scaled(score, self.scores.units[target])
    }

    fn at(&self, index: usize, target: usize) -> usize {
        assert!(index < self.path.len(), "λ number {index} of a path of {}", self.path.len());
        assert!(target < self.path.targets(), "target number {target} of {}", self.path.targets());
        index * self.path.targets() + target
    }
}
