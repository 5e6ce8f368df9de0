//! The dual form, for data of more features than rows: (K + shift·S⁻¹) β = y − ȳ of order m, with K = (X − x̄) D⁻¹ (X − x̄)ᵀ, and
//! w = D⁻¹ (X − x̄)ᵀ β (Saunders, Gammerman and Vovk, 1998). D is I, or the variances when standardised, times the
//! penalty factors, all > 0 and one for all λ.
//!
//! With an intercept 1ᵀβ = 0. A constant added to every element of K then leaves β unchanged, and fills the direction that
//! centring empties, which would make K singular.

mod coefficients;
mod equations;
pub(crate) mod sums;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::equations::normal::penalty_weight;
use crate::equations::scaling::factored;
use crate::error::Result;
use crate::math::powers::{exponent, scaled};
use crate::math::product::{RowBlock, add_product};
use crate::math::scalar::Scalar;
use crate::model::Model;
use crate::model::penalty_factors::PenaltyFactors;

/// Features taken at a time.
const BLOCK: usize = 512;

/// Powers of two by which the units of rows may differ. A smaller row is held in units 2^-`SPAN` of the largest: in smaller
/// units yet, y of the other rows would lose its squares. K loses what is 2^-1000 of its largest element.
const SPAN: i32 = 250;

/// The units in which framed values are wanted.
#[derive(Debug, Clone, Copy)]
enum Units {
    /// The units of the frame, one for each feature.
    Frame,
    /// The units of K, one for each row.
    Gram,
}

/// The rows of a problem, ready to be multiplied with each other.
pub(crate) struct Dual<'a> {
    pub(crate) framed: Framed<'a>,
    model: Model,
    /// Rows of positive weight: the others have no β.
    rows: Vec<usize>,
    /// The place of each row of the problem in `rows`; 0 for a row of weight 0.
    place: Vec<usize>,
    /// `1/D_j` = `ratio`·4^`half`, `ratio` in [1, 4).
    ratio: Vec<f64>,
    half: Vec<i32>,
    /// Row i of K is in units of 2^`exponents[i]`.
    exponents: Vec<i32>,
    /// 2^`fill` is added to every element of K.
    fill: Option<i32>,
    /// tr XᵀSX on the penalised scale, of centred rows when an intercept is fitted.
    pub(crate) trace: f64,
    pub(crate) means: Vec<f64>,
    /// Σ s(y−ȳ)² of each target (Σ s·y² without an intercept): mantissa and exponent.
    pub(crate) squares: Vec<(f64, i32)>,
    /// Σ s(y−ȳ)² of each target, with and without an intercept.
    pub(crate) centred_squares: Vec<f64>,
}

