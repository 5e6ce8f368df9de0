//! What would take all memory, never end, or leave something behind.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Folder, Run, SMALL, path_of, program};

fn small() -> Folder {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder
}

#[test]
fn more_repeats_than_can_be_made_are_refused() {
    let folder = small();
    for repeats in ["1000000000000", "18446744073709551615"] {
        folder
            .run(&format!("cv data.csv --target y --folds 3 --repeats {repeats}"))
            .fails(2, &["repeats", repeats, "33333 at most"]);
    }
}

#[test]
fn more_threads_than_machines_have_are_refused() {
    path_of(SMALL, "--threads 100000").misused(&["100000", "1024 at most"]);
    path_of(SMALL, "--threads 0").misused(&["0", "from 1 on"]);
    path_of(SMALL, "--threads 1024").succeeds();
}

#[test]
fn a_file_of_penalties_is_limited_as_grids_are() {
    let folder = small();
    folder.file("grid.txt", "1\n".repeat(1_000_001));
    folder.run("path data.csv --target y --lambda-file grid.txt").fails(2, &["grid.txt", "1000000 at most"]);
}

#[test]
#[cfg(target_os = "linux")]
fn endless_input_is_refused() {
    let folder = small();
    folder.run("path data.csv --target y --lambda-file /dev/zero").fails(2, &["/dev/zero", "32 MiB"]);
    folder.run("path /dev/zero --target y").fails(2, &["/dev/zero", "binary"]);
}

#[test]
fn a_row_without_end_is_refused() {
    let input = format!("a,y\n1,{}", "2".repeat(40 << 20));
    path_of(input, "").fails(2, &["line 2", "MiB"]);
}

#[test]
fn many_columns_take_no_time_to_choose() {
    let names: Vec<String> = (0..50_000).map(|number| format!("gene{number}")).collect();
    let input = format!("{},y\n{}1\n", names.join(","), "1,".repeat(50_000));
    let start = Instant::now();
    let folder = Folder::new();
    folder.file("data.csv", input);
    folder.run("path data.csv --target y --features gene0,gene49999 --lambdas 1").succeeds();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_folder_that_is_not_there_is_no_file_to_write() {
    let folder = small();
    for output in ["new/", "new/."] {
        let parts = [format!("cannot write {output}")];
        folder.run(&format!("path data.csv --target y --output {output}")).fails(1, &[&parts[0]]);
    }
    assert_eq!(folder.names(), ["data.csv"]);
}

#[test]
fn a_path_without_any_answer_is_written_and_ends_with_3() {
    let folder = Folder::new();
    folder.file("data.csv", "a,b,y\n1,2,3\n2,4,5\n3,6,6\n");
    let run = folder.run("path data.csv --target y --lambdas 0 --format json");
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert_eq!(run.json()["path"][0]["outcome"][0], "singular");
    folder.run("path data.csv --target y --lambdas 0,1").succeeds();
}

#[test]
fn names_that_cannot_be_seen_are_escaped() {
    let run = path_of("a\u{202e}b,c\u{200b},y\n1,2,3\n2,1,4\n4,3,5\n", "").succeeds();
    assert!(run.out.contains("a\\u{202e}b") && run.out.contains("c\\u{200b}"), "{}", run.out);
    let plotted = small();
    plotted.file("data.csv", "a\u{202e}b,y\n1,3\n2,4\n4,6\n");
    plotted.run("path data.csv --target y --plot p.svg").succeeds();
    assert!(fs::read_to_string(plotted.path("p.svg")).unwrap().contains("a\\u{202e}b"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_grows_too_large_is_an_error_and_leaves_nothing() {
    let folder = small();
    let mut shell = std::process::Command::new("sh");
    shell.current_dir(folder.path("")).args(["-c", "ulimit -f 8; exec \"$@\"", "sh"]).arg(program().get_program());
    let arguments = "path data.csv --target y --lambda-grid 1e3:1e-3:2000 --format json --output out.json";
    Run::of(shell.args(arguments.split(' '))).fails(1, &["cannot write out.json", "large"]);
    assert_eq!(folder.names(), ["data.csv"]);
}
