//! Corrections of an answer until its error, not only its residual, is that of rounding: for equations that are known to
//! twice the digits (iterative refinement; Higham 2002, ch. 12; Demmel et al. 2006, whose bound on the error this is).

use nalgebra::DMatrix;

use crate::normal::NormalEquations;
use crate::residual::residuals;

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
        let shrinks = size == 0.0 || rate <= RATE;
        self.size = size;
        shrinks
    }

    /// Whether another correction would be lost in rounding, or in what the equations themselves lack.
    pub(crate) fn converged(&self, lost: f64) -> bool {
        self.error <= lost.max(f64::EPSILON / 4.0)
    }
}

/// Corrects `w` (n × t) of λ number k, of this condition number, with a solver that overwrites right-hand sides; `floor` as in
/// [`Progress::step`]. The relative error that each target is left with; `None` when they do not converge.
pub(crate) fn refine(
    normal: &NormalEquations,
    k: usize,
    w: &mut DMatrix<f64>,
    condition: f64,
    floor: f64,
    solve: impl Fn(&mut DMatrix<f64>),
) -> Option<Vec<f64>> {
    let lost = condition * normal.exact.as_ref()?.lost(normal.features());
    if !(lost < RATE) {
        return None;
    }
    let mut progress = vec![Progress::new(); w.ncols()];
    for _ in 0..MOST_STEPS {
        let mut d = residuals(normal, &[(k, w)]).pop()?.r;
        solve(&mut d);
        *w += &d;
        let shrinks = progress.iter_mut().enumerate().all(|(target, progress)| {
            progress.converged(lost) || progress.step(d.column(target).norm(), w.column(target).norm(), floor)
        });
        if !shrinks {
            return None;
        }
        if progress.iter().all(|progress| progress.converged(lost)) {
            return Some(progress.iter().map(|progress| progress.error).collect());
        }
    }
    None
}
