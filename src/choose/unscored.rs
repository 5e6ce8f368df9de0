//! Why no λ has a score.

use crate::answer::path::RidgePath;
use crate::choose::criterion::Criterion;
use crate::choose::row_spectrum::RowSpectrum;
use crate::choose::score::Score;
use crate::choose::scores::Scores;
use crate::choose::spectrum::Spectrum;
use crate::data::problem::Problem;
use crate::error::{Error, Result, Unscored};

/// Checks, before anything is solved, that rows left out can be predicted.
pub(crate) fn check_rows(problem: &Problem<'_>, score: &Score) -> Result<()> {
    match (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).count() {
        1 => Err(Error::NoScore { target: 0, score: score.name().to_owned(), reason: Unscored::OneRow }),
        _ => Ok(()),
    }
}

/// Why a target that is the same in every row has no score that needs two values.
pub(crate) fn constant_of_all(problem: &Problem<'_>, score: &Score, target: usize) -> Option<Error> {
    let reason = Unscored::Constant { value: constant(problem, 0..problem.rows(), target)? };
    Some(Error::NoScore { target, score: score.name().to_owned(), reason })
}

/// Why each target that has no score at any λ has none; `reason` says it where there are answers.
pub(crate) fn missing(path: &RidgePath, scores: &Scores, reason: impl Fn(usize) -> Unscored) -> Vec<Option<Error>> {
    let t = path.targets();
    let one = |target: usize| {
        if (0..path.len()).any(|index| scores.means[index * t + target].is_finite()) {
            return None;
        }
        let reason = if answered(path, target).next().is_none() { Unscored::NoAnswer } else { reason(target) };
        Some(Error::NoScore { target, score: scores.name.clone(), reason })
    };
    (0..t).map(one).collect()
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
pub(crate) fn of_rows(spectrum: &RowSpectrum, path: &RidgePath, score: &Score, target: usize) -> Unscored {
    let exact = |index: usize| spectrum.left_of_rows(&[index]).iter().any(|left| !(*left > 0.0));
    match score {
        _ if answered(path, target).all(exact) => Unscored::Leverage,
        Score::Correlation => Unscored::ConstantPredictions,
        _ => Unscored::Undefined,
    }
}

/// Why a target has no criterion; `constant` is its value, where that is the same in every row.
pub(crate) fn of_criterion(
    criterion: Criterion,
    spectrum: &Spectrum,
    path: &RidgePath,
    (target, constant): (usize, Option<f64>),
) -> Unscored {
    let rows = spectrum.rows_counted();
    let rank = spectrum.rank();
    let rss = spectrum.rss();
    let exact = |index: usize| rss[index * path.targets() + target] == 0.0;
    let told = |index: usize| spectrum.is_told(criterion, index, target);
    match (criterion, constant.filter(|value| path.intercept_fitted() || *value == 0.0)) {
        (_, Some(value)) => Unscored::Constant { value },
        (Criterion::Cp, _) if rank >= rows => Unscored::Rank { rank, rows },
        (Criterion::Evidence, _) if answered(path, target).all(|index| path.shifts()[index] == 0.0) => {
            Unscored::NoPenalty
        }
        _ if answered(path, target).any(|index| !told(index)) => Unscored::Digits,
        _ if answered(path, target).all(exact) => Unscored::NoResiduals,
        (Criterion::Gcv | Criterion::Aicc, _) => Unscored::DegreesOfFreedom { rows },
        _ => Unscored::Undefined,
    }
}

/// The λs that have an answer for a target.
fn answered(path: &RidgePath, target: usize) -> impl Iterator<Item = usize> {
    (0..path.len()).filter(move |index| !path.intercept(*index, target).is_nan())
}

/// The value of a target that is the same in every one of these rows that counts.
pub(crate) fn constant(problem: &Problem<'_>, rows: impl IntoIterator<Item = usize>, target: usize) -> Option<f64> {
    let value = |row: usize| -> f64 { problem.y().get(row, target) };
    let mut values = rows.into_iter().filter(|row| problem.weight(*row) > 0.0).map(value);
    let first = values.next()?;
    values.all(|y| y == first).then_some(first)
}
