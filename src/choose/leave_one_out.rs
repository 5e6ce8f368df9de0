//! Leave-one-out, exactly, without a fit for each row.

use std::borrow::Cow;

use crate::choose::row_spectrum::RowSpectrum;
use crate::choose::score::{Score, in_units};
use crate::data::problem::Problem;
use crate::math::lanes::{sums, vectorized};

/// λs whose leverages are held at a time, or more where so many numbers will do.
const LAMBDAS: usize = 128;
const NUMBERS: usize = 4_000_000;

impl RowSpectrum {
    /// The mean squared error Σ s(y − ŷ)²/W of predictions of each row by a fit without it, of every λ and target, [k, t]:
    /// the residuals of such fits are (yᵢ − ŷᵢ)/(1 − hᵢ), hᵢ the leverage (Allen, 1974). Shift, and when standardised the scale of
    /// the columns, are those of all rows. NaN for a λ at which a row has leverage 1: without it there is no unique fit.
    #[must_use]
    pub fn loo_mse(&self) -> Vec<f64> {
        self.mean_squares(&vec![0; self.targets()]).0
    }

    /// The residuals y − ŷ of predictions of each row by a fit without it, of every λ and target, [k, t, m]: the squares that
    /// [`loo_mse`](Self::loo_mse) is the mean of. NaN of rows of weight 0, which have no part in this.
    #[must_use]
    pub fn loo_residuals(&self) -> Vec<f64> {
        let of_rows = |target: usize, deleted: &[f64]| {
            let mut residuals = vec![f64::NAN; self.rows.all_rows];
            for (i, (row, error)) in self.rows.rows.iter().zip(deleted).enumerate() {
                residuals[*row] = self.natural(i, target, *error);
            }
            residuals
        };
        self.by_column(of_rows).concat()
    }

    /// [`loo_mse`](Self::loo_mse) of targets in units of 2^`units`, with its standard errors.
    fn mean_squares(&self, units: &[i32]) -> (Vec<f64>, Vec<f64>) {
        let weights: Vec<f64> = (0..self.rows.rows.len()).map(|i| self.weight(i)).collect();
        let total: f64 = weights.iter().sum();
        let one = |target: usize, deleted: &[f64]| {
            let [squares] = vectorized(|| sums([deleted], |[error]| [error * error]));
            let mean = squares / total;
            let spread = |[error, s]: [f64; 2]| {
                let apart = error * error / s - mean;
                [s * (apart * apart)]
            };
            let [spreads] = vectorized(|| sums([deleted, &weights], spread));
            let error = (spreads / total / (self.count() - 1.0)).sqrt();
            let in_units = |value| self.mean_in_units(units[target], target, value);
            (in_units(mean), in_units(error))
        };
        self.by_column(one).into_iter().unzip()
    }

    /// Any score of the leave-one-out predictions, of targets in units of 2^`units`, and its standard error, NaN where the score is
    /// not a mean over rows.
    pub(crate) fn leave_one_out(&self, problem: &Problem<'_>, score: &Score, units: &[i32]) -> (Vec<f64>, Vec<f64>) {
        if matches!(score, Score::Mse) {
            return self.mean_squares(units);
        }
        let s: Vec<f64> = self.rows.rows.iter().map(|row| problem.weight(*row)).collect();
        let value = |row: &usize, target: usize| problem.y().get(*row, target);
        let y: Vec<Vec<f64>> =
            (0..self.targets()).map(|target| self.rows.rows.iter().map(|row| value(row, target)).collect()).collect();
        let scored = |target: usize, deleted: &[f64]| {
            let y = &y[target];
            let prediction = |(i, error): (usize, &f64)| y[i] - self.natural(i, target, *error);
            let predicted: Vec<f64> = deleted.iter().enumerate().map(prediction).collect();
            let (y, predicted) = match units[target] {
                0 => (Cow::Borrowed(y.as_slice()), predicted),
                unit => (Cow::Owned(in_units(unit, y)), in_units(unit, &predicted)),
            };
            let mean = score.of(&y, &predicted, &s);
            (mean, score.error_over_rows(mean, &y, &predicted, &s))
        };
        self.by_column(scored).into_iter().unzip()
    }

    /// What `of` makes of √s times the leave-one-out residuals, in the units of the target, for every λ and target.
    fn by_column<R: Send>(&self, of: impl Fn(usize, &[f64]) -> R + Sync) -> Vec<R> {
        let (m, k) = (self.rows.rows.len(), self.len());
        let at_once = LAMBDAS.max(NUMBERS / m);
        let mut all = Vec::with_capacity(k * self.targets());
        for first in (0..k).step_by(at_once) {
            let lambdas = first..k.min(first + at_once);
            let mut growth = self.left_of_rows(&lambdas.clone().collect::<Vec<usize>>());
            vectorized(|| growth.apply(|left| *left = if *left > 0.0 { 1.0 / *left } else { f64::NAN }));
            let one = |index: usize, target: usize, residuals: &[f64]| {
                let growth = &growth.as_slice()[(index - first) * m..(index - first + 1) * m];
                let deleted: Vec<f64> = residuals.iter().zip(growth).map(|(e, growth)| e * growth).collect();
                of(target, &deleted)
            };
            all.extend(self.of_residuals(&lambdas, one));
        }
        all
    }
}
