//! How fast a CPU is at the work that strategies differ in.

use std::fmt;

use crate::error::{Error, Result};

/// What estimated times count with: floating-point operations a second of one core in double precision, and how many cores.
///
/// The default is that of a server of the 2020s with four cores, as measured of orders from 200 to 1000. An answer has the
/// same bits for all rates that lead to the same strategy.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Rates {
    /// Of a Cholesky factorization, n³/3 operations.
    pub factor: f64,
    /// Of forward and back substitution of many right-hand sides, 2n² each.
    pub substitute: f64,
    /// Of the reduction to tridiagonal form, 4/3·n³, which takes one core.
    pub reduce: f64,
    /// Of products with what a reduction leaves, 2n² a column.
    pub product: f64,
    /// How many cores there are, whatever the number of threads.
    pub cores: usize,
}

impl Default for Rates {
    fn default() -> Self {
        Self { factor: 2e10, substitute: 1.5e10, reduce: 2e10, product: 3e10, cores: 4 }
    }
}

impl Rates {
    /// Finds numbers that no machine has.
    ///
    /// # Errors
    /// [`Error::InvalidRate`] for one that is not finite and positive.
    pub fn check(&self) -> Result<()> {
        let Self { factor, substitute, reduce, product, cores } = *self;
        let cores = f64::from(u32::try_from(cores).unwrap_or(u32::MAX));
        let all = [factor, substitute, reduce, product, cores];
        let names = ["factor", "substitute", "reduce", "product", "cores"];
        match names.into_iter().zip(all).find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            Some((name, value)) => Err(Error::InvalidRate { name, value }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { factor, substitute, reduce, product, cores } = self;
        let operations = "floating-point operations a second of a core";
        write!(f, "factor {factor:.1e}, substitute {substitute:.1e}, reduce {reduce:.1e}, product {product:.1e} ")?;
        write!(f, "{operations}; {cores} {}", if *cores == 1 { "core" } else { "cores" })
    }
}
