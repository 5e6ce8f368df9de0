//! Groups, windows and replicates of one file.

use serde_json::{Value, json};

use crate::support::{Folder, numbers};

/// Two groups of a text and a number, one of which is not whole at the second number.
const GROUPED: &str = "shop,year,a,b,y\n\
    north,1,1,2,3\nsouth,1,9,1,4\nnorth,1,3,5,7\nnorth,1,4,4,8.5\nsouth,1,5,7,9\nnorth,2,6,1,2\nsouth,1,2,2,6\n\
    north,2,7,3,1\n";

fn run(arguments: &str) -> crate::support::Run {
    let folder = Folder::new();
    folder.file("data.csv", GROUPED);
    folder.run(&format!("path data.csv --target y {arguments}"))
}

/// The rows of a group alone.
fn alone(keep: &dyn Fn(&str) -> bool, arguments: &str) -> Value {
    let folder = Folder::new();
    let mut lines = GROUPED.lines();
    let mut text = lines.next().unwrap().to_owned() + "\n";
    lines.filter(|line| keep(line)).for_each(|line| text += &format!("{line}\n"));
    folder.file("data.csv", text);
    folder.run(&format!("path data.csv --target y --exclude shop,year --format json {arguments}")).succeeds().json()
}

#[test]
fn each_group_has_the_path_that_its_rows_have_alone() {
    let both = ("shop,year", vec![json!(["north", "1"]), json!(["south", "1"]), json!(["north", "2"])]);
    for (by, keys) in [("shop --exclude year", vec![json!(["north"]), json!(["south"])]), both] {
        let found = run(&format!("--by {by} --lambdas 0.5,0.1 --format json")).succeeds().json();
        assert_eq!(found["schema"], "ridgepath/paths/1");
        assert_eq!(found["features"], json!(["a", "b"]));
        assert_eq!(found["problem"], "group");
        let problems = found["problems"].as_array().unwrap();
        assert_eq!(problems.iter().map(|own| own["name"].clone()).collect::<Vec<_>>(), keys);
        for problem in problems {
            let name: Vec<&str> =
                problem["name"].as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect();
            let prefix = name.join(",") + ",";
            let wanted = alone(&|line| line.starts_with(&prefix), "--lambdas 0.5,0.1");
            assert_eq!(problem["rows"], wanted["rows"]);
            for k in 0..2 {
                let (found, wanted) = (&problem["coefficients"][k][0], &wanted["path"][k]["coef"][0]);
                assert_eq!(numbers(found), numbers(wanted), "{prefix}");
            }
        }
    }
}

#[test]
fn csv_has_a_row_for_each_group_lambda_and_feature() {
    let out = run("--by shop,year --lambdas 0.5,0.1 --format csv").succeeds().out;
    let mut lines = out.lines();
    assert_eq!(lines.next().unwrap(), "shop,year,rows,lambda,alpha,target,outcome,feature,coefficient");
    let rest: Vec<&str> = lines.collect();
    assert_eq!(rest.len(), 3 * 2 * 3);
    assert!(rest[0].starts_with("north,1,3,0.5,3.0,y,solved,(intercept),"), "{}", rest[0]);
    assert!(rest[7].starts_with("south,1,3,0.5,3.0,y,solved,a,"), "{}", rest[7]);
}

#[test]
fn windows_and_replicates_are_named_by_their_rows_and_numbers() {
    let windows = run("--window 5 --step 2 --exclude shop,year --lambdas 0.5 --format json").succeeds().json();
    assert_eq!(windows["columns"], json!(["first_row", "last_row"]));
    let names: Vec<&Value> = windows["problems"].as_array().unwrap().iter().map(|own| &own["name"]).collect();
    assert_eq!(names, [&json!(["1", "5"]), &json!(["3", "7"])]);
    let wanted = alone(&|line| GROUPED.lines().skip(3).take(5).any(|own| own == line), "--lambdas 0.5");
    let found = &windows["problems"][1]["coefficients"][0][0];
    assert_eq!(numbers(found), numbers(&wanted["path"][0]["coef"][0]));

    let replicates = |seed: &str| {
        run(&format!("--bootstrap 40 {seed} --exclude shop,year --lambdas 0.5 --format json")).succeeds().json()
    };
    let (first, again) = (replicates(""), replicates("--seed 0"));
    assert_eq!(first, again);
    assert_ne!(first, replicates("--seed 1"));
    assert_eq!(first["problems"].as_array().unwrap().len(), 40);
    assert_eq!((&first["columns"], &first["problem"]), (&json!(["replicate"]), &json!("replicate")));
}

#[test]
fn a_table_shows_a_row_for_each_group() {
    let out = run("--by shop --exclude year --lambdas 0.5").succeeds().out;
    assert!(out.starts_with("2 groups of 2 features, 1 target and 1 λ\n"), "{out}");
    assert!(out.contains("\nnorth     5"), "{out}");
    let many: String = (0..100).map(|row| format!("{},{},{}\n", row % 50, row * row % 7, row)).collect();
    let folder = Folder::new();
    folder.file("data.csv", format!("g,x,y\n{many}"));
    let out = folder.run("path data.csv --target y --by g").succeeds().out;
    assert!(out.contains("(24 groups of 50 at one λ of 100: --format csv and --format json have all)"), "{out}");
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    run("--by nobody").fails(2, &["--by", "nobody"]);
    run("--by y").fails(2, &["\"y\"", "--target", "--by"]);
    run("--by shop --features shop").fails(2, &["shop", "--features", "--by"]);
    run("--window 9 --step 1 --exclude shop").fails(2, &["rows of a window: found 9"]);
    run("--window 3").misused(&["--step"]);
    run("--window 0 --step 1").misused(&["found \"0\""]);
    run("--by shop --bootstrap 3").misused(&["--by", "--bootstrap"]);
    run("--by shop --stats").misused(&["--by", "--stats"]);
    run("--seed 1").misused(&["--bootstrap"]);
    let folder = Folder::new();
    folder.file("data.csv", "g,x,y\na,1,2\n,2,3\n");
    folder.run("path data.csv --target y --by g").fails(2, &["line 3, column \"g\"", "a label"]);
}

#[test]
fn replicates_that_hold_no_row_are_counted_and_said_why() {
    let folder = Folder::new();
    folder.file("data.csv", "x,y,s\n1,2,0\n2,4,1\n3,5,0\n");
    let run = folder.run("path data.csv --target y --weights s --bootstrap 50 --lambdas 1 --format csv").succeeds();
    run.says(&["of 50 replicates without a path", "all 3 weights are 0"]);
    assert!(run.out.lines().any(|line| line.ends_with(",0,,,,refused,,")), "{}", run.out);
}
