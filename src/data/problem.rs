//! The data of a regression: X against Y, finiteness and weights checked here alone.

use std::ops::Range;
use std::sync::Arc;

use crate::data::extent::ColumnExtent;
use crate::data::joined::Joined;
use crate::data::rows::Rows;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::math::powers::{exponent, scaled};

/// Rows X (m × n), targets Y (m × t) and observation weights s (m, all 1 if none), borrowed and checked:
/// the shapes agree, every number is finite, no weight is negative and one at least is positive.
///
/// The one pass over the rows that looks for numbers that are not finite measures the columns too, so that without weights nothing
/// reads them again before they are summed.
#[derive(Debug, Clone)]
pub struct Problem<'a> {
    x: View<'a>,
    y: View<'a>,
    weights: Option<&'a [f64]>,
    weight_sum: f64,
    /// Of [X | Y], as measured with weights that are all 1; `None` where they are not, or where columns were left out.
    extents: Option<Arc<[ColumnExtent]>>,
}

impl<'a> Problem<'a> {
    /// Checks X (m × n) and Y (m × t).
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`] when the rows differ, [`Error::NonFinite`].
    pub fn new(x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Self> {
        let (x, y) = (x.into(), y.into());
        for (what, view) in [("X", x), ("Y", y)] {
            let (rows, columns) = (view.rows(), view.columns());
            if rows == 0 || columns == 0 {
                return Err(Error::Empty { what, rows, columns });
            }
        }
        if x.rows() != y.rows() {
            return Err(Error::Shape { what: "rows of Y against rows of X", found: y.rows(), wanted: x.rows() });
        }
        #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
        let weight_sum = x.rows() as f64;
        let unmeasured = Self { x, y, weights: None, weight_sum, extents: None };
        let extents = unmeasured.extents();
        for (what, view, extents) in [("X", x, &extents[..x.columns()]), ("Y", y, &extents[x.columns()..])] {
            // A sum that overflows is not finite either.
            if extents.iter().all(ColumnExtent::is_finite) {
                continue;
            }
            let mut bad = None;
            view.visit(0, view.rows(), |row, column, value| {
                if !value.is_finite() && bad.is_none() {
                    bad = Some(Error::NonFinite { what, row, column, value });
                }
            });
            bad.map_or(Ok(()), Err)?;
        }
        Ok(Self { extents: Some(extents), ..unmeasured })
    }

    /// This problem with an observation weight s ≥ 0 for each row.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::InvalidWeight`], [`Error::ZeroWeights`], [`Error::Overflow`] when W = Σ s does.
    pub fn with_weights(self, weights: &'a [f64]) -> Result<Self> {
        if weights.len() != self.rows() {
            let (found, wanted) = (weights.len(), self.rows());
            return Err(Error::Shape { what: "weights against rows of X", found, wanted });
        }
        if let Some(row) = weights.iter().position(|s| !(s.is_finite() && *s >= 0.0)) {
            return Err(Error::InvalidWeight { row, value: weights[row] });
        }
        let weight_sum: f64 = weights.iter().sum();
        if weight_sum == 0.0 {
            return Err(Error::ZeroWeights { rows: weights.len() });
        }
        if !weight_sum.is_finite() {
            return Err(Error::Overflow { what: "the sum of the weights", detail: format!("{weight_sum}") });
        }
        Ok(Self { weights: Some(weights), weight_sum, extents: None, ..self })
    }

    /// These rows with other features, of the same number of rows and finite.
    pub(crate) fn with_features<'b>(&'b self, x: View<'b>) -> Problem<'b> {
        Problem { x, extents: None, ..self.clone() }
    }

    /// These rows with some of their targets, which `y` has.
    pub(crate) fn with_targets<'b>(&'b self, y: View<'b>, targets: &[usize]) -> Problem<'b> {
        let n = self.features();
        let some = |extents: &Arc<[ColumnExtent]>| {
            let columns = (0..n).chain(targets.iter().map(|target| n + target));
            columns.map(|column| extents[column]).collect()
        };
        Problem { y, extents: self.extents.as_ref().map(some), ..self.clone() }
    }

    /// m, the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.x.rows()
    }

    /// n, the number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.x.columns()
    }

    /// t, the number of targets.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.y.columns()
    }

    /// W = Σ s, which is m without weights.
    #[must_use]
    pub fn weight_sum(&self) -> f64 {
        self.weight_sum
    }

    /// X.
    #[must_use]
    pub fn x(&self) -> View<'a> {
        self.x
    }

    /// Y.
    #[must_use]
    pub fn y(&self) -> View<'a> {
        self.y
    }

    /// Whether there are weights.
    pub(crate) fn weighted(&self) -> bool {
        self.weights.is_some()
    }

    pub(super) fn joined(&self) -> Joined<'a> {
        Joined { x: self.x, y: self.y }
    }

    /// The extent of every column of [X | Y] about its value in the heaviest row, whose distance from the mean, which its weight
    /// multiplies, is then right to its last digits. Sums are in units of 2^`weight_unit`.
    pub(super) fn extents(&self) -> Arc<[ColumnExtent]> {
        let measured = || {
            let unit = self.weight_unit();
            let weights = match self.weights {
                Some(weights) => weights.iter().map(|weight| scaled(*weight, -unit)).collect(),
                None => vec![scaled(1.0, -unit); self.rows()],
            };
            ColumnExtent::of(&self.joined(), self.heaviest(), &weights).into()
        };
        self.extents.clone().unwrap_or_else(measured)
    }

    /// Bytes of an element of X, and of Y.
    pub(crate) fn element_bytes(&self) -> [usize; 2] {
        [self.x.element_bytes(), self.y.element_bytes()]
    }

    /// The first row of the largest weight.
    pub(crate) fn heaviest(&self) -> usize {
        if !self.weighted() {
            return 0;
        }
        (1..self.rows()).fold(0, |best, row| if self.weight(row) > self.weight(best) { row } else { best })
    }

    /// Whether the positive weights span so little that their products fit `f32`.
    pub(crate) fn weights_fit_single(&self) -> bool {
        self.weights_within(-40)
    }

    /// The same of sums in double precision, whose products have four times the exponents.
    pub(crate) fn weights_fit_double(&self) -> bool {
        self.weights_within(-600)
    }

    /// The exponent of a power of two above W: no sum that is weighted in its units overflows.
    pub(super) fn weight_unit(&self) -> i32 {
        exponent(self.weight_sum) + 1
    }

    /// Rows of positive weight.
    pub(super) fn positive_rows(&self) -> usize {
        self.weights.map_or(self.rows(), |weights| weights.iter().filter(|s| **s > 0.0).count())
    }

    /// Whether every positive weight is at least 2^`exponent` of the largest.
    fn weights_within(&self, exponent: i32) -> bool {
        let least = scaled(self.weight(self.heaviest()), exponent);
        self.weights.is_none_or(|weights| weights.iter().all(|s| *s == 0.0 || *s >= least))
    }

    /// s of a row.
    #[must_use]
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
}

/// [X | Y]: the columns of X, then those of Y.
impl Rows for Problem<'_> {
    fn rows(&self) -> usize {
        self.joined().rows()
    }

    fn columns(&self) -> usize {
        self.joined().columns()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        self.joined().read(rows, columns, to);
    }

    fn by_columns(&self) -> bool {
        self.joined().by_columns()
    }

    fn replayable(&self) -> bool {
        self.joined().replayable()
    }
}
