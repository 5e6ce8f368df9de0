//! What is fitted, and how answers are told.

pub(crate) mod convention;
pub(crate) mod method;
pub(crate) mod outcome;
pub(crate) mod penalty;
pub(crate) mod penalty_factors;
pub(crate) mod prior;
pub(crate) mod rung;
pub(crate) mod watch;

/// Division of the columns by their standard deviation before the penalty acts. Coefficients are always reported on the
/// original scale; a constant column keeps scale 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Standardize {
    /// Columns as they are.
    #[default]
    No,
    /// √(Σ s(x−x̄)²/W), as scikit-learn, glmnet and MASS have it.
    Population,
    /// √(Σ s(x−x̄)²/W · m/(m−1)), which without weights is the sample deviation of R, Octave and Matlab.
    Sample,
}

/// What is fitted: the intercept (never penalised) and the scale on which the penalty acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Whether an intercept is fitted, which centres X and Y.
    pub intercept: bool,
    /// Whether and how the columns are standardised.
    pub standardize: Standardize,
}

/// With an intercept, on the columns as they are.
impl Default for Model {
    fn default() -> Self {
        Self { intercept: true, standardize: Standardize::No }
    }
}
