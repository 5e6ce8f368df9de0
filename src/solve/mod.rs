//! From rows to a path.

mod corrected;
mod double;
mod formed;
mod ladder;
mod prior;
pub(crate) mod ridge;
mod single;
mod spec;
mod unpenalised;
