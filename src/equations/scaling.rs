//! Powers of two that bring every diagonal element of G + shift·D near 1, and the norms ‖G + shift·D‖₁ in those units.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::math::lanes::vectorized;
use crate::math::powers::{exponent, scale_all, scaled};
use crate::model::penalty::Grid;

/// In place of the exponent of 0, below all others.
const NOTHING: i32 = i32::MIN;
/// Columns up to which a few sums of them are formed without packing them for a product.
const FEW: usize = 32;
/// Columns of a product that one task computes.
const COLUMNS: usize = 64;

/// Scales the lower triangle by powers of two, of which none is less than 2^`least`, until the diagonal lies in [1, 4), and returns
/// them. The upper triangle becomes the mirror image of the lower.
pub(crate) fn unit_diagonal(gram: &mut DMatrix<f64>, least: i32) -> Vec<i32> {
    let n = gram.nrows();
    let change: Vec<i32> = (0..n).map(|j| exponent(gram[(j, j)]).div_euclid(2).max(least)).collect();
    for j in 0..n {
        scale_all(
            &mut gram.as_mut_slice()[j * n + j..(j + 1) * n],
            change[j..].iter().map(|change_i| -change_i - change[j]),
        );
    }
    mirror(gram);
    change
}

/// Copies the lower triangle into the upper one, tile by tile, so that neither side goes across the memory.
fn mirror(gram: &mut DMatrix<f64>) {
    const TILE: usize = 16;
    let n = gram.nrows();
    for (left, top) in (0..n).step_by(TILE).flat_map(|left| (left..n).step_by(TILE).map(move |top| (left, top))) {
        for i in top..(top + TILE).min(n) {
            for j in left..(left + TILE).min(i) {
                gram[(j, i)] = gram[(i, j)];
            }
        }
    }
}

/// The weight of the penalty on each feature, mantissas and exponents (even), where it is that of every λ in one row.
pub(crate) struct PenaltyWeights {
    rows: Vec<(Vec<f64>, Vec<i32>)>,
}

impl PenaltyWeights {
    /// D of each feature times its factor at each λ.
    pub(crate) fn with_factors(penalty: &[(f64, i32)], grid: &Grid) -> Self {
        let rows = if grid.factors.are_shared() { 1 } else { grid.shifts.len() };
        let row = |k: usize| penalty.iter().enumerate().map(|(j, own)| factored(*own, grid.factors.of(k, j))).unzip();
        Self { rows: (0..rows).map(row).collect() }
    }

    /// D alone.
    pub(crate) fn alone(penalty: &[(f64, i32)]) -> Self {
        Self { rows: vec![penalty.iter().copied().unzip()] }
    }

    fn of(&self, k: usize) -> &(Vec<f64>, Vec<i32>) {
        if self.rows.len() == 1 { &self.rows[0] } else { &self.rows[k] }
    }
}

/// D, mantissa and exponent (even), times a penalty factor.
pub(crate) fn factored((weight, power): (f64, i32), factor: f64) -> (f64, i32) {
    let even = exponent(factor) & !1;
    (weight * scaled(factor, -even), power + even)
}

/// For each shift and feature: the power of two that brings `G_jj + added` to about 1, and what the shift adds, in units of that
/// power.
pub(crate) fn steps(
    gram: &DMatrix<f64>,
    unit: &[i32],
    weights: &PenaltyWeights,
    shifts: &[f64],
) -> (Vec<i32>, Vec<f64>) {
    let n = unit.len();
    let held: Vec<i32> = gram.diagonal().iter().map(|own| if *own > 0.0 { exponent(*own) } else { NOTHING }).collect();
    let (mut step, mut added) = (vec![0; shifts.len() * n], vec![0.0; shifts.len() * n]);
    let mut powers = vec![0; n];
    vectorized(
        #[inline(always)]
        || {
            let rows = step.chunks_exact_mut(n).zip(added.chunks_exact_mut(n)).zip(shifts);
            for (k, ((step, added), shift)) in rows.enumerate() {
                let shift_exponent = exponent(*shift);
                let mantissa = scaled(*shift, -shift_exponent);
                let (weights, exponents) = weights.of(k);
                let features = held.iter().zip(unit).zip(weights.iter().zip(exponents));
                let to = step.iter_mut().zip(added.iter_mut()).zip(&mut powers);
                for (((step, added), power), ((held, unit), (weight, exponent_of_weight))) in to.zip(features) {
                    let size = mantissa * weight; // of the addition, times 2^e
                    let e = shift_exponent + exponent_of_weight + 2 * unit;
                    let own = if size > 0.0 { exponent(size) + e } else { NOTHING };
                    let most = own.max(*held);
                    *step = if most == NOTHING { 0 } else { -(most >> 1) };
                    *power = e + 2 * *step;
                    *added = size;
                }
                scale_all(added, powers.iter().copied());
            }
        },
    );
    (step, added)
}

