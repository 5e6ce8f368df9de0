//! A λ for each target, where targets have gaps.

use nalgebra::DMatrix;

use crate::choose::cross_validation::CrossValidation;
use crate::choose::many::of_all;
use crate::choose::selection::Selection;
use crate::data::gathered::{gathered, gathered_columns};
use crate::data::target_patterns::TargetPatterns;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::model::method::Backend;
use crate::solve::batch::on_cpu;
use crate::solve::targets::Kept;

impl CrossValidation {
    /// Chooses a λ for each target of Y (m × t) on the rows in which it has a value: NaN means that a row does not count for a target.
    /// [Targets of one pattern](TargetPatterns) are trained and scored together, as [`fit`](Self::fit) does with the pattern's rows and
    /// targets and a λ [for each target](Self::per_target): folds part the rows of a pattern, labels of folds are those of the rows.
    /// Blocking.
    ///
    /// There is a selection of one target for each, in their order; a target of which nothing can be chosen, such as a constant one, has
    /// the reason in its place.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Ridge, View};
    /// let x: Vec<f64> = (0..40).map(|i| f64::from(i * i % 11)).collect();
    /// let mut y: Vec<f64> = (0..120).map(|at| x[at / 3] * [-2.0, -1.0, 1.0][at % 3]).collect();
    /// (y[31], y[32]) = (f64::NAN, f64::INFINITY);
    /// let chosen = CrossValidation::new(Ridge::new()).fit_targets(&x, View::row_major(&y, 40, 3)?)?;
    /// assert!(chosen[1].as_ref().is_ok_and(|own| (own.coefficients(0)[0] + 1.0).abs() < 0.1));
    /// assert_eq!(chosen.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]); // of an infinite value
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_targets<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Vec<Result<Selection>>> {
        pollster::block_on(self.fit_targets_async(x, y))
    }

    /// [`fit_targets`](Self::fit_targets) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_targets`](Self::fit_targets).
    pub async fn fit_targets_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
    ) -> Result<Vec<Result<Selection>>> {
        let (x, y) = (x.into(), y.into());
        self.ridge.check_shapes(x, y)?;
        self.scheme.check_labels(x.rows())?;
        let patterns = &TargetPatterns::of(y);
        let numbers: Vec<usize> = (0..patterns.len()).collect();
        let own = self;
        let one = |pattern: usize| async move { own.of_pattern(x, y, &Kept::of(patterns, pattern)).await };
        let found: Vec<Vec<Result<Selection>>> = if self.ridge.request.backend == Backend::Gpu {
            let mut found = Vec::with_capacity(numbers.len());
            for pattern in numbers {
                found.push(one(pattern).await?);
            }
            found
        } else {
            on_cpu(&numbers, one).await?
        };
        let mut found: Vec<_> = found.into_iter().map(Vec::into_iter).collect();
        let mut next = |target: usize| found[patterns.of_target(target)].next();
        (0..patterns.total_targets()).map(|target| next(target).ok_or_else(missing)).collect()
    }

    /// The selections of the targets of a pattern: chosen for all together, or where that fails, for each alone.
    async fn of_pattern(&self, x: View<'_>, y: View<'_>, kept: &Kept<'_>) -> Result<Vec<Result<Selection>>> {
        let (all, count) = (gathered(x, kept.rows), kept.targets.len());
        match self.of_kept(&all, y, kept).await {
            Err(error) if of_all(&error) => Err(error),
            Err(error) if !kept.is_of_all(&error) => {
                let mut found = Vec::with_capacity(count);
                for target in kept.targets {
                    match self.of_kept(&all, y, &Kept { targets: std::slice::from_ref(target), ..*kept }).await {
                        Err(error) if of_all(&error) => return Err(error),
                        selection => found.push(selection),
                    }
                }
                Ok(found)
            }
            Err(error) => Ok(vec![Err(error); count]),
            Ok(selection) => Ok((0..count).map(|target| Ok(selection.of_target(target))).collect()),
        }
    }

    /// The selection of the rows and targets kept, of which X is gathered.
    async fn of_kept(&self, x: &DMatrix<f64>, y: View<'_>, kept: &Kept<'_>) -> Result<Selection> {
        let mut own = self.clone().scheme(self.scheme.of_rows(kept.rows)).per_target(true);
        own.ridge = self.ridge.on_host().of_kept_data(kept, [x.ncols(), y.columns()]);
        own.fit_async(x, &gathered_columns(y, kept.rows, kept.targets)).await.map_err(|error| kept.located(error))
    }
}

fn missing() -> Error {
    Error::Device { reason: "a choice is missing".into() }
}
