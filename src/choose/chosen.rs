//! The models chosen, without the path that they are of.

use std::ops::Deref;

use nalgebra::DMatrix;

use crate::answer::path::RidgePath;
use crate::answer::prediction::{check_columns, determination, predictions};
use crate::choose::choices::Choices;
use crate::choose::cross_validation::CrossValidation;
use crate::choose::scored::Tasks;
use crate::choose::selection::Selection;
use crate::data::gathered::gathered_columns;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::directions;
use crate::error::Result;
use crate::model::method::{Backend, Precision};
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::penalty::Grid;
use crate::model::watch::Watch;
use crate::solve::batch::on_cpu;
use crate::solve::known::Known;
use crate::solve::ridge::Ridge;

/// The condition number up to which λs surely have one answer.
const UNIQUE: f64 = 1e12;

/// The scores of every λ, fold and target and the λ chosen, which are its [`Choices`], and each target's coefficients at its λ: t·n
/// numbers where a [`Selection`] has k·t·n. Made by [`CrossValidation::fit_chosen`].
#[derive(Debug, Clone)]
pub struct Chosen {
    choices: Choices,
    features: usize,
    /// [t, n]
    coefficients: Vec<f64>,
    /// [t], as all that follow.
    intercepts: Vec<f64>,
    outcomes: Vec<Outcome>,
    residuals: Vec<f64>,
    error_bounds: Vec<f64>,
    backend: BackendUsed,
}

impl Deref for Chosen {
    type Target = Choices;

    fn deref(&self) -> &Choices {
        &self.choices
    }
}

impl CrossValidation {
    /// Scores every λ and chooses, as [`fit`](Self::fit) does, and fits all rows at the λs chosen alone: for many targets, of which a
    /// path would be k·t·n numbers. Blocking.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Ridge, Score, View};
    /// let x: Vec<f64> = (0..40 * 90).map(|i| f64::from(i * i % 31) + f64::from(i % 7)).collect();
    /// let y: Vec<f64> = (0..40 * 3).map(|i| x[i / 3 * 90] * (i % 3) as f64 + (i % 5) as f64).collect();
    /// let (x, y) = (View::row_major(&x, 40, 90)?, View::row_major(&y, 40, 3)?);
    /// let chosen = CrossValidation::new(Ridge::new()).score(Score::R2).per_target(true).fit_chosen(x, y)?;
    /// assert_eq!((chosen.choice(1).index, chosen.coefficients(1).len()), (chosen.choice(1).best, 90));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_chosen<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Chosen> {
        pollster::block_on(self.fit_chosen_async(x, y))
    }

    /// [`fit_chosen`](Self::fit_chosen) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub async fn fit_chosen_async<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Chosen> {
        let problem = self.ridge.problem(x.into(), y.into())?;
        let (choices, tasks) = match self.choices(&problem).await? {
            Alone::Choices(found) => *found,
            Alone::Selection(selection) => return Ok(Chosen::of(&selection)),
        };
        let fitted = Chosen::fit((&self.ridge, &tasks), &problem, choices).await?;
        match fitted.intercepts.iter().any(|b| b.is_nan()) {
            // A λ was chosen that has no answer, which a path tells before the choice.
            true => Ok(Chosen::of(&self.fit_problem(&problem).await?)),
            false => Ok(fitted),
        }
    }

    /// Scores every λ and chooses, as [`fit`](Self::fit) does, and fits nothing. Blocking.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Ridge, View};
    /// let x: Vec<f64> = (0..60).map(|i| f64::from(i * i % 17)).collect();
    /// let y: Vec<f64> = (0..30).map(|i| f64::from(i % 7) + x[2 * i as usize]).collect();
    /// let choices = CrossValidation::new(Ridge::new()).choose(View::row_major(&x, 30, 2)?, &y)?;
    /// assert_eq!(choices.mean(choices.choice(0).index, 0), choices.choice(0).score);
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn choose<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Choices> {
        pollster::block_on(self.choose_async(x, y))
    }

    /// [`choose`](Self::choose) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub async fn choose_async<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Choices> {
        let problem = self.ridge.problem(x.into(), y.into())?;
        Ok(match self.choices(&problem).await? {
            Alone::Choices(found) => found.0,
            Alone::Selection(selection) => selection.choices,
        })
    }

    async fn choices(&self, problem: &Problem<'_>) -> Result<Alone> {
        in_stage!(self.scored_alone(problem), "choose", rows = problem.rows(), features = problem.features()).await
    }

    /// What is chosen without a path, where scores need none.
    async fn scored_alone(&self, problem: &Problem<'_>) -> Result<Alone> {
        let partitions = self.checked(problem)?;
        let with_path = async || Ok(Alone::Selection(Box::new(self.fit_problem(problem).await?)));
        let request = self.ridge.request;
        let double = request.backend != Backend::Reference && request.precision == Precision::Double;
        if !double || !self.ridge.prior.is_none() {
            return with_path().await;
        }
        let mut ridge = self.ridge.clone();
        let mut extensions = 0;
        loop {
            let tasks = Tasks::new(&partitions);
            let grid = grid(&ridge, problem)?;
            let judged = self.judged((&ridge, &tasks), problem, &partitions, grid.clone()).await?;
            let (scores, t) = (judged.scores, problem.targets());
            let scored = |target: usize| scores.means.iter().skip(target).step_by(t).any(|mean| mean.is_finite());
            let unique = judged.spectrum.is_none_or(|spectrum| spectrum.condition() <= UNIQUE);
            // A path says why there is no score, and where there is no answer to choose.
            if !unique || !(0..t).all(scored) {
                return with_path().await;
            }
            let choices = Choices::new(grid, scores, self.scheme.clone(), self.rule, self.per_target)?;
            match self.grown(&ridge, &choices, extensions) {
                Some(larger) => ridge = larger,
                None => return Ok(Alone::Choices(Box::new((choices.after(extensions), tasks)))),
            }
            extensions += 1;
        }
    }
}

