//! What is said on standard error, and how the program ends.

use std::io::{self, Write};

/// Why a command did not finish.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong arguments or input: exit code 2.
    Input(String),
    /// The device, or writing the answer: exit code 1.
    Other(String),
    /// Whoever read the answer wants no more of it: a quiet end.
    ClosedPipe,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn writing(what: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Other(format!("cannot write {what}: {error}")),
        }
    }

    /// The same with words before it, where there are any.
    pub(crate) fn after(self, words: &str) -> Self {
        match self {
            Self::Input(text) => Self::Input(format!("{words}: {text}")),
            Self::Other(text) => Self::Other(format!("{words}: {text}")),
            Self::ClosedPipe => Self::ClosedPipe,
        }
    }

    pub(crate) fn reading(what: &str, error: &io::Error) -> Self {
        Self::Input(format!("cannot read {what}: {error}"))
    }
}

impl From<ridgepath::Error> for Failure {
    fn from(error: ridgepath::Error) -> Self {
        match error.is_device() {
            true => Self::Other(error.to_string()),
            false => Self::Input(error.to_string()),
        }
    }
}

pub(crate) fn note(text: &str) {
    say("note", text);
}

pub(crate) fn error(text: &str) {
    say("error", text);
}

/// One line, whatever a driver or a file name holds. A closed standard error is nothing to stop for.
fn say(what: &str, text: &str) {
    let line = without_controls(text, ' ');
    let _ = writeln!(io::stderr(), "ridgepath: {what}: {line}");
}

/// The text with its control characters replaced: they could steer a terminal, and XML has no way to write most of them.
pub(crate) fn without_controls(text: &str, replacement: char) -> String {
    let kept = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if kept(c) { c } else { replacement }).collect()
}
