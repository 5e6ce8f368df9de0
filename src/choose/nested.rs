//! Nested cross-validation: the score of the whole choice on rows that had no part in it.

use crate::choose::cross_validation::CrossValidation;
use crate::choose::folds::{Folds, Partition};
use crate::choose::held_out;
use crate::choose::rule::Choice;
use crate::choose::score::{Better, Score};
use crate::choose::scored::units;
use crate::choose::scores::mean_and_error;
use crate::choose::selection::Selection;
use crate::choose::unscored;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::{Error, Result, Unscored};
use crate::math::powers::scaled;
use crate::model::method::Backend;
use crate::solve::each::Part;

/// What nested cross-validation found, by [`CrossValidation::nested`]: for each outer fold the λ chosen from the rows trained on, and
/// the score of the rows held out.
#[derive(Debug, Clone)]
pub struct Nested {
    outer: Folds,
    name: String,
    better: Better,
    folds: Vec<OuterFold>,
    /// Scores of target τ are in units of 2^`units[τ]`.
    units: Vec<i32>,
}

#[derive(Debug, Clone)]
struct OuterFold {
    /// None where nothing was chosen.
    choices: Vec<Choice>,
    /// [t], NaN where there is none.
    scores: Vec<f64>,
    refusal: Option<Error>,
}

impl CrossValidation {
    /// The honest score of the whole choice, blocking: for each fold of `outer` everything that [`fit`](Self::fit) does with the rows
    /// trained on alone (a grid scaled from the data, what is held out within them, rule, extensions), then the [score](Self::score) of
    /// the rows held out, predicted at the λ chosen. The best mean score of a grid is too good, as it was chosen among many; this one
    /// was not chosen (Stone, 1974; Varma and Simon, 2006).
    ///
    /// X is m × n, Y m × t. Weights and labels of folds ([`Folds::Given`], [`Folds::Grouped`]) are those of the rows, wherever these
    /// go. Where a [criterion](Self::criterion) chooses, held-out rows are judged by the score set, [`Mse`](Score::Mse) unless
    /// another is. Outer folds are worked on side by side on the CPU, one after the other on a GPU; each is, bit for bit, what `fit`
    /// makes of its rows.
    ///
    /// An outer fold of which nothing can be chosen, or that cannot be scored, has the reason in its place
    /// ([`Nested::refused`]), and no part in the mean.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Folds, Ridge, View};
    /// let x: Vec<f64> = (0..240).map(|i| f64::from(i * i * i % 101)).collect();
    /// let y: Vec<f64> = (0..40).map(|i| f64::from(i * i % 13) + 0.1 * x[6 * i as usize]).collect();
    /// let choice = CrossValidation::new(Ridge::new()).folds(Folds::Shuffled { folds: 5, seed: 1 });
    /// let nested = choice.nested(View::row_major(&x, 40, 6)?, &y, &Folds::Shuffled { folds: 4, seed: 2 })?;
    /// println!("{} {} ± {}", nested.score_name(), nested.mean(0), nested.standard_error(0));
    /// assert_eq!((nested.folds(), nested.scored(0), nested.refused().count()), (4, 4, 0));
    /// assert!(nested.choice(3, 0).is_some_and(|own| own.lambda > 0.0));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the data of [`Ridge::fit`](crate::Ridge::fit), of its arguments and devices, and of [`Folds::splits`];
    /// [`Error::InvalidRule`]; [`Error::Shape`] where there are not as many labels as rows.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn nested<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>, outer: &Folds) -> Result<Nested> {
        pollster::block_on(self.nested_async(x, y, outer))
    }

    /// [`nested`](Self::nested) for async code and browsers.
    ///
    /// # Errors
    /// As [`nested`](Self::nested).
    pub async fn nested_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        outer: &Folds,
    ) -> Result<Nested> {
        let (x, y) = (x.into(), y.into());
        let problem = self.ridge.problem(x, y)?;
        self.rule.check()?;
        self.scheme.check_labels(x.rows())?;
        let partitions = outer.partitions(x.rows())?;
        let folds: Vec<(&Partition, usize)> =
            partitions.iter().flat_map(|own| own.held_out().map(move |test| (own, test))).collect();
        let [of_targets, of_scores] = units(&problem, self.score.degree());
        let in_order = match self.ridge.request.backend {
            Backend::Gpu => true,
            Backend::Auto => self.ridge.together(self.ridge.shape(x, y)).await? > 0,
            _ => false,
        };
        // What threads share, which in a browser may hold no device.
        let (weights, scheme, score) = (self.ridge.weights.as_deref(), &self.scheme, &self.score);
        let part = |fold: usize| {
            let (partition, test) = folds[fold];
            let train = partition.split(test).train;
            let scheme = scheme.of_rows(&train);
            (Part::of_rows(x, y, weights, train), scheme)
        };
        let scored = |fold: usize, selection: Result<Selection>| {
            let (partition, test) = folds[fold];
            OuterFold::new((fold, &partition.parts[test]), &problem, selection, (score, &of_targets))
        };
        let folds = self.each(folds.len(), in_order, part, scored).await?;
        let (name, better) = (score.name().to_owned(), score.better());
        Ok(Nested { outer: outer.clone(), name, better, folds, units: of_scores })
    }
}

