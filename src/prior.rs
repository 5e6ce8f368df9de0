//! Where coefficients are shrunk to, and along which directions: a prior mean, and a full Tikhonov matrix in place of D.

use nalgebra::{DMatrix, DVector};

use crate::cpu::eigen::eigen;
use crate::error::{Error, Result};
use crate::factors::Factors;
use crate::frame::Frame;
use crate::normal::{Model, Standardize, penalty_weight};
use crate::path::RidgePath;
use crate::problem::Problem;
use crate::scale::scaled;
use crate::solver::Ridge;

/// The penalty λ(w − w₀)ᵀΓ(w − w₀).
#[derive(Debug, Clone, Default)]
pub(crate) struct Prior {
    /// w₀: n numbers for all targets, or for each.
    pub(crate) mean: Option<Vec<f64>>,
    /// Γ
    pub(crate) tikhonov: Option<DMatrix<f64>>,
}

/// Γ = QΛQᵀ.
struct Directions {
    /// Λ
    factors: Vec<f64>,
    /// Q
    basis: DMatrix<f64>,
}

impl Prior {
    pub(crate) fn is_none(&self) -> bool {
        self.mean.is_none() && self.tikhonov.is_none()
    }

    /// w₀ as n × t.
    fn mean(&self, n: usize, t: usize) -> Result<DMatrix<f64>> {
        let Some(mean) = &self.mean else { return Ok(DMatrix::zeros(n, t)) };
        if mean.len() != n && mean.len() != n * t {
            let what = "numbers of the prior mean, one for each feature or for each of every target";
            return Err(Error::Shape { what, found: mean.len(), wanted: n });
        }
        match mean.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(Error::NonFinite { what: "the prior mean", row: at % n, column: at / n, value: mean[at] }),
            None => Ok(DMatrix::from_fn(n, t, |j, target| mean[(target * n + j) % mean.len()])),
        }
    }

    fn directions(&self, n: usize) -> Result<Option<Directions>> {
        let Some(matrix) = &self.tikhonov else { return Ok(None) };
        for (what, found) in [
            ("rows of the Tikhonov matrix against features", matrix.nrows()),
            ("columns of the Tikhonov matrix against features", matrix.ncols()),
        ] {
            if found != n {
                return Err(Error::Shape { what, found, wanted: n });
            }
        }
        let largest = matrix.amax();
        #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
        let rounding = 8.0 * n as f64 * f64::EPSILON;
        for column in 0..n {
            for row in column..n {
                let (value, mirrored) = (matrix[(row, column)], matrix[(column, row)]);
                if !value.is_finite() || !mirrored.is_finite() {
                    return Err(Error::NonFinite { what: "the Tikhonov matrix", row, column, value });
                }
                if (value - mirrored).abs() > rounding * largest {
                    let detail = format!("element ({row}, {column}) is {value:?}, ({column}, {row}) {mirrored:?}");
                    return Err(Error::NotSemidefinite { what: "the Tikhonov matrix", detail });
                }
            }
        }
        let eigen = eigen(matrix).ok_or(Error::NotDecomposed { what: "the Tikhonov matrix" })?;
        let least = rounding * eigen.values.amax();
        if let Some(value) = eigen.values.iter().find(|value| **value < -least) {
            let detail = format!("it has the eigenvalue {value:?}");
            return Err(Error::NotSemidefinite { what: "the Tikhonov matrix", detail });
        }
        // What is 0 but for rounding is 0: the directions that Γ leaves free.
        let factors = eigen.values.iter().map(|value| if *value > least { *value } else { 0.0 }).collect();
        Ok(Some(Directions { factors, basis: eigen.vectors }))
    }
}

/// X as it is turned: the weighted means (0 without an intercept) and the deviations (1 where not standardised) of its columns;
/// and Σ s(y−ȳ)² of each target.
struct Columns {
    means: Vec<f64>,
    deviations: Vec<f64>,
    total_squares: Vec<f64>,
}

impl Columns {
    fn new(problem: &Problem<'_>, model: Model) -> Result<Self> {
        let n = problem.features();
        let frame = Frame::measure(problem)?;
        let squares = frame.squares(problem);
        let totals = (frame.positive_rows, problem.weight_sum());
        let deviation = |j: usize| {
            let (variance, exponent) = penalty_weight(squares[j], frame.exponents[j], totals, model.standardize);
            scaled(variance.sqrt(), exponent / 2)
        };
        let means = if model.intercept { frame.means().0 } else { vec![0.0; n] };
        let total_squares = (n..squares.len()).map(|j| scaled(squares[j], 2 * frame.exponents[j])).collect();
        Ok(Self { means, deviations: (0..n).map(deviation).collect(), total_squares })
    }

    /// X centred; rows of weight 0 are 0.
    fn centred(&self, problem: &Problem<'_>) -> DMatrix<f64> {
        let mut x = DMatrix::zeros(problem.rows(), problem.features());
        problem.x().visit(0, problem.rows(), |row, j, value| {
            if problem.weight(row) > 0.0 {
                x[(row, j)] = value - self.means[j];
            }
        });
        x
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
        if directions.is_some() && self.factored().shared() != Some(Factors::default()) {
            let (first, second) = ("a Tikhonov matrix", "penalty factors");
            return Err(Error::Conflict { first, second, instead: "factors f as the matrix diag(f)" });
        }
        let columns = Columns::new(problem, self.model)?;
        let mut x = columns.centred(problem);
        let mut y = DMatrix::zeros(m, t);
        problem.y().visit(0, m, |row, target, value| y[(row, target)] = value);
        y -= &x * &mean;
        let mut inner = self.clone().without_prior();
        if let Some(Directions { factors, basis }) = &directions {
            x = turned(x, &columns.deviations, basis);
            inner = inner.penalty_factors(factors.clone()).standardize(Standardize::No);
        }
        let weights: Vec<f64> = (0..m).map(|row| problem.weight(row)).collect();
        let mut path = inner.solve(&Problem::new(&x, &y)?.with_weights(&weights)?).await?;
        if let Some(Directions { basis, .. }) = &directions {
            path.factors = Factors::default();
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
