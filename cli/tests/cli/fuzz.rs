//! Files and arguments of any kind: the program ends with 0 to 3, never with a panic, and leaves no half-written file.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::support::{Folder, SMALL, program};

/// Runs a property on this many cases, the same ones each time.
#[track_caller]
pub(crate) fn for_all<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value)) {
    let rng_seed = RngSeed::Fixed(20_040_401);
    let config =
        ProptestConfig { cases, failure_persistence: None, rng_seed, max_shrink_iters: 200, ..Default::default() };
    let run = TestRunner::new(config).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
}

/// Runs in a folder with an output of old; what the run ended with. A hang, a panic and a half-written file fail.
pub(crate) fn assert_ends_well(folder: &Folder, arguments: &[String]) -> i32 {
    assert_command_ends_well(folder, &mut program(), arguments)
}

fn assert_command_ends_well(folder: &Folder, command: &mut Command, arguments: &[String]) -> i32 {
    folder.file("out.csv", "old");
    let before = folder.names();
    let mut child = command
        .current_dir(folder.path(""))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()).unwrap());
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        std::io::copy(&mut err, &mut said).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("hangs: {arguments:?}");
        }
        std::thread::sleep(Duration::from_micros(500));
    };
    reader.join().unwrap();
    let said = said.join().unwrap();
    let code = status.code().unwrap_or_else(|| panic!("killed by a signal: {arguments:?}: {said}"));
    assert!([0, 1, 2, 3].contains(&code), "{code}: {arguments:?}: {said}");
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{arguments:?}: {said}");
    assert!(code == 0 || !said.is_empty(), "ends with {code} and says nothing: {arguments:?}");
    let written = fs::read_to_string(folder.path("out.csv")).unwrap();
    // 3 tells of an answer without coefficients, which is written all the same.
    if code == 0 || code == 3 {
        assert!(written == "old" || written.ends_with('\n'), "half a file: {arguments:?}");
    } else {
        assert_eq!(written, "old", "{arguments:?}");
        assert_eq!(folder.names(), before, "{arguments:?}");
    }
    code
}

/// Pieces of which files are made: cells, separators and what has no place in a table.
pub(crate) fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop::sample::select(vec![
        "1",
        "2.5",
        "-3e7",
        "0",
        "1e308",
        "-1e308",
        "1e-320",
        "nan",
        "inf",
        "",
        " ",
        "x",
        "\"1\"",
        "\"a\"\"b\"",
        "\"",
        "\"\n\"",
        "1e999",
        "0x10",
        "1,5",
        "é",
        "\u{feff}",
        "\u{1b}[31m",
        "+4",
        ".5",
        "5.",
        "1_0",
        "9".repeat(400).leak(),
    ])
    .prop_map(|cell| cell.as_bytes().to_vec());
    let separator = prop::sample::select(vec![",", ",", ",", "\n", "\n", "\r\n", "\r", ";", "\t", ",,", "\n\n"])
        .prop_map(|separator| separator.as_bytes().to_vec());
    let noise = prop_oneof![
        Just(vec![0u8]),
        Just(vec![0xff, 0xfe]),
        Just(vec![0xc3]),
        Just(vec![b'a'; 70_000]),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    let piece = prop_oneof![10 => (cell, separator).prop_map(|(cell, next)| [cell, next].concat()), 1 => noise];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A table of two features and a target whose cells are numbers, most of them.
pub(crate) fn tables() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        8 => (-1e3..1e3f64).prop_map(|v| v.to_string()),
        1 => any::<f64>().prop_map(|v: f64| v.to_string()),
        1 => prop::sample::select(vec!["0", "1e300", "-1.7e308", "5e-324", "1e-200"]).prop_map(str::to_owned),
    ];
    let row = prop::collection::vec(number, 3..=3).prop_map(|cells| cells.join(","));
    prop::collection::vec(row, 1..12).prop_map(|rows| format!("a,b,y\n{}\n", rows.join("\n")).into_bytes())
}

