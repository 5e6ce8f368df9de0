//! Cells without a value: which they are, and what becomes of their rows.

use serde_json::json;

use crate::support::{Folder, SMALL, path_of};

/// [`SMALL`] with rows that lack a value between its own, and a column that is not used.
const GAPS: &str = "a,note,b,y\nNA,,2,3\n1,,2,3\n2,x,1,4\n2,x,,4\n3,?,5,7\n4,NA,4,8.5\n5,,7,9\n5,,7,nan\n";

#[test]
fn rows_without_a_value_are_dropped_and_counted() {
    let wanted = path_of(SMALL, "--format json").succeeds();
    assert_eq!(wanted.json().get("rows_dropped"), None);
    let none = path_of(SMALL, "--format json --drop-missing").succeeds();
    assert_eq!((&none.json()["rows_dropped"], none.err.as_str()), (&json!(0), ""));
    let run = path_of(GAPS, "--exclude note --drop-missing --format json").succeeds();
    run.says(&["note: 3 of 8 rows dropped", "--drop-missing"]);
    let found = run.json();
    assert_eq!((&found["rows"], &found["rows_dropped"]), (&json!(5), &json!(3)));
    assert_eq!(found["path"], wanted.json()["path"]);
}

#[test]
fn without_the_option_the_cell_is_named_with_it() {
    path_of(GAPS, "--exclude note")
        .fails(2, &["line 2", "column \"a\"", "found \"NA\"", "--drop-missing", "--exclude"]);
    let by = "g,a,y\np,1,2\n,2,3\np,3,5\n";
    path_of(by, "--by g").fails(2, &["line 3", "column \"g\"", "found no value", "a label", "--drop-missing"]);
}

#[test]
fn what_counts_as_missing_may_be_added() {
    let input = SMALL.replace("\n3,", "\n-999,").replace("\n4,", "\n\"?\",");
    let arguments = "--null=-999,? --format json";
    path_of(&input, arguments).fails(2, &["line 4", "column \"a\"", "\"-999\"", "--null", "--drop-missing"]);
    let run = path_of(&input, &format!("{arguments} --drop-missing")).succeeds();
    run.says(&["2 of 5 rows dropped"]);
    assert_eq!(run.json()["path"], path_of("a,b,y\n1,2,3\n2,1,4\n5,7,9\n", "--format json").succeeds().json()["path"]);
    // The control: without it, -999 is a number.
    assert_eq!(path_of(input.replace("\"?\"", "4"), "--format json").succeeds().json()["rows"], 5);
    // To the letter.
    path_of(SMALL.replace("8.5", "unknown"), "--null Unknown --drop-missing").fails(2, &["\"unknown\""]);
    path_of(SMALL.replace("8.5", "unknown"), "--null unknown --drop-missing").succeeds();
    path_of(SMALL.replace(',', ";").replace("8.5", "8,5"), "--decimal-comma --drop-missing --null 8,5").succeeds();
    path_of(SMALL.replace(',', ";").replace("8.5", "8,5"), "--decimal-comma --drop-missing --null \"8,5\"")
        .succeeds()
        .says(&["1 of 5 rows dropped"]);
}

#[test]
fn labels_weights_and_times_count_as_used() {
    let input = "g,t,w,a,y\np,1,1,1,2\np,2,,2,3\np,3,1,3,5\n,4,1,4,4\nNA,5,1,1,2\nNA,6,1,2,5\np,,1,2,2\nz,9,1,2,2\n";
    let run = path_of(input, "--by g --weights w --exclude t --drop-missing --lambdas 1 --format json").succeeds();
    run.says(&["2 of 8 rows dropped"]);
    let found = run.json();
    // NA may well be a label.
    let names: Vec<_> =
        found["problems"].as_array().unwrap().iter().map(|problem| problem["name"][0].clone()).collect();
    assert_eq!((names, &found["rows_dropped"]), (vec![json!("p"), json!("NA"), json!("z")], &json!(2)));
    let run = path_of(input, "--by g --weights w --exclude t --drop-missing --null NA --lambdas 1").succeeds();
    run.says(&["4 of 8 rows dropped"]);
    let run = path_of(input, "--time t --window 3 --step 3 --exclude g,w --drop-missing --lambdas 1").succeeds();
    run.says(&["1 of 8 rows dropped"]);
}

#[test]
fn missing_targets_may_be_skipped_beside_features_that_drop_the_row() {
    let input = "a,y,z\n1,2,1\n2,,4\n,3,5\n3,5,\n4,4,2\n,,\n6,5,1\n";
    let folder = Folder::new();
    folder.file("data.csv", input);
    let run = |arguments: &str| {
        let arguments = format!("path data.csv --target y --target z --lambdas 1 --format json {arguments}");
        folder.run(&arguments).succeeds()
    };
    let skip = run("--drop-missing --missing-targets skip");
    skip.says(&["2 of 7 rows dropped"]);
    let rows = |found: &serde_json::Value| [0, 1].map(|at| found["problems"][at]["rows"].as_u64().unwrap());
    assert_eq!((rows(&skip.json()), &skip.json()["rows_dropped"]), ([4, 4], &json!(2)));
    let both = run("--drop-missing").json();
    assert_eq!((&both["rows"], &both["rows_dropped"]), (&json!(3), &json!(4)));
    // And a λ chosen so.
    let cv =
        folder.run("cv data.csv --target y --drop-missing --missing-targets skip --exclude z --folds 2 --format json");
    assert_eq!(cv.succeeds().json()["rows_dropped"], 2);
}

#[test]
fn something_must_be_left() {
    path_of("a,y\n1,\n,2\n", "--drop-missing").fails(2, &["data.csv", "2 rows", "--drop-missing leaves none"]);
}

#[test]
fn a_prediction_keeps_the_place_of_a_row_that_has_none() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL.replace("y\n", "y,z\n").replace("\n", ",1\n").replacen("z,1", "z", 1));
    folder.run("cv data.csv --target y --target z --folds 2 --score mse --lambdas 1 --save model.json").succeeds();
    folder.file("new.csv", "a,b\nNA,1\n1,2\n?,1\n,\n2,1\n3,n/a\n");
    let run = folder.run("predict model.json new.csv --drop-missing --null ?").succeeds();
    run.says(&["4 of 6 rows without a prediction"]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!((lines.len(), lines[1], lines[3], lines[4], lines[6]), (7, ",", ",", ",", ","));
    folder.file("whole.csv", "a,b\n1,2\n2,1\n");
    let whole = folder.run("predict model.json whole.csv --drop-missing").succeeds();
    assert_eq!(whole.err, "");
    assert_eq!([lines[2], lines[5]].as_slice(), &whole.out.lines().collect::<Vec<_>>()[1..]);
    folder.run("predict model.json new.csv").fails(2, &["line 2", "column \"a\"", "--drop-missing"]);
}

#[test]
fn every_command_says_how_many_are_dropped() {
    let folder = Folder::new();
    folder.file("data.csv", GAPS);
    let arguments = "data.csv --exclude note --drop-missing --target y";
    for (command, dropped) in [
        ("cv --folds 2", "/model/rows_dropped"),
        ("validate --backend cpu", "/rows_dropped"),
        ("plan", "none"),
        ("bench --backend cpu --repeat 1", "/rows_dropped"),
        ("path", "/rows_dropped"),
    ] {
        let run = folder.run(&format!("{command} {arguments} --format json")).succeeds();
        run.says(&["3 of 8 rows dropped"]);
        assert_eq!(
            run.json().pointer(dropped).map(|number| number.as_u64().unwrap()),
            (dropped != "none").then_some(3),
            "{command}"
        );
    }
}
