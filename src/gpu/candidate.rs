//! A λ of a problem that is being solved on the device.

use nalgebra::{DMatrix, DVector};

use crate::equations::normal::NormalEquations;
use crate::equations::refine::{self, Progress, Refined};
use crate::equations::residual::{Answer, Fit};
use crate::equations::weights::Weights;
use crate::math::condition;
use crate::math::powers::scaled;
use crate::model::outcome::Outcome;

/// A λ that is being solved: the weights (n × t), the vector whose growth tells ‖A⁻¹‖, and how the corrections shrink.
pub(crate) struct Candidate<'a> {
    /// The equations of its problem.
    pub(crate) normal: &'a NormalEquations,
    /// Number of the problem.
    pub(crate) problem: usize,
    /// Number of the λ in the problem.
    k: usize,
    /// Number of the matrix in its chunk.
    pub(crate) at: usize,
    w: DMatrix<f64>,
    /// The digits of w beyond one double.
    low: DMatrix<f64>,
    pub(crate) probe: DVector<f64>,
    inverse: f64,
    progress: Vec<Progress>,
    /// What the last residual told of each target.
    pub(crate) fits: Vec<Fit>,
}

impl<'a> Candidate<'a> {
    /// Begins with the first solution, whose last column is the probe.
    pub(crate) fn new(normal: &'a NormalEquations, [problem, k, at]: [usize; 3], mut solution: DMatrix<f64>) -> Self {
        let t = solution.ncols() - 1;
        let probe = solution.column(t).into_owned();
        let inverse = probe.norm();
        solution = solution.remove_column(t);
        Self {
            normal,
            problem,
            k,
            at,
            low: DMatrix::zeros(solution.nrows(), t),
            w: solution,
            probe: probe / inverse,
            inverse,
            progress: vec![Progress::new(); t],
            fits: Vec::new(),
        }
    }

    /// What a residual is taken of.
    pub(crate) fn answer(&self) -> Answer<'_> {
        (self.k, &self.w, Some(&self.low))
    }

    /// Whether the residual tells that another correction gains nothing. False for equations of twice the digits, whose residuals
    /// do not tell.
    #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
    pub(crate) fn solved(&self) -> bool {
        let least = f64::EPSILON * (self.normal.features() as f64).sqrt();
        self.normal.exact.is_none() && self.fits.iter().all(|fit| fit.backward <= least)
    }

    /// Adds a correction; false when it does not converge.
    pub(crate) fn correct(&mut self, correction: &DMatrix<f64>, units: &[i32]) -> bool {
        self.grow(correction);
        let condition = self.condition();
        let (floor, tolerance) = (condition * f64::from(f32::EPSILON), refine::tolerance(self.normal, condition));
        let d = DMatrix::from_fn(self.w.nrows(), self.w.ncols(), |i, target| {
            scaled(correction[(i, target)], units[target])
        });
        refine::add(&mut self.w, &mut self.low, &d);
        let mut shrinks = true;
        for (target, progress) in self.progress.iter_mut().enumerate() {
            let (d, w) = (d.column(target).norm(), self.w.column(target).norm());
            shrinks &= progress.converged(tolerance) || progress.step(d, w, floor);
        }
        shrinks
    }

    /// Whether the corrections have come to rest. False for equations that are not of twice the digits.
    pub(crate) fn at_rest(&self) -> bool {
        let tolerance = refine::tolerance(self.normal, self.condition());
        self.normal.exact.is_some() && self.progress.iter().all(|progress| progress.converged(tolerance))
    }

    /// Takes the probe from the last column of a solution.
    pub(crate) fn grow(&mut self, solution: &DMatrix<f64>) {
        let probe = solution.column(solution.ncols() - 1);
        self.inverse = probe.norm();
        self.probe = probe / self.inverse;
    }

    /// The weights, if the condition number is within reach of the factors.
    pub(crate) fn finish(self, outcome: Outcome) -> Option<Weights> {
        let condition = self.condition();
        let refined = self.normal.exact.is_some().then(|| Refined {
            values: self.w.clone(),
            low: self.low,
            errors: refine::errors(self.normal, condition, &self.progress, &self.fits),
        });
        let reach = condition::reach(self.normal.features(), f32::EPSILON.into());
        (condition <= reach).then(|| Weights::solved(self.w, condition, outcome).refined(refined))
    }

    /// The estimate of κ(A).
    fn condition(&self) -> f64 {
        self.normal.norm(self.k) * self.inverse
    }
}
