//! The cells of a column of Parquet or Arrow: numbers where they are stored as such, and text.

use std::cell::OnceCell;
use std::fmt::Display;

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{as_date, as_datetime, as_time};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Int8Type, Int16Type, Int32Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray, UInt64Array};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::take::take;

/// Whole numbers up to this one, and down to its negative, are all 64-bit floats.
const EXACT: u64 = 1 << 53;

/// Some rows of a column.
pub(crate) struct ParquetColumn {
    numbers: Numbers,
    /// Made of the numbers when the first cell is asked for, which seldom happens.
    texts: OnceCell<BinaryArray>,
}

/// The numbers of a column, as they are stored but for their width, of which nothing is lost.
enum Numbers {
    Boolean(BooleanArray),
    Whole(Int64Array),
    Unsigned(UInt64Array),
    Float(Float64Array),
    /// The text is all there is.
    None,
}

/// What a column of a type holds that is none of numbers and text, as messages name it.
pub(crate) fn other_kind(of: &DataType) -> Option<&'static str> {
    match of {
        DataType::Struct(_) => Some("structures"),
        DataType::Map(..) => Some("maps"),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(..) => Some("lists"),
        DataType::Duration(_) | DataType::Interval(_) => Some("lengths of time"),
        DataType::FixedSizeBinary(_) => Some("bytes that are no text"),
        DataType::Dictionary(_, values) => other_kind(values),
        _ => None,
    }
}

impl ParquetColumn {
    /// The cells of an array; none where it is neither of numbers nor of text.
    pub(crate) fn of(array: &ArrayRef) -> Option<Self> {
        use Numbers::{Boolean, Float, Unsigned, Whole};
        let numbers = match array.data_type() {
            DataType::Boolean => Boolean(array.as_boolean().clone()),
            DataType::Int8 => Whole(widened::<Int8Type, _>(array)),
            DataType::Int16 => Whole(widened::<Int16Type, _>(array)),
            DataType::Int32 => Whole(widened::<Int32Type, _>(array)),
            DataType::Int64 => Whole(array.as_primitive().clone()),
            DataType::UInt8 => Unsigned(widened::<UInt8Type, _>(array)),
            DataType::UInt16 => Unsigned(widened::<UInt16Type, _>(array)),
            DataType::UInt32 => Unsigned(widened::<UInt32Type, _>(array)),
            DataType::UInt64 => Unsigned(array.as_primitive().clone()),
            DataType::Float16 => Float(widened::<Float16Type, _>(array)),
            DataType::Float32 => Float(widened::<Float32Type, _>(array)),
            DataType::Float64 => Float(array.as_primitive().clone()),
            DataType::Decimal128(_, scale) => return Some(Self::of_decimals::<Decimal128Type>(array, *scale)),
            DataType::Decimal256(_, scale) => return Some(Self::of_decimals::<Decimal256Type>(array, *scale)),
            DataType::Decimal32(_, scale) => return Some(Self::of_decimals::<Decimal32Type>(array, *scale)),
            DataType::Decimal64(_, scale) => return Some(Self::of_decimals::<Decimal64Type>(array, *scale)),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                return Self::of(&take(dictionary.values(), dictionary.keys(), None).ok()?);
            }
            other => return Some(Self { numbers: Numbers::None, texts: OnceCell::from(texts(array, other)?) }),
        };
        Some(Self { numbers, texts: OnceCell::new() })
    }

    /// Decimals are the numbers that their digits are, as in text. Whole ones that floats may not hold are left to the text.
    fn of_decimals<T: DecimalType>(array: &ArrayRef, scale: i8) -> Self {
        let decimals = array.as_primitive::<T>();
        let texts: Vec<Option<String>> =
            (0..decimals.len()).map(|row| decimals.is_valid(row).then(|| decimals.value_as_string(row))).collect();
        let number = |text: &String| text.parse().ok().filter(|value: &f64| scale > 0 || value.abs() <= EXACT as f64);
        let numbers = Numbers::Float(texts.iter().map(|text| text.as_ref().and_then(number)).collect());
        Self { numbers, texts: OnceCell::from(texts.into_iter().collect::<BinaryArray>()) }
    }

    /// Of numbers that are all there.
    pub(crate) fn of_floats(numbers: Vec<f64>) -> Self {
        Self { numbers: Numbers::Float(numbers.into()), texts: OnceCell::new() }
    }

    /// The numbers of all rows, NaN where there is no value; none where a row has something else.
    pub(crate) fn numbers(&self) -> Option<Vec<f64>> {
        // Of those that have a text by now it decides.
        if self.texts.get().is_some() {
            return None;
        }
        let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
        match &self.numbers {
            Numbers::Float(own) => {
                let numbers: Vec<f64> = own.iter().map(or_nan).collect();
                (!numbers.iter().any(|value| value.is_infinite())).then_some(numbers)
            }
            Numbers::Whole(own) => {
                let fits = own.iter().flatten().all(|value| value.unsigned_abs() <= EXACT);
                fits.then(|| own.iter().map(|value| or_nan(value.map(|value| value as f64))).collect())
            }
            Numbers::Unsigned(own) => {
                let fits = own.iter().flatten().all(|value| value <= EXACT);
                fits.then(|| own.iter().map(|value| or_nan(value.map(|value| value as f64))).collect())
            }
            Numbers::Boolean(own) => {
                Some(own.iter().map(|value| or_nan(value.map(|value| f64::from(u8::from(value))))).collect())
            }
            Numbers::None => None,
        }
    }

    /// The number in a row, where it is a finite one and a 64-bit float.
    pub(crate) fn number(&self, row: usize) -> Option<f64> {
        match &self.numbers {
            Numbers::Float(own) => own.is_valid(row).then(|| own.value(row)).filter(|value| value.is_finite()),
            Numbers::Whole(own) if own.is_valid(row) && own.value(row).unsigned_abs() <= EXACT => {
                Some(own.value(row) as f64)
            }
            Numbers::Unsigned(own) if own.is_valid(row) && own.value(row) <= EXACT => Some(own.value(row) as f64),
            Numbers::Boolean(own) if own.is_valid(row) => Some(f64::from(u8::from(own.value(row)))),
            _ => None,
        }
    }

    /// The text in a row: that of its number where it is one, and nothing where there is no value.
    pub(crate) fn text(&self, row: usize) -> &[u8] {
        if self.texts.get().is_none() {
            // Columns with missing values are frequent, and need no text for it.
            match &self.numbers {
                Numbers::Float(own) if own.is_valid(row) && own.value(row).is_nan() => return b"NaN",
                own if own.is_null(row) => return &[],
                _ => {}
            }
        }
        let texts = self.texts.get_or_init(|| self.numbers.texts());
        if texts.is_valid(row) { texts.value(row) } else { &[] }
    }
}

