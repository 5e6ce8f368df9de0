//! The decomposition of the rows in `f64`.

use nalgebra::DMatrix;

use crate::data::problem::Problem;
use crate::directions::coefficients::{Coefficients, Fixed};
use crate::directions::eigen::{self, Found, across, times};
use crate::directions::of_rows::{Parts, RowDirections, SMALL};
use crate::directions::rows::ScaledRows;
use crate::math::pair::Number;
use crate::math::svd::{Orthogonal, Svd, orthogonalize, remove, svd};

/// The rows in `f64`, less what the features that are not penalised take of them.
pub(super) struct Doubles {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
    /// The norms of the columns of X before anything was taken from them.
    sizes: Vec<f64>,
    /// The features that are not penalised, made orthonormal.
    fixed: Orthogonal<f64>,
    /// The norms of the features that are not penalised.
    fixed_sizes: Vec<f64>,
    /// `QᵀX`, a row for each orthonormal column Q of `fixed`.
    shares: Vec<Vec<f64>>,
    means: Vec<f64>,
}

impl Doubles {
    pub(super) fn new(rows: &ScaledRows<'_>, problem: &Problem<'_>) -> Self {
        let n = problem.features();
        let targets: Vec<usize> = (n..n + problem.targets()).collect();
        let (mut x, mut y) = (rows.doubles(&rows.columns.penalised), rows.doubles(&targets));
        let sizes: Vec<f64> = x.column_iter().map(|column| column.norm()).collect();
        let columns: Vec<Vec<f64>> =
            rows.doubles(&rows.columns.fixed).column_iter().map(|column| column.iter().copied().collect()).collect();
        let fixed_sizes: Vec<f64> = columns.iter().map(|column| f64::dot(column, column).sqrt()).collect();
        let m = rows.rows.len();
        let fixed = orthogonalize(columns, &fixed_sizes, rows.room());
        let mut shares = vec![Vec::with_capacity(sizes.len()); fixed.q.len()];
        for column in x.as_mut_slice().chunks_mut(m) {
            let taken = remove(column, &fixed.q);
            shares.iter_mut().zip(taken).for_each(|(row, share)| row.push(share));
        }
        y.as_mut_slice().chunks_mut(m).for_each(|column| take(column, &fixed.q));
        Self { x, y, sizes, fixed, fixed_sizes, shares, means: rows.means() }
    }

    /// The directions by eigenvalues of products of the rows, where products have digits enough.
    pub(super) fn by_products(&self, rows: &ScaledRows<'_>, least: f64, limit: f64) -> Option<RowDirections> {
        let (m, n) = self.x.shape();
        // Nothing has no directions.
        let remains = self.x.column_iter().zip(&self.sizes).all(|(left, size)| left.norm() >= SMALL * size);
        if self.x.amax() == 0.0 || !remains {
            return None;
        }
        let room = rows.room() - self.fixed.q.len();
        let found = match n < room {
            true => eigen::tall(&self.x, limit),
            false => {
                let constant = rows.constant();
                let others = self.fixed.q.iter().map(|q| nalgebra::DVector::from_column_slice(q));
                let fixed: Vec<_> = constant.into_iter().chain(others).collect();
                let fixed = if fixed.is_empty() { DMatrix::zeros(m, 0) } else { DMatrix::from_columns(&fixed) };
                eigen::wide(&self.x, &fixed, least, limit)
            }
        }?;
        let v = found.v.column_iter().map(|v| v.iter().copied().collect()).collect();
        Some(self.finish(rows, found, v))
    }

    /// The directions by the singular value decomposition of the rows.
    pub(super) fn by_rows(&self, rows: &ScaledRows<'_>) -> RowDirections {
        let m = self.x.nrows();
        let columns = self.x.as_slice().chunks(m).map(<[f64]>::to_vec).collect();
        let Svd { u, sigma, v } = svd(columns, &self.sizes, rows.room() - self.fixed.q.len());
        let u = DMatrix::from_fn(m, sigma.len(), |i, j| u[j][i]);
        self.finish(rows, Found { u, sigma, v: DMatrix::zeros(0, 0) }, v)
    }

    fn finish(&self, rows: &ScaledRows<'_>, Found { u, sigma, .. }: Found, v: Vec<Vec<f64>>) -> RowDirections {
        #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
        let noise = 4e4 * (sigma.len() as f64 + 8.0) * f64::EPSILON;
        let mut along = across(&u, &self.y);
        let mut rest = &self.y - times(&u, &along);
        let more = across(&u, &rest);
        rest -= times(&u, &more);
        along += more;
        let shares: Vec<f64> = rows.shares().into_iter().map(Number::value).collect();
        // Column after column, as memory has them.
        let mut explained = vec![0.0; u.nrows()];
        let columns = self.fixed.q.iter().map(Vec::as_slice).chain(u.as_slice().chunks(u.nrows()));
        for column in columns {
            explained.iter_mut().zip(column).for_each(|(sum, value)| *sum += value * value);
        }
        let free = shares.iter().zip(explained).map(|(share, explained)| 1.0 - share - explained).collect();
        let fixed = Fixed { columns: &self.fixed, shares: &self.shares, sizes: &self.fixed_sizes };
        let coefficients = Coefficients::new(&rows.columns, &v, &fixed, (&self.sizes, &self.means), 0);
        let y = self.y.clone();
        let parts = Parts { sigma, unit: rows.columns.unit, along, y, rest, free, noise };
        RowDirections::of_parts(rows, u, parts, self.fixed.q.len(), coefficients)
    }
}

/// Takes from a target what lies along orthonormal columns; what rounding leaves of it is nothing.
pub(super) fn take<N: Number>(target: &mut [N], q: &[Vec<N>]) {
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let rounding = 8.0 * N::EPSILON * ((q.len() + 8) as f64 + (target.len() as f64).sqrt());
    let before = N::dot(target, target).sqrt().value();
    remove(target, q);
    if !q.is_empty() && !(N::dot(target, target).sqrt().value() > rounding * before) {
        target.fill(N::default());
    }
}
