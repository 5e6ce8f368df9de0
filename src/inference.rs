//! How certain coefficients are: covariances, standard errors, variance inflation and leverage; the same as a Bayesian reads it.

use nalgebra::{DMatrix, DVector};

use crate::cpu::factor::factor;
use crate::error::{Error, Result};
use crate::moments::Moments;
use crate::normal::{Model, NormalEquations};
use crate::path::RidgePath;
use crate::problem::Problem;
use crate::scale::scaled;
use crate::view::{Scalar, View};

/// The equations of a path's λs, for what they tell beyond the coefficients. Formed and factored in double precision:
/// relative errors are about 1e-16 times the [condition number](RidgePath::condition).
///
/// ```
/// use ridgepath::{Inference, Moments, Problem, Ridge, View};
///
/// let problem = Problem::new(View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?, &[1.0, 2.0, 3.0, 5.0])?;
/// let mut moments = Moments::new(2, 1);
/// moments.push(&problem)?;
/// let path = Ridge::new().lambdas([0.01, 1.0]).fit_moments(&moments)?;
/// let inference = Inference::new(&moments, &path)?;
/// let at = inference.at(0)?.ok_or("singular")?;
/// println!("{:?} ± {:?}", path.coefficients(0, 0), at.standard_errors(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Inference<'a> {
    path: &'a RidgePath,
    normal: NormalEquations,
    means: Vec<f64>,
    /// Rows of positive weight.
    rows: usize,
}

impl<'a> Inference<'a> {
    /// Composes the equations of the rows that were summed and of the λs of their path.
    ///
    /// # Errors
    /// [`Error::Shape`] when the path is not one of these moments, [`Error::Conflict`] for one with a Tikhonov matrix.
    pub fn new(moments: &Moments, path: &'a RidgePath) -> Result<Self> {
        for (what, found, wanted) in [
            ("features of the moments against the path's", moments.features(), path.features()),
            ("targets of the moments against the path's", moments.targets(), path.targets()),
            ("rows of the moments against the path's", moments.rows(), path.rows()),
        ] {
            if found != wanted {
                return Err(Error::Shape { what, found, wanted });
            }
        }
        if path.tikhonov {
            let (first, second) = ("inference", "a path with a Tikhonov matrix");
            return Err(Error::Conflict { first, second, instead: "a path with penalty factors" });
        }
        let model = Model { intercept: path.intercept_fitted(), standardize: path.standardize() };
        let normal = NormalEquations::new(moments, model, path.grid());
        let means = (0..path.features()).map(|j| if model.intercept { moments.mean_x(j) } else { 0.0 }).collect();
        Ok(Self { path, normal, means, rows: moments.positive_rows })
    }

    /// What is to be said at λ number `index`; `None` where G + shift·D is singular.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when the path has no such entry.
    pub fn at(&self, index: usize) -> Result<Option<Uncertainty<'_>>> {
        if index >= self.path.len() {
            return Err(Error::OutOfRange { what: "λ", index, count: self.path.len() });
        }
        let factor = factor::<f64>(&self.normal, index);
        if factor.info > 0 {
            return Ok(None);
        }
        let n = self.normal.features();
        let mut inverse = DMatrix::identity(n, n);
        factor.solve_into(&mut inverse);
        let steps = self.normal.steps(index);
        let gram = DMatrix::from_fn(n, n, |i, j| self.normal.gram_element(i, j) * steps[i] * steps[j]);
        let hat = &inverse * &gram;
        let spread = &hat * &inverse;
        Ok(Some(Uncertainty {
            inference: self,
            index,
            df: hat.trace(),
            vif: (0..n).map(|j| gram[(j, j)] * spread[(j, j)]).collect(),
            inverse: self.natural(index, &inverse),
            spread: self.natural(index, &spread),
        }))
    }

    /// A matrix of products of weights, on the original scale.
    fn natural(&self, index: usize, of: &DMatrix<f64>) -> DMatrix<f64> {
        let unit = |j: usize| self.normal.weight_unit(index, j);
        DMatrix::from_fn(of.nrows(), of.ncols(), |i, j| {
            scaled((of[(i, j)] + of[(j, i)]) / 2.0, unit(i) + unit(j)) // symmetric to the last bit
        })
    }
}

/// What is known of the coefficients at one λ, A = G + shift·D.
///
/// The sampling view (Hoerl and Kennard, 1970): y = Xw + b + noise of variance σ²/sᵢ. Then w(λ) is biased, and its covariance is
/// σ²A⁻¹GA⁻¹. The Bayesian view: under a prior N(0, τ²D⁻¹) with τ² = σ²/shift, and a flat one of b, w(λ) is the mean of the
/// posterior, whose covariance is σ²A⁻¹.
#[derive(Debug)]
pub struct Uncertainty<'a> {
    inference: &'a Inference<'a>,
    index: usize,
    /// Without the intercept.
    df: f64,
    vif: Vec<f64>,
    /// A⁻¹
    inverse: DMatrix<f64>,
    /// A⁻¹GA⁻¹
    spread: DMatrix<f64>,
}

