//! The dual form, for data of more features than rows: (K + shift·S⁻¹) β = y − ȳ of order m, with K = (X − x̄) D⁻¹ (X − x̄)ᵀ, and
//! w = D⁻¹ (X − x̄)ᵀ β (Saunders, Gammerman and Vovk, 1998). D is I, or the variances when standardised, times the
//! penalty factors, all > 0 and the same at every λ.
//!
//! With an intercept 1ᵀβ = 0. A constant added to every element of K leaves β as it is then, and fills the direction that
//! centring empties, which would make K singular.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::equations::normal::{Exact, NormalEquations, factored, norms, penalty_weight, steps, unit_diagonal};
use crate::equations::triangle::Triangle;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::math::complete_orthogonal::CompleteOrthogonal;
use crate::math::extended::{self, Strips, Wide, two_product, two_sum};
use crate::math::powers::{exponent, scaled};
use crate::math::product::RowBlock;
use crate::math::product::add_product;
use crate::math::qr::{reduce, stack};
use crate::math::scalar::Scalar;
use crate::model::Model;
use crate::model::method::Form;
use crate::model::outcome::Outcome;
use crate::model::penalty::Grid;
use crate::model::penalty_factors::PenaltyFactors;

/// Features taken at a time.
const BLOCK: usize = 512;

/// Powers of two by which the units of rows may differ. A row that is smaller yet is held in units of this: in its own, which differ
/// by more, y of the other rows would lose its squares. K loses what is 2^-1000 of its largest element.
const SPAN: i32 = 250;

/// In which framed values are wanted.
#[derive(Debug, Clone, Copy)]
enum Units {
    Frame,
    Gram,
}

