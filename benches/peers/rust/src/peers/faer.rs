//! faer: XᵀX and its eigendecomposition once, a product for each alpha. On all cores.

use faer::{Mat, MatRef, Side};

use super::Answer;
use crate::data::Data;

pub fn path(data: &Data, alphas: &[f64]) -> Answer {
    let (x, y) = data.centred();
    let x = MatRef::from_column_major_slice(&x, data.rows, data.features);
    let y = MatRef::from_column_major_slice(&y, data.rows, data.targets);
    let gram = x.transpose() * x;
    let eigen = gram.self_adjoint_eigen(Side::Lower).map_err(|error| format!("eigendecomposition: {error:?}"))?;
    let (vectors, values) = (eigen.U(), eigen.S());
    let cross = vectors.transpose() * (x.transpose() * y);
    let solve = |alpha: &f64| {
        let shrunk = |row, target| cross[(row, target)] / (values[row] + alpha);
        let w = vectors * Mat::from_fn(data.features, data.targets, shrunk);
        Ok(w.col_iter().flat_map(|column| column.iter().copied()).collect())
    };
    alphas.iter().map(solve).collect()
}
