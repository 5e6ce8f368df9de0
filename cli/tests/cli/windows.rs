//! `path --time`, `--expanding` and `--gap`: windows by the time of rows, from the first row on, and without their last rows.

use serde_json::{Value, json};

use crate::support::{Folder, Run, numbers};

/// Rows with a time that repeats and pauses, in units of which windows are two and a half long.
const TIMED: &str = "day,a,b,y\n0.5,1,2,3\n1,9,1,4\n1,3,5,7\n2.5,4,4,8.5\n3,5,7,9\n6,6,1,2\n6.5,2,2,6\n7,7,3,1\n";

fn run_of(text: &str, arguments: &str) -> Run {
    let folder = Folder::new();
    folder.file("data.csv", text);
    folder.run(&format!("path data.csv --target y {arguments}"))
}

fn run(arguments: &str) -> Run {
    run_of(TIMED, arguments)
}

fn problems(arguments: &str) -> (Value, Vec<Value>) {
    let document = run(&format!("{arguments} --lambdas 0.5 --format json")).succeeds().json();
    let problems = document["problems"].as_array().unwrap().clone();
    (document, problems)
}

/// The path of some rows alone: from the first, counted from 1, to the last.
fn alone(first: usize, last: usize) -> Value {
    let mut lines = TIMED.lines();
    let header = lines.next().unwrap();
    let rows: String = lines.skip(first - 1).take(last + 1 - first).map(|line| format!("{line}\n")).collect();
    run_of(&format!("{header}\n{rows}"), "--exclude day --lambdas 0.5 --format json").succeeds().json()
}

#[track_caller]
fn is_path_of(problem: &Value, first: usize, last: usize) {
    let wanted = alone(first, last);
    assert_eq!(problem["rows"], wanted["rows"]);
    assert_eq!(numbers(&problem["coefficients"][0][0]), numbers(&wanted["path"][0]["coef"][0]), "{problem}");
}

#[test]
fn windows_of_time_have_the_paths_of_the_rows_within_them_and_are_named_by_their_ends() {
    let (document, problems) = problems("--time day --window 2.5 --step 1.5");
    assert_eq!(document["features"], json!(["a", "b"]), "time is no feature");
    assert_eq!(document["columns"], json!(["until", "first_row", "last_row"]));
    let names: Vec<&Value> = problems.iter().map(|own| &own["name"]).collect();
    // The first holds its first row too; the others begin after their ends less 2.5.
    let wanted = [json!(["3", "1", "5"]), json!(["4.5", "4", "5"]), json!(["6", "6", "6"])];
    assert_eq!(names, wanted.iter().collect::<Vec<_>>());
    for (problem, (first, last)) in problems.iter().zip([(1, 5), (4, 5), (6, 6)]) {
        is_path_of(problem, first, last);
    }
}

#[test]
fn times_stand_beside_weights() {
    let text = "s,t,x,y\n1,0,1,2\n2,1,2,5\n3,2,4,1\n1,3,3,3\n";
    let arguments = "--weights s --lambdas 0.5 --format json";
    let found = run_of(text, &format!("{arguments} --time t --window 2 --step 1")).succeeds().json();
    let second = &found["problems"][1];
    assert_eq!(second["name"], json!(["3", "3", "4"]));
    assert_ne!(second["coefficients"], found["problems"][0]["coefficients"]);
    let wanted = run_of("s,x,y\n3,4,1\n1,3,3\n", arguments).succeeds().json();
    assert_eq!(numbers(&second["coefficients"][0][0]), numbers(&wanted["path"][0]["coef"][0]));
}

#[test]
fn windows_in_which_nothing_happened_are_refused_and_spoil_no_other() {
    let (_, problems) = problems("--time day --window 1 --step 1");
    let refused: Vec<&Value> =
        problems.iter().filter(|own| own.get("refused").is_some()).map(|own| &own["name"]).collect();
    assert_eq!(refused, [&json!(["4.5", "6", "5"]), &json!(["5.5", "6", "5"])]);
    assert!(problems[3]["refused"].as_str().unwrap().contains("0 rows"), "{:?}", problems[3]);
    let run = run("--time day --window 1 --step 1 --lambdas 0.5").succeeds();
    run.says(&["2 of 6 windows without a path: until 4.5, first_row 6, last_row 5: "]);
}

#[test]
fn times_in_nanoseconds_keep_every_digit() {
    let start = 1_700_000_000_000_000_001_i64;
    let row = |i: i64| format!("{},{},{}\n", start + 10 * i, i * i % 7, i);
    let text: String = (0..9).map(row).collect();
    let run = run_of(&format!("t,x,y\n{text}"), "--time t --window 40 --step 20 --lambdas 1 --format csv").succeeds();
    assert_eq!(run.err, "", "nothing is said of a column that is not fitted");
    let ends: Vec<&str> = run.out.lines().skip(1).step_by(2).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ends, ["1700000000000000041", "1700000000000000061", "1700000000000000081"]);
    assert!(run.out.lines().nth(3).unwrap().starts_with("1700000000000000061,4,7,4,1.0,"), "{}", run.out);
}

