//! Answers as tables for people.

// What they have in common.
pub(crate) mod columns;
pub(crate) mod summary;

// One file for each command.
pub(crate) mod bench;
pub(crate) mod choices;
pub(crate) mod convert;
pub(crate) mod cv;
pub(crate) mod devices;
pub(crate) mod many;
pub(crate) mod path;
pub(crate) mod validate;
