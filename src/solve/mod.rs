//! From rows to a path.

mod ladder;
mod prior;
pub(crate) mod ridge;
