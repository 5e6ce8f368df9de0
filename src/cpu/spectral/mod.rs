//! Stage `spectral` on the CPU: one orthogonal reduction, and then every λ for a few products.
//!
//! On the scale where the penalty is shift·I, B = RGR with R = D^-½, the inverse is Q·(T + shift·I)⁻¹·Qᵀ with B = Q·T·Qᵀ and T
//! tridiagonal: what an eigendecomposition gives, without its eigenvectors (Eldén, *Algorithms for the regularization of
//! ill-conditioned least squares problems* (1977)).

pub(crate) mod few_features;
pub(crate) mod path;

use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::equations::normal::{NormalEquations, pivot_tolerance};
use crate::equations::penalised_scale::PenalisedScale;
use crate::equations::refine::refine;
use crate::equations::residual::{Residual, backward_limit, residuals};
use crate::equations::weights::Weights;
use crate::math::condition;
use crate::math::powers::{scale_all, scaled};
use crate::math::resolvent::Resolvent;
use crate::math::tridiagonal::Tridiagonal;
use crate::model::outcome::Outcome;
use crate::model::watch::Watch;

/// Columns that one task solves for, if there are so many: enough for fast products, few enough for the cache.
const COLUMNS: usize = 64;
/// The ratio of the largest diagonal element to the smallest up to which they count as near 1: that of the equations' units.
const EVEN: f64 = 8.0;

/// Solves every λ of the equations, as many as possible side by side; `None` for a λ whose equations are ill-conditioned, or whose
/// residual is larger than a Cholesky factorization would leave, even after a correction. Tells `watch` how many are
/// done.
pub(crate) fn solve(normal: &NormalEquations, watch: &dyn Watch) -> Vec<Option<Weights>> {
    let mut spectral = Spectral::new(normal);
    spectral.prepare(normal.penalties() * normal.targets());
    let every: Vec<usize> = (0..normal.penalties()).collect();
    let done = AtomicUsize::new(0);
    let answers = every.par_chunks((COLUMNS / normal.targets()).max(1)).map(|lambdas| {
        let answers = match watch.is_cancelled() {
            true => lambdas.iter().map(|_| None).collect(),
            false => spectral.solve(lambdas),
        };
        watch.done(done.fetch_add(lambdas.len(), Ordering::Relaxed) + lambdas.len());
        answers
    });
    answers.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// The equations reduced: Q, T and what leads from B to G.
pub(crate) struct Spectral<'a> {
    pub(crate) normal: &'a NormalEquations,
    pub(crate) tridiagonal: Tridiagonal,
    scale: PenalisedScale,
    /// The least and the largest diagonal element of B, its norm ‖B‖₁ and its least eigenvalue.
    extent: (f64, f64),
    norm: f64,
    least: f64,
    /// Qᵀ·R·c
    pub(crate) cross: DMatrix<f64>,
}

impl<'a> Spectral<'a> {
    pub(crate) fn new(normal: &'a NormalEquations) -> Self {
        let (n, t) = (normal.features(), normal.targets());
        let scale = PenalisedScale::new(normal);
        let b = scale.matrix(normal);
        let diagonal = b.diagonal();
        let norm = b.column_iter().map(|column| column.iter().map(|value| value.abs()).sum()).fold(0.0, f64::max);
        let tridiagonal = Tridiagonal::new(b);
        let mut cross = DMatrix::from_fn(n, t, |j, target| normal.cross[(j, target)] * scale.roots[j]);
        tridiagonal.multiply_transposed(&mut cross);
        Self {
            normal,
            scale,
            extent: (diagonal.min(), diagonal.max()),
            norm,
            least: tridiagonal.least(),
            tridiagonal,
            cross,
        }
    }

    /// Multiplies Q out where that pays for this number of answers.
    pub(crate) fn prepare(&mut self, answers: usize) {
        self.tridiagonal.prepare(answers);
    }

    /// Nodes for the answers of some λs, if `most` will do.
    pub(crate) fn resolvent(&self, lambdas: &[usize], most: usize) -> Option<Resolvent> {
        let shifts: Vec<f64> = lambdas.iter().map(|k| self.scale.shifts[*k]).collect();
        Resolvent::new((self.least, self.tridiagonal.largest()), &shifts, most)
    }

    /// (R·Q)ᵀ
    pub(crate) fn transposed_basis(&self) -> DMatrix<f64> {
        let mut basis = self.tridiagonal.transposed_basis();
        basis.column_iter_mut().zip(&self.scale.roots).for_each(|(mut row, scale)| row *= *scale);
        basis
    }

