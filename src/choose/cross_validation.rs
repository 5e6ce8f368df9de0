//! Cross-validation of the whole grid: k-fold, leave-one-out, or a criterion in its place.

use crate::choose::choices::Choices;
use crate::choose::criterion::Criterion;
use crate::choose::folds::{Folds, Partition};
use crate::choose::grid::extended;
use crate::choose::rule::Rule;
use crate::choose::scheme::Scheme;
use crate::choose::score::Score;
use crate::choose::selection::Selection;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::Result;
use crate::solve::ridge::Ridge;

/// Chooses λ by how well rows are predicted that were held out, or by a criterion in place of that.
///
/// Each fold is trained with its own means and standard deviations. A grid given as λ keeps λ (the shift 2Wλ follows the
/// weights W trained on), one given as alphas keeps the shift, as scikit-learn does; a grid scaled from the data is that of all
/// rows, and keeps λ. The score of a λ is the mean over folds of the fold's score, its standard error sd/√folds; of
/// leave-one-out that of all rows as one fold, with sd/√m over the rows where it is a mean.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | [`folds`](Self::folds), [`leave_one_out`](Self::leave_one_out), [`criterion`](Self::criterion) | 5 folds of consecutive rows | what is held out |
/// | [`score`](Self::score) | [`Mse`](Score::Mse) | what predictions are judged by; not for criteria |
/// | [`rule`](Self::rule) | [`Best`](Rule::Best) | from scores to one λ |
/// | [`per_target`](Self::per_target) | `false` | a λ for each target, not one for all |
/// | [`extend`](Self::extend) | 0 | how often the grid may grow where the best λ lies at its edge |
///
/// [`fit`](Self::fit) has the path of all rows, [`fit_chosen`](Self::fit_chosen) the models at the λs chosen, and
/// [`choose`](Self::choose) the scores alone. Folds of many targets, or of more features than rows, are scored without coefficients
/// where that takes less work and loses no digits that tell λs apart.
///
/// ```
/// use ridgepath::{CrossValidation, Folds, Ridge, View};
///
/// let x: Vec<f64> = (0..60).map(|i| f64::from(i * i % 17)).collect();
/// let y: Vec<f64> = (0..30).map(|i| f64::from(i % 7) + x[2 * i as usize]).collect();
/// let x = View::row_major(&x, 30, 2)?;
/// let selection = CrossValidation::new(Ridge::new()).folds(Folds::Shuffled { folds: 5, seed: 1 }).fit(x, &y)?;
/// let best = selection.choice(0);
/// println!("λ = {}: {} ± {}", best.lambda, best.score, best.standard_error);
/// println!("{:?}", selection.path().coefficients(best.index, 0)); // of all rows
/// # Ok::<(), ridgepath::Error>(())
/// ```
///
/// Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning* (2009), §7.10.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    pub(crate) ridge: Ridge,
    pub(crate) scheme: Scheme,
    pub(crate) score: Score,
    pub(crate) rule: Rule,
    pub(crate) per_target: bool,
    pub(crate) extensions: usize,
}

impl CrossValidation {
    /// The defaults of the table above, for this solver and its grid.
    #[must_use]
    pub fn new(ridge: Ridge) -> Self {
        let (score, rule) = (Score::default(), Rule::default());
        Self { ridge, scheme: Scheme::Folds(Folds::Contiguous(5)), score, rule, per_target: false, extensions: 0 }
    }

    /// What λs are judged by.
    #[must_use]
    pub fn scheme(self, scheme: Scheme) -> Self {
        Self { scheme, ..self }
    }

    /// Holds out folds of rows.
    #[must_use]
    pub fn folds(self, folds: Folds) -> Self {
        self.scheme(Scheme::Folds(folds))
    }

    /// Holds out each row alone.
    #[must_use]
    pub fn leave_one_out(self) -> Self {
        self.scheme(Scheme::LeaveOneOut)
    }

    /// Judges by a criterion, and holds nothing out.
    #[must_use]
    pub fn criterion(self, criterion: Criterion) -> Self {
        self.scheme(Scheme::Criterion(criterion))
    }

    /// What predictions are judged by.
    #[must_use]
    pub fn score(self, score: Score) -> Self {
        Self { score, ..self }
    }

    /// Which λ the scores speak for.
    #[must_use]
    pub fn rule(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    /// Whether each target gets a λ of its own. Else one λ is chosen by the mean of the targets' scores.
    #[must_use]
    pub fn per_target(self, per_target: bool) -> Self {
        Self { per_target, ..self }
    }

    /// How often the grid may grow, by two decades in its own steps, where the best λ lies at its edge. Everything is
    /// scored again each time.
    #[must_use]
    pub fn extend(self, times: usize) -> Self {
        Self { extensions: times, ..self }
    }

    /// Scores every λ, chooses, and fits all rows; blocking.
    ///
    /// # Errors
    /// Those of [`Ridge::fit`] and [`Folds::splits`]; [`Error::EmptyFold`](crate::Error::EmptyFold),
    /// [`Error::ConstantTarget`](crate::Error::ConstantTarget), [`Error::NoScore`](crate::Error::NoScore),
    /// [`Error::InvalidRule`](crate::Error::InvalidRule), [`Error::NoStandardError`](crate::Error::NoStandardError).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Selection> {
        pollster::block_on(self.fit_async(x, y))
    }

    /// [`fit`](Self::fit) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub async fn fit_async<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Selection> {
        self.fit_problem(&self.ridge.problem(x.into(), y.into())?).await
    }

    /// [`fit`](Self::fit) of a problem, whose weights are its own.
    pub(crate) async fn fit_problem(&self, problem: &Problem<'_>) -> Result<Selection> {
        in_stage!(self.chosen(problem), "choose", rows = problem.rows(), features = problem.features()).await
    }

    async fn chosen(&self, problem: &Problem<'_>) -> Result<Selection> {
        let partitions = self.checked(problem)?;
        let mut ridge = self.ridge.clone();
        let mut extensions = 0;
        loop {
            let (path, scores) = self.scored(&ridge, problem, &partitions).await?.of_all()?;
            let selection = Selection::new(path, scores, self.scheme.clone(), self.rule, self.per_target)?;
            match self.grown(&ridge, &selection, extensions) {
                Some(larger) => ridge = larger,
                None => return Ok(selection.after(extensions)),
            }
            extensions += 1;
        }
    }

    /// The parts of the rows that are held out in turn, where all that was asked for can be.
    pub(crate) fn checked(&self, problem: &Problem<'_>) -> Result<Vec<Partition>> {
        self.rule.check()?;
        let partitions = self.partitions(problem)?;
        if let Some(error) = self.unscorable(problem, &partitions).into_iter().flatten().next() {
            return Err(error);
        }
        if !matches!(self.scheme, Scheme::Folds(_)) {
            self.ridge.one_decomposition()?;
        }
        Ok(partitions)
    }

    /// The solver with a larger grid, where the best λ lies at the edge of this one, which may grow.
    pub(crate) fn grown(&self, ridge: &Ridge, choices: &Choices, extensions: usize) -> Option<Ridge> {
        let grid = extended(&ridge.penalty, choices.grid(), &choices.edges())?;
        (extensions < self.extensions).then(|| ridge.clone().penalty(grid))
    }
}
