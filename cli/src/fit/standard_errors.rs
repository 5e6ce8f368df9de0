//! `--standard-errors`: how certain the coefficients of a path are.

use ridgepath::cpu::gram::gram;
use ridgepath::{Inference, RidgePath, Uncertainty};

use crate::input::data::Data;
use crate::machine::failure::{Failure, Result};

/// The standard errors of every λ and target; NaN where there are none.
pub(crate) struct StandardErrors {
    entries: Vec<Vec<ErrorsOfOne>>,
}

/// The standard errors of one λ and target.
pub(crate) struct ErrorsOfOne {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) intercept: f64,
}

impl StandardErrors {
    pub(crate) fn of(path: &RidgePath, data: &Data) -> Result<Self> {
        let problem = data.moments().is_none().then(|| data.problem()).transpose()?;
        let inference = match (&problem, data.moments()) {
            (Some(problem), _) => Inference::new(problem, path)?,
            (None, Some(moments)) => Inference::of_moments(moments, path)?,
            (None, None) => return Err(Failure::Other("there are neither rows nor moments".into())),
        };
        let means = match &problem {
            Some(problem) if data.is_shifted() => {
                let moments = gram::<f64>(problem)?;
                let origins = data.feature_origins().iter().enumerate();
                origins.map(|(j, origin)| moments.mean_x(j) + *origin as f64).collect()
            }
            _ => Vec::new(),
        };
        let mut entries = Vec::with_capacity(path.len());
        for index in 0..path.len() {
            let at = inference.at(index)?;
            let entry = |target: usize| match &at {
                Some(at) => ErrorsOfOne {
                    coefficients: at.standard_errors(target),
                    intercept: match data.is_shifted() {
                        false => at.intercept_standard_error(target),
                        true => intercept_far_away(at, target, &means, path.weight_sum()),
                    },
                },
                None => ErrorsOfOne { coefficients: vec![f64::NAN; path.features()], intercept: f64::NAN },
            };
            entries.push((0..path.targets()).map(entry).collect());
        }
        Ok(Self { entries })
    }

    pub(crate) fn at(&self, index: usize, target: usize) -> &ErrorsOfOne {
        &self.entries[index][target]
    }
}

/// The standard error of the intercept of columns as they are in the file, whose means are given: √(σ̂²/W + x̄ᵀCx̄), C the
/// covariances.
fn intercept_far_away(at: &Uncertainty, target: usize, means: &[f64], weight_sum: f64) -> f64 {
    let covariance = at.covariance(target);
    let along = |j: usize| {
        means.iter().zip(covariance.column(j).iter()).map(|(mean, covariance)| mean * covariance).sum::<f64>()
    };
    let of_means: f64 = means.iter().enumerate().map(|(j, mean)| mean * along(j)).sum();
    (at.noise_variance(target) / weight_sum + of_means).sqrt()
}
