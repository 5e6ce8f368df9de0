//! Answers of few features, eight side by side: each takes one lane from the right-hand side to the coefficients and to what is
//! measured of them.

use std::collections::BTreeSet;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::columns::{Figures, PathColumns};
use crate::answer::describe::error_bound;
use crate::cpu::spectral::Spectral;
use crate::equations::residual::{Fit, MatrixSizes, backward_limit};
use crate::equations::totals::Totals;
use crate::math::lanes::{LANES, Lanes, vectorized};
use crate::math::powers::{power, scaled};
use crate::math::threads::at_least;
use crate::model::outcome::Outcome;
use crate::model::watch::Watch;

/// Features up to which eight answers side by side are faster than [tiles](super::tiles) of many.
pub(crate) const FEW: usize = 32;
/// Columns that one task solves for.
const COLUMNS: usize = 256;
/// Sums of squares up to which none is out of range; below, what is lost counts for nothing beside the rounding of y.
const SQUARES: f64 = 1e280;
/// Operations for each number of a solution, about.
const EACH: usize = 32;

/// What the answers of few features are solved and measured with. Column `k`·t + `target` is the answer of λ number k.
pub(crate) struct FewFeatures<'a> {
    spectral: &'a Spectral<'a>,
    totals: &'a Totals,
    conditions: &'a [f64],
    rounding: f64,
    /// The diagonal of G.
    diagonal: Vec<f64>,
    /// The means in the units of the weights, but for those of columns that hold nothing.
    means: Vec<f64>,
    /// R·Q, row after row.
    basis: DMatrix<f64>,
    /// What brings weights in the units of G to natural ones: n × t.
    powers: DMatrix<f64>,
}

impl<'a> FewFeatures<'a> {
    /// `None` where there are many features, or units out of range.
    pub(crate) fn new(
        spectral: &'a Spectral<'a>,
        totals: &'a Totals,
        conditions: &'a [f64],
        rounding: f64,
    ) -> Option<Self> {
        let normal = spectral.normal;
        let (n, t) = (normal.features(), normal.targets());
        let steps_in_range = || normal.step.iter().fold(true, |all, step| all & (-1000..=1000).contains(step));
        if n > FEW || !steps_in_range() {
            return None;
        }
        let diagonal: Vec<f64> = normal.gram.diagonal().iter().copied().collect();
        let mean = |j: usize| if diagonal[j] > 0.0 { scaled(totals.means[j], normal.unit[j]) } else { 0.0 };
        let means: Vec<f64> = (0..n).map(mean).collect();
        let powers = DMatrix::from_fn(n, t, |j, target| scaled(1.0, normal.unit[j] + normal.target_unit[target]));
        let in_range = powers.iter().all(|power| power.is_normal());
        let basis = spectral.transposed_basis();
        in_range.then_some(Self { spectral, totals, conditions, rounding, diagonal, means, basis, powers })
    }

    /// Writes the answers of every λ, which are without meaning beyond the reach of the strategy, and returns the numbers of the λs
    /// whose residual is too large.
    pub(crate) fn path(&self, place: PathColumns<'_>, watch: &dyn Watch) -> BTreeSet<usize> {
        let n = self.spectral.normal.features();
        let task = |(at, mut place): (usize, PathColumns<'_>)| {
            if watch.is_cancelled() {
                return Vec::new();
            }
            let failed = self.solve(at * COLUMNS, &mut place);
            watch.done(place.columns());
            failed
        };
        let tasks: Vec<PathColumns<'_>> = place.chunks(COLUMNS).collect();
        let tasks = tasks.into_par_iter().with_min_len(at_least(COLUMNS * n * EACH));
        tasks.enumerate().flat_map_iter(task).collect()
    }

    /// Solves and writes the columns from `first` on.
    fn solve(&self, first: usize, place: &mut PathColumns<'_>) -> Vec<usize> {
        let mut scratch = Scratch::new(self.spectral.normal.features());
        let mut failed = Vec::new();
        for start in (0..place.columns()).step_by(LANES) {
            vectorized(
                #[inline(always)]
                || self.solve_eight(first, start, place, &mut scratch, &mut failed),
            );
        }
        failed
    }

