//! Parquet and Arrow out: the columns and cells of CSV, with types; predictions as they come.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;
use std::process::Stdio;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{Folder, SMALL, program};

/// Two groups and one of a single row; z has gaps; c is a text; d is b again, so that λ = 0 has no answer.
const GROUPS: &str = "group,t,a,b,d,c,y,z\n\
    one,1,1,2,2,p,3,1\none,2,2,1,1,q,4,\none,3,3,5,5,p,7,3\none,4,4,4,4,q,8.5,4\n\
    two,5,5,7,7,p,9,7\ntwo,6,2,2,2,q,1,2\ntwo,7,1,0,0,p,2,\ntwo,8,3,1,1,q,4,2\nlone,9,1,1,1,p,1,1\n";

fn parquet(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn arrow_file(path: &Path) -> Vec<RecordBatch> {
    FileReader::try_new(File::open(path).unwrap(), None).unwrap().map(Result::unwrap).collect()
}

fn arrow_stream(bytes: Vec<u8>) -> Vec<RecordBatch> {
    StreamReader::try_new(Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect()
}

/// What the program writes to a pipe.
fn piped(folder: &Folder, arguments: &str) -> Vec<u8> {
    let mut command = program();
    command.current_dir(folder.path("")).args(arguments.split(' ')).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments}: {output:?}");
    output.stdout
}

/// A cell as CSV has it.
fn text(batch: &RecordBatch, column: usize, row: usize) -> String {
    let array = batch.column(column);
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row)),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        other => panic!("a column of {other}"),
    }
}

/// Holds all cells against those of CSV. Whole times have no point there.
#[track_caller]
fn same(csv: &str, batches: &[RecordBatch], command: &str) {
    let mut reader = csv::ReaderBuilder::new().from_reader(csv.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut records = reader.records().map(Result::unwrap);
    for batch in batches {
        let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, header, "{command}");
        for row in 0..batch.num_rows() {
            let record = records.next().unwrap_or_else(|| panic!("{command}: more rows than in CSV"));
            for (column, wanted) in record.iter().enumerate() {
                let found = text(batch, column, row);
                let found = if header[column] == "until" { found.trim_end_matches(".0") } else { &found };
                assert_eq!(found, wanted, "{command}, column {}, row {row}", header[column]);
            }
        }
    }
    assert!(records.next().is_none(), "{command}: fewer rows than in CSV");
}

/// The types of the columns, by the first letter of each.
fn types(batches: &[RecordBatch]) -> String {
    batches[0].schema_ref().fields().iter().map(|field| field.data_type().to_string().remove(0)).collect()
}

/// Runs a command in every format, and gives the types of its columns.
#[track_caller]
fn agree(folder: &Folder, command: &str) -> String {
    let wanted = folder.run(&format!("{command} --format csv")).succeeds();
    let mut all = Vec::new();
    for (name, ending) in [("parquet", "parquet"), ("arrow", "arrow"), ("arrow", "feather")] {
        let file = folder.path(&format!("out.{ending}"));
        let run = folder.run(&format!("{command} --output out.{ending}")).succeeds();
        assert_eq!((run.out.as_str(), &run.err), ("", &wanted.err), "{command}");
        all.push(if name == "parquet" { parquet(&file) } else { arrow_file(&file) });
        folder.run(&format!("{command} --format {name} --output other")).succeeds();
        assert_eq!(std::fs::read(folder.path("other")).unwrap(), std::fs::read(&file).unwrap(), "{command}");
        std::fs::remove_file(folder.path("other")).unwrap();
    }
    all.push(arrow_stream(piped(folder, &format!("{command} --format arrow"))));
    let piped = piped(folder, &format!("{command} --format parquet"));
    assert_eq!(piped, std::fs::read(folder.path("out.parquet")).unwrap(), "{command}");
    for batches in &all {
        same(&wanted.out, batches, command);
        assert_eq!(types(batches), types(&all[0]), "{command}");
    }
    types(&all[0])
}

#[test]
fn every_cell_is_that_of_csv_with_a_type() {
    let folder = Folder::new();
    folder.file("data.csv", GROUPS);
    let numbers = "data.csv --target y --exclude group,c,z,t";
    assert_eq!(agree(&folder, &format!("path {numbers} --lambdas 0,1")), "FFUUFFFFFFFFF");
    let all = "--stats --standard-errors --convention sklearn --lambdas 1,2";
    assert_eq!(
        agree(&folder, &format!("path {numbers},d --target b {all}")),
        "FFUUFFFFFF FFFF F FF F".replace(' ', "")
    );
    assert_eq!(agree(&folder, &format!("cv {numbers} --folds 3 --lambdas 1,2")), "FFUFFBFFF");
    let many = ",d --lambdas 1,2";
    assert_eq!(agree(&folder, "path data.csv --target y --exclude c,z,t,d --lambdas 1 --by group"), "UIFFUUUF");
    assert_eq!(agree(&folder, &format!("path {numbers}{many} --window 4 --step 2")), "IIIFFUUUF");
    assert_eq!(agree(&folder, &format!("path {numbers}{many} --bootstrap 3")), "IIFFUUUF");
    let timed = "path data.csv --target y --exclude group,c,z,d --lambdas 1 --time t --window 4 --step 2";
    assert_eq!(agree(&folder, timed), "FIIIFFUUUF");
    let gaps = "data.csv --target y --target z --exclude group,c,t,d --lambdas 1,2 --missing-targets skip";
    assert_eq!(agree(&folder, &format!("path {gaps}")), "IFFUUUF");
    assert_eq!(agree(&folder, &format!("cv {gaps} --folds 2")), "IUUFFFFBUFU");
    let groups = "cv data.csv --target y --exclude c,z,t,d --lambdas 1,2 --folds 2 --by group";
    assert_eq!(agree(&folder, groups), "UIUUFFFFBUFU");
}

