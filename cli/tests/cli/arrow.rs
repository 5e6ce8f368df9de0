//! Arrow files and streams, and what is piped of each kind: the answers of the same tables as CSV.

use std::io::Write;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date64Array, Decimal64Array, DictionaryArray, DurationSecondArray,
    Float64Array, Int32Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;

use crate::support::{Folder, Run, SMALL, program};

type Column = (&'static str, ArrayRef);

fn batch(columns: &[Column]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(name, array)| (*name, array.clone(), true))).unwrap()
}

/// The rows in two batches, as a file.
fn file(table: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), table.schema_ref(), options).unwrap();
    [table.slice(0, 2), table.slice(2, table.num_rows() - 2)].iter().for_each(|part| writer.write(part).unwrap());
    writer.into_inner().unwrap()
}

fn stream(table: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), table.schema_ref(), options).unwrap();
    [table.slice(0, 2), table.slice(2, table.num_rows() - 2)].iter().for_each(|part| writer.write(part).unwrap());
    writer.into_inner().unwrap()
}

fn parquet(table: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), None).unwrap();
    writer.write(table).unwrap();
    writer.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// [`SMALL`], its columns of three types.
fn small() -> RecordBatch {
    batch(&[
        ("a", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0]))),
        ("b", Arc::new(Int32Array::from(vec![2, 1, 5, 4, 7]))),
        ("y", Arc::new(Decimal64Array::from(vec![30, 40, 70, 85, 90]).with_precision_and_scale(5, 1).unwrap())),
    ])
}

fn every_kind(table: &RecordBatch) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![("parquet", parquet(table))];
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        all.push(("file", file(table, compression)));
        all.push(("stream", stream(table, compression)));
    }
    let packed: Vec<_> = all.iter().map(|(name, bytes)| (*name, gzip(bytes))).collect();
    all.extend(packed);
    all
}

#[test]
fn a_table_has_the_answers_that_it_has_as_csv_from_a_file_and_from_a_pipe() {
    let folder = Folder::new();
    folder.file("table.csv", SMALL);
    let command = "path INPUT --target y --lambdas 1,2 --format csv";
    let wanted = folder.run(&command.replace("INPUT", "table.csv")).succeeds().out;
    let mut csv = vec![("csv", SMALL.as_bytes().to_vec()), ("csv", gzip(SMALL.as_bytes()))];
    csv.extend(every_kind(&small()));
    for (name, bytes) in csv {
        folder.file("table", &bytes);
        assert_eq!(folder.run(&command.replace("INPUT", "table")).succeeds().out, wanted, "{name}");
        let arguments = command.replace("INPUT", "-");
        let piped = Run::with_input(program().args(arguments.split(' ')), &bytes).succeeds();
        assert_eq!(piped.out, wanted, "{name}, from a pipe");
    }
}

#[test]
fn what_the_program_writes_it_reads() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder.run("cv data.csv --target y --folds 2 --save model.json").succeeds();
    let wanted = folder.run("path data.csv --target y --lambdas 1,2,3 --format csv").succeeds().out;
    folder.file("path.csv", wanted);
    let fit = |file: &str| {
        let fit = format!("path {file} --target coef:a --features lambda,rss --lambdas 1 --format csv");
        folder.run(&fit).succeeds().out
    };
    for ending in ["parquet", "arrow"] {
        folder.run(&format!("path data.csv --target y --lambdas 1,2,3 --output path.{ending}")).succeeds();
        assert_eq!(fit(&format!("path.{ending}")), fit("path.csv"), "{ending}");
    }
}