    #[inline(always)]
    fn solve_eight(
        &self,
        first: usize,
        start: usize,
        place: &mut PathColumns<'_>,
        scratch: &mut Scratch,
        failed: &mut Vec<usize>,
    ) {
        let normal = self.spectral.normal;
        let (n, t) = (normal.features(), normal.targets());
        let count = LANES.min(place.columns() - start);
        let mut targets = [0; LANES];
        let mut lambdas = [0; LANES];
        for lane in 0..LANES {
            let column = first + start + lane.min(count - 1);
            (lambdas[lane], targets[lane]) = (column / t, column % t);
        }
        if scratch.lambdas != lambdas {
            scratch.lambdas = lambdas;
            self.penalties(scratch);
        }
        if scratch.targets != targets {
            scratch.targets = targets;
            gather(&mut scratch.cross, normal.cross.as_slice(), &targets);
            gather(&mut scratch.powers, self.powers.as_slice(), &targets);
        }
        gather(&mut scratch.values, self.spectral.cross.as_slice(), &targets);
        self.spectral.tridiagonal.solve_lanes(&scratch.shift, &mut scratch.inverse, &mut scratch.values);
        multiply(self.basis.as_slice(), &scratch.values, &mut scratch.weights);
        multiply(normal.gram.as_slice(), &scratch.weights, &mut scratch.values);
        let [w2, c2, penalty, product, r2, squared_norm, explained] = scratch.sums(&self.totals.means);
        let limit = backward_limit(n);
        for lane in 0..count {
            let (k, target, column) = (lambdas[lane], targets[lane], start + lane);
            let w = &mut place.coefficients[column * n..(column + 1) * n];
            for (w, weights) in w.iter_mut().zip(&scratch.weights) {
                *w = weights[lane];
            }
            let matrix = MatrixSizes { top: scratch.top[lane], norm: normal.norm(k), trace: scratch.trace[lane] };
            let mut fit = Fit::new(normal, target, &matrix, [w2[lane], c2[lane], penalty[lane], product[lane]]);
            fit.set_residual(r2[lane].sqrt());
            // Written so that NaN fails.
            if !(fit.backward <= limit) {
                failed.push(k);
            }
            let bound = error_bound(normal, (Outcome::Solved, self.conditions[k]), None, &fit, (self.rounding, 1.0));
            let solved = (Outcome::Solved, Some(w2[lane] > 0.0));
            let sums = [explained[lane], squared_norm[lane]];
            let entry = Figures::of_sums(
                self.totals,
                normal.model,
                target,
                w,
                sums,
                solved,
                (&fit, bound, scratch.centres[lane]),
            );
            place.set(column, entry);
        }
    }

    /// Sets what depends on the λs of the lanes alone.
    #[inline(always)]
    fn penalties(&self, scratch: &mut Scratch) {
        let normal = self.spectral.normal;
        let n = normal.features();
        let mut steps = [[0; LANES]; FEW];
        for (lane, k) in scratch.lambdas.into_iter().enumerate() {
            scratch.shift[lane] = self.spectral.shift(k);
            for (j, (step, added)) in normal.step[k * n..][..n].iter().zip(normal.added(k)).enumerate() {
                (steps[j][lane], scratch.added[j][lane]) = (*step, *added);
            }
        }
        let (mut top, mut trace, mut centre) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (j, steps) in steps.iter().enumerate().take(n) {
            let (added, diagonal, mean) = (scratch.added[j], self.diagonal[j], self.means[j]);
            let (mut units, mut back) = ([0.0; LANES], [0.0; LANES]);
            for lane in 0..LANES {
                let unit = power(steps[lane]);
                (units[lane], back[lane]) = (unit, power(-steps[lane]));
                let held = diagonal * unit * unit;
                top[lane] = if held + added[lane] > top[lane] { held + added[lane] } else { top[lane] };
                trace[lane] += held;
                centre[lane] += (mean * unit) * (mean * unit);
            }
            (scratch.unit[j], scratch.back[j]) = (units, back);
        }
        (scratch.top, scratch.trace) = (top, trace);
        for (lane, k) in scratch.lambdas.into_iter().enumerate() {
            scratch.centres[lane] = match normal.model.intercept {
                true if centre[lane] < SQUARES => self.totals.centre(centre[lane].sqrt(), trace[lane]),
                true => self.totals.centres(normal)[k],
                false => [0.0; 2],
            };
        }
    }
}

