//! Paths in documents: numbers that JSON has not, and checks, so that a document that contradicts itself is refused.

use serde::{Deserialize, Deserializer};

use crate::answer::numbers;
use crate::answer::path::RidgePath;
use crate::error::Error;
use crate::model::Standardize;
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::penalty_factors::PenaltyFactors;
use crate::model::rung::Retry;

/// A path as it was found, unchecked.
#[derive(Deserialize)]
#[serde(rename = "RidgePath")]
pub(crate) struct Unchecked {
    rows: usize,
    weight_sum: f64,
    features: usize,
    targets: usize,
    intercept: bool,
    standardize: Standardize,
    backend: BackendUsed,
    #[serde(with = "numbers")]
    lambdas: Vec<f64>,
    #[serde(with = "numbers")]
    shifts: Vec<f64>,
    #[serde(default)]
    factors: PenaltyFactors,
    #[serde(default)]
    tikhonov: bool,
    #[serde(with = "numbers")]
    total_squares: Vec<f64>,
    #[serde(with = "numbers")]
    coefficients: Vec<f64>,
    #[serde(with = "numbers")]
    conditions: Vec<f64>,
    #[serde(with = "numbers")]
    intercepts: Vec<f64>,
    outcomes: Vec<Outcome>,
    #[serde(with = "numbers")]
    residuals: Vec<f64>,
    #[serde(with = "numbers")]
    rss: Vec<f64>,
    #[serde(with = "numbers")]
    squared_norms: Vec<f64>,
    #[serde(with = "numbers")]
    error_bounds: Vec<f64>,
    #[serde(with = "numbers")]
    intercept_bounds: Vec<f64>,
    #[serde(default)]
    retries: Vec<Retry>,
}

impl Unchecked {
    fn check(&self) -> Result<(), String> {
        let (m, n, t, k) = (self.rows, self.features, self.targets, self.lambdas.len());
        for (what, size) in [("rows", m), ("features", n), ("targets", t), ("λs", k)] {
            if size == 0 {
                return Err(format!("it has no {what}, wanted at least one"));
            }
        }
        let kt = k.checked_mul(t).ok_or_else(|| format!("{k} λs of {t} targets are more than can be counted"))?;
        let ktn =
            kt.checked_mul(n).ok_or_else(|| format!("{kt} answers of {n} features are more than can be counted"))?;
        for (what, found, wanted) in [
            ("shifts", self.shifts.len(), k),
            ("total_squares", self.total_squares.len(), t),
            ("coefficients", self.coefficients.len(), ktn),
            ("conditions", self.conditions.len(), k),
            ("intercepts", self.intercepts.len(), kt),
            ("outcomes", self.outcomes.len(), kt),
            ("residuals", self.residuals.len(), kt),
            ("rss", self.rss.len(), kt),
            ("squared_norms", self.squared_norms.len(), kt),
            ("error_bounds", self.error_bounds.len(), kt),
            ("intercept_bounds", self.intercept_bounds.len(), kt),
        ] {
            if found != wanted {
                return Err(format!("{what}: found {found}, wanted {wanted} for {k} λs, {t} targets and {n} features"));
            }
        }
        if !(self.weight_sum > 0.0 && self.weight_sum.is_finite()) {
            return Err(format!("weight_sum is {:?}; a finite number > 0 is needed", self.weight_sum));
        }
        for (what, values) in [("lambdas", &self.lambdas), ("shifts", &self.shifts)] {
            if let Some(at) = values.iter().position(|value| !(*value >= 0.0)) {
                return Err(format!("{what}[{at}] is {:?}; a number ≥ 0 is needed", values[at]));
            }
        }
        if !self.factors.fit(k, n) {
            return Err(format!("factors: wanted none, or {n} finite numbers ≥ 0 for all or for each of {k} λs"));
        }
        if let Some(retry) = self.retries.iter().find(|retry| retry.index >= k) {
            return Err(format!("a retry of λ number {}, of {k}", retry.index));
        }
        (0..kt).try_for_each(|at| self.check_answer(at))
    }

    /// What is said of an answer, against its coefficients.
    fn check_answer(&self, at: usize) -> Result<(), String> {
        let (m, n) = (self.rows, self.features);
        let w = &self.coefficients[at * n..(at + 1) * n];
        let wrong = |what: &str| Err(format!("λ number {}, target {}: {what}", at / self.targets, at % self.targets));
        match self.outcomes[at] {
            Outcome::Singular { order } if order == 0 || order > m.max(n) => {
                wrong(&format!("singular of order {order}, of {m} rows and {n} features"))
            }
            Outcome::Singular { .. } if !(w.iter().all(|w| w.is_nan()) && self.intercepts[at].is_nan()) => {
                wrong("singular, but it has coefficients or an intercept")
            }
            Outcome::MinimumNorm { rank } if rank > m.min(n) => {
                wrong(&format!("of rank {rank}, of {m} rows and {n} features"))
            }
            Outcome::Singular { .. } | Outcome::OutOfRange => Ok(()),
            _ if w.iter().any(|w| w.is_nan()) || self.intercepts[at].is_nan() => {
                wrong("answered, but a coefficient or the intercept is missing")
            }
            _ => Ok(()),
        }
    }
}

impl TryFrom<Unchecked> for RidgePath {
    type Error = Error;

    fn try_from(found: Unchecked) -> Result<Self, Error> {
        found.check().map_err(|detail| Error::Document { what: "path", detail })?;
        Ok(Self {
            rows: found.rows,
            weight_sum: found.weight_sum,
            features: found.features,
            targets: found.targets,
            intercept: found.intercept,
            standardize: found.standardize,
            backend: found.backend,
            lambdas: found.lambdas,
            shifts: found.shifts,
            factors: found.factors,
            tikhonov: found.tikhonov,
            total_squares: found.total_squares,
            coefficients: found.coefficients,
            conditions: found.conditions,
            intercepts: found.intercepts,
            outcomes: found.outcomes,
            residuals: found.residuals,
            rss: found.rss,
            squared_norms: found.squared_norms,
            error_bounds: found.error_bounds,
            intercept_bounds: found.intercept_bounds,
            retries: found.retries,
        })
    }
}

impl<'de> Deserialize<'de> for RidgePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Unchecked::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
