//! What the user should know beside an answer, in words.

use ridgepath::{Outcome, RidgePath, Route, View};

use crate::fit::dependent_features;
use crate::format::outcome;
use crate::input::data::Data;

/// What the user should know of a path: one line for each kind of thing, however many λ it befell. `minimum_norm` says
/// whether solutions of least norm were asked for.
pub(crate) fn of_path(path: &RidgePath, data: &Data, minimum_norm: bool) -> Vec<String> {
    let mut notes: Vec<String> = path.backend().fallback().iter().map(|why| fallback(path, why)).collect();
    let mut kinds: Vec<(Outcome, Vec<usize>)> = Vec::new();
    for index in 0..path.len() {
        for target in 0..path.targets() {
            let outcome = path.outcome(index, target);
            if matches!(outcome, Outcome::Solved | Outcome::Refined { .. }) {
                continue; // as planned
            }
            let same = |kind: &Outcome| match (kind, &outcome) {
                (Outcome::Singular { .. }, Outcome::Singular { .. }) => true,
                (kind, outcome) => kind == outcome,
            };
            match kinds.iter_mut().find(|(kind, _)| same(kind)) {
                Some((_, entries)) if entries.last() != Some(&index) => entries.push(index),
                Some(_) => (),
                None => kinds.push((outcome, vec![index])),
            }
        }
    }
    notes.extend(kinds.iter().map(|(kind, entries)| describe(*kind, entries, path, data, minimum_norm)));
    notes.extend(intercepts(path, data));
    notes
}

/// A note where an intercept has no certain digit: where its bound is as large as itself, and more than a thousandth of the
/// deviations of its target, so that one that is 0 by symmetry raises no alarm.
fn intercepts(path: &RidgePath, data: &Data) -> Option<String> {
    let y = data.y().ok()?;
    let lost = |index: usize, target: usize| {
        let (b, bound) = (path.intercept(index, target), path.intercept_error_bound(index, target));
        bound >= b.abs() && bound > 1e-3 * deviation(&y, target)
    };
    let lost: Vec<usize> = (0..path.len()).filter(|k| (0..path.targets()).any(|target| lost(*k, target))).collect();
    let reason = "the means of the features are too far from zero for the digits of their coefficients";
    (!lost.is_empty()).then(|| {
        format!(
            "{} of {} λ ({}): no digit of an intercept is certain (intercept_error_bound): {reason}; centre them",
            lost.len(),
            path.len(),
            listed(&lost, path)
        )
    })
}

/// The root mean square of a target's distance from its mean.
fn deviation(y: &View<'_>, target: usize) -> f64 {
    let values: Vec<f64> = (0..y.rows()).map(|row| y.get(row, target)).collect();
    let count = values.len() as f64;
    let mean = values.iter().map(|value| value / count).sum::<f64>();
    values.iter().map(|value| (value - mean).powi(2) / count).sum::<f64>().sqrt()
}

/// A note of what was planned otherwise, and why.
fn fallback(path: &RidgePath, why: &str) -> String {
    let used = path.backend();
    format!("backend {}, {} precision: {why}", used.name, used.precision)
}

/// A note of the λs whose answers came about in one way.
fn describe(kind: Outcome, entries: &[usize], path: &RidgePath, data: &Data, minimum_norm: bool) -> String {
    let which = format!("{} of {} λ ({})", entries.len(), path.len(), listed(entries, path));
    match kind {
        Outcome::Rerouted { route: Route::Qr } => {
            format!("{which}: too ill-conditioned for the normal equations, answered by QR of the rows (rerouted)")
        }
        Outcome::Rerouted { route: Route::Form } => {
            format!("{which}: too ill-conditioned in the form planned, answered by the other (rerouted)")
        }
        Outcome::Rerouted { .. } => {
            format!("{which}: single precision did not do, answered by the CPU in double precision (rerouted)")
        }
        Outcome::Singular { order } => {
            let (why, advice) = match dependent_features::among_unpenalised(path, data) {
                Some(feature) => (
                    told(feature, "the unpenalised ones before it", path, data),
                    "no λ has one unless it is penalised or left out".into(),
                ),
                None => (
                    match order {
                        0 => "the features depend on one another".into(),
                        order => told(order - 1, "those before it", path, data),
                    },
                    advice(entries, path, data, minimum_norm),
                ),
            };
            format!("{which}: no unique answer (singular), {why}; {advice}")
        }
        Outcome::MinimumNorm { rank } => {
            let features = path.features();
            format!(
                "{which}: no unique answer (rank {rank} of {features} features), answered by the solution of least norm"
            )
        }
        Outcome::OutOfRange => {
            format!(
                "{which}: coefficients or the intercept too large or too small for 64-bit floats (out-of-range); rescale the \
                 data"
            )
        }
        other => format!("{which}: {}", outcome::name(other)),
    }
}

/// What is wrong with a feature that has no unique coefficient.
fn told(feature: usize, others: &str, path: &RidgePath, data: &Data) -> String {
    let name = &data.features()[feature];
    let counted = |row: &usize| data.weights().is_none_or(|weights| weights[*row] > 0.0);
    let column = data.feature(feature);
    let mut values = (0..column.len()).filter(counted).map(|row| column[row]);
    let constant = values.next().filter(|first| values.all(|value| value == *first));
    match (constant, path.intercept_fitted()) {
        (Some(_), true) => format!("feature {name:?} is constant, as the intercept is"),
        (Some(0.0), false) => format!("feature {name:?} is 0 in every row"),
        _ if feature == 0 => format!("feature {name:?} cannot be told from a constant"),
        _ => format!("feature {name:?} depends on {others}"),
    }
}

/// What to do about λs without a unique answer, where a penalty would give them one.
fn advice(entries: &[usize], path: &RidgePath, data: &Data, minimum_norm: bool) -> String {
    let larger = "a larger λ has one";
    let zero = entries.iter().any(|index| path.lambdas()[*index] == 0.0);
    let all_penalised = data.penalty_factors().is_none_or(|factors| !factors.contains(&0.0));
    // What the option is for: λ = 0, and a penalty on every feature at any other.
    match (zero && all_penalised, path.backend().name == ridgepath::Backend::Reference, minimum_norm) {
        (true, true, true) => {
            format!("{larger}, and --backend reference does not know --minimum-norm, --backend cpu does")
        }
        (true, true, false) => format!("{larger}, --backend cpu --minimum-norm gives the one of least norm at 0"),
        (true, false, false) => format!("{larger}, --minimum-norm gives the one of least norm at 0"),
        _ => larger.into(),
    }
}

/// λs as messages show them: few by their values, many by their ends.
fn listed(entries: &[usize], path: &RidgePath) -> String {
    let lambdas = || entries.iter().map(|index| path.lambdas()[*index]);
    match entries.len() {
        0..=3 => lambdas().map(|lambda| format!("{lambda:?}")).collect::<Vec<_>>().join(", "),
        _ => {
            let least = lambdas().fold(f64::INFINITY, f64::min);
            let greatest = lambdas().fold(0.0, f64::max);
            format!("from {least:?} to {greatest:?}")
        }
    }
}
