//! ŷ = Xw + b of new rows, and how near it comes to their y.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::math::product::product;
use crate::math::threads::at_least;

/// Rows of X that are copied and multiplied at a time, and how many where they are so long that fewer fill the cache.
const ROWS: usize = 256;
const LONG_ROWS: usize = 64;
/// Numbers of X up to which a block has all of its rows.
const BLOCK: usize = 1 << 20;
/// Coefficient vectors that a block is multiplied by at a time.
const VECTORS: usize = 512;

impl RidgePath {
    /// ŷ = Xw + b of new rows (m' × n) at λ number `index`: m' × t, for the work of one product of matrices. NaN where the λ has no
    /// answer, and in a row whose X is not finite.
    ///
    /// # Errors
    /// [`Error::Shape`] when X has not n columns, [`Error::OutOfRange`] when the path has no such entry.
    pub fn predict<'a>(&self, index: usize, x: impl Into<View<'a>>) -> Result<DMatrix<f64>> {
        let x = self.checked(x.into())?;
        self.check_index(index)?;
        let (n, t) = (self.features, self.targets);
        let w = &self.coefficients[index * t * n..(index + 1) * t * n];
        Ok(predictions(x, w, &self.intercepts[index * t..(index + 1) * t], t).swap_remove(0))
    }

    /// ŷ of new rows (m' × n) at every λ of the path, in its order: k matrices of m' × t, for the work of one product of X with
    /// all coefficients. They are k·m'·t numbers; what is held beside them does not grow with the number of λs.
    ///
    /// ```
    /// use ridgepath::{Ridge, View};
    /// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
    /// let path = Ridge::new().lambdas([0.01, 0.1, 1.0]).fit(x, &[1.0, 2.0, 3.0, 4.0])?;
    /// let new = View::row_major(&[2.0, 2.0, 5.0, 3.0], 2, 2)?;
    /// for (lambda, predicted) in path.lambdas().iter().zip(path.predict_all(new)?) {
    ///     println!("{lambda}: {} and {}", predicted[(0, 0)], predicted[(1, 0)]);
    /// }
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when X has not n columns.
    pub fn predict_all<'a>(&self, x: impl Into<View<'a>>) -> Result<Vec<DMatrix<f64>>> {
        let x = self.checked(x.into())?;
        Ok(predictions(x, &self.coefficients, &self.intercepts, self.targets))
    }

    /// The coefficient of determination of each target on the rows given, R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)² with ȳ the mean of
    /// these y, at λ number `index`: t numbers. NaN where the λ has no answer, and for a y that is constant, which has no R².
    ///
    /// # Errors
    /// Those of [`predict`](Self::predict); [`Error::Shape`] when Y has not as many rows as X or not t columns, [`Error::Empty`],
    /// [`Error::NonFinite`].
    pub fn score<'a>(&self, index: usize, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Vec<f64>> {
        let problem = Problem::new(x, y)?;
        determination(&problem, &self.predict(index, problem.x())?)
    }

    /// R² with an observation weight s ≥ 0 for each row: R² = 1 − Σ s(y − ŷ)² / Σ s(y − ȳ)² with ȳ = Σ s·y / Σ s.
    ///
    /// # Errors
    /// Those of [`score`](Self::score) and [`Problem::with_weights`].
    pub fn score_weighted<'a>(
        &self,
        index: usize,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        weights: &[f64],
    ) -> Result<Vec<f64>> {
        let problem = Problem::new(x, y)?;
        let problem = problem.with_weights(weights)?;
        determination(&problem, &self.predict(index, problem.x())?)
    }

    fn checked<'a>(&self, x: View<'a>) -> Result<View<'a>> {
        check_columns(&x, self.features).map(|()| x)
    }

    pub(crate) fn check_index(&self, index: usize) -> Result<()> {
        match index < self.len() {
            true => Ok(()),
            false => Err(Error::OutOfRange { what: "λ", index, count: self.len() }),
        }
    }
}

/// Refuses rows of another number of features than a model has.
pub(crate) fn check_columns(x: &View<'_>, wanted: usize) -> Result<()> {
    match x.columns() == wanted {
        true => Ok(()),
        false => Err(Error::Shape { what: "columns of X to predict from", found: x.columns(), wanted }),
    }
}

