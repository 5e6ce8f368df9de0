//! The oracle: ridge regression as a textbook has it, in `f64`, with nalgebra, sharing no arithmetic with the backends.

use nalgebra::{Cholesky, DMatrix, DVector};

use crate::answer::path::RidgePath;
use crate::data::problem::Problem;
use crate::error::Result;
use crate::model::method::{Backend, Form, Precision, Strategy};
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::penalty::Penalty;
use crate::model::{Model, Standardize};

/// Solves every λ on its own: centre, scale, form XᵀSX + shift·D, factor, solve, scale back.
///
/// # Errors
/// Those of [`Penalty::resolve`].
pub fn solve(problem: &Problem<'_>, model: Model, penalty: &Penalty) -> Result<RidgePath> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let weight_sum = problem.weight_sum();
    let s = DVector::from_fn(m, |row, _| problem.weight(row));
    let x = DMatrix::<f64>::from_fn(m, n, |row, j| problem.x().get(row, j));
    let y = DMatrix::<f64>::from_fn(m, t, |row, target| problem.y().get(row, target));

    // Centred about the value in the heaviest row, then about the mean of what is left: a constant column becomes 0, and a
    // weight however large multiplies no rounding error.
    let first = s.imax();
    let about_heaviest = |a: &DMatrix<f64>| DMatrix::from_fn(m, a.ncols(), |row, j| a[(row, j)] - a[(first, j)]);
    let offset = |away: &DMatrix<f64>| DVector::from_fn(away.ncols(), |j, _| away.column(j).dot(&(&s / weight_sum)));
    let (x_away, y_away) = (about_heaviest(&x), about_heaviest(&y));
    let (x_offset, y_offset) = (offset(&x_away), offset(&y_away));
    let (x_mean, y_mean) = (x.row(first).transpose() + &x_offset, y.row(first).transpose() + &y_offset);
    let deviation =
        DVector::from_fn(n, |j, _| deviation(&x_away.column(j).into_owned(), &s, x_offset[j], model.standardize));
    let centre = if model.intercept { 1.0 } else { 0.0 };
    let root = s.map(f64::sqrt);
    let prepared = |a: &DMatrix<f64>, away: &DMatrix<f64>, offset: &DVector<f64>| {
        let value = |row: usize, j: usize| if model.intercept { away[(row, j)] - offset[j] } else { a[(row, j)] };
        DMatrix::from_fn(m, a.ncols(), |row, j| root[row] * value(row, j))
    };
    let xs = prepared(&x, &x_away, &x_offset) * DMatrix::from_diagonal(&deviation.map(f64::recip));
    let ys = prepared(&y, &y_away, &y_offset);
    let gram = xs.tr_mul(&xs);
    let cross = xs.tr_mul(&ys);
    penalty.check_features(n)?;
    let shared = penalty.shared().unwrap_or_default();
    let penalised = (0..n).filter(|j| shared.of(0, *j) > 0.0);
    let grid = penalty.resolve(weight_sum, penalised.map(|j| gram[(j, j)] / shared.of(0, j)).sum())?;

    let mut path = RidgePath {
        rows: m,
        weight_sum,
        features: n,
        targets: t,
        intercept: model.intercept,
        standardize: model.standardize,
        backend: BackendUsed {
            name: Backend::Reference,
            adapter: None,
            form: Form::Primal,
            strategy: Strategy::Cholesky,
            precision: Precision::Double,
            fallbacks: Vec::new(),
        },
        lambdas: grid.lambdas,
        shifts: grid.shifts.clone(),
        factors: grid.factors.clone(),
        tikhonov: false,
        total_squares: (0..t)
            .map(|target| (y_away.column(target).add_scalar(-y_offset[target])).map(|away| away * away).dot(&s))
            .collect(),
        coefficients: Vec::new(),
        conditions: Vec::new(),
        intercepts: Vec::new(),
        outcomes: Vec::new(),
        residuals: Vec::new(),
        rss: Vec::new(),
        squared_norms: Vec::new(),
        error_bounds: Vec::new(),
        intercept_bounds: Vec::new(),
        retries: Vec::new(),
    };
    for (k, shift) in grid.shifts.into_iter().enumerate() {
        let a = &gram + DMatrix::from_diagonal(&DVector::from_fn(n, |j, _| shift * grid.factors.of(k, j)));
        let factor = positive_definite(&a);
        let condition = match &factor {
            Ok(factor) => a.norm() * factor.inverse().norm(),
            Err(_) => f64::NAN,
        };
        path.conditions.push(condition);
        for target in 0..t {
            let c = cross.column(target).into_owned();
            let (outcome, v) = match &factor {
                Ok(factor) => (Outcome::Solved, factor.solve(&c)),
                Err(order) => (Outcome::Singular { order: *order }, DVector::repeat(n, f64::NAN)),
            };
            let w = v.component_div(&deviation);
            let intercept = y_mean[target] * centre - x_mean.dot(&w) * centre;
            let errors = y.column(target) - &x * &w - DVector::repeat(m, intercept);
            let r = &c - &a * &v;
            let scale = a.diagonal().max() * v.norm() + c.norm();
            let residual = if r.norm() == 0.0 { 0.0 } else { r.norm() / scale };
            path.residuals.push(residual);
            let bound = condition * (residual + f64::EPSILON * (n as f64 + (m as f64).sqrt() + 8.0));
            path.error_bounds.push(bound);
            let rounding = f64::EPSILON * (n as f64 + 4.0);
            let explained = (bound + rounding) * x_mean.component_div(&deviation).norm() * v.norm();
            path.intercept_bounds.push((explained + rounding * y_mean[target].abs()) * centre);
            path.rss.push(errors.component_mul(&errors).dot(&s));
            path.squared_norms.push(w.norm_squared());
            path.intercepts.push(intercept);
            path.outcomes.push(outcome);
            path.coefficients.extend(w.iter());
        }
    }
    Ok(path)
}

