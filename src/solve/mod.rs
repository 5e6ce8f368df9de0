//! From rows to a path.

mod batch;
mod climb;
mod corrected;
mod dependent;
mod double;
mod formed;
mod ladder;
mod prior;
pub(crate) mod ridge;
mod single;
mod spec;
mod task;
mod weights;
