//! linfa-elasticnet: coordinate descent without an L1 penalty, one fit for each alpha.
//!
//! Its objective is ‖y − Xw‖² / (2m) + penalty · ‖w‖² / 2, so penalty = alpha / m. Its duality gap does not vanish where
//! there is no L1 penalty, so no tolerance stops it: it always takes all of its sweeps, and as many as are worth their time
//! are set here in place of 1000. How near they come, the digits in the table tell.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_elasticnet::{ElasticNet, MultiTaskElasticNet};
use ndarray::{Array1, Array2, ShapeBuilder};

use super::Answer;
use crate::data::Data;

const SWEEPS: u32 = 100;

pub fn path(data: &Data, alphas: &[f64]) -> Answer {
    let (x, y) = data.centred();
    let x = Array2::from_shape_vec((data.rows, data.features).f(), x)?;
    let penalties = alphas.iter().map(|alpha| alpha / data.rows as f64);
    if data.targets == 1 {
        let rows = Dataset::new(x, Array1::from_vec(y));
        let solve = |penalty| {
            let model =
                ElasticNet::ridge().penalty(penalty).with_intercept(false).max_iterations(SWEEPS).tolerance(0.0);
            Ok(model.fit(&rows)?.hyperplane().to_vec())
        };
        return penalties.map(solve).collect();
    }
    let rows = Dataset::new(x, Array2::from_shape_vec((data.rows, data.targets).f(), y)?);
    let solve = |penalty| {
        let model =
            MultiTaskElasticNet::ridge().penalty(penalty).with_intercept(false).max_iterations(SWEEPS).tolerance(0.0);
        Ok(model.fit(&rows)?.hyperplane().t().iter().copied().collect())
    };
    penalties.map(solve).collect()
}
