//! `ridgepath devices`.

use ridgepath::gpu::GpuOptions;
use ridgepath::{DeviceRates, Gpu};

use crate::args::answer::Format;
use crate::args::devices::DevicesArgs;
use crate::format::{json, table};
use crate::machine::failure::Result;
use crate::machine::output;

pub(crate) fn run(args: &DevicesArgs) -> Result<()> {
    let adapters = pollster::block_on(Gpu::adapters());
    let auto = adapters.iter().position(|adapter| !adapter.software);
    let measured = (0..adapters.len()).map(|number| if args.measure { measured(number).map(Some) } else { Ok(None) });
    let rates = measured.collect::<Result<Vec<Option<DeviceRates>>>>()?;
    match args.format {
        Format::Table => output::print(table::devices::written(&adapters, auto, &rates).into_bytes()),
        Format::Json => output::print(json::devices::written(&adapters, auto, &rates)?),
    }
}

/// How fast an adapter is, by its number.
fn measured(number: usize) -> Result<DeviceRates> {
    let options = GpuOptions { allow_software: true, adapter: Some(number.to_string()) };
    let gpu = pollster::block_on(Gpu::open_with(&options))?;
    Ok(pollster::block_on(DeviceRates::measure(&gpu))?)
}
