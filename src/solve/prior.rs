//! The path about a prior: of other rows, and led back.

use nalgebra::{DMatrix, DVector};

use crate::answer::path::RidgePath;
use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::equations::normal::penalty_weight;
use crate::error::{Error, Result};
use crate::math::powers::scaled;
use crate::model::penalty_factors::PenaltyFactors;
use crate::model::prior::{Prior, Rotation};
use crate::model::{Model, Standardize};
use crate::solve::ridge::Ridge;

/// X as it is turned: the weighted means (0 without an intercept) and the deviations (1 where not standardised) of its columns;
/// and Σ s(y−ȳ)² of each target.
struct Columns {
    means: Vec<f64>,
    deviations: Vec<f64>,
    total_squares: Vec<f64>,
}

impl Columns {
    fn new(rows: &Framed<'_>, model: Model) -> Self {
        let problem = rows.problem();
        let n = problem.features();
        let squares = rows.squares();
        let totals = (rows.positive_rows(), problem.weight_sum());
        let deviation = |j: usize| {
            let (variance, exponent) = penalty_weight(squares[j], rows.exponents()[j], totals, model.standardize);
            scaled(variance.sqrt(), exponent / 2)
        };
        let means = if model.intercept { rows.means().0 } else { vec![0.0; n] };
        let total_squares = (n..squares.len()).map(|j| scaled(squares[j], 2 * rows.exponents()[j])).collect();
        Self { means, deviations: (0..n).map(deviation).collect(), total_squares }
    }
}

/// XQ, columns over their deviations. What is rounding alone of a column is 0: a direction that the rows do not know.
fn turned(mut x: DMatrix<f64>, deviations: &[f64], basis: &DMatrix<f64>) -> DMatrix<f64> {
    x.column_iter_mut().zip(deviations).for_each(|(mut column, deviation)| column /= *deviation);
    let norm = |column: &mut dyn Iterator<Item = f64>| column.fold(0.0f64, f64::hypot);
    let norms: Vec<f64> = x.column_iter().map(|column| norm(&mut column.iter().copied())).collect();
    let mut turned = &x * basis;
    #[expect(clippy::cast_precision_loss, reason = "numbers of features are far below 2⁵³")]
    let least = basis.nrows() as f64 * f64::EPSILON;
    for (mut column, q) in turned.column_iter_mut().zip(basis.column_iter()) {
        let summed = norm(&mut norms.iter().zip(q.iter()).map(|(norm, q)| norm * q));
        if norm(&mut column.iter().copied()) <= least * summed {
            column.fill(0.0);
        }
    }
    turned
}

impl Ridge {
    /// The path about the prior: of y − Xw₀ on the rows X·Q, whose penalty factors are Λ, led back by w = Qz + w₀. Rows are
    /// centred before.
    pub(crate) async fn solve_about(&self, prior: &Prior, problem: &Problem<'_>) -> Result<RidgePath> {
        let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
        let mean = prior.mean(n, t)?;
        let directions = prior.directions(n)?;
        if directions.is_some() && self.asked().factors != Some(PenaltyFactors::default()) {
            let (first, second) = ("a Tikhonov matrix", "penalty factors");
            return Err(Error::Conflict { first, second, instead: "factors f as the matrix diag(f)" });
        }
        let rows = Framed::centred(problem)?;
        let columns = Columns::new(&rows, self.model);
        let mut x = rows.less(0..n, &columns.means);
        let y = rows.less(n..n + t, &vec![0.0; t]) - &x * &mean;
        let mut inner = self.clone().without_prior();
        if let Some(Rotation { factors, basis }) = &directions {
            x = turned(x, &columns.deviations, basis);
            inner = inner.penalty_factors(factors.clone()).standardize(Standardize::No);
        }
        let weights: Vec<f64> = (0..m).map(|row| problem.weight(row)).collect();
        let mut path = inner.solve(&Problem::new(&x, &y)?.with_weights(&weights)?, None).await?;
        if let Some(Rotation { basis, .. }) = &directions {
            path.factors = PenaltyFactors::default();
            path.tikhonov = true;
            path.standardize = self.model.standardize;
            lead_back(&mut path, |z| {
                let mut w = basis * z;
                w.iter_mut().zip(&columns.deviations).for_each(|(w, deviation)| *w /= deviation);
                w
            });
        }
        move_by(&mut path, &mean, &columns.means);
        path.total_squares = columns.total_squares;
        Ok(path)
    }
}

/// Every w by its z, whose relative error it shares.
fn lead_back(path: &mut RidgePath, w_of: impl Fn(&DVector<f64>) -> DVector<f64>) {
    for z in path.coefficients.chunks_mut(path.features) {
        let w = w_of(&DVector::from_column_slice(z));
        z.copy_from_slice(w.as_slice());
    }
}

/// Adds w₀ to every w, and to the intercept what centring took from it. The bounds on the error of w − w₀ become those of w.
fn move_by(path: &mut RidgePath, mean: &DMatrix<f64>, centres: &[f64]) {
    let (n, t) = mean.shape();
    for (at, w) in path.coefficients.chunks_mut(n).enumerate() {
        let norm = |w: &[f64]| w.iter().copied().fold(0.0f64, f64::hypot);
        let (toward, left) = (mean.column(at % t), norm(w));
        w.iter_mut().zip(toward.iter()).for_each(|(w, toward)| *w += toward);
        path.intercepts[at] -= w.iter().zip(centres).map(|(w, centre)| w * centre).sum::<f64>();
        path.squared_norms[at] = w.iter().map(|w| w * w).sum();
        // The turn and the sum round too.
        #[expect(clippy::cast_precision_loss, reason = "numbers of features are far below 2⁵³")]
        let rounding = n as f64 * f64::EPSILON * (left + toward.norm());
        let error = path.error_bounds[at] * left + rounding;
        path.error_bounds[at] = if error == 0.0 { 0.0 } else { error / norm(w) };
        if path.intercept {
            path.intercept_bounds[at] += (error + rounding) * norm(centres);
        }
    }
}
