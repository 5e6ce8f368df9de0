//! A device that need not be there, from the document that `ridgepath devices --measure` writes.

use std::fs;
use std::path::Path;

use ridgepath::{DeviceRates, Limits};
use serde::Deserialize;

use crate::machine::failure::{Failure, Result};

/// A device by what plans need of it.
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) limits: Limits,
    pub(crate) rates: DeviceRates,
}

#[derive(Deserialize)]
struct DevicesDocument {
    schema: String,
    adapters: Vec<Adapter>,
}

#[derive(Deserialize)]
struct Adapter {
    name: String,
    shader_f64: bool,
    limits: AdapterLimits,
    rates: Option<DeviceRates>,
}

#[derive(Deserialize)]
struct AdapterLimits {
    storage_binding: u64,
    buffer: u64,
    workgroups: u32,
    workgroup_storage: u32,
}

/// The first device of a document that has rates.
pub(crate) fn load(path: &Path) -> Result<Device> {
    let shown = path.display();
    let content = fs::read(path).map_err(|error| Failure::reading(&shown.to_string(), &error))?;
    let wanted = "wanted the answer of 'ridgepath devices --measure --format json'";
    let document: DevicesDocument =
        serde_json::from_slice(&content).map_err(|error| Failure::Input(format!("{shown}: {error}; {wanted}")))?;
    if document.schema != "ridgepath/devices/1" {
        return Err(Failure::Input(format!("{shown}: found schema {:?}, {wanted}", document.schema)));
    }
    let rated = |adapter: Adapter| {
        let AdapterLimits { storage_binding, buffer, workgroups, workgroup_storage } = adapter.limits;
        let limits = Limits { storage_binding, buffer, workgroups, workgroup_storage, shader_f64: adapter.shader_f64 };
        Some(Device { name: adapter.name, limits, rates: adapter.rates? })
    };
    let device = document.adapters.into_iter().find_map(rated);
    let device = device.ok_or_else(|| Failure::Input(format!("{shown}: none of the adapters has rates; {wanted}")))?;
    device.rates.check().map_err(|error| Failure::Input(format!("{shown}: {}: {error}", device.name)))?;
    Ok(device)
}
