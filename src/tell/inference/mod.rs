//! How certain coefficients are: covariances, standard errors, variance inflation, leverages, and the posterior of a Bayesian.

mod root;

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::answer::path::RidgePath;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::directions::{Directions, RowDirections};
use crate::equations::normal::NormalEquations;
use crate::error::{Error, Result};
use crate::math::powers::{exponent, scaled};
use crate::model::Model;
use crate::model::outcome::Outcome;
use crate::moments::Moments;
use root::Root;

/// What of a variance rounding may be, so that moments tell it.
const KNOWN: f64 = 1e-6;

/// The rows of a path, or their moments, for what they tell beyond the coefficients. From a decomposition of them, as
/// [`Spectrum`](crate::choose::Spectrum) has it, whatever the precision of the path: every variance is a sum of squares.
///
/// ```
/// use ridgepath::{Inference, Problem, Ridge, View};
///
/// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
/// let y = [1.0, 2.0, 3.0, 5.0];
/// let path = Ridge::new().lambdas([0.01, 1.0]).fit(x, &y)?;
/// let problem = Problem::new(x, &y)?;
/// let inference = Inference::new(&problem, &path)?;
/// let at = inference.at(0)?.ok_or("singular")?;
/// println!("{:?} ± {:?}", path.coefficients(0, 0), at.standard_errors(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Inference<'a> {
    source: Source<'a>,
    path: &'a RidgePath,
    model: Model,
    /// The directions of all λs, where λs share their penalty factors.
    shared: Option<Arc<Directions>>,
}

/// What the directions are found from.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Rows(&'a Problem<'a>),
    Moments(&'a Moments),
}

impl Source<'_> {
    /// The directions with the penalty factors of λ number `index` of a path, for shifts from `least` on.
    fn directions(self, path: &RidgePath, model: Model, index: usize, least: f64) -> Result<Arc<Directions>> {
        match self {
            Self::Rows(problem) => {
                let factors = (path.penalty_factors(), index);
                Ok(RowDirections::new(problem, model, factors, least)?.directions)
            }
            Self::Moments(moments) => {
                let normal = NormalEquations::new(moments, model, path.grid());
                Directions::of_moments(moments, &normal, index).map(Arc::new)
            }
        }
    }

    /// m, n and t.
    fn sizes(self) -> [usize; 3] {
        match self {
            Self::Rows(problem) => [problem.rows(), problem.features(), problem.targets()],
            Self::Moments(moments) => [moments.rows(), moments.features(), moments.targets()],
        }
    }
}

impl<'a> Inference<'a> {
    /// Decomposes the rows (where λs have penalty factors of their own, [`at`](Self::at) does, for each). The path must be one of the
    /// rows and weights of the problem.
    ///
    /// # Errors
    /// [`Error::Shape`] when the path is not one of these rows, [`Error::Conflict`] for one with a Tikhonov matrix, [`Error::Span`].
    pub fn new(problem: &'a Problem<'a>, path: &'a RidgePath) -> Result<Self> {
        Self::of(Source::Rows(problem), path)
    }

    /// From the moments of the rows in their place. What these tell by less than a millionth of itself is NaN, and where that is every
    /// variance of a λ, [`at`](Self::at) has none: beside a shift that is small against the rounding of G.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`Error::NotDecomposed`].
    pub fn of_moments(moments: &'a Moments, path: &'a RidgePath) -> Result<Self> {
        Self::of(Source::Moments(moments), path)
    }

