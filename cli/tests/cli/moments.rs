//! Moments in files, in the place of rows.

use std::fs;

use serde_json::Value;

use crate::support::{Folder, SMALL, coefficients, diabetes, distance, numbers};

/// The diabetes data in a folder, with a column of folds.
fn folder() -> Folder {
    let folder = Folder::new();
    let text = fs::read_to_string(diabetes()).unwrap();
    let with_fold = |(row, line): (usize, &str)| match row {
        0 => format!("{line},part\n"),
        _ => format!("{line},p{}\n", row * 7 / 443),
    };
    folder.file("all.csv", text.lines().enumerate().map(with_fold).collect::<String>());
    folder
}

fn target() -> String {
    let text = fs::read_to_string(diabetes()).unwrap();
    text.lines().next().unwrap().rsplit(',').next().unwrap().to_owned()
}

/// The answers at all λ are the same but for rounding.
#[track_caller]
fn same_paths(found: &Value, wanted: &Value) {
    let (found, wanted) = (found["path"].as_array().unwrap(), wanted["path"].as_array().unwrap());
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(distance(&coefficients(found), &coefficients(wanted)) <= 1e-11);
    }
}

#[test]
fn a_path_of_moments_is_that_of_the_rows_whatever_files_they_were_in() {
    let (folder, target) = (folder(), target());
    let rows = fs::read_to_string(folder.path("all.csv")).unwrap();
    let lines: Vec<&str> = rows.lines().collect();
    folder.file("a.csv", [lines[0], &lines[1..200].join("\n")].join("\n"));
    folder.file("b.csv", [lines[0], &lines[200..].join("\n")].join("\n"));
    let moments = |input: &str, to: &str| {
        let run = folder.run(&format!("moments {input} --target {target} --exclude part -o {to}")).succeeds();
        assert_eq!(run.out, "");
        run
    };
    moments("a.csv b.csv", "both.moments").says(&["442 rows", "10 features", "1 target"]);
    moments("a.csv", "a.moments");
    moments("b.csv", "b.moments");
    folder.run("merge a.moments b.moments -o merged.moments").succeeds();
    let grid = "--lambda-grid 1e-4:10:9 --format json";
    let wanted = folder.run(&format!("path all.csv --target {target} --exclude part {grid}")).succeeds().json();
    for input in ["both.moments", "merged.moments", "a.moments b.moments"] {
        let found = folder.run(&format!("path {input} {grid}")).succeeds().json();
        same_paths(&found, &wanted);
        assert_eq!((&found["features"], &found["targets"]), (&wanted["features"], &wanted["targets"]));
        let r2 = |of: &Value| of["path"][0]["r2"][0].as_f64().unwrap();
        assert!((r2(&found) - r2(&wanted)).abs() <= 1e-12);
    }
    folder.run("plan both.moments").succeeds();
    let table = folder.run("path both.moments --standardize").succeeds();
    assert!(table.out.contains("bmi"), "{}", table.out);
}

#[test]
fn a_choice_by_moments_of_folds_is_that_of_the_rows() {
    let (folder, target) = (folder(), target());
    folder.run(&format!("moments all.csv --target {target} --fold-column part -o parts.moments")).succeeds();
    let grid = "--lambda-grid 1e-5:1:7 --format json";
    let rows = folder.run(&format!("cv all.csv --target {target} --fold-column part {grid}")).succeeds().json();
    let found = folder.run(&format!("cv parts.moments {grid}")).succeeds().json();
    assert_eq!(found["best"][0]["index"], rows["best"][0]["index"]);
    for index in 0..7 {
        let of = |document: &Value| numbers(&document["fold_scores"][index][0]);
        assert!(distance(&of(&found), &of(&rows)) <= 1e-10, "{:?} {:?}", of(&found), of(&rows));
    }
    assert_eq!(found["scheme"]["kind"], "labelled");
    folder.run("cv parts.moments --save model.json --format json").succeeds();
    let predicted = folder.run("predict model.json all.csv").succeeds();
    assert_eq!(predicted.out.lines().count(), 443);
    // Drawn by chance, and merged fold by fold.
    for (seed, to) in [(1, "one.moments"), (2, "two.moments")] {
        let run = format!("moments all.csv --target {target} --exclude part --folds 3 --seed {seed} -o {to}");
        folder.run(&run).succeeds();
    }
    folder.run("merge one.moments two.moments -o both.moments").succeeds();
    let found = folder.run("cv both.moments --format json").succeeds().json();
    assert_eq!(found["fold_scores"][0][0].as_array().unwrap().len(), 3);
}

