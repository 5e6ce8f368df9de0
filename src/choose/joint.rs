//! One λ for many problems, each judged by its own rows.

use std::hash::Hash;

use crate::choose::cross_validation::CrossValidation;
use crate::choose::rule::{Choice, Rule};
use crate::choose::score::Better;
use crate::choose::scores::{InUnits, Scores};
use crate::choose::selection::Selection;
use crate::data::groups::Groups;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::data::windows::Windows;
use crate::error::{Error, Result};
use crate::math::powers::scaled;

/// One place in the grid chosen for many problems, by the mean of their scores: what [`CrossValidation::fit_groups_jointly`] and those
/// beside it make.
///
/// λs are the same by their number in the grid. A grid given as λ has the same λ there for every problem, one given as alphas the same
/// shift, and one scaled from the data the λ of that place in each problem's own grid.
#[derive(Debug, Clone)]
pub struct JointSelection {
    /// The mean scores of each problem that has some, in place of folds.
    scores: Scores,
    rule: Rule,
    choices: Vec<Choice>,
    problems: Vec<Result<Selection>>,
}

impl CrossValidation {
    /// Chooses one λ for all groups of rows: by the mean of the groups' scores, each in its own folds as
    /// [`fit_groups`](Self::fit_groups) has them, and by the rule set, whose standard error is that over groups, sd/√groups. Every group
    /// counts as much as the others. Blocking.
    ///
    /// A group without scores is left out of the mean, and has the reason in its place. A λ without a score in one of the others has
    /// none.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Folds, Groups, Ridge};
    /// let x: Vec<f64> = (0..36).map(|i| f64::from(i * i % 11)).collect();
    /// let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| x * (i % 3) as f64 + (i % 5) as f64).collect();
    /// let groups = Groups::new(&(0..36).map(|i| i % 3).collect::<Vec<i32>>());
    /// let choice = CrossValidation::new(Ridge::new().lambdas([10.0, 1.0, 0.1])).folds(Folds::Contiguous(3));
    /// let joint = choice.fit_groups_jointly(&x, &y, &groups)?;
    /// for group in joint.selections().iter().flatten() {
    ///     assert_eq!(group.choice(0).lambda, joint.choice(0).lambda);
    /// }
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups); [`Error::Conflict`] where the grid is to [extend](Self::extend), as the grids of problems
    /// would not grow alike; [`Error::NoStandardError`]; the reason of the first group where none has a score.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_groups_jointly<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<JointSelection> {
        pollster::block_on(self.fit_groups_jointly_async(x, y, groups))
    }

    /// [`fit_groups_jointly`](Self::fit_groups_jointly) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_groups_jointly`](Self::fit_groups_jointly).
    pub async fn fit_groups_jointly_async<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<JointSelection> {
        let each = self.one_of_many()?.fit_groups_async(x, y, groups).await?;
        JointSelection::new(each, self.rule, self.per_target)
    }

    /// Chooses one λ for all windows of rows, as [`fit_groups_jointly`](Self::fit_groups_jointly) does for groups. Blocking.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Ridge, Windows};
    /// let x: Vec<f64> = (0..36).map(|i| f64::from(i * i % 11)).collect();
    /// let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| 2.0 * x + (i % 5) as f64).collect();
    /// let choice = CrossValidation::new(Ridge::new()).leave_one_out();
    /// let joint = choice.fit_windows_jointly(&x, &y, &Windows::rolling(12, 6))?;
    /// assert_eq!((joint.selections().len(), joint.scored()), (5, 5));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fit_windows`](Self::fit_windows) and [`fit_groups_jointly`](Self::fit_groups_jointly).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_windows_jointly<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<JointSelection> {
        pollster::block_on(self.fit_windows_jointly_async(x, y, windows))
    }

    /// [`fit_windows_jointly`](Self::fit_windows_jointly) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_windows_jointly`](Self::fit_windows_jointly).
    pub async fn fit_windows_jointly_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<JointSelection> {
        let each = self.one_of_many()?.fit_windows_async(x, y, windows).await?;
        JointSelection::new(each, self.rule, self.per_target)
    }

    /// Chooses one λ for all of some problems, as [`fit_groups_jointly`](Self::fit_groups_jointly) does for groups. Blocking.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Problem, Ridge};
    /// let x: Vec<f64> = (0..24).map(|i| f64::from(i * i % 11)).collect();
    /// let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| 2.0 * x + (i % 5) as f64).collect();
    /// let problems = [Problem::new(&x[..12], &y[..12])?, Problem::new(&x[12..], &y[12..])?];
    /// let joint = CrossValidation::new(Ridge::new().lambdas([1.0, 0.1])).fit_many_jointly(&problems)?;
    /// assert_eq!(joint.scored(), 2);
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fit_many`](Self::fit_many) and [`fit_groups_jointly`](Self::fit_groups_jointly).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_many_jointly(&self, problems: &[Problem<'_>]) -> Result<JointSelection> {
        pollster::block_on(self.fit_many_jointly_async(problems))
    }

    /// [`fit_many_jointly`](Self::fit_many_jointly) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_many_jointly`](Self::fit_many_jointly).
    pub async fn fit_many_jointly_async(&self, problems: &[Problem<'_>]) -> Result<JointSelection> {
        let each = self.one_of_many()?.fit_many_async(problems).await?;
        JointSelection::new(each, self.rule, self.per_target)
    }

    /// This for one of many problems, of which the scores count and not what they alone would choose.
    fn one_of_many(&self) -> Result<Self> {
        self.rule.check()?;
        match self.extensions {
            0 => Ok(self.clone().rule(Rule::Best)),
            _ => Err(Error::Conflict {
                first: "a grid that grows",
                second: "one λ for many problems",
                instead: "a wider grid",
            }),
        }
    }
}

