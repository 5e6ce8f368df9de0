//! Residual sums of squares from the rows, where the equations keep too few digits of them: in double precision, and where that
//! cancels too, in twice the digits.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::equations::normal::NormalEquations;
use crate::equations::residual::BATCH;
use crate::math::extended::{Strips, Wide, two_sum};
use crate::math::lanes::sums;
use crate::math::powers::{exponent, scale_all, scaled};
use crate::math::threads::at_least;

/// Rows taken at a time.
const ROWS: usize = 256;
/// Products that are summed in twice the digits: seconds.
const MOST: usize = 2_000_000_000;
/// The digits that a sum should keep.
const DIGITS: f64 = 1e8;

/// Σ s (y − Xw − b)² for the entries (λ and target) named, with the intercept that is best beside w.
pub(crate) fn from_rows(problem: &Problem<'_>, path: &mut RidgePath, entries: &[usize]) {
    // Rows were measured before, which can only succeed again.
    let Some(rows) = (!entries.is_empty()).then(|| ResidualRows::new(problem, path)).flatten() else { return };
    let (m, n) = (problem.rows(), path.features);
    let mut left = Vec::new();
    for entries in entries.chunks(BATCH) {
        let w = rows.weights(path, entries);
        let sums = rows.sums(path, entries, |start, count| {
            let mut block = DMatrix::<f64>::zeros(count, n);
            let roots: Vec<f64> = (start..start + count).map(|row| f64::from(problem.weight(row) > 0.0)).collect();
            rows.framed.columns_to(start, &roots, 0..n, &mut block);
            Wide { high: block * &w, low: DMatrix::zeros(count, entries.len()) }
        });
        for ((e, entry), sum) in entries.iter().enumerate().zip(sums) {
            path.rss[*entry] = rows.natural(path, *entry, sum);
            if !(sum.sqrt() > rows.rounding(path, *entry, &w.as_slice()[e * n..(e + 1) * n]) * DIGITS) {
                left.push(*entry);
            }
        }
    }
    let most = MOST / (m * n).max(1);
    for entries in left[..left.len().min(most)].chunks(BATCH) {
        let w = Wide { high: rows.weights(path, entries), low: DMatrix::zeros(n, entries.len()) };
        let w = Strips::from(&w);
        let sums = rows.sums(path, entries, |start, count| {
            let mut block = Strips::zeros(n, count);
            rows.framed.visit_wide(start..start + count, 0..n, |row, j, pair| block.set(j, row - start, pair));
            let mut fitted = Wide::zeros(count, entries.len());
            fitted.add_product(&block, &w, false);
            fitted
        });
        for (entry, sum) in entries.iter().zip(sums) {
            path.rss[*entry] = rows.natural(path, *entry, sum);
        }
    }
}

/// Entries by how they differ from another of their target, told before them: with c − Gw = Pw, P the penalty,
/// RSS = RSS₀ + (w₀ − w)ᵀ(P₀w₀ + Pw). Gives those where w, rounded, or RSS₀ leave more of it unknown than the rows would: more than
/// a rounding of √(RSS·what the moments sum to it), which comes with both entries.
pub(crate) fn by_difference(
    normal: &NormalEquations,
    path: &mut RidgePath,
    entries: &[[(usize, f64); 2]],
) -> Vec<usize> {
    let (n, t) = (path.features, path.targets);
    let rss_of = |[(at, terms), (other, other_terms)]: &[(usize, f64); 2]| {
        let target_unit = normal.target_unit[at % t];
        // In the units of G, and what brings them to those of a λ.
        let [own, apart] = [at, other].map(|entry| {
            let mut w = path.coefficients[entry * n..(entry + 1) * n].to_vec();
            scale_all(&mut w, normal.unit.iter().map(|unit| -(unit + target_unit)));
            w
        });
        let parts = [(other, &apart), (at, &own)].map(|(of, of_itself)| {
            let mut units = vec![1.0; n];
            scale_all(&mut units, normal.step[of / t * n..][..n].iter().map(|step| -step));
            sums([&own, &apart, of_itself, &units, normal.added(of / t)], |[w, other, of_itself, unit, added]| {
                let (w, other, penalty) = (w * unit, other * unit, added * (of_itself * unit));
                [(other - w) * penalty, (other.abs() + w.abs()) * penalty.abs()]
            })
        });
        let sums = [0, 1].map(|sum| parts[0][sum] + parts[1][sum]);
        let [sum, size] = sums.map(|sum| scaled(sum, 2 * target_unit));
        let rss = path.rss[*other] + sum;
        let unknown = size + path.rss[*other].sqrt() * other_terms.sqrt();
        (unknown <= 4.0 * rss.sqrt() * terms.sqrt()).then_some(rss)
    };
    let found: Vec<Option<f64>> = entries.par_iter().with_min_len(at_least(16 * n)).map(rss_of).collect();
    let mut left = Vec::new();
    for ([(at, _), _], rss) in entries.iter().zip(found) {
        match rss {
            Some(rss) => path.rss[*at] = rss,
            None => left.push(*at),
        }
    }
    left
}

