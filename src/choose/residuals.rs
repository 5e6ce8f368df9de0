//! Residuals of every row, some targets and λs at a time. Where λs are many, few [nodes](Resolvent) are multiplied out, and
//! the residuals of a λ are a sum of those of the nodes.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::choose::row_spectrum::RowSpectrum;
use crate::math::lanes::{LANES, vectorized};
use crate::math::product::product;
use crate::math::resolvent::{Resolvent, worthwhile};
use crate::math::threads::at_least;

/// Targets at a time.
const TARGETS: usize = 8;
/// Columns at a time.
const COLUMNS: usize = 32;

impl RowSpectrum {
    /// Something of √s(y − ŷ) of the rows of positive weight, in the units of the target, for each of some λs and every target,
    /// [k, t]; `of` is given their numbers.
    pub(crate) fn of_residuals<R: Send>(
        &self,
        lambdas: &Range<usize>,
        of: impl Fn(usize, usize, &[f64]) -> R + Sync,
    ) -> Vec<R> {
        let t = self.targets();
        let nodes = self.nodes(lambdas);
        // A product, and what is made of its numbers.
        let operations = |columns: usize| columns * self.rows.u.nrows() * (self.rows.u.ncols() / LANES + 1);
        let group = |first: usize| {
            let targets = first..t.min(first + TARGETS);
            let at_nodes = nodes.as_ref().map(|nodes| {
                let weights: Vec<Vec<f64>> = nodes.nodes.iter().map(|shift| self.inverses(*shift)).collect();
                (nodes, self.fitted(&weights, &targets))
            });
            let at_once = (COLUMNS / targets.len()).max(1);
            let chunk = |number: usize| {
                let start = lambdas.start + number * at_once;
                let indices = start..lambdas.end.min(start + at_once);
                let fitted = match &at_nodes {
                    Some((nodes, fitted)) => {
                        let r = nodes.nodes.len();
                        let place = (indices.start - lambdas.start) * r..(indices.end - lambdas.start) * r;
                        product(fitted.as_slice(), &nodes.weights.as_slice()[place], r)
                    }
                    None => {
                        let weights: Vec<Vec<f64>> = indices.clone().map(|index| self.weights_of(index)).collect();
                        self.fitted(&weights, &targets)
                    }
                };
                self.each_residual(fitted, indices, &targets, at_nodes.is_some(), &of)
            };
            let chunks = (0..lambdas.len().div_ceil(at_once)).into_par_iter();
            chunks.with_min_len(at_least(operations(COLUMNS))).flat_map_iter(chunk).collect::<Vec<R>>()
        };
        let groups = (0..t).into_par_iter().step_by(TARGETS);
        let groups = groups.with_min_len(at_least(operations(lambdas.len() * TARGETS.min(t))));
        let groups: Vec<Vec<R>> = groups.map(group).collect();
        let counts: Vec<usize> = groups.iter().map(|group| group.len() / lambdas.len().max(1)).collect();
        let mut groups: Vec<_> = groups.into_iter().map(Vec::into_iter).collect();
        let mut all = Vec::with_capacity(lambdas.len() * t);
        for _ in lambdas.clone() {
            groups.iter_mut().zip(&counts).for_each(|(group, count)| all.extend(group.by_ref().take(*count)));
        }
        all
    }

    /// Nodes for the λs numbered `lambdas`, if they pay; in units of the largest σ².
    fn nodes(&self, lambdas: &Range<usize>) -> Option<Resolvent> {
        let directions = self.directions();
        let largest = directions.sigma.iter().copied().fold(0.0, f64::max);
        let least = directions.sigma.iter().copied().fold(f64::INFINITY, f64::min) / largest;
        let shifts: Vec<f64> = lambdas.clone().map(|index| self.relative_shift(index)).collect();
        let sound = largest > 0.0 && shifts.iter().all(|shift| shift.is_finite());
        let most = worthwhile(self.rows.u.ncols(), lambdas.len());
        sound.then(|| Resolvent::new((least * least, 1.0), &shifts, most)).flatten()
    }

    /// The shift of λ number `index` in units of the largest σ².
    fn relative_shift(&self, index: usize) -> f64 {
        let directions = self.directions();
        let largest = directions.sigma.iter().copied().fold(0.0, f64::max);
        (directions.root(self.grid.shifts[index]) / largest).powi(2)
    }

    /// 1/(σ² + shift) of each direction, σ² and shift in units of the largest σ².
    fn inverses(&self, shift: f64) -> Vec<f64> {
        let directions = self.directions();
        let largest = directions.sigma.iter().copied().fold(0.0, f64::max);
        directions.sigma.iter().map(|sigma| 1.0 / ((sigma / largest).powi(2) + shift)).collect()
    }

    /// Whether less is taken of y, along every direction, than is left.
    fn mostly_left(&self, index: usize) -> bool {
        self.relative_shift(index) > 1.0
    }

    /// What of Uᵀy makes the residuals: what is left of it, beside all else; or less what is taken, of all y, whichever cancels less.
    fn weights_of(&self, index: usize) -> Vec<f64> {
        let (directions, shift) = (self.directions(), self.grid.shifts[index]);
        match self.mostly_left(index) {
            true => directions.kept(shift).into_iter().map(|kept| -kept).collect(),
            false => directions.left(shift),
        }
    }

    /// U times Uᵀy weighted: for each row of `weights` a column for each of the targets.
    fn fitted(&self, weights: &[Vec<f64>], targets: &Range<usize>) -> DMatrix<f64> {
        let (u, along) = (&self.rows.u, &self.directions().along);
        let r = u.ncols();
        let mut right = DMatrix::zeros(r, weights.len() * targets.len());
        if r == 0 {
            return DMatrix::zeros(u.nrows(), right.ncols());
        }
        let columns = weights.iter().flat_map(|weights| targets.clone().map(move |target| (weights, target)));
        for (right, (weights, target)) in right.as_mut_slice().chunks_mut(r).zip(columns) {
            let parts = along.column(target);
            right.iter_mut().zip(weights.iter().zip(&parts)).for_each(|(right, (weight, part))| *right = weight * part);
        }
        product(u.as_slice(), right.as_slice(), r)
    }

    /// What `of` makes of the residuals of some λs and targets. `left` holds U times the [weights](Self::weights_of) of Uᵀy; where it
    /// comes from nodes, U times what is left of Uᵀy over the shift.
    fn each_residual<R>(
        &self,
        mut left: DMatrix<f64>,
        lambdas: Range<usize>,
        targets: &Range<usize>,
        from_nodes: bool,
        of: &impl Fn(usize, usize, &[f64]) -> R,
    ) -> Vec<R> {
        let rows = &self.rows;
        let columns = lambdas.flat_map(|index| targets.clone().map(move |target| (index, target)));
        let one = |(residual, (index, target)): (&mut [f64], (usize, usize))| {
            let shift = if from_nodes { self.relative_shift(index) } else { 1.0 };
            let beside = if !from_nodes && self.mostly_left(index) { &rows.y } else { &rows.rest };
            let beside = &beside.as_slice()[target * beside.nrows()..(target + 1) * beside.nrows()];
            vectorized(|| {
                residual.iter_mut().zip(beside).for_each(|(residual, beside)| *residual = beside + shift * *residual);
            });
            of(index, target, residual)
        };
        left.as_mut_slice().chunks_mut(rows.rest.nrows()).zip(columns).map(one).collect()
    }
}