#[test]
fn criteria_degrees_of_freedom_and_standard_errors_of_moments_are_those_of_the_rows() {
    let (folder, target) = (folder(), target());
    let of_rows = format!("all.csv --target {target} --exclude part");
    folder.run(&format!("moments {of_rows} -o all.moments")).succeeds();
    let grid = "--lambda-grid 1e-4:10:9";
    let figures = format!("{grid} --stats --standard-errors --format json");
    let wanted = folder.run(&format!("path {of_rows} {figures}")).succeeds().json();
    let run = folder.run(&format!("path all.moments {figures}")).succeeds();
    let found = run.json();
    run.says(&["loo_mse", "need the rows"]);
    for index in 0..9 {
        let (found, wanted) = (&found["path"][index], &wanted["path"][index]);
        for figure in ["df", "df_without_intercept"] {
            let [found, wanted] = [found, wanted].map(|of| of[figure].as_f64().unwrap());
            assert!((found - wanted).abs() <= 1e-11 * wanted, "{figure}: {found}, wanted {wanted}");
        }
        for figure in ["gcv", "standard_errors", "intercept_standard_error"] {
            let of = |value: &Value| match value[figure][0].as_array() {
                Some(_) => numbers(&value[figure][0]),
                None => numbers(&value[figure]),
            };
            assert!(distance(&of(found), &of(wanted)) <= 1e-10, "{figure}");
        }
        assert!(found["loo_mse"][0].is_null() && wanted["loo_mse"][0].is_f64());
    }
    for criterion in ["gcv", "aic", "aicc", "bic", "cp", "evidence"] {
        let choose = format!("--criterion {criterion} {grid} --format json");
        let wanted = folder.run(&format!("cv {of_rows} {choose}")).succeeds().json();
        let found = folder.run(&format!("cv all.moments {choose} --plot {criterion}.svg")).succeeds().json();
        assert_eq!(found["best"][0]["index"], wanted["best"][0]["index"], "{criterion}");
        for index in 0..9 {
            let [found, wanted] = [&found, &wanted].map(|of| of["mean"][index][0].as_f64().unwrap());
            assert!((found - wanted).abs() <= 1e-10 * wanted.abs(), "{criterion}: {found}, wanted {wanted}");
        }
    }
    assert!(fs::read_to_string(folder.path("gcv.svg")).unwrap().contains("</svg>"));
}

#[test]
fn every_byte_of_a_file_of_moments_counts() {
    let folder = Folder::new();
    folder.file("small.csv", SMALL);
    folder.run("moments small.csv --target y -o good").succeeds();
    let good = fs::read(folder.path("good")).unwrap();
    // The first line's own words are read as they are.
    for at in (0..good.len()).step_by(3) {
        let mut bad = good.clone();
        bad[at] ^= 4;
        folder.file("bad", &bad);
        let run = folder.run("path bad");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "byte {at}");
    }
    folder.file("short", &good[..good.len() - 1]);
    folder.run("path short").fails(2, &["short", "checksum", "cut off"]);
}

#[test]
fn what_needs_rows_or_columns_is_refused_by_name() {
    let folder = folder();
    folder.file("small.csv", SMALL);
    folder.file("other.csv", SMALL.replace('b', "c"));
    let target = target();
    folder.run("moments small.csv --target y -o small.moments").succeeds();
    folder.run("moments other.csv --target y -o other.moments").succeeds();
    folder.run(&format!("moments all.csv --target {target} --fold-column part -o parts.moments")).succeeds();
    let refused = |arguments: &str, parts: &[&str]| folder.run(arguments).fails(2, parts);
    refused("path small.moments --target y", &["--target", "ridgepath moments"]);
    refused("cv small.moments", &["one for each fold", "found 1", "wanted 2"]);
    refused("cv parts.moments --loo", &["leave-one-out", "moments alone"]);
    refused("cv parts.moments --criterion gcv --rule 1se", &["standard error"]);
    refused("cv parts.moments --score mae", &["squared errors", "moments alone"]);
    refused("cv parts.moments --nested 3", &["moments", "wanted the rows"]);
    refused("path small.moments other.moments", &["other.moments", "features", "[\"a\", \"c\"]", "[\"a\", \"b\"]"]);
    refused("path small.moments small.csv", &["small.csv holds no moments"]);
    refused("merge small.moments small.csv -o out", &["small.csv"]);
    refused("merge small.moments -o small.moments", &["the input and --output are the same file"]);
    refused("moments small.csv --target y --categorical a -o out", &["--categorical", "levels"]);
    refused("moments small.csv -o out", &["--target is missing"]);
    refused("path small.csv", &["--target is missing"]);
    refused("moments small.csv --target y --folds 1 -o out", &["folds of a stream", "found 1", "wanted 2"]);
    folder.file("text.csv", SMALL.replace("5,7,9", "5,seven,9"));
    refused("moments text.csv --target y -o out", &["text.csv, line 6, column \"b\"", "seven"]);
    folder.file("long.csv", format!("{SMALL}9007199254740993,1,2\n"));
    refused("moments long.csv --target y -o out", &["line 7", "9007199254740993"]);
    assert!(!folder.names().contains(&"out".to_owned()));
}

