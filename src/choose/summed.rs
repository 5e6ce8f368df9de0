//! A choice of λ without rows: from the moments of each fold.

use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::choose::cross_validation::CrossValidation;
use crate::choose::folds::{Folds, Partition};
use crate::choose::held_out::training_moments;
use crate::choose::scheme::Scheme;
use crate::choose::score::Score;
use crate::choose::scored::Scored;
use crate::choose::scores::Scores;
use crate::choose::selection::Selection;
use crate::choose::squared_errors::{self, MeanSquare};
use crate::choose::unscored;
use crate::error::{Error, Result, Unscored};
use crate::math::powers::{exponent, scaled};
use crate::moments::Moments;
use crate::solve::ridge::Ridge;

/// Of a score what rounding may be, so that it speaks for a λ.
const KNOWN: f64 = 1e-6;
/// The most folds: each has n² numbers, thrice while they are merged.
pub(crate) const MOST_FOLDS: usize = 1000;
/// Powers of two beyond which the squares of a target count in units of their own.
const FAR: u32 = 128;

/// What is found by reading the rows again: the score of each λ and target in each fold, [fold][k, t], for the folds' paths and targets
/// in units of 2^`units`.
pub(crate) type Again<'a> = &'a mut dyn FnMut(&[RidgePath], &[i32]) -> Result<Vec<Vec<f64>>>;

