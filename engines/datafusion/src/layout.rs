//! Which argument of a call is what, and the rows of a batch that count.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array};
use arrow_schema::FieldRef;
use datafusion_common::{Result, exec_datafusion_err, exec_err, internal_datafusion_err, internal_err};

/// Arguments in their order: the weight where there is one, targets, features.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) weighted: bool,
    pub(crate) targets: usize,
    pub(crate) features: usize,
    names: Arc<[String]>,
}

impl Layout {
    pub(crate) fn of(targets: usize, weighted: bool, fields: &[FieldRef]) -> Result<Self> {
        let names = fields.iter().map(|field| field.name().clone()).collect();
        match fields.len().checked_sub(targets + usize::from(weighted)) {
            None | Some(0) => internal_err!("ridge_moments: found {} arguments, too few for a feature", fields.len()),
            Some(features) => Ok(Self { weighted, targets, features, names }),
        }
    }

    /// The numbers of a row.
    pub(crate) fn width(&self) -> usize {
        usize::from(self.weighted) + self.targets + self.features
    }

    /// An error of the library, with the name of the column that it speaks of.
    pub(crate) fn told(&self, error: &ridgepath::Error) -> datafusion_common::DataFusionError {
        let first = usize::from(self.weighted);
        match error {
            ridgepath::Error::Span { what, column, .. } => {
                let place = if *what == "Y" { first + column } else { first + self.targets + column };
                exec_datafusion_err!("ridge_moments: column '{}': {error}", self.names[place])
            }
            _ => exec_datafusion_err!("ridge_moments: {error}"),
        }
    }

    /// Whether a number may stand in a column: finite, and not negative where it is a weight.
    pub(crate) fn allows(&self, column: usize, value: f64) -> bool {
        value.is_finite() && !(self.weighted && column == 0 && value < 0.0)
    }

    fn refusal<T>(&self, column: usize, value: f64) -> Result<T> {
        let wanted = if self.weighted && column == 0 { "a finite weight >= 0" } else { "a finite number, or NULL" };
        exec_err!("ridge_moments: column '{}': found {value:?}, wanted {wanted}", self.names[column])
    }
}

/// The arguments of a batch.
pub(crate) struct Arguments<'a> {
    layout: &'a Layout,
    columns: Vec<&'a Float64Array>,
    filter: Option<&'a BooleanArray>,
    whole: bool,
}

impl<'a> Arguments<'a> {
    pub(crate) fn of(layout: &'a Layout, values: &'a [ArrayRef], filter: Option<&'a BooleanArray>) -> Result<Self> {
        if values.len() != layout.width() {
            return internal_err!("ridge_moments: found {} columns, wanted {}", values.len(), layout.width());
        }
        let column = |array: &'a ArrayRef| {
            let found = array.as_primitive_opt::<Float64Type>();
            found.ok_or_else(|| internal_datafusion_err!("ridge_moments: found {}, wanted Float64", array.data_type()))
        };
        let columns = values.iter().map(column).collect::<Result<Vec<_>>>()?;
        let rows = columns[0].len();
        if columns.iter().any(|column| column.len() != rows) || filter.is_some_and(|filter| filter.len() != rows) {
            return internal_err!("ridge_moments: columns of unlike lengths");
        }
        let whole = filter.is_none() && columns.iter().all(|column| column.null_count() == 0);
        Ok(Self { layout, columns, filter, whole })
    }

    pub(crate) fn rows(&self) -> usize {
        self.columns[0].len()
    }

    /// Appends the numbers of a row, and says whether it counts: it is not filtered out, has no NULL, and no weight of 0.
    pub(crate) fn read(&self, row: usize, numbers: &mut Vec<f64>) -> Result<bool> {
        if !self.whole {
            let filtered = self.filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row));
            if filtered || self.columns.iter().any(|column| column.is_null(row)) {
                return Ok(false);
            }
        }
        let start = numbers.len();
        numbers.extend(self.columns.iter().map(|column| column.value(row)));
        for (column, value) in numbers[start..].iter().enumerate() {
            if !self.layout.allows(column, *value) {
                let value = *value;
                numbers.truncate(start);
                return self.layout.refusal(column, value);
            }
        }
        if self.layout.weighted && numbers[start] == 0.0 {
            numbers.truncate(start);
            return Ok(false);
        }
        Ok(true)
    }
}