impl OuterFold {
    /// The scores of the rows held out in a fold, of targets in these units.
    fn new(
        (fold, test): (usize, &[usize]),
        problem: &Problem<'_>,
        selection: Result<Selection>,
        (score, units): (&Score, &[i32]),
    ) -> Self {
        let t = problem.targets();
        let held_out = held_out::Part::new(problem, test);
        let none = |refusal: Error| Self { choices: Vec::new(), scores: vec![f64::NAN; t], refusal: Some(refusal) };
        let selection = match selection {
            Ok(_) if !held_out.counts() => return none(Error::EmptyFold { fold, purpose: "score" }),
            Err(Error::ZeroWeights { .. }) => return none(Error::EmptyFold { fold, purpose: "train on" }),
            Err(error) => return none(error),
            Ok(selection) => selection,
        };
        let mut scores = match held_out.of_choice(&selection, score, units) {
            Ok(scores) => scores,
            Err(error) => return none(error),
        };
        let mut refusal = None;
        for (target, own) in scores.iter_mut().enumerate() {
            let constant = unscored::constant(problem, test.iter().copied(), target);
            let reason = match constant.filter(|_| score.needs_spread()) {
                Some(value) => Error::ConstantTarget { fold, target, value, score: score.name().to_owned() },
                None if own.is_finite() => continue,
                None => {
                    let reason = match score {
                        Score::Correlation => Unscored::ConstantPredictions,
                        _ => Unscored::Undefined,
                    };
                    Error::NoScore { target, score: score.name().to_owned(), reason }
                }
            };
            *own = f64::NAN;
            refusal = refusal.or(Some(reason));
        }
        let choices = (0..t).map(|target| *selection.choice(target)).collect();
        Self { choices, scores, refusal }
    }
}

impl Nested {
    /// The outer folds that were asked for.
    #[must_use]
    pub fn outer(&self) -> &Folds {
        &self.outer
    }

    /// The number of outer folds, in all repeats.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.folds.len()
    }

    /// t.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.units.len()
    }

    /// The name of the score of held-out rows.
    #[must_use]
    pub fn score_name(&self) -> &str {
        &self.name
    }

    /// Which of two scores is better.
    #[must_use]
    pub fn better(&self) -> Better {
        self.better
    }

    /// The score of a target's rows held out in an outer fold; NaN where there is none.
    ///
    /// # Panics
    /// When a number is out of range, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn score(&self, fold: usize, target: usize) -> f64 {
        scaled(self.folds[fold].scores[target], self.units[target])
    }

    /// What was chosen for a target from the rows that an outer fold trains on, with its score within these; `None` where nothing
    /// could be.
    #[must_use]
    pub fn choice(&self, fold: usize, target: usize) -> Option<&Choice> {
        assert!(target < self.targets(), "target number {target} of {}", self.targets());
        self.folds[fold].choices.get(target)
    }

    /// The outer folds that have no score of some target, in their order, and why; numbers of folds in a reason of the choice are
    /// those of its own folds.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &Error)> {
        self.folds.iter().enumerate().filter_map(|(fold, own)| own.refusal.as_ref().map(|error| (fold, error)))
    }

    /// How many outer folds have a score of a target.
    #[must_use]
    pub fn scored(&self, target: usize) -> usize {
        self.of_target(target).len()
    }

    /// The mean of a target's score over the outer folds that have one, each as much as the others; NaN where none has.
    #[must_use]
    pub fn mean(&self, target: usize) -> f64 {
        scaled(mean_and_error(&self.of_target(target)).0, self.units[target])
    }

    /// sd/√folds with the sample deviation of those folds' scores; NaN for fewer than two. Folds share rows that they train on,
    /// which it does not know of.
    #[must_use]
    pub fn standard_error(&self, target: usize) -> f64 {
        scaled(mean_and_error(&self.of_target(target)).1, self.units[target])
    }

    /// The scores of a target, in its units, of the folds that have one.
    fn of_target(&self, target: usize) -> Vec<f64> {
        self.folds.iter().map(|own| own.scores[target]).filter(|score| score.is_finite()).collect()
    }
}
