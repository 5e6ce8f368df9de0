//! Stage `residual`, on the host in `f64`: how well weights satisfy their equations, for many λs with one product.

use nalgebra::DMatrix;

use crate::equations::normal::{Exact, NormalEquations};
use crate::math::extended::{Wide, plus_product, two_product, two_sum};
use crate::math::lanes::{sums, vectorized_fused};
use crate::math::powers::{exponent, scaled};
use crate::model::method::Form;

/// λs whose products with G are formed at once.
pub(crate) const BATCH: usize = 64;

/// Columns multiplied together, at least: with whole groups the bits of a column do not depend on how many others there are.
const GROUP: usize = 8;

/// c − (G + shift·D) w of one λ, n × t in its units, and what it tells of each target.
pub(crate) struct Residual {
    pub(crate) r: DMatrix<f64>,
    pub(crate) fits: Vec<Fit>,
}

/// How well the weights of one target satisfy the equations of one λ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    /// max aᵢᵢ·‖w‖₂ + ‖c‖₂ and ‖A‖₁·‖w‖₂ + ‖c‖₂.
    pub(crate) sizes: [f64; 2],
    /// ‖r‖₂ / (max aᵢᵢ·‖w‖₂ + ‖c‖₂).
    pub(crate) residual: f64,
    /// ‖r‖₂ / (‖A‖₁·‖w‖₂ + ‖c‖₂), which is what a backward stable solver brings to a few eps.
    pub(crate) backward: f64,
    /// Σ s(y − ŷ)², in natural units.
    pub(crate) rss: f64,
    /// √(Σ s(y − ŷ)² + shift·wᵀDw) / (√‖A‖₁·‖w‖₂): how far the least squares problem is from being solved
    /// exactly. NaN where no product with G was formed.
    pub(crate) misfit: f64,
    /// In the dual form √(tr K)·‖β‖₂, in units of the target: the size of what Xᵀβ sums. Else 0.
    pub(crate) summed: f64,
    /// ‖w‖₂
    pub(crate) size: f64,
    /// √(trace G)·‖y‖₂ / (‖A‖₁·‖w‖₂): by how much the rounding of Xᵀy outweighs that of A, where y is nearly orthogonal to X.
    pub(crate) cancelled: f64,
}

/// The number of a λ, its weights, and their digits beyond one double, which count where the equations have twice the digits.
pub(crate) type Answer<'a> = (usize, &'a DMatrix<f64>, Option<&'a DMatrix<f64>>);

