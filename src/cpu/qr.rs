//! Stage `qr` on the CPU: the route that never squares the condition number, for what the normal equations cannot answer.

use nalgebra::{DMatrix, DVector};

use crate::equations::normal::NormalEquations;
use crate::equations::refine::refine;
use crate::equations::triangle::Triangle;
use crate::equations::weights::Weights;
use crate::math::complete_orthogonal::CompleteOrthogonal;
use crate::math::condition::{self, inverse_norm};
use crate::math::powers::{exponent, scaled};
use crate::math::qr::reduce;
use crate::model::outcome::{Outcome, Route};

/// Solves λ number k as the least squares problem min ‖[R; √shift·√D] w − [z; 0]‖, its columns scaled to about norm 1.
/// Singular when an orthogonalised column keeps no more than (n + √m)·eps of its norm, which rounding alone leaves.
pub(crate) fn solve(triangle: &Triangle, normal: &NormalEquations, k: usize) -> Weights {
    let (n, t) = (normal.features(), normal.targets());
    let added = normal.added(k);
    let unit: Vec<f64> =
        (0..n).map(|j| scaled(1.0, triangle.exponents[j] + normal.unit[j] + normal.step[k * n + j])).collect();
    let stacked = DMatrix::from_fn(2 * n, n, |i, j| match i {
        _ if i < n => triangle.r[(i, j)] * unit[j],
        _ if i == n + j => added[j].sqrt(),
        _ => 0.0,
    });
    let norms: Vec<f64> = stacked.column_iter().map(|column| column.norm()).collect();
    let rhs = DMatrix::from_fn(2 * n, t, |i, target| match &triangle.z {
        Some(z) if i < n => scaled(z[(i, target)], triangle.exponents[n + target] - normal.target_unit[target]),
        _ => 0.0,
    });
    let (r, mut w) = reduce(stacked, rhs);
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let least = (n as f64 + (triangle.rows as f64).sqrt()) * f64::EPSILON;
    if let Some(j) = (0..n).find(|j| !(r[(*j, *j)].abs() > least * norms[*j])) {
        return Weights::singular(j + 1);
    }
    let correct = |rhs: &mut DMatrix<f64>| {
        let _ = r.tr_solve_upper_triangular_mut(rhs) && r.solve_upper_triangular_mut(rhs);
    };
    if triangle.z.is_some() {
        if !r.solve_upper_triangular_mut(&mut w) {
            return Weights::singular(n);
        }
        // What holds nothing but the penalty is 0, not rounding noise in units that a small penalty makes large.
        (0..n).filter(|j| normal.gram[(*j, *j)] == 0.0).for_each(|j| w.row_mut(j).fill(0.0));
    } else {
        // RᵀRw = c: as good as R after corrections.
        let units = normal.steps(k);
        w = DMatrix::from_fn(n, t, |i, target| normal.cross[(i, target)] * units[i]);
        correct(&mut w);
    }
    let inverse = inverse_norm(n, |v: &mut DVector<f64>| {
        let _ = r.tr_solve_upper_triangular_mut(v) && r.solve_upper_triangular_mut(v);
    });
    let condition = normal.norm(k) * inverse;
    #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
    let floor = condition.sqrt() * n as f64 * f64::EPSILON;
    let refined = match condition.sqrt() <= condition::reach(n, f64::EPSILON) {
        true => refine(normal, k, &w, condition, floor, correct),
        false => None,
    };
    Weights::solved(w, condition, Outcome::Rerouted { route: Route::Qr }).refined(refined)
}

/// The least squares solution of least norm on the penalised scale, of R with its columns on that scale.
pub(crate) fn minimum_norm(triangle: &Triangle, normal: &NormalEquations, k: usize) -> Weights {
    let (n, t) = (normal.features(), normal.targets());
    let Some(z) = &triangle.z else { return Weights::singular(n) };
    // Column j of X in units of 2^e over √D_j; all in units of the largest.
    let penalty: Vec<(f64, i32)> = (0..n).map(|j| normal.penalty_weight(k, j)).collect();
    let root: Vec<f64> = penalty.iter().map(|(weight, _)| weight.sqrt()).collect();
    let units: Vec<i32> = (0..n).map(|j| triangle.exponents[j] - penalty[j].1 / 2).collect();
    let size = |j: usize| triangle.r.column(j).norm() / root[j];
    let top = (0..n).filter(|j| size(*j) > 0.0).map(|j| exponent(size(j)) + units[j]).max().unwrap_or(0);
    let r = DMatrix::from_fn(n, n, |i, j| scaled(triangle.r[(i, j)] / root[j], units[j] - top));
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let least = triangle.rows.max(n) as f64 * f64::EPSILON;
    let (complete, z) = CompleteOrthogonal::new(r, z.clone(), least);
    let w = complete.solve(z);
    let in_units = |j: usize, target: usize| {
        let natural = units[j] - triangle.exponents[j] - top + triangle.exponents[n + target];
        let ours = normal.unit[j] + normal.step[k * n + j] + normal.target_unit[target];
        scaled(w[(j, target)] / root[j], natural - ours)
    };
    let outcome = Outcome::MinimumNorm { rank: complete.rank };
    Weights::solved(DMatrix::from_fn(n, t, in_units), complete.condition.powi(2), outcome)
}
