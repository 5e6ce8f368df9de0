//! A choice of λ without rows: from the moments of each fold.

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
use crate::solve::batch::side_by_side;
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
    /// A [criterion](Self::criterion) judges by all moments together, of which there may be one.
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
            Scheme::Criterion(criterion) => return self.by_criterion(*criterion, &merged(folds, 1)?),
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
        if again.is_none() && !matches!(self.score, Score::Mse | Score::Rmse | Score::R2) {
            return Err(needs_rows("scores other than squared errors and R²"));
        }
        let rolling = scheme == Scheme::Folds(Folds::RollingLabels);
        let summed = Summed::new(folds, rolling)?;
        summed.check(&self.score)?;
        self.until_kept(&scheme, |ridge| self.scored_by_moments(ridge, &summed, &mut again))
    }

    /// The choice by scores, of which moments may have lost some: then the best that each may be in truth comes with them. Again with a
    /// larger grid, where that may grow.
    pub(crate) fn until_kept(
        &self,
        scheme: &Scheme,
        mut score: impl FnMut(&Ridge) -> Result<(Scored, Option<Scores>)>,
    ) -> Result<Selection> {
        let mut ridge = self.ridge.clone();
        let mut extensions = 0;
        loop {
            let (scored, hidden) = score(&ridge)?;
            let (path, scores) = scored.of_all()?;
            let selection = Selection::new(path, scores, scheme.clone(), self.rule, self.per_target)?;
            if let Some(hidden) = hidden {
                self.check_hidden(&selection, &hidden)?;
            }
            match self.grown(&ridge, &selection, extensions) {
                Some(larger) => ridge = larger,
                None => return Ok(selection.after(extensions)),
            }
            extensions += 1;
        }
    }

    /// The path of all rows with its scores, and where moments have lost some of these, the best that all may be in truth.
    fn scored_by_moments(
        &self,
        ridge: &Ridge,
        summed: &Summed<'_>,
        again: &mut Option<Again<'_>>,
    ) -> Result<(Scored, Option<Scores>)> {
        let path = ridge.fit_moments(&summed.whole)?;
        let on_grid = ridge.clone().silent().penalty(ridge.penalty.at(path.lambdas()));
        let paths = side_by_side(&summed.training, |training| on_grid.fit_moments(training))?;
        let (units, t) = (summed.units(&self.score), path.targets());
        let of_fold = |(path, moments): (&RidgePath, &Moments)| -> Vec<Known> {
            let squares = squared_errors::means(moments, path, &units);
            let one = |(at, own)| of_moments(&self.score, own, (moments, at % t), &units);
            squares.into_iter().enumerate().map(one).collect()
        };
        let known: Vec<Vec<Known>> = match self.score {
            Score::Mse | Score::Rmse | Score::R2 => paths.iter().zip(summed.held_out()).map(of_fold).collect(),
            _ => Vec::new(),
        };
        let all = |of: fn(&Known) -> f64| known.iter().map(|fold| fold.iter().map(of).collect()).collect();
        let lost = known.is_empty() || known.iter().flatten().any(|own| !own.told);
        let (folds, hidden): (Vec<Vec<f64>>, bool) = match again {
            Some(again) if lost => (again(&paths, &units)?, false),
            _ => (all(|own| if own.told { own.score } else { f64::NAN }), lost),
        };
        let of_scores: Vec<i32> = units.iter().map(|unit| self.score.degree().unwrap_or(0) * unit).collect();
        let hidden = hidden.then(|| Scores::of_folds(&self.score, all(|own| own.best), of_scores.clone()));
        let scores = Scores::of_folds(&self.score, folds, of_scores);
        let missing = unscored::missing(&path, &scores, |target| {
            let may_have = |own: &Scores| own.means.iter().skip(target).step_by(t).any(|best| !best.is_nan());
            match hidden.as_ref().is_some_and(may_have) {
                true => Unscored::Digits,
                false => unscored::of_folds(&scores.folds, &self.score, target, t),
            }
        });
        Ok((Scored { path, scores, missing }, hidden))
    }

    /// Refuses a choice where a λ whose score moments have lost may have one as good as that of the λ chosen: `best` holds the best that
    /// each may be.
    fn check_hidden(&self, selection: &Selection, best: &Scores) -> Result<()> {
        let (told, t) = (selection.scores(), selection.targets());
        for (target, chosen) in selection.in_units(self.per_target)?.into_iter().enumerate() {
            let means = |own: &Scores| if self.per_target { own.of_target(target, t).0 } else { own.joint(t).0 };
            let lost = means(told).into_iter().zip(means(best)).filter(|(told, _)| told.is_nan());
            if lost.into_iter().any(|(_, best)| told.better.reaches(best, chosen.choice.score)) {
                let (score, reason) = (told.name.clone(), Unscored::Digits);
                return Err(Error::NoScore { target, score, reason });
            }
        }
        Ok(())
    }
}

/// The moments of all folds, of which there must be `least`.
fn merged(folds: &[Moments], least: usize) -> Result<Moments> {
    if !(least..=MOST_FOLDS).contains(&folds.len()) {
        let (what, found) = ("moments, one for each fold", folds.len());
        return Err(Error::Count { what, found, least, most: MOST_FOLDS });
    }
    let mut whole = folds[0].clone();
    folds[1..].iter().try_for_each(|fold| whole.merge(fold))?;
    Ok(whole)
}

/// The unit of each target, a power of two: 1, unless squares of its errors might be out of range.
pub(crate) fn units(moments: &Moments) -> Vec<i32> {
    let unit = |target: usize| {
        let (spread, mean) = (moments.exponents[moments.features() + target], exponent(moments.mean_y(target)));
        Some(spread.max(mean)).filter(|unit| unit.unsigned_abs() > FAR).unwrap_or(0)
    };
    (0..moments.targets()).map(unit).collect()
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
    let of = |mean: f64| of_mean(score, mean, (moments, target), units);
    Known { score: of(mean), best: of((mean - error).max(0.0)), told }
}

/// A score of a target held out from the mean of its errors, squared or as the score has them, of the target in units of 2^`units`.
pub(crate) fn of_mean(score: &Score, mean: f64, (moments, target): (&Moments, usize), units: &[i32]) -> f64 {
    match score {
        Score::Rmse => mean.sqrt(),
        Score::R2 => {
            let exponent = moments.exponents[moments.features() + target] - units[target];
            1.0 - mean / scaled(moments.squares[target] / moments.weight_sum, 2 * exponent)
        }
        _ => mean,
    }
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
        let whole = merged(folds, 2)?;
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

    /// The units of the targets, where the score grows with them.
    fn units(&self, score: &Score) -> Vec<i32> {
        if score.degree().is_some() { units(&self.whole) } else { vec![0; self.whole.targets()] }
    }
}
