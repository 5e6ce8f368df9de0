//! A λ for each target, where targets have gaps.

use nalgebra::DMatrix;

use crate::choose::cross_validation::CrossValidation;
use crate::choose::many::of_all;
use crate::choose::rule::Choice;
use crate::choose::selection::Selection;
use crate::data::gathered::{gathered, gathered_columns};
use crate::data::target_patterns::TargetPatterns;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::model::method::Backend;
use crate::solve::batch::on_cpu;
use crate::solve::targets::Kept;

/// What was chosen for each of t targets, on the rows in which it has values.
///
/// Targets that were solved together share a [`Selection`], in which each has a number of its own.
#[derive(Debug, Clone)]
pub struct TargetSelections {
    selections: Vec<Result<Selection>>,
    /// Of each target its selection, and its number in it.
    places: Vec<(usize, usize)>,
}

impl TargetSelections {
    /// t, the targets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True of no targets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The selection that a target is in, and its number there.
    ///
    /// # Errors
    /// Why nothing was chosen for the target.
    ///
    /// # Panics
    /// When there is no such target, as slices do; so do the other lookups by number.
    pub fn selection(&self, target: usize) -> std::result::Result<(&Selection, usize), &Error> {
        let (selection, number) = self.places[target];
        self.selections[selection].as_ref().map(|selection| (selection, number))
    }

    /// The λ chosen for a target, and its score.
    ///
    /// # Errors
    /// Why nothing was chosen for it.
    pub fn choice(&self, target: usize) -> std::result::Result<&Choice, &Error> {
        self.selection(target).map(|(selection, number)| selection.choice(number))
    }

    /// The n coefficients of a target at its λ, of all rows in which it has values.
    ///
    /// # Errors
    /// Why nothing was chosen for it.
    pub fn coefficients(&self, target: usize) -> std::result::Result<&[f64], &Error> {
        self.selection(target).map(|(selection, number)| selection.coefficients(number))
    }

    /// Its intercept.
    ///
    /// # Errors
    /// Why nothing was chosen for it.
    pub fn intercept(&self, target: usize) -> std::result::Result<f64, &Error> {
        self.selection(target).map(|(selection, number)| selection.intercept(number))
    }

    /// The targets for which nothing was chosen, in their order, and why.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &Error)> {
        (0..self.len()).filter_map(|target| self.selection(target).err().map(|error| (target, error)))
    }
}

/// Targets of one pattern that were solved together or alone, their selections with how many targets each has.
type OfPattern = Vec<(Result<Selection>, usize)>;

impl CrossValidation {
    /// Chooses a λ for each target of Y (m × t) on the rows in which it has a value: NaN means that a row does not count for a target.
    /// [Targets of one pattern](TargetPatterns) are trained and scored together, as [`fit`](Self::fit) does with the pattern's rows and
    /// targets and a λ [for each target](Self::per_target): folds part the rows of a pattern, labels of folds are those of the rows.
    /// Blocking.
    ///
    /// A target of which nothing can be chosen, such as a constant one, is [refused](TargetSelections::refused).
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Ridge, View};
    /// let x: Vec<f64> = (0..40).map(|i| f64::from(i * i % 11)).collect();
    /// let y = |i: usize, target: usize| if target == 1 && i % 9 == 4 { f64::NAN } else { x[i] * (target as f64 - 2.0) };
    /// let y: Vec<f64> = (0..120).map(|at| y(at / 3, at % 3)).collect();
    /// let chosen = CrossValidation::new(Ridge::new()).fit_targets(&x, View::row_major(&y, 40, 3)?)?;
    /// assert!(chosen.coefficients(1).is_ok_and(|w| (w[0] + 1.0).abs() < 0.1));
    /// let (target, why) = chosen.refused().next().ok_or("all have a λ")?;
    /// assert_eq!((target, chosen.refused().count()), (2, 1)); // it is 0 throughout
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_targets<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<TargetSelections> {
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
    ) -> Result<TargetSelections> {
        let (x, y) = (x.into(), y.into());
        self.ridge.check_shapes(x, y)?;
        self.scheme.check_labels(x.rows())?;
        let patterns = &TargetPatterns::of(y);
        let numbers: Vec<usize> = (0..patterns.len()).collect();
        let own = self;
        let one = |pattern: usize| async move { own.of_pattern(x, y, &Kept::of(patterns, pattern)).await };
        let found: Vec<OfPattern> = if self.ridge.request.backend == Backend::Gpu {
            let mut found = Vec::with_capacity(numbers.len());
            for pattern in numbers {
                found.push(one(pattern).await?);
            }
            found
        } else {
            on_cpu(&numbers, one).await?
        };
        let mut places = vec![(0, 0); patterns.total_targets()];
        let mut selections = Vec::with_capacity(found.len());
        for (pattern, found) in found.into_iter().enumerate() {
            let mut targets = patterns.targets(pattern).iter();
            for (selection, count) in found {
                let of_selection = targets.by_ref().take(count).enumerate();
                of_selection.for_each(|(number, target)| places[*target] = (selections.len(), number));
                selections.push(selection);
            }
        }
        Ok(TargetSelections { selections, places })
    }

    /// The selections of the targets of a pattern: one of all, or where that fails, of each alone.
    async fn of_pattern(&self, x: View<'_>, y: View<'_>, kept: &Kept<'_>) -> Result<OfPattern> {
        let (all, count) = (gathered(x, kept.rows), kept.targets.len());
        match self.of_kept(&all, y, kept).await {
            Err(error) if of_all(&error) => Err(error),
            Err(error) if count > 1 && !kept.is_of_all(&error) => {
                let mut found = Vec::with_capacity(count);
                for target in kept.targets {
                    match self.of_kept(&all, y, &Kept { targets: std::slice::from_ref(target), ..*kept }).await {
                        Err(error) if of_all(&error) => return Err(error),
                        selection => found.push((selection, 1)),
                    }
                }
                Ok(found)
            }
            selection => Ok(vec![(selection, count)]),
        }
    }

    /// The selection of the rows and targets kept, of which X is gathered.
    async fn of_kept(&self, x: &DMatrix<f64>, y: View<'_>, kept: &Kept<'_>) -> Result<Selection> {
        let mut own = self.clone().scheme(self.scheme.of_rows(kept.rows)).per_target(true);
        own.ridge = self.ridge.on_host().of_kept_data(kept, [x.ncols(), y.columns()]);
        own.fit_async(x, &gathered_columns(y, kept.rows, kept.targets)).await.map_err(|error| kept.located(error))
    }
}
