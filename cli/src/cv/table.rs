//! The choice for people.

use std::fmt::Write;

use ridgepath::choose::{Choice, Edge, Scheme};
use ridgepath::{Folds, Rule, Selection};

use crate::cv::CvArgs;
use crate::data::Data;
use crate::figures::Figures;
use crate::message::escaped;
use crate::text::{Column, aligned, fitted, left_out, number, plural, summary, thinned};
use crate::units::System;

/// Rows of scores that are shown, and those of the λs chosen and best: more say little more.
const SHOWN: usize = 12;

pub(super) fn written(selection: &Selection, data: &Data, figures: &Figures) -> String {
    let mut text = summary(selection.path(), data);
    let _ = writeln!(text, "{}", judged(selection));
    let system = figures.system.as_ref();
    for (target, name) in data.targets().iter().enumerate() {
        let choice = selection.choice(target);
        let _ = writeln!(text, "\ntarget {}", escaped(name));
        let _ = writeln!(
            text,
            "λ = {}, alpha = {}{}: {}",
            number(choice.lambda),
            number(choice.alpha),
            system.map(|own| format!(", {} = {}", own.words(), number(own.value(choice.lambda)))).unwrap_or_default(),
            score(selection, choice)
        );
        text.push('\n');
        text.push_str(&scores(selection, target, system));
        text.push('\n');
        text.push_str(&model(selection, data, target));
    }
    text
}

/// What the user should know of the choice.
pub(super) fn notes(selection: &Selection, data: &Data, args: &CvArgs) -> Vec<String> {
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
            let mean = if args.per_target || at.len() == 1 { "" } else { "mean " };
            let more = if args.extend == 0 { "--extend 3" } else { "a larger --extend" };
            notes.push(format!(
                "the best {mean}score of {of} is at the {end} λ of the grid; try {instead} ones, or {more}"
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
fn scores(selection: &Selection, target: usize, system: Option<&System>) -> String {
    let path = selection.path();
    let choice = selection.choice(target);
    let mut shown = thinned(path.len(), SHOWN);
    shown.extend([choice.index, choice.best]);
    shown.sort_unstable();
    shown.dedup();
    let mark = |index: usize| match index {
        own if own == choice.index => "chosen",
        own if own == choice.best => "best",
        _ => "",
    };
    let error = |index: usize| match selection.standard_error(index, target) {
        error if error.is_nan() => "-".into(),
        error => number(error),
    };
    let of = |head: &str, cell: &dyn Fn(usize) -> String| Column::new(head, shown.iter().map(|index| cell(*index)));
    let mut columns =
        vec![of("λ", &|index| number(path.lambdas()[index])), of("alpha", &|index| number(path.shifts()[index]))];
    columns.extend(system.map(|own| of(&own.words(), &|index| number(own.value(path.lambdas()[index])))));
    columns.push(of(selection.score_name(), &|index| number(selection.mean(index, target))));
    columns.push(of("standard error", &error));
    columns.push(of("", &|index| mark(index).to_owned()));
    fitted(&columns) + &left_out(shown.len(), path.len())
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
