//! Files of many blocks, which are read side by side: nothing tells of it but the time.

use std::fs;
use std::fs::File;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::support::{Folder, program};

const HEADER: &str = "a,note,b,y";
/// Rows of some megabytes.
const ROWS: usize = 60_000;

/// The cells of a row: its numbers, and a column that is not used.
fn cells(row: usize) -> [String; 4] {
    let (a, b) = (row as f64 * 0.7182818284590452 % 5.0, (row * 7 % 1003) as f64 / 7.0);
    let y = a - b / 3.0 + (row % 11) as f64;
    [format!("{a}"), format!("n{row}"), format!("{b:e}"), format!("{y}")]
}

/// A table, whose rows `change` may change, with an end after each line.
fn table(end: &str, change: impl Fn(usize, &mut [String; 4])) -> String {
    let line = |row: usize| {
        let mut cells = cells(row);
        change(row, &mut cells);
        cells.join(",")
    };
    let lines: Vec<String> = std::iter::once(HEADER.to_owned()).chain((0..ROWS).map(line)).collect();
    lines.join(end)
}

/// A table of which one row has another cell in a column.
fn changed(at: usize, column: usize, cell: &str) -> String {
    table("\n", |row, cells| {
        if row == at {
            cells[column] = cell.into();
        }
    })
}

fn moments(folder: &Folder, input: &str, arguments: &str) -> Vec<u8> {
    folder.run(&format!("moments {input} --target y --exclude note -o out {arguments}")).succeeds();
    fs::read(folder.path("out")).unwrap()
}

#[test]
fn line_ends_quotes_and_marks_change_no_bit() {
    let folder = Folder::new();
    folder.file("plain", table("\n", |_, _| ()));
    folder.file("crlf", table("\r\n", |_, _| ()));
    folder.file("cr", table("\r", |_, _| ()));
    folder.file("marked", format!("\u{feff}{}\n", table("\n", |_, _| ())));
    folder.file("quoted", table("\r\n", |_, cells| cells.iter_mut().for_each(|cell| *cell = format!("\"{cell}\""))));
    folder.file("lines", table("\n", |_, cells| cells[1] = "\"two\nlines, of\r\n\"\"these\"\"\"".into()));
    folder.file(
        "inner",
        table("\n", |row, cells| {
            if row % 7000 == 9 {
                cells[1] = "a\"b\"\"".into()
            }
        }),
    );
    let wanted = moments(&folder, "plain", "");
    for input in ["crlf", "cr", "marked", "quoted", "lines", "inner"] {
        assert!(moments(&folder, input, "") == wanted, "{input}");
    }
    let path =
        |input: &str| folder.run(&format!("path {input} --target y --exclude note --format json")).succeeds().out;
    assert_eq!(path("lines"), path("plain"));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let folder = Folder::new();
    folder.file(
        "data.csv",
        table("\n", |row, cells| {
            if row % 999 == 5 {
                cells[2].clear()
            }
        }),
    );
    let of = |threads: &str| {
        let mut command = program();
        command.current_dir(folder.path("")).env("RAYON_NUM_THREADS", threads);
        let arguments = "moments data.csv --target y --exclude note --drop-missing --folds 3 -o out";
        let run = command.args(arguments.split(' ')).output().unwrap();
        assert!(run.status.success(), "{run:?}");
        (fs::read(folder.path("out")).unwrap(), String::from_utf8(run.stderr).unwrap())
    };
    let one = of("1");
    assert!(one.1.contains(&format!("61 of {ROWS} rows dropped")), "{}", one.1);
    assert!(of("2") == one && of("5") == one);
}

#[test]
fn a_wrong_cell_in_a_late_block_is_on_its_line() {
    let folder = Folder::new();
    let wrong = |row: usize, cells: &mut [String; 4]| match row {
        100 => cells[1] = "\"x\ny\nz\"".into(),
        55_000 => cells[2] = "oops".into(),
        59_000 => cells[0] = "later".into(),
        _ => (),
    };
    for (name, end) in [("lf", "\n"), ("crlf", "\r\n"), ("blank", "\n\n")] {
        folder.file(name, table(end, wrong));
        let lines = if name == "blank" { 2 } else { 1 };
        // The header, two line ends within a cell, and lines count from 1.
        let place = format!("{name}, line {}, column \"b\"", lines + 2 + 55_000 * lines + 1);
        folder.run(&format!("moments {name} --target y --exclude note -o out")).fails(2, &[&place, "\"oops\""]);
        folder.run(&format!("path {name} --target y --exclude note")).fails(2, &[&place, "\"oops\""]);
    }
    folder.file("short", changed(58_000, 1, "x,y"));
    folder
        .run("moments short --target y --exclude note -o out")
        .fails(2, &["short, line 58002", "found 5 cells", "wanted 4"]);
    folder.file("whole", changed(58_000, 0, "9007199254740993"));
    folder
        .run("moments whole --target y --exclude note -o out")
        .fails(2, &["whole, line 58002", "column \"a\"", "2^53"]);
    folder.file("open", changed(50_000, 1, "\"x"));
    folder.run("moments open --target y --exclude note -o out").fails(2, &["open, line 50002", "is a quote missing?"]);
    assert!(!folder.names().contains(&"out".to_owned()));
}

