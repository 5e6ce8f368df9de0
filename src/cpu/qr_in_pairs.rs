//! QR of the rows to twice the digits, for the few rows whose answer not even double precision of R can tell: modified
//! Gram-Schmidt of [X | y], backward stable for least squares (Björck, 1967), in pairs of doubles (Dekker, 1971).

use nalgebra::{DMatrix, DVector};

use crate::data::framed::Framed;
use crate::equations::normal::NormalEquations;
use crate::equations::refine::Refined;
use crate::equations::weights::Weights;
use crate::math::condition::inverse_norm;
use crate::math::pair::{Number, Pair};
use crate::math::powers::{exponent, scaled};
use crate::model::outcome::{Outcome, Route};

/// Relative distance from a singular matrix, in units of the rounding, at which a matrix is taken for one.
const SINGULAR: f64 = 1e-3;

/// Solves λ number k by the rows of its equations, centred where they have an intercept. Singular where even twice the digits cannot
/// tell a column from a sum of the columns before it.
pub(crate) fn solve(rows: &Framed<'_>, normal: &NormalEquations, k: usize) -> Weights {
    let (n, t) = (normal.features(), normal.targets());
    let mut columns = columns(rows, normal, k);
    let m = columns[0].len();
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let rounding = Pair::EPSILON * (n as f64 + (m as f64).sqrt() + 8.0);
    let mut r = vec![vec![Pair::default(); n + t]; n];
    // The column of which the least is left, and how much.
    let (mut weakest, mut least) = (n, f64::INFINITY);
    for j in 0..n {
        let before = columns[j].iter().fold(0.0, |norm: f64, value| norm.hypot(value.0));
        let (done, rest) = columns.split_at_mut(j + 1);
        let column = &mut done[j];
        // The norm that this column had before others took their parts, which tells how much of it is left.
        let taken = (0..j).fold(before, |norm, i| norm.hypot(r[i][j].0));
        let norm = Pair::dot(column, column).sqrt();
        if !(norm.0 > rounding * taken) {
            return Weights::singular(j + 1);
        }
        if norm.0 / taken < least {
            (weakest, least) = (j + 1, norm.0 / taken);
        }
        column.iter_mut().for_each(|value| *value = *value / norm);
        r[j][j] = norm;
        for (at, later) in rest.iter_mut().enumerate() {
            let share = Pair::dot(column, later);
            r[j][j + 1 + at] = share;
            later.iter_mut().zip(column.iter()).for_each(|(value, unit)| *value = *value - share * *unit);
        }
    }
    let mut w = vec![vec![Pair::default(); t]; n];
    for target in 0..t {
        for j in (0..n).rev() {
            let known = (j + 1..n).fold(Pair::default(), |sum, i| sum + r[j][i] * w[i][target]);
            w[j][target] = (r[j][n + target] - known) / r[j][j];
        }
    }
    let upper = DMatrix::from_fn(n, n, |i, j| if i <= j { r[i][j].0 } else { 0.0 });
    let inverse = inverse_norm(n, |v: &mut DVector<f64>| {
        let _ = upper.tr_solve_upper_triangular_mut(v) && upper.solve_upper_triangular_mut(v);
    });
    let condition = normal.norm(k) * inverse;
    // A matrix that is singular comes out as far from it as rounding takes it: written so that NaN is.
    if !(rounding * condition.sqrt() < SINGULAR) {
        return Weights::singular(weakest);
    }
    let error = |target: usize| {
        let left = columns[n + target].iter().fold(0.0, |norm: f64, value| norm.hypot(value.0));
        let fitted = (0..n).fold(0.0, |norm: f64, j| norm.hypot(r[j][n + target].0));
        let tangent = if left == 0.0 { 0.0 } else { left / fitted };
        rounding * condition.sqrt() * (1.0 + condition.sqrt() * tangent)
    };
    let refined = Refined {
        values: DMatrix::from_fn(n, t, |j, target| w[j][target].0),
        low: DMatrix::from_fn(n, t, |j, target| w[j][target].1),
        errors: (0..t).map(error).collect(),
    };
    let weights = Weights::solved(refined.values.clone(), condition, Outcome::Rerouted { route: Route::Qr });
    weights.refined(Some(refined))
}

/// [√S·X | √S·y] over [√shift·√D | 0], in the units of the equations; features first.
fn columns(rows: &Framed<'_>, normal: &NormalEquations, k: usize) -> Vec<Vec<Pair>> {
    let problem = rows.problem();
    let (m, n, t) = (problem.rows(), normal.features(), normal.targets());
    let halved = |s: f64| exponent(s).div_euclid(2);
    let half = halved(problem.weight(problem.heaviest()));
    // A weight that is nothing beside the heaviest has a root that is a number nevertheless.
    let root = |s: f64| Pair(scaled(s, -2 * halved(s)), 0.0).sqrt().scaled(halved(s) - half);
    let roots: Vec<Pair> = (0..m).map(|row| root(problem.weight(row))).collect();
    let mut columns = vec![vec![Pair::default(); m + n]; n + t];
    rows.visit_wide(0..m, 0..n + t, |row, j, (high, low)| columns[j][row] = Pair(high, low));
    let weights: Vec<Pair> = roots.iter().map(|root| *root * *root).collect();
    let total = weights.iter().fold(Pair::default(), |sum, s| sum + *s);
    for (j, column) in columns.iter_mut().enumerate() {
        // The mean that was taken is right to 53 bits of the column's spread.
        let mean = if normal.model.intercept { Pair::dot(&column[..m], &weights) / total } else { Pair::default() };
        let unit = match j < n {
            true => normal.unit[j] + normal.step[k * n + j],
            false => -normal.target_unit[j - n],
        };
        for (value, root) in column.iter_mut().zip(&roots) {
            let weighed = |root: Pair| ((*value - mean) * root).scaled(rows.exponents()[j] + half + unit);
            *value = if root.0 > 0.0 { weighed(*root) } else { Pair::default() };
        }
    }
    for (j, added) in normal.added(k).iter().enumerate() {
        columns[j][m + j] = Pair(*added, 0.0).sqrt();
    }
    columns
}
