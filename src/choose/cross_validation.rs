//! Cross-validation of the whole grid: k-fold, leave-one-out, or a criterion in its place.

#[cfg(not(target_arch = "wasm32"))]
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
#[cfg(not(target_arch = "wasm32"))]
use std::task::{Context, Poll, Waker};

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::choose::criterion::Criterion;
use crate::choose::folds::{Folds, Partition};
use crate::choose::grid::extended;
use crate::choose::held_out::{self, Part};
use crate::choose::rule::Rule;
use crate::choose::scheme::Scheme;
use crate::choose::score::{Score, target_units};
use crate::choose::selection::{Scores, Selection};
use crate::choose::spectrum::Spectrum;
use crate::choose::unscored;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::Result;
use crate::model::method::{Backend, Form, Precision};
use crate::model::penalty::Penalty;
use crate::plan::{Request, Shape};
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
    ridge: Ridge,
    scheme: Scheme,
    score: Score,
    rule: Rule,
    per_target: bool,
    extensions: usize,
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
        let (x, y) = (x.into(), y.into());
        let problem = self.ridge.problem(x, y)?;
        self.rule.check()?;
        let mut ridge = self.ridge.clone();
        let mut extensions = 0;
        loop {
            let (path, scores) = self.scored(&ridge, &problem).await?;
            let selection = Selection::new(path, scores, self.scheme.clone(), self.rule, self.per_target)?;
            let grid = extended(&ridge.penalty, selection.path(), &selection.edges());
            match grid {
                Some(grid) if extensions < self.extensions => ridge = ridge.penalty(grid),
                _ => return Ok(selection.after(extensions)),
            }
            extensions += 1;
        }
    }

    /// The path of all rows, and its scores.
    async fn scored(&self, ridge: &Ridge, problem: &Problem<'_>) -> Result<(RidgePath, Scores)> {
        let folds = match &self.scheme {
            Scheme::Folds(folds) => return self.of_folds(ridge, problem, &folds.partitions(problem.rows())?).await,
            _ => Vec::new(),
        };
        ridge.one_decomposition()?;
        if self.scheme == Scheme::LeaveOneOut {
            unscored::check_rows(problem, &self.score)?;
        }
        let path = ridge.solve(problem, None).await?;
        let spectrum = Spectrum::new(problem, ridge.model, path.grid())?;
        let (name, better, (mut means, errors), units) = match &self.scheme {
            Scheme::Criterion(criterion) => {
                let units = units(problem, Some(criterion.degree()));
                let values = spectrum.criterion_in_units(*criterion, &units[0]);
                let none = vec![f64::NAN; values.len()];
                (criterion.name(), criterion.better(), (values, none), units)
            }
            _ => {
                let units = units(problem, self.score.degree());
                let own = spectrum.leave_one_out(problem, &self.score, &units[0]);
                (self.score.name(), self.score.better(), own, units)
            }
        };
        let [_, units] = units;
        // Where there is no model to choose, there is no score.
        for (at, mean) in means.iter_mut().enumerate() {
            if path.intercept(at / path.targets(), at % path.targets()).is_nan() {
                *mean = f64::NAN;
            }
        }
        let scores = Scores { name: name.to_owned(), better, folds, means, errors, units };
        unscored::check(&path, &scores, |target| match &self.scheme {
            Scheme::Criterion(own) => unscored::of_criterion(*own, &spectrum, &path, (problem, target)),
            _ => unscored::of_rows(&spectrum, &path, &self.score, target),
        })?;
        Ok((path, scores))
    }

    /// The path of all rows, and its scores by folds, each trained and scored.
    async fn of_folds(
        &self,
        ridge: &Ridge,
        problem: &Problem<'_>,
        partitions: &[Partition],
    ) -> Result<(RidgePath, Scores)> {
        let folds: usize = partitions.iter().map(|own| own.held_out().len()).sum();
        let told = Arc::new(AtomicUsize::new(0));
        let path = ridge.task(&told, folds + 1).solve(problem, None).await?;
        let penalty = ridge.penalty.at(path.lambdas());
        let ridge = ridge.clone().penalty(penalty);
        let mut scores = Vec::with_capacity(folds);
        let [of_targets, of_scores] = units(problem, self.score.degree());
        for partition in partitions {
            let parts: Vec<Part> = partition.parts.iter().map(|rows| Part::new(problem, rows)).collect();
            held_out::check(partition, &parts, scores.len(), &self.score)?;
            let moments = match needs_moments(&ridge, problem) {
                true => held_out::training_moments(partition, &parts)?,
                false => Vec::new(),
            };
            let (ridge, parts, moments, told, units) = (&ridge, &parts, &moments, &told, &of_targets);
            let fold = |(number, test): (usize, usize)| async move {
                let weights = training_weights(problem, partition, test);
                let training = problem.with_weights(&weights)?;
                let path = ridge.task(told, folds + 1).solve(&training, moments.get(number).cloned()).await?;
                Ok(parts[test].scores(&path, &self.score, units))
            };
            let every: Vec<(usize, usize)> = partition.held_out().enumerate().collect();
            // Side by side, unless they may have to wait for a device.
            let done = match ridge.request.wants_gpu(shape(&ridge.penalty, problem)) {
                true => vec![None; every.len()],
                false => side_by_side(&every, fold),
            };
            for (done, own) in done.into_iter().zip(every) {
                scores.push(match done {
                    Some(scores) => scores?,
                    None => fold(own).await?,
                });
            }
        }
        let scores = Scores::of_folds(&self.score, scores, of_scores);
        let t = path.targets();
        unscored::check(&path, &scores, |target| unscored::of_folds(&scores.folds, &self.score, target, t))?;
        Ok((path, scores))
    }
}

