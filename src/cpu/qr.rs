//! Stage `qr` on the CPU: the route that never squares the condition number, for what the normal equations cannot answer.

use nalgebra::{DMatrix, DVector, QR};
use rayon::prelude::*;

use crate::condition::{self, inverse_norm};
use crate::cpu::complete::Complete;
use crate::error::Result;
use crate::frame::Frame;
use crate::normal::NormalEquations;
use crate::outcome::{Outcome, Route};
use crate::path::Weights;
use crate::problem::Problem;
use crate::refine::refine;
use crate::scale::{exponent, scaled};

/// R (n × n, upper) and z = Qᵀ√S·Y (n × t) with √S·X = QR, of centred rows when an intercept is fitted. Column j is in
/// units of 2^`exponents[j]`, features first. In the dual form R alone, of the transpose.
pub(crate) struct Triangle {
    pub(crate) r: DMatrix<f64>,
    pub(crate) z: Option<DMatrix<f64>>,
    pub(crate) exponents: Vec<i32>,
    /// The rows that were reduced.
    pub(crate) rows: usize,
}

/// Reduces the rows, block by block and block with block (Golub and Van Loan, *Matrix Computations* (2013), §5.2).
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub(crate) fn triangle(problem: &Problem<'_>, normal: &NormalEquations) -> Result<Triangle> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let frame = Frame::measure(problem)?;
    // Without an intercept the rows are X itself: the centred ones and one more, √W times the mean, in units of about their norm.
    let intercept = normal.model.intercept;
    let exponents: Vec<i32> = match intercept {
        true => frame.exponents.clone(),
        false => normal.unit.iter().map(|unit| -unit).chain(normal.target_unit.iter().copied()).collect(),
    };
    let block = (4 * n).max(512);
    let parts: Vec<(DMatrix<f64>, DMatrix<f64>)> = (0..m.div_ceil(block))
        .into_par_iter()
        .map(|part| {
            let (start, count) = (part * block, block.min(m - part * block));
            let (mut x, mut y) = (DMatrix::zeros(count, n), DMatrix::zeros(count, t));
            let value = |row: usize, j: usize, value: f64| {
                let root = problem.weight(row).sqrt();
                let value = if root > 0.0 { frame.apply(j, value) * root } else { 0.0 };
                scaled(value, frame.exponents[j] - exponents[j])
            };
            problem.x().visit(start, count, |row, j, v| x[(row - start, j)] = value(row, j, v));
            problem.y().visit(start, count, |row, j, v| y[(row - start, j)] = value(row, n + j, v));
            reduce(x, y)
        })
        .collect();
    let (means, _) = frame.means();
    let mean = |j: usize| scaled(means[j], -exponents[j]) * problem.weight_sum().sqrt();
    let last = (!intercept)
        .then(|| (DMatrix::from_fn(1, n, |_, j| mean(j)), DMatrix::from_fn(1, t, |_, target| mean(n + target))));
    let (r, z) = parts
        .into_iter()
        .chain(last)
        .reduce(|(r, z), (x, y)| reduce(stack(&r, &x), stack(&z, &y)))
        .unwrap_or_else(|| (DMatrix::zeros(0, n), DMatrix::zeros(0, t)));
    Ok(Triangle { r: r.resize_vertically(n, 0.0), z: Some(z.resize_vertically(n, 0.0)), exponents, rows: m })
}

pub(crate) fn stack(above: &DMatrix<f64>, below: &DMatrix<f64>) -> DMatrix<f64> {
    let mut both = above.clone().resize_vertically(above.nrows() + below.nrows(), 0.0);
    both.rows_mut(above.nrows(), below.nrows()).copy_from(below);
    both
}

/// R and the part of Qᵀy beside it.
pub(crate) fn reduce(x: DMatrix<f64>, mut y: DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let rows = x.nrows().min(x.ncols());
    let qr = QR::new(x);
    qr.q_tr_mul(&mut y);
    (qr.r(), y.resize_vertically(rows, 0.0))
}

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
    let (complete, z) = Complete::new(r, z.clone(), least);
    let w = complete.solve(z);
    let own = |j: usize, target: usize| {
        let natural = units[j] - triangle.exponents[j] - top + triangle.exponents[n + target];
        let ours = normal.unit[j] + normal.step[k * n + j] + normal.target_unit[target];
        scaled(w[(j, target)] / root[j], natural - ours)
    };
    let outcome = Outcome::MinimumNorm { rank: complete.rank };
    Weights::solved(DMatrix::from_fn(n, t, own), complete.condition.powi(2), outcome)
}