impl CrossValidation {
    /// Chooses λ from the moments of each fold's rows, which may have been summed anywhere: each fold is held out from the moments of
    /// the others, merged, and scored by its own. With [`Folds::RollingLabels`] and [`Folds::RollingOrigin`] moments are in the order
    /// of time, and each but the first is held out from those before it.
    ///
    /// Scores are [`Mse`](Score::Mse), [`Rmse`](Score::Rmse) and [`R2`](Score::R2): Σ s(y − ŷ)² = Σ s(y − ȳ)² − 2wᵀc + wᵀGw + W(ȳ − b − x̄ᵀw)².
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Moments, Problem, Ridge, View};
    /// let of_part = |part: usize| -> ridgepath::Result<Moments> {
    ///     let x: Vec<f64> = (0..40).map(|i| ((part * 31 + i * i) % 17) as f64).collect();
    ///     let y: Vec<f64> = x.chunks(2).enumerate().map(|(i, x)| x[0] - x[1] + (i % 5) as f64).collect();
    ///     let mut moments = Moments::new(2, 1);
    ///     moments.push(&Problem::new(View::row_major(&x, 20, 2)?, &y)?)?;
    ///     Ok(moments)
    /// };
    /// let parts = [of_part(0)?, of_part(1)?, of_part(2)?]; // on three machines, say
    /// let selection = CrossValidation::new(Ridge::new().lambdas([10.0, 1.0, 0.1])).fit_moments(&parts)?;
    /// println!("λ = {} ± {}", selection.choice(0).lambda, selection.choice(0).standard_error);
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Ridge::fit_moments`]; [`Error::Count`] for fewer than two moments, [`Error::Shape`] where they are not alike,
    /// [`Error::EmptyFold`], [`Error::ConstantTarget`], [`Error::NoScore`], [`Error::InvalidRule`], [`Error::NoStandardError`];
    /// [`Error::Conflict`] for other scores, leave-one-out and repeated folds, which need the rows.
    pub fn fit_moments(&self, folds: &[Moments]) -> Result<Selection> {
        let scheme = match &self.scheme {
            Scheme::Folds(Folds::RollingLabels | Folds::RollingOrigin(_)) => Scheme::Folds(Folds::RollingLabels),
            Scheme::Folds(Folds::Repeated { .. }) | Scheme::LeaveOneOut => {
                return Err(needs_rows("repeated folds, or leave-one-out"));
            }
            Scheme::Folds(_) => Scheme::Folds(Folds::Labelled),
            Scheme::Criterion(_) => return Err(needs_rows("a criterion")),
        };
        self.of_summed(scheme, folds, None)
    }

    /// The choice from the moments of folds; `again` reads their rows once more for scores that moments do not tell.
    pub(crate) fn of_summed(
        &self,
        scheme: Scheme,
        folds: &[Moments],
        mut again: Option<Again<'_>>,
    ) -> Result<Selection> {
        self.rule.check()?;
        self.ridge.check_no_weights()?;
        if again.is_none() && !matches!(self.score, Score::Mse | Score::Rmse | Score::R2) {
            return Err(needs_rows("scores other than squared errors and R²"));
        }
        let rolling = scheme == Scheme::Folds(Folds::RollingLabels);
        let summed = Summed::new(folds, rolling)?;
        summed.check(&self.score)?;
        let mut ridge = self.ridge.clone();
        let mut extensions = 0;
        loop {
            let (path, scores) = self.scored_by_moments(&ridge, &summed, &mut again)?.of_all()?;
            let selection = Selection::new(path, scores, scheme.clone(), self.rule, self.per_target)?;
            match self.grown(&ridge, &selection, extensions) {
                Some(larger) => ridge = larger,
                None => return Ok(selection.after(extensions)),
            }
            extensions += 1;
        }
    }

    fn scored_by_moments(&self, ridge: &Ridge, summed: &Summed<'_>, again: &mut Option<Again<'_>>) -> Result<Scored> {
        let path = ridge.fit_moments(&summed.whole)?;
        let on_grid = ridge.clone().silent().penalty(ridge.penalty.at(path.lambdas()));
        let paths: Vec<RidgePath> =
            summed.training.par_iter().map(|training| on_grid.fit_moments(training)).collect::<Result<_>>()?;
        let units = summed.units(&self.score);
        let of_fold = |(path, moments): (&RidgePath, &Moments)| match self.score {
            Score::Mse | Score::Rmse | Score::R2 => {
                let of = |at: usize, own: MeanSquare| of_moments(&self.score, own, (moments, at % units.len()), &units);
                squared_errors::means(moments, path, &units)
                    .into_iter()
                    .enumerate()
                    .map(|(at, own)| of(at, own))
                    .collect()
            }
            _ => vec![Known { score: f64::NAN, best: f64::NAN, told: false }; path.len() * path.targets()],
        };
        let known: Vec<Vec<Known>> = paths.iter().zip(summed.held_out()).map(of_fold).collect();
        let untold = known.iter().flatten().any(|own| !own.told);
        let scores: Vec<Vec<f64>> = match again {
            Some(again) if untold => again(&paths, &units)?,
            _ => known
                .iter()
                .map(|fold| fold.iter().map(|own| if own.told { own.score } else { f64::NAN }).collect())
                .collect(),
        };
        let of_scores: Vec<i32> = units.iter().map(|unit| self.score.degree().unwrap_or(0) * unit).collect();
        let scores = Scores::of_folds(&self.score, scores, of_scores);
        let t = path.targets();
        let mut missing =
            unscored::missing(&path, &scores, |target| unscored::of_folds(&scores.folds, &self.score, target, t));
        if again.is_none() && untold {
            let best: Vec<Vec<f64>> = known.iter().map(|fold| fold.iter().map(|own| own.best).collect()).collect();
            let best = Scores::of_folds(&self.score, best, scores.units.clone());
            for (target, missing) in missing.iter_mut().enumerate() {
                if may_be_best(&scores, &best, target, t) {
                    let (score, reason) = (scores.name.clone(), Unscored::Digits);
                    *missing = Some(Error::NoScore { target, score, reason });
                }
            }
        }
        Ok(Scored { path, scores, missing })
    }
}

/// Whether a λ whose score is not told may have a better one than all that are.
fn may_be_best(told: &Scores, best: &Scores, target: usize, t: usize) -> bool {
    let of = |scores: &Scores, index: usize| scores.means[index * t + target];
    let lambdas = 0..told.means.len() / t;
    let reaches = |a: f64, b: f64| told.better.reaches(a, b);
    let known = lambdas.clone().map(|index| of(told, index)).filter(|score| score.is_finite());
    let top = known.reduce(|a, b| if reaches(a, b) { a } else { b });
    let hidden =
        lambdas.filter(|index| of(told, *index).is_nan()).map(|index| of(best, index)).filter(|best| !best.is_nan());
    hidden.into_iter().any(|best| top.is_none_or(|top| reaches(best, top)))
}

fn needs_rows(first: &'static str) -> Error {
    Error::Conflict { first, second: "moments alone", instead: "the rows, or a stream that can be read again" }
}

/// A score from moments.
#[derive(Debug, Clone, Copy)]
struct Known {
    score: f64,
    /// The best that it may be in truth; NaN where there is no answer.
    best: f64,
    /// Whether the score is near enough to the truth, or there is none.
    told: bool,
}

/// The score of a target held out, in the units of its squared errors to the power of the score.
fn of_moments(score: &Score, square: MeanSquare, (moments, target): (&Moments, usize), units: &[i32]) -> Known {
    let MeanSquare { mean, error, kept } = square;
    let told = kept || mean.is_nan() || error <= KNOWN * mean;
    let of = |mean: f64| match score {
        Score::Rmse => mean.sqrt(),
        Score::R2 => {
            let j = moments.features() + target;
            let variance = moments.squares[target] / moments.weight_sum;
            1.0 - mean / scaled(variance, 2 * (moments.exponents[j] - units[target]))
        }
        _ => mean,
    };
    Known { score: of(mean), best: of((mean - error).max(0.0)), told }
}

/// The moments of folds, and of what is trained on when each is held out.
pub(crate) struct Summed<'a> {
    folds: &'a [Moments],
    rolling: bool,
    training: Vec<Moments>,
    whole: Moments,
}

impl<'a> Summed<'a> {
    fn new(folds: &'a [Moments], rolling: bool) -> Result<Self> {
        if !(2..=MOST_FOLDS).contains(&folds.len()) {
            let (what, found) = ("moments, one for each fold", folds.len());
            return Err(Error::Count { what, found, least: 2, most: MOST_FOLDS });
        }
        let mut whole = folds[0].clone();
        folds[1..].iter().try_for_each(|fold| whole.merge(fold))?;
        let partition = Partition { parts: vec![Vec::new(); folds.len()], rolling };
        Ok(Self { folds, rolling, training: training_moments(&partition, folds)?, whole })
    }

    fn held_out(&self) -> &'a [Moments] {
        &self.folds[usize::from(self.rolling)..]
    }

    /// Checks that every fold has rows to train on and to score, and that a score is defined in it.
    fn check(&self, score: &Score) -> Result<()> {
        for (fold, (training, held_out)) in self.training.iter().zip(self.held_out()).enumerate() {
            for (moments, purpose) in [(training, "train on"), (held_out, "score")] {
                if moments.weight_sum() == 0.0 {
                    return Err(Error::EmptyFold { fold, purpose });
                }
            }
            let constant = (0..held_out.targets()).find(|target| held_out.squares[*target] == 0.0);
            if let Some(target) = constant.filter(|_| score.needs_spread()) {
                let value = held_out.mean_y(target);
                return Err(Error::ConstantTarget { fold, target, value, score: score.name().to_owned() });
            }
        }
        Ok(())
    }

    /// The unit of each target, a power of two: 1, unless squares of its errors might be out of range.
    fn units(&self, score: &Score) -> Vec<i32> {
        let n = self.whole.features();
        let unit = |target: usize| {
            let (spread, mean) = (self.whole.exponents[n + target], exponent(self.whole.mean_y(target)));
            Some(spread.max(mean)).filter(|unit| unit.unsigned_abs() > FAR).unwrap_or(0)
        };
        let one = |target| if score.degree().is_some() { unit(target) } else { 0 };
        (0..self.whole.targets()).map(one).collect()
    }
}
