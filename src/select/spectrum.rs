//! The rows by their singular values, in which every λ is a division.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::factors::Factors;
use crate::frame::Frame;
use crate::normal::{Model, factored, penalty_weight};
use crate::penalty::Grid;
use crate::problem::Problem;
use crate::scale::{exponent, scaled};
use crate::select::decomposition::{BLOCK, square, tall};
use crate::solver::Ridge;
use crate::view::{Scalar, View};

/// A grid of λs seen through the singular value decomposition √S(X − x̄)D^-½ = U·diag(σ)·Vᵀ of the rows on the penalised
/// scale (D = I, or the variances when standardised, times the penalty factors; x̄ = 0 without an intercept): degrees of freedom, leverages, exact
/// leave-one-out errors and criteria for all λ from one decomposition. Made by [`Ridge::spectrum`].
///
/// Ridge shrinks the fit along uⱼ by [dⱼ = σⱼ²/(σⱼ² + shift)](Self::shrinkage), so strongly where σⱼ is small:
/// ŷ = ȳ + S^-½ Σ dⱼ uⱼ uⱼᵀ S^½(y − ȳ). (Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning* (2009),
/// §3.4.1.)
///
/// It holds as many numbers as X has, twice while it is made. Rows of weight 0 have no part in it.
#[derive(Debug, Clone)]
pub struct Spectrum {
    pub(crate) grid: Grid,
    intercept: bool,
    /// W.
    weight_sum: f64,
    /// Rows of positive weight.
    pub(crate) rows: Vec<usize>,
    /// m, with the others.
    all_rows: usize,
    /// σ² in units of 4^`unit`.
    values: Vec<f64>,
    unit: i32,
    /// Its column j is σⱼuⱼ; uⱼ when `complete`.
    basis: DMatrix<f64>,
    /// Whether the uⱼ span all that y can be: as many features as rows, or more.
    complete: bool,
    /// √S(y − ȳ); target τ in units of 2^`target_units[τ]`.
    y: DMatrix<f64>,
    target_units: Vec<i32>,
    /// basisᵀy.
    projected: DMatrix<f64>,
    /// √s in units of 2^`root_unit`.
    roots: Vec<f64>,
    root_unit: i32,
}

impl Ridge {
    /// The grid seen through the singular values of the rows: leave-one-out errors, criteria, degrees of freedom. On the CPU
    /// in double precision, whatever the backend.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but for those of devices; [`Error::Conflict`] with a prior, an unpenalised feature, or λs for each
    /// feature.
    pub fn spectrum<'a, T: Scalar>(&self, x: impl Into<View<'a, T>>, y: impl Into<View<'a, T>>) -> Result<Spectrum> {
        let problem = self.problem(x.into(), y.into())?;
        let factors = self.one_decomposition()?;
        let rows = Rows::new(&problem, self.model, &factors)?;
        let trace = scaled(rows.x.norm_squared(), 2 * rows.unit);
        self.factored().check_features(problem.features())?;
        let grid = self.penalty.resolve(problem.weight_sum(), trace)?;
        Ok(Spectrum::of(rows, &problem, self.model, grid))
    }

    /// The penalty factors, if one decomposition of the rows answers for every λ.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub(crate) fn one_decomposition(&self) -> Result<Factors> {
        let second = "what the singular values of the rows tell";
        let conflict = |first| Error::Conflict { first, second, instead: "cross-validation by folds" };
        if !self.prior.is_none() {
            return Err(conflict("a prior mean or a Tikhonov matrix"));
        }
        let shared = self.factored().without_inverse().is_none().then(|| self.factored().shared()).flatten();
        shared.ok_or_else(|| conflict("unpenalised features or λs of their own"))
    }
}

/// √S(X − x̄)D^-½ in units of 2^`unit`, and √S(y − ȳ).
struct Rows {
    rows: Vec<usize>,
    x: DMatrix<f64>,
    unit: i32,
    y: DMatrix<f64>,
    target_units: Vec<i32>,
    roots: Vec<f64>,
    root_unit: i32,
}