#[test]
fn work_that_is_resumed_has_the_bits_of_work_that_was_not() {
    let folder = Folder::new();
    let rows = |from: usize, to: usize| -> String {
        (from..to).map(|row| format!("{},{:?},{}\n", row % 7, (row as f64).sin(), row % 5)).collect()
    };
    for (name, from, to) in [("a.csv", 0, 40), ("b.csv", 40, 57), ("c.csv", 57, 90)] {
        folder.file(name, format!("a,b,y\n{}", rows(from, to)));
    }
    let columns = "--target y --folds 3 --seed 4 --resume";
    let bytes = |name: &str| fs::read(folder.path(name)).unwrap();
    folder.run(&format!("moments a.csv b.csv c.csv {columns} -o whole")).succeeds().says(&["90 rows in 3 folds"]);
    folder.run(&format!("moments a.csv {columns} -o parts")).succeeds();
    let run = folder.run(&format!("moments a.csv b.csv c.csv {columns} -o parts")).succeeds();
    run.says(&["1 of 3 files were in parts already", "90 rows in 3 folds"]);
    assert_eq!(bytes("parts"), bytes("whole"));
    // Nothing is left to be done, and nothing is.
    let run = folder.run(&format!("moments b.csv a.csv {columns} -o parts")).succeeds();
    run.says(&["2 of 2 files were in parts already", "90 rows in 3 folds"]);
    assert_eq!(bytes("parts"), bytes("whole"));
    // They are those of all rows.
    folder.run("moments a.csv b.csv c.csv --target y -o at_once").succeeds();
    let path = |input: &str| folder.run(&format!("path {input} --lambdas 0.1 --format json")).succeeds().json();
    folder.run("merge parts -o parts.merged").succeeds();
    let [resumed, at_once] = ["parts.merged", "at_once"].map(|input| path(input)["path"][0]["coef"][0].clone());
    for (resumed, wanted) in resumed.as_array().unwrap().iter().zip(at_once.as_array().unwrap()) {
        let (resumed, wanted) = (resumed.as_f64().unwrap(), wanted.as_f64().unwrap());
        assert!((resumed - wanted).abs() <= 1e-13 * wanted.abs(), "{resumed} {wanted}");
    }
}

#[test]
fn what_cannot_be_resumed_is_refused_and_left_as_it_was() {
    let folder = Folder::new();
    folder.file("a.csv", SMALL);
    folder.file("b.csv", SMALL.replace("a,b,y", "a,c,y"));
    folder.file("c.csv", SMALL);
    folder.run("moments a.csv --target y -o once").succeeds();
    folder.run("moments a.csv --target y --resume -o kept").succeeds();
    let before = ["once", "kept"].map(|name| fs::read(folder.path(name)).unwrap());
    let refused = |arguments: &str, words: &[&str]| folder.run(arguments).fails(2, words);
    refused("moments b.csv --target y --resume -o once", &["once does not say which files", "--resume"]);
    refused("moments a.csv b.csv --target y --resume -o kept", &["b.csv", "features", "[\"a\", \"c\"]", "as in kept"]);
    refused("moments a.csv c.csv --target y --folds 2 --resume -o kept", &["c.csv", "folds", "wanted none"]);
    refused("moments - --target y --resume -o kept", &["--resume and standard input"]);
    let run = folder.run("moments a.csv --target y --resume --fold-column b -o kept");
    assert_eq!(run.code, Some(2));
    run.says(&["'--resume' cannot be used with '--fold-column"]);
    folder.file("a.csv", format!("{SMALL}1,2,3\n"));
    refused("moments a.csv --target y --resume -o kept", &["a.csv has", "bytes, and had", "another --output"]);
    assert_eq!(before, ["once", "kept"].map(|name| fs::read(folder.path(name)).unwrap()));
}
