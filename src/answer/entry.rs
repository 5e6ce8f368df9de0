//! One λ of a path.

use std::ops::Range;

use nalgebra::{DMatrix, DMatrixView};

use crate::answer::path::RidgePath;
use crate::data::view::View;
use crate::error::Result;
use crate::model::outcome::Outcome;

/// What a path holds of one λ. From [`RidgePath::entry`] and [`RidgePath::iter`]:
///
/// ```
/// use ridgepath::{Ridge, View};
/// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
/// let path = Ridge::new().lambdas([0.01, 0.1, 1.0]).fit(x, &[1.0, 2.0, 3.0, 4.0])?;
/// for entry in &path {
///     println!("λ = {}: w = {:?}, R² = {:.3}", entry.lambda(), entry.coefficients(0), entry.r2(0));
/// }
/// # Ok::<(), ridgepath::Error>(())
/// ```
///
/// Lookups by target panic when there is no such target, as slices do.
#[derive(Debug, Clone, Copy)]
pub struct PathEntry<'a> {
    path: &'a RidgePath,
    index: usize,
}

impl<'a> PathEntry<'a> {
    /// Its number in the path, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// λ.
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.path.lambdas()[self.index]
    }

    /// The shift 2Wλ, scikit-learn's alpha.
    #[must_use]
    pub fn shift(&self) -> f64 {
        self.path.shifts()[self.index]
    }

    /// See [`RidgePath::condition`].
    #[must_use]
    pub fn condition(&self) -> f64 {
        self.path.condition(self.index)
    }

    /// See [`RidgePath::coefficients`].
    #[must_use]
    pub fn coefficients(&self, target: usize) -> &'a [f64] {
        self.path.coefficients(self.index, target)
    }

    /// See [`RidgePath::coefficient_matrix`].
    #[must_use]
    pub fn coefficient_matrix(&self) -> DMatrixView<'a, f64> {
        self.path.coefficient_matrix(self.index)
    }

    /// See [`RidgePath::intercept`].
    #[must_use]
    pub fn intercept(&self, target: usize) -> f64 {
        self.path.intercept(self.index, target)
    }

    /// See [`RidgePath::outcome`].
    #[must_use]
    pub fn outcome(&self, target: usize) -> Outcome {
        self.path.outcome(self.index, target)
    }

    /// See [`RidgePath::residual`].
    #[must_use]
    pub fn residual(&self, target: usize) -> f64 {
        self.path.residual(self.index, target)
    }

    /// See [`RidgePath::error_bound`].
    #[must_use]
    pub fn error_bound(&self, target: usize) -> f64 {
        self.path.error_bound(self.index, target)
    }

    /// See [`RidgePath::rss`].
    #[must_use]
    pub fn rss(&self, target: usize) -> f64 {
        self.path.rss(self.index, target)
    }

    /// See [`RidgePath::r2`].
    #[must_use]
    pub fn r2(&self, target: usize) -> f64 {
        self.path.r2(self.index, target)
    }

    /// ‖w‖², see [`RidgePath::squared_norm`].
    #[must_use]
    pub fn squared_norm(&self, target: usize) -> f64 {
        self.path.squared_norm(self.index, target)
    }

    /// ŷ of new rows, see [`RidgePath::predict`].
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when X has not n columns.
    pub fn predict<'x>(&self, x: impl Into<View<'x>>) -> Result<DMatrix<f64>> {
        self.path.predict(self.index, x)
    }
}

impl RidgePath {
    /// What the path holds of λ number `index`.
    ///
    /// # Panics
    /// When `index ≥ len()`, as slices do.
    #[must_use]
    pub fn entry(&self, index: usize) -> PathEntry<'_> {
        assert!(index < self.len(), "λ number {index} of a path of {}", self.len());
        PathEntry { path: self, index }
    }

    /// The λs one after another, in the order of the path.
    #[must_use]
    pub fn iter(&self) -> Entries<'_> {
        Entries { path: self, left: 0..self.len() }
    }
}

impl<'a> IntoIterator for &'a RidgePath {
    type Item = PathEntry<'a>;
    type IntoIter = Entries<'a>;

    fn into_iter(self) -> Entries<'a> {
        self.iter()
    }
}

/// The λs of a path, from [`RidgePath::iter`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    path: &'a RidgePath,
    left: Range<usize>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = PathEntry<'a>;

    fn next(&mut self) -> Option<PathEntry<'a>> {
        self.left.next().map(|index| PathEntry { path: self.path, index })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left.next_back().map(|index| PathEntry { path: self.path, index })
    }
}

impl ExactSizeIterator for Entries<'_> {}