impl Rows {
    fn new<T: Scalar>(problem: &Problem<'_, T>, model: Model, factors: &Factors) -> Result<Self> {
        let (n, t) = (problem.features(), problem.targets());
        let centred = Frame::measure(problem)?;
        let totals = (centred.positive_rows, problem.weight_sum());
        let squares = centred.squares(problem);
        let weight = |j: usize| penalty_weight(squares[j], centred.exponents[j], totals, model.standardize);
        let penalty: Vec<(f64, i32)> = (0..n).map(|j| factored(weight(j), factors.of(0, j))).collect();
        let frame = if model.intercept { centred } else { Frame::scaling(problem) };
        let rows: Vec<usize> = (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).collect();
        let root_unit = exponent(problem.weight(problem.heaviest())).div_euclid(2);
        let roots: Vec<f64> = rows.iter().map(|row| scaled(problem.weight(*row), -2 * root_unit).sqrt()).collect();
        let mut x = DMatrix::zeros(rows.len(), n);
        x.as_mut_slice().par_chunks_mut(rows.len()).enumerate().for_each(|(j, column)| {
            for (i, value) in column.iter_mut().enumerate() {
                *value = frame.apply(j, problem.x().get(rows[i], j).into()) * roots[i];
            }
        });
        // All columns in the units of the largest: what is too small for these counts for nothing beside it.
        let units: Vec<i32> = (0..n).map(|j| frame.exponents[j] - penalty[j].1 / 2).collect();
        let top = (0..n).filter(|j| x.column(*j).amax() > 0.0).map(|j| units[j]).max().unwrap_or(0);
        for (j, mut column) in x.column_iter_mut().enumerate() {
            column *= scaled(1.0 / penalty[j].0.sqrt(), units[j].min(top) - top);
        }
        let y = DMatrix::from_fn(rows.len(), t, |i, target| {
            frame.apply(n + target, problem.y().get(rows[i], target).into()) * roots[i]
        });
        let target_units = frame.exponents[n..].iter().map(|own| own + root_unit).collect();
        Ok(Self { rows, x, unit: top + root_unit, y, target_units, roots, root_unit })
    }
}

impl Spectrum {
    /// Of a problem and its resolved grid.
    pub(crate) fn new<T: Scalar>(problem: &Problem<'_, T>, model: Model, grid: Grid) -> Result<Self> {
        Ok(Self::of(Rows::new(problem, model, &grid.factors)?, problem, model, grid))
    }

    fn of<T: Scalar>(rows: Rows, problem: &Problem<'_, T>, model: Model, grid: Grid) -> Self {
        let Rows { rows, x, unit, y, target_units, roots, root_unit } = rows;
        let room = rows.len() - usize::from(model.intercept);
        let complete = x.ncols() >= room;
        let least = grid.shifts.iter().copied().fold(f64::INFINITY, f64::min);
        let least = scaled(least, -2 * unit);
        let weight_sum = problem.weight_sum();
        let constant = model.intercept.then(|| DVector::from_column_slice(&roots).normalize());
        let (values, basis, projected) = match complete {
            true => square(&x, &y, constant.as_ref(), least),
            false => tall(&x, &y, least),
        };
        Self {
            grid,
            intercept: model.intercept,
            weight_sum,
            rows,
            all_rows: problem.rows(),
            values,
            unit,
            basis,
            complete,
            y,
            target_units,
            projected,
            roots,
            root_unit,
        }
    }

    /// k.
    #[must_use]
    pub fn len(&self) -> usize {
        self.grid.shifts.len()
    }