/// ŷ of rows X (m × n, n > 0) for coefficient vectors one after another, `w` of [k, t, n], with an intercept each: k matrices of
/// m × t. The bits depend on the shape alone.
pub(crate) fn predictions(x: View<'_>, w: &[f64], intercepts: &[f64], t: usize) -> Vec<DMatrix<f64>> {
    let (m, n) = (x.rows(), x.columns());
    let mut predicted = vec![DMatrix::zeros(m, t); intercepts.len() / t];
    if m == 0 {
        return predicted;
    }
    let mut columns = predicted.iter_mut().flat_map(|matrix| matrix.as_mut_slice().chunks_mut(m));
    let vectors = w.chunks(VECTORS * n).zip(intercepts.chunks(VECTORS));
    let parts: Vec<PredictionTask<'_>> = vectors
        .map(|(w, intercepts)| PredictionTask {
            w,
            intercepts,
            columns: columns.by_ref().take(intercepts.len()).collect(),
        })
        .collect();
    parts.into_par_iter().for_each(|part| part.fill(x, 0));
    predicted
}

/// Coefficient vectors with an intercept each, and for each the place of ŷ of some rows.
struct PredictionTask<'a> {
    w: &'a [f64],
    intercepts: &'a [f64],
    columns: Vec<&'a mut [f64]>,
}

impl PredictionTask<'_> {
    /// Writes ŷ of the rows from `first` on.
    fn fill(self, x: View<'_>, first: usize) {
        let Self { w, intercepts, mut columns } = self;
        let (rows, n) = (columns[0].len(), x.columns());
        let block = (BLOCK / n).clamp(LONG_ROWS, ROWS);
        if rows > block {
            let half = rows.div_ceil(block) / 2 * block;
            let (top, bottom) = columns.into_iter().map(|column| column.split_at_mut(half)).unzip();
            let (top, bottom) =
                (PredictionTask { w, intercepts, columns: top }, PredictionTask { w, intercepts, columns: bottom });
            // Blocks of little work are done by the thread at hand.
            if half / block < at_least(block * w.len()) {
                top.fill(x, first);
                bottom.fill(x, first + half);
            } else {
                rayon::join(|| top.fill(x, first), || bottom.fill(x, first + half));
            }
            return;
        }
        if let ([intercept], true) = (intercepts, x.by_columns()) {
            // One vector does not pay for a copy of the rows.
            let [column] = &mut columns[..] else { return };
            for (j, w) in w.iter().enumerate() {
                x.go_down(j, first, column, |sum, value| *sum += value * w);
            }
            column.iter_mut().for_each(|sum| *sum += intercept);
            return;
        }
        let mut values = vec![0.0; rows * n];
        x.load(first, rows, &mut values);
        let products = product(&values, w, n);
        for ((column, product), intercept) in columns.into_iter().zip(products.as_slice().chunks(rows)).zip(intercepts)
        {
            column.iter_mut().zip(product).for_each(|(to, product)| *to = product + intercept);
        }
    }
}

/// R² of predictions (m × t) of the y of a problem, for each target; NaN for a constant y.
///
/// # Errors
/// [`Error::Shape`] when the problem has another number of targets.
pub(crate) fn determination(problem: &Problem<'_>, predicted: &DMatrix<f64>) -> Result<Vec<f64>> {
    if problem.targets() != predicted.ncols() {
        let (found, wanted) = (problem.targets(), predicted.ncols());
        return Err(Error::Shape { what: "columns of Y to score against", found, wanted });
    }
    let counting: Vec<usize> = (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).collect();
    let of = |target: usize| {
        let y = |row: usize| -> f64 { problem.y().get(row, target) };
        let sum =
            |term: &dyn Fn(usize) -> f64| counting.iter().map(|row| problem.weight(*row) * term(*row)).sum::<f64>();
        // About the value of one row first: a constant y has no spread, whatever its rounding.
        let origin = y(counting[0]);
        let mean = sum(&|row| y(row) - origin) / problem.weight_sum();
        let total = sum(&|row| (y(row) - origin - mean).powi(2));
        let left = sum(&|row| (y(row) - predicted[(row, target)]).powi(2));
        if total > 0.0 { 1.0 - left / total } else { f64::NAN }
    };
    Ok((0..problem.targets()).map(of).collect())
}
