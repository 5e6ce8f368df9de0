//! The command line of `ridgepath devices`.

use crate::args::answer::Format;

#[derive(clap::Args, Debug)]
pub(crate) struct DevicesArgs {
    /// Measure how fast each is, software adapters too: for 'ridgepath plan --device-rates'
    #[arg(long)]
    pub(crate) measure: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}
