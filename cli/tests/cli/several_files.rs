//! Several files as one table: columns go by their names, messages name the file.

use std::io::Write;

use flate2::write::GzEncoder;

use crate::support::{Folder, Run, SMALL, path_of, program};

/// A folder with [`SMALL`] in three parts.
fn parts() -> Folder {
    let folder = Folder::new();
    folder.file("part1.csv", "a,b,y\n1,2,3\n2,1,4\n");
    folder.file("part2.csv", "a,b,y\n3,5,7\n");
    folder.file("part3.csv", "a,b,y\n4,4,8.5\n5,7,9\n");
    folder
}

const ARGUMENTS: &str = "--target y --format json";

fn whole() -> String {
    path_of(SMALL, "--format json").succeeds().out
}

#[test]
fn rows_follow_one_another_as_if_in_one_file() {
    let folder = parts();
    let wanted = whole();
    assert_eq!(folder.run(&format!("path part1.csv part2.csv part3.csv {ARGUMENTS}")).succeeds().out, wanted);
    assert_eq!(folder.run(&format!("path part*.csv {ARGUMENTS}")).succeeds().out, wanted);
    // The control: in another order, windows of rows are others.
    let windows =
        |files: &str| folder.run(&format!("path {files} {ARGUMENTS} --window 3 --step 1 --lambdas 1")).succeeds().out;
    assert_ne!(windows("part3.csv part1.csv part2.csv"), windows("part*.csv"));
}

#[test]
fn a_pattern_stands_for_its_files_in_the_order_of_their_names() {
    let folder = parts();
    folder.file(".part4.csv", "hidden");
    std::fs::create_dir(folder.path("more")).unwrap();
    for (at, name) in ["part10.csv", "part9.csv", "Part.csv"].into_iter().enumerate() {
        folder.file(&format!("more/{name}"), format!("a,b,y\n{},{},{}\n", at + 1, at * at, at * 3));
    }
    let windows =
        |files: &str| folder.run(&format!("path {files} {ARGUMENTS} --window 2 --step 1 --lambdas 1")).succeeds().out;
    let named = "more/Part.csv more/part10.csv more/part9.csv";
    assert_eq!(windows("more/*"), windows(named));
    assert_eq!(windows("part[13].csv more/P*"), windows("part1.csv part3.csv more/Part.csv"));
    assert_eq!(windows("*.csv"), windows("part1.csv part2.csv part3.csv"));
    folder.run(&format!("path none*.csv {ARGUMENTS}")).misused(&["none*.csv", "no file matches"]);
    folder.run(&format!("path part[.csv {ARGUMENTS}")).misused(&["part[.csv", "pattern"]);
    #[cfg(unix)]
    {
        folder.file("odd[1]*.csv", SMALL);
        assert_eq!(folder.run(&format!("path odd[1]*.csv {ARGUMENTS}")).succeeds().out, whole());
    }
}

#[test]
fn columns_go_by_their_names_in_any_order() {
    let folder = parts();
    folder.file("part2.csv", "y,junk,b,a\n7,x,5,3\n");
    let arguments = format!("path part1.csv part2.csv part3.csv {ARGUMENTS}");
    assert_eq!(folder.run(&format!("{arguments} --features a,b")).succeeds().out, whole());
    // A number is that of the first file.
    assert_eq!(folder.run(&format!("{arguments} --features #1,#2")).succeeds().out, whole());
    folder.run(&arguments).fails(2, &["part2.csv, line 1", "column 2, \"junk\"", "part1.csv", "--features"]);
    folder.file("part1.csv", "junk,a,b,y\nx,1,2,3\ny,2,1,4\n");
    folder.file("part3.csv", "a,b,y\n4,4,8.5\n5,7,9\n");
    assert_eq!(folder.run(&format!("{arguments} --exclude junk")).succeeds().out, whole());
}

#[test]
fn a_missing_or_repeated_column_is_named_with_both_files() {
    let folder = parts();
    let run = |header: &str| {
        folder.file("part2.csv", format!("{header}\n3,5,7\n"));
        folder.run(&format!("path part1.csv part2.csv part3.csv {ARGUMENTS}"))
    };
    run("a,c,y").fails(2, &["part2.csv, line 1", "no column \"b\"", "part1.csv"]);
    run("a,a,y").fails(2, &["part2.csv, line 1"]);
    folder.file("part2.csv", "a,b,b,y\n3,5,5,7\n");
    let files = "part1.csv part2.csv";
    folder
        .run(&format!("path {files} {ARGUMENTS}"))
        .fails(2, &["part2.csv, line 1", "2 columns", "\"b\"", "part1.csv"]);
    folder.run(&format!("path {files} {ARGUMENTS} --exclude b")).succeeds();
    // A name that looks like a number is a name.
    folder.file("part1.csv", "a,#3,y\n1,2,3\n2,1,4\n");
    folder.file("part2.csv", "a,b,y\n3,5,7\n");
    folder.run(&format!("path {files} {ARGUMENTS}")).fails(2, &["no column \"#3\""]);
}