#[test]
fn rows_that_lack_a_value_are_left_out_wherever_they_are() {
    let folder = Folder::new();
    let lacks = |row: usize| row.is_multiple_of(1000) || row > 59_900;
    let gapped = |row: usize, cells: &mut [String; 4]| {
        if lacks(row) {
            cells[if row.is_multiple_of(2) { 0 } else { 3 }] = ["", "NA", " null "][row % 3].into();
        }
    };
    folder.file("gapped.csv", table("\n", gapped));
    let full = table("\n", |_, _| ());
    let kept = full.lines().enumerate().filter(|(line, _)| *line == 0 || !lacks(line - 1));
    folder.file("full.csv", kept.map(|(_, line)| format!("{line}\n")).collect::<String>());
    let path = |input: &str| {
        let arguments = format!("path {input} --target y --exclude note --drop-missing --format json");
        folder.run(&arguments).succeeds().json()
    };
    let (found, wanted) = (path("gapped.csv"), path("full.csv"));
    assert_eq!(found["path"], wanted["path"]);
    assert_eq!(found["rows_dropped"], (0..ROWS).filter(|row| lacks(*row)).count());
    folder.run("path gapped.csv --target y --exclude note").fails(2, &["gapped.csv, line 2, column \"a\""]);
    assert!(moments(&folder, "gapped.csv", "--drop-missing") == moments(&folder, "full.csv", ""));
}

/// The numbers of the CSV table as Parquet, some of them missing.
fn parquet(folder: &Folder, name: &str, lacks: impl Fn(usize) -> bool) {
    let of = |column: usize| (0..ROWS).map(move |row| cells(row)[column].parse::<f64>().unwrap());
    let a = of(0).enumerate().map(|(row, a)| (!lacks(row)).then_some(a));
    let columns: [(&str, ArrayRef); 3] = [
        ("a", Arc::new(a.collect::<Float64Array>())),
        ("b", Arc::new(of(2).collect::<Float64Array>())),
        ("y", Arc::new(of(3).collect::<Float64Array>())),
    ];
    let table = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, own)| (name, own, true)));
    let table = table.unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(7_001)).build();
    let file = File::create(folder.path(name)).unwrap();
    let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).unwrap();
    writer.write(&table).unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_and_csv_of_many_batches_have_the_same_moments() {
    let folder = Folder::new();
    let lacks = |row: usize| row == 58_500;
    folder.file(
        "data.csv",
        table("\n", |row, cells| {
            if lacks(row) {
                cells[0].clear()
            }
        }),
    );
    parquet(&folder, "full.parquet", |_| false);
    parquet(&folder, "gapped.parquet", lacks);
    let summed = |input: &str| {
        folder.run(&format!("moments {input} --target y --features a,b --drop-missing -o out")).succeeds();
        fs::read(folder.path("out")).unwrap()
    };
    assert!(summed("gapped.parquet") == summed("data.csv"));
    folder.file("full.csv", table("\n", |_, _| ()));
    assert!(summed("full.parquet") == summed("full.csv"));
    assert!(summed("full.parquet") != summed("data.csv"));
    folder
        .run("moments gapped.parquet --target y -o none")
        .fails(2, &["gapped.parquet, row 58501, column \"a\"", "no value"]);
    folder.run("path gapped.parquet --target y").fails(2, &["gapped.parquet, row 58501, column \"a\"", "no value"]);
    let run = folder.run("path gapped.parquet --target y --drop-missing --format json").succeeds();
    run.says(&["1 of 60000 rows dropped"]);
}

#[test]
fn whole_numbers_of_parquet_are_taken_as_they_are() {
    let folder = Folder::new();
    let whole: Int32Array = (0..70_000).map(|row| if row == 66_000 { None } else { Some(row % 1000 - 500) }).collect();
    let y: Float64Array = (0..70_000).map(|row| Some(f64::from(row % 17))).collect();
    let columns: [(&str, ArrayRef); 2] = [("a", Arc::new(whole)), ("y", Arc::new(y))];
    let table = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, own)| (name, own, true)));
    let table = table.unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(folder.path("data.parquet")).unwrap(), table.schema(), None).unwrap();
    writer.write(&table).unwrap();
    writer.close().unwrap();
    let line = |row: i32| if row == 66_000 { ",6\n".into() } else { format!("{},{}\n", row % 1000 - 500, row % 17) };
    folder.file("data.csv", format!("a,y\n{}", (0..70_000).map(line).collect::<String>()));
    let path = |input: &str, more: &str| folder.run(&format!("path {input} --target y --format json {more}"));
    let run = |input: &str, more: &str| path(input, &format!("--drop-missing {more}")).succeeds().out;
    assert_eq!(run("data.parquet", ""), run("data.csv", ""));
    assert_eq!(run("data.parquet", "--null=-3"), run("data.csv", "--null=-3"));
    path("data.parquet", "--null=-3").fails(2, &["data.parquet, row 498", "found -3.0", "--null"]);
    path("data.parquet", "").fails(2, &["data.parquet, row 66001"]);
}
