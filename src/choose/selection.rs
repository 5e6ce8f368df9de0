//! What was chosen, with the path of all rows.

use std::ops::Deref;

use nalgebra::DMatrix;

use crate::answer::path::RidgePath;
use crate::answer::prediction::{check_columns, determination, predictions};
use crate::choose::choices::Choices;
use crate::choose::rule::Rule;
use crate::choose::scheme::Scheme;
use crate::choose::scores::Scores;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::Result;

/// The scores of every λ, fold and target and the λ chosen, which are its [`Choices`], and the path of all rows, from which the model
/// is taken.
#[derive(Debug, Clone)]
pub struct Selection {
    pub(crate) choices: Choices,
    path: RidgePath,
}

impl Deref for Selection {
    type Target = Choices;

    fn deref(&self) -> &Choices {
        &self.choices
    }
}

impl Selection {
    pub(crate) fn new(path: RidgePath, scores: Scores, scheme: Scheme, rule: Rule, per_target: bool) -> Result<Self> {
        Ok(Self { choices: Choices::new(path.grid(), scores, scheme, rule, per_target)?, path })
    }

    /// This with the λ of a number for each target, that a rule has chosen for this and other problems.
    pub(crate) fn chosen_at(self, indices: &[usize], rule: Rule, per_target: bool) -> Self {
        Self { choices: self.choices.at(indices, rule, per_target), ..self }
    }

    /// The selection of one of the targets, copied.
    pub(crate) fn of_target(&self, target: usize) -> Self {
        Self { choices: self.choices.of_target(target), path: self.path.of_target(target) }
    }

    pub(crate) fn after(self, extensions: usize) -> Self {
        Self { choices: self.choices.after(extensions), ..self }
    }

    /// The path of all rows, over the whole grid.
    #[must_use]
    pub fn path(&self) -> &RidgePath {
        &self.path
    }

    /// The n coefficients of a target at its λ, on the original scale; NaN where that has no answer.
    ///
    /// # Panics
    /// When there is no such target, as slices do; so does the lookup of the intercept.
    #[must_use]
    pub fn coefficients(&self, target: usize) -> &[f64] {
        self.path.coefficients(self.choice(target).index, target)
    }

    /// The intercept of a target at its λ; 0 when none was fitted.
    #[must_use]
    pub fn intercept(&self, target: usize) -> f64 {
        self.path.intercept(self.choice(target).index, target)
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
}
