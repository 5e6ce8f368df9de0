//! What is asked for, settled once: the penalties with their factors, and what these allow.

use std::sync::OnceLock;

use crate::error::Result;
use crate::model::Model;
use crate::model::outcome::Fallback;
use crate::model::penalty::{Grid, Penalty};
use crate::model::penalty_factors::PenaltyFactors;
use crate::plan::Request;

/// The arguments of a path beside its rows.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) model: Model,
    /// The grid with the penalty factors, if any.
    pub(crate) penalty: Penalty,
    /// The penalty factors of every λ; `None` where they differ from λ to λ.
    pub(crate) factors: Option<PenaltyFactors>,
    /// Why there is no D⁻¹, or not one for all λs.
    pub(crate) without_inverse: Option<Fallback>,
    /// As the user set it, but for what the penalties do not allow.
    pub(crate) request: Request,
    /// Whether the path only predicts, so that nobody reads its residual sums of squares: those of the equations do.
    pub(crate) predicts: bool,
    /// The λs, as the equations that were formed first have them.
    grid: OnceLock<Grid>,
}

impl Asked {
    pub(crate) fn new(model: Model, penalty: Penalty, request: Request) -> Self {
        let (factors, without_inverse) = (penalty.shared(), penalty.without_inverse());
        let request = Request { has_inverse: without_inverse.is_none(), ..request };
        Self { model, penalty, factors, without_inverse, request, predicts: false, grid: OnceLock::new() }
    }

    /// The factors of every λ in the forms that have one for all.
    pub(crate) fn shared_factors(&self) -> PenaltyFactors {
        self.factors.clone().unwrap_or_default()
    }

    /// λ and shift of each penalty, resolved by whoever needs them first: `trace` gives that of the Gram matrix on the penalised
    /// scale, whose rounding must not give the other form of the equations another grid.
    ///
    /// # Errors
    /// Those of [`Penalty::resolve`].
    pub(crate) fn grid(&self, weight_sum: f64, trace: impl FnOnce() -> f64) -> Result<Grid> {
        if let Some(grid) = self.grid.get() {
            return Ok(grid.clone());
        }
        let grid = self.penalty.resolve(weight_sum, trace())?;
        Ok(self.grid.get_or_init(|| grid).clone())
    }
}
