//! The choice as JSON.

use ridgepath::choose::Scheme;
use ridgepath::{Folds, Selection};
use serde::Serialize;

use crate::data::Data;
use crate::figures::Figures;
use crate::model::{self, Saved};
use crate::units::InSystem;

#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: &'static str,
    scheme: Kind<'a>,
    score: &'a str,
    targets: &'a [String],
    lambdas: &'a [f64],
    alphas: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    convention: Option<InSystem>,
    mean: Vec<Vec<f64>>,
    se: Vec<Vec<f64>>,
    fold_scores: Vec<Vec<Vec<f64>>>,
    best: Vec<Best>,
    model: Saved<'a>,
}

/// What was held out.
#[derive(Serialize)]
struct Kind<'a> {
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

#[derive(Serialize)]
struct Best {
    index: usize,
    lambda: f64,
    alpha: f64,
    rule: &'static str,
    at_edge: bool,
}

pub(super) fn document<'a>(
    selection: &'a Selection,
    data: &'a Data,
    figures: &'a Figures,
    column: Option<&'a str>,
) -> Document<'a> {
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
        Best {
            index: choice.index,
            lambda: choice.lambda,
            alpha: choice.alpha,
            rule: selection.rule().name(),
            at_edge: choice.edge.is_some(),
        }
    };
    Document {
        schema: "ridgepath/cv/1",
        scheme: kind(selection, column),
        score: selection.score_name(),
        targets: data.targets(),
        lambdas: path.lambdas(),
        alphas: path.shifts(),
        convention: figures.system.as_ref().map(|system| system.of(path)),
        mean: each(&|index, target| selection.mean(index, target)),
        se: each(&|index, target| selection.standard_error(index, target)),
        fold_scores: (0..k).map(|index| (0..t).map(|target| folds(index, target)).collect()).collect(),
        best: (0..t).map(best).collect(),
        model: model::saved(selection, data, figures),
    }
}

fn kind<'a>(selection: &Selection, column: Option<&'a str>) -> Kind<'a> {
    let none = Kind { kind: "", folds: None, repeats: None, shuffled: None, seed: None, column: None };
    let k_fold = Kind { kind: "k-fold", shuffled: Some(false), ..none };
    match selection.scheme() {
        Scheme::Folds(folds) => match folds {
            Folds::Contiguous(folds) => Kind { folds: Some(*folds), ..k_fold },
            Folds::Shuffled { folds, seed } => {
                Kind { folds: Some(*folds), shuffled: Some(true), seed: Some(*seed), ..k_fold }
            }
            Folds::Repeated { folds, repeats, seed } => {
                Kind { folds: Some(*folds), repeats: Some(*repeats), shuffled: Some(true), seed: Some(*seed), ..k_fold }
            }
            Folds::Grouped { folds, .. } => Kind { kind: "group", folds: Some(*folds), column, ..none },
            Folds::Given(_) => Kind { kind: "fold-column", folds: Some(selection.folds()), column, ..none },
            Folds::RollingOrigin(folds) => Kind { kind: "time", folds: Some(*folds), ..none },
            other => Kind { kind: other.name(), folds: Some(selection.folds()), ..none },
        },
        Scheme::LeaveOneOut => Kind { kind: "loo", ..none },
        other => Kind { kind: other.name(), ..none },
    }
}
