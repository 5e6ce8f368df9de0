//! The λs chosen for many groups as JSON.

use ridgepath::Selection;
use ridgepath::choose::Choice;
use serde::Serialize;

use crate::fit::choices::Choices;
use crate::fit::intercept;
use crate::format::json::cv::{self, SchemeEntry};
use crate::format::json::document;
use crate::format::outcome;
use crate::input::data::Data;
use crate::machine::failure::Result;

#[derive(Serialize)]
struct ChoicesDocument<'a> {
    schema: &'static str,
    scheme: SchemeEntry<'a>,
    score: &'a str,
    rule: &'static str,
    features: &'a [String],
    targets: &'a [String],
    /// Where --drop-missing is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_dropped: Option<usize>,
    /// The columns that name a group.
    columns: &'a [String],
    /// What was chosen for all groups together, by their mean scores: [target].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joint: Vec<JointEntry>,
    groups: Vec<GroupEntry<'a>>,
}

#[derive(Serialize)]
struct JointEntry {
    index: usize,
    /// NaN where the groups' grids differ, as with the shift.
    lambda: f64,
    alpha: f64,
    score: f64,
    se: f64,
    at_edge: bool,
}

impl JointEntry {
    fn of(choice: &Choice) -> Self {
        let Choice { index, lambda, alpha, score, standard_error: se, edge, .. } = *choice;
        Self { index, lambda, alpha, score, se, at_edge: edge.is_some() }
    }
}

#[derive(Serialize)]
struct GroupEntry<'a> {
    name: &'a [String],
    rows: usize,
    /// Why there is no choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    chosen: Option<Chosen<'a>>,
}

/// The choices and what they were made from.
#[derive(Serialize)]
struct Chosen<'a> {
    /// [target]
    chosen: Vec<TargetEntry<'a>>,
    /// [λ]
    lambdas: &'a [f64],
    alphas: &'a [f64],
    /// [λ][target]
    mean: Vec<Vec<f64>>,
    se: Vec<Vec<f64>>,
}

/// The λ chosen for a target, and the model there.
#[derive(Serialize)]
struct TargetEntry<'a> {
    index: usize,
    lambda: f64,
    alpha: f64,
    score: f64,
    se: f64,
    at_edge: bool,
    outcome: String,
    intercept: f64,
    coef: &'a [f64],
}

/// `column` is the one that parts the rows into folds, if any does.
pub(crate) fn written(choices: &Choices, data: &Data, column: Option<&str>) -> Result<Vec<u8>> {
    let entry = |number: usize| {
        let (name, rows) = (choices.names[number].as_slice(), choices.rows[number]);
        match &choices.found[number] {
            Ok(own) => GroupEntry {
                name,
                rows,
                refused: None,
                chosen: Some(chosen(own, data, &|place| choices.targets.number(number, place))),
            },
            Err(why) => GroupEntry { name, rows, refused: Some(why), chosen: None },
        }
    };
    document::written(&ChoicesDocument {
        schema: "ridgepath/choices/1",
        scheme: cv::scheme(&choices.scheme, None, column),
        score: &choices.score,
        rule: choices.rule.name(),
        features: data.features(),
        targets: data.targets(),
        rows_dropped: data.rows_dropped(),
        columns: &choices.columns,
        joint: choices.joint.iter().map(JointEntry::of).collect(),
        groups: (0..choices.found.len()).map(entry).collect(),
    })
}

fn chosen<'a>(selection: &'a Selection, data: &Data, target_of: &dyn Fn(usize) -> usize) -> Chosen<'a> {
    let path = selection.path();
    let targets = 0..path.targets();
    let entry = |target: usize| {
        let choice = selection.choice(target);
        TargetEntry {
            index: choice.index,
            lambda: choice.lambda,
            alpha: choice.alpha,
            score: choice.score,
            se: choice.standard_error,
            at_edge: choice.edge.is_some(),
            outcome: outcome::name(path.outcome(choice.index, target)),
            intercept: intercept::of_place(path, data, choice.index, (target, target_of(target))),
            coef: selection.coefficients(target),
        }
    };
    let of_lambdas = |of: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..path.len()).map(|index| targets.clone().map(|target| of(index, target)).collect()).collect()
    };
    Chosen {
        chosen: targets.clone().map(entry).collect(),
        lambdas: path.lambdas(),
        alphas: path.shifts(),
        mean: of_lambdas(&|index, target| selection.mean(index, target)),
        se: of_lambdas(&|index, target| selection.standard_error(index, target)),
    }
}
