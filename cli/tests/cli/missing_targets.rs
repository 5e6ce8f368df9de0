//! Targets without a value in some rows.

use serde_json::{Value, json};

use crate::support::{Folder, Run, numbers};

/// Target y lacks the second row and the last, z the third, v none, w all but one.
const GAPS: &str = "a,b,y,z,v,w\n\
    1,2,3,1,1,\n9,1,,4,2,\n3,5,7,NA,3,\n4,4,8.5,2,5,7\n5,7,9,6,8,\n6,1,2,5,13,\n2,2,6,3,21,\n7,3,nan,9,34,\n";

fn run(command: &str, arguments: &str) -> Run {
    let folder = Folder::new();
    folder.file("data.csv", GAPS);
    folder.run(&format!("{command} data.csv {arguments}"))
}

/// The answer for one target, from a file of the rows in which it has a value.
fn alone(command: &str, target: usize, arguments: &str) -> Value {
    let folder = Folder::new();
    let mut lines = GAPS.lines();
    lines.next().unwrap();
    let mut text = "a,b,target\n".to_owned();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[target].parse::<f64>().is_ok_and(|value| !value.is_nan()) {
            text += &format!("{},{},{}\n", cells[0], cells[1], cells[target]);
        }
    }
    folder.file("data.csv", text);
    folder.run(&format!("{command} data.csv --target target --format json {arguments}")).succeeds().json()
}

#[test]
fn each_target_is_fitted_on_the_rows_in_which_it_has_a_value() {
    let arguments = "--target y --target z --target v --features a,b --lambdas 0.5,0.1";
    let found = run("path", &format!("{arguments} --missing-targets skip --format json")).succeeds().json();
    assert_eq!((&found["schema"], &found["problem"]), (&json!("ridgepath/paths/1"), &json!("target")));
    assert_eq!((&found["columns"], &found["targets"]), (&json!(["target"]), &json!(["y", "z", "v"])));
    for (at, (name, rows)) in [("y", 6), ("z", 7), ("v", 8)].into_iter().enumerate() {
        let problem = &found["problems"][at];
        assert_eq!((&problem["name"], &problem["rows"]), (&json!([name]), &json!(rows)));
        let wanted = alone("path", at + 2, "--lambdas 0.5,0.1");
        for k in 0..2 {
            let (coefficients, path) = (&problem["coefficients"][k], &wanted["path"][k]);
            assert_eq!(coefficients.as_array().unwrap().len(), 1);
            assert_eq!(numbers(&coefficients[0]), numbers(&path["coef"][0]), "{name}");
            assert_eq!(numbers(&problem["intercepts"][k]), numbers(&path["intercept"]), "{name}");
        }
    }
    let csv = run("path", &format!("{arguments} --missing-targets skip --format csv")).succeeds().out;
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("rows,lambda,alpha,target,outcome,feature,coefficient"));
    assert_eq!((lines.clone().count(), lines.clone().filter(|line| line.contains(",z,")).count()), (18, 6));
    assert!(lines.next().unwrap().starts_with("6,0.5,6.0,y,solved,(intercept),"), "{csv}");
    let table = run("path", &format!("{arguments} --missing-targets skip")).succeeds().out;
    assert!(table.starts_with("3 targets of 2 features and 2 λs\n"), "{table}");
    assert!(["\ny ", "\nz ", "\nv "].iter().all(|row| table.contains(row)), "{table}");
}

