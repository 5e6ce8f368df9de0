//! The path of the strategy `spectral`, tile by tile: some targets of some λs are solved, measured and written to where they
//! belong while they lie in the cache.
//!
//! Where λs are many, few [nodes](Resolvent) are solved for, and the answer of a λ is a sum of the answers of the nodes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::columns::{Figures, PathColumns};
use crate::answer::describe::{error_bound, rounding};
use crate::answer::path::RidgePath;
use crate::cpu::spectral::Spectral;
use crate::cpu::spectral::few_features::{FEW, FewFeatures};
use crate::equations::normal::NormalEquations;
use crate::equations::residual::{Fit, Measure, backward_limit, column_of};
use crate::equations::totals::Totals;
use crate::math::condition;
use crate::math::lanes::vectorized;
use crate::math::powers::scale_all;
use crate::math::product::product;
use crate::math::resolvent::{Resolvent, worthwhile};
use crate::math::threads::at_least;
use crate::model::outcome::{BackendUsed, Outcome};

/// Columns of a tile, at least: enough for fast products.
const COLUMNS: usize = 64;
/// Numbers of a tile, at least: where columns are short it has more of them.
const NUMBERS: usize = 32_768;
/// Operations for each number of a tile, about.
const EACH: usize = 16;
/// Targets of a tile.
const TARGETS: usize = 8;

/// The path, as far as condition numbers up to `limit` and residuals as small as those of a Cholesky factorization go, and
/// the numbers of the λs of such a condition number whose answers it lacks.
pub(crate) fn path(
    normal: &NormalEquations,
    totals: &Totals,
    used: BackendUsed,
    limit: f64,
    progress: &(dyn Fn(usize) + Sync),
) -> (RidgePath, Vec<usize>) {
    let (n, t, k) = (normal.features(), normal.targets(), normal.penalties());
    let mut spectral = Spectral::new(normal);
    let every: Vec<usize> = (0..k).collect();
    let conditions: Vec<f64> = every
        .par_chunks(COLUMNS)
        .with_min_len(at_least(COLUMNS * n))
        .flat_map_iter(|lambdas| spectral.conditions(lambdas))
        .collect();
    let reach = condition::reach(n, f64::EPSILON);
    let wanted = every.into_iter().filter(|k| conditions[*k] <= limit);
    let (lambdas, mut missing): (Vec<usize>, Vec<usize>) =
        wanted.partition(|k| conditions[*k] <= reach && spectral.condition(*k) <= reach);
    let mut path = RidgePath::blank(totals, normal, used);
    path.conditions.clone_from(&conditions);
    let rounding = rounding(normal, totals, f64::EPSILON);
    let done = AtomicUsize::new(0);
    let columns_done = |columns: usize| progress((done.fetch_add(columns, Ordering::Relaxed) + columns) / t);
    let failed = if let Some(few) = FewFeatures::new(&spectral, totals, &conditions, rounding) {
        few.path(path.columns_mut(), &columns_done)
    } else {
        let nodes = spectral.resolvent(&lambdas, worthwhile(n, lambdas.len()));
        spectral.prepare(t * nodes.as_ref().map_or(lambdas.len(), |resolvent| resolvent.nodes.len()));
        let together = if t > TARGETS && n > FEW { TARGETS } else { 1 };
        let (lambdas, conditions, columns) = (&lambdas, &conditions, COLUMNS.max(NUMBERS / n));
        let centres = totals.centres(normal);
        Tiles { nodes, spectral, totals, conditions, lambdas, together, columns, rounding, centres }
            .path(path.columns_mut(), &columns_done)
    };
    let mut left = lambdas.iter().peekable();
    for (k, mut place) in path.columns_mut().chunks(t).enumerate() {
        match left.next_if(|next| **next == k) {
            Some(_) if failed.contains(&k) => missing.push(k),
            Some(_) => {}
            None => place.clear(),
        }
    }
    missing.sort_unstable();
    if lambdas.len() < k {
        progress(k); // other routes, which report nothing, answer the rest
    }
    (path, missing)
}

