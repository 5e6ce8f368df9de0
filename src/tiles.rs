//! The path of the strategy `spectral`, tile by tile: some targets of some λs are solved, measured and written to where they
//! belong while they lie in the cache.
//!
//! Where λs are many, few [nodes](Resolvent) are solved for, and a λ is a sum of these.

use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::assemble::{Entry, Totals, error_bound, rounding};
use crate::condition;
use crate::cpu::product::product;
use crate::cpu::spectral::Spectral;
use crate::normal::NormalEquations;
use crate::outcome::{BackendUsed, Outcome};
use crate::parallel::at_least;
use crate::path::RidgePath;
use crate::residual::{Fit, Measure, backward_limit, column_of};
use crate::resolvent::{Resolvent, worthwhile};
use crate::scale::scale_all;
use crate::simd::vectorized;

/// Columns of a tile, enough for fast products; more where they are short, so that it holds so many numbers.
const COLUMNS: usize = 64;
const NUMBERS: usize = 32_768;
/// Operations for each number of a tile, about.
const EACH: usize = 16;
/// Targets of a tile.
const TARGETS: usize = 8;
/// The order from which residuals of more targets are measured together.
const TOGETHER: usize = 32;

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
    let targets = TARGETS.min(t);
    let nodes = spectral.resolvent(&lambdas, worthwhile(n, lambdas.len()));
    spectral.prepare(t * nodes.as_ref().map_or(lambdas.len(), |own| own.nodes.len()));
    let tiles = Tiles {
        nodes,
        spectral,
        totals,
        conditions: &conditions,
        lambdas: &lambdas,
        together: if t > TARGETS && n > TOGETHER { TARGETS } else { 1 },
        columns: COLUMNS.max(NUMBERS / n),
        rounding: rounding(normal, totals, f64::EPSILON),
    };
    // Of each group of targets the place of each λ.
    let mut places: Vec<Vec<&mut [f64]>> = (0..t.div_ceil(targets)).map(|_| Vec::new()).collect();
    let mut left = lambdas.iter().copied().peekable();
    for (k, coefficients) in path.coefficients.chunks_mut(n * t).enumerate() {
        if left.next_if_eq(&k).is_none() {
            coefficients.fill(f64::NAN);
            continue;
        }
        coefficients.chunks_mut(n * targets).zip(&mut places).for_each(|(own, places)| places.push(own));
    }
    let done = AtomicUsize::new(0);
    let told = |columns: usize| progress((done.fetch_add(columns, Ordering::Relaxed) + columns) / t);
    let entries: Vec<Vec<Vec<Entry>>> = places
        .into_par_iter()
        .with_min_len(at_least(lambdas.len() * targets * n * EACH))
        .enumerate()
        .map(|(group, mut places)| tiles.group(group * targets, &mut places, &told))
        .collect();
    for (at, k) in lambdas.iter().enumerate() {
        for (group, entries) in entries.iter().enumerate() {
            for (target, entry) in entries[at].iter().enumerate() {
                path.set(k * t + group * targets + target, *entry);
            }
        }
        if entries.iter().any(|entries| entries[at].is_empty()) {
            missing.push(*k);
        }
    }
    missing.sort_unstable();
    if lambdas.len() < k {
        progress(k); // those of other routes too, which do not tell
    }
    (path, missing)
}

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
}

impl Tiles<'_> {
    /// Solves for the targets from `first` on, and writes the coefficients to the `places` of the λs. What is told of each λ, a
    /// target after the other; nothing where the residual is too large.
    fn group(&self, first: usize, places: &mut [&mut [f64]], told: &(dyn Fn(usize) + Sync)) -> Vec<Vec<Entry>> {
        let n = self.spectral.normal.features();
        let count = places.first().map_or(0, |place| place.len() / n);
        let nodes =
            self.nodes.as_ref().map(|resolvent| (resolvent, self.spectral.answers(&resolvent.nodes, first, count)));
        let at_once = (self.columns / count.max(1)).max(1);
        let tile = |(at, places): (usize, &mut [&mut [f64]])| {
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
            let entries = self.finish(lambdas, first, values.as_slice(), places);
            told(count * places.len());
            entries
        };
        places
            .par_chunks_mut(at_once)
            .with_min_len(at_least(at_once * count * n * EACH))
            .enumerate()
            .flat_map_iter(tile)
            .collect()
    }

    /// Measures the answers of some λs for the targets from `first` on, in the units of G, and writes them in natural ones.
    fn finish(&self, lambdas: &[usize], first: usize, values: &[f64], places: &mut [&mut [f64]]) -> Vec<Vec<Entry>> {
        let normal = self.spectral.normal;
        let n = normal.features();
        let count = places.first().map_or(0, |place| place.len() / n);
        let measures: Vec<Measure<'_>> = lambdas.iter().map(|k| Measure::new(normal, *k)).collect();
        let mut tile: Vec<Fit> = Vec::with_capacity(lambdas.len() * count);
        let products = (self.together == 1).then(|| product(normal.gram.as_slice(), values, n));
        let mut w = vec![0.0; n];
        vectorized(
            #[inline(always)]
            || {
                for (column, u) in values.chunks(n).enumerate() {
                    let (measure, target) = (&measures[column / count], first + column % count);
                    measure.own(u, &mut w);
                    let mut fit = measure.fit(target, &w, None);
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
        let mut entries: Vec<Vec<Entry>> = lambdas.iter().map(|_| Vec::with_capacity(count)).collect();
        vectorized(
            #[inline(always)]
            || {
                for (at, (place, entries)) in places.iter_mut().zip(&mut entries).enumerate() {
                    let fits = &tile[at * count..(at + 1) * count];
                    // Written so that NaN fails.
                    if !fits.iter().all(|fit| fit.backward <= limit) {
                        continue;
                    }
                    let found = (Outcome::Solved, self.conditions[lambdas[at]]);
                    let values = values[at * n * count..(at + 1) * n * count].chunks(n);
                    for (target, (u, w)) in values.zip(place.chunks_mut(n)).enumerate() {
                        let solution = u.iter().any(|u| *u != 0.0);
                        match &powers[target] {
                            Some(powers) => w.iter_mut().zip(u).zip(powers).for_each(|((w, u), power)| *w = u * power),
                            None => {
                                w.copy_from_slice(u);
                                scale_all(w, exponents(normal, first + target));
                            }
                        }
                        let bound = error_bound(normal, found, None, &fits[target], self.rounding);
                        let (solved, told) = ((found.0, Some(solution)), (&fits[target], bound));
                        entries.push(self.totals.entry(normal.model, first + target, w, solved, told));
                    }
                }
            },
        );
        entries
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
        for (at, fits) in tile.chunks_mut(count).enumerate() {
            for (bundle, fits) in fits.chunks_mut(self.together).enumerate() {
                let column = at * bundles + bundle;
                measures[at].own(column_of(&sums, column), &mut w);
                let r = measures[at].residual(column_of(&cross, column), &w, column_of(&product, column));
                let each = r / (fits.len() as f64).sqrt();
                fits.iter_mut().for_each(|fit| fit.set_residual(each * fit.sizes[1]));
            }
        }
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

/// The powers of two of these, where they are in range.
fn powers(normal: &NormalEquations, target: usize) -> Option<Vec<f64>> {
    let mut powers = vec![1.0; normal.features()];
    scale_all(&mut powers, exponents(normal, target));
    powers.iter().all(|power| power.is_normal()).then_some(powers)
}
