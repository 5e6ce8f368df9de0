//! Adapters: what there are, in the order of preference, and which may be opened.

use crate::error::{Error, Result};
use crate::plan::Limits;

/// What matters of an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterSummary {
    /// As the driver names it.
    pub name: String,
    /// `"vulkan"`, `"metal"`, `"dx12"` or `"webgpu"`.
    pub api: String,
    /// `"discrete gpu"`, `"integrated gpu"`, `"virtual gpu"`, `"cpu"` or `"other"`.
    pub kind: String,
    /// Driver name and version.
    pub driver: String,
    /// A software adapter, slower than this library's CPU backend; only used when allowed.
    pub software: bool,
    /// The limits that plans are made from.
    pub limits: Limits,
}

/// Which adapter to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GpuOptions {
    /// Whether a software adapter may be, which is slower than the CPU backend.
    pub allow_software: bool,
    /// Its number in [`Gpu::adapters`](crate::Gpu::adapters), or a part of its name, API or kind, in capitals or not, such as
    /// `"nvidia"` or `"vulkan"`; any if `None`. Of several the best.
    pub adapter: Option<String>,
}

impl AdapterSummary {
    pub(crate) fn new(info: &wgpu::AdapterInfo, features: wgpu::Features, limits: &wgpu::Limits) -> Self {
        let kind = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => "discrete gpu",
            wgpu::DeviceType::IntegratedGpu => "integrated gpu",
            wgpu::DeviceType::VirtualGpu => "virtual gpu",
            wgpu::DeviceType::Cpu => "cpu",
            wgpu::DeviceType::Other => "other",
        };
        Self {
            name: info.name.clone(),
            api: format!("{:?}", info.backend).to_lowercase().replace("browserwebgpu", "webgpu"),
            kind: kind.into(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
            software: info.device_type == wgpu::DeviceType::Cpu,
            limits: Limits {
                storage_binding: limits.max_storage_buffer_binding_size,
                buffer: limits.max_buffer_size,
                workgroups: limits.max_compute_workgroups_per_dimension,
                workgroup_storage: limits.max_compute_workgroup_storage_size,
                shader_f64: features.contains(wgpu::Features::SHADER_F64),
            },
        }
    }

    /// Several that share work: names one after another, and the limits that all have.
    pub(crate) fn together(all: &[&Self]) -> Option<Self> {
        let (first, others) = all.split_first()?;
        let mut together = (*first).clone();
        for other in others {
            let (own, limits) = (&mut together.limits, other.limits);
            own.storage_binding = own.storage_binding.min(limits.storage_binding);
            own.buffer = own.buffer.min(limits.buffer);
            own.workgroups = own.workgroups.min(limits.workgroups);
            own.workgroup_storage = own.workgroup_storage.min(limits.workgroup_storage);
            own.shader_f64 &= limits.shader_f64;
            together.software |= other.software;
        }
        let joined = |of: fn(&Self) -> &str| all.iter().map(|own| of(own)).collect::<Vec<_>>().join(" + ");
        together.name = joined(|own| &own.name);
        together.api = joined(|own| &own.api);
        together.kind = joined(|own| &own.kind);
        together.driver = joined(|own| &own.driver);
        Some(together)
    }

    /// Discrete before integrated before virtual before other before software; then those with 64-bit floats in shaders, which
    /// of the APIs of one card only some have; then Metal where Apple made the system, elsewhere Vulkan.
    fn rank(&self) -> impl Ord + use<> {
        let place = |order: &[&str], name: &str| order.iter().position(|own| *own == name).unwrap_or(order.len());
        let kind = place(&["discrete gpu", "integrated gpu", "virtual gpu", "other", "cpu"], &self.kind);
        let apis = if cfg!(target_vendor = "apple") { ["metal", "vulkan"] } else { ["vulkan", "dx12"] };
        (kind, !self.limits.shader_f64, place(&apis, &self.api))
    }
}

impl std::fmt::Display for AdapterSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.api, self.kind)
    }
}

/// How much of the memory that the driver grants may be taken, in per cent: a buffer beyond is an error, on Vulkan and DX12.
/// Without, drivers take more than there is, move it about, and lose the device in the end.
const MEMORY: u8 = 95;