#[test]
fn predictions_are_those_of_csv_with_nulls_where_there_are_none() {
    let folder = Folder::new();
    folder.file("data.csv", GROUPS);
    folder
        .run("cv data.csv --target y --target b --exclude group,z,t,d --categorical c --folds 2 --save model.json")
        .succeeds();
    folder.file("new.csv", "c,a\np,1\n,2\nq,3\nq,\n");
    assert_eq!(agree(&folder, "predict model.json new.csv --drop-missing"), "FF");
    let batches = parquet(&folder.path("out.parquet"));
    assert_eq!(batches.iter().map(|batch| batch.column(0).null_count()).sum::<usize>(), 2);
}

#[test]
fn the_ending_of_a_file_says_how_it_is_written_unless_format_does() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    let begins = |arguments: &str, name: &str| {
        folder.run(&format!("path data.csv --target y {arguments} --output {name}")).succeeds();
        let bytes = std::fs::read(folder.path(name)).unwrap();
        String::from_utf8_lossy(&bytes[..4]).into_owned()
    };
    for (name, wanted) in [("x.json", "{\n  "), ("x.CSV", "lamb"), ("x.parquet", "PAR1"), ("x.feather", "ARRO")] {
        assert_eq!(begins("", name), wanted, "{name}");
    }
    assert_eq!(begins("--format csv", "y.parquet"), "lamb");
    assert_eq!(begins("", "y.txt"), begins("--format table", "z.json"));
}

#[cfg(target_os = "linux")]
#[test]
fn no_terminal_is_written_to_what_it_cannot_show() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    for format in ["parquet", "arrow"] {
        // The terminal's other end is one itself.
        let run = folder.run(&format!("path data.csv --target y --format {format} --output /dev/ptmx"));
        run.fails(2, &["/dev/ptmx is a terminal", format, "wanted --output"]);
    }
}

#[test]
fn rows_of_many_batches_and_files_have_the_predictions_that_they_have_alone() {
    let folder = Folder::new();
    folder.file("data.csv", GROUPS);
    folder.run("cv data.csv --target y --exclude group,z,t,d --categorical c --folds 2 --save model.json").succeeds();
    // More rows than a batch has; a quarter lacks a value.
    let row = |row: usize| match row % 4 {
        0 => "NA,1,p\n".to_owned(),
        _ => format!("{:?},{},{}\n", (row as f64 * 0.7).sin(), row % 11, if row.is_multiple_of(3) { "p" } else { "q" }),
    };
    let table = |rows: std::ops::Range<usize>| format!("a,b,c\n{}", rows.map(row).collect::<String>());
    folder.file("all.csv", table(0..210_001));
    let all = folder.run("predict model.json all.csv --drop-missing").succeeds();
    all.says(&["52501 of 210001 rows without a prediction"]);
    let ranges = [0..30_000, 30_000..30_002, 30_002..210_001];
    let mut alone = String::from("y\n");
    for (number, rows) in ranges.into_iter().enumerate() {
        let name = folder.file(&format!("part{number}.csv"), table(rows));
        let run = folder.run(&format!("predict model.json {} --drop-missing", name.display())).succeeds();
        alone.push_str(run.out.strip_prefix("y\n").unwrap());
    }
    assert_eq!(alone, all.out);
    let parts = folder.run("predict model.json part0.csv part1.csv part2.csv --drop-missing").succeeds();
    assert_eq!((&parts.out, &parts.err), (&all.out, &all.err));
}

#[test]
fn a_file_of_predictions_appears_whole_or_not_at_all() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder.run("cv data.csv --target y --folds 2 --save model.json").succeeds();
    // The last row is wrong, far behind the first batch.
    folder.file("new.csv", format!("a,b\n{}1,x\n", "1,2\n".repeat(300_000)));
    folder.file("old.csv", "precious");
    for output in ["old.csv", "new.parquet", "new.arrow"] {
        folder.run(&format!("predict model.json new.csv --output {output}")).fails(2, &["new.csv, line 300002"]);
    }
    assert_eq!(std::fs::read_to_string(folder.path("old.csv")).unwrap(), "precious");
    assert_eq!(folder.names(), ["data.csv", "model.json", "new.csv", "old.csv"]);
    // A pipe has had what came before.
    let run = folder.run("predict model.json new.csv");
    assert_eq!((run.code, run.out.lines().count() > 1), (Some(2), true));
    run.says(&["line 300002"]);
}