    /// The shift of λ number k on the scale of B.
    pub(crate) fn shift(&self, k: usize) -> f64 {
        self.scale.shifts[k]
    }

    /// R·(B + shift·I)⁻¹·R·c of some shifts on the scale of B, for some targets of each: w in the units of G.
    pub(crate) fn answers(&self, shifts: &[f64], first: usize, targets: usize) -> DMatrix<f64> {
        let n = self.normal.features();
        let mut block = DMatrix::zeros(n, shifts.len() * targets);
        let cross = &self.cross.as_slice()[first * n..(first + targets) * n];
        block.as_mut_slice().chunks_mut(n * targets).for_each(|columns| columns.copy_from_slice(cross));
        let shifts: Vec<f64> = shifts.iter().flat_map(|shift| std::iter::repeat_n(*shift, targets)).collect();
        self.tridiagonal.solve(&shifts, &mut block);
        self.tridiagonal.multiply(&mut block);
        for column in block.as_mut_slice().chunks_mut(n) {
            column.iter_mut().zip(&self.scale.roots).for_each(|(value, scale)| *value *= scale);
        }
        block
    }

    /// The weights of some λs, where they can be had.
    fn solve(&self, lambdas: &[usize]) -> Vec<Option<Weights>> {
        let (n, t) = (self.normal.features(), self.normal.targets());
        let mut block = DMatrix::from_fn(n, lambdas.len() * t, |j, column| self.cross[(j, column % t)]);
        self.invert(lambdas, &mut block);
        self.rescale(lambdas, &mut block);
        for (at, k) in lambdas.iter().enumerate() {
            for j in &self.scale.apart {
                let unit = scaled(1.0, self.normal.step[k * n + j]);
                for target in 0..t {
                    block[(*j, at * t + target)] = self.alone(*k, *j, self.normal.cross[(*j, target)] * unit);
                }
            }
        }
        let reach = condition::reach(n, f64::EPSILON);
        let conditions = self.conditions(lambdas).into_iter().enumerate();
        let solved = |(at, condition): (usize, f64)| {
            let within_reach = condition <= reach && self.condition(lambdas[at]) <= reach;
            within_reach.then(|| Weights::solved(block.columns(at * t, t).into_owned(), condition, Outcome::Solved))
        };
        let mut weights: Vec<Option<Weights>> = conditions.map(solved).collect();
        match self.normal.exact {
            Some(_) => weights.iter_mut().zip(lambdas).for_each(|(weights, k)| self.refine(*k, weights)),
            None => self.check(lambdas, &mut weights),
        }
        weights
    }

    /// Keeps the weights whose residual is that of a backward stable solver, if need be after one correction.
    fn check(&self, lambdas: &[usize], weights: &mut [Option<Weights>]) {
        let (n, t) = (self.normal.features(), self.normal.targets());
        let limit = backward_limit(n);
        let mut left: Vec<usize> = (0..lambdas.len()).filter(|at| weights[*at].is_some()).collect();
        for correct in [true, false] {
            let values = |at: &usize| Some((lambdas[*at], weights[*at].as_ref()?.values.as_ref()?, None));
            let solved: Vec<_> = left.iter().filter_map(values).collect();
            let measured = residuals(self.normal, &solved);
            let mut poor: Vec<(usize, DMatrix<f64>)> = Vec::new();
            for (at, Residual { r, fits }) in left.iter().zip(measured) {
                // Written so that NaN fails.
                match (fits.iter().all(|fit| fit.backward <= limit), &mut weights[*at]) {
                    (true, Some(weights)) => weights.fits = Some(fits),
                    _ => poor.push((*at, r)),
                }
            }
            if !correct {
                poor.iter().for_each(|(at, _)| weights[*at] = None);
            }
            if !correct || poor.is_empty() {
                return;
            }
            left = poor.iter().map(|(at, _)| *at).collect();
            let mut block = DMatrix::from_fn(n, left.len() * t, |j, column| poor[column / t].1[(j, column % t)]);
            self.correct(&left.iter().map(|at| lambdas[*at]).collect::<Vec<_>>(), &mut block);
            for (place, at) in left.iter().enumerate() {
                if let Some(Weights { values: Some(values), .. }) = &mut weights[*at] {
                    *values += block.columns(place * t, t);
                }
            }
        }
    }