#[test]
fn a_lambda_is_chosen_for_each_target_on_the_rows_in_which_it_has_a_value() {
    let arguments = "--target y --target z --features a,b --lambdas 2,0.5,0.1 --folds 3";
    let found = run("cv", &format!("{arguments} --missing-targets skip --format json")).succeeds().json();
    assert_eq!((&found["schema"], &found["columns"]), (&json!("ridgepath/choices/1"), &json!(["target"])));
    for (at, (name, rows)) in [("y", 6), ("z", 7)].into_iter().enumerate() {
        let (group, wanted) = (&found["groups"][at], alone("cv", at + 2, "--lambdas 2,0.5,0.1 --folds 3"));
        assert_eq!((&group["name"], &group["rows"]), (&json!([name]), &json!(rows)));
        for figure in ["index", "lambda", "at_edge"] {
            assert_eq!(group["chosen"][0][figure], wanted["best"][0][figure], "{name}: {figure}");
        }
        assert_eq!((&group["mean"], &group["se"]), (&wanted["mean"], &wanted["se"]), "{name}");
        assert_eq!(group["chosen"][0]["coef"], wanted["model"]["path"][0]["coef"][0], "{name}");
    }
    let csv = run("cv", &format!("{arguments} --missing-targets skip --format csv")).succeeds().out;
    assert!(csv.starts_with("rows,target,outcome,"), "{csv}");
    let table = run("cv", &format!("{arguments} --missing-targets skip")).succeeds().out;
    assert!(table.starts_with("2 targets of 2 features\n") && table.contains("λ chosen for 2 targets"), "{table}");
}

#[test]
fn a_target_that_cannot_be_fitted_has_the_reason_in_its_place() {
    let arguments = "--target y --target w --features a,b --lambdas 0.5 --folds 3 --missing-targets skip";
    let found = run("cv", &format!("{arguments} --format json")).succeeds().json();
    assert!(found["groups"][1]["refused"].as_str().unwrap().contains("fold"), "{found}");
    let csv = run("cv", &format!("{arguments} --format csv")).succeeds();
    assert!(csv.out.contains("\n1,w,refused,"), "{}", csv.out);
    assert!(csv.err.contains("1 of 2 targets without a choice: w: "), "{}", csv.err);
}

#[test]
fn whole_numbers_beyond_floats_keep_their_digits_beside_gaps() {
    let folder = Folder::new();
    let start = 1_700_000_000_000_000_000_i64;
    let row = |i: i64| format!("{i},{}\n", if i == 3 { String::new() } else { (start + 7 * i).to_string() });
    folder.file("data.csv", format!("x,t\n{}", (0..9).map(row).collect::<String>()));
    let found =
        folder.run("path data.csv --target t --lambdas 0 --missing-targets skip --format json").succeeds().json();
    let slope = numbers(&found["problems"][0]["coefficients"][0][0])[0];
    assert!((slope - 7.0).abs() < 1e-12, "{slope}");
    assert_eq!(numbers(&found["problems"][0]["intercepts"][0])[0], 1.7e18);
}

#[test]
fn without_the_option_a_missing_target_is_refused_and_what_cannot_be_is_named() {
    let missing = ["line 3", "\"y\"", "--missing-targets skip"];
    run("path", "--target y --features a,b").fails(2, &missing);
    run("path", "--target y --features a,b --missing-targets refuse").fails(2, &missing);
    run("cv", "--target y --features a,b").fails(2, &missing);
    // What is no number is no gap, and features have none.
    let folder = Folder::new();
    folder.file("data.csv", "a,b,y\n1,2,3\n2,,4\n3,4,many\n");
    folder.run("path data.csv --target y --missing-targets skip").fails(2, &["line 3", "\"b\""]);
    folder.run("path data.csv --target y --features a --missing-targets skip").fails(2, &["line 4", "\"many\""]);
    let skip = "--target y --features a --missing-targets skip";
    run("path", &format!("{skip} --by b")).misused(&["--missing-targets", "--by"]);
    run("path", &format!("{skip} --stats")).misused(&["--missing-targets", "--stats"]);
    run("path", &format!("{skip} --plot p.svg")).fails(2, &["--plot"]);
    run("cv", &format!("{skip} --nested 3")).misused(&["--missing-targets", "--nested"]);
    run("cv", &format!("{skip} --save m.json")).fails(2, &["--save", "--missing-targets skip"]);
}