/// ‖A‖₁ of each λ: the largest sum of absolute values of a column, from one product |G|·(2^step) for all λ whose steps differ by
/// more than a common one.
pub(crate) fn norms(gram: &DMatrix<f64>, step: &[i32], added: &[f64]) -> Vec<f64> {
    let n = gram.nrows();
    let k = step.len() / n;
    let holds: Vec<usize> = (0..n).filter(|j| gram[(*j, *j)] > 0.0).collect();
    let row = |k: usize| &step[k * n..(k + 1) * n];
    let apart = |a: usize, b: usize| holds.first().map_or(0, |j| row(a)[*j] - row(b)[*j]);
    let all_hold = holds.len() == n;
    // The λ whose sums serve, in units of its steps.
    let (mut of, mut distinct) = (Vec::with_capacity(k), Vec::<usize>::new());
    for at in 0..k {
        let same = |before: &usize| {
            let (own, before, by) = (row(at), row(*before), apart(at, *before));
            match all_hold {
                true => own.iter().zip(before).fold(true, |same, (own, before)| same & (own - before == by)),
                false => holds.iter().all(|j| own[*j] - before[*j] == by),
            }
        };
        if !distinct.last().is_some_and(same) {
            distinct.push(at);
        }
        of.push(distinct.len() - 1);
    }
    let mut sums = sums(gram, &distinct.iter().map(|k| row(*k)).collect::<Vec<_>>());
    for j in (0..n).filter(|j| !(gram[(*j, *j)] > 0.0)) {
        sums.row_mut(j).fill(0.0);
    }
    let (mut norms, mut sizes) = (vec![0.0; k], vec![0.0; n]);
    vectorized(
        #[inline(always)]
        || {
            for (k, norm) in norms.iter_mut().enumerate() {
                let by = apart(k, distinct[of[k]]);
                sizes.copy_from_slice(&sums.as_slice()[of[k] * n..(of[k] + 1) * n]);
                scale_all(&mut sizes, std::iter::repeat_n(by, n));
                scale_all(&mut sizes, row(k).iter().copied());
                for (size, added) in sizes.iter().zip(&added[k * n..(k + 1) * n]) {
                    let size = size + added;
                    *norm = if size > *norm { size } else { *norm };
                }
            }
        },
    );
    norms
}

/// |G|·(2^step) of some steps; columns of G that hold nothing count for nothing.
fn sums(gram: &DMatrix<f64>, steps: &[&[i32]]) -> DMatrix<f64> {
    let n = gram.nrows();
    let mut sums = DMatrix::zeros(n, steps.len());
    if n <= FEW {
        vectorized(
            #[inline(always)]
            || {
                for (sums, steps) in sums.as_mut_slice().chunks_exact_mut(n).zip(steps) {
                    for (j, (column, step)) in gram.as_slice().chunks_exact(n).zip(*steps).enumerate() {
                        let unit = if column[j] > 0.0 { scaled(1.0, *step) } else { 0.0 };
                        sums.iter_mut().zip(column).for_each(|(sum, value)| *sum += value.abs() * unit);
                    }
                }
            },
        );
        return sums;
    }
    sums.as_mut_slice().par_chunks_mut(n * COLUMNS).zip(steps.par_chunks(COLUMNS)).for_each(|(sums, steps)| {
        // Whole groups of columns, so that the bits of one do not depend on how many there are.
        let mut product = DMatrix::zeros(n, steps.len().next_multiple_of(8));
        // |G| in panels, so that it is never there as a whole.
        for first in (0..n).step_by(COLUMNS) {
            let sizes = gram.columns(first, COLUMNS.min(n - first)).abs();
            let mut units = DMatrix::zeros(sizes.ncols(), product.ncols());
            for (at, steps) in steps.iter().enumerate() {
                let held = (0..sizes.ncols()).filter(|j| gram[(first + j, first + j)] > 0.0);
                held.for_each(|j| units[(j, at)] = scaled(1.0, steps[first + j]));
            }
            product.gemm(1.0, &sizes, &units, 1.0);
        }
        sums.copy_from_slice(&product.as_slice()[..sums.len()]);
    });
    sums
}
