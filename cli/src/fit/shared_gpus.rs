//! Several GPUs that share the work.

use ridgepath::gpu::GpuOptions;
use ridgepath::{DeviceRates, Error, Gpu};

use crate::machine::kept_rates;

/// Where no rates are known: all as fast as each other.
const ALIKE: DeviceRates =
    DeviceRates { single: 1.0, double: 1.0, dot4: 1.0, upload: 1.0, download: 1.0, dispatch: 1.0, round_trip: 1.0 };

/// GPUs with the rates by which they share.
pub(crate) struct Shared {
    pub(crate) devices: Vec<(Gpu, DeviceRates)>,
    /// What they do together, where that is known of all; not of software adapters, which are for tests.
    pub(crate) together: Option<DeviceRates>,
    /// In words, where the rates come from.
    pub(crate) origin: String,
}

/// Opens the adapters of these names; `measured` says whether their rates are asked for. The first that does not open is the error.
pub(crate) fn opened(names: &[String], allow_software: bool, measured: bool) -> Result<Shared, (String, Error)> {
    let open = |name: &String| {
        let options = GpuOptions { allow_software, adapter: Some(name.clone()) };
        pollster::block_on(Gpu::open_with(&options)).map_err(|error| (name.clone(), error))
    };
    let gpus = names.iter().map(open).collect::<Result<Vec<Gpu>, _>>()?;
    let rated: Result<Vec<(DeviceRates, String)>, String> = match measured {
        true => gpus.iter().map(kept_rates::of_gpu).collect(),
        false => Err("constants, as asked for".into()),
    };
    let hardware = gpus.iter().all(|gpu| !gpu.adapter().software);
    let (rates, together, origin) = match rated {
        Ok(rated) => {
            let (rates, origins): (Vec<DeviceRates>, Vec<String>) = rated.into_iter().unzip();
            let together = DeviceRates::together(&rates).filter(|_| hardware);
            (rates, together, origins.join(", and "))
        }
        Err(reason) => (vec![ALIKE; gpus.len()], None, format!("alike: {reason}")),
    };
    Ok(Shared { devices: gpus.into_iter().zip(rates).collect(), together, origin })
}
