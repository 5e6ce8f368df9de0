//! Powers of two that bring every diagonal element of G + shift·D near 1, and the norms ‖G + shift·D‖₁ in those units.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::math::powers::{exponent, scale_all, scaled};
use crate::model::penalty::Grid;

/// Numbers that a task works on, at least.
const AT_ONCE: usize = 4096;
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

/// The weight of the penalty on each feature, mantissa and exponent (even), where it is that of every λ in one row.
pub(crate) struct PenaltyWeights {
    rows: Vec<Vec<(f64, i32)>>,
}

impl PenaltyWeights {
    /// D of each feature times its factor at each λ.
    pub(crate) fn with_factors(penalty: &[(f64, i32)], grid: &Grid) -> Self {
        let rows = if grid.factors.are_shared() { 1 } else { grid.shifts.len() };
        let row = |k: usize| penalty.iter().enumerate().map(|(j, own)| factored(*own, grid.factors.of(k, j))).collect();
        Self { rows: (0..rows).map(row).collect() }
    }

    /// D alone.
    pub(crate) fn alone(penalty: &[(f64, i32)]) -> Self {
        Self { rows: vec![penalty.to_vec()] }
    }

    fn of(&self, k: usize) -> &[(f64, i32)] {
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
    let sizes: Vec<Option<i32>> =
        gram.diagonal().iter().map(|element| (*element > 0.0).then(|| exponent(*element))).collect();
    let (mut step, mut added) = (vec![0; shifts.len() * n], vec![0.0; shifts.len() * n]);
    let rows = step.par_chunks_mut(n).zip(added.par_chunks_mut(n)).zip(shifts).enumerate();
    rows.with_min_len(AT_ONCE.div_ceil(n)).for_each(|(k, ((step, added), shift))| {
        let shift_exponent = exponent(*shift);
        let mantissa = scaled(*shift, -shift_exponent);
        let features = sizes.iter().zip(weights.of(k)).zip(unit);
        for ((step, added), ((held, (weight, power)), unit)) in step.iter_mut().zip(added).zip(features) {
            let size = mantissa * weight; // of the addition, times 2^e
            let e = shift_exponent + power + 2 * unit;
            let size_exponent = (size > 0.0).then(|| exponent(size) + e);
            let half = -(*held).max(size_exponent).unwrap_or(0).div_euclid(2);
            *step = half;
            *added = scaled(size, e + 2 * half);
        }
    });
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
    let (all_hold, gram_diagonal) = (holds.len() == n, gram.diagonal());
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
    let mut sums = DMatrix::zeros(n, distinct.len());
    sums.as_mut_slice().par_chunks_mut(n * COLUMNS).zip(distinct.par_chunks(COLUMNS)).for_each(|(sums, lambdas)| {
        // Whole groups of columns, so that the bits of one do not depend on how many there are.
        let mut product = DMatrix::zeros(n, lambdas.len().next_multiple_of(8));
        // |G| in panels, so that it is never there as a whole.
        for first in (0..n).step_by(COLUMNS) {
            let sizes = gram.columns(first, COLUMNS.min(n - first)).abs();
            let mut units = DMatrix::zeros(sizes.ncols(), product.ncols());
            for (at, k) in lambdas.iter().enumerate() {
                let held = (0..sizes.ncols()).filter(|j| gram[(first + j, first + j)] > 0.0);
                held.for_each(|j| units[(j, at)] = scaled(1.0, row(*k)[first + j]));
            }
            product.gemm(1.0, &sizes, &units, 1.0);
        }
        sums.copy_from_slice(&product.as_slice()[..sums.len()]);
    });
    let norm = |k: usize| {
        let by = apart(k, distinct[of[k]]);
        let sums = &sums.as_slice()[of[k] * n..(of[k] + 1) * n];
        let columns = gram_diagonal.iter().zip(sums).zip(row(k)).zip(&added[k * n..(k + 1) * n]);
        let size = |(((held, sum), step), added): (((&f64, &f64), &i32), &f64)| {
            let own = if *held > 0.0 { scaled(scaled(*sum, by), *step) } else { 0.0 };
            own + added
        };
        columns.map(size).fold(0.0, |largest: f64, size| if size > largest { size } else { largest })
    };
    (0..k).into_par_iter().with_min_len(AT_ONCE.div_ceil(n)).map(norm).collect()
}
