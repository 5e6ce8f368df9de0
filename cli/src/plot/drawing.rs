//! What pictures of coefficients have in common: the picture itself, what is said beside it, and what its curves are.

use ridgepath::{RidgePath, Standardize};

use crate::fit::many::Many;
use crate::format::number::number;
use crate::plot::curves::Curve;

/// What an axis of λ is called.
pub(crate) const LAMBDA: &str = "λ, from strong shrinkage to weak";

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

/// What is said of a picture without a curve.
pub(crate) fn empty(targets: &[Vec<Curve>]) -> Option<String> {
    let none = targets.iter().flatten().all(|curve| curve.runs.is_empty());
    none.then(|| "the plot is empty: no λ has an answer that it could show".into())
}

/// At which λ many paths are shown: the one in the middle of their grids.
pub(crate) fn at_middle(many: &Many) -> String {
    let answered = (0..many.paths.len()).filter(|problem| many.paths.refusal(*problem).is_none());
    let lambdas = answered.map(|problem| many.paths.lambdas(problem)[many.middle()]);
    let (least, most) =
        lambdas.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), own| (least.min(own), most.max(own)));
    match many.paths.penalties() {
        _ if least > most => "no λ".into(),
        1 if least == most => format!("λ = {}", number(least)),
        _ if least == most => format!("λ = {}, the middle of the grid", number(least)),
        _ => format!("λ in the middle of each grid, {} to {}", number(least), number(most)),
    }
}
