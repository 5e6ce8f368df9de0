//! The commands: each takes what the user asks for, and writes an answer.

// One file for each command.
pub(crate) mod bench;
pub(crate) mod convert;
pub(crate) mod cv;
pub(crate) mod devices;
pub(crate) mod merge;
pub(crate) mod moments;
pub(crate) mod path;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod validate;

// What several commands do.
mod ending;
mod many_choices;
mod many_paths;
mod places;