/// The units of the targets, and those of scores of this degree: 1, if it has none.
fn units(problem: &Problem<'_>, degree: Option<i32>) -> [Vec<i32>; 2] {
    match degree {
        None => [vec![0; problem.targets()], vec![0; problem.targets()]],
        Some(degree) => {
            let units = target_units(problem);
            let of_scores = units.iter().map(|unit| degree * unit).collect();
            [units, of_scores]
        }
    }
}

/// Whether the equations of a fold are made from moments in double precision.
fn needs_moments(ridge: &Ridge, problem: &Problem<'_>) -> bool {
    let Request { backend, precision, .. } = ridge.request;
    let primal = ridge.request.form(shape(&ridge.penalty, problem)) == Form::Primal;
    primal && backend != Backend::Reference && precision == Precision::Double
}

fn shape(penalty: &Penalty, problem: &Problem<'_>) -> Shape {
    let (rows, features, targets) = (problem.rows(), problem.features(), problem.targets());
    Shape { rows, features, targets, penalties: penalty.len(), problems: 1 }
}

/// What each fold's future gives if it has nothing to wait for.
#[cfg(not(target_arch = "wasm32"))]
fn side_by_side<R: Send, F: Future<Output = R>>(
    folds: &[(usize, usize)],
    fold: impl Fn((usize, usize)) -> F + Sync,
) -> Vec<Option<R>> {
    let ready = |own: &(usize, usize)| match pin!(fold(*own)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    };
    folds.par_iter().map(ready).collect()
}

/// Nothing: in a browser no thread may share what a fold may need of the device.
#[cfg(target_arch = "wasm32")]
fn side_by_side<R: Clone, F: Future<Output = R>>(
    folds: &[(usize, usize)],
    _: impl Fn((usize, usize)) -> F,
) -> Vec<Option<R>> {
    vec![None; folds.len()]
}

/// The weights of the rows when a part is held out: 0 for those that are not trained on.
fn training_weights(problem: &Problem<'_>, partition: &Partition, test: usize) -> Vec<f64> {
    let mut weights = vec![0.0; problem.rows()];
    for (part, rows) in partition.parts.iter().enumerate() {
        if partition.trains(part, test) {
            rows.iter().for_each(|row| weights[*row] = problem.weight(*row));
        }
    }
    weights
}