fn new_instance() -> wgpu::Instance {
    let memory = wgpu::MemoryBudgetThresholds { for_resource_creation: Some(MEMORY), for_device_loss: None };
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        memory_budget_thresholds: memory,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

/// One for the life of the process: when the last one goes, drivers are unloaded whose threads and exit handlers may still
/// have work to do in them.
#[cfg(not(target_arch = "wasm32"))]
fn instance() -> &'static wgpu::Instance {
    static INSTANCE: std::sync::OnceLock<wgpu::Instance> = std::sync::OnceLock::new();
    INSTANCE.get_or_init(new_instance)
}

/// A browser's, which belongs to one thread.
#[cfg(target_arch = "wasm32")]
fn instance() -> wgpu::Instance {
    new_instance()
}

/// All there are, best first.
pub(crate) async fn all() -> Vec<(AdapterSummary, wgpu::Adapter)> {
    #[cfg(not(target_arch = "wasm32"))]
    let adapters = instance().enumerate_adapters(wgpu::Backends::PRIMARY).await;
    #[cfg(target_arch = "wasm32")]
    let adapters = {
        let power_preference = wgpu::PowerPreference::HighPerformance;
        let options = wgpu::RequestAdapterOptions { power_preference, ..Default::default() };
        Vec::from_iter(instance().request_adapter(&options).await.ok())
    };
    let summary = |a: &wgpu::Adapter| AdapterSummary::new(&a.get_info(), a.features(), &a.limits());
    let mut found: Vec<_> = adapters.into_iter().map(|adapter| (summary(&adapter), adapter)).collect();
    found.sort_by_cached_key(|(summary, _)| summary.rank());
    found
}

/// Those that may be opened, best first.
pub(crate) fn allowed<A>(found: Vec<(AdapterSummary, A)>, options: &GpuOptions) -> Result<Vec<(AdapterSummary, A)>> {
    let names = |all: &[(AdapterSummary, A)]| {
        let numbered = all.iter().enumerate().map(|(number, (summary, _))| format!("{number}: {summary}"));
        numbered.collect::<Vec<_>>().join("; ")
    };
    let all = names(&found);
    let refused = |reason: String| Err(Error::NoAdapter { reason });
    if found.is_empty() {
        return refused("no adapter was found; a driver for Vulkan, Metal or DX12 is needed".into());
    }
    let number =
        options.adapter.as_ref().and_then(|name| name.parse::<usize>().ok()).filter(|number| *number < found.len());
    let is_meant = |own: usize, summary: &AdapterSummary| match (&options.adapter, number) {
        (None, _) => true,
        (_, Some(number)) => own == number,
        (Some(name), None) => summary.to_string().to_lowercase().contains(&name.to_lowercase()),
    };
    let meant = found.into_iter().enumerate().filter(|(own, (summary, _))| is_meant(*own, summary));
    let meant: Vec<_> = meant.map(|(_, adapter)| adapter).collect();
    if meant.is_empty() {
        return refused(format!(
            "{:?} is in the name of no adapter; there are {all}",
            options.adapter.as_deref().unwrap_or("")
        ));
    }
    let (software, hardware): (Vec<_>, Vec<_>) = meant.into_iter().partition(|(summary, _)| summary.software);
    match (options.allow_software, &options.adapter) {
        (true, _) => Ok(hardware.into_iter().chain(software).collect()),
        (false, _) if !hardware.is_empty() => Ok(hardware),
        (false, None) => refused(format!("only software adapters were found, which are not allowed: {all}")),
        (false, Some(name)) => {
            refused(format!("{name:?} names a software adapter, which is not allowed; there are {all}"))
        }
    }
}

