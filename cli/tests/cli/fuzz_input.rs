//! Files in any writing and packing, and options for them: as in [`fuzz`](crate::fuzz).

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use crate::fuzz::{assert_ends_well, for_all, pieces, tables, words};
use crate::support::{Folder, SMALL};

/// A text packed by gzip or zstd, of which some is changed or cut off.
fn packed() -> impl Strategy<Value = Vec<u8>> {
    let damage = prop_oneof![
        2 => Just(None),
        1 => (any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(Some),
    ];
    let text = prop_oneof![2 => tables(), 1 => pieces()];
    (prop::collection::vec(text, 1..3), any::<bool>(), damage).prop_map(|(texts, gzip, damage)| {
        let mut bytes =
            texts.iter().flat_map(|text| if gzip { by_gzip(text) } else { by_zstd(text) }).collect::<Vec<u8>>();
        if let Some((at, byte, cut)) = damage {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
            if cut {
                bytes.truncate(at);
            }
        }
        bytes
    })
}

fn by_gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn by_zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

#[test]
fn compressed_files_of_any_kind_are_answered_or_refused() {
    let codes = [const { AtomicUsize::new(0) }; 4];
    for_all(200, packed(), |input| {
        let folder = Folder::new();
        folder.file("data.csv", input);
        let code = assert_ends_well(&folder, &words("path data.csv --target y --output out.csv --lambdas 1"));
        codes[usize::try_from(code).unwrap()].fetch_add(1, Ordering::Relaxed);
    });
    let codes = codes.map(AtomicUsize::into_inner);
    assert!(codes[0] >= 20 && codes[2] >= 20, "runs that ended with 0, 1, 2 and 3: {codes:?}");
}

/// A cell that may fit or not.
fn odd_cell() -> impl Strategy<Value = String> {
    let cells =
        ["4,5", "1.5", "1.234,5", "NA", "", "none", "?", "red", "2024-01-31", "\"x;y\"", "1;2", "\"", "\n", "\t"];
    prop::sample::select(cells.to_vec()).prop_map(str::to_owned)
}

#[test]
fn files_in_any_writing_are_answered_or_refused() {
    // How numbers, text and delimiters are written, and the options that say so.
    let writing = (prop::sample::select(vec![";", "\t", "|"]), any::<bool>(), any::<bool>(), any::<bool>());
    let files = writing.prop_flat_map(|(delimiter, comma, text, separator_line)| {
        let number = (-99..99_i32).prop_map(move |tenths| {
            let number = f64::from(tenths) / 10.0;
            if comma { number.to_string().replace('.', ",") } else { number.to_string() }
        });
        let number = prop_oneof![40 => number, 1 => odd_cell()].boxed();
        let level = prop_oneof![40 => prop::sample::select(vec!["red", "blue", "green"]).prop_map(str::to_owned), 1 => odd_cell()].boxed();
        let row = (if text { level } else { number.clone() }, number.clone(), number);
        let row = row.prop_map(move |(a, b, y)| [a, b, y].join(delimiter) + "\n");
        let file = prop::collection::vec(row, 1..8).prop_map(move |rows| {
            let line = if separator_line { format!("sep={delimiter}\n") } else { String::new() };
            format!("{line}{}\n{}", ["a", "b", "y"].join(delimiter), rows.concat())
        });
        let mut options = vec!["--drop-missing", "--null=?,1", "--no-intercept"];
        let mut needed = vec![];
        needed.extend(comma.then_some("--decimal-comma"));
        needed.extend(text.then_some("--categorical a"));
        needed.extend((delimiter == "|").then_some("--delimiter |"));
        options.extend(["--weights b", "--delimiter tab"]);
        let options = (prop::sample::subsequence(options, 0..3), any::<bool>()).prop_map(move |(mut options, all)| {
            options.extend(needed.iter().filter(|_| all));
            options
        });
        (prop::collection::vec(file, 1..3), options)
    });
    let codes = [const { AtomicUsize::new(0) }; 4];
    for_all(300, files, |(texts, options)| {
        let folder = Folder::new();
        for (at, text) in texts.iter().enumerate() {
            folder.file(&format!("data{at}.csv"), text);
        }
        let arguments = format!("path data*.csv --target y --output out.csv --lambdas 1 {}", options.join(" "));
        let code = assert_ends_well(&folder, &words(&arguments));
        codes[usize::try_from(code).unwrap()].fetch_add(1, Ordering::Relaxed);
    });
    let codes = codes.map(AtomicUsize::into_inner);
    assert!(codes[0] >= 20 && codes[2] >= 20, "runs that ended with 0, 1, 2 and 3: {codes:?}");
}

#[test]
fn options_of_any_kind_are_taken_or_refused() {
    let flag = prop::sample::select(vec![
        "--delimiter",
        "--decimal-comma",
        "--null",
        "--drop-missing",
        "--categorical",
        "--exclude",
        "--features",
        "--weights",
        "--unpenalised",
        "--by",
        "--missing-targets",
        "data*.csv",
        "more.csv",
        "-",
    ]);
    let value = prop_oneof![
        3 => prop::sample::select(vec![
            "a", "b", "y", "a,b", "a,y", "#1", "tab", "|", ";", ",", "1", "NA", "", "\"", "*", "[", "**/*", "more.csv", "skip",
        ]).prop_map(str::to_owned),
        1 => "[^\0]{0,12}",
    ];
    let word = prop_oneof![2 => flag.prop_map(str::to_owned), 3 => value];
    let start = prop::sample::select(vec![
        "path data.csv --target y --lambdas 1",
        "plan data.csv --target y",
        "predict model.json data.csv",
    ]);
    let codes = [const { AtomicUsize::new(0) }; 4];
    for_all(250, (start, prop::collection::vec(word, 0..7)), |(start, rest)| {
        let folder = Folder::new();
        folder.file("data.csv", SMALL);
        folder.file("more.csv", SMALL.replace(',', ";").replace('.', ","));
        folder.file(
            "model.json",
            r#"{"schema": "ridgepath/model/1", "features": ["a=2", "b"], "targets": ["y"],
                "categories": [{"column": "a", "levels": ["1", "2"], "left_out": "1"}],
                "path": [{"lambda": 0.5, "coef": [[1.5, -2.0]], "intercept": [0.25]}]}"#,
        );
        let arguments: Vec<String> = words(start).into_iter().chain(rest).collect();
        let code = assert_ends_well(&folder, &arguments);
        codes[usize::try_from(code).unwrap()].fetch_add(1, Ordering::Relaxed);
    });
    let codes = codes.map(AtomicUsize::into_inner);
    assert!(codes[0] >= 20 && codes[2] >= 20, "runs that ended with 0, 1, 2 and 3: {codes:?}");
}