impl<'a> Dual<'a> {
    /// Measures the rows.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn new(problem: &Problem<'a>, model: Model, factors: &PenaltyFactors) -> Result<Self> {
        let (m, n) = (problem.rows(), problem.features());
        let centred = Framed::centred(problem)?;
        let squares = centred.squares();
        let centred_squares = (n..squares.len()).map(|j| scaled(squares[j], 2 * centred.exponents()[j])).collect();
        let totals = (centred.positive_rows(), problem.weight_sum());
        let (means, _) = centred.means();
        let weight = |j: usize| penalty_weight(squares[j], centred.exponents()[j], totals, model.standardize);
        let penalty: Vec<(f64, i32)> = (0..n).map(|j| factored(weight(j), factors.of(0, j))).collect();
        let half = |j: usize| exponent(1.0 / penalty[j].0).div_euclid(2);
        let (framed, squares) = match model.intercept {
            true => (centred, squares),
            false => {
                let framed = Framed::scaled(problem);
                let squares = framed.squares();
                (framed, squares)
            }
        };
        let mut dual = Self {
            model,
            rows: (0..m).filter(|row| problem.weight(*row) > 0.0).collect(),
            place: vec![0; m],
            ratio: (0..n).map(|j| scaled(1.0 / penalty[j].0, -2 * half(j))).collect(),
            half: (0..n).map(|j| half(j) - penalty[j].1 / 2).collect(),
            exponents: Vec::new(),
            fill: None,
            trace: 0.0,
            means,
            squares: (n..squares.len()).map(|j| (squares[j], 2 * framed.exponents()[j])).collect(),
            centred_squares,
            framed,
        };
        dual.rows.iter().enumerate().for_each(|(at, row)| dual.place[*row] = at);
        dual.trace = (0..n).map(|j| scaled(squares[j] * dual.ratio[j], 2 * dual.power(j))).sum();
        // About the mean of the diagonal of K.
        let fill = exponent(dual.trace / problem.weight_sum()) & !1;
        // K of features that are all constant is 0, and needs none.
        dual.fill = (model.intercept && dual.trace > 0.0).then_some(fill);
        let mut largest = vec![dual.fill.map(|fill| fill / 2); dual.rows.len()];
        dual.framed.visit(0..m, 0..n, |row, j, value| {
            if value != 0.0 {
                let largest = &mut largest[dual.place[row]];
                *largest = (*largest).max(Some(exponent(value) + dual.power(j)));
            }
        });
        let least = largest.iter().flatten().max().map_or(0, |most| most - SPAN);
        dual.exponents = largest.into_iter().map(|exponent| exponent.unwrap_or(least).max(least)).collect();
        Ok(dual)
    }

    /// Framed values of feature j count as 2^`power(j)` in both factors of a product, and as `ratio[j]` in one.
    fn power(&self, j: usize) -> i32 {
        self.framed.exponents()[j] + self.half[j]
    }

    /// w of feature j is `ratio[j]` times the product of its framed values with β, in units of 2^`unit(j)`.
    fn unit(&self, j: usize) -> i32 {
        self.power(j) + self.half[j]
    }

    /// 1/√D of each feature: mantissa and exponent.
    pub(crate) fn roots(&self) -> Vec<(f64, i32)> {
        self.ratio.iter().zip(&self.half).map(|(ratio, half)| (ratio.sqrt(), *half)).collect()
    }

    /// Rows of positive weight.
    pub(crate) fn order(&self) -> usize {
        self.rows.len()
    }

    /// Visits (X − x̄)ᵀ of `count` features from `start` on, to twice the digits: in units of the frame, or of K, row i in
    /// 2^`exponents[i]` and without the ratios.
    fn visit_wide(&self, start: usize, count: usize, units: Units, mut visit: impl FnMut(usize, usize, (f64, f64))) {
        self.framed.visit_wide(0..self.place.len(), start..start + count, |row, j, (high, low)| {
            let at = self.place[row];
            let by = self.into(units, j, at);
            visit(j - start, at, (scaled(high, by), scaled(low, by)));
        });
    }

    /// (X − x̄)ᵀ of `count` features from `start` on in one double; in units of K times the root of the ratio.
    fn block<A: Scalar>(&self, start: usize, count: usize, units: Units) -> DMatrix<A> {
        let mut block = DMatrix::<A>::zeros(count, self.order());
        self.visit(start, count, units, |j, at, value| block[(j, at)] = A::round_from(value));
        block
    }

    /// Visits (X − x̄)ᵀ in one double, in units of K times the root of the ratio: feature `start` + j, and row number `at` of `rows`.
    fn visit(&self, start: usize, count: usize, units: Units, mut visit: impl FnMut(usize, usize, f64)) {
        let root: Vec<f64> = match units {
            Units::Frame => vec![1.0; count],
            Units::Gram => self.ratio[start..start + count].iter().map(|ratio| ratio.sqrt()).collect(),
        };
        self.framed.visit(0..self.place.len(), start..start + count, |row, j, value| {
            let at = self.place[row];
            visit(j - start, at, scaled(value * root[j - start], self.into(units, j, at)));
        });
    }

    /// Copies features from `start` on to a block, one after another and `width` elements apart, for a device that sums their
    /// products.
    pub(crate) fn fill<A: Scalar>(&self, start: usize, block: &mut [A], width: usize) {
        const FEATURES: usize = 64;
        block.par_chunks_mut(FEATURES * width).enumerate().for_each(|(part, block)| {
            self.visit(start + part * FEATURES, block.len() / width, Units::Gram, |j, at, value| {
                block[j * width + at] = A::round_from(value);
            });
        });
    }

    /// The exponent that brings a framed value of feature j, in row number `at`, into `units`.
    fn into(&self, units: Units, j: usize, at: usize) -> i32 {
        match units {
            Units::Frame => 0,
            Units::Gram => self.power(j) - self.exponents[at],
        }
    }

    /// n.
    fn features(&self) -> usize {
        self.framed.problem().features()
    }

    /// t.
    fn targets(&self) -> usize {
        self.framed.problem().targets()
    }

    /// s of row number i of `rows`.
    fn weight(&self, i: usize) -> f64 {
        self.framed.problem().weight(self.rows[i])
    }

    /// (X − x̄) D⁻¹ (X − x̄)ᵀ in its units, the lower triangle, products in the arithmetic of `A` and sums in `f64`.
    pub(crate) fn products<A: Scalar>(&self) -> DMatrix<f64> {
        let (m, n) = (self.order(), self.features());
        let mut gram = DMatrix::<f64>::zeros(m, m);
        for start in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - start);
            let block = self.block::<A>(start, count, Units::Gram);
            let rows = RowBlock::of(&block, 0, count);
            add_product(rows, rows, &mut gram, true);
        }
        gram
    }
}
