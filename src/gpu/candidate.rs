//! A λ of a problem that is being solved on the device: what decides how often it is corrected, and whether it is answered.

use nalgebra::DMatrix;

use crate::equations::normal::NormalEquations;
use crate::equations::refine::{self, MOST_STEPS, Progress, Refined};
use crate::equations::residual::Fit;
use crate::equations::weights::Weights;
use crate::math::condition;
use crate::model::outcome::Outcome;

/// The number of a matrix in its chunk and its weights, or `None` where this arithmetic does not reach.
pub(crate) type Found = (usize, Option<Weights>);

/// What is known of a λ while its weights are corrected, wherever they are: the growth of a vector, which tells ‖A⁻¹‖, how the
/// corrections shrink, and what the residuals tell.
pub(crate) struct Candidate<'a> {
    /// The equations of its problem.
    pub(crate) normal: &'a NormalEquations,
    /// Number of the problem.
    pub(crate) problem: usize,
    /// Number of the λ in the problem.
    pub(crate) k: usize,
    /// Number of the matrix in its chunk.
    pub(crate) at: usize,
    /// By how much the last solution made the probe grow.
    inverse: f64,
    progress: Vec<Progress>,
    /// What the last residual told of each target.
    fits: Vec<Fit>,
    /// Whether a residual before the last correction was that of 64-bit arithmetic.
    small: bool,
}

impl<'a> Candidate<'a> {
    /// After the first solution, which made the probe grow by so much.
    pub(crate) fn new(normal: &'a NormalEquations, [problem, k, at]: [usize; 3], inverse: f64) -> Self {
        let progress = vec![Progress::new(); normal.targets()];
        Self { normal, problem, k, at, inverse, progress, fits: Vec::new(), small: false }
    }

    /// Takes what a residual tells; whether another correction gains nothing. A residual as small as 64-bit arithmetic leaves it says
    /// little of the error, which one more correction brings to that of a factorization in 64 bits. Never for equations of twice
    /// the digits, whose residuals do not tell.
    #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
    pub(crate) fn solved(&mut self, fits: Vec<Fit>) -> bool {
        self.fits = fits;
        let least = f64::EPSILON * (self.normal.features() as f64).sqrt();
        let small = self.normal.exact.is_none() && self.fits.iter().all(|fit| fit.backward <= least);
        let exact = self.fits.iter().all(|fit| fit.residual == 0.0);
        let last = self.small || exact || self.converged();
        self.small |= small;
        small && last
    }

    /// Whether more corrections may be made after so many.
    pub(crate) fn may_go_on(&self, steps: u32) -> bool {
        steps < MOST_STEPS || (steps == MOST_STEPS && self.small)
    }

    /// Takes that a solution made the probe grow by so much.
    pub(crate) fn grow(&mut self, inverse: f64) {
        self.inverse = inverse;
    }

    /// Takes the norms of a correction and of the weights after it, target by target; false when the corrections do not converge.
    pub(crate) fn corrected(&mut self, inverse: f64, sizes: impl Iterator<Item = [f64; 2]>) -> bool {
        self.grow(inverse);
        let condition = self.condition();
        let (floor, tolerance) = (condition * f64::from(f32::EPSILON), refine::tolerance(self.normal, condition));
        let mut shrinks = true;
        for (progress, [d, w]) in self.progress.iter_mut().zip(sizes) {
            // What is left of a small residual is rounding, and need not shrink any more.
            let rounding = self.small && d.is_finite();
            shrinks &= progress.converged(tolerance) || progress.step(d, w, floor) || rounding;
        }
        shrinks
    }

    /// Whether the corrections have come to rest. False for equations that are not of twice the digits.
    pub(crate) fn at_rest(&self) -> bool {
        self.normal.exact.is_some() && self.converged()
    }

    /// Whether the sizes of the corrections tell that another would change nothing.
    fn converged(&self) -> bool {
        let tolerance = refine::tolerance(self.normal, self.condition());
        self.progress.iter().all(|progress| progress.converged(tolerance))
    }

    /// The weights (n × t), with the digits beyond one double where the equations have twice the digits, if the condition number is
    /// within reach of the factors. What the last residual told goes with weights that were not corrected since.
    pub(crate) fn finish(self, w: DMatrix<f64>, low: Option<DMatrix<f64>>, outcome: Outcome) -> Option<Weights> {
        let condition = self.condition();
        if !(condition <= condition::reach(self.normal.features(), f32::EPSILON.into())) {
            return None;
        }
        if let (Some(low), true) = (low, self.normal.exact.is_some()) {
            let errors = refine::errors(self.normal, condition, &self.progress, &self.fits);
            let refined = Refined { values: w.clone(), low, errors };
            return Some(Weights::solved(w, condition, outcome).refined(Some(refined)));
        }
        let fits = (!self.fits.is_empty()).then_some(self.fits);
        Some(Weights { fits, ..Weights::solved(w, condition, outcome) })
    }

    /// The estimate of κ(A).
    fn condition(&self) -> f64 {
        self.normal.norm(self.k) * self.inverse
    }
}
