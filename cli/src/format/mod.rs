//! What is written: answers for people and for programs, and messages beside them.

// How answers are written.
pub(crate) mod json;
pub(crate) mod records;
pub(crate) mod table;

// Numbers and words in answers.
pub(crate) mod number;
pub(crate) mod outcome;
pub(crate) mod words;

// What is said on standard error.
pub(crate) mod choice_notes;
pub(crate) mod choice_tests;
pub(crate) mod choices_notes;
pub(crate) mod many_notes;
pub(crate) mod message;
pub(crate) mod path_notes;
