//! A λ for each of many problems: groups, windows, and those of the caller.

use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::choose::cross_validation::CrossValidation;
use crate::choose::scheme::Scheme;
use crate::choose::selection::Selection;
use crate::data::groups::Groups;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::data::windows::Windows;
use crate::error::{Error, Result};
use crate::model::method::Backend;
use crate::model::watch::Watch;
use crate::solve::batch::on_cpu;
use crate::solve::each::{Holds, Part, alike};

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
                | Error::Cancelled
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
        self.scheme.check_labels(x.rows())?;
        let all: Vec<&[usize]> = (0..groups.len()).map(|group| groups.rows(group)).collect();
        let (weights, scheme) = (self.ridge.weights.as_deref(), &self.scheme);
        let part = |group: usize| (Part::of_rows(x, y, weights, all[group]), scheme.of_rows(all[group]));
        self.each(all.len(), self.ridge.request.backend == Backend::Gpu, part, |_, selection| selection).await
    }

    /// Chooses a λ for each window of rows alone, as [`fit_groups`](Self::fit_groups) does for groups. Blocking.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Ridge, Windows};
    /// let x: Vec<f64> = (0..40).map(|i| f64::from(i * i % 11)).collect();
    /// let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| if i < 20 { *x } else { -x }).collect();
    /// let choice = CrossValidation::new(Ridge::new()).leave_one_out();
    /// let chosen = choice.fit_windows(&x, &y, &Windows::rolling(20, 20))?;
    /// assert!(chosen[0].as_ref().is_ok_and(|own| own.coefficients(0)[0] > 0.9));
    /// assert!(chosen[1].as_ref().is_ok_and(|own| own.coefficients(0)[0] < -0.9));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Windows::ranges`], and as [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_windows<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<Vec<Result<Selection>>> {
        pollster::block_on(self.fit_windows_async(x, y, windows))
    }

    /// [`fit_windows`](Self::fit_windows) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_windows`](Self::fit_windows).
    pub async fn fit_windows_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<Vec<Result<Selection>>> {
        let (x, y) = (x.into(), y.into());
        self.ridge.check_shapes(x, y)?;
        self.scheme.check_labels(x.rows())?;
        let ranges = windows.ranges(x.rows())?;
        let (weights, scheme) = (self.ridge.weights.as_deref(), &self.scheme);
        let part = |window: usize| {
            let rows = ranges[window].clone();
            let scheme = scheme.of_rows(&rows.clone().collect::<Vec<usize>>());
            (Part::of_run(x, y, weights, rows), scheme)
        };
        self.each(ranges.len(), self.ridge.request.backend == Backend::Gpu, part, |_, selection| selection).await
    }

    /// Chooses a λ for each of some problems of the same features and targets alone, as [`fit_groups`](Self::fit_groups) does for
    /// groups. Weights are those of the problems, not those of the solver; labels of folds are those of the rows of every problem.
    /// Blocking.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Problem, Ridge};
    /// let x: Vec<f64> = (0..24).map(|i| f64::from(i * i % 11)).collect();
    /// let y: Vec<f64> = x.iter().map(|x| -x).collect();
    /// let problems = [Problem::new(&x, &x)?, Problem::new(&x[..12], &y[..12])?];
    /// let chosen = CrossValidation::new(Ridge::new()).fit_many(&problems)?;
    /// assert!(chosen[0].as_ref().is_ok_and(|own| own.coefficients(0)[0] > 0.9));
    /// assert!(chosen[1].as_ref().is_ok_and(|own| own.coefficients(0)[0] < -0.9));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where features or targets differ, or rows of a problem are not as many as labels; [`Error::Count`] of no
    /// problems; and as [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_many(&self, problems: &[Problem<'_>]) -> Result<Vec<Result<Selection>>> {
        pollster::block_on(self.fit_many_async(problems))
    }

    /// [`fit_many`](Self::fit_many) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_many`](Self::fit_many).
    pub async fn fit_many_async(&self, problems: &[Problem<'_>]) -> Result<Vec<Result<Selection>>> {
        alike(problems)?;
        let scheme = &self.scheme;
        let part = |number: usize| (problems[number].clone(), scheme.clone());
        self.each(problems.len(), self.ridge.request.backend == Backend::Gpu, part, |_, selection| selection).await
    }

    /// What `of` makes of what is chosen for each of some problems, judged by its scheme, or of why nothing is: side by side on the
    /// CPU, or one after the other, each where the solver says.
    pub(super) async fn each<P: Holds, R: Send>(
        &self,
        count: usize,
        in_order: bool,
        part: impl Fn(usize) -> (P, Scheme) + Sync,
        of: impl Fn(usize, Result<Selection>) -> R + Sync,
    ) -> Result<Vec<R>> {
        let (k, done) = (self.ridge.penalty.len(), AtomicUsize::new(0));
        let report = self.ridge.reporter(count * k);
        let mut alone = self.clone();
        alone.ridge = alone.ridge.silent();
        if !in_order && self.ridge.request.backend == Backend::Auto {
            alone.ridge = alone.ridge.backend(Backend::Cpu);
        }
        let (report, done, alone, part, of) = (&report, &done, &alone, &part, &of);
        let one = |number: usize| async move {
            alone.ridge.check_cancelled()?;
            let (part, scheme) = part(number);
            let selection = match part.problem() {
                Ok(problem) => {
                    let own = alone.clone().scheme(scheme);
                    own.fit_problem(&problem).await.map_err(|error| part.located(error))
                }
                Err(error) => Err(error),
            };
            report.done((done.fetch_add(1, Ordering::Relaxed) + 1) * k);
            match selection {
                Err(error) if of_all(&error) => Err(error),
                selection => Ok(of(number, selection)),
            }
        };
        let numbers: Vec<usize> = (0..count).collect();
        if !in_order {
            return on_cpu(&numbers, one).await;
        }
        let mut found = Vec::with_capacity(count);
        for number in numbers {
            found.push(one(number).await?);
        }
        Ok(found)
    }
}
