//! A path tile by tile: the answers of some targets of some λs, from a reduction or as sums of the answers of few
//! [nodes](Resolvent), are measured and written to where they belong while they lie in the cache.

use std::collections::BTreeSet;
use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::columns::{Figures, PathColumns};
use crate::answer::describe::{error_bound, rounding};
use crate::cpu::spectral::Spectral;
use crate::cpu::spectral::few_features::FEW;
use crate::equations::forms::Source;
use crate::equations::nodes::Infinity;
use crate::equations::normal::NormalEquations;
use crate::equations::residual::{Fit, backward_limit};
use crate::equations::totals::Roots;
use crate::math::lanes::vectorized;
use crate::math::powers::scale_all;
use crate::math::product::product;
use crate::math::resolvent::Resolvent;
use crate::math::threads::at_least;
use crate::model::outcome::Outcome;
use crate::model::watch::Watch;

/// Columns of a tile, at least: enough for fast products.
const COLUMNS: usize = 64;
/// Numbers of a tile, at least: where columns are short it has more of them.
const NUMBERS: usize = 32_768;
/// Operations for each number of a tile, about.
const EACH: usize = 16;
/// Targets of a tile.
const TARGETS: usize = 8;

/// Where the answers of a tile come from, in the units of G.
pub(crate) enum Answers<'a> {
    /// From one reduction, λ after λ.
    Reduced(&'a Spectral<'a>),
    /// Sums of those of few nodes, which are given for some targets from the first number on: [r, targets, n]. In the dual form of
    /// these and the node at infinity, where those do not satisfy the equations.
    Sums {
        resolvent: &'a Resolvent,
        nodes: &'a (dyn Fn(usize, usize) -> DMatrix<f64> + Sync),
        infinity: Option<&'a Infinity>,
    },
}

/// What the tiles of a path are solved and measured with.
pub(crate) struct Tiles<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) answers: Answers<'a>,
    /// The λs that are solved, and the condition number and the outcome of each.
    pub(crate) lambdas: &'a [usize],
    pub(crate) conditions: &'a [f64],
    pub(crate) outcomes: &'a [Outcome],
}

/// What answers are measured with.
pub(super) struct Measuring {
    pub(super) rounding: f64,
    pub(super) centres: Vec<[f64; 2]>,
    /// Targets whose residuals are measured together.
    pub(super) together: usize,
    /// In the dual form the rows that hold nothing but the penalty.
    pub(super) alone: Vec<usize>,
    /// In the dual form √D of each feature, where all are in range.
    pub(super) roots: Option<Vec<f64>>,
}

/// Some λs, and the targets from `first` on: what is solved together.
pub(super) struct Tile {
    /// The places of the λs in [`Tiles::lambdas`].
    pub(super) range: Range<usize>,
    pub(super) first: usize,
    /// The answers in the units of G, of one target after another of one λ after another.
    pub(super) values: DMatrix<f64>,
}

impl Tiles<'_> {
    /// Writes the answers of `self.lambdas`, and returns the numbers of the λs whose residual is too large.
    pub(crate) fn path(&self, place: PathColumns<'_>, watch: &dyn Watch) -> BTreeSet<usize> {
        let Source { normal, totals, rows } = self.source;
        let (n, t) = (normal.features(), normal.targets());
        let targets = TARGETS.min(t);
        let alone = |j: &usize| rows.is_some() && normal.gram[(*j, *j)] == 0.0;
        let measuring = Measuring {
            rounding: rounding(normal, totals, f64::EPSILON),
            centres: totals.centres(normal),
            together: if t > TARGETS && n > FEW { TARGETS } else { 1 },
            alone: (0..n).filter(alone).collect(),
            roots: totals.roots.as_ref().and_then(Roots::natural),
        };
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
            .flat_map_iter(|(group, mut places)| self.group(group * targets, &mut places, &measuring, watch))
            .collect()
    }

    /// Solves for the targets from `first` on, writes the answers to the `places` of the λs, and returns the numbers of the λs whose
    /// residual is too large.
    fn group(
        &self,
        first: usize,
        places: &mut [PathColumns<'_>],
        measuring: &Measuring,
        watch: &dyn Watch,
    ) -> Vec<usize> {
        let n = self.source.normal.features();
        let Some(count) = places.first().map(PathColumns::columns) else { return Vec::new() };
        let of_nodes = match &self.answers {
            Answers::Sums { nodes, .. } => Some(nodes(first, count)),
            Answers::Reduced(_) => None,
        };
        let coefficients = match (self.source.rows, &of_nodes) {
            (Some(rows), Some(answers)) => Some(rows.of_nodes(self.source.normal, (first, count), answers.clone())),
            _ => None,
        };
        let at_once = (COLUMNS.max(NUMBERS / n) / count.max(1)).max(1);
        let tile = |(at, places): (usize, &mut [PathColumns<'_>])| {
            if watch.is_cancelled() {
                return Vec::new();
            }
            let range = at * at_once..at * at_once + places.len();
            let lambdas = &self.lambdas[range.clone()];
            let values = match (&self.answers, &of_nodes) {
                (Answers::Sums { resolvent, .. }, Some(answers)) => {
                    let weights = resolvent.weights_of(range.clone());
                    if let Some(coefficients) = &coefficients {
                        let mut places: Vec<&mut [f64]> =
                            places.iter_mut().map(|place| &mut *place.coefficients).collect();
                        coefficients.write(weights, &mut places);
                    }
                    product(answers.as_slice(), weights, resolvent.nodes.len())
                }
                (Answers::Reduced(spectral), _) => {
                    let shifts: Vec<f64> = lambdas.iter().map(|k| spectral.shift(*k)).collect();
                    spectral.answers(&shifts, first, count)
                }
                (Answers::Sums { .. }, None) => DMatrix::zeros(n, lambdas.len() * count),
            };
            let tile = Tile { range, first, values };
            let fits = self.fits(&tile, measuring);
            let failed = match (self.source.rows, &of_nodes) {
                (Some(_), Some(of_nodes)) => {
                    let fits = self.with_infinity(&tile, fits, of_nodes, measuring);
                    self.write_dual(&tile, &fits, places, measuring)
                }
                _ => self.write(&tile, &fits, places, measuring),
            };
            watch.done(count * places.len());
            failed
        };
        places
            .par_chunks_mut(at_once)
            .with_min_len(at_least(at_once * count * n * EACH))
            .enumerate()
            .flat_map_iter(tile)
            .collect()
    }

    /// Writes the answers of a tile in natural units, and returns the numbers of the λs whose residual is too large.
    fn write(&self, tile: &Tile, fits: &[Fit], places: &mut [PathColumns<'_>], measuring: &Measuring) -> Vec<usize> {
        let Tile { range, first, values } = tile;
        let Source { normal, totals, .. } = self.source;
        let (lambdas, first) = (&self.lambdas[range.clone()], *first);
        let Measuring { rounding, centres, .. } = measuring;
        let (n, values) = (normal.features(), values.as_slice());
        let count = fits.len() / lambdas.len().max(1);
        let limit = backward_limit(n);
        let powers: Vec<Option<Vec<f64>>> = (first..first + count).map(|target| powers(normal, target)).collect();
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
                        let bound = error_bound(normal, found, None, &fits[target], (*rounding, 1.0));
                        let (solved, measured) =
                            ((found.0, Some(solution)), (&fits[target], bound, centres[lambdas[at]]));
                        let figures = Figures::of(totals, normal.model, first + target, w, solved, measured);
                        place.set(target, figures);
                    }
                }
            },
        );
        failed
    }
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
