//! `cv --nested` and `cv --permutations`: how good a choice is, beside what the library finds.

use ridgepath::{CrossValidation, Folds, Ridge, View};
use serde_json::json;

use crate::support::{Folder, numbers};

/// Twelve rows of two features, two targets, a group and a fold.
const ROWS: &str = "a,b,y,z,group,fold\n\
    1,2,3.1,1,g1,1\n2,1,4.0,0,g1,2\n3,5,7.2,2,g2,3\n4,4,8.5,1,g2,1\n5,7,9.1,3,g3,2\n6,6,11.9,2,g3,3\n\
    7,3,13.2,1,g4,1\n8,9,14.8,4,g4,2\n9,8,17.1,3,g5,3\n10,10,18.0,5,g5,1\n11,12,21.3,4,g6,2\n12,11,22.2,6,g6,3\n";
const BOTH: &str = "cv data.csv --target y --target z --features a,b --lambdas 1,0.1,0.01";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("data.csv", ROWS);
    folder
}

/// The features and the targets of the file.
fn columns() -> (Vec<f64>, Vec<f64>) {
    let rows = ROWS.lines().skip(1).map(|line| line.split(',').take(4).map(|cell| cell.parse().unwrap()));
    let rows: Vec<Vec<f64>> = rows.map(Iterator::collect).collect();
    let of = |places: [usize; 2]| rows.iter().flat_map(|row| places.map(|place| row[place])).collect();
    (of([0, 1]), of([2, 3]))
}

fn choice() -> CrossValidation {
    CrossValidation::new(Ridge::new().lambdas([1.0, 0.1, 0.01])).folds(Folds::Shuffled { folds: 4, seed: 5 })
}

#[test]
fn nested_scores_are_those_of_the_library() {
    let folder = folder();
    let run = folder.run(&format!("{BOTH} --folds 4 --seed 5 --nested 3 --per-target --format json")).succeeds();
    let found = &run.json()["nested"];
    let (x, y) = columns();
    let (x, y) = (View::row_major(&x, 12, 2).unwrap(), View::row_major(&y, 12, 2).unwrap());
    let nested = choice().per_target(true).nested(x, y, &Folds::Shuffled { folds: 3, seed: 5 }).unwrap();
    assert_eq!((&found["kind"], &found["score"], &found["refused"]), (&json!("shuffled"), &json!("mse"), &json!([])));
    for target in 0..2 {
        for fold in 0..3 {
            assert_eq!(found["fold_scores"][target][fold], nested.score(fold, target));
            assert_eq!(found["lambdas"][target][fold], nested.choice(fold, target).unwrap().lambda);
        }
        assert_eq!(numbers(&found["mean"])[target], nested.mean(target));
        assert_eq!(numbers(&found["se"])[target], nested.standard_error(target));
    }
    assert!(!run.err.contains("nested"), "{}", run.err);
}

#[test]
fn a_line_of_the_table_has_the_nested_score() {
    let folder = folder();
    let run = folder.run(&format!("{BOTH} --folds 2 --nested 3")).succeeds().out;
    assert_eq!(run.matches("nested, 3 folds: mse ").count(), 2, "{run}");
    assert!(run.lines().filter(|line| line.starts_with("nested")).all(|line| line.contains(" ± ")), "{run}");
    // Where the answer has no place for it, it is said beside.
    let run = folder.run(&format!("{BOTH} --loo --nested 3 --format csv")).succeeds();
    run.says(&["note: target y: nested, 3 folds: mse", "note: target z: nested, 3 folds: mse"]);
    assert!(!run.out.contains("nested"));
}

#[test]
fn outer_folds_are_parted_as_the_rows_within_them() {
    let folder = folder();
    let kind = |arguments: &str| {
        let run = folder.run(&format!("cv data.csv --target y --lambdas 1,0.1 {arguments} --format json"));
        run.succeeds().json()["nested"]["kind"].clone()
    };
    assert_eq!(kind("--features a,b --nested 3"), "contiguous");
    assert_eq!(kind("--features a,b --nested 3 --gcv"), "contiguous");
    assert_eq!(kind("--features a,b --nested 3 --repeats 2"), "shuffled");
    assert_eq!(kind("--features a,b --nested 3 --folds 2 --time"), "rolling origin");
    assert_eq!(kind("--features a,b --nested 6 --folds 5 --group group"), "grouped");
    assert_eq!(kind("--features a,b --nested 3 --fold-column fold"), "grouped");
}

