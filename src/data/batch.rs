//! Some rows of a stream, with all that rows can have.

use std::fmt;

use crate::data::rows::Rows;
use crate::error::{Error, Result};

/// Rows that follow one another in a stream: X (m × n), Y (m × t), and where rows have them weights and labels. It owns them, as the
/// next ones are read while these are summed. Of no rows it may be.
///
/// ```
/// use ridgepath::{Batch, nalgebra::DMatrix};
/// let x = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// let batch = Batch::new(x, DMatrix::from_column_slice(2, 1, &[7.0, 8.0]))?.with_weights(vec![1.0, 0.5])?;
/// assert_eq!((batch.rows(), batch.features(), batch.targets()), (2, 3, 1));
/// # Ok::<(), ridgepath::Error>(())
/// ```
pub struct Batch {
    x: Box<dyn Rows + Send>,
    y: Box<dyn Rows + Send>,
    weights: Option<Vec<f64>>,
    labels: Option<Vec<usize>>,
}

impl Batch {
    /// Rows of X and Y, each in any container: a matrix of nalgebra, or what implements [`Rows`].
    ///
    /// # Errors
    /// [`Error::Shape`] when X and Y have not as many rows, [`Error::Empty`] when one has no columns.
    pub fn new(x: impl Rows + Send + 'static, y: impl Rows + Send + 'static) -> Result<Self> {
        for (what, rows, columns) in [("X", x.rows(), x.columns()), ("Y", y.rows(), y.columns())] {
            if columns == 0 {
                return Err(Error::Empty { what, rows, columns });
            }
        }
        check(x.rows(), y.rows(), "rows of Y against rows of X")?;
        Ok(Self { x: Box::new(x), y: Box::new(y), weights: None, labels: None })
    }

    /// With an observation weight s ≥ 0 for each row. All batches of a stream have weights, or none has.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self> {
        check(self.rows(), weights.len(), "weights against rows of X")?;
        Ok(Self { weights: Some(weights), ..self })
    }

    /// With a label for each row, for [`Folds::Labelled`](crate::Folds::Labelled) and
    /// [`Folds::RollingLabels`](crate::Folds::RollingLabels).
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn with_labels(self, labels: Vec<usize>) -> Result<Self> {
        check(self.rows(), labels.len(), "labels of folds against rows of X")?;
        Ok(Self { labels: Some(labels), ..self })
    }

    /// m, the rows of this batch.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.x.rows()
    }

    /// n.
    #[must_use]
    pub fn features(&self) -> usize {
        self.x.columns()
    }

    /// t.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.y.columns()
    }

    pub(crate) fn x(&self) -> &(dyn Rows + Send) {
        &*self.x
    }

    pub(crate) fn y(&self) -> &(dyn Rows + Send) {
        &*self.y
    }

    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    pub(crate) fn labels(&self) -> Option<&[usize]> {
        self.labels.as_deref()
    }
}

fn check(wanted: usize, found: usize, what: &'static str) -> Result<()> {
    if found == wanted { Ok(()) } else { Err(Error::Shape { what, found, wanted }) }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("rows", &self.rows())
            .field("features", &self.features())
            .field("targets", &self.targets())
            .finish_non_exhaustive()
    }
}
