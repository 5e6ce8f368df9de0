//! The choice for people.

use std::fmt::Write;

use ridgepath::select::{Choice, Edge, Scheme};
use ridgepath::{Folds, Rule, Selection};

use crate::data::Data;
use crate::message::escaped;
use crate::text::{aligned, number, plural, summary};

/// Rows of scores that are shown: more say little more.
const SHOWN: usize = 11;

pub(super) fn written(selection: &Selection, data: &Data) -> String {
    let mut text = summary(selection.path(), data);
    let _ = writeln!(text, "{}", judged(selection));
    for (target, name) in data.targets().iter().enumerate() {
        let choice = selection.choice(target);
        let _ = writeln!(text, "\ntarget {}", escaped(name));
        let _ = writeln!(
            text,
            "λ = {}, alpha = {}: {}",
            number(choice.lambda),
            number(choice.alpha),
            score(selection, choice)
        );
        text.push('\n');
        text.push_str(&scores(selection, target));
        text.push('\n');
        text.push_str(&model(selection, data, target));
    }
    text
}

/// What the user should know of the choice.
pub(super) fn notes(selection: &Selection, data: &Data) -> Vec<String> {
    let mut notes = Vec::new();
    if selection.extensions() > 0 {
        let times = plural(selection.extensions(), "time");
        notes.push(format!("the grid grew {times}, to {} λ, as the best was at its edge", selection.path().len()));
    }
    for (edge, end, instead) in [(Edge::Smallest, "smallest", "smaller"), (Edge::Largest, "largest", "larger")] {
        let at: Vec<String> = (0..data.targets().len())
            .filter(|target| selection.choice(*target).edge == Some(edge))
            .map(|target| format!("{:?}", data.targets()[target]))
            .collect();
        if !at.is_empty() {
            let of = if at.len() > 3 { format!("{} targets", at.len()) } else { at.join(", ") };
            notes.push(format!(
                "the best score of {of} is at the {end} λ of the grid; try {instead} ones, or --extend 3"
            ));
        }
    }
    notes
}

fn judged(selection: &Selection) -> String {
    let scheme = match selection.scheme() {
        Scheme::Folds(folds) => match folds {
            Folds::Contiguous(folds) => format!("{folds} folds of consecutive rows"),
            Folds::Shuffled { folds, seed } => format!("{folds} folds of rows shuffled with seed {seed}"),
            Folds::Repeated { folds, repeats, seed } => {
                format!("{} of {folds} folds, rows shuffled with seed {seed}", plural(*repeats, "repeat"))
            }
            Folds::Grouped { folds, .. } => format!("{folds} folds of groups"),
            Folds::RollingOrigin(folds) => {
                format!("{}, each after the rows it is predicted from", plural(*folds, "fold"))
            }
            _ => plural(selection.folds(), "fold"),
        },
        Scheme::LeaveOneOut => "leave-one-out".into(),
        _ => "no rows held out".into(),
    };
    let rule = match selection.rule() {
        Rule::OneStandardError => ", the largest λ within one standard error of the best".into(),
        Rule::WithinPercent(percent) => format!(", the largest λ within {percent} % of the best"),
        _ => String::new(),
    };
    format!("{scheme}, {}{rule}", selection.score_name())
}

fn score(selection: &Selection, choice: &Choice) -> String {
    let error = match choice.standard_error {
        error if error.is_nan() => String::new(),
        error => format!(" ± {}", number(error)),
    };
    let best = match choice.best == choice.index {
        true => String::new(),
        false => format!("; the best score is at λ = {}", number(selection.path().lambdas()[choice.best])),
    };
    format!("{} {}{error}{best}", selection.score_name(), number(choice.score))
}

/// Scores from one end of the grid to the other, with the one chosen and the best among them.
fn scores(selection: &Selection, target: usize) -> String {
    let path = selection.path();
    let choice = selection.choice(target);
    let step = path.len().div_ceil(SHOWN).max(1);
    let mut shown: Vec<usize> =
        (0..path.len()).step_by(step).chain([path.len() - 1, choice.index, choice.best]).collect();
    shown.sort_unstable();
    shown.dedup();
    let row = |index: &usize| {
        let mark = match *index {
            own if own == choice.index => "chosen",
            own if own == choice.best => "best",
            _ => "",
        };
        let (mean, error) = (selection.mean(*index, target), selection.standard_error(*index, target));
        let error = if error.is_nan() { "-".into() } else { number(error) };
        vec![number(path.lambdas()[*index]), number(path.shifts()[*index]), number(mean), error, mark.to_owned()]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let mut text = aligned(&["λ", "alpha", selection.score_name(), "standard error", ""], &rows);
    if shown.len() < path.len() {
        let _ = writeln!(text, "({} λ of {}: --format csv and --format json have all)", shown.len(), path.len());
    }
    text
}

fn model(selection: &Selection, data: &Data, target: usize) -> String {
    let (path, index) = (selection.path(), selection.choice(target).index);
    let coefficients = data.features().iter().zip(path.coefficients(index, target));
    let mut rows: Vec<Vec<String>> = coefficients.map(|(name, w)| vec![name.clone(), number(*w)]).collect();
    if path.intercept_fitted() {
        rows.push(vec!["(intercept)".into(), number(data.intercept(path, index, target))]);
    }
    aligned(&["feature", "coefficient"], &rows)
}
