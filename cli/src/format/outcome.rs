//! How an answer came about, by its name.

use ridgepath::{Outcome, Route, Validation};

/// The name of an outcome.
pub(crate) fn name(outcome: Outcome) -> String {
    match outcome {
        Outcome::Solved => "solved".into(),
        Outcome::Refined { .. } => "refined".into(),
        Outcome::Rerouted { .. } => "rerouted".into(),
        Outcome::Singular { .. } => "singular".into(),
        Outcome::MinimumNorm { .. } => "minimum-norm".into(),
        Outcome::OutOfRange => "out-of-range".into(),
        // A variant that this program does not know yet: its name, without what it holds.
        other => format!("{other:?}").split([' ', '(']).next().unwrap_or_default().to_lowercase(),
    }
}

/// The corrections of a refined answer.
pub(crate) fn steps(outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Refined { steps } => steps,
        _ => 0,
    }
}

/// The safer route that a rerouted answer took.
pub(crate) fn route(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Rerouted { route: Route::Double } => Some("double"),
        Outcome::Rerouted { route: Route::Qr } => Some("qr"),
        Outcome::Rerouted { route: Route::Form } => Some("form"),
        _ => None,
    }
}

/// The order of the pivot that failed, from 1.
pub(crate) fn order(outcome: Outcome) -> Option<usize> {
    match outcome {
        Outcome::Singular { order } => Some(order),
        _ => None,
    }
}

/// Whether a backend and the reference came about all answers in the same way.
pub(crate) fn all_agree(validation: &Validation) -> bool {
    validation.deviations.iter().all(|deviation| deviation.outcomes_agree)
}
