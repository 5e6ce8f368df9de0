//! A choice of λ by a criterion, without rows.

use crate::choose::criterion::Criterion;
use crate::choose::cross_validation::CrossValidation;
use crate::choose::scheme::Scheme;
use crate::choose::scored::Scored;
use crate::choose::scores::Scores;
use crate::choose::selection::Selection;
use crate::choose::spectrum::Spectrum;
use crate::choose::summed;
use crate::choose::unscored;
use crate::equations::normal::NormalEquations;
use crate::error::Result;
use crate::moments::Moments;
use crate::solve::ridge::Ridge;

impl CrossValidation {
    /// The choice by a criterion from the moments of all rows.
    pub(crate) fn by_criterion(&self, criterion: Criterion, moments: &Moments) -> Result<Selection> {
        self.rule.check()?;
        self.until_kept(&Scheme::Criterion(criterion), |ridge| judged(ridge, criterion, moments))
    }
}

/// The path with its criterion, and where moments have lost some of these, the best that all may be in truth.
fn judged(ridge: &Ridge, criterion: Criterion, moments: &Moments) -> Result<(Scored, Option<Scores>)> {
    ridge.one_decomposition()?;
    let path = ridge.fit_moments(moments)?;
    let spectrum = Spectrum::of_equations(moments, &NormalEquations::new(moments, ridge.model, path.grid()))?;
    let (k, t) = (path.len(), path.targets());
    let units = if criterion.degree() == 0 { vec![0; t] } else { summed::units(moments) };
    // Where there is no model to choose, there is no score.
    let answered = |values: Vec<f64>| -> Vec<f64> {
        let has = |at: usize| !path.intercept(at / t, at % t).is_nan();
        values.into_iter().enumerate().map(|(at, value)| if has(at) { value } else { f64::NAN }).collect()
    };
    let scores = |values: Vec<f64>| Scores {
        name: criterion.name().to_owned(),
        better: criterion.better(),
        folds: Vec::new(),
        errors: vec![f64::NAN; values.len()],
        means: answered(values),
        units: units.iter().map(|unit| criterion.degree() * unit).collect(),
    };
    let told = scores(spectrum.criterion_in_units(criterion, &units));
    let lost = (0..k * t).any(|at| !spectrum.is_told(criterion, at / t, at % t));
    let best = lost.then(|| scores(spectrum.best_in_units(criterion, &units)));
    let missing = unscored::missing(&path, &told, |target| {
        let constant = (moments.squares[target] == 0.0).then(|| moments.mean_y(target));
        unscored::of_criterion(criterion, &spectrum, &path, (target, constant))
    });
    Ok((Scored { path, scores: told, missing }, best))
}
