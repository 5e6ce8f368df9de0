//! Graphics adapters as a table for people.

use ridgepath::DeviceRates;
use ridgepath::gpu::AdapterSummary;

use crate::format::number::bytes;
use crate::format::table::columns::aligned;

/// `auto` is the number of the adapter that `--backend auto` takes.
pub(crate) fn written(adapters: &[AdapterSummary], auto: Option<usize>, rates: &[Option<DeviceRates>]) -> String {
    let chosen = match auto {
        Some(index) => format!("auto takes {}, for single precision and where it pays; else the CPU", adapters[index]),
        None => "auto takes the CPU: there is no GPU, and software adapters are for tests".into(),
    };
    if adapters.is_empty() {
        return format!("no adapter was found\n{chosen}\n");
    }
    let header = ["number", "adapter", "api", "kind", "driver", "binding", "buffer", "workgroups", "shared", "f64"];
    let rows: Vec<Vec<String>> = adapters
        .iter()
        .enumerate()
        .map(|(number, adapter)| {
            vec![
                number.to_string(),
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
    let measured = rates.iter().enumerate().filter_map(|(number, rates)| Some(format!("{number}: {}\n", (*rates)?)));
    format!("{}\n{}{chosen}\n", aligned(&header, &rows), measured.collect::<String>())
}
