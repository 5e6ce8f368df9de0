//! How well predictions meet what was held out.

use std::fmt;
use std::sync::Arc;

use crate::data::problem::Problem;
use crate::math::lanes::{sums, vectorized};
use crate::math::powers::{exponent, scaled};

/// Which of two scores is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The lower, as of an error.
    Lower,
    /// The higher.
    Higher,
}

impl Better {
    /// Whether `a` is better than `b`, or as good. False when one is NaN.
    #[must_use]
    pub fn reaches(self, a: f64, b: f64) -> bool {
        match self {
            Self::Lower => a <= b,
            Self::Higher => a >= b,
        }
    }
}

/// What a fold's predictions ŷ are judged by, against the y held out and with its observation weights s.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Score {
    /// The mean squared error Σ s(y − ŷ)² / Σ s.
    #[default]
    Mse,
    /// Its root.
    Rmse,
    /// The mean absolute error Σ s|y − ŷ| / Σ s.
    Mae,
    /// The coefficient of determination 1 − Σ s(y − ŷ)² / Σ s(y − ȳ)², ȳ the mean of what was held out.
    R2,
    /// Pearson's correlation of y and ŷ; NaN where ŷ is constant.
    Correlation,
    /// The caller's.
    Custom(Custom),
}

type Function = Arc<dyn Fn(&[f64], &[f64], &[f64]) -> f64 + Send + Sync>;

/// A score of the caller's: see [`Score::custom`].
#[derive(Clone)]
pub struct Custom {
    name: String,
    better: Better,
    function: Function,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("name", &self.name).field("better", &self.better).finish_non_exhaustive()
    }
}

impl Score {
    /// A score of the caller's: `function(y, ŷ, s)` of one fold and target, slices of the same length. NaN is no score.
    #[must_use]
    pub fn custom(
        name: impl Into<String>,
        better: Better,
        function: impl Fn(&[f64], &[f64], &[f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::Custom(Custom { name: name.into(), better, function: Arc::new(function) })
    }

    /// `"mse"`, `"rmse"`, `"mae"`, `"r2"`, `"correlation"`, or the caller's.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Mse => "mse",
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::R2 => "r2",
            Self::Correlation => "correlation",
            Self::Custom(custom) => &custom.name,
        }
    }

    /// Which of two scores is better.
    #[must_use]
    pub fn better(&self) -> Better {
        match self {
            Self::Mse | Self::Rmse | Self::Mae => Better::Lower,
            Self::R2 | Self::Correlation => Better::Higher,
            Self::Custom(custom) => custom.better,
        }
    }

    /// The power of the target by which a score grows; `None` where scores in other units say nothing of this one.
    pub(crate) fn degree(&self) -> Option<i32> {
        match self {
            Self::Mse => Some(2),
            Self::Rmse | Self::Mae => Some(1),
            Self::R2 | Self::Correlation => Some(0),
            Self::Custom(_) => None,
        }
    }

    /// The score of a target whose values count in units of 2^`unit`, in units of 2^`unit` to the power of its
    /// [degree](Self::degree).
    pub(crate) fn of_target(&self, unit: i32, y: &[f64], predicted: &[f64], s: &[f64]) -> f64 {
        match unit {
            0 => self.of(y, predicted, s),
            _ => self.of(&in_units(unit, y), &in_units(unit, predicted), s),
        }
    }

    /// Whether a constant y has no score of this kind.
    pub(crate) fn needs_spread(&self) -> bool {
        matches!(self, Self::R2 | Self::Correlation)
    }

    /// The score of predictions ŷ of y, with observation weights s of which one at least is positive.
    #[must_use]
    pub fn of(&self, y: &[f64], predicted: &[f64], s: &[f64]) -> f64 {
        match self {
            Self::Mse => mean(y, predicted, s, |error| error * error),
            Self::Rmse => mean(y, predicted, s, |error| error * error).sqrt(),
            Self::Mae => mean(y, predicted, s, f64::abs),
            Self::R2 => {
                let centre = weighted(y, s);
                let [total, weight] = vectorized(|| sums([y, s], |[y, s]| [s * ((y - centre) * (y - centre)), s]));
                1.0 - mean(y, predicted, s, |error| error * error) / (total / weight)
            }
            Self::Correlation => correlation(y, predicted, s),
            Self::Custom(custom) => (custom.function)(y, predicted, s),
        }
    }

    /// The standard error of a score that is a mean over rows, sd/√m of the rows' own; NaN for one that is none.
    #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
    pub(crate) fn error_over_rows(&self, score: f64, y: &[f64], predicted: &[f64], s: &[f64]) -> f64 {
        let of_row: fn(f64) -> f64 = match self {
            Self::Mse => |error| error * error,
            Self::Mae => f64::abs,
            _ => return f64::NAN,
        };
        (mean(y, predicted, s, |error| (of_row(error) - score).powi(2)) / (y.len() as f64 - 1.0)).sqrt()
    }
}

/// `values` in units of 2^`unit`.
pub(crate) fn in_units(unit: i32, values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| scaled(*value, -unit)).collect()
}

/// The unit of each target, a power of two: 1, unless squares of its errors, times weights, might be out of range.
pub(crate) fn target_units(problem: &Problem<'_>) -> Vec<i32> {
    const FAR: u32 = 128;
    let counted = |row: &usize| problem.weight(*row) > 0.0;
    let size = |row: usize, target: usize| -> f64 { problem.y().get(row, target).abs() };
    let largest = |target| (0..problem.rows()).filter(counted).fold(0.0, |most: f64, row| most.max(size(row, target)));
    let unit = |target| Some(exponent(largest(target))).filter(|unit| unit.unsigned_abs() > FAR).unwrap_or(0);
    (0..problem.targets()).map(unit).collect()
}

fn weighted(values: &[f64], s: &[f64]) -> f64 {
    let [sum, weight] = vectorized(|| sums([values, s], |[value, s]| [s * value, s]));
    sum / weight
}

/// Σ s·f(y − ŷ) / Σ s.
fn mean(y: &[f64], predicted: &[f64], s: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let [sum, weight] = vectorized(|| sums([y, predicted, s], |[y, predicted, s]| [s * f(y - predicted), s]));
    sum / weight
}

fn correlation(y: &[f64], predicted: &[f64], s: &[f64]) -> f64 {
    let centres = (weighted(y, s), weighted(predicted, s));
    let (mut yy, mut pp, mut yp) = (0.0, 0.0, 0.0);
    for ((y, p), s) in y.iter().zip(predicted).zip(s) {
        let (y, p) = (y - centres.0, p - centres.1);
        yy += s * y * y;
        pp += s * p * p;
        yp += s * y * p;
    }
    // Predictions that differ by rounding alone are constant.
    #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
    let noise = (y.len() as f64) * (f64::EPSILON * centres.1).powi(2) * s.iter().sum::<f64>();
    if pp > noise { yp / (yy.sqrt() * pp.sqrt()) } else { f64::NAN }
}
