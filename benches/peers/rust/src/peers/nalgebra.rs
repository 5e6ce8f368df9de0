//! nalgebra: XᵀX once, a Cholesky factorization for each alpha. On one core, as nalgebra is.

use nalgebra::{Cholesky, DMatrix};

use super::Answer;
use crate::data::Data;

pub fn path(data: &Data, alphas: &[f64]) -> Answer {
    let (x, y) = data.centred();
    let x = DMatrix::from_vec(data.rows, data.features, x);
    let y = DMatrix::from_vec(data.rows, data.targets, y);
    // A product with the transpose, and not `tr_mul`, which has no blocks and is several times as slow.
    let transpose = x.transpose();
    let (gram, cross) = (&transpose * x, transpose * y);
    let solve = |alpha: &f64| {
        let mut shifted = gram.clone();
        (0..data.features).for_each(|index| shifted[(index, index)] += alpha);
        let factor = Cholesky::new(shifted).ok_or_else(|| format!("alpha {alpha}: not positive definite"))?;
        Ok(factor.solve(&cross).data.into())
    };
    alphas.iter().map(solve).collect()
}