/// The residuals of some λs (at most a few [`BATCH`]es: all products are held at once).
pub(crate) fn residuals(normal: &NormalEquations, lambdas: &[Answer<'_>]) -> Vec<Residual> {
    let u = vectors(normal, lambdas, |(_, w, _)| Some(w));
    let Some(exact) = &normal.exact else {
        return of_products(normal, lambdas, &u, &(&normal.gram * &u), None);
    };
    let low = vectors(normal, lambdas, |(.., low)| *low);
    let product = wide_product(&normal.gram, &exact.gram_low, &Wide { high: u.clone(), low });
    of_products(normal, lambdas, &u, &product.high, Some((&product.low, exact)))
}

/// Columns of [`vectors`] of so many λs and targets.
pub(crate) fn columns(vectors: usize) -> usize {
    vectors.next_multiple_of(GROUP)
}

/// What G is multiplied with: the weights of one target of one λ after the other in the units of G, and zeros up to a whole
/// group of columns.
pub(crate) fn vectors<'a>(
    normal: &NormalEquations,
    lambdas: &[Answer<'a>],
    part: impl Fn(&Answer<'a>) -> Option<&'a DMatrix<f64>>,
) -> DMatrix<f64> {
    let (n, t) = (normal.features(), normal.targets());
    let diagonal = normal.gram.diagonal();
    let mut u = DMatrix::zeros(n, columns(lambdas.len() * t));
    for (answer, columns) in lambdas.iter().zip(u.as_mut_slice().chunks_mut(n * t)) {
        let Some(w) = part(answer) else { continue };
        // What holds nothing but the penalty may come in units too large for the rest, and counts for nothing.
        let mut units = normal.steps(answer.0);
        units.iter_mut().zip(&diagonal).filter(|(_, element)| **element == 0.0).for_each(|(unit, _)| *unit = 0.0);
        for (u, w) in columns.chunks_mut(n).zip(w.as_slice().chunks(n)) {
            u.iter_mut().zip(w).zip(&units).for_each(|((u, w), unit)| *u = w * unit);
        }
    }
    u
}

/// The residuals from the products of G with [`vectors`]; `low` holds the low digits of the products and of c, where there are any.
pub(crate) fn of_products(
    normal: &NormalEquations,
    lambdas: &[Answer<'_>],
    u: &DMatrix<f64>,
    product: &DMatrix<f64>,
    low: Option<(&DMatrix<f64>, &Exact)>,
) -> Vec<Residual> {
    let (n, t) = (normal.features(), normal.targets());
    let one = |(at, (k, w, w_low)): (usize, &Answer<'_>)| {
        let measure = Measure::new(normal, *k);
        let Measure { added, units, .. } = &measure;
        let mut r = DMatrix::zeros(n, t);
        let mut fits = Vec::with_capacity(t);
        for target in 0..t {
            let column = at * t + target;
            let (c, w) = (column_of(&normal.cross, target), column_of(w, target));
            let (u, product) = (column_of(u, column), column_of(product, column));
            let r = &mut r.as_mut_slice()[target * n..(target + 1) * n];
            match low {
                None => {
                    for j in 0..n {
                        r[j] = (c[j] - product[j]) * units[j] - added[j] * w[j];
                    }
                }
                Some((product_low, Exact { cross_low, added_low, .. })) => {
                    for j in 0..n {
                        let w_low = w_low.map_or(0.0, |low| low[(j, target)]);
                        let added_low = added_low.get(k * n + j).copied().unwrap_or(0.0);
                        let (left, lost) = two_sum(c[j], -product[j]);
                        let low = lost + (cross_low[(j, target)] - product_low[(j, column)]);
                        let (penalty, penalty_low) = two_product(added[j], w[j]);
                        let (rest, lost) = two_sum(left * units[j], -penalty);
                        r[j] = rest + (lost + (low * units[j] - penalty_low - added[j] * w_low - added_low * w[j]));
                    }
                }
            }
            let r2: f64 = r.iter().map(|r| r * r).sum();
            let explained = (0..n).map(|j| u[j] * (c[j] + (c[j] - product[j]))).sum(); // 2wᵀc − wᵀGw
            let mut fit = measure.fit_explained(target, w, explained);
            fit.set_residual(r2.sqrt());
            if normal.form == Form::Dual {
                let rss = dual_rss(normal.grid.shifts[*k], added, w);
                fit.rss = scaled(rss, 2 * normal.target_unit[target]);
                fit.summed = measure.matrix.trace.sqrt() * fit.size;
            }
            fits.push(fit);
        }
        Residual { r, fits }
    };
    lambdas.iter().enumerate().map(one).collect()
}

/// What the answers of one λ are measured with.
pub(crate) struct Measure<'a> {
    normal: &'a NormalEquations,
    added: &'a [f64],
    /// 2^step, and 2^-step.
    units: Vec<f64>,
    inverses: Vec<f64>,
    matrix: MatrixSizes,
}

/// max aᵢᵢ, ‖A‖₁, and the trace of G, in the units of a λ.
pub(crate) struct MatrixSizes {
    pub(crate) top: f64,
    pub(crate) norm: f64,
    pub(crate) trace: f64,
}

impl<'a> Measure<'a> {
    pub(crate) fn new(normal: &'a NormalEquations, k: usize) -> Self {
        let (added, units) = (normal.added(k), normal.steps(k));
        let (mut top, mut trace) = (0.0f64, 0.0);
        for (j, (unit, added)) in units.iter().zip(added).enumerate() {
            let element = normal.gram[(j, j)] * unit * unit;
            top = top.max(element + added);
            trace += element;
        }
        let inverses = units.iter().map(|unit| 1.0 / unit).collect();
        Self { normal, added, units, inverses, matrix: MatrixSizes { top, norm: normal.norm(k), trace } }
    }

    /// w in the units of the λ from that in the units of G.
    #[inline(always)]
    pub(crate) fn to_lambda_units(&self, u: &[f64], w: &mut [f64]) {
        w.iter_mut().zip(u).zip(&self.inverses).for_each(|((w, u), inverse)| *w = u * inverse);
    }

    /// ‖w‖², ‖c‖², shift·wᵀDw and wᵀc of a target.
    #[inline(always)]
    fn sums(&self, target: usize, w: &[f64]) -> [f64; 4] {
        let c = column_of(&self.normal.cross, target);
        sums([w, c, &self.units, self.added], |[w, c, unit, added]| {
            let c = c * unit;
            [w * w, c * c, added * w * w, w * c]
        })
    }

    /// What w tells of a target but for its residual.
    #[inline(always)]
    pub(crate) fn fit(&self, target: usize, w: &[f64]) -> Fit {
        Fit::new(self.normal, target, &self.matrix, self.sums(target, w))
    }

    /// The fit where `explained`, which is 2wᵀc − wᵀGw, is known, and with it how far the least squares problem is from being
    /// solved exactly.
    #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
    fn fit_explained(&self, target: usize, w: &[f64], explained: f64) -> Fit {
        let (squares, norm) = (self.normal.squares[target], self.matrix.norm);
        let sums = self.sums(target, w);
        let [w2, _, penalty, _] = sums;
        let rss = squares - explained; // Σ s·y² − 2wᵀc + wᵀGw
        // What is left of squares that cancel has no digits below this.
        let least = f64::EPSILON * (w.len() as f64 + 8.0) * (squares + norm * w2);
        let misfit = if w2 == 0.0 { 0.0 } else { ((rss.max(least) + penalty) / (norm * w2)).sqrt() };
        let rss = scaled(rss.max(0.0), 2 * self.normal.target_unit[target]);
        Fit { rss, misfit, ..Fit::new(self.normal, target, &self.matrix, sums) }
    }

    /// ‖c − (G + shift·D) w‖₂ of any c and w in their units, and the product of G with w in those of G.
    #[inline(always)]
    pub(crate) fn residual(&self, c: &[f64], w: &[f64], product: &[f64]) -> f64 {
        let [r2] = sums([c, w, product, &self.units, self.added], |[c, w, product, unit, added]| {
            let r = (c - product) * unit - added * w;
            [r * r]
        });
        r2.sqrt()
    }
}

impl Fit {
    /// What ‖w‖², ‖c‖², shift·wᵀDw and wᵀc tell of a target but for its residual, if w satisfies its equations.
    #[inline(always)]
    pub(crate) fn new(
        normal: &NormalEquations,
        target: usize,
        matrix: &MatrixSizes,
        [w2, c2, penalty, product]: [f64; 4],
    ) -> Self {
        let (w, c) = (w2.sqrt(), c2.sqrt());
        let squares = normal.squares[target];
        let rss = squares - (product + penalty); // 2wᵀc − wᵀGw = wᵀc + shift·wᵀDw
        let cross = (matrix.trace * squares).sqrt();
        Self {
            sizes: [matrix.top * w + c, matrix.norm * w + c],
            residual: f64::NAN,
            backward: f64::NAN,
            rss: scaled(rss.max(0.0), 2 * normal.target_unit[target]),
            misfit: f64::NAN,
            summed: 0.0,
            size: w,
            cancelled: if cross == 0.0 { 0.0 } else { cross / (matrix.norm * w) },
        }
    }

    /// Sets what follows from ‖r‖₂.
    pub(crate) fn set_residual(&mut self, r: f64) {
        [self.residual, self.backward] = self.sizes.map(|size| if r == 0.0 { 0.0 } else { r / size });
    }
}

/// The backward error that is accepted of a solver.
#[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
pub(crate) fn backward_limit(n: usize) -> f64 {
    (n as f64).sqrt().max(4.0) * f64::EPSILON
}

pub(crate) fn column_of(matrix: &DMatrix<f64>, column: usize) -> &[f64] {
    let n = matrix.nrows();
    &matrix.as_slice()[column * n..(column + 1) * n]
}

/// Σ s(y − ŷ)² = shift² Σ β²/s, whose residuals are shift·β/s.
fn dual_rss(shift: f64, added: &[f64], beta: &[f64]) -> f64 {
    let half = exponent(shift).div_euclid(2);
    let square = |(added, beta): (&f64, &f64)| added * scaled(*beta, half).powi(2);
    scaled(shift, -2 * half) * added.iter().zip(beta).map(square).sum::<f64>()
}

/// G·u to twice the digits, with all of G = `gram` + `low`: Dot2 of Ogita, Rump and Oishi (2005), a column of G at a time.
fn wide_product(gram: &DMatrix<f64>, low: &DMatrix<f64>, u: &Wide) -> Wide {
    let n = gram.nrows();
    let mut product = Wide::zeros(n, u.high.ncols());
    for column in 0..u.high.ncols() {
        let (mut high, mut rest) = (product.high.column_mut(column), product.low.column_mut(column));
        let (high, rest) = (high.as_mut_slice(), rest.as_mut_slice());
        for j in 0..n {
            let (value, value_low) = (u.high[(j, column)], u.low[(j, column)]);
            if value == 0.0 {
                continue;
            }
            let column = column_of(gram, j).iter().zip(column_of(low, j));
            let sums = high.iter_mut().zip(rest.iter_mut()).zip(column);
            vectorized_fused(
                #[inline(always)]
                |fused| {
                    for ((high, rest), (g, g_low)) in sums {
                        (*high, *rest) = plus_product(fused, (*high, *rest), (*g, *g_low), (value, value_low));
                    }
                },
            );
        }
        high.iter_mut().zip(rest).for_each(|(high, rest)| (*high, *rest) = two_sum(*high, *rest));
    }
    product
}
