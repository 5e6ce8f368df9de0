//! How far each figure may be off: the one table, which docs/figures.md has in words.
//!
//! Three principles. Coefficients are promised to the last digits whatever the condition number κ, since the equations are formed in
//! twice the digits. Any other figure may be off by what a change of the rows by [`ROWS`] (of each column's norm) makes of it. And
//! a figure that is read from others, rounded to doubles, inherits what those may be off by.
//!
//! κ is that of G + shift·D with its columns scaled to a diagonal of 1, so no unit of a column counts.

use crate::big::Big;

/// A relative change of the rows, normwise by columns, that no figure has to tell: a few roundings of each of a few rows.
pub(crate) const ROWS: f64 = 16.0 * f64::EPSILON;

/// The same for what comes from a decomposition of the rows, whose backward error has a constant of its own.
pub(crate) const DECOMPOSED: f64 = 64.0 * f64::EPSILON;

/// What arithmetic on numbers at hand costs: sums of a dozen terms.
pub(crate) const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// A bound is a bound; but its units are the powers of two that bring the diagonal into [1, 8), which cannot be seen from outside.
pub(crate) const BOUND: f64 = 3.0;

/// From here on a bound on a relative error, which is of the first order, bounds nothing.
pub(crate) const CERTAIN: f64 = 0.1;

/// Corrections are promised to converge below this κ of about 1e14, with a margin for its estimate.
pub(crate) const CORRECTED: f64 = 1e13;

/// A figure of a smaller κ is ordinary: to call it unknown is a report.
pub(crate) const ORDINARY: f64 = 1e6;

/// The part of y's deviation by which an intercept in single precision may be off, whatever the offset of X: beyond it double
/// precision answers.
pub(crate) const SINGLE_INTERCEPT: f64 = 0.1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    Double,
    Single,
}

/// Sizes of a problem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) m: f64,
    pub(crate) n: f64,
    /// λs times targets.
    pub(crate) kt: f64,
}

/// The relative error that a decomposition of the rows leaves of what it is read for: singular values σ change by σ₁·eps, and
/// σ²/(σ² + shift) and shift/(σ² + shift), relatively, by √κ times that at most.
pub(crate) fn decomposed(condition: f64) -> f64 {
    DECOMPOSED * (1.0 + condition.sqrt())
}

/// ‖w − w*‖ of the coefficients, in units that give the matrix a diagonal of 1; `w` is ‖w*‖ and `y` is ‖y‖ in these units.
/// `None` where nothing is promised but the bound that comes with them.
pub(crate) fn coefficients(digits: Digits, sizes: Sizes, condition: f64, w: &Big, y: &Big) -> Option<Big> {
    let own = sizes.n + sizes.m.sqrt() + 8.0;
    // c = Xᵀy is rounded in units of ‖y‖.
    let plain = |epsilon: f64| (w + &(y * &Big::of(sizes.n.sqrt()))) * Big::of(epsilon * own * condition);
    match digits {
        // docs/limits.md: 1e-7·n·κ, and u·(1 + v)·κ in the documentation of the bound.
        Digits::Single => (condition < 1e8).then(|| plain(f64::from(f32::EPSILON))),
        Digits::Double if condition > CORRECTED => None,
        Digits::Double => {
            // Rounding of w, and what 100 bits of G and c leave.
            let corrected = w * &Big::of(ROWS) + y * &Big::of(sizes.n * condition * 2f64.powi(-96));
            // docs/limits.md: below this κ the equations have 53 bits.
            let first = (1e-4 * (sizes.m + 10.0 * sizes.kt) * sizes.n.powi(2)).min(1e8);
            Some(if condition < first { corrected + plain(f64::EPSILON) } else { corrected })
        }
    }
}

/// The range of a residual sum of squares whose residuals are off by a vector of this norm.
pub(crate) fn squares(rss: &Big, off: &Big) -> Big {
    (rss.sqrt() * Big::of(2.0) + off.clone()) * off.clone() + rss * &Big::of(ROUNDING)
}