impl Uncertainty<'_> {
    /// The effective degrees of freedom tr(GA⁻¹), and 1 more for an intercept.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        self.df + f64::from(u8::from(self.inference.path.intercept_fitted()))
    }

    /// σ̂² = RSS/(m − df), m the rows of positive weight; NaN unless m > df.
    #[must_use]
    pub fn noise_variance(&self, target: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
        let left = self.inference.rows as f64 - self.degrees_of_freedom();
        // A fit through every row leaves rounding, from which nothing can be estimated.
        let none = f64::EPSILON.sqrt() * self.degrees_of_freedom();
        if left > none { self.inference.path.rss(self.index, target) / left } else { f64::NAN }
    }

    /// The covariance of a target's coefficients, n × n: σ̂²A⁻¹GA⁻¹.
    #[must_use]
    pub fn covariance(&self, target: usize) -> DMatrix<f64> {
        &self.spread * self.noise_variance(target)
    }

    /// The standard errors of a target's coefficients: the roots of the diagonal of [`covariance`](Self::covariance).
    #[must_use]
    pub fn standard_errors(&self, target: usize) -> Vec<f64> {
        let noise = self.noise_variance(target);
        self.spread.diagonal().iter().map(|spread| (noise * spread).sqrt()).collect()
    }

    /// The standard error of the intercept, √(σ̂²(1/W + x̄ᵀA⁻¹GA⁻¹x̄)); 0 where none was fitted.
    #[must_use]
    pub fn intercept_standard_error(&self, target: usize) -> f64 {
        if !self.inference.path.intercept_fitted() {
            return 0.0;
        }
        let mean = DVector::from_column_slice(&self.inference.means);
        let of_mean = mean.dot(&(&self.spread * &mean));
        (self.noise_variance(target) * (1.0 / self.inference.path.weight_sum() + of_mean)).sqrt()
    }

    /// The variance inflation factor of each coefficient, `G_jj·(A⁻¹GA⁻¹)_jj`: its variance over that of least squares on
    /// columns that do not correlate (Marquardt, 1970). At λ = 0 it is 1/(1 − R²) of the column on the others.
    #[must_use]
    pub fn variance_inflation(&self) -> &[f64] {
        &self.vif
    }

    /// The leverage of each row, ∂ŷᵢ/∂yᵢ = sᵢ(1/W + (xᵢ−x̄)ᵀA⁻¹(xᵢ−x̄)), without 1/W and x̄ where no intercept is fitted; they sum
    /// to the [degrees of freedom](Self::degrees_of_freedom).
    ///
    /// # Errors
    /// [`Error::Shape`] when the problem has not n features.
    pub fn leverages<T: Scalar>(&self, problem: &Problem<'_, T>) -> Result<Vec<f64>> {
        let reach = self.reach(problem.x())?;
        Ok(reach.into_iter().enumerate().map(|(row, reach)| problem.weight(row) * reach).collect())
    }

    /// The variance of the prior of each coefficient that makes this λ the Bayesian's, for noise of variance σ²:
    /// σ²/(shift·Dⱼ); infinite where nothing is penalised.
    #[must_use]
    pub fn prior_variances(&self, noise_variance: f64) -> Vec<f64> {
        let normal = &self.inference.normal;
        let prior = |j: usize| {
            let added = normal.added(self.index)[j];
            scaled(noise_variance / added, 2 * normal.weight_unit(self.index, j))
        };
        (0..normal.features()).map(prior).collect()
    }

    /// The covariance of the posterior for noise of variance σ², n × n: σ²A⁻¹. Its mean is the path's coefficients.
    #[must_use]
    pub fn posterior_covariance(&self, noise_variance: f64) -> DMatrix<f64> {
        &self.inverse * noise_variance
    }

    /// The variance of y at each new row of X (m' × n), by the posterior and with its own noise of variance σ²:
    /// σ²(1 + 1/W + (x−x̄)ᵀA⁻¹(x−x̄)), without 1/W and x̄ where no intercept is fitted.
    ///
    /// # Errors
    /// [`Error::Shape`] when X has not n columns.
    pub fn predictive_variances<'x, T: Scalar>(
        &self,
        x: impl Into<View<'x, T>>,
        noise_variance: f64,
    ) -> Result<Vec<f64>> {
        Ok(self.reach(x.into())?.into_iter().map(|reach| noise_variance * (1.0 + reach)).collect())
    }

    /// 1/W + (x−x̄)ᵀA⁻¹(x−x̄) of each row.
    fn reach<T: Scalar>(&self, x: View<'_, T>) -> Result<Vec<f64>> {
        let (n, path) = (self.inverse.nrows(), self.inference.path);
        if x.columns() != n {
            return Err(Error::Shape { what: "columns of X to tell of", found: x.columns(), wanted: n });
        }
        let mut away = DMatrix::zeros(n, x.rows());
        x.visit(0, x.rows(), |row, j, value| away[(j, row)] = value - self.inference.means[j]);
        let along = &self.inverse * &away;
        let of_mean = if path.intercept_fitted() { 1.0 / path.weight_sum() } else { 0.0 };
        Ok((0..x.rows()).map(|row| of_mean + away.column(row).dot(&along.column(row))).collect())
    }
}