/// Rows that residuals are measured on: centred if an intercept is fitted, and every column in units of its own.
struct ResidualRows<'a> {
    framed: Framed<'a>,
    /// √Σ s·x² of every column, in its units.
    norms: Vec<f64>,
    /// Weights are in units of 2^`unit`.
    unit: i32,
}

impl<'a> ResidualRows<'a> {
    fn new(problem: &Problem<'a>, path: &RidgePath) -> Option<Self> {
        let framed = Framed::new(problem, path.intercept).ok()?;
        // Weights as they are, unless their sums would leave the range of doubles: light rows count too.
        let unit = (exponent(problem.weight(problem.heaviest())) - 900).max(0) & !1;
        let norms = framed.squares().into_iter().map(|sum| scaled(sum, -unit).sqrt()).collect();
        Some(Self { framed, norms, unit })
    }

    /// Coefficients of the entries numbered `entries`, n of each, in units of the columns.
    fn weights(&self, path: &RidgePath, entries: &[usize]) -> DMatrix<f64> {
        let (n, t) = (path.features, path.targets);
        let exponents = self.framed.exponents();
        let by = |j: usize, entry: usize| exponents[j] - exponents[n + entry % t];
        DMatrix::from_fn(n, entries.len(), |j, e| scaled(path.coefficients[entries[e] * n + j], by(j, entries[e])))
    }

    /// Σ s (y − ŷ)² of the entries numbered `entries` in units of the columns; `fitted(start, count)` is ŷ of `count` rows from
    /// `start` on.
    fn sums(&self, path: &RidgePath, entries: &[usize], fitted: impl Fn(usize, usize) -> Wide + Sync) -> Vec<f64> {
        let problem = self.framed.problem();
        let (m, n, t) = (problem.rows(), path.features, path.targets);
        let block = |at: usize| {
            let (start, count) = (at * ROWS, ROWS.min(m - at * ROWS));
            let fitted = fitted(start, count);
            let weights: Vec<f64> = (start..start + count).map(|row| scaled(problem.weight(row), -self.unit)).collect();
            let y = |e: &usize| self.framed.column_wide(start..start + count, n + e % t);
            let y: Vec<Vec<(f64, f64)>> = entries.iter().map(y).collect();
            let error = |e: usize, row: usize| {
                let (y, low) = y[e][row];
                let (error, lost) = two_sum(y, -fitted.high[(row, e)]);
                error + (lost + (low - fitted.low[(row, e)]))
            };
            let sums = |e: usize| {
                let counted = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
                counted.fold((0.0, 0.0), |(sum, squares), (row, weight)| {
                    let error = error(e, row);
                    (sum + weight * error, squares + weight * (error * error))
                })
            };
            (0..entries.len()).map(sums).collect()
        };
        let blocks: Vec<Vec<(f64, f64)>> =
            (0..m.div_ceil(ROWS)).into_par_iter().with_min_len(at_least(ROWS * entries.len() * n)).map(block).collect();
        let total = scaled(problem.weight_sum(), -self.unit);
        let one = |e: usize| {
            let (sum, squares) =
                blocks.iter().fold((0.0, 0.0), |sums, block| (sums.0 + block[e].0, sums.1 + block[e].1));
            // Means are rounded, which counts where residuals are no larger.
            if path.intercept { (squares - sum / total * sum).max(0.0) } else { squares }
        };
        (0..entries.len()).map(one).collect()
    }

    fn natural(&self, path: &RidgePath, entry: usize, sum: f64) -> f64 {
        scaled(sum, self.unit + 2 * self.framed.exponents()[path.features + entry % path.targets])
    }

    /// What rounding in double precision makes of a vector of residuals.
    #[expect(clippy::cast_precision_loss, reason = "numbers of features are far below 2⁵³")]
    fn rounding(&self, path: &RidgePath, entry: usize, w: &[f64]) -> f64 {
        let n = path.features;
        let size: f64 = w.iter().zip(&self.norms).map(|(w, norm)| w.abs() * norm).sum();
        f64::EPSILON * ((n as f64).sqrt() + 2.0) * (size + self.norms[n + entry % path.targets])
    }
}
