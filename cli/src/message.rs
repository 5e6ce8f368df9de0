//! What is said on standard error, and how the program ends.

use std::io::{self, Write};

/// Why a command did not finish.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong arguments or input: exit code 2.
    Input(String),
    /// The device, or writing the answer: exit code 1.
    Other(String),
    /// The answer is written, and has no coefficients: exit code 3.
    NoAnswer,
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
            Self::NoAnswer | Self::ClosedPipe => self,
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
    let spaced: String = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    let _ = writeln!(io::stderr(), "ridgepath: {what}: {}", escaped(&spaced));
}

/// The text with what cannot be seen, or turns what can be, written as `\u{…}`: control characters, which could steer a
/// terminal and have no place in XML, marks of direction, and characters of no width.
pub(crate) fn escaped(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}
