//! What the user should know of many paths.

use crate::fit::many::Many;
use crate::format::words::{escaped, plural};

/// Problems that are named in a note.
const NAMED: usize = 3;

/// How many problems have no path, and why the first of them.
pub(crate) fn of(many: &Many) -> Vec<String> {
    let refused: Vec<_> = many.paths.refused().collect();
    let mut notes = Vec::new();
    if !refused.is_empty() {
        let some = refused.iter().take(NAMED).map(|(problem, why)| format!("{}: {why}", escaped(&many.name(*problem))));
        let more = if refused.len() > NAMED { "; and so on" } else { "" };
        notes.push(format!(
            "{} of {} without a path: {}{more}",
            refused.len(),
            plural(many.paths.len(), many.what),
            some.collect::<Vec<_>>().join("; ")
        ));
    }
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
