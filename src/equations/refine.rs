//! Corrections of an answer until its error, not only its residual, is that of rounding: for equations that are known to
//! twice the digits (iterative refinement; Higham 2002, ch. 12; Demmel et al. 2006, whose bound on the error this is).

use nalgebra::DMatrix;

use crate::equations::normal::NormalEquations;
use crate::equations::residual::{Fit, Residual, residuals};
use crate::math::extended::two_sum;
use crate::model::method::Form;

/// Corrections after which an answer that has not converged takes another route.
pub(crate) const MOST_STEPS: u32 = 12;
/// A correction that is not smaller than the one before by this does not converge.
pub(crate) const RATE: f64 = 0.5;

/// How the corrections of one target shrink.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// ‖d‖ / ‖w‖ of the last correction d; 1 before the first.
    size: f64,
    /// What is left of the error, relative to w.
    pub(crate) error: f64,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { size: 1.0, error: f64::INFINITY }
    }

    /// After a correction of norm `d` that leaves weights of norm `w`; `floor` is the least factor by which one correction
    /// shrinks the error, κ times the rounding unit of the factors. False when the corrections do not shrink.
    pub(crate) fn step(&mut self, d: f64, w: f64, floor: f64) -> bool {
        let size = if d == 0.0 { 0.0 } else { d / w };
        let rate = (size / self.size).max(floor.min(RATE));
        self.error = size * rate / (1.0 - rate);
        // NaN, which the largest of two numbers passes over, does not shrink.
        let shrinks = size == 0.0 || (rate <= RATE && size.is_finite());
        self.size = size;
        shrinks
    }

    /// Whether another correction would tell nothing more.
    pub(crate) fn converged(&self, tolerance: f64) -> bool {
        self.error <= tolerance
    }
}

/// The relative error from which another correction would be lost in rounding, or in what the equations themselves lack. In
/// the dual form Xᵀβ may cancel by as much as √κ, and β is held in two doubles.
pub(crate) fn tolerance(normal: &NormalEquations, condition: f64) -> f64 {
    let lost = normal.exact.as_ref().map_or(0.0, |exact| condition * exact.lost(normal.features()));
    let rounding = f64::EPSILON / 4.0;
    lost.max(if normal.form == Form::Dual { rounding / condition.sqrt() } else { rounding })
}

/// Weights that no correction changes any more.
pub(crate) struct Refined {
    /// n × t
    pub(crate) values: DMatrix<f64>,
    /// The digits of `values` beyond one double.
    pub(crate) low: DMatrix<f64>,
    /// A bound on the relative error that each target is left with, but for the rounding of its values.
    pub(crate) errors: Vec<f64>,
}

/// What corrections that came to rest leave of each target's error: what their sizes tell, and what the equations lack.
pub(crate) fn errors(normal: &NormalEquations, condition: f64, progress: &[Progress], fits: &[Fit]) -> Vec<f64> {
    let lost = normal.exact.as_ref().map_or(0.0, |exact| condition * exact.lost(normal.features()));
    let bound = |(progress, fit): (&Progress, &Fit)| match fit.size {
        0.0 => 0.0,
        _ => 2.0 * progress.error + lost * (1.0 + fit.cancelled),
    };
    progress.iter().zip(fits).map(bound).collect()
}

/// Corrects weights (n × t) of λ number k, of this condition number, with a solver that overwrites right-hand sides; `floor` as
/// in [`Progress::step`]. `None` when the corrections do not converge.
pub(crate) fn refine(
    normal: &NormalEquations,
    k: usize,
    weights: &DMatrix<f64>,
    condition: f64,
    floor: f64,
    solve: impl Fn(&mut DMatrix<f64>),
) -> Option<Refined> {
    let tolerance = tolerance(normal, condition);
    if normal.exact.is_none() || !(tolerance < RATE) {
        return None;
    }
    let mut values = weights.clone();
    let mut low = DMatrix::zeros(values.nrows(), values.ncols());
    let mut progress = vec![Progress::new(); values.ncols()];
    for _ in 0..MOST_STEPS {
        let Residual { r, fits } = residuals(normal, &[(k, &values, Some(&low))]).pop()?;
        let mut d = r.clone();
        solve(&mut d);
        // Whoever solves Ad = r has ‖r‖ ≤ ‖A‖·‖d‖: a small d that does not is none of rest. Written so that NaN fails.
        let most = 2.0 * normal.norm(k);
        if !r.column_iter().zip(d.column_iter()).all(|(r, d)| r.norm() <= most * d.norm()) {
            return None;
        }
        add(&mut values, &mut low, &d);
        let shrinks = progress.iter_mut().enumerate().all(|(target, progress)| {
            progress.converged(tolerance) || progress.step(d.column(target).norm(), values.column(target).norm(), floor)
        });
        if !shrinks {
            return None;
        }
        if progress.iter().all(|progress| progress.converged(tolerance)) {
            return Some(Refined { values, low, errors: errors(normal, condition, &progress, &fits) });
        }
    }
    None
}

/// values + low += d.
pub(crate) fn add(values: &mut DMatrix<f64>, low: &mut DMatrix<f64>, d: &DMatrix<f64>) {
    for ((value, low), d) in values.iter_mut().zip(low.iter_mut()).zip(d.iter()) {
        let (sum, lost) = two_sum(*value, *d);
        (*value, *low) = two_sum(sum, lost + *low);
    }
}
