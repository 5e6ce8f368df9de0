//! `ridge_moments(y, x1, x2, …)`: an aggregate function for DataFusion, and for all that is built on it, Ballista too.
//!
//! Its value is the moments of a group's rows, as [`ridgepath::Moments::to_bytes`] writes them. From them
//! [`ridgepath::Ridge::fit_moments`] makes a path for each group, and [`ridgepath::CrossValidation::fit_moments`] chooses λ where
//! groups are folds.
//!
//! ```ignore
//! let context = SessionContext::new();
//! context.register_udaf(ridgepath_datafusion::ridge_moments());
//! let rows = context.sql("SELECT shop, ridge_moments(sales, price, holiday) AS moments FROM days GROUP BY shop").await?;
//! ```
//!
//! **Arguments** are the target, then the features, of any numeric type or Boolean; they are read as 64-bit floats. Anything else is
//! refused in planning, by the name of the column.
//!
//! **Rows** with a NULL in any argument are left out, as by the `regr_` functions; the value of no rows is NULL. NaN and infinity are
//! an error that names the column. ORDER BY within the call changes nothing, DISTINCT is refused.
//!
//! **Digits**: DataFusion decides which rows are summed together and in which order their sums are merged. This moves last bits.

mod accumulator;
mod function;
mod groups;
mod layout;
mod state;
mod sums;

use datafusion_expr::AggregateUDF;

/// The function `ridge_moments(y, x1, x2, …)`.
///
/// ```
/// let function = ridgepath_datafusion::ridge_moments();
/// assert_eq!(function.name(), "ridge_moments");
/// ```
#[must_use]
pub fn ridge_moments() -> AggregateUDF {
    ridge_moments_of(1, false)
}

/// A sum over several targets, and of rows that have weights: `(weight, y1, y2, …, x1, x2, …)`. Rows of weight 0 are left out.
///
/// Each is a function with a name of its own, so that all can be registered: `ridge_moments`, `ridge_moments_weighted`,
/// `ridge_moments_2`, `ridge_moments_2_weighted`, and so on.
///
/// # Panics
/// Without a target.
#[must_use]
pub fn ridge_moments_of(targets: usize, weighted: bool) -> AggregateUDF {
    assert!(targets > 0, "targets: found 0, wanted 1 or more");
    AggregateUDF::new_from_impl(function::RidgeMoments::new(targets, weighted))
}
