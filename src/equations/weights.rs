//! The solution of one λ, in the units of its equations.

use nalgebra::DMatrix;

use crate::equations::refine::Refined;
use crate::equations::residual::Fit;
use crate::model::outcome::{Outcome, Route};

/// The solution of one λ, n × t, in the units of [`NormalEquations`](crate::NormalEquations), or why there is none.
#[derive(Debug, Clone)]
pub struct Weights {
    /// `None` when singular.
    pub(crate) values: Option<DMatrix<f64>>,
    /// An estimate of κ(A); NaN when singular.
    pub(crate) condition: f64,
    pub(crate) outcome: Outcome,
    /// A bound on the relative error of each target but for rounding, where corrections came to rest.
    pub(crate) errors: Option<Vec<f64>>,
    /// The digits of `values` beyond one double, where corrections came to rest.
    pub(crate) low: Option<DMatrix<f64>>,
    /// What the residuals tell of each target, if they were measured.
    pub(crate) fits: Option<Vec<Fit>>,
}

impl Weights {
    pub(crate) fn solved(values: DMatrix<f64>, condition: f64, outcome: Outcome) -> Self {
        Self { values: Some(values), condition, outcome, errors: None, low: None, fits: None }
    }

    pub(crate) fn singular(order: usize) -> Self {
        Self {
            values: None,
            condition: f64::NAN,
            outcome: Outcome::Singular { order },
            errors: None,
            low: None,
            fits: None,
        }
    }

    /// The weights as corrections left them, with the digits beyond one double and the bounds on the errors; unchanged if there were
    /// none.
    pub(crate) fn refined(self, refined: Option<Refined>) -> Self {
        match refined {
            Some(Refined { values, low, errors }) => {
                Self { values: Some(values), low: Some(low), errors: Some(errors), fits: None, ..self }
            }
            None => self,
        }
    }

    /// w, n × t, in the units of [`NormalEquations`](crate::NormalEquations), whose [`coefficients`](crate::NormalEquations::coefficients) are on the original scale;
    /// `None` when singular.
    #[must_use]
    pub fn values(&self) -> Option<&DMatrix<f64>> {
        self.values.as_ref()
    }

    /// An estimate of κ(A), as [`RidgePath::condition`](crate::RidgePath::condition); NaN when singular.
    #[must_use]
    pub fn condition(&self) -> f64 {
        self.condition
    }

    /// How the weights came about.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The weights, marked as answered by another route than the one planned, if they are an answer.
    pub(crate) fn rerouted(mut self, route: Route) -> Self {
        if matches!(self.outcome, Outcome::Solved | Outcome::Refined { .. }) {
            self.outcome = Outcome::Rerouted { route };
        }
        self
    }
}
