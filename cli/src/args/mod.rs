//! What the user asks for: the command line, as [`clap`] reads it. Nothing here knows how a command runs.

pub(crate) mod command_line;

// One file for each command.
pub(crate) mod bench;
pub(crate) mod convert;
pub(crate) mod cv;
pub(crate) mod devices;
pub(crate) mod path;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod validate;

// Groups of options that several commands have.
pub(crate) mod answer;
pub(crate) mod choice_tests;
pub(crate) mod data;
pub(crate) mod grid;
pub(crate) mod many;
pub(crate) mod memory;
pub(crate) mod missing_targets;
pub(crate) mod moments;
pub(crate) mod reading;
pub(crate) mod solver;

// Values of options.
pub(crate) mod convention;
pub(crate) mod input_files;
pub(crate) mod names;
pub(crate) mod numbers;
