//! `ridgepath devices`.

use ridgepath::Gpu;

use crate::args::answer::Format;
use crate::args::devices::DevicesArgs;
use crate::format::{json, table};
use crate::machine::failure::Result;
use crate::machine::output;

pub(crate) fn run(args: &DevicesArgs) -> Result<()> {
    let adapters = pollster::block_on(Gpu::adapters());
    let auto = adapters.iter().position(|adapter| !adapter.software);
    match args.format {
        Format::Table => output::print(table::devices::written(&adapters, auto).into_bytes()),
        Format::Json => output::print(json::devices::written(&adapters, auto)?),
    }
}
