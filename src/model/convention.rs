//! Other systems' penalties in this library's λ, and back.

use std::fmt;
use std::str::FromStr;

use crate::data::problem::Problem;
use crate::error::{Error, Result};
use crate::model::Standardize;
use crate::model::penalty::Penalty;

/// Whose penalty a number is.
///
/// This library minimises 1/(2W) Σ sᵢ(yᵢ − xᵢᵀw − b)² + λ‖w‖². Below, A is what a system adds to diagonal element j of the
/// centred Gram matrix of the columns as they are, so that λ = A/(2W); `s_j` and `σ_y` are population deviations, `t_j` the
/// sample deviation. Where A holds `s_j²` or `t_j²`, [`standardize`](Self::standardize) carries it. Systems that divide by m count weights that sum to m: W stands for it.
///
/// | | parameter | A |
/// |---|---|---|
/// | [`ScikitLearn`](Self::ScikitLearn) | `alpha` | alpha |
/// | [`ScikitLearnNormalized`](Self::ScikitLearnNormalized) | `alpha` | W·alpha·s_j² |
/// | [`PolarsOls`](Self::PolarsOls) | `alpha` | alpha, also for the intercept |
/// | [`ElasticNet`](Self::ElasticNet) | `alpha` | W·alpha |
/// | [`WeightDecay`](Self::WeightDecay) | `weight_decay` | W·wd; of an unhalved loss W·wd/2 |
/// | [`Glmnet`](Self::Glmnet) | `lambda` | W·lambda·(s_j²)/σ_y |
/// | [`GlmnetMulti`](Self::GlmnetMulti) | `lambda` | W·lambda·(s_j²) |
/// | [`Spark`](Self::Spark) | `regParam` | W·regParam·(s_j²)/σ_y |
/// | [`H2o`](Self::H2o) | `lambda` | W·lambda·(s_j²) |
/// | [`Mass`](Self::Mass) | `lambda` | lambda·s_j² |
/// | [`Matlab`](Self::Matlab) | `k` | k·t_j² |
/// | [`Correlation`](Self::Correlation) | `K` | W·K·s_j² |
/// | [`Mlj`](Self::Mlj) | `lambda` | W·lambda; unscaled lambda |
/// | [`DaskGlm`](Self::DaskGlm) | `lamduh` | lamduh/2, also for the intercept |
/// | [`Bayes`](Self::Bayes) | `σ²/τ²` | σ²/τ² |
///
/// ```
/// use ridgepath::{Convention, DataFacts, Problem, Ridge, View};
///
/// let x = View::row_major(&[0.0, 5.0, 1.0, 7.0, 2.0, 11.0, 3.0, 13.0], 4, 2)?;
/// let y = [17.0, 19.0, 23.0, 29.0];
/// let glmnet = Convention::Glmnet { standardize: false };
/// let facts = DataFacts::new(&Problem::new(x, &y)?, true, 0)?;
/// let path = Ridge::new().penalty(glmnet.penalty(&[0.1], &facts)?).standardize(glmnet.standardize()).fit(x, &y)?;
/// assert!((path.coefficients(0, 0)[0] - 2.2362361).abs() < 5e-8);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convention {
    /// `Ridge`, `RidgeCV` and `KernelRidge` of scikit-learn; himalaya; cuML.
    ScikitLearn,
    /// `Ridge(normalize=True)` of scikit-learn before 1.2: columns are centred and divided by their norm.
    ScikitLearnNormalized,
    /// `polars_ols`, which penalises the intercept.
    PolarsOls,
    /// `ElasticNet(l1_ratio=0)` of scikit-learn; linfa; `fit_regularized` of statsmodels.
    ElasticNet,
    /// `weight_decay` of PyTorch's SGD, or of its Adam, which adds it to the gradient, on a mean squared error. It is not that
    /// of `AdamW`: see [`decay`](crate::decay).
    WeightDecay {
        /// Whether the loss is ½ · mean squared error; `MSELoss` is not halved.
        halved: bool,
    },
    /// glmnet, `family = "gaussian"`.
    Glmnet {
        /// Its `standardize`, TRUE by default.
        standardize: bool,
    },
    /// glmnet, `family = "mgaussian"` with `standardize.response = FALSE`.
    GlmnetMulti {
        /// Its `standardize`, TRUE by default.
        standardize: bool,
    },
    /// `LinearRegression` of Spark with `solver = "normal"` and `elasticNetParam = 0`.
    Spark {
        /// Its `standardization`, true by default.
        standardize: bool,
    },
    /// The GLM of H2O with `alpha = 0`; MADlib's `lambda_value`.
    H2o {
        /// Its `standardize`, true by default.
        standardize: bool,
    },
    /// `lm.ridge` of MASS; smartcore with `normalize = true`.
    Mass,
    /// `ridge(y, X, k)` of MATLAB and of Octave's statistics package: columns are standardised by the sample deviation.
    Matlab,
    /// The correlation form: `K` of R's lmridge and ridge.
    Correlation,
    /// `RidgeRegression` of `MLJLinearModels`.
    Mlj {
        /// Its `scale_penalty_with_samples`, true by default.
        scaled: bool,
    },
    /// dask-glm with the regularizer L2, which penalises the intercept.
    DaskGlm,
    /// The ratio of the noise variance σ² to the variance τ² of a prior N(0, τ²I) of the coefficients.
    Bayes,
}

