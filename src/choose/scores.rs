//! The scores of a grid, and what is chosen by them.

use std::ops::Range;

use crate::choose::rule::{Choice, Edge, Rule};
use crate::choose::score::{Better, Score};
use crate::error::{Error, Result, Unscored};
use crate::math::powers::{exponent, scaled};

/// The scores of a path, of target τ in units of 2^`units[τ]`, in which neither they nor their squares are out of range.
#[derive(Debug, Clone)]
pub(crate) struct Scores {
    pub(crate) name: String,
    pub(crate) better: Better,
    /// [fold, k, t]; none where nothing was held out in folds.
    pub(crate) folds: Vec<Vec<f64>>,
    /// [k, t]
    pub(crate) means: Vec<f64>,
    /// Their standard errors; NaN where there are none.
    pub(crate) errors: Vec<f64>,
    pub(crate) units: Vec<i32>,
}

impl Scores {
    pub(crate) fn of_folds(score: &Score, folds: Vec<Vec<f64>>, units: Vec<i32>) -> Self {
        Self::named((score.name().to_owned(), score.better()), folds, units)
    }

    fn named((name, better): (String, Better), folds: Vec<Vec<f64>>, units: Vec<i32>) -> Self {
        let count = folds.first().map_or(0, Vec::len);
        let of = |at: usize| mean_and_error(&folds.iter().map(|fold| fold[at]).collect::<Vec<f64>>());
        let (means, errors) = (0..count).map(of).unzip();
        Self { name, better, folds, means, errors, units }
    }

    /// The scores of one of `t` targets.
    pub(crate) fn alone(&self, target: usize, t: usize) -> Self {
        let of = |values: &Vec<f64>| values.iter().skip(target).step_by(t).copied().collect();
        Self {
            name: self.name.clone(),
            better: self.better,
            folds: self.folds.iter().map(of).collect(),
            means: of(&self.means),
            errors: of(&self.errors),
            units: vec![self.units[target]],
        }
    }

    /// The mean over `t` targets for every λ, with its standard error: of the folds' means, or where there are no folds at most
    /// the mean of the targets': in units of the largest.
    #[expect(clippy::cast_precision_loss, reason = "a count of targets")]
    pub(crate) fn joint(&self, t: usize) -> (Vec<f64>, Vec<f64>) {
        let top = self.top();
        let mean = |values: &[f64], index: usize| {
            let scores = values[index * t..(index + 1) * t].iter().zip(&self.units);
            scores.map(|(value, unit)| scaled(*value, unit - top)).sum::<f64>() / t as f64
        };
        let of = |index: usize| match self.folds.is_empty() {
            true => (mean(&self.means, index), mean(&self.errors, index)),
            false => mean_and_error(&self.folds.iter().map(|fold| mean(fold, index)).collect::<Vec<f64>>()),
        };
        (0..self.means.len() / t).map(of).unzip()
    }

    /// The λ chosen for each of `t` targets: by its own scores, or one for all by their mean.
    ///
    /// # Errors
    /// [`Error::NoScore`], [`Error::NoStandardError`].
    pub(crate) fn choose(
        &self,
        grid: (&[f64], &[f64]),
        t: usize,
        rule: Rule,
        per_target: bool,
    ) -> Result<Vec<InUnits>> {
        let choose = |target: usize, (means, errors): (Vec<f64>, Vec<f64>), unit: i32| {
            // Each target has a score at some λ.
            let reason = if t == 1 || per_target { Unscored::Undefined } else { Unscored::Jointly };
            let none = Error::NoScore { target, score: self.name.clone(), reason };
            let choice = rule.choose(grid, &means, &errors, self.better).ok_or(none)?;
            match rule {
                Rule::OneStandardError if errors[choice.best].is_nan() => {
                    Err(Error::NoStandardError { score: self.name.clone() })
                }
                _ => Ok(InUnits { choice, unit }),
            }
        };
        match per_target {
            true => (0..t).map(|target| choose(target, self.of_target(target, t), self.units[target])).collect(),
            false => Ok(vec![choose(0, self.joint(t), self.top())?; t]),
        }
    }

    /// The means over problems with scores of the same λs and targets, each as a fold.
    pub(crate) fn of_problems(problems: &[&Self]) -> Self {
        let t = problems.first().map_or(0, |own| own.units.len());
        let units = (0..t).map(|target| problems.iter().map(|own| own.units[target]).max().unwrap_or(0));
        let units: Vec<i32> = units.collect();
        let of = |own: &Self| {
            let in_units = |(at, mean): (usize, &f64)| scaled(*mean, own.units[at % t] - units[at % t]);
            own.means.iter().enumerate().map(in_units).collect()
        };
        let folds = problems.iter().map(|own| of(own)).collect();
        let (name, better) =
            problems.first().map_or((String::new(), Better::Lower), |own| (own.name.clone(), own.better));
        Self::named((name, better), folds, units)
    }

    /// Those of some of the targets.
    pub(crate) fn of_some(&self, targets: Range<usize>) -> Self {
        let of = |all: &Vec<f64>| -> Vec<f64> {
            all.chunks(self.units.len()).flat_map(|of_lambda| &of_lambda[targets.clone()]).copied().collect()
        };
        let units = self.units[targets.clone()].to_vec();
        let (folds, means, errors) = (self.folds.iter().map(of).collect(), of(&self.means), of(&self.errors));
        Self { name: self.name.clone(), better: self.better, folds, means, errors, units }
    }

    pub(crate) fn top(&self) -> i32 {
        self.units.iter().copied().max().unwrap_or(0)
    }

    /// The means and their errors of one of `t` targets, for every λ.
    pub(crate) fn of_target(&self, target: usize, t: usize) -> (Vec<f64>, Vec<f64>) {
        let every_t = |values: &[f64]| values.iter().skip(target).step_by(t).copied().collect();
        (every_t(&self.means), every_t(&self.errors))
    }
}

/// A choice whose score and standard error are in units of 2^`unit`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InUnits {
    pub(crate) choice: Choice,
    pub(crate) unit: i32,
}

impl InUnits {
    /// The choice in the units of the data.
    pub(crate) fn natural(self) -> Choice {
        let Self { choice, unit } = self;
        let (score, standard_error) = (scaled(choice.score, unit), scaled(choice.standard_error, unit));
        Choice { score, standard_error, ..choice }
    }
}

/// The edges of the grid at which a best score lies.
pub(crate) fn edges<'a>(choices: impl Iterator<Item = &'a Choice> + Clone) -> Vec<Edge> {
    let at = |edge: &Edge| choices.clone().any(|choice| choice.edge == Some(*edge));
    [Edge::Smallest, Edge::Largest].into_iter().filter(at).collect()
}

/// The mean, and sd/√n with the sample deviation.
#[expect(clippy::cast_precision_loss, reason = "a count of folds")]
pub(crate) fn mean_and_error(scores: &[f64]) -> (f64, f64) {
    let n = scores.len() as f64;
    // In units of the largest, so that no square is out of range.
    let unit = exponent(scores.iter().fold(0.0, |most: f64, score| most.max(score.abs())));
    let in_units: Vec<f64> = scores.iter().map(|score| scaled(*score, -unit)).collect();
    let mean = in_units.iter().sum::<f64>() / n;
    let squares: f64 = in_units.iter().map(|score| (score - mean).powi(2)).sum();
    (scaled(mean, unit), scaled((squares / (n - 1.0) / n).sqrt(), unit))
}
