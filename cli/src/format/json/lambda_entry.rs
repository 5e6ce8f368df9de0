//! One λ in a JSON document.

use std::ops::Range;

use ridgepath::RidgePath;
use serde::Serialize;

use crate::fit::figures::Figures;
use crate::fit::intercept;
use crate::fit::statistics::StatisticsOfLambda;
use crate::format::outcome;
use crate::input::data::Data;

/// One λ of a path, for some of its targets.
#[derive(Serialize)]
pub(crate) struct LambdaEntry<'a> {
    lambda: f64,
    alpha: f64,
    coef: Vec<&'a [f64]>,
    intercept: Vec<f64>,
    outcome: Vec<String>,
    residual: Vec<f64>,
    rss: Vec<f64>,
    r2: Vec<f64>,
    squared_norm: Vec<f64>,
    condition: f64,
    error_bound: Vec<f64>,
    intercept_error_bound: Vec<f64>,
    steps: Vec<u32>,
    route: Vec<Option<&'static str>>,
    order: Vec<Option<usize>>,
    #[serde(flatten)]
    stats: Option<StatisticsOfLambda<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standard_errors: Option<Vec<&'a [f64]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intercept_standard_error: Option<Vec<f64>>,
}

pub(crate) fn of<'a>(
    path: &'a RidgePath,
    data: &Data,
    index: usize,
    targets: Range<usize>,
    figures: &'a Figures,
) -> LambdaEntry<'a> {
    let errors = figures.errors.as_ref();
    let outcomes = || targets.clone().map(|target| path.outcome(index, target));
    let each = |value: &dyn Fn(usize) -> f64| targets.clone().map(value).collect::<Vec<f64>>();
    LambdaEntry {
        lambda: path.lambdas()[index],
        alpha: path.shifts()[index],
        coef: targets.clone().map(|target| path.coefficients(index, target)).collect(),
        intercept: each(&|target| intercept::of_file(path, data, index, target)),
        outcome: outcomes().map(outcome::name).collect(),
        residual: each(&|target| path.residual(index, target)),
        rss: each(&|target| path.rss(index, target)),
        r2: each(&|target| figures.r2(index, target)),
        squared_norm: each(&|target| path.squared_norm(index, target)),
        condition: path.condition(index),
        error_bound: each(&|target| path.error_bound(index, target)),
        intercept_error_bound: each(&|target| path.intercept_error_bound(index, target)),
        steps: outcomes().map(outcome::steps).collect(),
        route: outcomes().map(outcome::route).collect(),
        order: outcomes().map(outcome::order).collect(),
        stats: figures.stats.as_ref().map(|stats| stats.at(index)),
        standard_errors: errors
            .map(|errors| targets.clone().map(|target| errors.at(index, target).coefficients.as_slice()).collect()),
        intercept_standard_error: errors.map(|errors| each(&|target| errors.at(index, target).intercept)),
    }
}
