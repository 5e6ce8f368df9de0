//! smartcore: `RidgeRegression`, which has one target and one alpha, fitted for each of them.

use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};

use super::Answer;
use crate::data::Data;

pub fn path(data: &Data, alphas: &[f64]) -> Answer {
    let (x, y) = data.centred();
    let x = DenseMatrix::new(data.rows, data.features, x, true)?;
    let y: Vec<Vec<f64>> = y.chunks_exact(data.rows).map(<[f64]>::to_vec).collect();
    let solve = |alpha: &f64| {
        let mut w = Vec::with_capacity(data.features * data.targets);
        for target in &y {
            // Its other mode standardises the columns.
            let parameters = RidgeRegressionParameters::default().with_alpha(*alpha).with_normalize(false);
            w.extend(RidgeRegression::fit(&x, target, parameters)?.coefficients().iterator(0));
        }
        Ok(w)
    };
    alphas.iter().map(solve).collect()
}
