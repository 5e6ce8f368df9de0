//! Features that depend on one another.

use ridgepath::{Outcome, Ridge, RidgePath, View};

use crate::input::data::Data;

/// The number of an unpenalised feature that depends on the other unpenalised ones, whatever λ is.
pub(crate) fn among_unpenalised(path: &RidgePath, data: &Data) -> Option<usize> {
    let factors = data.penalty_factors()?;
    let free: Vec<usize> = (0..factors.len()).filter(|feature| factors[*feature] == 0.0).collect();
    let columns: Vec<f64> = free.iter().flat_map(|feature| data.feature(*feature)).copied().collect();
    let x = View::column_major(&columns, path.rows(), free.len()).ok()?;
    let alone = Ridge::new().lambdas([0.0]).intercept(path.intercept_fitted());
    let alone = match data.weights() {
        Some(weights) => alone.weights(weights),
        None => alone,
    };
    match alone.fit(x, data.y().ok()?).ok()?.outcome(0, 0) {
        Outcome::Singular { order } => free.get(order.max(1) - 1).copied(),
        _ => None,
    }
}
