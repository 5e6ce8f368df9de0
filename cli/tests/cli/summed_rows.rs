//! Rows that are summed as they come, by --memory.

use std::fs;

use serde_json::Value;

use crate::support::{Folder, coefficients, diabetes, distance, numbers};

const TARGET: &str = "progression";

/// The diabetes data with a column of folds and one of weights, of which some rows lack a value.
fn folder() -> Folder {
    let folder = Folder::new();
    let text = fs::read_to_string(diabetes()).unwrap();
    let with_more = |(row, line): (usize, &str)| match row {
        0 => format!("{line},part,weight\n"),
        _ => format!("{line},p{},{}\n", row * 7 / 443, if row % 50 == 0 { "NA".into() } else { (row % 3).to_string() }),
    };
    folder.file("all.csv", text.lines().enumerate().map(with_more).collect::<String>());
    folder
}

#[track_caller]
fn same_paths(found: &Value, wanted: &Value) {
    let (found, wanted) = (found["path"].as_array().unwrap(), wanted["path"].as_array().unwrap());
    assert!(!wanted.is_empty());
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(distance(&coefficients(found), &coefficients(wanted)) <= 1e-11);
    }
}

/// Two choices agree: in λ, and but for rounding in scores and coefficients.
#[track_caller]
fn same_choices(found: &Value, wanted: &Value) {
    assert_eq!(found["best"], wanted["best"]);
    let mean = |choice: &Value| choice["mean"].as_array().unwrap().iter().flat_map(numbers).collect::<Vec<f64>>();
    assert!(distance(&mean(found), &mean(wanted)) <= 1e-11);
    same_paths(&found["model"], &wanted["model"]);
}

#[test]
fn a_path_is_that_of_rows_that_are_held() {
    let folder = folder();
    let command = format!(
        "path all.csv --target {TARGET} --weights weight --exclude part --drop-missing --standardize --lambdas 0.01,1 --stats --format json"
    );
    let held = folder.run(&command).succeeds().json();
    let run = folder.run(&format!("{command} --memory 1GB")).succeeds();
    run.says(&["8 of 442 rows dropped"]);
    let summed = run.json();
    same_paths(&summed, &held);
    for what in ["rows", "rows_dropped"] {
        assert_eq!(summed[what], held[what], "{what}");
    }
}

#[test]
fn a_choice_has_the_folds_of_the_column_or_of_the_seed() {
    let folder = folder();
    let choose = format!("--target {TARGET} --exclude weight --lambdas 0.001,0.01,0.1,1 --format json");
    let of = |command: &str| folder.run(command).succeeds().json();
    let held = of(&format!("cv all.csv {choose} --fold-column part"));
    let summed = of(&format!("cv all.csv {choose} --fold-column part --memory 1G"));
    same_choices(&summed, &held);

    let choose = choose.replace("weight", "weight,part");
    let summed = of(&format!("cv all.csv {choose} --folds 3 --seed 7 --memory 1G"));
    folder
        .run(&format!("moments all.csv --target {TARGET} --exclude weight,part --folds 3 --seed 7 -o all.moments"))
        .succeeds();
    let of_moments = of("cv all.moments --lambdas 0.001,0.01,0.1,1 --format json");
    assert_eq!(summed, of_moments);

    let criterion = format!("{choose} --criterion gcv");
    let (held, summed) = (of(&format!("cv all.csv {criterion}")), of(&format!("cv all.csv {criterion} --memory 1G")));
    same_choices(&summed, &held);
}

#[test]
fn what_needs_the_rows_or_more_memory_is_refused_by_name() {
    let folder = folder();
    let refused = |arguments: &str, words: &[&str]| {
        folder.run(&format!("{arguments} --target {TARGET} --exclude part,weight")).fails(2, words);
    };
    refused("path all.csv --memory 100M", &["--memory: found 100M, wanted 258M", "10 features"]);
    refused("cv all.csv --memory 1G", &["consecutive rows", "--seed NUMBER"]);
    refused("cv all.csv --memory 1G --loo", &["--loo and --memory"]);
    refused("cv all.csv --memory 1G --time", &["--time and --memory"]);
    refused("cv all.csv --memory 1G --seed 1 --nested 3", &["--memory keeps the sums of the rows alone"]);
    refused("cv all.csv --memory 1G --seed 1 --score mae", &["squared errors"]);
    refused("path all.csv --memory 1G --bootstrap 3", &["--memory and many paths"]);
    refused("path all.csv --memory 1G --categorical sex", &["--categorical", "levels"]);
}
