//! How good a choice of λ is, as JSON.

use ridgepath::Error;
use ridgepath::choose::{Nested, PermutationTest};
use serde::Serialize;

/// Scores of rows that had no part in the choice; `[target]` and `[target][fold]`.
#[derive(Serialize)]
pub(crate) struct NestedEntry {
    kind: &'static str,
    score: String,
    mean: Vec<f64>,
    se: Vec<f64>,
    fold_scores: Vec<Vec<f64>>,
    lambdas: Vec<Vec<Option<f64>>>,
    refused: Vec<Refused>,
}

/// Scores of permuted targets; `[target]` and `[target][permutation]`.
#[derive(Serialize)]
pub(crate) struct PermutationsEntry {
    count: usize,
    seed: u64,
    p: Vec<f64>,
    scores: Vec<Vec<f64>>,
    refused: Vec<Refused>,
}

/// What has no score.
#[derive(Serialize)]
pub(crate) struct Refused {
    number: usize,
    reason: String,
}

impl NestedEntry {
    pub(crate) fn of(nested: &Nested) -> Self {
        let (folds, targets) = (0..nested.folds(), 0..nested.targets());
        let lambda = |fold: usize, target: usize| nested.choice(fold, target).map(|own| own.lambda);
        Self {
            kind: nested.outer().name(),
            score: nested.score_name().to_owned(),
            mean: targets.clone().map(|target| nested.mean(target)).collect(),
            se: targets.clone().map(|target| nested.standard_error(target)).collect(),
            fold_scores: targets
                .clone()
                .map(|target| folds.clone().map(|fold| nested.score(fold, target)).collect())
                .collect(),
            lambdas: targets.map(|target| folds.clone().map(|fold| lambda(fold, target)).collect()).collect(),
            refused: refused(nested.refused()),
        }
    }
}

impl PermutationsEntry {
    pub(crate) fn of(test: &PermutationTest, seed: u64) -> Self {
        let (count, targets) = (test.permutations(), 0..test.targets());
        let scores = |target: usize| (0..count).map(|number| test.score(number, target)).collect();
        Self {
            count,
            seed,
            p: targets.clone().map(|target| test.p_value(target)).collect(),
            scores: targets.map(scores).collect(),
            refused: refused(test.refused()),
        }
    }
}

fn refused<'a>(all: impl Iterator<Item = (usize, &'a Error)>) -> Vec<Refused> {
    all.map(|(number, error)| Refused { number, reason: error.to_string() }).collect()
}
