//! The rows on the penalised scale, column by column, in `f64` or in twice its digits.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::directions::penalised_columns::PenalisedColumns;
use crate::equations::normal::penalty_weight;
use crate::equations::scaling::factored;
use crate::error::Result;
use crate::math::pair::{Number, Pair};
use crate::math::powers::{exponent, scaled};
use crate::math::threads::at_least;
use crate::model::Model;
use crate::model::penalty_factors::PenaltyFactors;

/// Rows looked at at a time for one that is not zero.
const BLOCK: usize = 256;
/// Columns that are read together.
const TOGETHER: usize = 16;

/// How the rows √S(X − x̄)D^-½ and √S(y − ȳ) are read: rows of positive weight, columns in units of powers of two.
pub(crate) struct ScaledRows<'a> {
    intercept: bool,
    framed: Framed<'a>,
    /// The rows of positive weight.
    pub(crate) rows: Vec<usize>,
    /// √s of each row of positive weight, in units of 2^`root_unit`.
    pub(crate) roots: Vec<f64>,
    pub(crate) root_unit: i32,
    /// Those of all rows.
    all_roots: Vec<f64>,
    pub(crate) columns: PenalisedColumns,
}

impl<'a> ScaledRows<'a> {
    /// Measures the columns; `factors` are those of λ number `index`.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn new(problem: &Problem<'a>, model: Model, factors: &PenaltyFactors, index: usize) -> Result<Self> {
        let n = problem.features();
        let centred = Framed::centred(problem)?;
        let totals = (centred.positive_rows(), problem.weight_sum());
        let squares = centred.squares();
        let weight = |j: usize| penalty_weight(squares[j], centred.exponents()[j], totals, model.standardize);
        let penalty: Vec<(f64, i32)> = (0..n).map(|j| factored(weight(j), factors.of(index, j))).collect();
        let framed = if model.intercept { centred } else { Framed::scaled(problem) };
        let rows: Vec<usize> = (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).collect();
        let root_unit = exponent(problem.weight(problem.heaviest())).div_euclid(2);
        let root = |row: usize| scaled(problem.weight(row), -2 * root_unit).sqrt();
        let all_roots: Vec<f64> = (0..problem.rows()).map(root).collect();
        let roots = rows.iter().map(|row| all_roots[*row]).collect();
        let m = problem.rows();
        let holds = |j: usize| {
            let mut parts = (0..m).step_by(BLOCK).map(|start| framed.column(start..m.min(start + BLOCK), j));
            parts.any(|part| part.iter().any(|value| *value != 0.0))
        };
        let exponents = framed.exponents().iter().map(|exponent| exponent + root_unit).collect();
        let columns = PenalisedColumns::new(&penalty, exponents, holds);
        Ok(Self { intercept: model.intercept, framed, rows, roots, root_unit, all_roots, columns })
    }

    pub(crate) fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The rows of positive weight, less one for an intercept: the dimension of what is left of X and y.
    pub(crate) fn room(&self) -> usize {
        self.rows.len() - usize::from(self.intercept)
    }

    /// W.
    pub(crate) fn weight_sum(&self) -> f64 {
        self.framed.problem().weight_sum()
    }

    /// m, with the rows of weight 0.
    pub(crate) fn all_rows(&self) -> usize {
        self.framed.problem().rows()
    }

    /// Columns of some features, and of targets from n on: penalised ones in units of 2^`unit`, others in their
    /// own.
    pub(crate) fn doubles(&self, columns: &[usize]) -> DMatrix<f64> {
        let m = self.rows.len();
        let mut all = DMatrix::zeros(m, columns.len());
        let runs = columns.chunk_by(|column, next| column + 1 == *next);
        let mut left = all.as_mut_slice();
        for run in runs {
            let part;
            (part, left) = left.split_at_mut(m * run.len());
            let to_root = |j: usize| self.columns.inverse_root.get(j).copied().unwrap_or(1.0);
            let chunks = part.par_chunks_mut(m * TOGETHER).zip(run.par_chunks(TOGETHER));
            chunks.with_min_len(at_least(4 * m * TOGETHER)).for_each(|(to, run)| {
                let mut block = DMatrix::zeros(self.all_rows(), run.len());
                self.framed.columns_to::<f64>(0, &self.all_roots, run[0]..run[0] + run.len(), &mut block);
                for ((to, from), j) in to.chunks_mut(m).zip(block.as_slice().chunks(self.all_rows())).zip(run) {
                    let (power, root) = (self.columns.to_units(*j), to_root(*j));
                    let unit = scaled(root, power);
                    match m == from.len() && unit.is_normal() {
                        true => to.iter_mut().zip(from).for_each(|(to, value)| *to = value * unit),
                        false => {
                            to.iter_mut().zip(&self.rows).for_each(|(to, row)| *to = scaled(from[*row] * root, power))
                        }
                    }
                }
            });
        }
        all
    }

    /// Penalised columns of other rows x (h × n), less the means of these: in units of 2^`unit`, without weights.
    pub(crate) fn others(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let columns = &self.columns;
        DMatrix::from_fn(x.nrows(), columns.penalised.len(), |i, column| {
            let j = columns.penalised[column];
            let power = columns.to_units(j) - self.root_unit;
            scaled(self.framed.framed(j, x[(i, j)]) * columns.inverse_root[j], power)
        })
    }

    /// √(s/W) of each row of positive weight, of which centred columns have nothing; `None` without an intercept.
    pub(crate) fn constant(&self) -> Option<DVector<f64>> {
        self.intercept.then(|| DVector::from_column_slice(&self.roots).normalize())
    }

    /// [`doubles`](Self::doubles) to twice the digits, and the means of the columns in the natural units of their features.
    /// The columns come `lift` powers of two larger.
    pub(crate) fn pairs(&self, columns: &[usize], lift: i32) -> (Vec<Vec<Pair>>, Vec<Pair>) {
        let weight = |row: &usize| Pair(scaled(self.framed.problem().weight(*row), -2 * self.root_unit), 0.0);
        let weights: Vec<Pair> = self.rows.iter().map(weight).collect();
        let ones = vec![Pair(1.0, 0.0); weights.len()];
        let total = Pair::dot(&weights, &ones);
        let roots: Vec<Pair> = weights.iter().map(|weight| weight.sqrt()).collect();
        let (means, lows) = self.framed.means();
        let one = |j: &usize| {
            let wide = self.framed.column_wide(0..self.all_rows(), *j);
            let pair = |row: &usize| Pair(wide[*row].0, wide[*row].1);
            let mut column: Vec<Pair> = self.rows.iter().map(pair).collect();
            // The mean that was taken is right to 53 bits of the column's spread.
            let rest = if self.intercept { Pair::dot(&column, &weights) / total } else { Pair::default() };
            let root = Pair(self.columns.inverse_root.get(*j).copied().unwrap_or(1.0), 0.0);
            let power = self.columns.to_units(*j) + lift;
            for (value, weight_root) in column.iter_mut().zip(&roots) {
                *value = ((*value - rest) * *weight_root * root).scaled(power);
            }
            (column, Pair::of(means[*j], lows[*j]) + rest.scaled(self.framed.exponents()[*j]))
        };
        columns.par_iter().map(one).unzip()
    }

    /// The means of the features, then of the targets; 0 without an intercept.
    pub(crate) fn means(&self) -> Vec<f64> {
        self.framed.means().0
    }

    /// The share sᵢ/W of each row of positive weight in the intercept, in twice the digits; 0 without one.
    pub(crate) fn shares(&self) -> Vec<Pair> {
        let weights: Vec<Pair> = self
            .rows
            .iter()
            .map(|row| Pair(scaled(self.framed.problem().weight(*row), -2 * self.root_unit), 0.0))
            .collect();
        if !self.intercept {
            return vec![Pair::default(); weights.len()];
        }
        let total = weights.iter().fold(Pair::default(), |sum, weight| sum + *weight);
        weights.into_iter().map(|weight| weight / total).collect()
    }
}