#[test]
fn expanding_windows_begin_at_the_first_row() {
    let (document, problems) = problems("--expanding 4 --step 3 --exclude day");
    assert_eq!((&document["problem"], problems.len()), (&json!("window"), 2));
    for (problem, last) in problems.iter().zip([4, 7]) {
        assert_eq!(problem["name"], json!(["1", last.to_string()]));
        is_path_of(problem, 1, last);
    }
}

#[test]
fn a_gap_leaves_out_the_last_rows_of_every_window() {
    for (arguments, wanted) in [
        ("--window 4 --step 3 --gap 2 --exclude day", [(1, 2), (4, 5)]),
        ("--expanding 5 --step 3 --gap 1 --exclude day", [(1, 4), (1, 7)]),
        ("--time day --window 2.5 --step 4 --gap 2", [(1, 3), (6, 6)]),
    ] {
        let (_, problems) = problems(arguments);
        assert_eq!(problems.len(), 2, "{arguments}");
        for (problem, (first, last)) in problems.iter().zip(wanted) {
            let name = problem["name"].as_array().unwrap();
            let rows = [first.to_string(), last.to_string()].map(Value::String);
            assert_eq!(name[name.len() - 2..], rows, "{arguments}");
            is_path_of(problem, first, last);
        }
    }
}

#[test]
fn times_that_are_no_times_are_refused_with_their_line() {
    let window = "--time t --window 2 --step 1";
    let of = |text: &str, parts: &[&str]| run_of(text, window).fails(2, parts);
    of(
        "t,x,y\n1,1,2\n3,2,3\n\n2,5,4\n4,1,1\n",
        &["data.csv, line 5, column \"t\"", "found \"2\"", "the order of time"],
    );
    of("t,x,y\n1,1,2\ninf,2,3\n", &["line 3, column \"t\"", "found \"inf\"", "a finite number"]);
    of("t,x,y\n1,1,2\nNaN,2,3\n", &["line 3, column \"t\"", "\"NaN\""]);
    of("t,x,y\n1,1,2\n,2,3\n", &["line 3, column \"t\"", "no value"]);
    of("t,x,y\n1,1,2\n2024-01-01,2,3\n", &["line 3, column \"t\"", "2024-01-01", "a number"]);
    of("t,x,y\n1,1,2\n1.5,2,3\n", &["--window", "found a length of 2, wanted at most 0.5", "\"t\" runs from 1 to 1.5"]);
}

#[test]
fn windows_that_cannot_be_are_refused_by_name() {
    run("--window 9 --step 1 --exclude day").fails(2, &["--window", "found 9", "8 at most"]);
    run("--expanding 9 --step 1 --exclude day").fails(2, &["--expanding", "found 9", "8 at most"]);
    run("--window 2.5 --step 1").fails(2, &["--window: found 2.5", "a whole number of rows", "--time"]);
    run("--window 2 --step 0.5").fails(2, &["--step: found 0.5", "a whole number of rows", "--time"]);
    run("--expanding 2 --step 0.5").fails(2, &["--step: found 0.5", "a whole number of rows"]);
    run("--window 3 --step 1 --gap 3 --exclude day").fails(2, &["--gap: found 3", "3 rows of --window"]);
    run("--time nobody --window 3 --step 1").fails(2, &["--time", "nobody"]);
    run("--time y --window 3 --step 1").fails(2, &["\"y\"", "--target", "--time"]);
    run("--time day --features a,day --window 3 --step 1").fails(2, &["\"day\"", "--features", "--time"]);
    run("--time day --window 1 --step 1e-9").fails(2, &["--time", "the number of windows"]);
    for (arguments, parts) in [
        ("--window 3", ["--step", "--window"]),
        ("--expanding 3", ["--step", "--expanding"]),
        ("--step 3", ["--window", "--expanding"]),
        ("--gap 3", ["--window", "--expanding"]),
        ("--time day", ["--window", "--step"]),
        ("--time day --expanding 3 --step 1", ["--time", "--expanding"]),
        ("--window 3 --expanding 3 --step 1", ["--window", "--expanding"]),
        ("--by day --window 3 --step 1", ["--by", "--window"]),
        ("--bootstrap 3 --expanding 3 --step 1", ["--bootstrap", "--expanding"]),
        ("--expanding 3 --step 1 --stats", ["--expanding", "--stats"]),
        ("--expanding 0 --step 1", ["--expanding", "\"0\""]),
        ("--window -1 --step 1", ["-1", "--help"]),
        ("--time day --window 1 --step inf", ["--step", "inf"]),
    ] {
        run(arguments).misused(&parts);
    }
}
