//! Rows from the record batches of Arrow.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, RecordBatch};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use arrow_select::filter::filter;
use arrow_select::take::take;

use crate::data::batch::Batch;
use crate::data::column_names::{ColumnNames, find};
use crate::data::rows::Rows;
use crate::data::stream::Stream;
use crate::error::{Error, Result};

/// Columns of numbers of one record batch: floats as they lie in its buffers, others turned into `f64`.
///
/// ```
/// # #[cfg(feature = "arrow")] {
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, Int32Array, RecordBatch};
/// use ridgepath::{ArrowColumns, Ridge, View};
///
/// let batch = RecordBatch::try_from_iter([
///     ("area", Arc::new(Float64Array::from(vec![50.0, 75.0, 90.0, 120.0])) as _),
///     ("rooms", Arc::new(Int32Array::from(vec![2, 3, 3, 5])) as _),
///     ("price", Arc::new(Float64Array::from(vec![100.0, 140.0, 170.0, 230.0])) as _),
/// ]).expect("as many rows");
/// let x = ArrowColumns::named(&batch, &["area", "rooms"])?;
/// let y = ArrowColumns::named(&batch, &["price"])?;
/// let path = Ridge::new().lambdas([1.0, 0.1]).fit(View::of(&x)?, View::of(&y)?)?;
/// assert_eq!(path.features(), 2);
/// # }
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ArrowColumns {
    rows: usize,
    columns: Vec<Column>,
}

/// The numbers of a column, without nulls.
#[derive(Debug, Clone)]
enum Column {
    Double(ScalarBuffer<f64>),
    Single(ScalarBuffer<f32>),
}

impl ArrowColumns {
    /// Columns by their names.
    ///
    /// # Errors
    /// [`Error::Column`] for a name that no column or more than one has, a type that holds no numbers, a null, and a whole number
    /// that no `f64` is.
    pub fn named(batch: &RecordBatch, names: &[&str]) -> Result<Self> {
        let schema = batch.schema_ref();
        let all: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let one = |name: &&str| find(&all, name).and_then(|at| numbers_of(name, batch.column(at), &|row| row as u64));
        let columns = names.iter().map(one).collect::<Result<_>>()?;
        Ok(Self { rows: batch.num_rows(), columns })
    }
}

impl Rows for ArrowColumns {
    fn rows(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        self.columns.len()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        for (column, to) in self.columns[columns].iter().zip(to.chunks_mut(rows.len())) {
            match column {
                Column::Double(values) => to.copy_from_slice(&values[rows.clone()]),
                Column::Single(values) => {
                    to.iter_mut().zip(&values[rows.clone()]).for_each(|(to, value)| *to = f64::from(*value));
                }
            }
        }
    }

    fn by_columns(&self) -> bool {
        true
    }

    fn replayable(&self) -> bool {
        true
    }
}

impl Batch {
    /// The rows of a record batch, whose first row is number `first` of all. Of rows that are to be left out for a null, the number is
    /// told too.
    ///
    /// # Errors
    /// [`Error::Column`], as of [`ArrowColumns::named`]; also for labels that are no whole numbers ≥ 0.
    pub fn of_arrow(batch: &RecordBatch, names: &ColumnNames, first: u64) -> Result<(Self, usize)> {
        let schema = batch.schema_ref();
        let all: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let numbers = names.among(&all)?;
        let used: Vec<usize> = numbers.all().collect();
        let mut columns: Vec<ArrayRef> = used.iter().map(|at| batch.column(*at).clone()).collect();
        let mut kept: Vec<usize> = Vec::new();
        let nulls = columns.iter().map(|column| column.logical_nulls());
        let nulls = nulls.fold(None, |all, own| NullBuffer::union(all.as_ref(), own.as_ref()));
        let nulls = nulls.filter(|nulls| names.drops_nulls() && nulls.null_count() > 0);
        if let Some(nulls) = &nulls {
            let counts = BooleanArray::new(nulls.inner().clone(), None);
            columns = columns
                .iter()
                .map(|own| filter(own, &counts))
                .collect::<std::result::Result<_, _>>()
                .map_err(Error::source)?;
            kept = nulls.valid_indices().collect();
        }
        let rows = if nulls.is_some() { kept.len() } else { batch.num_rows() };
        let number = |row: usize| first + if nulls.is_some() { kept[row] as u64 } else { row as u64 };
        let mut found = used.iter().zip(&columns).map(|(at, column)| (all[*at], column));
        let mut some = |count: usize| -> Result<ArrowColumns> {
            let columns = found
                .by_ref()
                .take(count)
                .map(|(name, column)| numbers_of(name, column, &number))
                .collect::<Result<_>>()?;
            Ok(ArrowColumns { rows, columns })
        };
        let x = some(numbers.features.len())?;
        let y = some(numbers.targets.len())?;
        let weights = some(numbers.weights.iter().len())?;
        let labels = some(numbers.labels.iter().len())?;
        let doubles = |of: &ArrowColumns| {
            let mut values = vec![0.0; rows];
            if rows > 0 {
                of.read(0..rows, 0..1, &mut values);
            }
            values
        };
        let mut own = Self::new(x, y)?;
        if numbers.weights.is_some() {
            own = own.with_weights(doubles(&weights))?;
        }
        if let Some(at) = numbers.labels {
            let of_row = |(row, value): (usize, f64)| {
                label(value).ok_or_else(|| {
                    wrong(
                        all[at],
                        number(row),
                        format!("is {value:?}; a whole number ≥ 0 is needed for a label of a fold"),
                    )
                })
            };
            own = own.with_labels(doubles(&labels).into_iter().enumerate().map(of_row).collect::<Result<_>>()?)?;
        }
        Ok((own, batch.num_rows() - rows))
    }
}

