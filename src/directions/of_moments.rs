//! The directions of rows of which nothing but moments is known: from the eigenvalues of G on the penalised scale.

use nalgebra::DMatrix;

use crate::directions::coefficients::{Coefficients, Fixed};
use crate::directions::lost::Lost;
use crate::directions::penalised_columns::PenalisedColumns;
use crate::directions::shrinkage::Directions;
use crate::equations::normal::NormalEquations;
use crate::error::{Error, Result};
use crate::math::eigen::eigen;
use crate::math::powers::scaled;
use crate::math::svd::Orthogonal;
use crate::moments::Moments;

impl Directions {
    /// The directions of the rows of moments, whose normal equations these are, with the penalty factors of λ number `index`.
    ///
    /// # Errors
    /// [`Error::NotDecomposed`].
    pub(crate) fn of_moments(moments: &Moments, normal: &NormalEquations, index: usize) -> Result<Self> {
        let (n, t) = (normal.features(), normal.targets());
        let penalty: Vec<(f64, i32)> = (0..n).map(|j| normal.penalty_weight(index, j)).collect();
        let exponents = normal.unit.iter().map(|unit| -unit).chain(normal.target_unit.iter().copied()).collect();
        let columns = PenalisedColumns::new(&penalty, exponents, |j| normal.gram_element(j, j) > 0.0);
        let PenalisedColumns { penalised, fixed, .. } = &columns;
        let to_scale = |j: usize| (columns.inverse_root[j], columns.to_units(j));
        let on_scale = |value: f64, j: usize| scaled(value * to_scale(j).0, to_scale(j).1);
        let product = |i: usize, j: usize| on_scale(on_scale(normal.gram_element(i, j), i), j);

        let mut gram = DMatrix::from_fn(penalised.len(), penalised.len(), |i, j| product(penalised[i], penalised[j]));
        let mut cross = DMatrix::from_fn(penalised.len(), t, |i, target| {
            on_scale(normal.cross[(penalised[i], target)], penalised[i])
        });
        let sizes: Vec<f64> = gram.diagonal().iter().map(|square| square.sqrt()).collect();
        let trace = gram.trace();
        let most = moments.positive_rows.saturating_sub(usize::from(normal.model.intercept));

        let taken = Taken::new(normal, &columns, most);
        let mut rest_squares = normal.squares.clone();
        for (shares, of_targets) in taken.shares.iter().zip(&taken.of_targets) {
            let shares = nalgebra::DVectorView::from_slice(shares, shares.len());
            gram.ger(-1.0, &shares, &shares, 1.0);
            for (target, share) in of_targets.iter().enumerate() {
                cross.column_mut(target).axpy(-share, &shares, 1.0);
                rest_squares[target] -= share * share;
            }
        }

        let rounding = rounding(n) * taken.growth;
        let pairs = eigen(&gram).ok_or(Error::NotDecomposed { what: "the moments" })?;
        let room = most - taken.columns.order.len();
        let mut lost = Lost { rounding, trace, totals: normal.squares.clone(), loose: vec![0.0; t] };
        let of_all = pairs.vectors.tr_mul(&cross);
        let r = penalised.len().min(room);
        // Largest first; beyond so many rows there are none.
        let kept: Vec<usize> = (0..penalised.len()).rev().take(r).collect();
        let told = |j: &usize| pairs.values[*j] > lost.of_eigenvalues();
        let sigma: Vec<f64> = kept.iter().map(|j| if told(j) { pairs.values[*j].sqrt() } else { 0.0 }).collect();
        let along = DMatrix::from_fn(r, t, |l, target| match sigma[l] > 0.0 {
            true => of_all[(kept[l], target)] / sigma[l],
            false => 0.0,
        });
        let loose =
            |target: usize| (0..penalised.len()).filter(|j| !told(j)).map(|j| of_all[(j, target)].powi(2)).sum();
        lost.loose = (0..t).map(loose).collect();
        for (target, rest) in rest_squares.iter_mut().enumerate() {
            *rest = if r == room { 0.0 } else { (*rest - along.column(target).norm_squared()).max(0.0) };
        }

        let v: Vec<Vec<f64>> = kept.iter().map(|j| pairs.vectors.column(*j).iter().copied().collect()).collect();
        let fixed_sizes: Vec<f64> = fixed.iter().map(|j| normal.gram_element(*j, *j).sqrt()).collect();
        let means = if normal.model.intercept { moments.means[..n].to_vec() } else { vec![0.0; n] };
        let of_fixed = Fixed { columns: &taken.columns, shares: &taken.shares, sizes: &fixed_sizes };
        let coefficients = Coefficients::new(&columns, &v, &of_fixed, (&sizes, &means), 0);
        Ok(Self {
            rows_counted: moments.positive_rows,
            intercept: normal.model.intercept,
            weight_sum: moments.weight_sum,
            sigma,
            unit: columns.unit,
            along,
            target_units: columns.target_units(),
            rest_squares,
            fixed_rank: taken.columns.order.len(),
            coefficients,
            lost: Some(lost),
        })
    }
}

