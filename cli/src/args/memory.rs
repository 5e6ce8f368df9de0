//! Rows that are not held.

use crate::args::numbers;

/// Whether rows are summed as they come.
#[derive(clap::Args, Debug)]
pub(crate) struct MemoryArgs {
    /// Sum the rows as they come, in memory that does not grow with them, of so many bytes at the most; K, M and G stand for 2¹⁰, 2²⁰
    /// and 2³⁰, a B may follow. The rows themselves are not held, so that what needs them is refused
    #[arg(long, value_name = "BYTES", value_parser = numbers::bytes)]
    pub(crate) memory: Option<u64>,
}

impl MemoryArgs {
    /// Refuses the option beside what needs the rows.
    pub(crate) fn check_alone(&self, beside: &str) -> Result<(), String> {
        match self.memory {
            Some(_) => Err(format!("--memory and {beside} do not go together: they need the rows themselves")),
            None => Ok(()),
        }
    }
}