/// The numbers of eight answers at work, one in each lane; vectors hold an element for each feature.
struct Scratch {
    /// The numbers of the λs that `unit`, `back`, `added`, `shift`, `top`, `trace` and the centres are of.
    lambdas: [usize; LANES],
    /// The numbers of the targets that `cross` and `powers` are of.
    targets: [usize; LANES],
    /// 2^step.
    unit: Vec<Lanes>,
    /// 2^-step.
    back: Vec<Lanes>,
    /// What the penalty adds to the diagonal.
    added: Vec<Lanes>,
    shift: Lanes,
    top: Lanes,
    trace: Lanes,
    /// The [centres](Totals::centres).
    centres: [[f64; 2]; LANES],
    cross: Vec<Lanes>,
    powers: Vec<Lanes>,
    inverse: Vec<Lanes>,
    /// The right-hand side, and in the end G times the weights.
    values: Vec<Lanes>,
    /// The weights, first in the units of G and in the end in natural units.
    weights: Vec<Lanes>,
}

impl Scratch {
    fn new(n: usize) -> Self {
        let lanes = || vec![[0.0; LANES]; n];
        Self {
            lambdas: [usize::MAX; LANES],
            targets: [usize::MAX; LANES],
            unit: lanes(),
            back: lanes(),
            added: lanes(),
            shift: [0.0; LANES],
            top: [0.0; LANES],
            trace: [0.0; LANES],
            centres: [[0.0; 2]; LANES],
            cross: lanes(),
            powers: lanes(),
            inverse: lanes(),
            values: lanes(),
            weights: lanes(),
        }
    }

    /// ‖w‖², ‖c‖², shift·wᵀDw, wᵀc and ‖r‖² in the units of the λ, and ‖w‖² and wᵀx̄ in natural
    /// units, to which it brings the weights.
    #[inline(always)]
    fn sums(&mut self, means: &[f64]) -> [Lanes; 7] {
        let zero = [0.0; LANES];
        let (mut w2, mut c2, mut penalties, mut products, mut r2) = (zero, zero, zero, zero, zero);
        let (mut squared_norm, mut explained) = (zero, zero);
        for (j, mean) in means.iter().enumerate().take(self.weights.len()) {
            let (u, product, cross) = (self.weights[j], self.values[j], self.cross[j]);
            let (unit, back, added, power) = (self.unit[j], self.back[j], self.added[j], self.powers[j]);
            let mut natural = zero;
            for lane in 0..LANES {
                let w = u[lane] * back[lane];
                let c = cross[lane] * unit[lane];
                let penalty = added[lane] * w;
                let r = (cross[lane] - product[lane]) * unit[lane] - penalty;
                natural[lane] = u[lane] * power[lane];
                w2[lane] += w * w;
                c2[lane] += c * c;
                penalties[lane] += penalty * w;
                products[lane] += w * c;
                r2[lane] += r * r;
                squared_norm[lane] += natural[lane] * natural[lane];
                explained[lane] += natural[lane] * mean;
            }
            self.weights[j] = natural;
        }
        [w2, c2, penalties, products, r2, squared_norm, explained]
    }
}

/// Column `columns[lane]` of a matrix in each lane.
#[inline(always)]
fn gather(to: &mut [Lanes], matrix: &[f64], columns: &[usize; LANES]) {
    let n = to.len();
    for lane in 0..LANES {
        let column = &matrix[columns[lane] * n..(columns[lane] + 1) * n];
        for (to, value) in to.iter_mut().zip(column) {
            to[lane] = *value;
        }
    }
}

/// to = matrix·from in every lane, of the matrix row after row.
#[inline(always)]
fn multiply(matrix: &[f64], from: &[Lanes], to: &mut [Lanes]) {
    for (to, row) in to.iter_mut().zip(matrix.chunks_exact(from.len())) {
        let mut sum = [0.0; LANES];
        for (value, from) in row.iter().zip(from) {
            for lane in 0..LANES {
                sum[lane] += value * from[lane];
            }
        }
        *to = sum;
    }
}
