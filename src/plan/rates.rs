//! How fast a CPU is at the work that strategies differ in.

use std::fmt;

use crate::error::{Error, Result};
use crate::math::resolvent::{SKINNY, worthwhile};
use crate::model::method::{Form, Strategy};

/// Seconds that a reduction of any size takes.
const START: f64 = 1e-5;
/// Seconds by which a λ of any size takes longer where it is factored.
const EACH: f64 = 3e-6;
/// Seconds by which each target of a λ takes longer where it is factored.
const ANSWER: f64 = 6e-8;
/// For how many λs most spectra are solved where there are more.
const NODES: usize = 40;
/// Nodes where their range is not known yet: enough for shifts down to 1e-5 of the largest eigenvalue.
pub(crate) const FACTORED_NODES: usize = 56;
/// λs from which nodes pay: three quarters of them are as many.
pub(crate) const NODES_PAY: usize = FACTORED_NODES / 3 * 4;

/// What estimated times count with: floating-point operations a second of one core in double precision, and how many cores.
///
/// The default is that of a server of the 2020s with four cores, as measured of orders from 200 to 1000. The bits
/// of an answer depend on the strategy that the rates lead to, and not on the rates.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Rates {
    /// The rate of a Cholesky factorization, n³/3 operations.
    pub factor: f64,
    /// The rate of forward and back substitution of many right-hand sides, 2n² each.
    pub substitute: f64,
    /// The rate of the reduction to tridiagonal form, 4/3·n³, which takes one core.
    pub reduce: f64,
    /// The rate of products with what a reduction leaves, 2n² a column.
    pub product: f64,
    /// How many cores there are, whatever the number of threads.
    pub cores: usize,
}

/// What times depend on: the order of the equations, n, t and k.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) order: usize,
    pub(crate) features: usize,
    pub(crate) targets: usize,
    pub(crate) penalties: usize,
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

    /// The strategy that takes less time for equations of this form and these sizes.
    pub(crate) fn cheaper(&self, form: Form, sizes: Sizes) -> Strategy {
        let seconds = |strategy: Strategy| self.seconds(strategy, form, sizes);
        // One λ never pays for a reduction.
        let spectral = (sizes.penalties > 1).then_some(Strategy::Spectral);
        let nodes = (sizes.penalties >= NODES_PAY).then_some(Strategy::Nodes);
        let others = spectral.into_iter().chain(nodes);
        others.fold(Strategy::Cholesky, |best, other| if seconds(other) < seconds(best) { other } else { best })
    }

    /// About how long the λs take on a CPU, without the matrix of the equations and the residuals; in the dual form with the
    /// coefficients.
    pub(crate) fn seconds(&self, strategy: Strategy, form: Form, sizes: Sizes) -> f64 {
        let coefficients = match form {
            Form::Primal => 0.0,
            Form::Dual => sizes.flops_of_coefficients(strategy) / (self.product * self.cores as f64),
        };
        coefficients + self.seconds_of_equations(strategy, form, sizes)
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn seconds_of_equations(&self, strategy: Strategy, form: Form, sizes: Sizes) -> f64 {
        let Self { factor, substitute, reduce, product, cores } = *self;
        let Sizes { order, targets, penalties, .. } = sizes;
        let [n, t, k, cores] = [order, targets, penalties, cores].map(|size| size as f64);
        match strategy {
            // Three more right-hand sides estimate the condition number; a λ takes one core.
            Strategy::Cholesky => {
                let one = EACH + t * ANSWER + n.powi(3) / (3.0 * factor) + 2.0 * (t + 3.0) * n * n / substitute;
                k * one / cores.min(k).max(1.0)
            }
            Strategy::Nodes => {
                let penalties = penalties.min(FACTORED_NODES);
                let nodes = self.seconds_of_equations(Strategy::Cholesky, form, Sizes { penalties, ..sizes });
                nodes + 2.0 * k * penalties as f64 * t * n / (SKINNY * product * cores)
            }
            Strategy::Spectral => {
                // Products with Q; in the primal form sums of what they give for a few λs where there are many.
                let columns = match form == Form::Primal && NODES < worthwhile(order, penalties) {
                    true => NODES as f64 * (1.0 + k / (SKINNY * n)),
                    false => k,
                };
                // Once for the right-hand sides.
                START + 4.0 / 3.0 * n.powi(3) / reduce + 2.0 * (1.0 + columns / cores) * t * n * n / product
            }
        }
    }
}

impl Sizes {
    /// Operations of the coefficients of the dual form, w = D⁻¹Xᵀβ for each λ, or for the nodes, of which the others are sums.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(crate) fn flops_of_coefficients(self, strategy: Strategy) -> f64 {
        let Self { order, features, targets, penalties } = self;
        let [m, n, t, k] = [order, features, targets, penalties].map(|size| size as f64);
        match strategy {
            Strategy::Nodes => {
                let nodes = penalties.min(FACTORED_NODES) as f64;
                2.0 * nodes * t * n * (m + k / SKINNY)
            }
            Strategy::Cholesky | Strategy::Spectral => 2.0 * k * t * n * m,
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