/// What conversions need to know of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataFacts {
    /// W, the sum of the weights: m without weights.
    pub weight_sum: f64,
    /// `σ_y`: √(Σ s(y−ȳ)²/W), or √(Σ s·y²/W) where no intercept is fitted, as glmnet has it.
    pub deviation: f64,
}

impl DataFacts {
    /// Measures the rows and one target.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such target.
    pub fn new(problem: &Problem<'_>, intercept: bool, target: usize) -> Result<Self> {
        let count = problem.targets();
        if target >= count {
            return Err(Error::OutOfRange { what: "target", index: target, count });
        }
        let weight_sum = problem.weight_sum();
        // Counted from one of the target's values, so that a constant target has a deviation of exactly 0.
        let origin = if intercept { problem.y().get(problem.heaviest(), target) } else { 0.0 };
        let away = |row: usize| problem.y().get(row, target) - origin;
        let used = || (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0);
        let mean = |value: &dyn Fn(f64) -> f64| -> f64 {
            used().map(|row| problem.weight(row) / weight_sum * value(away(row))).sum()
        };
        let about = if intercept { mean(&|y| y) } else { 0.0 };
        // In units of the largest, whose square is in range.
        let unit = used().map(|row| (away(row) - about).abs()).fold(f64::MIN_POSITIVE, f64::max);
        let deviation = unit * mean(&|y| ((y - about) / unit).powi(2)).sqrt();
        Ok(Self { weight_sum, deviation })
    }
}

/// Names, as `Convention::from_str` and the program have them.
const NAMES: [(&str, Convention); 21] = [
    ("sklearn", Convention::ScikitLearn),
    ("sklearn-normalize", Convention::ScikitLearnNormalized),
    ("polars-ols", Convention::PolarsOls),
    ("elastic-net", Convention::ElasticNet),
    ("weight-decay", Convention::WeightDecay { halved: true }),
    ("weight-decay-mse", Convention::WeightDecay { halved: false }),
    ("glmnet", Convention::Glmnet { standardize: true }),
    ("glmnet-raw", Convention::Glmnet { standardize: false }),
    ("mgaussian", Convention::GlmnetMulti { standardize: true }),
    ("mgaussian-raw", Convention::GlmnetMulti { standardize: false }),
    ("spark", Convention::Spark { standardize: true }),
    ("spark-raw", Convention::Spark { standardize: false }),
    ("h2o", Convention::H2o { standardize: true }),
    ("h2o-raw", Convention::H2o { standardize: false }),
    ("lm.ridge", Convention::Mass),
    ("matlab", Convention::Matlab),
    ("lmridge", Convention::Correlation),
    ("mlj", Convention::Mlj { scaled: true }),
    ("mlj-unscaled", Convention::Mlj { scaled: false }),
    ("dask-glm", Convention::DaskGlm),
    ("bayes", Convention::Bayes),
];

