//! Answers as JSON documents.

// What they have in common.
pub(crate) mod choice_tests;
pub(crate) mod document;
pub(crate) mod lambda_entry;
pub(crate) mod layout;

// One file for each document.
pub(crate) mod choices;
pub(crate) mod cv;
pub(crate) mod devices;
pub(crate) mod many;
pub(crate) mod model;
pub(crate) mod path;
pub(crate) mod plan;
pub(crate) mod validate;
