//! Grids of penalties.

use crate::support::{Folder, SMALL, numbers, path_of};

fn column(arguments: &str, key: &str) -> Vec<f64> {
    let run = path_of(SMALL, &format!("{arguments} --format json")).succeeds().json();
    run["path"].as_array().unwrap().iter().map(|entry| entry[key].as_f64().unwrap()).collect()
}

#[test]
fn lambdas_keep_their_order_and_their_repeats() {
    assert_eq!(column("--lambdas 0.5,2,0.5,1e-3,0", "lambda"), [0.5, 2.0, 0.5, 1e-3, 0.0]);
    assert_eq!(column("--alphas 3,1,3", "alpha"), [3.0, 1.0, 3.0]);
}

#[test]
fn alpha_is_twice_the_weight_sum_times_lambda() {
    assert_eq!(column("--lambdas 0.25", "alpha"), [2.5]);
    assert_eq!(column("--alphas 2.5", "lambda"), [0.25]);
}

#[test]
fn log_spaced_grids_keep_their_ends_exactly() {
    let grid = column("--lambda-grid 1e-3:10:5", "lambda");
    assert_eq!((grid.len(), grid[0], grid[4]), (5, 1e-3, 10.0));
    assert!(grid.windows(2).all(|pair| (pair[1] / pair[0] - 10.0).abs() < 1e-12), "{grid:?}");
    let grid = column("--alpha-grid 7:0.1:3", "alpha");
    assert_eq!((grid.len(), grid[0], grid[2]), (3, 7.0, 0.1));
    assert_eq!(column("--lambda-grid 5:5:1", "lambda"), [5.0]);
}

#[test]
fn without_a_grid_there_are_100_values_from_strong_to_weak() {
    let grid = column("", "lambda");
    assert_eq!(grid.len(), 100);
    assert!(grid.is_sorted_by(|a, b| a > b), "{grid:?}");
}

#[test]
fn a_file_of_lambdas_may_have_comments_and_blank_lines() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder.file("grid.txt", "\u{feff}# strong\r\n10\r\n\r\n 1e-2 # weak\r\n10\r\n");
    let run = folder.run("path data.csv --target y --lambda-file grid.txt --format json").succeeds().json();
    let lambdas: Vec<f64> = run["path"].as_array().unwrap().iter().map(|e| e["lambda"].as_f64().unwrap()).collect();
    assert_eq!(lambdas, [10.0, 1e-2, 10.0]);
}

#[test]
fn an_error_in_a_file_of_lambdas_names_file_and_line() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    let run = |content: &str| {
        folder.file("grid.txt", content);
        folder.run("path data.csv --target y --lambda-file grid.txt")
    };
    run("1\n\n# no\nabc\n").fails(2, &["grid.txt", "line 4", "\"abc\"", "wanted a finite number ≥ 0"]);
    run("1\n-2\n").fails(2, &["grid.txt", "line 2", "\"-2\""]);
    run("# nothing\n\n").fails(2, &["grid.txt", "holds no λ"]);
    folder.run("path data.csv --target y --lambda-file no.txt").fails(2, &["cannot read", "no.txt"]);
}

#[test]
fn a_grid_that_cannot_be_used_is_refused_with_the_reason() {
    for (arguments, found) in [
        ("--lambdas 1,x", "\"x\""),
        ("--lambdas 1,,2", "\"\""),
        ("--lambdas -1", "-1"),
        ("--lambdas nan", "nan"),
        ("--alphas inf", "inf"),
        ("--lambda-grid 1:2", "2 parts"),
        ("--lambda-grid 0:1:5", "0"),
        ("--lambda-grid 1:2:0", "\"0\""),
        ("--lambda-grid 1:2:2.5", "\"2.5\""),
        ("--alpha-grid 1:2:99999999999", "99999999999"),
    ] {
        path_of(SMALL, arguments).misused(&[found]);
    }
    path_of(SMALL, "--lambdas 1e308").fails(2, &["lambda[0]", "not a finite number"]);
}

#[test]
fn two_grids_at_once_are_refused() {
    path_of(SMALL, "--lambdas 1 --alphas 1").misused(&["--lambdas", "--alphas", "cannot be used with"]);
}

#[test]
fn a_sweep_of_a_thousand_lambdas_shrinks_all_the_way() {
    let run = path_of(SMALL, "--lambda-grid 1e-6:1e6:1000 --format json").succeeds().json();
    let norms: Vec<f64> = run["path"].as_array().unwrap().iter().map(|entry| numbers(&entry["squared_norm"])[0]).collect();
    assert_eq!(norms.len(), 1000);
    assert!(norms.is_sorted_by(|a, b| a > b));
}
