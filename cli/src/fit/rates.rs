//! How fast the machine is taken to be, which decides between strategies and backends.

use ridgepath::gpu::GpuOptions;
use ridgepath::{DeviceRates, Gpu, Rates, Ridge, Shape};

use crate::fit::shared_gpus::{self, Shared};

use crate::args::solver::{BackendName, RatesName, SolverArgs};
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::machine::{hardware, kept_rates};

/// Estimated seconds of a task from which a better choice of the strategy is worth a measurement.
const WORTH: f64 = 0.5;

/// The solver with the rates asked for, and in words where they come from.
pub(crate) fn rated(ridge: Ridge, data: &Data, solver: &SolverArgs) -> Result<(Ridge, String)> {
    let shape = data.shape(&ridge)?;
    Ok(rated_for(ridge, shape, solver))
}

/// The solver with the rates asked for, of a task of which only the sizes are known.
pub(crate) fn rated_for(ridge: Ridge, shape: Shape, solver: &SolverArgs) -> (Ridge, String) {
    let constants = Rates { cores: hardware::cores(), ..Rates::default() };
    let (rates, origin) = match solver.rates {
        RatesName::Default => (Rates::default(), "constants, as asked for".into()),
        RatesName::Auto if ridge.clone().rates(constants).seconds_on_cpu(shape) < WORTH => {
            (constants, format!("constants: by these the task takes less than {WORTH} s"))
        }
        RatesName::Auto | RatesName::Measured => {
            kept_rates::of_cpu().unwrap_or_else(|reason| (constants, format!("constants: {reason}")))
        }
    };
    let ridge = ridge.rates(rates);
    if let [_, _, ..] = &solver.adapter[..] {
        return shared_by(ridge, origin, shape, solver);
    }
    match of_gpu(&ridge, shape, solver) {
        Some((gpu, Ok((rates, of_gpu)))) => {
            (ridge.gpu(gpu).device_rates(rates), format!("{origin}; of the GPU {of_gpu}"))
        }
        Some((gpu, Err(reason))) => (ridge.gpu(gpu), format!("{origin}; of the GPU none: {reason}")),
        None => (ridge, origin),
    }
}

/// The GPU that a task may go to, with its rates or why there are none; `None` where it goes to none, or rates are not asked for:
/// software adapters are for tests.
fn of_gpu(ridge: &Ridge, shape: Shape, solver: &SolverArgs) -> Option<(Gpu, Rated)> {
    if !wanted(ridge, shape, solver) || solver.allow_software_gpu || matches!(solver.rates, RatesName::Default) {
        return None;
    }
    // What does not open is told where it is used.
    let options = GpuOptions { allow_software: false, adapter: solver.adapter.first().cloned() };
    let gpu = pollster::block_on(Gpu::open_with(&options)).ok()?;
    let rated = kept_rates::of_gpu(&gpu);
    Some((gpu, rated))
}

/// Whether a task may go to a GPU whose rates are worth knowing.
fn wanted(ridge: &Ridge, shape: Shape, solver: &SolverArgs) -> bool {
    match solver.backend {
        BackendName::Gpu => true,
        BackendName::Auto => ridge.seconds_on_cpu(shape) >= WORTH,
        BackendName::Cpu | BackendName::Reference => false,
    }
}

/// The solver with the GPUs that share a task that may go to them, and in words where the rates come from; a small one is for the first
/// alone.
fn shared_by(ridge: Ridge, origin: String, shape: Shape, solver: &SolverArgs) -> (Ridge, String) {
    if !wanted(&ridge, shape, solver) {
        return (ridge, origin);
    }
    // As the library has it: software is not taken unasked.
    let allow_software = solver.allow_software_gpu && matches!(solver.backend, BackendName::Gpu);
    let measured = !matches!(solver.rates, RatesName::Default);
    match shared_gpus::opened(&solver.adapter, allow_software, measured) {
        Ok(Shared { devices, together, origin: of_gpus }) => {
            let ridge = together.into_iter().fold(ridge.gpus(devices), Ridge::device_rates);
            (ridge, format!("{origin}; of the GPUs {of_gpus}"))
        }
        // What does not open is told where it is used.
        Err((name, error)) => (ridge.adapter(name), format!("{origin}; of the GPUs none: {error}")),
    }
}

/// Rates and in words where they come from, or why there are none.
type Rated = std::result::Result<(DeviceRates, String), String>;