    /// True for no λ, which no grid has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grid.shifts.is_empty()
    }

    /// The λs, with their shifts.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// σ, the singular values of √S(X − x̄)D^-½, largest first: as many as features, or as rows (less one with an intercept)
    /// where these are fewer.
    #[must_use]
    pub fn singular_values(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.values.iter().map(|d| scaled(d.sqrt(), self.unit)).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }

    /// dⱼ = σⱼ²/(σⱼ² + shift) of λ number `index`, in the order of [`singular_values`](Self::singular_values): 1 where nothing is
    /// shrunk, 0 where σⱼ = 0.
    ///
    /// # Panics
    /// When `index ≥ len()`, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn shrinkage(&self, index: usize) -> Vec<f64> {
        let mut factors: Vec<f64> = self.left(index).into_iter().map(|left| 1.0 - left).collect();
        factors.sort_by(|a, b| b.total_cmp(a));
        factors
    }

    /// Effective degrees of freedom, tr X(XᵀSX + shift·D)⁻¹XᵀS = Σ dⱼ; the intercept, if there is one, is not counted.
    #[must_use]
    pub fn df_without_intercept(&self, index: usize) -> f64 {
        self.left(index).iter().map(|left| 1.0 - left).sum()
    }

    /// The same, with 1 more for an intercept.
    #[must_use]
    pub fn df(&self, index: usize) -> f64 {
        self.df_without_intercept(index) + f64::from(u8::from(self.intercept))
    }

    /// The leverage hᵢ = ∂ŷᵢ/∂yᵢ of each row, with the intercept's part sᵢ/W; 0 for rows of weight 0.
    #[must_use]
    pub fn leverages(&self, index: usize) -> Vec<f64> {
        let mut leverages = vec![0.0; self.all_rows];
        let left = self.left_of_rows(&[index]);
        self.rows.iter().zip(left.iter()).for_each(|(row, left)| leverages[*row] = 1.0 - left);
        leverages
    }

    /// The rows of positive weight.
    pub(crate) fn rows_counted(&self) -> usize {
        self.rows.len()
    }

    /// Their number.
    #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
    pub(crate) fn count(&self) -> f64 {
        self.rows.len() as f64
    }

    pub(crate) fn targets(&self) -> usize {
        self.y.ncols()
    }

    pub(crate) fn basis(&self) -> &DMatrix<f64> {
        &self.basis
    }

    pub(crate) fn complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn y(&self) -> &DMatrix<f64> {
        &self.y
    }

    /// basisᵀy.
    pub(crate) fn projected(&self) -> &DMatrix<f64> {
        &self.projected
    }

    pub(crate) fn intercept(&self) -> bool {
        self.intercept
    }

    /// σ² and the shift of λ number `index`, in common units; and those units' exponent.
    pub(crate) fn scaled_values(&self, index: usize) -> (&[f64], f64, i32) {
        (&self.values, scaled(self.grid.shifts[index], -2 * self.unit), 2 * self.unit)
    }

    /// What is shrunk away along each direction: shift/(σ² + shift); 1 where σ = 0.
    fn left(&self, index: usize) -> Vec<f64> {
        let (values, shift, _) = self.scaled_values(index);
        let left = |d: &f64| if *d > 0.0 { 1.0 / (1.0 + d / shift) } else { 1.0 };
        values.iter().map(left).collect()
    }

    /// What the columns of the basis are multiplied by: shift/(σ² + shift) when complete, else 1/(σ² + shift).
    pub(crate) fn weights(&self, index: usize) -> Vec<f64> {
        if self.complete {
            return self.left(index);
        }
        let (values, shift, _) = self.scaled_values(index);
        values.iter().map(|d| if *d > 0.0 { 1.0 / (d + shift) } else { 0.0 }).collect()
    }

    /// 1 − hᵢ of the rows of positive weight at the λs numbered `which`: a column for each. 0 when it cannot be told from 0.
    pub(crate) fn left_of_rows(&self, which: &[usize]) -> DMatrix<f64> {
        let (m, r) = self.basis.shape();
        let columns: Vec<DVector<f64>> = which.iter().map(|index| self.weights(*index).into()).collect();
        let weights = DMatrix::from_columns(&columns);
        #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
        let noise = 4.0 * (r as f64 + 8.0) * f64::EPSILON;
        let constant = if self.intercept { 1.0 / self.weight_sum } else { 0.0 };
        let block = |start: usize| {
            let count = BLOCK.min(m - start);
            let squares = self.basis.rows(start, count).map(|value| value * value);
            let mut left = squares * &weights;
            if !self.complete {
                for i in 0..count {
                    let own = 1.0 - scaled(self.roots[start + i].powi(2), 2 * self.root_unit) * constant;
                    left.row_mut(i).apply(|value| {
                        *value = own - *value;
                        *value = if *value > noise { *value } else { 0.0 };
                    });
                }
            }
            left
        };
        let blocks: Vec<DMatrix<f64>> =
            (0..m.div_ceil(BLOCK)).into_par_iter().map(|number| block(number * BLOCK)).collect();
        let mut all = DMatrix::zeros(m, which.len());
        for (number, block) in blocks.iter().enumerate() {
            all.rows_mut(number * BLOCK, block.nrows()).copy_from(block);
        }
        all
    }

    /// Residuals of a target in their natural units from those of row number `i`.
    pub(crate) fn natural(&self, i: usize, target: usize, residual: f64) -> f64 {
        scaled(residual / self.roots[i], self.target_units[target] - self.root_unit)
    }

    /// s of row number `i`, in units of the heaviest.
    pub(crate) fn weight(&self, i: usize) -> f64 {
        self.roots[i].powi(2)
    }

    /// A mean square of a target's residuals by such weights, in natural units.
    pub(crate) fn natural_mean(&self, target: usize, mean: f64) -> f64 {
        scaled(mean, 2 * (self.target_units[target] - self.root_unit))
    }

    /// A sum of squares of a target's residuals in natural units.
    pub(crate) fn natural_square(&self, target: usize, sum: f64) -> f64 {
        scaled(sum, 2 * self.target_units[target])
    }

    /// Σ s(y−ȳ)², in the units of the target.
    pub(crate) fn total(&self, target: usize) -> f64 {
        self.y.column(target).norm_squared()
    }

    /// Of the parts uⱼᵀ√S(y − ȳ) of a target, with σⱼ²: (σⱼ², square), where σⱼ > 0, in common units and those of the target.
    pub(crate) fn parts(&self, target: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let square = move |(d, c): (&f64, &f64)| (*d, if self.complete { c * c } else { c * c / d });
        self.values.iter().zip(self.projected.column(target)).filter(|(d, _)| **d > 0.0).map(square)
    }
}