/// The standard deviation of a column; 1 when not standardised and for a constant column.
fn deviation(column: &DVector<f64>, s: &DVector<f64>, mean: f64, standardize: Standardize) -> f64 {
    let used: Vec<(f64, f64)> = column.iter().copied().zip(s.iter().copied()).filter(|(_, s)| *s > 0.0).collect();
    if standardize == Standardize::No || used.iter().all(|(x, _)| *x == used[0].0) {
        return 1.0;
    }
    let total = s.sum();
    let away: Vec<f64> = used.iter().map(|(x, s)| (x - mean) * (s / total).sqrt()).collect();
    // In units of the largest, whose square is in range.
    let unit = away.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
    let deviation = unit * away.iter().map(|v| (v / unit).powi(2)).sum::<f64>().sqrt();
    let m = used.len() as f64;
    if standardize == Standardize::Sample { deviation * (m / (m - 1.0)).sqrt() } else { deviation }
}

/// The Cholesky factor, or the order of the first leading minor with a pivot ≤ n·eps times its diagonal element.
fn positive_definite(a: &DMatrix<f64>) -> Result<Cholesky<f64, nalgebra::Dyn>, usize> {
    let n = a.nrows();
    let least = n as f64 * f64::EPSILON;
    let accepted = |order: usize| {
        let minor = Cholesky::new(a.view((0, 0), (order, order)).into_owned())?;
        let l = minor.l_dirty();
        (0..order).all(|j| l[(j, j)].powi(2) > least * a[(j, j)]).then_some(minor)
    };
    if let Some(factor) = accepted(n) {
        return Ok(factor);
    }
    // Every leading minor of a positive definite matrix is positive definite: halve the interval.
    let (mut good, mut bad) = (0, n);
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if accepted(middle).is_some() { good = middle } else { bad = middle }
    }
    Err(bad)
}