/// What was chosen, without a path if that was not needed.
enum Alone {
    Choices(Box<(Choices, Tasks)>),
    Selection(Box<Selection>),
}

/// λs and shifts of the grid for the rows of a problem.
fn grid(ridge: &Ridge, problem: &Problem<'_>) -> Result<Grid> {
    let asked = ridge.asked();
    asked.penalty.check_features(problem.features())?;
    let trace = match asked.penalty.is_scaled() {
        true => directions::trace(problem, ridge.model, &asked.shared_factors())?,
        false => 0.0,
    };
    asked.penalty.resolve(problem.weight_sum(), trace)
}

impl Chosen {
    /// The models of a path.
    fn of(selection: &Selection) -> Self {
        let mut own = Self::blank(selection.choices.clone(), selection.path().features(), selection.path().backend());
        for target in 0..own.targets() {
            own.take(selection.path(), own.choice(target).index, target, target);
        }
        own
    }

    fn blank(choices: Choices, features: usize, backend: &BackendUsed) -> Self {
        let t = choices.targets();
        Self {
            choices,
            features,
            coefficients: vec![f64::NAN; t * features],
            intercepts: vec![f64::NAN; t],
            outcomes: vec![Outcome::Singular { order: 0 }; t],
            residuals: vec![f64::NAN; t],
            error_bounds: vec![f64::NAN; t],
            backend: backend.clone(),
        }
    }

    /// Takes what a path has of one of its targets at λ number `index`, as that of target number `to`.
    fn take(&mut self, path: &RidgePath, index: usize, from: usize, to: usize) {
        let n = self.features;
        self.coefficients[to * n..(to + 1) * n].copy_from_slice(path.coefficients(index, from));
        self.intercepts[to] = path.intercept(index, from);
        self.outcomes[to] = path.outcome(index, from);
        self.residuals[to] = path.residual(index, from);
        self.error_bounds[to] = path.error_bound(index, from);
    }

