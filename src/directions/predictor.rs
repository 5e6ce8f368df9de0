//! Predictions at many λs without coefficients: along the eigenvectors of products of the rows.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::data::problem::Problem;
use crate::directions::SQUARED;
use crate::directions::eigen::{across, gram, times, well_conditioned};
use crate::directions::rows::ScaledRows;
use crate::error::Result;
use crate::math::eigen::eigen;
use crate::math::powers::scaled;
use crate::model::Model;
use crate::model::penalty_factors::PenaltyFactors;

/// ŷ of h rows T by a fit of other rows X, both on the penalised scale and less the means of X. With `XXᵀ` = U·diag(σ²)·Uᵀ it is
/// ȳ + (`TXᵀU`)·diag(1/(σ² + shift))·Uᵀ(y − ȳ), and with XᵀX = V·diag(σ²)·Vᵀ where features are fewer than rows
/// ȳ + (TV)·diag(1/(σ² + shift))·VᵀXᵀ(y − ȳ): r = min(m, n) products for a row, λ and target in place of n, and none for the
/// coefficients.
pub(crate) struct Predictor {
    /// σ² in units of 4^`unit`.
    squares: Vec<f64>,
    unit: i32,
    /// `TXᵀU` or TV, h × r.
    along: DMatrix<f64>,
    /// Uᵀ(y − ȳ) or VᵀXᵀ(y − ȳ), r × t; target τ in units of 2^`target_units[τ]`.
    targets: DMatrix<f64>,
    target_units: Vec<i32>,
    /// ȳ of each target; 0 without an intercept.
    means: Vec<f64>,
}

impl Predictor {
    /// For the rows of `others` (h × n), from a fit of those of a problem with the penalty factors of λ number `index`; `None` where some
    /// features are not penalised, or there is no decomposition.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn new(
        problem: &Problem<'_>,
        model: Model,
        (factors, index): (&PenaltyFactors, usize),
        others: &DMatrix<f64>,
    ) -> Result<Option<Self>> {
        let rows = ScaledRows::new(problem, model, factors, index)?;
        if !rows.columns.fixed.is_empty() {
            return Ok(None);
        }
        let n = problem.features();
        let features: Vec<usize> = (0..n).collect();
        let targets: Vec<usize> = (n..n + problem.targets()).collect();
        let (x, y, others) = (rows.doubles(&features), rows.doubles(&targets), rows.others(others));
        let found = match n < rows.room() {
            true => eigen(&gram(&x)).map(|pairs| {
                let targets = across(&pairs.vectors, &across(&x, &y));
                (pairs.values, times(&others, &pairs.vectors), targets)
            }),
            false => {
                let mut products = gram(&x.transpose());
                // The direction that centring empties is filled: neither X nor y has anything of it.
                let size = products.diagonal().mean();
                if let Some(constant) = rows.constant() {
                    products.ger(size, &constant, &constant, 1.0);
                }
                eigen(&products).map(|pairs| {
                    let along = times(&others, &across(&x, &pairs.vectors));
                    (pairs.values, along, across(&pairs.vectors, &y))
                })
            }
        };
        Ok(found.map(|(squares, along, targets)| Self {
            squares: squares.iter().map(|square| square.max(0.0)).collect(),
            unit: rows.columns.unit,
            along,
            targets,
            target_units: rows.columns.target_units(),
            means: rows.means().split_off(n),
        }))
    }

    /// Whether predictions at a shift have their digits: they lack as many as the condition number of the products has. Not where a shift
    /// is lost beside the largest σ²: products with rows may tell one answer of many there.
    pub(crate) fn reaches(&self, shift: f64) -> bool {
        let shift = scaled(shift, -2 * self.unit);
        let most = self.squares.iter().copied().fold(0.0, f64::max);
        shift > f64::EPSILON * most && well_conditioned(&self.squares, shift, SQUARED[1])
    }

    /// ŷ at some shifts of some targets: a column for each target of the first shift, then of the next.
    pub(crate) fn predict(&self, shifts: &[f64], targets: Range<usize>) -> DMatrix<f64> {
        let (r, count) = (self.squares.len(), targets.len());
        let mut shrunk = DMatrix::zeros(r, shifts.len() * count);
        for (columns, shift) in shrunk.as_mut_slice().chunks_mut((r * count).max(1)).zip(shifts) {
            let shift = scaled(*shift, -2 * self.unit);
            let inverse: Vec<f64> = self.squares.iter().map(|square| 1.0 / (square + shift)).collect();
            for (to, target) in columns.chunks_mut(r).zip(targets.clone()) {
                let from = &self.targets.as_slice()[target * r..(target + 1) * r];
                to.iter_mut().zip(from.iter().zip(&inverse)).for_each(|(to, (own, inverse))| *to = own * inverse);
            }
        }
        let mut predicted = times(&self.along, &shrunk);
        let rows = predicted.nrows();
        for (column, values) in predicted.as_mut_slice().chunks_mut(rows).enumerate() {
            let target = targets.start + column % count;
            let (unit, mean) = (scaled(1.0, self.target_units[target]), self.means[target]);
            values.iter_mut().for_each(|value| *value = *value * unit + mean);
        }
        predicted
    }
}
