//! A choice of λ as JSON.

use ridgepath::choose::Scheme;
use ridgepath::{Folds, Selection};
use serde::Serialize;

use crate::fit::choice_tests::ChoiceTests;
use crate::fit::figures::Figures;
use crate::fit::other_system::OtherSystemValues;
use crate::format::json::choice_tests::{NestedEntry, PermutationsEntry};
use crate::format::json::document;
use crate::format::json::model::{self, ModelDocument};
use crate::input::data::Data;
use crate::machine::failure::Result;

#[derive(Serialize)]
struct CvDocument<'a> {
    schema: &'static str,
    scheme: SchemeEntry<'a>,
    score: &'a str,
    targets: &'a [String],
    lambdas: &'a [f64],
    alphas: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    convention: Option<OtherSystemValues>,
    mean: Vec<Vec<f64>>,
    se: Vec<Vec<f64>>,
    fold_scores: Vec<Vec<Vec<f64>>>,
    best: Vec<ChoiceEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nested: Option<NestedEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permutations: Option<PermutationsEntry>,
    model: ModelDocument<'a>,
}

/// What was held out.
#[derive(Serialize)]
pub(crate) struct SchemeEntry<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    folds: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeats: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shuffled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<&'a str>,
}

/// The λ chosen for a target.
#[derive(Serialize)]
struct ChoiceEntry {
    index: usize,
    lambda: f64,
    alpha: f64,
    rule: &'static str,
    at_edge: bool,
}

/// The choice of λ, its scores, and the model. `column` is the one that parts the rows, if any does.
pub(crate) fn written(
    selection: &Selection,
    data: &Data,
    figures: &Figures,
    tests: &ChoiceTests,
    column: Option<&str>,
) -> Result<Vec<u8>> {
    let path = selection.path();
    let (k, t) = (path.len(), path.targets());
    let each = |value: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..k).map(|index| (0..t).map(|target| value(index, target)).collect()).collect()
    };
    let folds = |index: usize, target: usize| -> Vec<f64> {
        (0..selection.folds()).map(|fold| selection.fold_score(index, target, fold)).collect()
    };
    let best = |target: usize| {
        let choice = selection.choice(target);
        ChoiceEntry {
            index: choice.index,
            lambda: choice.lambda,
            alpha: choice.alpha,
            rule: selection.rule().name(),
            at_edge: choice.edge.is_some(),
        }
    };
    document::written(&CvDocument {
        schema: "ridgepath/cv/1",
        scheme: scheme(selection.scheme(), Some(selection.folds()), column),
        score: selection.score_name(),
        targets: data.targets(),
        lambdas: path.lambdas(),
        alphas: path.shifts(),
        convention: figures.system.as_ref().map(|system| system.values(path)),
        mean: each(&|index, target| selection.mean(index, target)),
        se: each(&|index, target| selection.standard_error(index, target)),
        fold_scores: (0..k).map(|index| (0..t).map(|target| folds(index, target)).collect()).collect(),
        best: (0..t).map(best).collect(),
        nested: tests.nested.as_ref().map(NestedEntry::of),
        permutations: tests.permutations.as_ref().map(|test| PermutationsEntry::of(test, tests.seed)),
        model: model::document(selection, data, figures),
    })
}

/// A scheme, with the number of its folds where that is known and it does not say so itself.
pub(crate) fn scheme<'a>(scheme: &Scheme, known: Option<usize>, column: Option<&'a str>) -> SchemeEntry<'a> {
    let none = SchemeEntry { kind: "", folds: None, repeats: None, shuffled: None, seed: None, column: None };
    let k_fold = SchemeEntry { kind: "k-fold", shuffled: Some(false), ..none };
    match scheme {
        Scheme::Folds(folds) => match folds {
            Folds::Contiguous(folds) => SchemeEntry { folds: Some(*folds), ..k_fold },
            Folds::Shuffled { folds, seed } => {
                SchemeEntry { folds: Some(*folds), shuffled: Some(true), seed: Some(*seed), ..k_fold }
            }
            Folds::Repeated { folds, repeats, seed } => SchemeEntry {
                folds: Some(*folds),
                repeats: Some(*repeats),
                shuffled: Some(true),
                seed: Some(*seed),
                ..k_fold
            },
            Folds::Grouped { folds, .. } => SchemeEntry { kind: "group", folds: Some(*folds), column, ..none },
            Folds::Given(_) => SchemeEntry { kind: "fold-column", folds: known, column, ..none },
            Folds::RollingOrigin(folds) => SchemeEntry { kind: "time", folds: Some(*folds), ..none },
            other => SchemeEntry { kind: other.name(), folds: known, ..none },
        },
        Scheme::LeaveOneOut => SchemeEntry { kind: "loo", ..none },
        other => SchemeEntry { kind: other.name(), ..none },
    }
}
