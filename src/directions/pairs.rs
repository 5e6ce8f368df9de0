//! The decomposition of the rows in pairs of doubles.

use nalgebra::DMatrix;

use crate::data::problem::Problem;
use crate::directions::coefficients::{Coefficients, Fixed};
use crate::directions::doubles::take;
use crate::directions::of_rows::{Parts, RowDirections};
use crate::directions::rows::ScaledRows;
use crate::math::pair::{Number, Pair};
use crate::math::svd::{Svd, orthogonalize, remove, svd};

/// Columns in twice the digits are held 2^`LIFT` larger: neither the square of the largest overflows, nor that of one smaller by
/// 1e300 vanishes.
const LIFT: i32 = 480;

/// The directions by the singular value decomposition of the rows in pairs of doubles.
pub(super) fn in_pairs(rows: &ScaledRows<'_>, problem: &Problem<'_>) -> RowDirections {
    let n = problem.features();
    let norm = |column: &Vec<Pair>| Pair::dot(column, column).sqrt().value();
    let targets: Vec<usize> = (n..n + problem.targets()).collect();
    let (mut x, of_x) = rows.pairs(&rows.columns.penalised, LIFT);
    let (columns, of_fixed) = rows.pairs(&rows.columns.fixed, LIFT);
    let (mut y, _) = rows.pairs(&targets, 0);
    let sizes: Vec<f64> = x.iter().map(norm).collect();
    let fixed_sizes: Vec<f64> = columns.iter().map(norm).collect();
    let fixed = orthogonalize(columns, &fixed_sizes, rows.room());
    let mut shares = vec![Vec::with_capacity(x.len()); fixed.q.len()];
    for column in &mut x {
        let taken = remove(column, &fixed.q);
        shares.iter_mut().zip(taken).for_each(|(row, share)| row.push(share));
    }
    let before: Vec<f64> = y.iter().map(norm).collect();
    y.iter_mut().for_each(|column| take(column, &fixed.q));
    let Svd { u, sigma, v } = svd(x, &sizes, rows.room() - fixed.q.len());
    let (m, r) = (rows.rows.len(), sigma.len());
    let whole = DMatrix::from_fn(m, y.len(), |i, target| y[target][i].value());
    let taken: Vec<Vec<Pair>> = y.iter_mut().map(|column| remove(column, &u)).collect();
    // A rest that rounding of y, or of what is fitted to it, leaves is none.
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let rounding = 8.0 * Pair::EPSILON * ((r + 8) as f64 + (m as f64).sqrt());
    let fitted = |taken: &[Pair]| -> f64 {
        let w = |j: usize| (0..r).fold(0.0, |sum, l| sum + v[l][j].value() * (taken[l].value() / sigma[l].value()));
        sizes.iter().enumerate().map(|(j, size)| size * w(j).abs()).sum()
    };
    for ((column, before), taken) in y.iter_mut().zip(before).zip(&taken) {
        if !(norm(column) > rounding * (before + fitted(taken))) {
            column.fill(Pair::default());
        }
    }
    let free = rows.shares().into_iter().enumerate().map(|(i, share)| {
        let taken = fixed.q.iter().chain(&u).fold(share, |sum, unit| sum + unit[i] * unit[i]);
        (Pair(1.0, 0.0) - taken).value()
    });
    let mut means = vec![Pair::default(); n];
    rows.columns
        .penalised
        .iter()
        .zip(of_x)
        .chain(rows.columns.fixed.iter().zip(of_fixed))
        .for_each(|(j, mean)| means[*j] = mean);
    let fixed_columns = Fixed { columns: &fixed, shares: &shares, sizes: &fixed_sizes };
    let unit = rows.columns.unit - LIFT;
    let coefficients = Coefficients::new(&rows.columns, &v, &fixed_columns, (&sizes, &means), LIFT);
    let parts = Parts {
        sigma: sigma.into_iter().map(Number::value).collect(),
        unit,
        along: DMatrix::from_fn(r, y.len(), |j, target| taken[target][j].value()),
        y: whole,
        rest: DMatrix::from_fn(m, y.len(), |i, target| y[target][i].value()),
        free: free.collect(),
        noise: 1e4 * rounding,
    };
    RowDirections::of_parts(rows, DMatrix::from_fn(m, r, |i, j| u[j][i].value()), parts, fixed.q.len(), coefficients)
}
