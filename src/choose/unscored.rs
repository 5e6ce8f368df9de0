//! Why no λ has a score.

use crate::answer::path::RidgePath;
use crate::choose::criterion::Criterion;
use crate::choose::score::Score;
use crate::choose::selection::Scores;
use crate::choose::spectrum::Spectrum;
use crate::data::problem::Problem;
use crate::error::{Error, Result, Unscored};

/// Checks, before anything is solved, that rows left out can be predicted and scored.
pub(crate) fn check_rows(problem: &Problem<'_>, score: &Score) -> Result<()> {
    let refused = |target, reason| Err(Error::NoScore { target, score: score.name().to_owned(), reason });
    if (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).count() == 1 {
        return refused(0, Unscored::OneRow);
    }
    let constant = |target| constant(problem, target).map(|value| (target, value));
    match (0..problem.targets()).find_map(constant).filter(|_| score.needs_spread()) {
        Some((target, value)) => refused(target, Unscored::Constant { value }),
        None => Ok(()),
    }
}

/// Checks that every target has a score at some λ; `reason` says why not where there are answers.
pub(crate) fn check(path: &RidgePath, scores: &Scores, reason: impl Fn(usize) -> Unscored) -> Result<()> {
    let t = path.targets();
    let none = |target: &usize| (0..path.len()).all(|index| !scores.means[index * t + target].is_finite());
    let Some(target) = (0..t).find(none) else { return Ok(()) };
    let reason = if answered(path, target).next().is_none() { Unscored::NoAnswer } else { reason(target) };
    Err(Error::NoScore { target, score: scores.name.clone(), reason })
}

/// Why a target has no score in folds; `folds` holds [fold, k, t].
pub(crate) fn of_folds(folds: &[Vec<f64>], score: &Score, target: usize, t: usize) -> Unscored {
    let wanted = match score {
        Score::Correlation => "an answer whose predictions differ",
        Score::Custom(_) => "a score that is a number",
        _ => "a unique answer",
    };
    let none = |fold: &Vec<f64>| fold.iter().skip(target).step_by(t).all(|score| score.is_nan());
    match folds.iter().position(none) {
        Some(fold) => Unscored::Fold { fold, wanted },
        None => Unscored::Folds,
    }
}

/// Why a target has no leave-one-out score.
pub(crate) fn of_rows(spectrum: &Spectrum, path: &RidgePath, score: &Score, target: usize) -> Unscored {
    let exact = |index: usize| spectrum.left_of_rows(&[index]).iter().any(|left| !(*left > 0.0));
    match score {
        _ if answered(path, target).all(exact) => Unscored::Leverage,
        Score::Correlation => Unscored::ConstantPredictions,
        _ => Unscored::Undefined,
    }
}

/// Why a target has no criterion.
pub(crate) fn of_criterion(
    criterion: Criterion,
    spectrum: &Spectrum,
    path: &RidgePath,
    (problem, target): (&Problem<'_>, usize),
) -> Unscored {
    let rows = spectrum.rows_counted();
    let rank = spectrum.rank();
    let rss = spectrum.rss();
    let exact = |index: usize| rss[index * path.targets() + target] == 0.0;
    let constant = constant(problem, target).filter(|value| path.intercept_fitted() || *value == 0.0);
    match (criterion, constant) {
        (_, Some(value)) => Unscored::Constant { value },
        (Criterion::Cp, _) if rank >= rows => Unscored::Rank { rank, rows },
        (Criterion::Evidence, _) if answered(path, target).all(|index| path.shifts()[index] == 0.0) => {
            Unscored::NoPenalty
        }
        _ if answered(path, target).all(exact) => Unscored::NoResiduals,
        (Criterion::Gcv | Criterion::Aicc, _) => Unscored::DegreesOfFreedom { rows },
        _ => Unscored::Undefined,
    }
}

/// The λs that have an answer for a target.
fn answered(path: &RidgePath, target: usize) -> impl Iterator<Item = usize> {
    (0..path.len()).filter(move |index| !path.intercept(*index, target).is_nan())
}

/// The value of a target that is the same in every row that counts.
fn constant(problem: &Problem<'_>, target: usize) -> Option<f64> {
    let value = |row: usize| -> f64 { problem.y().get(row, target) };
    let mut values = (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).map(value);
    let first = values.next()?;
    values.all(|y| y == first).then_some(first)
}
