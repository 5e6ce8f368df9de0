//! Parquet files, folders of them, and both kinds together: the answers of the same tables as CSV.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, DurationSecondArray, Float32Array,
    Float64Array, Int64Array, RecordBatch, StringArray, UInt8Array, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::support::{Folder, Run, SMALL};

type Column = (&'static str, ArrayRef);

/// Writes columns to a file, in row groups of two rows.
fn write(path: &Path, columns: &[Column]) {
    let table =
        RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(name, array)| (*name, array.clone(), true)));
    let table = table.unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), table.schema(), Some(properties)).unwrap();
    writer.write(&table).unwrap();
    writer.close().unwrap();
}

fn column(name: &'static str, array: impl Array + 'static) -> Column {
    (name, Arc::new(array))
}

fn floats(name: &'static str, values: &[f64]) -> Column {
    column(name, Float64Array::from(values.to_vec()))
}

fn gapped(name: &'static str, values: &[Option<f64>]) -> Column {
    column(name, Float64Array::from(values.to_vec()))
}

fn whole(name: &'static str, values: &[i64]) -> Column {
    column(name, Int64Array::from(values.to_vec()))
}

fn texts(name: &'static str, values: &[&str]) -> Column {
    column(name, StringArray::from(values.to_vec()))
}

/// [`SMALL`], its columns of three types.
fn small() -> Vec<Column> {
    vec![
        floats("a", &[1.0, 2.0, 3.0, 4.0, 5.0]),
        whole("b", &[2, 1, 5, 4, 7]),
        column("y", Float32Array::from(vec![3.0, 4.0, 7.0, 8.5, 9.0])),
    ]
}

/// A folder with the same table of each kind.
fn pair(csv: &str, columns: &[Column]) -> Folder {
    let folder = Folder::new();
    folder.file("table.csv", csv);
    write(&folder.path("table.parquet"), columns);
    folder
}

/// The command says the same of both, to the byte; its words on standard error name no places.
#[track_caller]
fn agree(folder: &Folder, command: &str) -> Run {
    let of = |file: &str| folder.run(&command.replace("INPUT", file)).succeeds();
    let (wanted, found) = (of("table.csv"), of("table.parquet"));
    assert_eq!((found.out.as_str(), &found.err), (wanted.out.as_str(), &wanted.err), "{command}");
    found
}

#[test]
fn a_table_has_the_answers_that_it_has_as_csv() {
    let folder = pair(SMALL, &small());
    for format in ["csv", "json", "table"] {
        agree(&folder, &format!("path INPUT --target y --format {format}"));
        agree(&folder, &format!("cv INPUT --target y --folds 3 --format {format}"));
    }
    agree(&folder, "path INPUT --target y --target b --standardize --features a --format json");
    folder.run("cv table.csv --target y --folds 3 --save model.json").succeeds();
    agree(&folder, "predict model.json INPUT");
    // The control: other numbers have another answer.
    let other = pair(SMALL, &[small(), vec![floats("c", &[1.0, 0.0, 0.0, 1.0, 2.0])]].concat());
    let of = |file: &str| other.run(&format!("path {file} --target y --format csv")).succeeds().out;
    assert_ne!(of("table.csv"), of("table.parquet"));
}

