//! Graphics adapters as JSON.

use ridgepath::DeviceRates;
use ridgepath::gpu::AdapterSummary;
use serde::Serialize;

use crate::format::json::document;
use crate::machine::failure::Result;

#[derive(Serialize)]
struct DevicesDocument<'a> {
    schema: &'static str,
    adapters: Vec<AdapterEntry<'a>>,
    /// The name of the adapter that `--backend auto` takes when a GPU pays.
    auto: Option<&'a str>,
}

#[derive(Serialize)]
struct AdapterEntry<'a> {
    name: &'a str,
    api: &'a str,
    kind: &'a str,
    driver: &'a str,
    software: bool,
    shader_f64: bool,
    limits: LimitsEntry,
    auto: bool,
    /// As measured now; `null` where that was not asked for.
    rates: Option<DeviceRates>,
}

#[derive(Serialize)]
struct LimitsEntry {
    storage_binding: u64,
    buffer: u64,
    workgroups: u32,
    workgroup_storage: u32,
}

/// `auto` is the number of the adapter that `--backend auto` takes.
pub(crate) fn written(
    adapters: &[AdapterSummary],
    auto: Option<usize>,
    rates: &[Option<DeviceRates>],
) -> Result<Vec<u8>> {
    document::written(&document(adapters, auto, rates))
}

fn document<'a>(
    adapters: &'a [AdapterSummary],
    auto: Option<usize>,
    rates: &[Option<DeviceRates>],
) -> DevicesDocument<'a> {
    let all = adapters.iter().zip(rates).enumerate();
    let entries = all.map(|(index, (adapter, rates))| entry(adapter, auto == Some(index), *rates));
    DevicesDocument {
        schema: "ridgepath/devices/1",
        adapters: entries.collect(),
        auto: auto.map(|index| adapters[index].name.as_str()),
    }
}

fn entry(adapter: &AdapterSummary, auto: bool, rates: Option<DeviceRates>) -> AdapterEntry<'_> {
    AdapterEntry {
        name: &adapter.name,
        api: &adapter.api,
        kind: &adapter.kind,
        driver: &adapter.driver,
        software: adapter.software,
        shader_f64: adapter.limits.shader_f64,
        limits: LimitsEntry {
            storage_binding: adapter.limits.storage_binding,
            buffer: adapter.limits.buffer,
            workgroups: adapter.limits.workgroups,
            workgroup_storage: adapter.limits.workgroup_storage,
        },
        auto,
        rates,
    }
}
