//! Messages on standard error.

use std::io::{self, Write};

use crate::format::words::escaped;

pub(crate) fn note(text: &str) {
    say("note", text);
}

pub(crate) fn error(text: &str) {
    say("error", text);
}

/// One line, whatever a driver or a file name holds. A closed standard error is nothing to stop for.
fn say(what: &str, text: &str) {
    let spaced: String = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    let _ = writeln!(io::stderr(), "ridgepath: {what}: {}", escaped(&spaced));
}
