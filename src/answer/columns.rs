//! Where answers are written: the path's numbers of some columns, a λ after the other and a target after the other in each.

use crate::answer::path::RidgePath;
use crate::equations::residual::Fit;
use crate::equations::totals::Totals;
use crate::math::lanes::sums;
use crate::model::Model;
use crate::model::outcome::Outcome;

/// What a path says of one λ and target beside the coefficients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) intercept: f64,
    pub(crate) outcome: Outcome,
    pub(crate) residual: f64,
    pub(crate) rss: f64,
    pub(crate) squared_norm: f64,
    pub(crate) error_bound: f64,
    pub(crate) intercept_bound: f64,
}

impl Figures {
    /// The figures of coefficients w on the original scale; `solution` is whether the solution was other than 0, `None` where there
    /// is none. `measured` is as in [`of_sums`](Self::of_sums).
    #[inline(always)]
    pub(crate) fn of(
        totals: &Totals,
        model: Model,
        target: usize,
        w: &[f64],
        (outcome, solution): (Outcome, Option<bool>),
        measured: (&Fit, f64, [f64; 2]),
    ) -> Self {
        let sums = sums([w, &totals.means[..w.len()]], |[w, mean]| [w * mean, w * w]);
        Self::of_sums(totals, model, target, w, sums, (outcome, solution), measured)
    }

    /// The figures of coefficients w whose wᵀx̄ and ‖w‖² are known, from the fit, the bound on the error of w, and the
    /// [centres](Totals::centres) of the λ.
    #[inline(always)]
    pub(crate) fn of_sums(
        totals: &Totals,
        model: Model,
        target: usize,
        w: &[f64],
        [explained, squared_norm]: [f64; 2],
        (outcome, solution): (Outcome, Option<bool>),
        (fit, error_bound, centre): (&Fit, f64, [f64; 2]),
    ) -> Self {
        let intercept_bound = match (solution, model.intercept) {
            (None, _) => f64::NAN,
            (_, true) => totals.intercept_bound(target, w, fit, (error_bound, centre)),
            (_, false) => 0.0,
        };
        let intercept = match (solution, model.intercept) {
            (None, _) => f64::NAN,
            (_, true) => totals.means[w.len() + target] - explained,
            (_, false) => 0.0,
        };
        let in_range = solution.is_none_or(|solution| {
            // Whose squares are in range, is.
            let safe = || (1e-280..1e280).contains(&squared_norm);
            let largest = || w.iter().fold(0.0f64, |largest, w| w.abs().max(largest));
            let vanished = || solution && largest() < f64::MIN_POSITIVE;
            intercept.is_finite() && (safe() || (w.iter().all(|w| w.is_finite()) && !vanished()))
        });
        let outcome = if in_range { outcome } else { Outcome::OutOfRange };
        Self { intercept, outcome, residual: fit.residual, rss: fit.rss, squared_norm, error_bound, intercept_bound }
    }
}

/// The places of some columns of a path, one after another.
pub(crate) struct PathColumns<'a> {
    /// n of each column.
    pub(crate) coefficients: &'a mut [f64],
    intercepts: &'a mut [f64],
    outcomes: &'a mut [Outcome],
    residuals: &'a mut [f64],
    rss: &'a mut [f64],
    squared_norms: &'a mut [f64],
    error_bounds: &'a mut [f64],
    intercept_bounds: &'a mut [f64],
}

impl RidgePath {
    /// Where every column is written.
    pub(crate) fn columns_mut(&mut self) -> PathColumns<'_> {
        PathColumns {
            coefficients: &mut self.coefficients,
            intercepts: &mut self.intercepts,
            outcomes: &mut self.outcomes,
            residuals: &mut self.residuals,
            rss: &mut self.rss,
            squared_norms: &mut self.squared_norms,
            error_bounds: &mut self.error_bounds,
            intercept_bounds: &mut self.intercept_bounds,
        }
    }
}

impl PathColumns<'_> {
    /// The number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.outcomes.len()
    }

    /// Writes the figures of a column.
    #[inline(always)]
    pub(crate) fn set(&mut self, column: usize, entry: Figures) {
        self.intercepts[column] = entry.intercept;
        self.outcomes[column] = entry.outcome;
        self.residuals[column] = entry.residual;
        self.rss[column] = entry.rss;
        self.squared_norms[column] = entry.squared_norm;
        self.error_bounds[column] = entry.error_bound;
        self.intercept_bounds[column] = entry.intercept_bound;
    }

    /// Writes NaN everywhere, which says that there is no answer.
    pub(crate) fn clear(&mut self) {
        self.coefficients.fill(f64::NAN);
        let nan = f64::NAN;
        let outcome = Outcome::Singular { order: 0 };
        let none = Figures {
            intercept: nan,
            outcome,
            residual: nan,
            rss: nan,
            squared_norm: nan,
            error_bound: nan,
            intercept_bound: nan,
        };
        (0..self.columns()).for_each(|column| self.set(column, none));
    }
}

impl<'a> PathColumns<'a> {
    /// Cuts the columns into runs of `columns`, the last of which may be shorter.
    pub(crate) fn chunks(self, columns: usize) -> impl Iterator<Item = PathColumns<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let left = rest.take()?;
            if left.columns() <= columns {
                return Some(left);
            }
            let (chunk, after) = left.split(columns);
            rest = Some(after);
            Some(chunk)
        })
    }

    fn split(self, columns: usize) -> (Self, Self) {
        let each = self.coefficients.len() / self.columns();
        let coefficients = self.coefficients.split_at_mut(columns * each);
        let intercepts = self.intercepts.split_at_mut(columns);
        let outcomes = self.outcomes.split_at_mut(columns);
        let residuals = self.residuals.split_at_mut(columns);
        let rss = self.rss.split_at_mut(columns);
        let squared_norms = self.squared_norms.split_at_mut(columns);
        let error_bounds = self.error_bounds.split_at_mut(columns);
        let intercept_bounds = self.intercept_bounds.split_at_mut(columns);
        let one = PathColumns {
            coefficients: coefficients.0,
            intercepts: intercepts.0,
            outcomes: outcomes.0,
            residuals: residuals.0,
            rss: rss.0,
            squared_norms: squared_norms.0,
            error_bounds: error_bounds.0,
            intercept_bounds: intercept_bounds.0,
        };
        let other = PathColumns {
            coefficients: coefficients.1,
            intercepts: intercepts.1,
            outcomes: outcomes.1,
            residuals: residuals.1,
            rss: rss.1,
            squared_norms: squared_norms.1,
            error_bounds: error_bounds.1,
            intercept_bounds: intercept_bounds.1,
        };
        (one, other)
    }
}
