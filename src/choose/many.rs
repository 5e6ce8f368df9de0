//! A λ for each of many groups of rows.

use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::choose::cross_validation::CrossValidation;
use crate::choose::folds::Folds;
use crate::choose::scheme::Scheme;
use crate::choose::selection::Selection;
use crate::data::gathered::gathered;
use crate::data::groups::Groups;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::model::method::Backend;
use crate::solve::batch::on_cpu;
use crate::solve::each::located;

/// Whether an error is that of what is asked for, and so that of every group.
pub(super) fn of_all(error: &Error) -> bool {
    error.is_device()
        || matches!(
            error,
            Error::Shape { .. }
                | Error::InvalidPenalty { .. }
                | Error::InvalidRate { .. }
                | Error::InvalidRule { .. }
                | Error::InvalidSetting { .. }
                | Error::InvalidGrid { .. }
                | Error::Conflict { .. }
        )
}

impl CrossValidation {
    /// Chooses a λ for each group of rows alone, and fits it: what [`fit`](Self::fit) does with its rows, bit for bit, in the order of
    /// the [groups](Groups). Folds part the rows of each group; labels of folds are those of the rows. Blocking.
    ///
    /// A group of which nothing can be chosen, such as one of fewer rows than folds, has the reason in its place.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Folds, Groups, Ridge};
    /// let x: Vec<f64> = (0..30).map(|i| f64::from(i * i % 11)).collect();
    /// let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| if i < 20 { *x } else { -x }).collect();
    /// let labels: Vec<&str> = (0..30).map(|i| if i < 20 { "up" } else if i < 29 { "down" } else { "one row" }).collect();
    /// let groups = Groups::new(&labels);
    /// let chosen = CrossValidation::new(Ridge::new()).folds(Folds::Contiguous(3)).fit_groups(&x, &y, &groups)?;
    /// assert!(chosen[0].as_ref().is_ok_and(|own| own.coefficients(0)[0] > 0.9));
    /// assert!(chosen[1].as_ref().is_ok_and(|own| own.coefficients(0)[0] < -0.9));
    /// assert!(chosen[2].is_err());
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where there are not as many labels or weights as rows, [`Error::Empty`], those of arguments of
    /// [`fit`](Self::fit), and with [`Backend::Gpu`] those of the device.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_groups<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<Vec<Result<Selection>>> {
        pollster::block_on(self.fit_groups_async(x, y, groups))
    }

    /// [`fit_groups`](Self::fit_groups) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups).
    pub async fn fit_groups_async<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<Vec<Result<Selection>>> {
        let (x, y) = (x.into(), y.into());
        self.ridge.check_groups(x, y, groups)?;
        self.check_rows(x, y)?;
        let all: Vec<&[usize]> = (0..groups.len()).map(|group| groups.rows(group)).collect();
        let (k, done) = (self.ridge.penalty.len(), AtomicUsize::new(0));
        let report = self.ridge.reporter(all.len() * k);
        let numbers: Vec<usize> = (0..all.len()).collect();
        let (all, report, done, own) = (&all, &report, &done, self);
        let one = |group: usize| async move {
            let rows = all[group];
            let [x, y] = [x, y].map(|view| gathered(view, rows));
            let selection = own.of_rows(rows).fit_async(&x, &y).await;
            report((done.fetch_add(1, Ordering::Relaxed) + 1) * k);
            match selection {
                Err(error) if of_all(&error) => Err(error),
                selection => Ok(selection.map_err(|error| located(error, |row| rows[row]))),
            }
        };
        if self.ridge.request.backend != Backend::Gpu {
            return on_cpu(&numbers, one).await;
        }
        let mut found = Vec::with_capacity(all.len());
        for group in numbers {
            found.push(one(group).await?);
        }
        Ok(found)
    }

    /// Refuses rows, weights and labels of folds that do not belong together.
    pub(super) fn check_rows(&self, x: View<'_>, y: View<'_>) -> Result<()> {
        self.ridge.check_shapes(x, y)?;
        let labels = match &self.scheme {
            Scheme::Folds(Folds::Given(labels) | Folds::Grouped { groups: labels, .. }) => Some(labels.len()),
            _ => None,
        };
        match labels.filter(|found| *found != x.rows()) {
            Some(found) => Err(Error::Shape { what: "labels of folds against rows of X", found, wanted: x.rows() }),
            None => Ok(()),
        }
    }

    /// This of some of the rows: on the CPU unless the GPU is asked for.
    pub(super) fn of_rows(&self, rows: &[usize]) -> Self {
        let of = |labels: &[usize]| rows.iter().map(|row| labels[*row]).collect();
        let scheme = match &self.scheme {
            Scheme::Folds(Folds::Given(labels)) => Scheme::Folds(Folds::Given(of(labels))),
            Scheme::Folds(Folds::Grouped { folds, groups }) => {
                Scheme::Folds(Folds::Grouped { folds: *folds, groups: of(groups) })
            }
            other => other.clone(),
        };
        let ridge = self.ridge.of_rows(rows).silent();
        let ridge = match ridge.request.backend {
            Backend::Auto => ridge.backend(Backend::Cpu),
            _ => ridge,
        };
        let mut own = self.clone();
        (own.ridge, own.scheme) = (ridge, scheme);
        own
    }
}