#[test]
fn text_of_every_type_is_that_of_csv() {
    let csv = "kind,day,flag,name,view,b,y\nred,2022-01-08T00:00:00,true,p,u,1,2\nblue,2022-01-09T00:00:00,false,q,v,2,1\n\
               red,2022-01-08T00:00:00,false,p,v,3,4\nblue,2022-01-09T00:00:00,true,q,u,5,2\n";
    let days = [19_000_i64, 19_001, 19_000, 19_001].map(|day| day * 86_400_000);
    let kinds: DictionaryArray<Int32Type> = ["red", "blue", "red", "blue"].into_iter().collect();
    let table = batch(&[
        ("kind", Arc::new(kinds)),
        ("day", Arc::new(Date64Array::from(days.to_vec()))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false, false, true]))),
        ("name", Arc::new(LargeStringArray::from(vec!["p", "q", "p", "q"]))),
        ("view", Arc::new(StringViewArray::from(vec!["u", "v", "v", "u"]))),
        ("b", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 5.0]))),
        ("y", Arc::new(BinaryArray::from_vec(vec![b"2", b"1", b"4", b"2"]))),
    ]);
    let folder = Folder::new();
    folder.file("table.csv", csv);
    folder.file("table.arrow", file(&table, None));
    for (column, rest) in [("kind", "b"), ("name", "b"), ("view", "b"), ("flag", "b")] {
        let command = |table: &str| {
            let arguments = format!("path {table} --target y --features {rest},{column} --categorical {column}");
            folder.run(&format!("{arguments} --lambdas 1 --format csv")).succeeds().out
        };
        assert_eq!(command("table.arrow"), command("table.csv"), "{column}");
    }
    let by_day = folder.run("path table.arrow --target y --features b --by day --lambdas 1 --format csv").succeeds();
    assert!(by_day.out.contains("2022-01-08") && by_day.out.contains("2022-01-09"), "{}", by_day.out);
}

#[test]
fn missing_and_other_cells_are_told_by_row_and_column() {
    let folder = Folder::new();
    let length: ArrayRef = Arc::new(DurationSecondArray::from(vec![1, 2, 3]));
    let table = batch(&[
        ("a", Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0), None]))),
        ("t", Arc::new(StringArray::from(vec!["1", "2", "three"]))),
        ("length", length),
        ("y", Arc::new(Int32Array::from(vec![1, 2, 4]))),
    ]);
    for (name, bytes) in [("x.file", file(&table, None)), ("x.stream", stream(&table, None))] {
        folder.file(name, bytes);
        let run = |rest: &str| folder.run(&format!("path {name} --target y {rest}"));
        run("--features a").fails(2, &[name, "row 3, column \"a\": found no value", "--drop-missing"]);
        run("--features t").fails(2, &[name, "row 3, column \"t\": found \"three\""]);
        run("--features length").fails(2, &[name, "column \"length\": found lengths of time", "--exclude"]);
        run("--features z").fails(2, &["no column \"z\"", name]);
        run("--features a --drop-missing").succeeds().says(&["1 of 3 rows dropped"]);
    }
}

#[test]
fn what_is_cut_off_or_damaged_is_refused() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    let answer = |file: &str| folder.run(&format!("path {file} --target y --lambdas 1 --format csv"));
    let wanted = answer("data.csv").succeeds().out;
    for (name, bytes) in [
        ("file", file(&small(), None)),
        ("stream", stream(&small(), None)),
        ("packed file", file(&small(), Some(CompressionType::ZSTD))),
        ("packed", stream(&small(), Some(CompressionType::LZ4_FRAME))),
    ] {
        for length in (12..bytes.len()).step_by(8) {
            folder.file("cut", &bytes[..length]);
            answer("cut").fails(2, &["cannot read cut as Arrow"]);
        }
        folder.file("whole", &bytes);
        assert_eq!(answer("whole").succeeds().out, wanted, "{name}");
        let mut refused = 0;
        for at in (8..bytes.len()).step_by(bytes.len() / 90) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            folder.file("damaged", &damaged);
            let run = folder.run("path damaged --target y --lambdas 1");
            if run.code != Some(0) {
                run.fails(2, &[]);
                refused += 1;
            }
        }
        assert!(refused > 20, "{name}: {refused}");
    }
    let cut = &parquet(&small())[..200];
    Run::with_input(program().args(["path", "-", "--target", "y"]), cut).fails(2, &["standard input as Parquet"]);
}

#[test]
fn a_file_needs_no_schema_but_that_of_its_footer() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    let mut bytes = file(&small(), None);
    // The first message, which is the schema and what other writers leave out.
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    bytes[8..16 + length].fill(0);
    folder.file("data.arrow", bytes);
    let answer = |file: &str| folder.run(&format!("path {file} --target y --lambdas 1 --format csv")).succeeds().out;
    assert_eq!(answer("data.arrow"), answer("data.csv"));
}
