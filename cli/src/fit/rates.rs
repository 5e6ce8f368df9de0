//! How fast the machine is taken to be, which decides between strategies and backends.

use ridgepath::gpu::GpuOptions;
use ridgepath::{DeviceRates, Gpu, Rates, Ridge, Shape};

use crate::args::solver::{BackendName, RatesName, SolverArgs};
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::machine::{hardware, kept_rates};

/// Estimated seconds of a task from which a better choice of the strategy is worth a measurement.
const WORTH: f64 = 0.5;

/// The solver with the rates asked for, and in words where they come from.
pub(crate) fn rated(ridge: Ridge, data: &Data, solver: &SolverArgs) -> Result<(Ridge, String)> {
    let shape = ridge.shape(data.x()?, data.y()?);
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
    let wanted = match solver.backend {
        BackendName::Gpu => true,
        BackendName::Auto => ridge.seconds_on_cpu(shape) >= WORTH,
        BackendName::Cpu | BackendName::Reference => false,
    };
    if !wanted || solver.allow_software_gpu || matches!(solver.rates, RatesName::Default) {
        return None;
    }
    // What does not open is told where it is used.
    let options = GpuOptions { allow_software: false, adapter: solver.adapter.clone() };
    let gpu = pollster::block_on(Gpu::open_with(&options)).ok()?;
    let rated = kept_rates::of_gpu(&gpu);
    Some((gpu, rated))
}

/// Rates and in words where they come from, or why there are none.
type Rated = std::result::Result<(DeviceRates, String), String>;
