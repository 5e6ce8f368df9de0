//! Rows from record batches of Arrow.

use std::sync::Arc;

use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    ArrayRef, BooleanArray, Decimal32Array, Decimal64Array, Decimal128Array, Decimal256Array, DictionaryArray,
    Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampSecondArray, UInt8Array,
    UInt64Array,
};
use arrow_buffer::i256;
use nalgebra::DMatrix;
use ridgepath::{ArrowColumns, Batch, ColumnNames, Error, Moments, Ridge, Rows, Stream, View};

fn record(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

#[track_caller]
fn refused(error: Error, column: &str, wanted: &str) {
    match error {
        Error::Column { column: found, detail } => {
            assert_eq!(found, column);
            assert!(detail.contains(wanted), "{detail}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn numbers_of_every_type_are_read() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 2.5]));
    let keys = arrow_array::PrimitiveArray::<Int8Type>::from(vec![1, 0, 1]);
    let batch = record(vec![
        ("f64", Arc::new(Float64Array::from(vec![1.5, -2.0, 3.0]))),
        ("f32", Arc::new(Float32Array::from(vec![0.1_f32, 2.0, 3.0]))),
        ("i32", Arc::new(Int32Array::from(vec![-7, 8, 9]))),
        ("u8", Arc::new(UInt8Array::from(vec![255, 0, 1]))),
        ("i64", Arc::new(Int64Array::from(vec![1 << 53, -(1 << 60), 3]))),
        ("u64", Arc::new(UInt64Array::from(vec![1 << 63, 0, 5]))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("money", Arc::new(Decimal128Array::from(vec![12_345, -1, 10]).with_precision_and_scale(20, 2).unwrap())),
        ("coded", Arc::new(DictionaryArray::new(keys, values))),
    ]);
    let names = ["f64", "f32", "i32", "u8", "i64", "u64", "flag", "money", "coded"];
    let columns = ArrowColumns::named(&batch, &names).unwrap();
    let wanted = [
        [1.5, -2.0, 3.0],
        [f64::from(0.1_f32), 2.0, 3.0],
        [-7.0, 8.0, 9.0],
        [255.0, 0.0, 1.0],
        [9_007_199_254_740_992.0, -1_152_921_504_606_846_976.0, 3.0],
        [9_223_372_036_854_775_808.0, 0.0, 5.0],
        [1.0, 0.0, 1.0],
        [123.45, -0.01, 0.1],
        [2.5, 0.5, 2.5],
    ];
    let mut read = vec![0.0; 27];
    columns.read(0..3, 0..9, &mut read);
    assert_eq!(read, wanted.concat());
    // Parts of batches begin where they begin.
    let part = ArrowColumns::named(&batch.slice(1, 2), &["coded", "f64"]).unwrap();
    let mut read = vec![0.0; 4];
    part.read(0..2, 0..2, &mut read);
    assert_eq!(read, [0.5, 2.5, -2.0, 3.0]);
}

#[test]
fn decimals_of_every_width_are_the_nearest_floats() {
    let digits = [12_345, -1, 999_999];
    let wide = [i256::from_i128(12_345), i256::from_i128(-1), i256::from_string(&"9".repeat(76)).unwrap()];
    let batch = record(vec![
        ("32", Arc::new(Decimal32Array::from(digits.to_vec()).with_precision_and_scale(9, 3).unwrap())),
        ("64", Arc::new(Decimal64Array::from(digits.map(i64::from).to_vec()).with_precision_and_scale(18, 3).unwrap())),
        (
            "128",
            Arc::new(Decimal128Array::from(digits.map(i128::from).to_vec()).with_precision_and_scale(38, 3).unwrap()),
        ),
        ("256", Arc::new(Decimal256Array::from(wide.to_vec()).with_precision_and_scale(76, 3).unwrap())),
    ]);
    let columns = ArrowColumns::named(&batch, &["32", "64", "128", "256"]).unwrap();
    let mut read = vec![0.0; 12];
    columns.read(0..3, 0..4, &mut read);
    let narrow = [12.345, -0.001, 999.999];
    assert_eq!(read, [narrow, narrow, narrow, [12.345, -0.001, 1e73]].concat());
}

/// Columns a, b and y of some rows.
fn table(rows: usize) -> RecordBatch {
    let column =
        |k: usize| Arc::new(Float64Array::from_iter_values((0..rows).map(|i| ((i * k) % 23) as f64))) as ArrayRef;
    record(vec![("a", column(5)), ("y", column(3)), ("b", column(7))])
}

#[test]
fn a_path_of_columns_in_place_has_the_bits_of_a_matrix() {
    let batch = table(60);
    let matrix = |k: usize| DMatrix::from_fn(60, 1, |i, _| ((i * k) % 23) as f64);
    let x = DMatrix::from_columns(&[matrix(5).column(0), matrix(7).column(0)]);
    let ridge = Ridge::new().lambdas([1.0, 0.01]);
    let wanted = ridge.fit(&x, &matrix(3)).unwrap();
    let (own, y) = (ArrowColumns::named(&batch, &["a", "b"]).unwrap(), ArrowColumns::named(&batch, &["y"]).unwrap());
    let found = ridge.fit(View::of(&own).unwrap(), View::of(&y).unwrap()).unwrap();
    assert_eq!(found.coefficients(1, 0), wanted.coefficients(1, 0));
}

#[test]
fn a_stream_of_record_batches_has_the_moments_of_their_rows() {
    let batch = table(100);
    let names = ColumnNames::new(["y"]);
    let parts = [batch.slice(0, 33), batch.slice(33, 0), batch.slice(33, 67)].map(Ok::<_, Error>);
    let found = Moments::from_stream(&mut Stream::of_arrow(parts, &names)).unwrap();
    let whole = Moments::from_stream(&mut Stream::of_arrow([Ok::<_, Error>(batch)], &names)).unwrap();
    assert_eq!(found, whole);
    assert_eq!((found.rows(), found.features()), (100, 2));
    let failing = [Err("the wire broke")];
    let error = Moments::from_stream(&mut Stream::of_arrow(failing, &names)).unwrap_err();
    assert_eq!(error.to_string(), "the source of rows failed: the wire broke");
}

#[test]
fn rows_with_nulls_are_refused_by_their_number_or_dropped_and_counted() {
    let batch = record(vec![
        ("a", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.0), Some(4.0)]))),
        ("unused", Arc::new(Float64Array::from(vec![None, None, Some(3.0), Some(4.0)]))),
        ("y", Arc::new(Int32Array::from(vec![Some(1), Some(2), None, Some(5)]))),
        ("s", Arc::new(Float64Array::from(vec![0.5, 1.0, 1.0, 2.0]))),
        ("year", Arc::new(Int32Array::from(vec![2001, 2002, 2003, 2004]))),
    ]);
    let names = ColumnNames::new(["y"]).features(["a"]).weights("s").labels("year");
    refused(Batch::of_arrow(&batch, &names, 1000).unwrap_err(), "a", "row 1001 is null");
    let (kept, dropped) = Batch::of_arrow(&batch, &names.drop_nulls(true), 0).unwrap();
    assert_eq!((kept.rows(), dropped), (2, 2));
    let found = Moments::from_stream(&mut Stream::once([Ok(kept)])).unwrap();
    assert_eq!((found.weight_sum(), found.mean_x(0), found.mean_y(0)), (2.5, (0.5 + 8.0) / 2.5, (0.5 + 10.0) / 2.5));
}

#[test]
fn columns_that_are_no_numbers_are_refused_by_name_with_what_to_do() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["red", "blue"]));
    let coded: DictionaryArray<Int32Type> = vec!["red", "blue"].into_iter().collect();
    let batch = record(vec![
        ("colour", text),
        ("coded", Arc::new(coded)),
        ("when", Arc::new(TimestampSecondArray::from(vec![1, 2]))),
        ("key", Arc::new(Int64Array::from(vec![1, (1 << 53) + 1]))),
        ("y", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
    ]);
    let of = |column: &str| ArrowColumns::named(&batch, &[column]).unwrap_err();
    refused(of("colour"), "colour", "columns of 0 and 1");
    refused(of("coded"), "coded", "columns of 0 and 1");
    refused(of("when"), "when", "days or seconds");
    refused(of("key"), "key", "row 1 is 9007199254740993");
    refused(of("Y"), "Y", "there is none among \"colour\"");
    let numbers = |names: ColumnNames| Batch::of_arrow(&batch, &names, 0).unwrap_err();
    refused(numbers(ColumnNames::new(["y"]).features(["y"])), "y", "plays two parts");
    refused(numbers(ColumnNames::new(["y"]).features(["when"]).weights("colour")), "when", "days or seconds");
    assert!(matches!(numbers(ColumnNames::new([""; 0])), Error::Empty { what: "Y", .. }));
    let halves = record(vec![
        ("x", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
        ("y", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
        ("fold", Arc::new(Float64Array::from(vec![1.0, 2.5]))),
    ]);
    let error = Batch::of_arrow(&halves, &ColumnNames::new(["y"]).labels("fold"), 7).unwrap_err();
    refused(error, "fold", "row 8 is 2.5");
}
