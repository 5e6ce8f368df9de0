//! Rows from Parquet files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use ridgepath::{ColumnNames, CrossValidation, Error, Folds, Moments, ParquetFiles, Ridge, Stream};

/// A folder that is removed with its files.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ridgepath-parquet-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Rows from number `first` on, with columns in an order of the caller's.
fn table(first: usize, rows: usize, order: &[&str]) -> RecordBatch {
    let value = |i: usize, k: usize| ((i * k) % 97) as f64 + (i % 3) as f64;
    let column = |name: &&str| {
        let doubles =
            |k: usize| Arc::new(Float64Array::from_iter_values((first..first + rows).map(|i| value(i, k)))) as ArrayRef;
        let array = match *name {
            "a" => doubles(5),
            "b" => doubles(7),
            "y" => doubles(11),
            "fold" => Arc::new(Int32Array::from_iter_values((first..first + rows).map(|i| (i / 500) as i32))),
            _ => Arc::new(StringArray::from_iter_values((first..first + rows).map(|i| format!("note {i}")))),
        };
        (name.to_string(), array)
    };
    RecordBatch::try_from_iter(order.iter().map(column)).unwrap()
}

fn write(path: &Path, batch: &RecordBatch, group: usize, compression: Compression) {
    let settings = WriterProperties::builder().set_max_row_group_row_count(Some(group)).set_compression(compression);
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(settings.build())).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn files_one_after_another_have_the_choice_of_their_rows_in_memory() {
    let folder = Folder::new("files");
    let parts = [
        (table(0, 1200, &["a", "note", "y", "b", "fold"]), 100, Compression::SNAPPY),
        (table(1200, 1300, &["fold", "b", "y", "a"]), 5000, Compression::ZSTD(ZstdLevel::default())),
        (table(2500, 500, &["y", "a", "b", "fold", "note"]), 77, Compression::LZ4_RAW),
    ];
    let paths: Vec<PathBuf> = (0..3).map(|part| folder.file(&format!("{part}.parquet"))).collect();
    for (path, (batch, group, compression)) in paths.iter().zip(&parts) {
        write(path, batch, *group, *compression);
    }
    let names = ColumnNames::new(["y"]).features(["b", "a"]).labels("fold");
    let files = ParquetFiles::open(&paths, &names).unwrap();
    assert_eq!(
        (files.rows(), files.features(), files.targets()),
        (3000, &["b".into(), "a".into()][..], &["y".into()][..])
    );
    let batches = parts.iter().map(|(batch, _, _)| Ok::<_, Error>(batch.clone()));
    let wanted = Moments::from_stream(&mut Stream::of_arrow(batches.collect::<Vec<_>>(), &names)).unwrap();
    let mut stream = files.stream();
    for _ in 0..2 {
        assert_eq!(Moments::from_stream(&mut stream).unwrap(), wanted);
    }
    let found = CrossValidation::new(Ridge::new()).folds(Folds::Labelled).fit_stream(&mut files.stream()).unwrap();
    assert_eq!(found.folds(), 6);
}

#[test]
fn features_that_are_not_named_are_those_of_the_first_file() {
    let folder = Folder::new("features");
    let (first, second) = (folder.file("first.parquet"), folder.file("second.parquet"));
    write(&first, &table(0, 30, &["y", "b"]), 100, Compression::UNCOMPRESSED);
    write(&second, &table(30, 30, &["a", "b", "y"]), 100, Compression::UNCOMPRESSED);
    let files = ParquetFiles::open([&first, &second], &ColumnNames::new(["y"])).unwrap();
    assert_eq!(files.features(), ["b"]);
    assert_eq!(Moments::from_stream(&mut files.stream()).unwrap().rows(), 60);
    let error = ParquetFiles::open([&second, &first], &ColumnNames::new(["y"])).unwrap_err().to_string();
    assert!(error.contains("\"a\"") && error.contains("first.parquet"), "{error}");
}

#[test]
fn rows_with_nulls_are_dropped_and_counted_in_each_pass() {
    let folder = Folder::new("nulls");
    let path = folder.file("nulls.parquet");
    let column = |gap: usize| {
        Arc::new((0..50).map(|i| (i % gap != 1).then_some((i * gap) as f64)).collect::<Float64Array>()) as ArrayRef
    };
    let batch = RecordBatch::try_from_iter_with_nullable([("x", column(10), true), ("y", column(25), true)]).unwrap();
    write(&path, &batch, 16, Compression::SNAPPY);
    let names = ColumnNames::new(["y"]);
    let files = ParquetFiles::open([&path], &names).unwrap();
    let error = Moments::from_stream(&mut files.stream()).unwrap_err().to_string();
    assert!(error.contains("\"x\": row 1 is null"), "{error}");
    let files = ParquetFiles::open([&path], &names.drop_nulls(true)).unwrap();
    for _ in 0..2 {
        assert_eq!(Moments::from_stream(&mut files.stream()).unwrap().rows(), 44);
        assert_eq!(files.dropped(), 6);
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = Folder::new("bad");
    let whole = folder.file("whole.parquet");
    write(&whole, &table(0, 5000, &["a", "b", "y", "note"]), 100, Compression::UNCOMPRESSED);
    let bytes = fs::read(&whole).unwrap();
    let names = ColumnNames::new(["y"]).features(["a", "b"]);
    let refused = |path: &Path, wanted: &str| {
        let read = ParquetFiles::open([path], &names).and_then(|files| Moments::from_stream(&mut files.stream()));
        match read {
            Err(Error::File { action: "read", file, detail }) => {
                assert_eq!(file, path.display().to_string());
                assert!(detail.to_lowercase().contains(wanted), "{detail}");
            }
            other => panic!("{other:?}"),
        }
    };
    refused(&folder.file("none.parquet"), "no such file");
    let cut = folder.file("cut.parquet");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    refused(&cut, "parquet");
    let text = folder.file("text.parquet");
    fs::write(&text, "a,b,y\n1,2,3\n").unwrap();
    refused(&text, "parquet");
    // Pages that were overwritten, with the footer as it was.
    let damaged = folder.file("damaged.parquet");
    let mut spoilt = bytes.clone();
    spoilt[4..bytes.len() * 3 / 4].fill(0xA5);
    fs::write(&damaged, spoilt).unwrap();
    refused(&damaged, "");
    let error = ParquetFiles::open([&whole], &ColumnNames::new(["y"]))
        .and_then(|files| Moments::from_stream(&mut files.stream()));
    assert!(error.unwrap_err().to_string().contains("columns of 0 and 1"));
    assert!(matches!(ParquetFiles::open([""; 0], &names), Err(Error::Count { found: 0, .. })));
}
