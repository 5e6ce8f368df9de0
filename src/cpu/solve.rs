//! Stage `solve` on the CPU: forward and back substitution, and all λ of a path in parallel.

use std::sync::atomic::{AtomicUsize, Ordering};

use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{MatMut, MatRef, Par};
use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::cpu::factor::{Factor, factor};
use crate::equations::normal::NormalEquations;
use crate::equations::refine::refine;
use crate::equations::weights::Weights;
use crate::math::condition;
use crate::math::scalar::Scalar;
use crate::math::threads::at_least;
use crate::model::outcome::Outcome;
use crate::model::watch::Watch;
use crate::plan::{LARGE, LARGE_FACTORS};

/// Numbers in the answers of λs that are solved together, about.
const NUMBERS: usize = 1 << 19;
/// λs that are solved together, at least: they keep many threads busy.
const LEAST: usize = 16;

/// Right-hand sides from which blocks of L are multiplied with all right-hand sides at once.
const MANY: usize = 8;

impl<A: Scalar> Factor<A> {
    /// Overwrites the right-hand sides (n × t) with (LLᵀ)⁻¹ times them.
    ///
    /// A factor that failed (`info` > 0) has no solution; the values are then without meaning.
    pub fn solve_into(&self, rhs: &mut DMatrix<A>) {
        if rhs.ncols() >= MANY {
            let (n, t) = rhs.shape();
            let lower = MatRef::from_column_major_slice(self.lower().as_slice(), n, n);
            let mut rhs = MatMut::from_column_major_slice_mut(rhs.as_mut_slice(), n, t);
            solve_lower_triangular_in_place(lower, rhs.as_mut(), Par::Seq);
            solve_upper_triangular_in_place(lower.transpose(), rhs, Par::Seq);
            return;
        }
        let lower = self.lower();
        let n = lower.nrows();
        // One pass over L for all columns.
        for j in 0..n {
            let lower_column = lower.column(j);
            let below = lower_column.rows(j + 1, n - j - 1);
            for mut column in rhs.column_iter_mut() {
                let value = column[j] / lower_column[j];
                column[j] = value;
                column.rows_mut(j + 1, n - j - 1).axpy(-value, &below, A::one());
            }
        }
        for j in (0..n).rev() {
            let lower_column = lower.column(j);
            let below = lower_column.rows(j + 1, n - j - 1);
            for mut column in rhs.column_iter_mut() {
                let known = below.dot(&column.rows(j + 1, n - j - 1));
                column[j] = (column[j] - known) / lower_column[j];
            }
        }
    }
}

/// Factors and solves every λ, in parallel, in the arithmetic of `A`, with corrections where the equations are known to
/// twice the digits; tells `watch` how many are done.
#[must_use]
pub fn solve<A: Scalar>(normal: &NormalEquations, watch: &dyn Watch) -> Vec<Weights> {
    let every: Vec<usize> = (0..normal.penalties()).collect();
    solve_these::<A>(normal, &every, watch)
}

/// The weights of the λs numbered `which` alone.
pub(crate) fn solve_these<A: Scalar>(normal: &NormalEquations, which: &[usize], watch: &dyn Watch) -> Vec<Weights> {
    let mut answers = Vec::with_capacity(which.len());
    in_parts::<A>(normal, which, watch, |_, weights| answers.extend(weights));
    answers
}

/// Solves some λs after others: `take` gets their numbers and weights, which need not all be held at once.
pub(crate) fn in_parts<A: Scalar>(
    normal: &NormalEquations,
    which: &[usize],
    watch: &dyn Watch,
    mut take: impl FnMut(&[usize], Vec<Weights>),
) {
    let (n, t) = (normal.features(), normal.targets());
    let done = AtomicUsize::new(0);
    let one = |k: &usize| {
        if watch.is_cancelled() {
            return Weights::singular(1);
        }
        let factor = factor::<A>(normal, *k);
        watch.done(done.fetch_add(1, Ordering::Relaxed) + 1);
        if factor.info > 0 { Weights::singular(factor.info) } else { answer(normal, *k, &factor) }
    };
    // Each of few large factors is the work of several threads.
    let (least, factors) = if n < LARGE { (LEAST, usize::MAX) } else { (LARGE_FACTORS, LARGE_FACTORS) };
    for lambdas in which.chunks((NUMBERS / (n * t)).max(least)) {
        let each = lambdas.len().div_ceil(factors);
        let tasks = lambdas.par_chunks(each).with_min_len(at_least(n * n * (n + 4 * t + 16)));
        take(lambdas, tasks.flat_map_iter(|lambdas| lambdas.iter().map(one)).collect());
    }
}

fn answer<A: Scalar>(normal: &NormalEquations, k: usize, factor: &Factor<A>) -> Weights {
    let (n, t) = (normal.features(), normal.targets());
    let apply = |rhs: &mut DMatrix<f64>| {
        let mut rounded = rhs.map(A::round_from);
        factor.solve_into(&mut rounded);
        *rhs = rounded.map(Into::into);
    };
    let units = normal.steps(k);
    // The first solve of the condition estimate rides along.
    let start = condition::start(n);
    let mut w = DMatrix::from_fn(n, t + 1, |i, target| match target < t {
        true => normal.cross[(i, target)] * units[i],
        false => start[i],
    });
    apply(&mut w);
    let probe = w.column(t).into_owned();
    let w = w.remove_column(t);
    let inverse = condition::growth(probe, |v| {
        let mut column = DMatrix::from_column_slice(n, 1, v.as_slice());
        apply(&mut column);
        v.copy_from(&column.column(0));
    });
    let condition = normal.norm(k) * inverse;
    #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
    let floor = condition * n as f64 * A::EPSILON;
    let refined = match condition <= condition::reach(n, A::EPSILON) {
        true => refine(normal, k, &w, condition, floor, apply),
        false => None,
    };
    Weights::solved(w, condition, Outcome::Solved).refined(refined)
}
