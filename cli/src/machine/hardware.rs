//! The machine that this program runs on: system, processor and graphics adapter.

use std::fs;
use std::num::NonZero;
use std::thread;

use ridgepath::gpu::AdapterSummary;
use serde::Serialize;

/// The version of this program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How this program was built: `"release"` or `"debug"`.
pub(crate) const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

#[derive(Serialize)]
pub(crate) struct Machine {
    /// [`VERSION`].
    pub(crate) version: &'static str,
    /// [`BUILD`].
    pub(crate) build: &'static str,
    pub(crate) os: String,
    pub(crate) cpu: String,
    /// Threads that this program may run at once.
    pub(crate) cores: usize,
    pub(crate) adapter: Option<UsedAdapter>,
}

/// The graphics adapter that the GPU backend runs on.
#[derive(Serialize)]
pub(crate) struct UsedAdapter {
    pub(crate) name: String,
    pub(crate) api: String,
    pub(crate) kind: String,
    pub(crate) driver: String,
    pub(crate) software: bool,
    pub(crate) shader_f64: bool,
}

impl Machine {
    pub(crate) fn here(adapter: Option<&AdapterSummary>) -> Self {
        Self {
            version: VERSION,
            build: BUILD,
            os: os(),
            cpu: cpu(),
            cores: cores(),
            adapter: adapter.map(|summary| UsedAdapter {
                name: summary.name.clone(),
                api: summary.api.clone(),
                kind: summary.kind.clone(),
                driver: summary.driver.clone(),
                software: summary.software,
                shader_f64: summary.limits.shader_f64,
            }),
        }
    }
}

/// The operating system with its version.
fn os() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {} {}", std::env::consts::OS, std::env::consts::ARCH, release.trim()).trim().to_owned()
}

/// Threads that may run at once, whatever --threads says.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The processor, as the system names it.
pub(crate) fn cpu() -> String {
    let linux = || {
        let text = fs::read_to_string("/proc/cpuinfo").ok()?;
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let macos = || {
        let asked = std::process::Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
        asked.status.success().then(|| String::from_utf8_lossy(&asked.stdout).trim().to_owned())
    };
    let windows = || std::env::var("PROCESSOR_IDENTIFIER").ok();
    let found = match std::env::consts::OS {
        "linux" => linux(),
        "macos" => macos(),
        "windows" => windows(),
        _ => None,
    };
    found.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".into())
}