    /// Corrects weights by equations of twice the digits; `None` where that does not converge.
    fn refine(&self, k: usize, weights: &mut Option<Weights>) {
        let Some(Weights { values: Some(values), condition, .. }) = weights else { return };
        let floor = self.condition(k).max(*condition) * pivot_tolerance(self.normal.features(), f64::EPSILON);
        let refined = refine(self.normal, k, values, *condition, floor, |rhs| self.correct(&[k], rhs));
        *weights = refined.and_then(|refined| weights.take().map(|weights| weights.refined(Some(refined))));
    }

    /// The condition number of B + shift·I; infinite where that is not positive definite but for rounding.
    pub(crate) fn condition(&self, k: usize) -> f64 {
        let (least, shift) = (self.least, self.scale.shifts[k]);
        if least + shift > 0.0 { (self.norm + shift) / (least + shift) } else { f64::INFINITY }
    }

    /// Estimates of the condition numbers of the equations in their units: those of B + shift·I where that has an even
    /// diagonal, else by inverse iteration.
    pub(crate) fn conditions(&self, lambdas: &[usize]) -> Vec<f64> {
        let n = self.normal.features();
        let (least, largest) = self.extent;
        let even = |shift: f64| least > 0.0 && largest + shift <= EVEN * (least + shift);
        let probed: Vec<usize> = lambdas.iter().copied().filter(|k| !even(self.scale.shifts[*k])).collect();
        let start = condition::start(n);
        let mut probes = DMatrix::from_fn(n, probed.len(), |j, _| start[j]);
        for _ in 0..condition::STEPS {
            probes.column_iter_mut().for_each(|mut probe| probe.unscale_mut(probe.norm()));
            self.correct(&probed, &mut probes);
        }
        let mut probed = probes.column_iter().zip(&probed).map(|(probe, k)| self.normal.norm(*k) * probe.norm());
        let one = |k: &usize| {
            if even(self.scale.shifts[*k]) { self.condition(*k) } else { probed.next().unwrap_or(f64::NAN) }
        };
        lambdas.iter().map(one).collect()
    }

    /// Overwrites right-hand sides with the solutions of their equations; every λ has equally many columns.
    fn correct(&self, lambdas: &[usize], block: &mut DMatrix<f64>) {
        let each = block.ncols() / lambdas.len().max(1);
        let alone = |(column, j): (usize, &usize)| self.alone(lambdas[column / each], *j, block[(*j, column)]);
        let columns = (0..block.ncols()).flat_map(|column| self.scale.apart.iter().map(move |j| (column, j)));
        let alone: Vec<f64> = columns.clone().map(alone).collect();
        self.rescale(lambdas, block);
        self.tridiagonal.multiply_transposed(block);
        self.invert(lambdas, block);
        self.rescale(lambdas, block);
        columns.zip(alone).for_each(|((column, j), value)| block[(*j, column)] = value);
    }

    /// The solution of a row that stands apart, in the units of λ number k.
    fn alone(&self, k: usize, j: usize, rhs: f64) -> f64 {
        let at = k * self.normal.features() + j;
        let unit = scaled(1.0, self.normal.step[at]);
        let element = self.normal.gram[(j, j)];
        let element = if element == 0.0 { 0.0 } else { element * unit * unit };
        if rhs == 0.0 { 0.0 } else { rhs / (element + self.normal.added[at]) }
    }

    /// block = Q (T + shift·I)⁻¹ block.
    fn invert(&self, lambdas: &[usize], block: &mut DMatrix<f64>) {
        let each = block.ncols() / lambdas.len().max(1);
        let shifts: Vec<f64> = lambdas.iter().flat_map(|k| std::iter::repeat_n(self.scale.shifts[*k], each)).collect();
        self.tridiagonal.solve(&shifts, block);
        self.tridiagonal.multiply(block);
    }

    /// block = S⁻¹R·block with S the steps of the units of each λ.
    fn rescale(&self, lambdas: &[usize], block: &mut DMatrix<f64>) {
        let n = self.normal.features();
        let each = block.len() / lambdas.len().max(1);
        for (columns, k) in block.as_mut_slice().chunks_mut(each.max(1)).zip(lambdas) {
            let steps = &self.normal.step[k * n..(k + 1) * n];
            let mut units = self.scale.roots.clone();
            scale_all(&mut units, steps.iter().map(|step| -step));
            for column in columns.chunks_mut(n) {
                column.iter_mut().zip(&units).for_each(|(value, unit)| *value *= unit);
            }
        }
    }
}