#[test]
fn many_batches_are_read_in_their_order() {
    // More rows than are decoded at a time, of which one is found by its number.
    let rows: usize = 70_001;
    let value = |row: usize| (row as f64 * 0.7).sin();
    let folder = Folder::new();
    let (mut a, y) =
        ((0..rows).map(value).collect::<Vec<_>>(), (0..rows).map(|row| value(row + 3)).collect::<Vec<_>>());
    let csv: Vec<String> = a.iter().zip(&y).map(|(a, y)| format!("{a:?},{y:?}")).collect();
    folder.file("table.csv", format!("a,y\n{}\n", csv.join("\n")));
    let table = |a: &[f64]| {
        let table = RecordBatch::try_from_iter([floats("a", a), floats("y", &y)]).unwrap();
        let file = File::create(folder.path("table.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, table.schema(), None).unwrap();
        writer.write(&table).unwrap();
        writer.close().unwrap();
    };
    table(&a);
    agree(&folder, "path INPUT --target y --lambdas 1,2 --format csv");
    a[70_000] = f64::INFINITY;
    table(&a);
    folder.run("path table.parquet --target y").fails(2, &["table.parquet, row 70001, column \"a\"", "finite"]);
}

#[test]
fn columns_of_text_and_labels_are_those_of_csv() {
    let csv = "kind,group,b,y\nred,1,2,3\nblue,1,1,4\nred,2,5,7\nblue,2,4,8.5\ngreen,1,7,9\nred,2,1,1\n";
    let kinds = ["red", "blue", "red", "blue", "green", "red"];
    let dictionary: DictionaryArray<Int32Type> = kinds.into_iter().collect();
    let columns = [
        column("kind", dictionary),
        column("group", UInt8Array::from(vec![1, 1, 2, 2, 1, 2])),
        floats("b", &[2.0, 1.0, 5.0, 4.0, 7.0, 1.0]),
        floats("y", &[3.0, 4.0, 7.0, 8.5, 9.0, 1.0]),
    ];
    let folder = pair(csv, &columns);
    agree(&folder, "path INPUT --target y --categorical kind --format json");
    agree(&folder, "path INPUT --target y --categorical kind,group --format json");
    agree(&folder, "path INPUT --target y --features b --by group --format json");
    agree(&folder, "path INPUT --target y --exclude group --features b --by kind --format json");
    agree(&folder, "cv INPUT --target y --features b --group kind --folds 2 --format json");
    folder.run("path table.parquet --target y").fails(2, &["row 1, column \"kind\"", "\"red\"", "--categorical"]);
    write(&folder.path("table.parquet"), &[vec![texts("kind", &kinds)], columns[1..].to_vec()].concat());
    agree(&folder, "path INPUT --target y --categorical kind --format json");
}

#[test]
fn booleans_decimals_and_text_are_the_numbers_that_they_are_in_csv() {
    let csv = "flag,price,written,y\n1,1.25,0.1,3\n0,-2.50,1e3,4\n1,300.00,-7,7\n0,0.07,5,8.5\n";
    let price = Decimal128Array::from(vec![125, -250, 30_000, 7]).with_precision_and_scale(10, 2).unwrap();
    let columns = [
        column("flag", BooleanArray::from(vec![true, false, true, false])),
        column("price", price),
        texts("written", &["0.1", "1e3", "-7", " 5"]),
        floats("y", &[3.0, 4.0, 7.0, 8.5]),
    ];
    let folder = pair(csv, &columns);
    agree(&folder, "path INPUT --target y --format json");
}

#[test]
fn whole_numbers_beyond_floats_are_not_rounded() {
    let start = 1_700_000_000_000_000_001;
    let times = [0, 1, 3, 4, 9].map(|step| start + step);
    let others = [floats("a", &[1.5, 0.0, 2.0, 7.0, 1.0]), whole("y", &[3, 4, 7, 8, 9])];
    let csv =
        format!("t,a,y\n{},1.5,3\n{},0,4\n{},2,7\n{},7,8\n{},1,9\n", times[0], times[1], times[2], times[3], times[4]);
    let folder = pair(&csv, &[vec![whole("t", &times)], others.to_vec()].concat());
    let path = "path INPUT --target y --format json";
    agree(&folder, path).says(&["distances from 1700000000000000001"]);
    let unsigned = UInt64Array::from(times.map(i64::unsigned_abs).to_vec());
    write(&folder.path("table.parquet"), &[vec![column("t", unsigned)], others.to_vec()].concat());
    agree(&folder, path);
    agree(&folder, &format!("{path} --time t --window 4 --step 2"));
    folder.run("path table.parquet --target y --weights t").fails(2, &["row 1, column \"t\"", "2^53"]);
    let falls = [1, 3, 2, 4, 5].map(|step| start + step);
    write(&folder.path("table.parquet"), &[vec![whole("t", &falls)], others.to_vec()].concat());
    let path = "path table.parquet --target y --time t --window 4 --step 2";
    folder.run(path).fails(2, &["row 3, column \"t\": found \"1700000000000000003\"", "before the time"]);
}

#[test]
fn nulls_are_missing_cells() {
    let csv = "a,b,y,z,w\n1,2,3,1,1\n,1,4,2,1\n3,5,,3,2\n4,4,8.5,5,1\n5,7,9,1,0.5\n6,1,2,,1\n";
    let columns = [
        gapped("a", &[Some(1.0), None, Some(3.0), Some(4.0), Some(5.0), Some(6.0)]),
        whole("b", &[2, 1, 5, 4, 7, 1]),
        gapped("y", &[Some(3.0), Some(4.0), None, Some(8.5), Some(9.0), Some(2.0)]),
        gapped("z", &[Some(1.0), Some(2.0), Some(3.0), Some(5.0), Some(1.0), Some(f64::NAN)]),
        floats("w", &[1.0, 1.0, 2.0, 1.0, 0.5, 1.0]),
    ];
    let folder = pair(csv, &columns);
    let both = "INPUT --target y --target z --weights w";
    agree(&folder, &format!("path {both} --drop-missing --format json")).says(&["3 of 6"]);
    agree(&folder, &format!("path {both} --features b --missing-targets skip --format json"));
    agree(&folder, &format!("path {both} --missing-targets skip --drop-missing --format json")).says(&["1 of 6"]);
    let path = |rest: &str| folder.run(&format!("path table.parquet {rest}"));
    path("--target y --exclude z").fails(2, &["table.parquet, row 2, column \"a\": found no value", "--drop-missing"]);
    path("--target z --features b").fails(2, &["table.parquet, row 6, column \"z\": found \"NaN\"", "--drop-missing"]);
    path("--target b --features w --by a").fails(2, &["table.parquet, row 2, column \"a\": found no value", "a label"]);
}

#[test]
fn numbers_that_count_as_missing_do_so_by_their_value() {
    let csv = "a,b,y\n1,-999,3\n2,1,4\n3,5,7\n4,4,8.5\n-999,1,2\n";
    let decimal = Decimal128Array::from(vec![-99_900, 100, 500, 400, 100]).with_precision_and_scale(9, 2).unwrap();
    let columns =
        [floats("a", &[1.0, 2.0, 3.0, 4.0, -999.0]), column("b", decimal), floats("y", &[3.0, 4.0, 7.0, 8.5, 2.0])];
    let folder = pair(csv, &columns);
    agree(&folder, "path INPUT --target y --null=-999 --drop-missing --format json").says(&["2 of 5"]);
    let path = "path table.parquet --target y --null=-999";
    folder.run(path).fails(2, &["row 1, column \"b\": found -999.0", "--null", "--drop-missing"]);
    // The control: without the option it is a number.
    folder.run("path table.parquet --target y").succeeds();
}

#[test]
fn files_of_both_kinds_are_one_table() {
    let folder = Folder::new();
    folder.file("whole.csv", SMALL);
    folder.file("1.csv", "b,a,y\n2,1,3\n");
    let part = |name: &str, a: &[f64], b: &[i64], y: &[f64]| {
        write(&folder.path(name), &[floats("y", y), floats("a", a), whole("b", b)]);
    };
    // Their kind does not go by their names.
    part("2.csv", &[2.0, 3.0], &[1, 5], &[4.0, 7.0]);
    part("3.parquet", &[4.0, 5.0], &[4, 7], &[8.5, 9.0]);
    let windows = |files: &str| {
        let arguments = "--target y --features a,b --window 3 --step 1 --lambdas 1 --format json";
        folder.run(&format!("path {files} {arguments}")).succeeds().out
    };
    assert_eq!(windows("1.csv 2.csv 3.parquet"), windows("whole.csv"));
    part("1.parquet", &[1.0], &[2], &[3.0]);
    assert_eq!(windows("1.parquet 2.csv 3.parquet"), windows("whole.csv"));
    write(&folder.path("4.parquet"), &[floats("y", &[1.0]), floats("a", &[1.0])]);
    folder.run("path 1.csv 4.parquet --target y").fails(2, &["4.parquet: there is no column \"b\"", "1.csv"]);
}

#[test]
fn a_folder_stands_for_its_parquet_files_in_the_order_of_their_names() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("data/deeper")).unwrap();
    let rows =
        [("part10", 1.0, 2.0, 3.0), ("part9", 2.0, 1.0, 4.0), ("Part", 3.0, 5.0, 7.0), ("deeper/x", 4.0, 4.0, 8.0)];
    for (name, a, b, y) in rows {
        write(
            &folder.path(&format!("data/{name}.parquet")),
            &[floats("a", &[a]), floats("b", &[b]), floats("y", &[y])],
        );
    }
    folder.file("data/notes.txt", "none of it");
    folder.file("data/.hidden.parquet", "none of it");
    let windows = |files: &str| {
        let arguments = "--target y --window 2 --step 1 --lambdas 1 --format json";
        folder.run(&format!("path {files} {arguments}")).succeeds().out
    };
    let named = windows("data/Part.parquet data/part10.parquet data/part9.parquet");
    assert_eq!(windows("data"), named);
    assert_ne!(windows("data/part9.parquet data/part10.parquet data/Part.parquet"), named);
    std::fs::create_dir(folder.path("empty")).unwrap();
    folder.run("path empty --target y").fails(2, &["cannot read empty: it is a folder", "*.parquet"]);
    // What is named as a file is not left out in silence.
    std::fs::create_dir(folder.path("data/z.parquet")).unwrap();
    folder.run("path data --target y").fails(2, &["cannot read data/z.parquet: it is a folder"]);
}

