//! Where answers are written: the path's numbers of some columns, a λ after the other and a target after the other in each.

use crate::outcome::Outcome;
use crate::path::RidgePath;

/// What a path says of one λ and target beside the coefficients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) intercept: f64,
    pub(crate) outcome: Outcome,
    pub(crate) residual: f64,
    pub(crate) rss: f64,
    pub(crate) squared_norm: f64,
    pub(crate) error_bound: f64,
    pub(crate) intercept_bound: f64,
}

pub(crate) struct Place<'a> {
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
    /// The place of every column.
    pub(crate) fn place(&mut self) -> Place<'_> {
        Place {
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

impl Place<'_> {
    /// The number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.outcomes.len()
    }

    /// Sets what is known of a column.
    #[inline(always)]
    pub(crate) fn set(&mut self, column: usize, entry: Entry) {
        self.intercepts[column] = entry.intercept;
        self.outcomes[column] = entry.outcome;
        self.residuals[column] = entry.residual;
        self.rss[column] = entry.rss;
        self.squared_norms[column] = entry.squared_norm;
        self.error_bounds[column] = entry.error_bound;
        self.intercept_bounds[column] = entry.intercept_bound;
    }

    /// NaN everywhere: there is no answer.
    pub(crate) fn clear(&mut self) {
        self.coefficients.fill(f64::NAN);
        let nan = f64::NAN;
        let outcome = Outcome::Singular { order: 0 };
        let none = Entry {
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

impl<'a> Place<'a> {
    /// So many columns after the other, and what is left.
    pub(crate) fn chunks(self, columns: usize) -> impl Iterator<Item = Place<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let own = rest.take()?;
            if own.columns() <= columns {
                return Some(own);
            }
            let (chunk, after) = own.split(columns);
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
        let one = Place {
            coefficients: coefficients.0,
            intercepts: intercepts.0,
            outcomes: outcomes.0,
            residuals: residuals.0,
            rss: rss.0,
            squared_norms: squared_norms.0,
            error_bounds: error_bounds.0,
            intercept_bounds: intercept_bounds.0,
        };
        let other = Place {
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