/// What rounding may be of the trace: of sums in blocks, and of eigenvalues of n columns.
#[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
fn rounding(n: usize) -> f64 {
    f64::EPSILON * (8.0 + (n as f64).sqrt())
}

/// What the features that are not penalised take of the others: R of their QR decomposition, by Cholesky with pivoting.
struct Taken {
    /// R, without Q.
    columns: Orthogonal<f64>,
    /// What each column of Q takes of each penalised feature, and of each target.
    shares: Vec<Vec<f64>>,
    of_targets: Vec<Vec<f64>>,
    /// By what rounding grows.
    growth: f64,
}

impl Taken {
    fn new(normal: &NormalEquations, columns: &PenalisedColumns, most: usize) -> Self {
        let PenalisedColumns { penalised, fixed, .. } = columns;
        let on_scale = |value: f64, j: usize| scaled(value * columns.inverse_root[j], columns.to_units(j));
        let mut left = DMatrix::from_fn(fixed.len(), fixed.len(), |i, j| normal.gram_element(fixed[i], fixed[j]));
        let sizes = left.diagonal();
        let mut taken = Self {
            columns: Orthogonal { q: Vec::new(), r: Vec::new(), order: Vec::new() },
            shares: Vec::new(),
            of_targets: Vec::new(),
            growth: 1.0,
        };
        let mut open: Vec<usize> = (0..fixed.len()).collect();
        while taken.columns.order.len() < most {
            let holds = |at: &usize| left[(open[*at], open[*at])] > 8.0 * rounding(fixed.len()) * sizes[open[*at]];
            let size = |at: &usize| left[(open[*at], open[*at])];
            let Some(at) = (0..open.len()).filter(holds).max_by(|a, b| size(a).total_cmp(&size(b))) else { break };
            let pivot = open.swap_remove(at);
            let root = left[(pivot, pivot)].sqrt();
            taken.growth = taken.growth.max(sizes.max() / left[(pivot, pivot)]);
            let mut row = vec![0.0; fixed.len()];
            row[pivot] = root;
            open.iter().for_each(|j| row[*j] = left[(*j, pivot)] / root);
            let before = |parts: &[Vec<f64>], column: usize| -> f64 {
                parts.iter().zip(&taken.columns.r).map(|(part, r)| part[column] * r[pivot]).sum()
            };
            let of_feature = |column: usize| {
                let product = on_scale(normal.gram_element(fixed[pivot], penalised[column]), penalised[column]);
                (product - before(&taken.shares, column)) / root
            };
            let of_target =
                |target: usize| (normal.cross[(fixed[pivot], target)] - before(&taken.of_targets, target)) / root;
            let shares = (0..penalised.len()).map(of_feature).collect();
            let of_targets = (0..normal.targets()).map(of_target).collect();
            for j in &open {
                for i in &open {
                    left[(*i, *j)] -= row[*i] * row[*j];
                }
            }
            taken.shares.push(shares);
            taken.of_targets.push(of_targets);
            taken.columns.r.push(row);
            taken.columns.order.push(pivot);
        }
        taken
    }
}
