//! From β to the coefficients w = D⁻¹ (X − x̄)ᵀ β, and β of least norm where K is singular.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::equations::dual::{BLOCK, Dual, Units};
use crate::equations::normal::NormalEquations;
use crate::equations::triangle::Triangle;
use crate::equations::weights::Weights;
use crate::math::complete_orthogonal::CompleteOrthogonal;
use crate::math::extended::{Strips, Wide};
use crate::math::powers::{exponent, scaled};
use crate::model::outcome::Outcome;

impl Dual<'_> {
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

    /// w of the λs numbered `lambdas` and every target on the original scale, [λ, t, n]; NaN where there is none.
    pub(crate) fn coefficients(&self, normal: &NormalEquations, lambdas: &[usize], weights: &[Weights]) -> Vec<f64> {
        let (m, n, t) = (self.order(), self.features(), self.targets());
        let mut coefficients = vec![f64::NAN; weights.len() * t * n];
        let solved: Vec<usize> = (0..weights.len()).filter(|own| weights[*own].values.is_some()).collect();
        let mut beta = Wide::zeros(m, solved.len() * t);
        // Column by column in units of the largest, so that none is out of range.
        let mut top = vec![0; solved.len() * t];
        for (at, own) in solved.iter().enumerate() {
            let by = |i: usize| normal.step[lambdas[*own] * m + i] + normal.unit[i];
            let Weights { values: Some(values), low, .. } = &weights[*own] else { continue };
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
        for (at, own) in solved.iter().enumerate() {
            for target in 0..t {
                let w = &mut coefficients[(own * t + target) * n..][..n];
                for (j, w) in w.iter_mut().enumerate() {
                    let value = blocks[j / BLOCK][(j % BLOCK, at * t + target)];
                    let unit = self.unit(j) + top[at * t + target] + normal.target_unit[target];
                    *w = scaled(value * self.ratio[j], unit);
                }
            }
        }
        coefficients
    }
}