#[test]
fn a_fold_without_a_score_is_told_by_name() {
    let folder = Folder::new();
    folder.file("flat.csv", "a,y\n1,1\n2,3\n3,2\n4,5\n5,4\n6,6\n7,9\n8,9\n9,9\n");
    let run =
        folder.run("cv flat.csv --target y --lambdas 1,0.1 --seed 1 --folds 2 --score r2 --nested 3 --format json");
    let found = run.succeeds();
    // Whichever rows are together: every note names the fold, and every fold without a score has its reason.
    let nested = &found.json()["nested"];
    let refused = nested["refused"].as_array().unwrap().len();
    assert_eq!(found.err.matches("note: nested: fold ").count(), refused.min(3), "{}", found.err);
    let run = folder.run("cv flat.csv --target y --lambdas 1,0.1 --loo --score mae --nested 3");
    assert!(run.succeeds().out.contains("nested, 3 folds: mae "));
    let run = folder.run("cv flat.csv --target y --lambdas 1,0.1 --time --folds 2 --nested 8").succeeds();
    // The first fold has one row to train on.
    assert!(run.out.contains("of 8 folds: mse "), "{}", run.out);
    run.says(&["note: nested: fold 0 has no score: folds of rows in time: found 2"]);
}

#[test]
fn outer_folds_that_cannot_be_are_refused_by_name() {
    let folder = folder();
    for folds in ["0", "1", "-1", "x"] {
        folder.run(&format!("{BOTH} --nested={folds}")).misused(&["--nested", "from 2 on"]);
    }
    folder.run(&format!("{BOTH} --nested 13")).fails(2, &["--nested", "found 13 folds", "12 at most", "each row"]);
    folder.run(&format!("{BOTH} --nested 12 --time --folds 2")).fails(2, &["--nested", "11 at most"]);
    folder.run(&format!("{BOTH} --nested 7 --group group")).fails(2, &["--nested", "6 at most", "each label"]);
    folder.run(&format!("{BOTH} --nested 4 --fold-column fold")).fails(2, &["--nested", "3 at most", "each label"]);
}

#[test]
fn permutations_are_those_of_the_library() {
    let folder = folder();
    let run = folder.run(&format!("{BOTH} --folds 4 --seed 5 --permutations 19 --per-target --format json")).succeeds();
    let found = &run.json()["permutations"];
    let (x, y) = columns();
    let (x, y) = (View::row_major(&x, 12, 2).unwrap(), View::row_major(&y, 12, 2).unwrap());
    let test = choice().per_target(true).permutation_test(x, y, 19, 5).unwrap();
    assert_eq!((&found["count"], &found["seed"], &found["refused"]), (&json!(19), &json!(5), &json!([])));
    for target in 0..2 {
        assert_eq!(numbers(&found["p"])[target], test.p_value(target));
        for (number, score) in numbers(&found["scores"][target]).into_iter().enumerate() {
            assert!((score / test.score(number, target) - 1.0).abs() < 1e-10);
        }
    }
    // A table has a line for each target, a table of scores alone says it beside.
    let run = folder.run(&format!("{BOTH} --permutations 99")).succeeds().out;
    assert_eq!(run.matches("99 permutations: p = 0.01").count(), 2, "{run}");
    folder.run(&format!("{BOTH} --permutations 1 --format csv")).succeeds().says(&["target y: 1 permutation: p = "]);
}

#[test]
fn a_seed_is_that_of_the_permutations_whatever_is_held_out() {
    let folder = folder();
    let scores = |arguments: &str| {
        let run = folder.run(&format!("{BOTH} --permutations 9 --format json {arguments}")).succeeds().json();
        run["permutations"]["scores"].clone()
    };
    assert_eq!(scores("--loo"), scores("--loo --seed 0"));
    assert_ne!(scores("--loo"), scores("--loo --seed 1"));
    assert_ne!(scores("--group group"), scores("--group group --seed 1"));
    for option in ["--loo", "--gcv", "--criterion bic", "--group group", "--fold-column fold", "--time"] {
        let name = option.split(' ').next().unwrap();
        folder.run(&format!("{BOTH} {option} --seed 1")).fails(2, &["--seed", name, "--permutations"]);
    }
    for count in ["0", "-1", "x"] {
        folder.run(&format!("{BOTH} --permutations={count}")).misused(&["--permutations", "from 1 on"]);
    }
    folder.run(&format!("{BOTH} --permutations 10000001")).fails(2, &["permutations", "10000001", "10000000 at most"]);
}

#[test]
fn permutations_without_a_score_are_told() {
    let folder = Folder::new();
    folder.file("flat.csv", "a,y\n1,0\n2,1\n3,0\n4,0\n5,0\n6,1\n7,0\n8,0\n9,0\n10,1\n11,0\n12,0\n");
    let run = folder.run("cv flat.csv --target y --lambdas 1 --folds 3 --score r2 --permutations 40").succeeds();
    run.says(&["of 40 permutations have no score and count as if theirs were as good", "\"y\" is constant"]);
}
