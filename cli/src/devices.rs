//! `ridgepath devices`.

use ridgepath::Gpu;
use ridgepath::gpu::AdapterSummary;
use serde::Serialize;

use crate::args::{DevicesArgs, Format};
use crate::message::Result;
use crate::output;
use crate::{json, text};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    adapters: Vec<Adapter<'a>>,
    /// The name of the one that `--backend auto` takes when a GPU pays.
    auto: Option<&'a str>,
}

#[derive(Serialize)]
struct Adapter<'a> {
    name: &'a str,
    api: &'a str,
    kind: &'a str,
    driver: &'a str,
    software: bool,
    shader_f64: bool,
    limits: Limits,
    auto: bool,
}

#[derive(Serialize)]
struct Limits {
    storage_binding: u64,
    buffer: u64,
    workgroups: u32,
    workgroup_storage: u32,
}

pub(crate) fn run(args: &DevicesArgs) -> Result<()> {
    let adapters = pollster::block_on(Gpu::adapters());
    let auto = adapters.iter().position(|adapter| !adapter.software);
    match args.format {
        Format::Table => output::print(table(&adapters, auto).into_bytes()),
        Format::Json => output::print(json::document(&document(&adapters, auto))?),
    }
}

fn document(adapters: &[AdapterSummary], auto: Option<usize>) -> Document<'_> {
    let entry = |(index, adapter): (usize, &'_ AdapterSummary)| {
        let own = &adapters[index];
        Adapter {
            name: &own.name,
            api: &own.api,
            kind: &own.kind,
            driver: &own.driver,
            software: adapter.software,
            shader_f64: adapter.limits.shader_f64,
            limits: Limits {
                storage_binding: adapter.limits.storage_binding,
                buffer: adapter.limits.buffer,
                workgroups: adapter.limits.workgroups,
                workgroup_storage: adapter.limits.workgroup_storage,
            },
            auto: auto == Some(index),
        }
    };
    Document {
        schema: "ridgepath/devices/1",
        adapters: adapters.iter().enumerate().map(entry).collect(),
        auto: auto.map(|index| adapters[index].name.as_str()),
    }
}

fn table(adapters: &[AdapterSummary], auto: Option<usize>) -> String {
    let chosen = match auto {
        Some(index) => format!("auto takes {}, for single precision and where it pays; else the CPU", adapters[index]),
        None => "auto takes the CPU: there is no GPU, and software adapters are for tests".into(),
    };
    if adapters.is_empty() {
        return format!("no adapter was found\n{chosen}\n");
    }
    let header = ["adapter", "api", "kind", "driver", "binding", "buffer", "workgroups", "shared", "f64"];
    let rows: Vec<Vec<String>> = adapters
        .iter()
        .map(|adapter| {
            vec![
                adapter.name.clone(),
                adapter.api.clone(),
                adapter.kind.clone(),
                adapter.driver.clone(),
                bytes(adapter.limits.storage_binding),
                bytes(adapter.limits.buffer),
                adapter.limits.workgroups.to_string(),
                bytes(adapter.limits.workgroup_storage.into()),
                if adapter.limits.shader_f64 { "yes" } else { "no" }.into(),
            ]
        })
        .collect();
    format!("{}\n{chosen}\n", text::aligned(&header, &rows))
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..0x10_0000 => (1u64 << 10, "KiB"),
        0x10_0000..0x4000_0000 => (1 << 20, "MiB"),
        _ => (1 << 30, "GiB"),
    };
    format!("{:.4} {name}", count as f64 / unit as f64).replace(".0000", "")
}