#[test]
fn what_is_neither_number_nor_text_is_refused_where_it_is_used() {
    let mut lists = ListBuilder::new(Float64Builder::new());
    (0..5).for_each(|_| lists.append_value([Some(1.0)]));
    let mut columns = small();
    columns.push(column("list", lists.finish()));
    columns.push(column("length", DurationSecondArray::from(vec![1; 5])));
    columns.push(column("day", Date32Array::from(vec![19_000, 19_000, 19_001, 19_001, 19_001])));
    let folder = pair(SMALL, &columns);
    let run = |rest: &str| folder.run(&format!("path table.parquet --target y {rest}"));
    run("--exclude length,day").fails(2, &["table.parquet, column \"list\": found lists", "--exclude"]);
    run("--features length").fails(2, &["table.parquet, column \"length\": found lengths of time"]);
    run("--features day").fails(2, &["row 1, column \"day\": found \"2022-01-08\"", "this is a date"]);
    let by_day = run("--features a --by day --lambdas 1 --format json").succeeds().out;
    assert!(by_day.contains("2022-01-08") && by_day.contains("2022-01-09"), "{by_day}");
    agree(&folder, "path INPUT --target y --features a,b --format json");
}

#[test]
fn an_input_that_cannot_be_read_is_refused_with_its_name() {
    let folder = pair(SMALL, &small());
    let bytes = std::fs::read(folder.path("table.parquet")).unwrap();
    let mut encrypted = bytes.clone();
    encrypted[..4].copy_from_slice(b"PARE");
    let end = encrypted.len() - 4;
    encrypted[end..].copy_from_slice(b"PARE");
    folder.file("table.parquet", &encrypted);
    folder.run("path table.parquet --target y").fails(2, &["cannot read table.parquet", "encrypt"]);
    write(&folder.path("table.parquet"), &[floats("a", &[]), floats("y", &[])]);
    folder.run("path table.parquet --target y").fails(2, &["table.parquet has no rows; wanted at least 1"]);
    folder.run("path table.csv table.parquet --target y --features a").succeeds();
    folder.run("path table.parquet --target z").fails(2, &["no column \"z\" in table.parquet", "\"a\""]);
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let folder = pair(SMALL, &small());
    let bytes = std::fs::read(folder.path("table.parquet")).unwrap();
    for length in (4..bytes.len()).step_by(bytes.len() / 20) {
        folder.file("cut.parquet", &bytes[..length]);
        folder.run("path cut.parquet --target y").fails(2, &["cannot read cut.parquet"]);
    }
}

#[test]
fn a_damaged_file_is_answered_or_refused() {
    let folder = pair(SMALL, &small());
    let bytes = std::fs::read(folder.path("table.parquet")).unwrap();
    // The schema and the places of columns stand at the end, where the reader panics at some bytes.
    let (end, mut refused) = (bytes.len() - 8, 0);
    for at in (4..end).step_by(bytes.len() / 30).chain((end - 600..end).step_by(7)) {
        for byte in [0xff, 0x01] {
            let mut damaged = bytes.clone();
            damaged[at] = byte;
            folder.file("damaged.parquet", &damaged);
            let run = folder.run("path damaged.parquet --target y --lambdas 1");
            if run.code != Some(0) {
                run.fails(2, &["damaged.parquet"]);
                refused += 1;
            }
        }
    }
    assert!(refused > 20, "{refused}");
}