    /// Fits the targets of each λ together, on all rows.
    async fn fit((ridge, tasks): (&Ridge, &Tasks), problem: &Problem<'_>, choices: Choices) -> Result<Self> {
        let (k, t) = (choices.lambdas().len(), choices.targets());
        let mut groups: Vec<(usize, Vec<usize>)> = (0..k).map(|index| (index, Vec::new())).collect();
        (0..t).for_each(|target| groups[choices.choice(target).index].1.push(target));
        groups.retain(|(_, targets)| !targets.is_empty());
        let (ridge, grid) = (&tasks.one(ridge), choices.grid());
        let at = |index: usize| ridge.clone().silent().penalty(ridge.penalty.one(grid, index));
        let paths = if let [(index, _)] = groups[..] {
            vec![at(index).solve(problem, None).await?]
        } else if ridge.request.backend == Backend::Gpu {
            let mut paths = Vec::with_capacity(groups.len());
            for (index, targets) in &groups {
                paths.push(of_targets(&at(*index), problem, targets, None).await?);
            }
            paths
        } else {
            let known = &ridge.known(problem)?;
            let numbers: Vec<usize> = (0..groups.len()).collect();
            let one = |number: usize| {
                let (index, targets) = &groups[number];
                let ridge = at(*index).on_host();
                async move { of_targets(&ridge, problem, targets, Some(known)).await }
            };
            on_cpu(&numbers, one).await?
        };
        ridge.reporter(k).done(k);
        let mut own = Self::blank(choices, problem.features(), paths[0].backend());
        for ((_, targets), path) in groups.iter().zip(&paths) {
            targets.iter().enumerate().for_each(|(from, to)| own.take(path, 0, from, *to));
        }
        Ok(own)
    }

    /// n.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// The n coefficients of a target at its λ, on the original scale; NaN where that has no answer.
    ///
    /// # Panics
    /// When there is no such target, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn coefficients(&self, target: usize) -> &[f64] {
        &self.coefficients[target * self.features..(target + 1) * self.features]
    }

    /// All coefficients, [t, n].
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.coefficients
    }

    /// The intercept of a target at its λ; 0 when none was fitted.
    #[must_use]
    pub fn intercept(&self, target: usize) -> f64 {
        self.intercepts[target]
    }

    /// All intercepts, one for each target.
    #[must_use]
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// How the answer of a target came about.
    #[must_use]
    pub fn outcome(&self, target: usize) -> Outcome {
        self.outcomes[target]
    }

    /// What [`RidgePath::residual`] is at the λ of a target.
    #[must_use]
    pub fn residual(&self, target: usize) -> f64 {
        self.residuals[target]
    }

    /// What [`RidgePath::error_bound`] is at the λ of a target.
    #[must_use]
    pub fn error_bound(&self, target: usize) -> f64 {
        self.error_bounds[target]
    }

    /// Who fitted all rows: of targets of several λs, those of the first.
    #[must_use]
    pub fn backend(&self) -> &BackendUsed {
        &self.backend
    }

    /// ŷ = Xw + b of new rows (m' × n), each target at its λ: m' × t, for the work of one product of matrices.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when X has not n columns.
    pub fn predict<'a>(&self, x: impl Into<View<'a>>) -> Result<DMatrix<f64>> {
        let x = x.into();
        check_columns(&x, self.features)?;
        Ok(predictions(x, &self.coefficients, &self.intercepts, self.targets()).swap_remove(0))
    }

    /// R² of each target at its λ on the rows given, as [`RidgePath::score`] has it.
    ///
    /// # Errors
    /// Those of [`RidgePath::score`].
    pub fn score<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Vec<f64>> {
        let problem = Problem::new(x, y)?;
        determination(&problem, &self.predict(problem.x())?)
    }
}

/// The path of some targets of a problem; `known` are the sums of all.
async fn of_targets(
    ridge: &Ridge,
    problem: &Problem<'_>,
    targets: &[usize],
    known: Option<&Known>,
) -> Result<RidgePath> {
    let rows: Vec<usize> = (0..problem.rows()).collect();
    let y = gathered_columns(problem.y(), &rows, targets);
    let own = problem.with_targets((&y).into(), targets);
    ridge.solve(&own, known.map(|known| known.of_targets(targets))).await
}
