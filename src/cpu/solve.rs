//! Stage `solve` on the CPU: forward and back substitution, and all λ of a path in parallel.

use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::condition::inverse_norm;
use crate::cpu::factor::{Factor, factor};
use crate::normal::NormalEquations;
use crate::outcome::Outcome;
use crate::path::Weights;
use crate::view::Scalar;

impl<A: Scalar> Factor<A> {
    /// Overwrites the right-hand sides (n × t) with (LLᵀ)⁻¹ times them.
    ///
    /// A factor that failed (`info` > 0) has no solution; the values are then without meaning.
    pub fn solve_into(&self, rhs: &mut DMatrix<A>) {
        let lower = self.lower();
        let n = lower.nrows();
        for mut column in rhs.column_iter_mut() {
            for j in 0..n {
                let own = lower.column(j);
                let value = column[j] / own[j];
                column[j] = value;
                column.rows_mut(j + 1, n - j - 1).axpy(-value, &own.rows(j + 1, n - j - 1), A::one());
            }
            for j in (0..n).rev() {
                let own = lower.column(j);
                let below = own.rows(j + 1, n - j - 1).dot(&column.rows(j + 1, n - j - 1));
                column[j] = (column[j] - below) / own[j];
            }
        }
    }
}

/// Factors and solves every λ, in parallel, in the arithmetic of `A`; tells `progress` how many are done.
#[must_use]
pub fn solve<A: Scalar>(normal: &NormalEquations, progress: &(dyn Fn(usize) + Sync)) -> Vec<Weights> {
    let (n, t) = (normal.features(), normal.targets());
    let done = AtomicUsize::new(0);
    (0..normal.penalties())
        .into_par_iter()
        .map(|k| {
            let factor = factor::<A>(normal, k);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            if factor.info > 0 {
                return Weights::singular(factor.info);
            }
            let units: Vec<f64> = normal.steps(k).collect();
            let mut w = DMatrix::from_fn(n, t, |i, target| A::round_from(normal.cross[(i, target)] * units[i]));
            factor.solve_into(&mut w);
            let inverse = inverse_norm(n, |v| {
                let mut column = DMatrix::from_fn(n, 1, |i, _| A::round_from(v[i]));
                factor.solve_into(&mut column);
                v.iter_mut().zip(column.iter()).for_each(|(v, own)| *v = (*own).into());
            });
            Weights::solved(w.map(Into::into), normal.norm(k) * inverse, Outcome::Solved)
        })
        .collect()
}
