//! Residuals of every row, some targets and λs at a time. Where λs are many, few [nodes](Resolvent) are multiplied out, and a λ is a
//! sum of these.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::cpu::product::product;
use crate::resolvent::{Resolvent, worthwhile};
use crate::select::spectrum::Spectrum;

/// Targets at a time.
const TARGETS: usize = 8;
/// Columns at a time.
const COLUMNS: usize = 32;

impl Spectrum {
    /// Something of √s(y − ŷ) of the rows of positive weight, in the units of the target, for each of some λs and every target,
    /// [k, t]; `of` is given their numbers.
    pub(crate) fn of_residuals<R: Send>(
        &self,
        lambdas: &Range<usize>,
        of: impl Fn(usize, usize, &[f64]) -> R + Sync,
    ) -> Vec<R> {
        let t = self.targets();
        let nodes = self.nodes(lambdas);
        let group = |first: usize| {
            let targets = first..t.min(first + TARGETS);
            let at_nodes = nodes.as_ref().map(|nodes| {
                let weights: Vec<Vec<f64>> = nodes.nodes.iter().map(|shift| self.inverses(*shift)).collect();
                (nodes, self.fitted(&weights, &targets))
            });
            let at_once = (COLUMNS / targets.len()).max(1);
            let chunk = |number: usize| {
                let start = lambdas.start + number * at_once;
                let own = start..lambdas.end.min(start + at_once);
                let fitted = match &at_nodes {
                    Some((nodes, fitted)) => {
                        let r = nodes.nodes.len();
                        let place = (own.start - lambdas.start) * r..(own.end - lambdas.start) * r;
                        product(fitted.as_slice(), &nodes.weights.as_slice()[place], r)
                    }
                    None => {
                        let weights: Vec<Vec<f64>> = own.clone().map(|index| self.weights(index)).collect();
                        self.fitted(&weights, &targets)
                    }
                };
                self.told(fitted, own, &targets, at_nodes.is_some(), &of)
            };
            (0..lambdas.len().div_ceil(at_once)).into_par_iter().flat_map_iter(chunk).collect::<Vec<R>>()
        };
        let groups: Vec<Vec<R>> = (0..t).into_par_iter().step_by(TARGETS).map(group).collect();
        let counts: Vec<usize> = groups.iter().map(|group| group.len() / lambdas.len().max(1)).collect();
        let mut groups: Vec<_> = groups.into_iter().map(Vec::into_iter).collect();
        let mut all = Vec::with_capacity(lambdas.len() * t);
        for _ in lambdas.clone() {
            groups.iter_mut().zip(&counts).for_each(|(group, count)| all.extend(group.by_ref().take(*count)));
        }
        all
    }

    /// Nodes for these λs, if they pay.
    fn nodes(&self, lambdas: &Range<usize>) -> Option<Resolvent> {
        let (values, ..) = self.scaled_values(lambdas.start);
        let shifts: Vec<f64> = lambdas.clone().map(|index| self.scaled_values(index).1).collect();
        let known = values.iter().copied().filter(|d| self.complete() || *d > 0.0);
        let (least, largest) = known.fold((f64::INFINITY, 0.0f64), |(low, high), d| (low.min(d), high.max(d)));
        Resolvent::new((least, largest), &shifts, worthwhile(self.basis().ncols(), lambdas.len()))
    }

    /// 1/(σ² + shift) of a shift in the units of σ²; 0 where σ = 0 tells nothing.
    fn inverses(&self, shift: f64) -> Vec<f64> {
        let inverse = |d: &f64| if self.complete() || *d > 0.0 { 1.0 / (d + shift) } else { 0.0 };
        self.scaled_values(0).0.iter().map(inverse).collect()
    }

    /// The basis times these weights of basisᵀy: of each the targets.
    fn fitted(&self, weights: &[Vec<f64>], targets: &Range<usize>) -> DMatrix<f64> {
        let r = self.basis().ncols();
        let mut right = DMatrix::zeros(r, weights.len() * targets.len());
        let columns = weights.iter().flat_map(|own| targets.clone().map(move |target| (own, target)));
        for (right, (weights, target)) in right.as_mut_slice().chunks_mut(r.max(1)).zip(columns) {
            let parts = self.projected().column(target);
            right.iter_mut().zip(weights.iter().zip(&parts)).for_each(|(right, (weight, part))| *right = weight * part);
        }
        self.basis() * right
    }

    /// What `of` tells of some λs, of the residuals that follow from what was fitted; from nodes it comes without the shift.
    fn told<R>(
        &self,
        mut fitted: DMatrix<f64>,
        lambdas: Range<usize>,
        targets: &Range<usize>,
        from_nodes: bool,
        of: &impl Fn(usize, usize, &[f64]) -> R,
    ) -> Vec<R> {
        let m = self.basis().nrows();
        let columns = lambdas.flat_map(|index| targets.clone().map(move |target| (index, target)));
        let one = |(own, (index, target)): (&mut [f64], (usize, usize))| {
            let shift = self.scaled_values(index).1;
            match (self.complete(), from_nodes) {
                (true, true) => own.iter_mut().for_each(|own| *own *= shift),
                (true, false) => (),
                (false, _) => own.iter_mut().zip(&self.y().column(target)).for_each(|(own, y)| *own = y - *own),
            }
            of(index, target, own)
        };
        fitted.as_mut_slice().chunks_mut(m).zip(columns).map(one).collect()
    }
}
