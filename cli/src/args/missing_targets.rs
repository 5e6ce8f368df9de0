//! What becomes of rows in which a target has no value.

use clap::ValueEnum;

/// The option of the commands that can leave rows out for a target.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum MissingTargets {
    /// The cell is named, and nothing is fitted
    #[default]
    Refuse,
    /// The row does not count for that target
    Skip,
}
