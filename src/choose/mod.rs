//! The choice of λ: scores for every λ of a grid, and rules that choose by them.

mod criterion;
mod cross_validation;
mod folds;
mod grid;
mod held_out;
mod joint;
mod leave_one_out;
mod many;
mod nested;
mod permutations;
mod residuals;
mod rule;
mod scheme;
mod score;
mod scored;
mod scores;
mod selection;
mod spectrum;
mod squared_errors;
mod stream;
mod summed;
mod targets;
mod unscored;

pub use criterion::Criterion;
pub use cross_validation::CrossValidation;
pub use folds::{Folds, Split};
pub use joint::JointSelection;
pub use nested::Nested;
pub use permutations::PermutationTest;
pub use rule::{Choice, Edge, Rule};
pub use scheme::Scheme;
pub use score::{Better, Custom, Score};
pub use selection::Selection;
pub use spectrum::Spectrum;