impl<'a> Stream<'a> {
    /// The record batches of a reader, which are read once.
    ///
    /// # Errors
    /// Those of [`Batch::of_arrow`] come while the stream is read.
    pub fn of_arrow<E: std::fmt::Display>(
        reader: impl IntoIterator<Item = std::result::Result<RecordBatch, E>, IntoIter: Send + 'a>,
        names: &ColumnNames,
    ) -> Self {
        let (names, mut first) = (names.clone(), 0);
        let batch = move |record: std::result::Result<RecordBatch, E>| {
            let record = record.map_err(Error::source)?;
            let (batch, _) = Batch::of_arrow(&record, &names, first)?;
            first += record.num_rows() as u64;
            Ok(batch)
        };
        Self::once(reader.into_iter().map(batch))
    }
}

/// A whole number ≥ 0, if a float is one.
fn label(value: f64) -> Option<usize> {
    const MOST: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number in range")]
    let number = value as usize;
    ((0.0..MOST).contains(&value) && value.fract() == 0.0).then_some(number)
}

/// Whether a whole number of this size is a float: of no more than 53 digits from the first 1 to the last, in base 2.
fn is_float(size: u64) -> bool {
    size.leading_zeros() + size.trailing_zeros() >= u64::BITS - f64::MANTISSA_DIGITS
}

fn wrong(column: &str, row: u64, detail: impl std::fmt::Display) -> Error {
    Error::Column { column: column.into(), detail: format!("row {row} {detail}") }
}

/// The numbers of an array, whose rows have numbers among those of all.
fn numbers_of(name: &str, array: &ArrayRef, number: &dyn Fn(usize) -> u64) -> Result<Column> {
    if let Some(nulls) = array.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
        let row = (0..nulls.len()).find(|row| nulls.is_null(*row)).unwrap_or(0);
        return Err(wrong(name, number(row), "is null; a number is needed, or ColumnNames::drop_nulls"));
    }
    let unheld = |row: usize, value: &dyn std::fmt::Display| {
        let wanted = "which no 64-bit float is; subtract an origin from the column first";
        wrong(name, number(row), format!("is {value}, {wanted}"))
    };
    Ok(match array.data_type() {
        DataType::Float64 => Column::Double(array.as_primitive::<Float64Type>().values().clone()),
        DataType::Float32 => Column::Single(array.as_primitive::<Float32Type>().values().clone()),
        DataType::Float16 => of::<Float16Type>(array, f64::from),
        DataType::Int8 => of::<Int8Type>(array, f64::from),
        DataType::Int16 => of::<Int16Type>(array, f64::from),
        DataType::Int32 => of::<Int32Type>(array, f64::from),
        DataType::UInt8 => of::<UInt8Type>(array, f64::from),
        DataType::UInt16 => of::<UInt16Type>(array, f64::from),
        DataType::UInt32 => of::<UInt32Type>(array, f64::from),
        #[expect(clippy::cast_precision_loss, reason = "refused where it loses any")]
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().values();
            match values.iter().position(|value| !is_float(value.unsigned_abs())) {
                Some(row) => return Err(unheld(row, &values[row])),
                None => of::<Int64Type>(array, |value| value as f64),
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "refused where it loses any")]
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>().values();
            match values.iter().position(|value| !is_float(*value)) {
                Some(row) => return Err(unheld(row, &values[row])),
                None => of::<UInt64Type>(array, |value| value as f64),
            }
        }
        DataType::Boolean => {
            Column::Double(array.as_boolean().values().iter().map(|value| f64::from(u8::from(value))).collect())
        }
        DataType::Decimal32(..) => decimals::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimals::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array),
        DataType::Dictionary(_, values) if !values.is_numeric() => return Err(no_numbers(name, array.data_type())),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let values = take(dictionary.values(), dictionary.keys(), None).map_err(Error::source)?;
            return numbers_of(name, &values, number);
        }
        other => return Err(no_numbers(name, other)),
    })
}

fn of<T: ArrowPrimitiveType>(array: &ArrayRef, double: impl Fn(T::Native) -> f64) -> Column {
    Column::Double(array.as_primitive::<T>().values().iter().map(|value| double(*value)).collect())
}

/// The nearest double to each decimal number, read from its digits.
fn decimals<T: DecimalType>(array: &ArrayRef) -> Column {
    let values = array.as_primitive::<T>();
    let double = |row: usize| values.value_as_string(row).parse().unwrap_or(f64::NAN);
    Column::Double((0..values.len()).map(double).collect())
}

fn no_numbers(name: &str, found: &DataType) -> Error {
    let wanted = match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _) => {
            "numbers: turn categories into columns of 0 and 1 first"
        }
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => {
            "numbers: cast the time to a number of days or seconds first"
        }
        _ => "floats, integers, booleans or decimals",
    };
    Error::Column { column: name.into(), detail: format!("it holds {found}; wanted {wanted}") }
}
