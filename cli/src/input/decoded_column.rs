//! A column of a batch of a Parquet file: its numbers, where it has nothing else, and its cells.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array};
use arrow_schema::DataType;

use crate::input::column_roles::Part;
use crate::input::number_block::NumberRules;
use crate::input::parquet_column::ParquetColumn;

pub(crate) struct DecodedColumn {
    /// NaN where there is no value.
    numbers: Option<Vec<f64>>,
    lacks_values: bool,
    /// None where there are the numbers alone, all of them finite.
    cells: Option<ParquetColumn>,
}

impl DecodedColumn {
    /// Of an array, with the part that it plays where rows may become numbers many at once; none where it is neither of numbers nor of
    /// text.
    pub(crate) fn of(array: ArrayRef, wanted: Option<(&NumberRules, Part)>) -> Option<Self> {
        let Some((rules, part)) = wanted else {
            return ParquetColumn::of(&array).map(|cells| Self {
                numbers: None,
                lacks_values: false,
                cells: Some(cells),
            });
        };
        let array =
            match finite(array, |value| !rules.cells.is_null_number(value) && (part != Part::Weight || value >= 0.0)) {
                Ok(numbers) => return Some(Self { numbers: Some(numbers), lacks_values: false, cells: None }),
                Err(array) => array,
            };
        let cells = ParquetColumn::of(&array)?;
        let mut numbers = cells.numbers();
        numbers
            .iter_mut()
            .flatten()
            .filter(|value| rules.cells.is_null_number(**value))
            .for_each(|value| *value = f64::NAN);
        let numbers = numbers.filter(|own| part != Part::Weight || !own.iter().any(|value| *value < 0.0));
        let lacks_values = numbers.iter().flatten().any(|value| value.is_nan());
        Some(Self { numbers, lacks_values, cells: Some(cells) })
    }

    /// Whether there are numbers in all rows, but for those that have no value.
    pub(crate) fn is_numbers(&self) -> bool {
        self.numbers.is_some()
    }

    pub(crate) fn lacks_values(&self) -> bool {
        self.lacks_values
    }

    /// The numbers, which may be put back.
    pub(crate) fn take_numbers(&mut self) -> Vec<f64> {
        self.numbers.take().unwrap_or_default()
    }

    pub(crate) fn put_numbers(&mut self, numbers: Vec<f64>) {
        self.numbers = Some(numbers);
    }

    pub(crate) fn into_cells(self) -> ParquetColumn {
        self.cells.unwrap_or_else(|| ParquetColumn::of_floats(self.numbers.unwrap_or_default()))
    }
}

/// The numbers of an array of 64-bit floats that are all there, finite and as is asked; else the array.
fn finite(array: ArrayRef, fits: impl Fn(f64) -> bool) -> Result<Vec<f64>, ArrayRef> {
    if *array.data_type() != DataType::Float64 || array.null_count() > 0 {
        return Err(array);
    }
    let floats: Float64Array = array.as_primitive::<Float64Type>().clone();
    // Without another owner the numbers are taken as they lie.
    drop(array);
    let finite = floats.values().iter().fold(true, |all, value| all & value.is_finite());
    match finite && floats.values().iter().all(|value| fits(*value)) {
        true => Ok(floats.into_parts().1.into()),
        false => Err(Arc::new(floats)),
    }
}
