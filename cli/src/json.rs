//! JSON documents. Every number is written so that it reads back exactly; a NaN becomes null.

use std::ops::Range;

use ridgepath::{RidgePath, Standardize};
use serde::Serialize;
use serde_json::Serializer;

use crate::data::Data;
use crate::figures::Figures;
use crate::json_lines::Layout;
use crate::message::{Failure, Result};
use crate::outcome;
use crate::stats::Row;
use crate::units::InSystem;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    features: &'a [String],
    targets: &'a [String],
    rows: usize,
    weight_sum: f64,
    intercept: bool,
    standardize: Standardized,
    /// What λ is multiplied by for each feature, where that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    penalty_factors: Option<&'a [f64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convention: Option<InSystem>,
    backend: Backend<'a>,
    path: Vec<Entry<'a>>,
}

/// `false`, or how.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Standardized {
    No(bool),
    By(&'static str),
}

/// Who answered.
#[derive(Serialize)]
pub(crate) struct Backend<'a> {
    name: String,
    adapter: Option<&'a str>,
    strategy: &'static str,
    precision: String,
    fallback: Option<String>,
}

impl Standardized {
    pub(crate) fn of(path: &RidgePath) -> Self {
        match path.standardize() {
            Standardize::No => Self::No(false),
            Standardize::Population => Self::By("population"),
            Standardize::Sample => Self::By("sample"),
        }
    }
}

/// One λ of a path, for some of its targets.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
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
    stats: Option<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standard_errors: Option<Vec<&'a [f64]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intercept_standard_error: Option<Vec<f64>>,
}

impl<'a> Backend<'a> {
    pub(crate) fn of(path: &'a RidgePath) -> Self {
        let used = path.backend();
        Self {
            name: used.name.to_string(),
            adapter: used.adapter.as_deref(),
            strategy: used.method(),
            precision: used.precision.to_string(),
            fallback: used.fallback(),
        }
    }

    /// Name, precision and adapter, for a table.
    pub(crate) fn cells(&self) -> [String; 3] {
        [&self.name, &self.precision, self.adapter.unwrap_or("-")].map(str::to_owned)
    }
}

pub(crate) fn path(path: &RidgePath, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    document(&Document {
        schema: "ridgepath/path/1",
        features: data.features(),
        targets: data.targets(),
        rows: path.rows(),
        weight_sum: path.weight_sum(),
        intercept: path.intercept_fitted(),
        standardize: Standardized::of(path),
        penalty_factors: data.penalty_factors(),
        convention: figures.system.as_ref().map(|system| system.of(path)),
        backend: Backend::of(path),
        path: (0..path.len()).map(|index| entry(path, data, index, 0..path.targets(), figures)).collect(),
    })
}

/// Any document.
pub(crate) fn document(content: &impl Serialize) -> Result<Vec<u8>> {
    let mut written = Vec::new();
    content
        .serialize(&mut Serializer::with_formatter(&mut written, Layout::default()))
        .map_err(|error| Failure::Other(format!("cannot write JSON: {error}")))?;
    written.push(b'\n');
    Ok(written)
}

pub(crate) fn entry<'a>(
    path: &'a RidgePath,
    data: &Data,
    index: usize,
    targets: Range<usize>,
    figures: &'a Figures,
) -> Entry<'a> {
    let errors = figures.errors.as_ref();
    let outcomes = || targets.clone().map(|target| path.outcome(index, target));
    let each = |value: &dyn Fn(usize) -> f64| targets.clone().map(value).collect::<Vec<f64>>();
    Entry {
        lambda: path.lambdas()[index],
        alpha: path.shifts()[index],
        coef: targets.clone().map(|target| path.coefficients(index, target)).collect(),
        intercept: each(&|target| data.intercept(path, index, target)),
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
        stats: figures.stats.as_ref().map(|stats| stats.row(index)),
        standard_errors: errors
            .map(|errors| targets.clone().map(|target| errors.at(index, target).coefficients.as_slice()).collect()),
        intercept_standard_error: errors.map(|errors| each(&|target| errors.at(index, target).intercept)),
    }
}
