//! The triangular factor of the rows, which never squares their condition number.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::framed::Framed;
use crate::equations::normal::NormalEquations;
use crate::math::powers::scaled;
use crate::math::qr::{reduce, stack};

/// R (n × n, upper) and z = Qᵀ√S·Y (n × t) with √S·X = QR, of centred rows when an intercept is fitted. Column j is in
/// units of 2^`exponents[j]`, features first. In the dual form R alone, of the transpose.
pub(crate) struct Triangle {
    pub(crate) r: DMatrix<f64>,
    pub(crate) z: Option<DMatrix<f64>>,
    pub(crate) exponents: Vec<i32>,
    /// How many rows were reduced.
    pub(crate) rows: usize,
}

/// Reduces centred rows, block by block and block with block (Golub and Van Loan, *Matrix Computations* (2013), §5.2).
pub(crate) fn triangle(rows: &Framed<'_>, normal: &NormalEquations) -> Triangle {
    let problem = rows.problem();
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    // Without an intercept the rows are X itself: the centred ones and one more, √W times the mean, in units of about their norm.
    let intercept = normal.model.intercept;
    let exponents: Vec<i32> = match intercept {
        true => rows.exponents().to_vec(),
        false => normal.unit.iter().map(|unit| -unit).chain(normal.target_unit.iter().copied()).collect(),
    };
    let block = (4 * n).max(512);
    let parts: Vec<(DMatrix<f64>, DMatrix<f64>)> = (0..m.div_ceil(block))
        .into_par_iter()
        .map(|part| {
            let (start, count) = (part * block, block.min(m - part * block));
            let (mut x, mut y) = (DMatrix::zeros(count, n), DMatrix::zeros(count, t));
            rows.visit(start..start + count, 0..n + t, |row, j, value| {
                let value = scaled(value * problem.weight(row).sqrt(), rows.exponents()[j] - exponents[j]);
                if j < n { x[(row - start, j)] = value } else { y[(row - start, j - n)] = value }
            });
            reduce(x, y)
        })
        .collect();
    let (means, _) = rows.means();
    let mean = |j: usize| scaled(means[j], -exponents[j]) * problem.weight_sum().sqrt();
    let last = (!intercept)
        .then(|| (DMatrix::from_fn(1, n, |_, j| mean(j)), DMatrix::from_fn(1, t, |_, target| mean(n + target))));
    let (r, z) = parts
        .into_iter()
        .chain(last)
        .reduce(|(r, z), (x, y)| reduce(stack(&r, &x), stack(&z, &y)))
        .unwrap_or_else(|| (DMatrix::zeros(0, n), DMatrix::zeros(0, t)));
    Triangle { r: r.resize_vertically(n, 0.0), z: Some(z.resize_vertically(n, 0.0)), exponents, rows: m }
}
