//! How a command fails, and with which exit code.

use std::io;
use std::process::ExitCode;

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
    /// The failure of writing to `what`.
    pub(crate) fn writing(what: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Other(format!("cannot write {what}: {error}")),
        }
    }

    /// This failure with words before its text, where it has one.
    pub(crate) fn after(self, words: &str) -> Self {
        match self {
            Self::Input(text) => Self::Input(format!("{words}: {text}")),
            Self::Other(text) => Self::Other(format!("{words}: {text}")),
            Self::NoAnswer | Self::ClosedPipe => self,
        }
    }

    /// The failure of reading from `what`.
    pub(crate) fn reading(what: &str, error: &io::Error) -> Self {
        Self::Input(format!("cannot read {what}: {error}"))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Other(_) => ExitCode::FAILURE,
            Self::NoAnswer => ExitCode::from(3),
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }

    /// What the user is told; a closed pipe says nothing.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Input(text) | Self::Other(text) => Some(text),
            Self::NoAnswer => Some("no λ has an answer"),
            Self::ClosedPipe => None,
        }
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
