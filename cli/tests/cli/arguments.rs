//! Wrong arguments end with code 2, before any work.

use crate::support::{Folder, Run, SMALL, path_of, program};

#[test]
fn what_clap_refuses_ends_with_code_2() {
    Run::of(program().args(["path", "data.csv"])).misused(&["--target"]);
    Run::of(program().args(["path", "data.csv", "--target", "y", "--frobnicate"])).misused(&["--frobnicate"]);
    Run::of(&mut program()).misused(&["Usage"]);
    path_of(SMALL, "--backend quantum").misused(&["quantum", "reference"]);
    path_of(SMALL, "--standardize=robust").misused(&["robust", "population", "sample"]);
    path_of(SMALL, "--memory-budget 3X").misused(&["3X", "64M"]);
    path_of(SMALL, "--memory-budget 99999999999G").misused(&["99999999999G"]);
}

#[test]
fn help_and_version_end_with_code_0() {
    assert!(Run::of(program().arg("--help")).succeeds().out.contains("devices"));
    assert!(Run::of(program().args(["path", "--help"])).succeeds().out.contains("--lambda-grid"));
    assert!(Run::of(program().arg("--version")).succeeds().out.contains("ridgepath"));
}

#[test]
fn a_column_has_one_role() {
    path_of(SMALL, "--weights y").fails(2, &["\"y\"", "--target", "--weights"]);
    path_of(SMALL, "--exclude y").fails(2, &["\"y\"", "--target", "--exclude"]);
    path_of(SMALL, "--features a,y").fails(2, &["\"y\"", "--features", "--target"]);
    path_of(SMALL, "--features a,b --weights b").fails(2, &["\"b\"", "--features", "--weights"]);
    path_of(SMALL, "--features a,b,a").fails(2, &["--features", "\"a\" twice"]);
    path_of(SMALL, "--target y").fails(2, &["--target", "\"y\" twice"]);
    path_of(SMALL, "--exclude a,b").fails(2, &["no column", "feature"]);
}

#[test]
fn features_come_in_the_order_asked_for_and_excluded_ones_not_at_all() {
    let features =
        |arguments: &str| path_of(SMALL, &format!("{arguments} --format json")).succeeds().json()["features"].clone();
    assert_eq!(features(""), serde_json::json!(["a", "b"]));
    assert_eq!(features("--features b,a"), serde_json::json!(["b", "a"]));
    assert_eq!(features("--exclude a"), serde_json::json!(["b"]));
    assert_eq!(features("--features b,a --exclude b"), serde_json::json!(["a"]));
}

#[test]
fn a_memory_budget_changes_no_bit() {
    let plain = path_of(SMALL, "--format json").succeeds().out;
    assert_eq!(path_of(SMALL, "--format json --memory-budget 64K").succeeds().out, plain);
}

#[test]
fn a_wrong_grid_is_found_before_the_input_is_looked_for() {
    Folder::new().run("path nowhere.csv --target y --lambdas=-1").misused(&["-1", "wanted a finite number ≥ 0"]);
}