/// The first that opens, and what was against those before it.
pub(crate) async fn first_opened<A, G>(
    adapters: Vec<(AdapterSummary, A)>,
    open: impl AsyncFn(A) -> Result<G, String>,
) -> Result<(G, Vec<String>)> {
    let mut failures = Vec::new();
    for (summary, adapter) in adapters {
        match open(adapter).await {
            Ok(opened) => return Ok((opened, failures)),
            Err(reason) => failures.push(format!("{summary} does not open: {reason}")),
        }
    }
    Err(Error::Device { reason: failures.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::{AdapterSummary, GpuOptions, allowed, first_opened};
    use crate::error::Error;
    use crate::plan::Limits;

    fn made(name: &str, api: &str, kind: &str, shader_f64: bool) -> AdapterSummary {
        let limits = Limits { shader_f64, ..Limits::default() };
        let [name, api, kind, driver] = [name, api, kind, ""].map(String::from);
        AdapterSummary { software: kind == "cpu", name, api, kind, driver, limits }
    }

    fn ranked() -> Vec<(AdapterSummary, usize)> {
        let mut all = vec![
            made("llvmpipe", "vulkan", "cpu", true),
            made("Iris", "dx12", "integrated gpu", false),
            made("Iris", "vulkan", "integrated gpu", false),
            made("GeForce 1", "dx12", "discrete gpu", false),
            made("GeForce 1", "vulkan", "discrete gpu", true),
            made("GeForce 2", "vulkan", "discrete gpu", true),
        ];
        all.sort_by_cached_key(AdapterSummary::rank);
        all.into_iter().zip(0..).collect()
    }

    fn chosen(adapter: Option<&str>, allow_software: bool) -> Result<Vec<usize>, Error> {
        let options = GpuOptions { allow_software, adapter: adapter.map(String::from) };
        allowed(ranked(), &options).map(|all| all.into_iter().map(|(_, number)| number).collect())
    }

    #[test]
    fn the_api_with_more_to_it_is_first_of_one_card_and_software_is_last() {
        let names: Vec<String> = ranked().iter().map(|(summary, _)| summary.to_string()).collect();
        let wanted = [
            "GeForce 1 (vulkan, discrete gpu)",
            "GeForce 2 (vulkan, discrete gpu)",
            "GeForce 1 (dx12, discrete gpu)",
            "Iris (vulkan, integrated gpu)",
            "Iris (dx12, integrated gpu)",
            "llvmpipe (vulkan, cpu)",
        ];
        assert_eq!(names, wanted);
    }

    #[test]
    fn adapters_are_chosen_by_a_part_of_their_name_or_by_number() {
        assert_eq!(chosen(None, true), Ok(vec![0, 1, 2, 3, 4, 5]));
        assert_eq!(chosen(None, false), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(chosen(Some("geforce"), false), Ok(vec![0, 1, 2]));
        assert_eq!(chosen(Some("DX12"), false), Ok(vec![2, 4]));
        assert_eq!(chosen(Some("2"), false), Ok(vec![2]), "the third of the list, not GeForce 2");
        assert_eq!(chosen(Some("geforce 2"), false), Ok(vec![1]));
        assert_eq!(chosen(Some("llvm"), true), Ok(vec![5]));
    }

    #[test]
    fn what_may_not_be_opened_is_refused_with_what_there_is() {
        for (adapter, parts) in [
            ("radeon", "\"radeon\" is in the name of no adapter"),
            ("6", "\"6\""),
            ("5", "software"),
            ("LLVM", "software"),
        ] {
            let error = chosen(Some(adapter), false).unwrap_err();
            assert!(matches!(error, Error::NoAdapter { .. }));
            assert!(error.to_string().contains(parts) && error.to_string().contains("5: llvmpipe"), "{error}");
        }
        let none = allowed(Vec::<(AdapterSummary, ())>::new(), &GpuOptions::default()).unwrap_err();
        assert!(none.to_string().contains("no adapter was found"), "{none}");
    }

    #[test]
    fn an_adapter_that_does_not_open_is_told_and_the_next_is_opened() {
        let open = |least: usize| {
            let open = async move |number: usize| if number < least { Err("no memory".into()) } else { Ok(number) };
            pollster::block_on(first_opened(ranked(), open))
        };
        assert_eq!(open(0), Ok((0, vec![])));
        let told = |name: &str| format!("{name} (vulkan, discrete gpu) does not open: no memory");
        assert_eq!(open(2), Ok((2, vec![told("GeForce 1"), told("GeForce 2")])));
        let error = open(6).unwrap_err().to_string();
        assert!(
            error.contains(&told("GeForce 1")) && error.contains("llvmpipe (vulkan, cpu) does not open"),
            "{error}"
        );
    }
}