impl JointSelection {
    fn new(problems: Vec<Result<Selection>>, rule: Rule, per_target: bool) -> Result<Self> {
        let scored: Vec<&Selection> = problems.iter().flatten().collect();
        let Some(first) = scored.first() else {
            let none = Error::Count { what: "problems", found: 0, least: 1, most: usize::MAX };
            return Err(problems.into_iter().find_map(Result::err).unwrap_or(none));
        };
        let scores = Scores::of_problems(&scored.iter().map(|own| own.scores()).collect::<Vec<_>>());
        let path = first.path();
        let shared = |of: fn(&Selection) -> &[f64], index: usize| {
            let value = of(first)[index];
            if scored.iter().all(|own| of(own)[index] == value) { value } else { f64::NAN }
        };
        let natural = |own: InUnits| {
            let choice = own.natural();
            let lambda = shared(|own| own.path().lambdas(), choice.index);
            Choice { lambda, alpha: shared(|own| own.path().shifts(), choice.index), ..choice }
        };
        // The order of λs, by which ties are broken, is that of every problem.
        let found = scores.choose((path.lambdas(), path.shifts()), path.targets(), rule, per_target)?;
        let choices: Vec<Choice> = found.into_iter().map(natural).collect();
        let indices: Vec<usize> = choices.iter().map(|own| own.index).collect();
        let at = |own: Result<Selection>| own.map(|own| own.chosen_at(&indices, rule, per_target));
        let problems = problems.into_iter().map(at).collect();
        Ok(Self { scores, rule, choices, problems })
    }

    /// What was chosen for a target: its number in the grid, the mean score of the problems (where one λ serves all targets, the mean over
    /// these too) and its standard error. λ and alpha are NaN where they differ between problems; each problem's are those of its
    /// [selection](Self::selections).
    ///
    /// # Panics
    /// When a number is out of range, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn choice(&self, target: usize) -> &Choice {
        &self.choices[target]
    }

    /// Each problem at what was chosen for all, in their order, or why it has no score. Its choice has the problem's own score and
    /// standard error there, and its `best` and `edge` are where the problem alone is best.
    pub fn selections(&self) -> &[Result<Selection>] {
        &self.problems
    }

    /// The problems without a score, which are not in the mean, and why.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &Error)> {
        self.problems.iter().enumerate().filter_map(|(number, own)| own.as_ref().err().map(|error| (number, error)))
    }

    /// How many problems have scores.
    #[must_use]
    pub fn scored(&self) -> usize {
        self.scores.folds.len()
    }

    /// t.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.choices.len()
    }

    /// k.
    #[must_use]
    pub fn penalties(&self) -> usize {
        self.scores.means.len() / self.targets()
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

    /// The mean over problems with scores of a target's at λ number `index`; NaN where one of them has none there.
    #[must_use]
    pub fn mean(&self, index: usize, target: usize) -> f64 {
        self.natural(&self.scores.means, index, target)
    }

    /// sd/√problems of that; NaN for one problem.
    #[must_use]
    pub fn standard_error(&self, index: usize, target: usize) -> f64 {
        self.natural(&self.scores.errors, index, target)
    }

    fn natural(&self, values: &[f64], index: usize, target: usize) -> f64 {
        let t = self.targets();
        assert!(target < t, "target number {target} of {t}");
        scaled(values[index * t + target], self.scores.units[target])
    }
}