impl Numbers {
    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Boolean(own) => own.is_null(row),
            Self::Whole(own) => own.is_null(row),
            Self::Unsigned(own) => own.is_null(row),
            Self::Float(own) => own.is_null(row),
            Self::None => true,
        }
    }

    fn texts(&self) -> BinaryArray {
        match self {
            Self::Boolean(own) => own.iter().map(|value| value.map(|value| value.to_string())).collect(),
            Self::Whole(own) => own.iter().map(|value| value.map(|value| value.to_string())).collect(),
            Self::Unsigned(own) => own.iter().map(|value| value.map(|value| value.to_string())).collect(),
            // With a point in whole ones too, as most programs write columns of floats.
            Self::Float(own) => own.iter().map(|value| value.map(|value| format!("{value:?}"))).collect(),
            Self::None => BinaryArray::new_null(0),
        }
    }
}

fn widened<T, W>(array: &ArrayRef) -> PrimitiveArray<W>
where
    T: ArrowPrimitiveType,
    W: ArrowPrimitiveType<Native: From<T::Native>>,
{
    array.as_primitive::<T>().unary(W::Native::from)
}

/// The texts of an array that has no numbers: text itself, dates and times.
fn texts(array: &ArrayRef, kind: &DataType) -> Option<BinaryArray> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    Some(match kind {
        DataType::Null => BinaryArray::new_null(array.len()),
        DataType::Utf8 => BinaryArray::from(array.as_string::<i32>().clone()),
        DataType::LargeUtf8 => of_bytes(array.as_string::<i64>().iter().map(|text| text.map(str::as_bytes))),
        DataType::Utf8View => of_bytes(array.as_string_view().iter().map(|text| text.map(str::as_bytes))),
        DataType::Binary => array.as_binary().clone(),
        DataType::LargeBinary => of_bytes(array.as_binary::<i64>().iter()),
        DataType::BinaryView => of_bytes(array.as_binary_view().iter()),
        DataType::Date64 => written::<Date64Type, _>(array, as_date::<Date64Type>),
        DataType::Time32(Second) => written::<Time32SecondType, _>(array, as_time::<Time32SecondType>),
        DataType::Date32 => written::<Date32Type, _>(array, as_date::<Date32Type>),
        DataType::Time32(Millisecond) => written::<Time32MillisecondType, _>(array, as_time::<Time32MillisecondType>),
        DataType::Time64(Microsecond) => written::<Time64MicrosecondType, _>(array, as_time::<Time64MicrosecondType>),
        DataType::Time64(Nanosecond) => written::<Time64NanosecondType, _>(array, as_time::<Time64NanosecondType>),
        DataType::Timestamp(Second, _) => written::<TimestampSecondType, _>(array, as_datetime::<TimestampSecondType>),
        DataType::Timestamp(Millisecond, _) => {
            written::<TimestampMillisecondType, _>(array, as_datetime::<TimestampMillisecondType>)
        }
        DataType::Timestamp(Microsecond, _) => {
            written::<TimestampMicrosecondType, _>(array, as_datetime::<TimestampMicrosecondType>)
        }
        DataType::Timestamp(Nanosecond, _) => {
            written::<TimestampNanosecondType, _>(array, as_datetime::<TimestampNanosecondType>)
        }
        _ => return None,
    })
}

fn of_bytes<'a>(texts: impl Iterator<Item = Option<&'a [u8]>>) -> BinaryArray {
    texts.collect()
}

/// Values as text. One that its type has no text for is not taken for a number.
fn written<T, D>(array: &ArrayRef, of: fn(i64) -> Option<D>) -> BinaryArray
where
    T: ArrowPrimitiveType<Native: Into<i64>>,
    D: Display,
{
    let text = |value: T::Native| {
        let raw: i64 = value.into();
        of(raw).map_or_else(|| format!("{raw}, out of range"), |value| value.to_string())
    };
    array.as_primitive::<T>().iter().map(|value| value.map(text)).collect()
}
