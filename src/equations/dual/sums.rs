//! w of many λs that are sums of few: the coefficients of the nodes are formed, D⁻¹ (X − x̄)ᵀ β, and every λ's are a sum of these.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::equations::dual::{BLOCK, Dual, Units};
use crate::equations::normal::NormalEquations;
use crate::math::powers::{exponent, scaled};
use crate::math::product::product;

/// The coefficients of some nodes for some targets.
pub(crate) struct NodeCoefficients {
    /// Of each block of features [r, targets, features], feature j in units of 2^`exponents[j]`.
    blocks: Vec<DMatrix<f64>>,
    /// 2^`exponents[j]` in the unit of each target: [targets, n]. `None` where one is out of range.
    powers: Option<Vec<f64>>,
    exponents: Vec<i32>,
    /// The exponent of the unit of each target.
    units: Vec<i32>,
}

impl Dual<'_> {
    /// Those of β in the units of K, [r, targets, m], for the targets from `first` on.
    pub(crate) fn of_nodes(
        &self,
        normal: &NormalEquations,
        (first, targets): (usize, usize),
        beta: DMatrix<f64>,
    ) -> NodeCoefficients {
        let (m, n) = (self.order(), self.features());
        let mut beta = beta;
        // In one unit for all rows and all nodes of a target, in which the largest is near 1.
        let mut top = vec![i32::MIN; targets];
        for (at, column) in beta.as_slice().chunks(m).enumerate() {
            let sizes = column.iter().zip(&normal.unit).filter(|(beta, _)| **beta != 0.0);
            let own = sizes.map(|(beta, unit)| exponent(*beta) + unit).max();
            top[at % targets] = top[at % targets].max(own.unwrap_or(i32::MIN));
        }
        top.iter_mut().filter(|top| **top == i32::MIN).for_each(|top| *top = 0);
        for (at, column) in beta.as_mut_slice().chunks_mut(m).enumerate() {
            column
                .iter_mut()
                .zip(&normal.unit)
                .for_each(|(beta, unit)| *beta = scaled(*beta, unit - top[at % targets]));
        }
        let blocks: Vec<DMatrix<f64>> = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map(|part| {
                let (start, count) = (part * BLOCK, BLOCK.min(n - part * BLOCK));
                let rows = self.block::<f64>(start, count, Units::Frame);
                let mut w = product(rows.as_slice(), beta.as_slice(), m);
                let ratio = &self.ratio[start..start + count];
                w.as_mut_slice()
                    .chunks_mut(count)
                    .for_each(|w| w.iter_mut().zip(ratio).for_each(|(w, ratio)| *w *= ratio));
                w
            })
            .collect();
        let exponents: Vec<i32> = (0..n).map(|j| self.unit(j)).collect();
        let units: Vec<i32> = (0..targets).map(|target| top[target] + normal.target_unit[first + target]).collect();
        let power = |at: usize| scaled(1.0, exponents[at % n] + units[at / n]);
        let powers: Vec<f64> = (0..targets * n).map(power).collect();
        let powers = powers.iter().all(|power| power.is_normal()).then_some(powers);
        NodeCoefficients { blocks, powers, exponents, units }
    }
}

impl NodeCoefficients {
    /// Writes the sums with these weights, r for each λ, in natural units: to each λ's place, [targets, n].
    pub(crate) fn write(&self, weights: &[f64], places: &mut [&mut [f64]]) {
        let (n, count) = (self.exponents.len(), weights.len() / places.len().max(1));
        let targets = self.units.len();
        let mut start = 0;
        for block in &self.blocks {
            let features = block.nrows();
            // Nodes one after another are columns of as many numbers as a λ has in this block.
            let sums = product(block.as_slice(), weights, count);
            for (column, sums) in sums.as_slice().chunks(features).enumerate() {
                let (at, target) = (column / targets, column % targets);
                let w = &mut places[at][target * n + start..][..features];
                match &self.powers {
                    Some(powers) => {
                        let powers = &powers[target * n + start..][..features];
                        w.iter_mut().zip(sums).zip(powers).for_each(|((w, sum), power)| *w = sum * power);
                    }
                    None => {
                        let exponents = &self.exponents[start..start + features];
                        let unit = self.units[target];
                        let all = w.iter_mut().zip(sums).zip(exponents);
                        all.for_each(|((w, sum), exponent)| *w = scaled(*sum, exponent + unit));
                    }
                }
            }
            start += features;
        }
    }
}