#[test]
fn delimiter_and_compression_are_found_for_each() {
    let folder = parts();
    folder.file("part2.csv", "sep=;\na;b;y\n3;5;7\n");
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"a\tb\ty\n4\t4\t8.5\n5\t7\t9\n").unwrap();
    folder.file("part3.csv", packed.finish().unwrap());
    assert_eq!(folder.run(&format!("path part*.csv {ARGUMENTS}")).succeeds().out, whole());
}

#[test]
fn messages_name_the_file_and_its_line() {
    let folder = parts();
    folder.file("part3.csv", "a,b,y\n\n4,4,8.5\n5,x,9\n");
    folder.run(&format!("path part*.csv {ARGUMENTS}")).fails(2, &["part3.csv, line 4", "column \"b\"", "\"x\""]);
    folder.file("part2.csv", "a,b,y\n3,5\n");
    folder.run(&format!("path part*.csv {ARGUMENTS}")).fails(2, &["part2.csv, line 2", "found 2 cells"]);
    folder.file("times1.csv", "t,a,y\n1,1,1\n5,2,2\n");
    folder.file("times2.csv", "t,a,y\n4,1,1\n6,2,3\n");
    let times = "path times*.csv --target y --time t --window 3 --step 3";
    folder.run(times).fails(2, &["times2.csv, line 2", "before the time of the row above"]);
    folder.run(&format!("path part1.csv nowhere.csv {ARGUMENTS}")).fails(2, &["cannot read nowhere.csv"]);
}

#[test]
fn a_file_without_rows_adds_none_and_all_without_are_refused() {
    let folder = parts();
    folder.file("part0.csv", "a,b,y\n");
    assert_eq!(folder.run(&format!("path part*.csv {ARGUMENTS}")).succeeds().out, whole());
    folder.file("part1.csv", "a,b,y\n");
    folder.run(&format!("path part0.csv part1.csv {ARGUMENTS}")).fails(2, &["part0.csv has no rows", "1 others"]);
}

#[test]
fn a_file_named_twice_is_refused_and_standard_input_may_be_one() {
    let folder = parts();
    folder.run(&format!("path part1.csv part*.csv {ARGUMENTS}")).fails(2, &["part1.csv twice"]);
    folder.run(&format!("path part1.csv part2.csv {ARGUMENTS} --output part2.csv")).fails(2, &["same file"]);
    let mut command = program();
    command.current_dir(folder.path("")).args("path part1.csv - part3.csv --target y --format json".split(' '));
    assert_eq!(Run::with_input(&mut command, "y,a,b\n7,3,5\n").succeeds().out, whole());
}

#[cfg(unix)]
#[test]
fn more_files_than_may_be_open_are_read_and_never_written_over() {
    let folder = Folder::new();
    let row = |number: usize| format!("a,b,y\n{number},{},{}\n", number * number % 7, number * 3 % 11);
    (0..300).for_each(|number| drop(folder.file(&format!("part{number}.csv"), row(number))));
    let run = |arguments: &str| {
        let mut shell = std::process::Command::new("sh");
        let script = format!("ulimit -n 64; exec \"$0\" path 'part*.csv' --target y --lambdas 1 {arguments}");
        shell.current_dir(folder.path("")).args(["-c", &script, env!("CARGO_BIN_EXE_ridgepath")]);
        Run::of(&mut shell)
    };
    assert_eq!(run("--format json").succeeds().json()["rows"], 300);
    for number in [0, 299] {
        run(&format!("--output part{number}.csv")).fails(2, &["same file"]);
        assert_eq!(std::fs::read_to_string(folder.path(&format!("part{number}.csv"))).unwrap(), row(number));
    }
}

#[test]
fn dropped_rows_are_counted_over_all() {
    let folder = parts();
    folder.file("part2.csv", "a,b,y\n,1,2\n3,5,7\n,,\n");
    let run = folder.run(&format!("path part*.csv {ARGUMENTS} --drop-missing")).succeeds();
    run.says(&["2 of 7 rows dropped"]);
}

#[test]
fn every_command_takes_them() {
    let folder = parts();
    folder.run("cv part*.csv --target y --folds 2 --save model.json").succeeds();
    let predicted = folder.run("predict model.json part1.csv part2.csv part3.csv").succeeds().out;
    assert_eq!(predicted.lines().count(), 6);
    folder.run("validate part*.csv --target y --backend cpu").succeeds();
    assert!(folder.run("plan part*.csv --target y").succeeds().out.contains("5 rows"));
    let bench = folder.run("bench part*.csv --target y --backend cpu --repeat 1 --format json").succeeds().json();
    assert_eq!((&bench["rows"], &bench["data"]), (&5.into(), &"part1.csv and 2 more".into()));
}
