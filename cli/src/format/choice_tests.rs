//! How good a choice of λ is, in words.

use ridgepath::Error;

use crate::fit::choice_tests::ChoiceTests;
use crate::format::number::{measured, number};
use crate::format::words::{escaped, plural};
use crate::input::data::Data;

/// Reasons that are told one by one.
const TOLD: usize = 3;

/// A line for each test, of one target.
pub(crate) fn lines(tests: &ChoiceTests, target: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(nested) = &tests.nested {
        let (scored, name) = (nested.scored(target), nested.score_name());
        let folds = match scored == nested.folds() {
            true => plural(scored, "fold"),
            false => format!("{scored} of {}", plural(nested.folds(), "fold")),
        };
        let score = match scored {
            0 => format!("no {name}"),
            1 => format!("{name} {}", number(nested.mean(target))),
            _ => format!("{name} {}", measured(nested.mean(target), nested.standard_error(target))),
        };
        lines.push(format!("nested, {folds}: {score}"));
    }
    if let Some(test) = &tests.permutations {
        lines.push(format!("{}: p = {}", plural(test.permutations(), "permutation"), digits(test.p_value(target))));
    }
    lines
}

/// The lines of every target, where the answer has no place for them.
pub(crate) fn of_targets(tests: &ChoiceTests, data: &Data) -> Vec<String> {
    let of = |(target, name): (usize, &String)| {
        lines(tests, target).into_iter().map(|line| format!("target {}: {line}", escaped(name))).collect::<Vec<_>>()
    };
    data.targets().iter().enumerate().flat_map(of).collect()
}

/// What has no score, and why.
pub(crate) fn notes(tests: &ChoiceTests, data: &Data) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(nested) = &tests.nested {
        let refused: Vec<(usize, &Error)> = nested.refused().collect();
        for (fold, error) in refused.iter().take(TOLD) {
            notes.push(format!("nested: fold {fold} has no score: {}", reason(error, data)));
        }
        if refused.len() > TOLD {
            notes.push(format!("nested: {} have no score in all", plural(refused.len(), "fold")));
        }
    }
    if let Some(test) = &tests.permutations {
        let count = test.refused().count();
        if let Some((_, error)) = test.refused().next() {
            let (of, reason) = (test.permutations(), reason(error, data));
            notes.push(format!(
                "{count} of {of} permutations have no score and count as if theirs were as good: {reason}"
            ));
        }
    }
    notes
}

/// A share of a count, to three digits.
fn digits(share: f64) -> f64 {
    format!("{share:.2e}").parse().unwrap_or(share)
}

/// An error with the names of columns.
fn reason(error: &Error, data: &Data) -> String {
    let failure = data.failure(error.clone());
    failure.text().map_or_else(|| error.to_string(), str::to_owned)
}