/// The rows of a problem, ready to be multiplied with each other.
pub(crate) struct Dual<'a> {
    pub(crate) framed: Framed<'a>,
    model: Model,
    /// Rows of positive weight: the others have no β.
    rows: Vec<usize>,
    /// The place of each of them among them; 0 of the other rows.
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

    /// (X − x̄)ᵀ in one double; in units of K times the root of the ratio.
    fn block<A: Scalar>(&self, start: usize, count: usize, units: Units) -> DMatrix<A> {
        let mut block = DMatrix::<A>::zeros(count, self.order());
        self.visit(start, count, units, |j, at, value| block[(j, at)] = A::round_from(value));
        block
    }

    /// Visits its elements: of feature `start` + j and row `at` of those of positive weight.
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

    /// Puts the features from `start` on, one after the other and `width` elements apart, where their products with
    /// themselves are summed.
    pub(crate) fn fill<A: Scalar>(&self, start: usize, block: &mut [A], width: usize) {
        const FEATURES: usize = 64;
        block.par_chunks_mut(FEATURES * width).enumerate().for_each(|(part, block)| {
            self.visit(start + part * FEATURES, block.len() / width, Units::Gram, |j, at, value| {
                block[j * width + at] = A::round_from(value);
            });
        });
    }

    /// The power of two that brings framed values into these units.
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

    /// s of row i of those of positive weight.
    fn weight(&self, i: usize) -> f64 {
        self.framed.problem().weight(self.rows[i])
    }

    /// What is added to element (i, k) of K.
    fn filling(&self, i: usize, k: usize) -> f64 {
        self.fill.map_or(0.0, |fill| scaled(1.0, fill - self.exponents[i] - self.exponents[k]))
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

    /// The equations, from these products.
    pub(crate) fn normal(&self, mut gram: DMatrix<f64>, grid: Grid) -> NormalEquations {
        let (m, n, t) = (self.order(), self.features(), self.targets());
        for k in 0..m {
            for i in k..m {
                gram[(i, k)] += self.filling(i, k);
            }
        }
        let change = unit_diagonal(&mut gram, 0);
        let unit: Vec<i32> = (0..m).map(|i| -(self.exponents[i] + change[i])).collect();
        let targets: Vec<Vec<f64>> = (n..n + t).map(|j| self.framed.column(0..self.place.len(), j)).collect();
        let y =
            |i: usize, target: usize| (targets[target][self.rows[i]], self.framed.exponents()[n + target] + unit[i]);
        let size = |(value, unit): (f64, i32)| (value != 0.0).then(|| exponent(value) + unit);
        let target_unit: Vec<i32> =
            (0..t).map(|target| (0..m).filter_map(|i| size(y(i, target))).max().unwrap_or(0)).collect();
        let cross = DMatrix::from_fn(m, t, |i, target| {
            let (value, unit) = y(i, target);
            scaled(value, unit - target_unit[target])
        });
        let inverse = |s: f64| (1.0 / scaled(s, -exponent(s)), -exponent(s));
        let penalty: Vec<(f64, i32)> = (0..m).map(|i| inverse(self.weight(i))).collect();
        let (step, added) = steps(&gram, &unit, |_, i| penalty[i], &grid.shifts);
        let norms = norms(&gram, &step, &added);
        let (model, squares) = (self.model, vec![0.0; t]);
        NormalEquations {
            norms,
            gram,
            cross,
            squares,
            unit,
            target_unit,
            step,
            added,
            penalty,
            grid,
            model,
            exact: None,
            form: Form::Dual,
        }
    }

    /// The same equations with K and y to twice the digits.
    pub(crate) fn exact(&self, normal: NormalEquations) -> NormalEquations {
        let (m, n, t) = (self.order(), self.features(), self.targets());
        let mut gram = Wide::zeros(m, m);
        let weighed = self.ratio.iter().any(|ratio| *ratio != 1.0);
        for start in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - start);
            let mut block = Strips::zeros(count, m);
            self.visit_wide(start, count, Units::Gram, |j, at, value| block.set(j, at, value));
            match weighed {
                true => gram.add_product(&block, &block.clone().weighed(&self.ratio[start..start + count]), true),
                false => gram.add_product(&block, &block, true),
            }
        }
        for k in 0..m {
            for i in k..m {
                let (sum, lost) = two_sum(gram.high[(i, k)], self.filling(i, k));
                gram.high[(i, k)] = sum;
                gram.low[(i, k)] += lost;
            }
        }
        let framed = |i: usize| self.exponents[i] + normal.unit[i];
        let gram = gram.scaled(|i, k| framed(i) + framed(k)).symmetric();
        let mut cross = Wide::zeros(m, t);
        self.framed.visit_wide(0..self.place.len(), n..n + t, |row, j, (high, low)| {
            let at = (self.place[row], j - n);
            (cross.high[at], cross.low[at]) = (high, low);
        });
        let exponents = &self.framed.exponents()[n..];
        let cross = cross.scaled(|i, target| exponents[target] + normal.unit[i] - normal.target_unit[target]);
        let error = extended::lost(n) * gram.high.diagonal().max();
        let added_low = self.added_low(&normal);
        let exact = Exact { gram_low: gram.low, cross_low: cross.low, error, added_low };
        NormalEquations { gram: gram.high, cross: cross.high, exact: Some(exact), ..normal }
    }

    /// What shift/s is beyond one double, in the units of each λ: Xᵀβ may cancel, and tell it.
    fn added_low(&self, normal: &NormalEquations) -> Vec<f64> {
        let m = self.order();
        let even = |s: f64| scaled(s, -exponent(s)) == 1.0;
        if (0..m).all(|i| even(self.weight(i))) {
            return Vec::new();
        }
        let one = |at: usize| {
            let (k, i) = (at / m, at % m);
            let shift = normal.grid.shifts[k];
            let (s, mantissa) = (self.weight(i), scaled(shift, -exponent(shift)));
            let (inverse, mut unit) = normal.penalty[i];
            unit += exponent(shift) + 2 * (normal.unit[i] + normal.step[at]);
            // 1/s − its double, and the product's.
            let rest = (-inverse).mul_add(scaled(s, -exponent(s)), 1.0) / scaled(s, -exponent(s));
            let (_, lost) = two_product(mantissa, inverse);
            scaled(mantissa.mul_add(rest, lost), unit)
        };
        (0..normal.step.len()).map(one).collect()
    }

    /// R (upper) whose product with its transpose is K, of the transposed rows.
    pub(crate) fn triangle(&self) -> Triangle {
        let (m, n) = (self.order(), self.features());
        let block = (4 * m).max(BLOCK);
        let none = |rows: usize| DMatrix::<f64>::zeros(rows, 0);
        let fill = self.fill.map(|fill| DMatrix::from_fn(1, m, |_, i| scaled(1.0, fill / 2 - self.exponents[i])));
        let parts: Vec<DMatrix<f64>> = (0..n.div_ceil(block))
            .into_par_iter()
            .map(|part| {
                let count = block.min(n - part * block);
                reduce(self.block(part * block, count, Units::Gram), none(count)).0
            })
            .collect();
        let joined = parts.into_iter().chain(fill).reduce(|above, below| {
            let both = stack(&above, &below);
            let rows = both.nrows();
            reduce(both, none(rows)).0
        });
        let r = joined.unwrap_or_else(|| DMatrix::zeros(0, m));
        Triangle { r: r.resize_vertically(m, 0.0), z: None, exponents: self.exponents.clone(), rows: n }
    }

    /// β of the w of least norm among those that fit best, by the decomposition of the rows.
    pub(crate) fn minimum_norm(&self, triangle: &Triangle, normal: &NormalEquations, k: usize) -> Weights {
        let (m, t) = (self.order(), normal.targets());
        // √S of the rows counts where they depend on each other, and the fit is not exact.
        let heaviest = (0..m).map(|i| self.weight(i)).fold(0.0, f64::max);
        let root: Vec<f64> = (0..m).map(|i| (self.weight(i) / heaviest).sqrt()).collect();
        let top = self.exponents.iter().copied().max().unwrap_or(0);
        let r = DMatrix::from_fn(m, m, |i, j| scaled(triangle.r[(i, j)] * root[j], self.exponents[j] - top));
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
        let least = triangle.rows.max(m) as f64 * f64::EPSILON;
        let (complete, _) = CompleteOrthogonal::new(r, DMatrix::zeros(m, 0), least);
        let c = DMatrix::from_fn(m, t, |i, target| scaled(normal.cross[(i, target)] * root[i], -normal.unit[i] - top));
        let alpha = complete.solve_normal(&c);
        let unit = |i: usize| -top - normal.unit[i] - normal.step[k * m + i];
        let beta = DMatrix::from_fn(m, t, |i, target| scaled(alpha[(i, target)] * root[i], unit(i)));
        let rank = complete.rank.saturating_sub(usize::from(self.fill.is_some()));
        Weights::solved(beta, complete.condition.powi(2), Outcome::MinimumNorm { rank })
    }

    /// w of every λ and target on the original scale, [k, t, n]; NaN where there is none.
    pub(crate) fn coefficients(&self, normal: &NormalEquations, weights: &[Weights]) -> Vec<f64> {
        let (m, n, t) = (self.order(), self.features(), self.targets());
        let mut coefficients = vec![f64::NAN; weights.len() * t * n];
        let solved: Vec<usize> = (0..weights.len()).filter(|k| weights[*k].values.is_some()).collect();
        let mut beta = Wide::zeros(m, solved.len() * t);
        // Column by column in units of the largest, so that none is out of range.
        let mut top = vec![0; solved.len() * t];
        for (at, k) in solved.iter().enumerate() {
            let by = |i: usize| normal.step[k * m + i] + normal.unit[i];
            let Weights { values: Some(values), low, .. } = &weights[*k] else { continue };
            for target in 0..t {
                let sizes = (0..m).filter(|i| values[(*i, target)] != 0.0);
                let top = &mut top[at * t + target];
                *top = sizes.map(|i| exponent(values[(i, target)]) + by(i)).max().unwrap_or(0);
                for i in 0..m {
                    let place = (i, at * t + target);
                    beta.high[place] = scaled(values[(i, target)], by(i) - *top);
                    beta.low[place] = low.as_ref().map_or(0.0, |low| scaled(low[(i, target)], by(i) - *top));
                }
            }
        }
        let refined = normal.exact.as_ref().map(|_| Strips::from(&beta));
        let blocks: Vec<DMatrix<f64>> = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map(|part| {
                let (start, count) = (part * BLOCK, BLOCK.min(n - part * BLOCK));
                match &refined {
                    None => self.block::<f64>(start, count, Units::Frame) * &beta.high,
                    Some(beta) => {
                        let mut rows = Strips::zeros(m, count);
                        self.visit_wide(start, count, Units::Frame, |j, at, value| rows.set(at, j, value));
                        let mut product = Wide::zeros(count, solved.len() * t);
                        product.add_product(&rows, beta, false);
                        product.high
                    }
                }
            })
            .collect();
        for (at, k) in solved.iter().enumerate() {
            for target in 0..t {
                let w = &mut coefficients[(k * t + target) * n..][..n];
                for (j, w) in w.iter_mut().enumerate() {
                    let value = blocks[j / BLOCK][(j % BLOCK, at * t + target)];
                    let unit = self.power(j) + self.half[j] + top[at * t + target] + normal.target_unit[target];
                    *w = scaled(value * self.ratio[j], unit);
                }
            }
        }
        coefficients
    }
}
