//! Many paths as JSON.

use serde::Serialize;

use crate::fit::intercept;
use crate::fit::many::Many;
use crate::format::json::document;
use crate::format::outcome;
use crate::input::data::Data;
use crate::machine::failure::Result;

#[derive(Serialize)]
struct ManyDocument<'a> {
    schema: &'static str,
    features: &'a [String],
    targets: &'a [String],
    /// Where --drop-missing is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_dropped: Option<usize>,
    /// What a problem is: a group, a window, a replicate, or one of the targets, whose arrays have one target then.
    problem: &'static str,
    /// The columns that name a problem.
    columns: &'a [String],
    problems: Vec<ProblemEntry<'a>>,
}

#[derive(Serialize)]
struct ProblemEntry<'a> {
    name: &'a [String],
    /// Why there is no path.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    path: Option<PathEntry>,
}

#[derive(Serialize)]
struct PathEntry {
    rows: usize,
    /// [λ]
    lambdas: Vec<f64>,
    alphas: Vec<f64>,
    /// [λ][target]
    outcomes: Vec<Vec<String>>,
    r2: Vec<Vec<f64>>,
    error_bounds: Vec<Vec<f64>>,
    intercepts: Vec<Vec<f64>>,
    /// [λ][target][feature]
    coefficients: Vec<Vec<Vec<f64>>>,
}

pub(crate) fn written(many: &Many, data: &Data) -> Result<Vec<u8>> {
    let problem = |(number, name)| {
        let (path, refused) = match many.paths.path(number) {
            Ok(path) => (Some(path), None),
            Err(why) => (None, Some(why.to_string())),
        };
        let entry = |path: ridgepath::RidgePath| {
            fn each<T>(path: &ridgepath::RidgePath, of: impl Fn(usize, usize) -> T) -> Vec<Vec<T>> {
                (0..path.len()).map(|k| (0..path.targets()).map(|target| of(k, target)).collect()).collect()
            }
            PathEntry {
                rows: path.rows(),
                lambdas: path.lambdas().to_vec(),
                alphas: path.shifts().to_vec(),
                outcomes: each(&path, |k, target| outcome::name(path.outcome(k, target))),
                r2: each(&path, |k, target| path.r2(k, target)),
                error_bounds: each(&path, |k, target| path.error_bound(k, target)),
                intercepts: each(&path, |k, place| {
                    intercept::of_place(&path, data, k, (place, many.targets.number(number, place)))
                }),
                coefficients: each(&path, |k, target| path.coefficients(k, target).to_vec()),
            }
        };
        ProblemEntry { name, refused, path: path.map(entry) }
    };
    document::written(&ManyDocument {
        schema: "ridgepath/paths/1",
        features: data.features(),
        targets: data.targets(),
        rows_dropped: data.rows_dropped(),
        problem: many.what,
        columns: &many.columns,
        problems: many.names.iter().map(Vec::as_slice).enumerate().map(problem).collect(),
    })
}
