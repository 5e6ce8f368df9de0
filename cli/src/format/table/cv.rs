//! A choice of λ as a table for people.

use std::fmt::Write;

use ridgepath::choose::{Choice, Scheme};
use ridgepath::{Folds, Rule, Selection};

use crate::fit::choice_tests::ChoiceTests;
use crate::fit::figures::Figures;
use crate::fit::intercept;
use crate::fit::other_system::OtherSystem;
use crate::format::choice_tests;
use crate::format::number::number;
use crate::format::table::columns::{TableColumn, aligned, fitted, left_out, thinned};
use crate::format::table::summary;
use crate::format::words::{escaped, plural};
use crate::input::data::Data;

/// Rows of scores that are shown, besides the rows of the λs chosen and best: more say little more.
const SHOWN: usize = 12;

pub(crate) fn written(selection: &Selection, data: &Data, figures: &Figures, tests: &ChoiceTests) -> String {
    let mut text = summary::of_fit(selection.path(), data);
    let folds = Some(selection.folds());
    let _ = writeln!(text, "{}", judged(selection.scheme(), folds, selection.score_name(), selection.rule()));
    let system = figures.system.as_ref();
    for (target, name) in data.targets().iter().enumerate() {
        let choice = selection.choice(target);
        let _ = writeln!(text, "\ntarget {}", escaped(name));
        let _ = writeln!(
            text,
            "λ = {}, alpha = {}{}: {}",
            number(choice.lambda),
            number(choice.alpha),
            system
                .map(|system| format!(", {} = {}", system.words(), number(system.value(choice.lambda))))
                .unwrap_or_default(),
            score(selection, choice)
        );
        for line in choice_tests::lines(tests, target) {
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
        text.push_str(&scores(selection, target, system));
        text.push('\n');
        text.push_str(&model(selection, data, target));
    }
    text
}

/// How a choice was made, in one line: `known` is the number of folds, where it is.
pub(crate) fn judged(scheme: &Scheme, known: Option<usize>, score: &str, rule: Rule) -> String {
    let scheme = match scheme {
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
            _ => known.map_or_else(|| "folds as given".into(), |folds| plural(folds, "fold")),
        },
        Scheme::LeaveOneOut => "leave-one-out".into(),
        _ => "no rows held out".into(),
    };
    let rule = match rule {
        Rule::OneStandardError => ", the largest λ within one standard error of the best".into(),
        Rule::WithinPercent(percent) => format!(", the largest λ within {percent} % of the best"),
        _ => String::new(),
    };
    format!("{scheme}, {score}{rule}")
}

/// The score of the λ chosen, and where the best one is.
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
fn scores(selection: &Selection, target: usize, system: Option<&OtherSystem>) -> String {
    let path = selection.path();
    let choice = selection.choice(target);
    let mut shown = thinned(path.len(), SHOWN);
    shown.extend([choice.index, choice.best]);
    shown.sort_unstable();
    shown.dedup();
    let mark = |index: usize| match index {
        index if index == choice.index => "chosen",
        index if index == choice.best => "best",
        _ => "",
    };
    let error = |index: usize| match selection.standard_error(index, target) {
        error if error.is_nan() => "-".into(),
        error => number(error),
    };
    let of =
        |head: &str, cell: &dyn Fn(usize) -> String| TableColumn::new(head, shown.iter().map(|index| cell(*index)));
    let mut columns =
        vec![of("λ", &|index| number(path.lambdas()[index])), of("alpha", &|index| number(path.shifts()[index]))];
    columns.extend(system.map(|system| of(&system.words(), &|index| number(system.value(path.lambdas()[index])))));
    columns.push(of(selection.score_name(), &|index| number(selection.mean(index, target))));
    columns.push(of("standard error", &error));
    columns.push(of("", &|index| mark(index).to_owned()));
    fitted(&columns) + &left_out(shown.len(), path.len())
}

/// The coefficients at the λ chosen.
fn model(selection: &Selection, data: &Data, target: usize) -> String {
    let (path, index) = (selection.path(), selection.choice(target).index);
    let coefficients = data.features().iter().zip(path.coefficients(index, target));
    let mut rows: Vec<Vec<String>> = coefficients.map(|(name, w)| vec![name.clone(), number(*w)]).collect();
    if path.intercept_fitted() {
        rows.push(vec!["(intercept)".into(), number(intercept::of_file(path, data, index, target))]);
    }
    aligned(&["feature", "coefficient"], &rows)
}
