//! What is known of the rows beside their equations.

use rayon::prelude::*;

use crate::equations::normal::NormalEquations;
use crate::equations::residual::Fit;
use crate::math::powers::scaled;
use crate::math::threads::at_least;

/// What a path says of the rows, and needs of them.
#[derive(Clone)]
pub(crate) struct Totals {
    pub(crate) rows: usize,
    pub(crate) weight_sum: f64,
    /// The weighted means of the features, then of the targets.
    pub(crate) means: Vec<f64>,
    /// Σ s(y−ȳ)² of each target, or Σ s·y² without an intercept.
    pub(crate) squares: Vec<f64>,
    /// Σ s(y−ȳ)² of each target, with and without an intercept.
    pub(crate) centred_squares: Vec<f64>,
    /// Terms of each sum in the matrix of the equations.
    pub(crate) terms: usize,
    /// The units of the targets, as powers of two.
    pub(crate) target_units: Vec<i32>,
    /// The scale of the penalty, in the dual form.
    pub(crate) roots: Option<Roots>,
}

/// The penalised scale, that of √D·w.
#[derive(Clone)]
pub(crate) struct Roots {
    /// 1/√D of each feature: mantissa and exponent.
    pub(crate) values: Vec<(f64, i32)>,
    /// tr XᵀSX on this scale.
    pub(crate) trace: f64,
}

impl Roots {
    /// √D of each feature in natural units; `None` where one is out of range.
    pub(crate) fn natural(&self) -> Option<Vec<f64>> {
        let roots: Vec<f64> = self.values.iter().map(|root| scaled(1.0 / root.0, -root.1)).collect();
        roots.iter().all(|root| root.is_normal()).then_some(roots)
    }

    /// ‖√D·w‖₂
    pub(crate) fn size(&self, w: &[f64]) -> f64 {
        norm(w.iter().zip(&self.values).map(|(w, root)| scaled(w / root.0, -root.1)))
    }
}

/// ‖v‖₂, by hypot where squares may be out of range.
fn norm(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let squares: f64 = values.clone().map(|value| value * value).sum();
    if (1e-280..1e280).contains(&squares) { squares.sqrt() } else { values.fold(0.0, f64::hypot) }
}

impl Totals {
    /// Of each λ in the units of 1/w, of the equations or in the dual form of the penalised scale: ‖x̄‖, and ‖x̄‖ + √m·‖σ‖, σ the
    /// deviations of the columns, for what means were rounded with: that of a sum over differences from one of its rows.
    pub(crate) fn centres(&self, normal: &NormalEquations) -> Vec<[f64; 2]> {
        let k = normal.penalties();
        if !normal.model.intercept {
            return vec![[0.0; 2]; k];
        }
        if let Some(Roots { values, trace }) = &self.roots {
            let centre = norm(values.iter().zip(&self.means).map(|(root, mean)| scaled(mean * root.0, root.1)));
            return vec![self.centre(centre, *trace); k];
        }
        let n = normal.features();
        // The weights of columns that hold nothing are 0.
        let held: Vec<usize> = (0..n).filter(|j| normal.gram[(*j, *j)] > 0.0).collect();
        // Of the features that hold something: unit, mean and square.
        let held: Vec<(usize, i32, f64, f64)> =
            held.into_iter().map(|j| (j, normal.unit[j], self.means[j], normal.gram[(j, j)])).collect();
        let one = |k: usize| {
            let step = &normal.step[k * n..(k + 1) * n];
            let centre = norm(held.iter().map(|(j, unit, mean, _)| scaled(*mean, unit + step[*j])));
            self.centre(centre, held.iter().map(|(j, _, _, square)| scaled(*square, 2 * step[*j])).sum())
        };
        (0..k).into_par_iter().with_min_len(at_least(16 * n)).map(one).collect()
    }

    /// [Those](Self::centres) of one λ by ‖x̄‖ and the sum of squares of the columns.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "numbers of rows are far below 2⁵³")]
    pub(crate) fn centre(&self, mean: f64, squares: f64) -> [f64; 2] {
        [mean, mean + (squares * self.rows as f64 / self.weight_sum).sqrt()]
    }

    /// √(Σ s(y − ȳ)²/W) of each target, y as it is without an intercept.
    pub(crate) fn deviations(&self) -> Vec<f64> {
        self.squares.iter().map(|squares| (squares / self.weight_sum).sqrt()).collect()
    }

    /// See [`RidgePath::intercept_error_bound`](crate::RidgePath::intercept_error_bound), of ‖x̄‖ in the units of 1/w.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "numbers of features are far below 2⁵³")]
    pub(crate) fn intercept_bound(
        &self,
        target: usize,
        w: &[f64],
        fit: &Fit,
        (error, [centre, rounded]): (f64, [f64; 2]),
    ) -> f64 {
        let rounding = (w.len() as f64 + 4.0) * f64::EPSILON;
        let size = match (&self.roots, fit.penalised) {
            (Some(_), Some(size)) => size,
            (Some(roots), None) => roots.size(w),
            (None, _) => scaled(fit.size, self.target_units[target]),
        };
        // Where nothing is fitted, a bound of no meaning counts for nothing.
        let explained = if size == 0.0 { 0.0 } else { (error * centre + rounding * rounded) * size };
        let deviation = (self.squares[target] / self.weight_sum * self.rows as f64).sqrt();
        explained + rounding * (self.means[w.len() + target].abs() + deviation)
    }
}
