//! What the answers of a tile tell: how well they satisfy their equations, measured while they lie in the cache.

use nalgebra::DMatrix;

use crate::cpu::tiles::{Measuring, Tile, Tiles};
use crate::equations::residual::{Fit, Measure, column_of};
use crate::math::lanes::vectorized;
use crate::math::product::product;

impl Tiles<'_> {
    /// What the answers of a tile tell.
    pub(super) fn fits(&self, tile: &Tile, measuring: &Measuring) -> Vec<Fit> {
        let Tile { range, first, values } = tile;
        let (normal, lambdas) = (self.source.normal, &self.lambdas[range.clone()]);
        let Measuring { together, alone, .. } = measuring;
        let (n, values) = (normal.features(), values.as_slice());
        let count = values.len() / n / lambdas.len().max(1);
        let measures: Vec<Measure<'_>> = lambdas.iter().map(|k| Measure::new(normal, *k)).collect();
        let mut fits: Vec<Fit> = Vec::with_capacity(lambdas.len() * count);
        let products = (*together == 1).then(|| product(normal.gram.as_slice(), values, n));
        let mut w = vec![0.0; n];
        vectorized(
            #[inline(always)]
            || {
                for (column, u) in values.chunks(n).enumerate() {
                    let (measure, target) = (&measures[column / count], first + column % count);
                    let c = column_of(&normal.cross, target);
                    measure.to_lambda_units(u, &mut w);
                    measure.set_alone(alone, c, &mut w);
                    let mut fit = measure.fit(target, &w);
                    if self.source.rows.is_some() {
                        measure.set_dual_by_weights(&mut fit, target, (lambdas[column / count], &w));
                    }
                    if let Some(products) = &products {
                        fit.set_residual(measure.residual(c, &w, column_of(products, column)));
                    }
                    fits.push(fit);
                }
            },
        );
        if products.is_none() {
            self.measure_together(tile, measuring, &measures, &mut fits);
        }
        fits
    }

    /// The residuals of a tile, of some targets together, summed with random signs in units of what a residual may be: each is
    /// given the root mean square.
    #[expect(clippy::cast_precision_loss, reason = "a few targets")]
    fn measure_together(
        &self,
        tile: &Tile,
        Measuring { together, alone, .. }: &Measuring,
        measures: &[Measure<'_>],
        fits: &mut [Fit],
    ) {
        let Tile { range, first, values } = tile;
        let (normal, lambdas) = (self.source.normal, &self.lambdas[range.clone()]);
        let (n, values) = (normal.features(), values.as_slice());
        let (count, together) = (fits.len() / lambdas.len(), *together);
        let mut w = vec![0.0; n];
        let bundles = count.div_ceil(together);
        let mut sums = DMatrix::zeros(n, lambdas.len() * bundles);
        let mut cross = sums.clone();
        vectorized(
            #[inline(always)]
            || {
                for (column, (fit, u)) in fits.iter().zip(values.chunks(n)).enumerate() {
                    let (at, target) = (column / count, column % count);
                    let weight = sign(lambdas[at], first + target) / fit.sizes[1];
                    let weight = if weight.is_finite() { weight } else { 0.0 };
                    let to = (at * bundles + target / together) * n..;
                    add(&mut sums.as_mut_slice()[to.clone()], weight, u);
                    add(&mut cross.as_mut_slice()[to], weight, column_of(&normal.cross, first + target));
                }
            },
        );
        let product = product(normal.gram.as_slice(), sums.as_slice(), n);
        vectorized(
            #[inline(always)]
            || {
                for (at, fits) in fits.chunks_mut(count).enumerate() {
                    for (bundle, fits) in fits.chunks_mut(together).enumerate() {
                        let column = at * bundles + bundle;
                        let c = column_of(&cross, column);
                        measures[at].to_lambda_units(column_of(&sums, column), &mut w);
                        measures[at].set_alone(alone, c, &mut w);
                        let r = measures[at].residual(c, &w, column_of(&product, column));
                        let each = r / (fits.len() as f64).sqrt();
                        fits.iter_mut().for_each(|fit| fit.set_residual(each * fit.sizes[1]));
                    }
                }
            },
        );
    }
}

/// sum += weight·u.
#[inline(always)]
fn add(sum: &mut [f64], weight: f64, u: &[f64]) {
    sum.iter_mut().zip(u).for_each(|(sum, u)| *sum += weight * u);
}

/// 1 or −1, as if by chance (the first bit of a multiplicative hash).
fn sign(k: usize, target: usize) -> f64 {
    let hash = (k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (target as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
    if hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0 { 1.0 } else { -1.0 }
}
