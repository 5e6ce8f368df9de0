//! Tiles of a path of the dual form: β is measured, and tells of the coefficients that are written already.

use nalgebra::DMatrix;

use crate::answer::columns::{Figures, PathColumns};
use crate::answer::describe::{error_bound, spread};
use crate::cpu::tiles::{Answers, Measuring, Tile, Tiles};
use crate::equations::forms::Source;
use crate::equations::nodes::Infinity;
use crate::equations::residual::{Fit, backward_limit};
use crate::equations::totals::Roots;
use crate::math::lanes::{sums, vectorized};
use crate::math::powers::scaled;
use crate::math::product::product;

impl Tiles<'_> {
    /// The fits of a tile, of each λ whose residual is larger than need be those of β summed with the node at infinity, if these are
    /// better. The coefficients have nothing of what K annihilates, and stay as they are.
    pub(super) fn with_infinity(
        &self,
        tile: &Tile,
        mut fits: Vec<Fit>,
        of_nodes: &DMatrix<f64>,
        measuring: &Measuring,
    ) -> Vec<Fit> {
        let Answers::Sums { infinity: Some(Infinity { answers, weights }), .. } = &self.answers else { return fits };
        let (Tile { range, first, .. }, inner) = (tile, weights.nrows());
        let (count, m) = (fits.len() / range.len().max(1), answers.nrows());
        let limit = backward_limit(m);
        // Against the largest element of the diagonal, as the bound on the error has it: the direction that a constant fills makes ‖A‖₁ many
        // times as large. Of NaN the largest is none.
        let most = |fits: &[Fit]| fits.iter().fold(0.0, |most: f64, fit| most.max(fit.residual));
        if fits.chunks(count.max(1)).all(|fits| most(fits) <= limit) {
            return fits;
        }
        let at_infinity = &answers.as_slice()[first * m..(first + count) * m];
        let answers = [of_nodes.as_slice(), at_infinity].concat();
        let values = product(&answers, &weights.as_slice()[range.start * inner..range.end * inner], inner);
        let others = self.fits(&Tile { range: range.clone(), first: *first, values }, measuring);
        for (own, other) in fits.chunks_mut(count).zip(others.chunks(count)) {
            if most(own) > limit && most(other) < most(own) {
                own.copy_from_slice(other);
            }
        }
        fits
    }

    /// Writes the figures of a tile, and returns the numbers of the λs whose residual is too large.
    pub(super) fn write_dual(
        &self,
        tile: &Tile,
        fits: &[Fit],
        places: &mut [PathColumns<'_>],
        measuring: &Measuring,
    ) -> Vec<usize> {
        let Tile { range, first, values } = tile;
        let Source { normal, totals, .. } = self.source;
        let (lambdas, m, values) = (&self.lambdas[range.clone()], normal.features(), values.as_slice());
        let count = fits.len() / lambdas.len().max(1);
        let limit = backward_limit(m);
        let mut failed = Vec::new();
        vectorized(
            #[inline(always)]
            || {
                for (at, place) in places.iter_mut().enumerate() {
                    let fits = &fits[at * count..(at + 1) * count];
                    // Written so that NaN fails.
                    if !fits.iter().all(|fit| fit.backward <= limit) {
                        failed.push(lambdas[at]);
                        continue;
                    }
                    let found = (self.outcomes[range.start + at], self.conditions[range.start + at]);
                    let n = place.coefficients.len() / count;
                    for (own, fit) in fits.iter().enumerate() {
                        let (w, target) = (&place.coefficients[own * n..(own + 1) * n], first + own);
                        let size = totals.roots.as_ref().map_or(0.0, |roots| size(roots, measuring, w));
                        let cancelled = spread(scaled(fit.summed, totals.target_units[target]), size);
                        let bound = error_bound(normal, found, None, fit, (measuring.rounding, cancelled));
                        let beta = &values[(at * count + own) * m..][..m];
                        let solution = beta.iter().any(|beta| *beta != 0.0);
                        let fit = Fit { penalised: Some(size), ..*fit };
                        let measured = (&fit, bound, measuring.centres[lambdas[at]]);
                        let figures = Figures::of(totals, normal.model, target, w, (found.0, Some(solution)), measured);
                        place.set(own, figures);
                    }
                }
            },
        );
        failed
    }
}

/// ‖√D·w‖₂, by squares where these are in range.
#[inline(always)]
fn size(roots: &Roots, measuring: &Measuring, w: &[f64]) -> f64 {
    let Some(natural) = &measuring.roots else { return roots.size(w) };
    let [squares] = sums([w, natural], |[w, root]| [(w * root) * (w * root)]);
    if (1e-280..1e280).contains(&squares) { squares.sqrt() } else { roots.size(w) }
}
