//! Cross-validation of the whole grid: k-fold, leave-one-out, or a criterion in its place.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

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
use crate::model::outcome::Fallback;
use crate::moments::Moments;
use crate::plan::Shape;
use crate::solve::batch::on_cpu;
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
    pub(crate) ridge: Ridge,
    pub(crate) scheme: Scheme,
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
        let mut path = ridge.one_of(&told, folds + 1).solve(problem, None).await?;
        let penalty = ridge.penalty.at(path.lambdas());
        let ridge = ridge.clone().penalty(penalty);
        let mut scores = Vec::with_capacity(folds);
        let [of_targets, of_scores] = units(problem, self.score.degree());
        for partition in partitions {
            let parts: Vec<Part> = partition.parts.iter().map(|rows| Part::new(problem, rows)).collect();
            held_out::check(partition, &parts, scores.len(), &self.score)?;
            let of_parts = match needs_moments(&ridge, problem) {
                true => held_out::moments(&ridge, ridge.shape(problem.x(), problem.y()), &parts).await?,
                false => Vec::new(),
            };
            let moments = held_out::training_moments(partition, &of_parts)?;
            let training = Training { problem, partition, moments: &moments };
            let every: Vec<(usize, usize)> = partition.held_out().enumerate().collect();
            let scored = &|own: &(usize, usize), path: &RidgePath| {
                parts[own.1].scores(path, of_parts.get(own.1), &self.score, &of_targets)
            };
            let mut left = &every[..];
            // On a GPU as many as fit in the same dispatches; it may fail on the way.
            let together =
                ridge.together(Shape { problems: every.len(), ..ridge.shape(problem.x(), problem.y()) }).await?;
            while together > 0 && !left.is_empty() {
                let (group, rest) = left.split_at(together.min(left.len()));
                match training.together(&ridge.one_of(&told, folds + 1), group).await {
                    Ok(found) => {
                        let told = found.iter().flat_map(|own| &own.backend().fallbacks);
                        for failed in told.filter(|fallback| matches!(fallback, Fallback::Share { .. })) {
                            if !path.backend.fallbacks.contains(failed) {
                                path.backend.fallbacks.push(failed.clone());
                            }
                        }
                        scores.extend(group.iter().zip(&found).map(|(own, path)| scored(own, path)));
                    }
                    Err(error) if error.is_device() && ridge.request.backend == Backend::Auto => {
                        path.backend.fallbacks.push(Fallback::Device { reason: error.to_string() });
                        break;
                    }
                    Err(error) => return Err(error),
                }
                left = rest;
            }
            let alone = ridge.on_host();
            let (training, alone, told) = (&training, &alone, &told);
            let fold = |own: (usize, usize)| async move {
                let path = training.alone(&alone.one_of(told, folds + 1), own).await?;
                Ok(scored(&own, &path))
            };
            scores.extend(on_cpu(left, fold).await?);
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
    let request = ridge.asked().request;
    let primal = request.form(ridge.shape(problem.x(), problem.y())) == Form::Primal;
    primal && request.backend != Backend::Reference && request.precision == Precision::Double
}

/// What is trained on when parts of a problem are held out.
struct Training<'a> {
    problem: &'a Problem<'a>,
    partition: &'a Partition,
    /// Of each fold, where they are known.
    moments: &'a [Moments],
}

impl Training<'_> {
    /// The paths of some folds, by their numbers and the parts that they hold out, on a GPU.
    async fn together(&self, ridge: &Ridge, folds: &[(usize, usize)]) -> Result<Vec<RidgePath>> {
        let weights: Vec<Vec<f64>> = folds.iter().map(|(_, test)| self.weights(*test)).collect();
        let known = |(number, _): &(usize, usize)| self.moments.get(*number).cloned();
        let folds = folds
            .iter()
            .zip(&weights)
            .map(|(own, weights)| Ok((self.problem.clone().with_weights(weights)?, known(own))));
        ridge.solve_together(folds.collect::<Result<Vec<_>>>()?).await
    }

    /// The path of one fold, on the CPU.
    async fn alone(&self, ridge: &Ridge, (number, test): (usize, usize)) -> Result<RidgePath> {
        let weights = self.weights(test);
        ridge.solve(&self.problem.clone().with_weights(&weights)?, self.moments.get(number).cloned()).await
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
