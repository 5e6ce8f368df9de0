//! Stage `residual`, on the host in `f64`: how well weights satisfy their equations, for many λs with one product.

use nalgebra::DMatrix;

use crate::equations::normal::{Exact, NormalEquations};
use crate::equations::products::{Answer, Factors, Product};
use crate::math::extended::{two_product, two_sum};
use crate::math::lanes::sums;
use crate::math::powers::{exponent, scaled};
use crate::model::method::Form;

/// λs whose products with G are formed at once.
pub(crate) const BATCH: usize = 64;

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
    /// In the dual form ‖√D·w‖₂ of the coefficients w, in natural units, where it was measured with them.
    pub(crate) penalised: Option<f64>,
    /// ‖w‖₂
    pub(crate) size: f64,
    /// √(trace G)·‖y‖₂ / (‖A‖₁·‖w‖₂): by how much the rounding of Xᵀy outweighs that of A, where y is nearly orthogonal to X.
    pub(crate) cancelled: f64,
}

/// The residuals of some λs (at most a few [`BATCH`]es: all products are held at once).
pub(crate) fn residuals(normal: &NormalEquations, lambdas: &[Answer<'_>]) -> Vec<Residual> {
    let factors = Factors::new(normal, lambdas);
    let product = factors.times(normal, 0..factors.high.ncols());
    lambdas.iter().enumerate().map(|(at, own)| of_product(normal, (at, own), &factors.high, &product)).collect()
}

/// The residual of the λ that is number `at` of those whose vectors `u` were multiplied.
pub(crate) fn of_product(
    normal: &NormalEquations,
    (at, (k, w, w_low)): (usize, &Answer<'_>),
    u: &DMatrix<f64>,
    product: &Product,
) -> Residual {
    let (n, t) = (normal.features(), normal.targets());
    let measure = Measure::new(normal, *k);
    let Measure { added, units, .. } = &measure;
    let mut r = DMatrix::zeros(n, t);
    let mut fits = Vec::with_capacity(t);
    for target in 0..t {
        let column = at * t + target;
        let (c, w) = (column_of(&normal.cross, target), column_of(w, target));
        let (u, high) = (column_of(u, column), column_of(&product.high, column));
        let r = &mut r.as_mut_slice()[target * n..(target + 1) * n];
        match (&product.low, &normal.exact) {
            (Some(product_low), Some(Exact { cross_low, added_low, .. })) => {
                for j in 0..n {
                    let w_low = w_low.map_or(0.0, |low| low[(j, target)]);
                    let added_low = added_low.get(k * n + j).copied().unwrap_or(0.0);
                    let (left, lost) = two_sum(c[j], -high[j]);
                    let low = lost + (cross_low[(j, target)] - product_low[(j, column)]);
                    let (penalty, penalty_low) = two_product(added[j], w[j]);
                    let (rest, lost) = two_sum(left * units[j], -penalty);
                    r[j] = rest + (lost + (low * units[j] - penalty_low - added[j] * w_low - added_low * w[j]));
                }
            }
            _ => {
                for j in 0..n {
                    r[j] = (c[j] - high[j]) * units[j] - added[j] * w[j];
                }
            }
        }
        let r2: f64 = r.iter().map(|r| r * r).sum();
        let explained = (0..n).map(|j| u[j] * (c[j] + (c[j] - high[j]))).sum(); // 2wᵀc − wᵀGw
        let mut fit = measure.fit_explained(target, measure.sums(target, w), explained);
        fit.set_residual(r2.sqrt());
        if normal.form == Form::Dual {
            measure.set_dual_by_weights(&mut fit, target, (*k, w));
        }
        fits.push(fit);
    }
    Residual { r, fits }
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
    fn fit_explained(&self, target: usize, sums: [f64; 4], explained: f64) -> Fit {
        let (squares, norm) = (self.normal.squares[target], self.matrix.norm);
        let [w2, _, penalty, _] = sums;
        let rss = squares - explained; // Σ s·y² − 2wᵀc + wᵀGw
        // What is left of squares that cancel has no digits below this.
        let least = f64::EPSILON * (self.normal.features() as f64 + 8.0) * (squares + norm * w2);
        let misfit = if w2 == 0.0 { 0.0 } else { ((rss.max(least) + penalty) / (norm * w2)).sqrt() };
        let rss = scaled(rss.max(0.0), 2 * self.normal.target_unit[target]);
        Fit { rss, misfit, ..Fit::new(self.normal, target, &self.matrix, sums) }
    }

    /// What the shader of stage `residual` has summed of a target: ‖r‖², 2wᵀc − wᵀGw, ‖w‖², ‖c‖², shift·wᵀDw and wᵀc.
    #[cfg(feature = "gpu")]
    pub(crate) fn of_sums(
        &self,
        (target, shift): (usize, f64),
        [r2, explained, w2, c2, penalty, product]: [f64; 6],
    ) -> Fit {
        let mut fit = self.fit_explained(target, [w2, c2, penalty, product], explained);
        fit.set_residual(r2.sqrt());
        if self.normal.form == Form::Dual {
            self.set_dual(&mut fit, target, shift * penalty); // shift²·Σ β²/s
        }
        fit
    }

    /// Sets what the dual form has of its own.
    fn set_dual(&self, fit: &mut Fit, target: usize, rss: f64) {
        fit.rss = scaled(rss, 2 * self.normal.target_unit[target]);
        fit.summed = self.matrix.trace.sqrt() * fit.size;
    }

    /// Sets what the dual form has of its own, by β of λ number k.
    pub(crate) fn set_dual_by_weights(&self, fit: &mut Fit, target: usize, (k, beta): (usize, &[f64])) {
        self.set_dual(fit, target, dual_rss(self.normal.grid.shifts[k], self.added, beta));
    }

    /// Sets the answers of rows that hold nothing but the penalty, c over what it adds: of equations of one number each.
    #[inline(always)]
    pub(crate) fn set_alone(&self, rows: &[usize], c: &[f64], w: &mut [f64]) {
        rows.iter().for_each(|j| w[*j] = c[*j] * self.units[*j] / self.added[*j]);
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
            penalised: None,
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
