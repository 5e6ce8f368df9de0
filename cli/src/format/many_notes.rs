//! What the user should know of many paths.

use std::fmt::Display;

use crate::fit::many::Many;
use crate::format::words::{escaped, plural};

/// Problems that are named in a note.
const NAMED: usize = 3;

/// How many problems have no path, and why the first of them.
pub(crate) fn of(many: &Many) -> Vec<String> {
    let refused: Vec<(String, String)> =
        many.paths.refused().map(|(problem, why)| (many.name(problem), why.to_string())).collect();
    let mut notes: Vec<String> = of_refused(&refused, many.paths.len(), (many.what, "a path")).into_iter().collect();
    let (k, t) = (many.paths.penalties(), many.paths.targets());
    let singular = |problem: &usize| {
        let none = |at: usize| many.paths.intercept(*problem, at / t, at % t).is_nan();
        many.paths.refusal(*problem).is_none() && (0..k * t).any(none)
    };
    let singular: Vec<usize> = (0..many.paths.len()).filter(singular).collect();
    if let Some(first) = singular.first() {
        notes.push(format!(
            "{} with a λ that has no unique answer, {} {} the first",
            plural(singular.len(), many.what),
            many.what,
            escaped(&many.name(*first))
        ));
    }
    for backend in many.paths.backends() {
        notes.extend(backend.fallback());
    }
    notes
}

/// How many of `all` problems, by their names and reasons, are without what they should have; none where all have it.
pub(crate) fn of_refused(
    refused: &[(String, impl Display)],
    all: usize,
    (what, wanted): (&str, &str),
) -> Option<String> {
    let some = refused.iter().take(NAMED).map(|(name, why)| format!("{}: {why}", escaped(name)));
    let more = if refused.len() > NAMED { "; and so on" } else { "" };
    let some = some.collect::<Vec<_>>().join("; ");
    (!refused.is_empty()).then(|| format!("{} of {} without {wanted}: {some}{more}", refused.len(), plural(all, what)))
}