/// What the tiles of a path are solved and measured with.
struct Tiles<'a> {
    spectral: Spectral<'a>,
    totals: &'a Totals,
    conditions: &'a [f64],
    /// The λs that are solved.
    lambdas: &'a [usize],
    nodes: Option<Resolvent>,
    /// Targets whose residuals are measured together.
    together: usize,
    /// Columns of a tile.
    columns: usize,
    rounding: f64,
    centres: Vec<[f64; 2]>,
}

impl Tiles<'_> {
    /// Writes the answers of `self.lambdas`, and returns the numbers of the λs whose residual is too large.
    fn path(&self, place: PathColumns<'_>, columns_done: &(dyn Fn(usize) + Sync)) -> BTreeSet<usize> {
        let (n, t) = (self.spectral.normal.features(), self.spectral.normal.targets());
        let targets = TARGETS.min(t);
        // For each group of targets, the place of each λ.
        let mut places: Vec<Vec<PathColumns<'_>>> = (0..t.div_ceil(targets)).map(|_| Vec::new()).collect();
        let mut left = self.lambdas.iter().peekable();
        for (k, place) in place.chunks(t).enumerate() {
            if left.next_if(|next| **next == k).is_some() {
                place.chunks(targets).zip(&mut places).for_each(|(place, places)| places.push(place));
            }
        }
        places
            .into_par_iter()
            .with_min_len(at_least(self.lambdas.len() * targets * n * EACH))
            .enumerate()
            .flat_map_iter(|(group, mut places)| self.group(group * targets, &mut places, columns_done))
            .collect()
    }

    /// Solves for the targets from `first` on, writes the answers to the `places` of the λs, and returns the numbers of the λs whose
    /// residual is too large.
    fn group(&self, first: usize, places: &mut [PathColumns<'_>], columns_done: &(dyn Fn(usize) + Sync)) -> Vec<usize> {
        let n = self.spectral.normal.features();
        let count = places.first().map_or(0, PathColumns::columns);
        let nodes =
            self.nodes.as_ref().map(|resolvent| (resolvent, self.spectral.answers(&resolvent.nodes, first, count)));
        let at_once = (self.columns / count.max(1)).max(1);
        let tile = |(at, places): (usize, &mut [PathColumns<'_>])| {
            let range = at * at_once..at * at_once + places.len();
            let lambdas = &self.lambdas[range.clone()];
            let values = match &nodes {
                Some((resolvent, answers)) => {
                    let count = resolvent.nodes.len();
                    let weights = &resolvent.weights.as_slice()[range.start * count..range.end * count];
                    product(answers.as_slice(), weights, count)
                }
                None => {
                    let shifts: Vec<f64> = lambdas.iter().map(|k| self.spectral.shift(*k)).collect();
                    self.spectral.answers(&shifts, first, count)
                }
            };
            let failed = self.finish(lambdas, first, values.as_slice(), places);
            columns_done(count * places.len());
            failed
        };
        places
            .par_chunks_mut(at_once)
            .with_min_len(at_least(at_once * count * n * EACH))
            .enumerate()
            .flat_map_iter(tile)
            .collect()
    }

    /// Measures the answers of some λs for the targets from `first` on, in the units of G, writes them in natural
    /// units, and returns the numbers of the λs whose residual is too large.
    fn finish(&self, lambdas: &[usize], first: usize, values: &[f64], places: &mut [PathColumns<'_>]) -> Vec<usize> {
        let normal = self.spectral.normal;
        let n = normal.features();
        let count = places.first().map_or(0, PathColumns::columns);
        let measures: Vec<Measure<'_>> = lambdas.iter().map(|k| Measure::new(normal, *k)).collect();
        let mut tile: Vec<Fit> = Vec::with_capacity(lambdas.len() * count);
        let products = (self.together == 1).then(|| product(normal.gram.as_slice(), values, n));
        let mut w = vec![0.0; n];
        vectorized(
            #[inline(always)]
            || {
                for (column, u) in values.chunks(n).enumerate() {
                    let (measure, target) = (&measures[column / count], first + column % count);
                    measure.to_lambda_units(u, &mut w);
                    let mut fit = measure.fit(target, &w);
                    if let Some(products) = &products {
                        let c = column_of(&normal.cross, target);
                        fit.set_residual(measure.residual(c, &w, column_of(products, column)));
                    }
                    tile.push(fit);
                }
            },
        );
        if products.is_none() {
            self.measure_together(lambdas, first, values, &measures, &mut tile);
        }
        let limit = backward_limit(n);
        let powers: Vec<Option<Vec<f64>>> = (first..first + count).map(|target| powers(normal, target)).collect();
        let mut failed = Vec::new();
        vectorized(
            #[inline(always)]
            || {
                for (at, place) in places.iter_mut().enumerate() {
                    let fits = &tile[at * count..(at + 1) * count];
                    // Written so that NaN fails.
                    if !fits.iter().all(|fit| fit.backward <= limit) {
                        failed.push(lambdas[at]);
                        continue;
                    }
                    let found = (Outcome::Solved, self.conditions[lambdas[at]]);
                    let values = values[at * n * count..(at + 1) * n * count].chunks(n);
                    for (target, u) in values.enumerate() {
                        let w = &mut place.coefficients[target * n..(target + 1) * n];
                        let solution = u.iter().any(|u| *u != 0.0);
                        match &powers[target] {
                            Some(powers) => w.iter_mut().zip(u).zip(powers).for_each(|((w, u), power)| *w = u * power),
                            None => {
                                w.copy_from_slice(u);
                                scale_all(w, exponents(normal, first + target));
                            }
                        }
                        let bound = error_bound(normal, found, None, &fits[target], (self.rounding, 1.0));
                        let (solved, measured) =
                            ((found.0, Some(solution)), (&fits[target], bound, self.centres[lambdas[at]]));
                        let figures = Figures::of(self.totals, normal.model, first + target, w, solved, measured);
                        place.set(target, figures);
                    }
                }
            },
        );
        failed
    }

    /// The residuals of a tile, of some targets together, summed with random signs in units of what a residual may be: each is
    /// given the root mean square.
    #[expect(clippy::cast_precision_loss, reason = "a few targets")]
    fn measure_together(
        &self,
        lambdas: &[usize],
        first: usize,
        values: &[f64],
        measures: &[Measure<'_>],
        tile: &mut [Fit],
    ) {
        let normal = self.spectral.normal;
        let n = normal.features();
        let count = tile.len() / lambdas.len();
        let mut w = vec![0.0; n];
        let bundles = count.div_ceil(self.together);
        let mut sums = DMatrix::zeros(n, lambdas.len() * bundles);
        let mut cross = sums.clone();
        vectorized(
            #[inline(always)]
            || {
                for (column, (fit, u)) in tile.iter().zip(values.chunks(n)).enumerate() {
                    let (at, target) = (column / count, column % count);
                    let weight = sign(lambdas[at], first + target) / fit.sizes[1];
                    let weight = if weight.is_finite() { weight } else { 0.0 };
                    let to = (at * bundles + target / self.together) * n..;
                    add(&mut sums.as_mut_slice()[to.clone()], weight, u);
                    add(&mut cross.as_mut_slice()[to], weight, column_of(&normal.cross, first + target));
                }
            },
        );
        let product = product(normal.gram.as_slice(), sums.as_slice(), n);
        vectorized(
            #[inline(always)]
            || {
                for (at, fits) in tile.chunks_mut(count).enumerate() {
                    for (bundle, fits) in fits.chunks_mut(self.together).enumerate() {
                        let column = at * bundles + bundle;
                        measures[at].to_lambda_units(column_of(&sums, column), &mut w);
                        let r = measures[at].residual(column_of(&cross, column), &w, column_of(&product, column));
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

/// The exponents of the units in which weights of a target are held in the units of G.
fn exponents(normal: &NormalEquations, target: usize) -> impl Iterator<Item = i32> + Clone {
    normal.unit.iter().map(move |unit| unit + normal.target_unit[target])
}

/// 2^e of each of the [`exponents`], or `None` where one is out of range.
fn powers(normal: &NormalEquations, target: usize) -> Option<Vec<f64>> {
    let mut powers = vec![1.0; normal.features()];
    scale_all(&mut powers, exponents(normal, target));
    powers.iter().all(|power| power.is_normal()).then_some(powers)
}