    fn of(source: Source<'a>, path: &'a RidgePath) -> Result<Self> {
        let [rows, features, targets] = source.sizes();
        for (what, found, wanted) in [
            ("features of the rows against the path's", features, path.features()),
            ("targets of the rows against the path's", targets, path.targets()),
            ("rows against the path's", rows, path.rows()),
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
        let least = path.shifts().iter().copied().fold(f64::INFINITY, f64::min);
        let shared = path.penalty_factors().are_shared().then(|| source.directions(path, model, 0, least));
        Ok(Self { source, path, model, shared: shared.transpose()? })
    }

    /// How certain the coefficients are at λ number `index`; `None` where there is no unique answer.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when the path has no such entry, [`Error::Span`].
    pub fn at(&self, index: usize) -> Result<Option<Uncertainty>> {
        if index >= self.path.len() {
            return Err(Error::OutOfRange { what: "λ", index, count: self.path.len() });
        }
        if matches!(self.path.outcome(index, 0), Outcome::Singular { .. } | Outcome::MinimumNorm { .. }) {
            return Ok(None);
        }
        let shift = self.path.shifts()[index];
        let directions = match &self.shared {
            Some(shared) => Arc::clone(shared),
            None => self.source.directions(self.path, self.model, index, shift)?,
        };
        Ok(Uncertainty::new(directions, shift))
    }
}

/// What is known of the coefficients at one λ, A = G + shift·D.
///
/// The sampling view (Hoerl and Kennard, 1970): y = Xw + b + noise of variance σ²/sᵢ. Then w(λ) is biased, and its covariance is
/// σ²A⁻¹GA⁻¹. The Bayesian view: under a prior N(0, τ²D⁻¹) with τ² = σ²/shift, and a flat one of b, w(λ) is the mean of the
/// posterior, whose covariance is σ²A⁻¹.
#[derive(Debug)]
pub struct Uncertainty {
    directions: Arc<Directions>,
    shift: f64,
    /// F of the features that are not penalised.
    fixed: DMatrix<f64>,
    /// σⱼ/(σⱼ² + shift) of each direction, in units of 2^`sampling_unit` of 1/σ.
    sampling: Vec<f64>,
    sampling_unit: i32,
    /// R of A⁻¹GA⁻¹ = `RRᵀ`, in the units of the coefficients.
    spread: Root,
    vif: Vec<f64>,
}

impl Uncertainty {
    /// `None` where A is singular.
    fn new(directions: Arc<Directions>, shift: f64) -> Option<Self> {
        let fixed = directions.coefficients.fixed.clone()?;
        if shift == 0.0 && !directions.reach_every_feature() || directions.spread_error(shift) > KNOWN {
            return None;
        }
        let root = directions.root(shift);
        let (unit, significand) = (exponent(root), scaled(root, -exponent(root)));
        let ratio = |sigma: &f64| match (*sigma > 0.0, root > 0.0) {
            (false, _) => 0.0,
            (true, false) => sigma.recip(),
            (true, true) => (significand * (sigma / root + root / sigma)).recip(),
        };
        let sampling: Vec<f64> = directions.sigma.iter().map(ratio).collect();
        let mut along = directions.coefficients.along.clone();
        along.column_iter_mut().zip(&sampling).for_each(|(mut column, ratio)| column *= *ratio);
        let spread = Root::new(&[(along, -unit), (fixed.clone(), 0)]);
        let vif = directions.coefficients.sizes.iter().enumerate().map(|(j, size)| {
            let of_size = exponent(*size);
            (spread.norm(j, of_size) * scaled(*size, -of_size)).powi(2)
        });
        let vif = vif.collect();
        Some(Self { directions, shift, fixed, sampling, sampling_unit: -unit, spread, vif })
    }

    /// The effective degrees of freedom tr(GA⁻¹), and 1 more for an intercept.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rank")]
    pub fn degrees_of_freedom(&self) -> f64 {
        let kept: f64 = self.directions.kept(self.shift).iter().sum();
        self.directions.fixed_rank as f64 + kept + f64::from(u8::from(self.directions.intercept))
    }

    /// σ̂² in the units of the target; NaN unless m > df.
    fn noise(&self, target: usize) -> f64 {
        let room = self.directions.unexplained(self.shift);
        let (rss, off) = (self.directions.rss(self.shift, target), self.directions.rss_error(self.shift, target));
        let told = off <= KNOWN * rss && self.directions.df_error(self.shift) <= KNOWN * room;
        if room > 0.0 && told { rss / room } else { f64::NAN }
    }

    /// σ̂² = RSS/(m − df), m the rows of positive weight; NaN unless m > df.
    #[must_use]
    pub fn noise_variance(&self, target: usize) -> f64 {
        scaled(self.noise(target), 2 * self.directions.target_units[target])
    }

    /// The covariance of a target's coefficients, n × n: σ̂²A⁻¹GA⁻¹.
    #[must_use]
    pub fn covariance(&self, target: usize) -> DMatrix<f64> {
        self.spread.product(self.noise(target), &self.exponents(self.directions.target_units[target]))
    }

    /// The exponent of the unit of each coefficient, plus `by`.
    fn exponents(&self, by: i32) -> Vec<i32> {
        self.directions.coefficients.exponents.iter().map(|exponent| exponent - self.directions.unit + by).collect()
    }

    /// The standard errors of a target's coefficients: the roots of the diagonal of [`covariance`](Self::covariance).
    #[must_use]
    pub fn standard_errors(&self, target: usize) -> Vec<f64> {
        let noise = self.noise(target).sqrt();
        let exponents = self.exponents(self.directions.target_units[target] + exponent(noise));
        let noise = scaled(noise, -exponent(noise));
        exponents.into_iter().enumerate().map(|(j, by)| self.spread.norm(j, by) * noise).collect()
    }

