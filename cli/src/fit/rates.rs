//! How fast the machine is taken to be, which decides between strategies and backends.

use ridgepath::{Rates, Ridge, Shape};

use crate::args::solver::RatesName;
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::machine::{hardware, kept_rates};

/// Estimated seconds of a task from which a better choice of the strategy is worth a measurement.
const WORTH: f64 = 0.5;

/// The solver with the rates asked for, and in words where they come from.
pub(crate) fn rated(ridge: Ridge, data: &Data, name: RatesName) -> Result<(Ridge, String)> {
    let shape = ridge.shape(data.x()?, data.y()?);
    Ok(rated_for(ridge, shape, name))
}

/// The same for a task of which only the sizes are known.
pub(crate) fn rated_for(ridge: Ridge, shape: Shape, name: RatesName) -> (Ridge, String) {
    let constants = Rates { cores: hardware::cores(), ..Rates::default() };
    let (rates, origin) = match name {
        RatesName::Default => (Rates::default(), "constants, as asked for".into()),
        RatesName::Auto if ridge.clone().rates(constants).seconds_on_cpu(shape) < WORTH => {
            (constants, format!("constants: by these the task takes less than {WORTH} s"))
        }
        RatesName::Auto | RatesName::Measured => {
            kept_rates::kept_or_measured().unwrap_or_else(|reason| (constants, format!("constants: {reason}")))
        }
    };
    (ridge.rates(rates), origin)
}
