//! The equations (K + shift·S⁻¹) β = y − ȳ: composed from the products of the rows, formed again to twice the digits, and R of K.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::equations::dual::{BLOCK, Dual, Units};
use crate::equations::normal::{Exact, NormalEquations};
use crate::equations::scaling::unit_diagonal;
use crate::equations::triangle::Triangle;
use crate::math::extended::{self, Strips, Wide, two_product, two_sum};
use crate::math::powers::{exponent, scaled};
use crate::math::qr::{reduce, stack};
use crate::model::method::Form;
use crate::model::penalty::Grid;

impl Dual<'_> {
    /// What is added to element (i, k) of K.
    fn filling(&self, i: usize, k: usize) -> f64 {
        self.fill.map_or(0.0, |fill| scaled(1.0, fill - self.exponents[i] - self.exponents[k]))
    }

    /// The equations, from the [products](Self::products) of the rows.
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
        let sums = (gram, cross, vec![0.0; t]);
        NormalEquations::composed((Form::Dual, self.model), sums, (unit, target_unit), (penalty, grid))
    }

    /// The equations with K and y formed again to twice the digits.
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

    /// R (upper) with `RᵀR` = K, by reduction of the transposed rows.
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
}