    /// The standard error of the intercept, √(σ̂²(1/W + x̄ᵀA⁻¹GA⁻¹x̄)); 0 where none was fitted.
    #[must_use]
    pub fn intercept_standard_error(&self, target: usize) -> f64 {
        if !self.directions.intercept {
            return 0.0;
        }
        let coefficients = &self.directions.coefficients;
        let along = coefficients.mean_along.iter().zip(&self.sampling).map(|(mean, ratio)| mean * ratio);
        let along = DMatrix::from_row_iterator(1, coefficients.mean_along.len(), along);
        let fixed = DMatrix::from_row_slice(1, coefficients.mean_fixed.len(), &coefficients.mean_fixed);
        let of_mean = DMatrix::from_element(1, 1, self.directions.weight_sum.sqrt().recip());
        let root = Root::new(&[(of_mean, 0), (along, self.sampling_unit), (fixed, 0)]);
        let noise = self.noise(target).sqrt();
        root.norm(0, self.directions.target_units[target] + exponent(noise)) * scaled(noise, -exponent(noise))
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
    pub fn leverages(&self, problem: &Problem<'_>) -> Result<Vec<f64>> {
        let reach = self.reach(problem.x())?;
        Ok(reach.into_iter().enumerate().map(|(row, reach)| problem.weight(row) * reach).collect())
    }

    /// The variance of the prior of each coefficient that makes this λ the Bayesian's, for noise of variance σ²:
    /// σ²/(shift·Dⱼ); infinite where nothing is penalised.
    #[must_use]
    pub fn prior_variances(&self, noise_variance: f64) -> Vec<f64> {
        let coefficients = &self.directions.coefficients;
        let mut variances = vec![f64::INFINITY; coefficients.diagonal.len()];
        for j in &coefficients.penalised {
            variances[*j] =
                scaled(noise_variance / self.shift * coefficients.diagonal[*j].powi(2), 2 * coefficients.exponents[*j]);
        }
        variances
    }

    /// The covariance of the posterior for noise of variance σ², n × n: σ²A⁻¹. Its mean is the path's coefficients.
    #[must_use]
    pub fn posterior_covariance(&self, noise_variance: f64) -> DMatrix<f64> {
        let coefficients = &self.directions.coefficients;
        let root = self.directions.root(self.shift);
        let mut along = coefficients.along.clone();
        let ratio = |(mut column, sigma): (nalgebra::DVectorViewMut<'_, f64>, &f64)| column /= sigma.hypot(root);
        along.column_iter_mut().zip(&self.directions.sigma).for_each(ratio);
        let mut parts = vec![(along, 0), (self.fixed.clone(), 0)];
        if !self.directions.reach_every_feature() {
            // What no direction reaches has the prior's variance.
            let embedding = coefficients.embedding();
            parts.push(((&embedding - &coefficients.along * coefficients.vectors.transpose()) / root, 0));
        }
        Root::new(&parts).product(noise_variance, &self.exponents(0))
    }

    /// The variance of y at each new row of X (m' × n), by the posterior and with noise of variance σ²:
    /// σ²(1 + 1/W + (x−x̄)ᵀA⁻¹(x−x̄)), without 1/W and x̄ where no intercept is fitted.
    ///
    /// # Errors
    /// [`Error::Shape`] when X has not n columns.
    pub fn predictive_variances<'x>(&self, x: impl Into<View<'x>>, noise_variance: f64) -> Result<Vec<f64>> {
        Ok(self.reach(x.into())?.into_iter().map(|reach| noise_variance * (1.0 + reach)).collect())
    }

    /// 1/W + (x−x̄)ᵀA⁻¹(x−x̄) of each row.
    fn reach(&self, x: View<'_>) -> Result<Vec<f64>> {
        let coefficients = &self.directions.coefficients;
        let (n, root) = (coefficients.diagonal.len(), self.directions.root(self.shift));
        if x.columns() != n {
            return Err(Error::Shape { what: "columns of X to tell of", found: x.columns(), wanted: n });
        }
        let mut away = DMatrix::zeros(n, x.rows());
        x.visit(0, x.rows(), |row, j, value| {
            away[(j, row)] = scaled(value - coefficients.means[j], coefficients.exponents[j] - self.directions.unit);
        });
        let embedding = coefficients.embedding();
        let reduced = embedding.tr_mul(&away);
        let (mut along, fixed) = (coefficients.along.tr_mul(&away), self.fixed.tr_mul(&away));
        let beyond = reduced - &coefficients.vectors * &along;
        let ratio = |mut column: nalgebra::DVectorViewMut<'_, f64>| {
            column.iter_mut().zip(&self.directions.sigma).for_each(|(value, sigma)| *value /= sigma.hypot(root));
        };
        along.column_iter_mut().for_each(ratio);
        let of_mean = if self.directions.intercept { 1.0 / self.directions.weight_sum } else { 0.0 };
        let complete = self.directions.reach_every_feature();
        let of = |row: usize| {
            let beyond = if complete { 0.0 } else { (beyond.column(row).norm() / root).powi(2) };
            of_mean + along.column(row).norm_squared() + fixed.column(row).norm_squared() + beyond
        };
        Ok((0..x.rows()).map(of).collect())
    }
}