impl Convention {
    /// Every convention.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(_, convention)| *convention)
    }

    /// A short name, such as `"glmnet"`; those that leave columns as they are where their system standardises end in `-raw`.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, convention)| *convention == self).map_or("", |(name, _)| name)
    }

    /// What the parameter is called there.
    #[must_use]
    pub fn parameter(self) -> &'static str {
        match self {
            Self::ScikitLearn | Self::ScikitLearnNormalized | Self::PolarsOls | Self::ElasticNet => "alpha",
            Self::WeightDecay { .. } => "weight_decay",
            Self::Glmnet { .. } | Self::GlmnetMulti { .. } | Self::H2o { .. } | Self::Mass | Self::Mlj { .. } => {
                "lambda"
            }
            Self::Spark { .. } => "regParam",
            Self::Matlab => "k",
            Self::Correlation => "K",
            Self::DaskGlm => "lamduh",
            Self::Bayes => "σ²/τ²",
        }
    }

    /// Whether the columns are standardised there before the penalty acts: what [`Ridge::standardize`](crate::Ridge::standardize)
    /// must be for the same answer.
    #[must_use]
    pub fn standardize(self) -> Standardize {
        match self {
            Self::Glmnet { standardize: true }
            | Self::GlmnetMulti { standardize: true }
            | Self::Spark { standardize: true }
            | Self::H2o { standardize: true }
            | Self::ScikitLearnNormalized
            | Self::Mass
            | Self::Correlation => Standardize::Population,
            Self::Matlab => Standardize::Sample,
            _ => Standardize::No,
        }
    }

    /// Whether the intercept is penalised there. For the same answer fit without one, on X with a column of ones.
    #[must_use]
    pub fn penalizes_intercept(self) -> bool {
        matches!(self, Self::PolarsOls | Self::DaskGlm)
    }

    /// λ of a value of the parameter.
    ///
    /// # Errors
    /// [`Error::InvalidPenalty`] unless the value is finite and ≥ 0; [`Error::NoDeviation`] where `σ_y` counts and is not a
    /// finite number > 0.
    pub fn lambda(self, value: f64, facts: &DataFacts) -> Result<f64> {
        self.check(&[value])?;
        Ok(value * self.scale(facts)?)
    }

    /// The value of the parameter that means this λ.
    ///
    /// # Errors
    /// As [`lambda`](Self::lambda).
    pub fn value(self, lambda: f64, facts: &DataFacts) -> Result<f64> {
        Penalty::Lambdas(vec![lambda]).check()?;
        Ok(lambda / self.scale(facts)?)
    }

    /// The grid of values of the parameter. A parameter that is a shift itself stays one, whatever rows are fitted with it.
    ///
    /// # Errors
    /// As [`lambda`](Self::lambda).
    pub fn penalty(self, values: &[f64], facts: &DataFacts) -> Result<Penalty> {
        self.check(values)?;
        let times = |by: f64| values.iter().map(|value| value * by).collect();
        Ok(match self {
            Self::ScikitLearn
            | Self::PolarsOls
            | Self::Mass
            | Self::Matlab
            | Self::Mlj { scaled: false }
            | Self::Bayes => Penalty::Alphas(values.to_vec()),
            Self::DaskGlm => Penalty::Alphas(times(0.5)),
            _ => Penalty::Lambdas(times(self.scale(facts)?)),
        })
    }

    /// This system's penalty factors as [`Ridge::penalty_factors`](crate::Ridge::penalty_factors) wants them: glmnet rescales its
    /// `penalty.factor` to sum to n, others leave theirs alone.
    #[must_use]
    pub fn penalty_factors(self, factors: &[f64]) -> Vec<f64> {
        let sum: f64 = factors.iter().sum();
        match self {
            #[expect(clippy::cast_precision_loss, reason = "numbers of features are far below 2⁵³")]
            Self::Glmnet { .. } | Self::GlmnetMulti { .. } if sum > 0.0 => {
                factors.iter().map(|factor| factor * (factors.len() as f64 / sum)).collect()
            }
            _ => factors.to_vec(),
        }
    }

    /// In words: what is minimised there, what λ is here, and which settings give the same answer.
    #[must_use]
    pub fn explain(self) -> String {
        let (system, objective, lambda) = self.words();
        let settings = match (self.standardize(), self.penalizes_intercept()) {
            (Standardize::No, false) => "columns as they are, the intercept not penalised",
            (Standardize::No, true) => {
                "columns as they are; its intercept is penalised: fit without one, on X with a column of ones"
            }
            (Standardize::Population, _) => "columns standardised (population deviation), the intercept not penalised",
            (Standardize::Sample, _) => "columns standardised (sample deviation), the intercept not penalised",
        };
        let (name, parameter) = (self.name(), self.parameter());
        format!(
            "{name}: {system}\n  minimises  {objective}\n  here       λ = {lambda}, {parameter} as there\n  settings   {settings}\n"
        )
    }

    /// Which system, its objective (r = y − Xw − b), and λ.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ScikitLearn => ("scikit-learn Ridge, himalaya, cuML", "‖r‖² + alpha·‖w‖²", "alpha/(2W)"),
            Self::ScikitLearnNormalized => {
                ("scikit-learn before 1.2, Ridge(normalize=True)", "‖r‖² + alpha·m·Σ s_j²w_j²", "alpha/2")
            }
            Self::PolarsOls => ("polars_ols", "‖r‖² + alpha·(‖w‖² + b²)", "alpha/(2W)"),
            Self::ElasticNet => (
                "scikit-learn ElasticNet(l1_ratio=0), linfa, statsmodels fit_regularized",
                "1/(2m)·‖r‖² + alpha/2·‖w‖²",
                "alpha/2",
            ),
            Self::WeightDecay { halved: true } => {
                ("PyTorch SGD on ½ · mean squared error", "1/(2m)·‖r‖² + weight_decay/2·‖w‖²", "weight_decay/2")
            }
            Self::WeightDecay { halved: false } => {
                ("PyTorch SGD on MSELoss", "1/m·‖r‖² + weight_decay/2·‖w‖²", "weight_decay/4")
            }
            Self::Glmnet { standardize: true } => {
                ("glmnet, gaussian", "1/(2m)·‖r‖²/σ_y + lambda/2·Σ s_j²w_j² (weights that sum to 1)", "lambda/(2σ_y)")
            }
            Self::Glmnet { standardize: false } => (
                "glmnet, gaussian, standardize = FALSE",
                "1/(2m)·‖r‖²/σ_y + lambda/2·‖w‖² (weights that sum to 1)",
                "lambda/(2σ_y)",
            ),
            Self::GlmnetMulti { standardize: true } => {
                ("glmnet, mgaussian", "1/(2m)·‖r‖² + lambda/2·Σ s_j²w_j²", "lambda/2")
            }
            Self::GlmnetMulti { standardize: false } => {
                ("glmnet, mgaussian, standardize = FALSE", "1/(2m)·‖r‖² + lambda/2·‖w‖²", "lambda/2")
            }
            Self::Spark { standardize: true } => (
                "Spark LinearRegression, normal solver",
                "1/(2W)·Σ s·r²/σ_y + regParam/2·Σ s_j²w_j²",
                "regParam/(2σ_y)",
            ),
            Self::Spark { standardize: false } => (
                "Spark LinearRegression, normal solver, standardization = false",
                "1/(2W)·Σ s·r²/σ_y + regParam/2·‖w‖²",
                "regParam/(2σ_y)",
            ),
            Self::H2o { standardize: true } => {
                ("H2O GLM (alpha = 0), MADlib", "1/(2m)·‖r‖² + lambda/2·Σ s_j²w_j²", "lambda/2")
            }
            Self::H2o { standardize: false } => {
                ("H2O GLM (alpha = 0), standardize = false", "1/(2m)·‖r‖² + lambda/2·‖w‖²", "lambda/2")
            }
            Self::Mass => ("MASS lm.ridge, smartcore with normalize", "‖r‖² + lambda·Σ s_j²w_j²", "lambda/(2W)"),
            Self::Matlab => {
                ("MATLAB and Octave ridge(y, X, k)", "‖r‖² + k·Σ t_j²w_j² (t_j the sample deviation)", "k/(2W)")
            }
            Self::Correlation => ("R lmridge and ridge, correlation form", "‖r‖² + K·m·Σ s_j²w_j²", "K/2"),
            Self::Mlj { scaled: true } => ("MLJLinearModels", "½‖r‖² + m·lambda/2·‖w‖²", "lambda/2"),
            Self::Mlj { scaled: false } => {
                ("MLJLinearModels, scale_penalty_with_samples = false", "½‖r‖² + lambda/2·‖w‖²", "lambda/(2W)")
            }
            Self::DaskGlm => ("dask-glm", "‖r‖² + lamduh/2·(‖w‖² + b²)", "lamduh/(4W)"),
            Self::Bayes => (
                "Bayesian ridge: noise variance σ², prior N(0, τ²I)",
                "‖r‖²/(2σ²) + ‖w‖²/(2τ²), the posterior's negative logarithm",
                "σ²/(2Wτ²)",
            ),
        }
    }

    fn check(self, values: &[f64]) -> Result<()> {
        match values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
            Some(index) => Err(Error::InvalidPenalty { name: self.parameter(), index, value: values[index] }),
            None => Ok(()),
        }
    }

    /// λ of the value 1.
    fn scale(self, facts: &DataFacts) -> Result<f64> {
        let DataFacts { weight_sum, deviation } = *facts;
        Ok(match self {
            Self::ScikitLearn
            | Self::PolarsOls
            | Self::Mass
            | Self::Matlab
            | Self::Mlj { scaled: false }
            | Self::Bayes => 1.0 / (2.0 * weight_sum),
            Self::DaskGlm => 1.0 / (4.0 * weight_sum),
            Self::ElasticNet
            | Self::ScikitLearnNormalized
            | Self::WeightDecay { halved: true }
            | Self::GlmnetMulti { .. }
            | Self::H2o { .. }
            | Self::Correlation
            | Self::Mlj { scaled: true } => 0.5,
            Self::WeightDecay { halved: false } => 0.25,
            Self::Glmnet { .. } | Self::Spark { .. } if deviation.is_finite() && deviation > 0.0 => {
                1.0 / (2.0 * deviation)
            }
            Self::Glmnet { .. } | Self::Spark { .. } => {
                return Err(Error::NoDeviation { system: self.name(), parameter: self.parameter(), deviation });
            }
        })
    }
}

/// The [name](Convention::name).
impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// By its [name](Convention::name).
impl FromStr for Convention {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::all().find(|convention| convention.name() == name);
        found.ok_or_else(|| Error::UnknownConvention { name: name.to_owned() })
    }
}