pub(crate) fn words(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn files_of_any_kind_are_answered_or_refused() {
    let input = prop_oneof![
        (pieces(), any::<bool>()).prop_map(|(body, header)| if header {
            [b"a,b,y\n".to_vec(), body].concat()
        } else {
            body
        }),
        tables(),
    ];
    let rest = prop::sample::select(vec![
        "--output out.csv --format csv",
        "--output out.csv --format json --standardize",
        "--output out.csv --no-intercept --lambdas 0,1e-300,1e300",
        "--output out.csv --format csv --alphas 0,1 --standardize=sample --plot p.svg",
        "--precision single --format json",
        "--weights b --lambda-grid 1e3:1e-3:5",
    ]);
    let codes = [const { std::sync::atomic::AtomicUsize::new(0) }; 4];
    for_all(250, (input, rest), |(input, rest)| {
        let folder = Folder::new();
        folder.file("data.csv", input);
        let code = assert_ends_well(&folder, &words(&format!("path data.csv --target y {rest}")));
        codes[usize::try_from(code).unwrap()].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    let codes = codes.map(std::sync::atomic::AtomicUsize::into_inner);
    assert!(codes[0] >= 20 && codes[2] >= 20, "runs that ended with 0, 1, 2 and 3: {codes:?}");
}

#[test]
fn arguments_of_any_kind_are_taken_or_refused() {
    let flag = prop::sample::select(vec![
        "--target",
        "--features",
        "--exclude",
        "--weights",
        "--lambdas",
        "--alphas",
        "--lambda-grid",
        "--alpha-grid",
        "--format",
        "--output",
        "--plot",
        "--backend",
        "--precision",
        "--memory-budget",
        "--standardize",
        "--no-intercept",
        "--help",
        "--version",
        "-",
        "--",
        "-o",
        "path",
        "bench",
        "--rows",
        "--without",
        "--lambdas-count",
        "--coefficients",
    ]);
    let value = prop_oneof![
        3 => prop::sample::select(vec![
            "y", "a", "b", "a,b", "1", "0,1e-3,5", "1e3:1e-3:7", "1:0:3", "1:2:0", "1e308:1e-308:4", "nan", "-1", "inf", "csv",
            "json", "table", "out.csv", "data.csv", "cpu", "reference", "single", "double", "64K", "0", "99999999999999999999",
            "population", "", " ", "\"", "1e400", "1:2:99999999999999999999", "1e5:1e-5:1e9", ",", ":::",
        ]).prop_map(str::to_owned),
        1 => "[^\0]{0,12}",
    ];
    let word = prop_oneof![2 => flag.prop_map(str::to_owned), 3 => value];
    let start = prop_oneof![4 => Just("path data.csv --target y"), 1 => Just("path"), 1 => Just("validate data.csv --target y"), 1 => Just("bench data.csv --target y --repeat 1 --backend cpu"), 1 => Just("")];
    for_all(250, (start, prop::collection::vec(word, 0..7)), |(start, rest)| {
        let folder = Folder::new();
        folder.file("data.csv", SMALL);
        // A grid of 10⁷ λs is a long answer, not a wrong one.
        let long = |word: &str| word.rsplit(':').next().is_some_and(|count| count.len() > 4 && count.len() < 12);
        let rest = rest.into_iter().filter(|word| !word.contains(':') || !long(word));
        let arguments: Vec<String> = words(start).into_iter().chain(rest).collect();
        assert_ends_well(&folder, &arguments);
    });
}

#[cfg(unix)]
#[test]
fn bad_ends_are_found() {
    let ends = |script: &str| {
        let run = || assert_command_ends_well(&Folder::new(), &mut Command::new("sh"), &["-c".into(), script.into()]);
        std::panic::catch_unwind(run).is_ok()
    };
    assert!(ends("echo refused >&2; exit 2") && ends("echo whole > out.csv"));
    let bad = [
        "exit 1",
        "exit 4",
        "echo no >&2; exit 4",
        "kill -9 $$",
        "echo half > out.csv; exit 1",
        "printf half > out.csv",
    ];
    for script in [&bad[..], &["echo x > .tmp; echo no >&2; exit 1", "echo thread panicked at >&2"]].concat() {
        assert!(!ends(script), "{script}");
    }
}
