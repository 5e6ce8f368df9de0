//! What the user should know of the λs chosen for many groups.

use ridgepath::choose::Edge;

use crate::fit::choices::Choices;
use crate::format::many_notes;
use crate::format::words::plural;

/// How many groups have no λ, and why the first of them.
pub(crate) fn refused(choices: &Choices) -> Option<String> {
    let refused: Vec<(String, &str)> = choices.refused().map(|(group, why)| (choices.name(group), why)).collect();
    many_notes::of_refused(&refused, choices.found.len(), (choices.what, "a choice"))
}

/// Whose grids grew, and how many groups have their λ at an end of the grid. `extend` is how often it may have grown.
pub(crate) fn of(choices: &Choices, extend: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let grown = choices.answered().filter(|(_, own)| own.extensions() > 0).count();
    if grown > 0 {
        notes.push(format!("the grids of {} grew, as the best was at their edge", plural(grown, choices.what)));
    }
    for (edge, end, instead) in [(Edge::Smallest, "smallest", "smaller"), (Edge::Largest, "largest", "larger")] {
        if !choices.joint.is_empty() {
            if choices.joint.iter().any(|own| own.edge == Some(edge)) {
                notes.push(format!("the best mean score is at the {end} λ of the grid; try {instead} ones"));
            }
            continue;
        }
        let at =
            |own: &ridgepath::Selection| (0..own.path().targets()).any(|target| own.choice(target).edge == Some(edge));
        let count = choices.answered().filter(|(_, own)| at(own)).count();
        if count > 0 {
            let more = if extend == 0 { "--extend 3" } else { "a larger --extend" };
            notes.push(format!(
                "the best score of {} of {} is at the {end} λ of the grid; try {instead} ones, or {more}",
                count,
                plural(choices.found.len(), choices.what)
            ));
        }
    }
    let mut fallbacks: Vec<String> = Vec::new();
    for (_, own) in choices.answered() {
        fallbacks.extend(own.path().backend().fallback());
    }
    fallbacks.sort_unstable();
    fallbacks.dedup();
    notes.extend(fallbacks);
    notes
}
