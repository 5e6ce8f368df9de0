//! What pictures of coefficients have in common: the picture itself, what is said beside it, and what its curves are.

use ridgepath::{RidgePath, Standardize};

/// A picture.
pub(crate) struct Drawing {
    pub(crate) svg: String,
    /// What the picture could not show.
    pub(crate) notes: Vec<String>,
}

/// What is said where not every λ can be shown.
pub(crate) fn left_out(path: &RidgePath, entries: &[usize]) -> Vec<String> {
    match path.len() - entries.len() {
        0 => Vec::new(),
        count => vec![format!("the plot leaves out {count} of {} λ: 0 has no place on a logarithmic axis", path.len())],
    }
}

/// What the curves show.
pub(crate) fn quantity(path: &RidgePath) -> String {
    match path.standardize() {
        Standardize::No => "coefficient".into(),
        _ => "coefficient × standard deviation of its column".into(),
    }
}
