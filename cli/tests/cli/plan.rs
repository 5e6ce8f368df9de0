//! `plan` of sizes alone, and of devices that are not there.

use std::fs;

use crate::support::{Run, program};

/// A device of the repository's, whose rates are assumed.
fn device(name: &str) -> String {
    format!("{}/../data/devices/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

fn planned(sizes: &str, device: &str) -> serde_json::Value {
    let mut command = program();
    command.arg("plan").args(sizes.split(' ')).args([
        "--rates",
        "default",
        "--format",
        "json",
        "--device-rates",
        device,
    ]);
    Run::of(&mut command).succeeds().json()
}

#[test]
fn nodes_serve_all_lambdas_on_a_device_that_is_not_there() {
    let plan = planned("--rows 50000 --features 2048 --lambdas-count 1000", &device("data-centre"));
    assert_eq!(plan["schema"], "ridgepath/plan/1");
    let (path, estimate) = (&plan["path"], &plan["path"]["estimate"]);
    assert_eq!((&path["backend"], &path["method"]), (&"gpu".into(), &"nodes".into()), "{plan}");
    assert!(estimate["factorizations"].as_u64().unwrap() <= 60, "{plan}");
    assert!(estimate["factor_dispatches"].as_u64().unwrap() <= 40, "{plan}");
    assert_eq!(estimate["chunks"], 1, "{plan}");
    // X and Y in doubles, and little beside them.
    let given = 50_000.0 * 2049.0 * 8.0;
    assert!(estimate["bytes_up"].as_f64().unwrap() <= given * 1.05, "{plan}");
    assert!(estimate["seconds"]["total"].as_f64().unwrap() < path["seconds_on_cpu"].as_f64().unwrap(), "{plan}");
}

#[test]
fn folds_take_few_dispatches_and_no_sums_on_the_host() {
    let plan = planned("--rows 100000 --features 512 --lambdas-count 100 --folds 5", &device("data-centre"));
    let folds = &plan["folds"];
    assert_eq!((&folds["problems"], &folds["rows"]), (&5.into(), &80_000.into()));
    assert!(folds["estimate"]["factor_dispatches"].as_u64().unwrap() <= 12, "{plan}");
}

/// Rows are summed where that is faster.
#[test]
fn shaders_that_are_slow_at_doubles_are_not_given_them() {
    let sizes = "--rows 100000 --features 512 --backend gpu";
    let flops = |name| planned(sizes, &device(name))["path"]["estimate"]["host_flops"].as_f64().unwrap();
    let gram = 100_000.0 * 512.0 * 513.0;
    assert!(flops("data-centre") < 0.1 * gram && flops("laptop") > gram);
}

#[test]
fn people_are_told_in_words() {
    let arguments =
        ["plan", "--rows", "1000", "--features", "20", "--targets", "3", "--folds", "4", "--rates", "default"];
    let text = Run::of(program().args(arguments)).succeeds().out;
    assert!(text.contains("1000 rows, 20 features, 3 targets, 100 λ\n"), "{text}");
    assert!(text.contains("750 rows, 20 features, 3 targets, 100 λ of 4 problems\n"), "{text}");
}

/// Whatever the number of rows, of which there may be more than any memory holds.
#[test]
fn rows_that_are_not_held_are_planned_by_their_sums() {
    let plan = |arguments: &str| {
        let sizes = "plan --rows 1000000000 --features 200 --rates default --memory";
        Run::of(program().args(sizes.split(' ')).args(arguments.split(' ')))
    };
    let planned = |arguments: &str| plan(&format!("{arguments} --format json")).succeeds().json();
    let (whole, folds) = (planned("500M"), planned("2GB --folds 5"));
    let bytes = |plan: &serde_json::Value| plan["bytes_of_sums"].as_u64().unwrap();
    assert!(bytes(&whole) < 500 << 20 && bytes(&whole) > 256 << 20, "{whole}");
    assert!(bytes(&folds) > bytes(&whole), "{folds}");
    // None reads the rows.
    assert_eq!(whole["path"]["rungs"], serde_json::json!(["double precision", "a factorization each"]), "{whole}");
    assert!(plan("500M").succeeds().out.contains("summed as they come, and not held: --memory is"));
    plan("100M").misused(&["--memory", "found 100M", "256M for reading", "200 features"]);
    plan("500M --folds 50").misused(&["--memory", "50 folds"]);
}

#[test]
fn what_is_no_device_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("device.json");
    let refused = |content: &str, told: &[&str]| {
        fs::write(&file, content).unwrap();
        let arguments = ["plan", "--rows", "10", "--features", "2", "--device-rates", file.to_str().unwrap()];
        Run::of(program().args(arguments)).misused(told);
    };
    refused("{}", &["schema", "devices --measure"]);
    refused(r#"{"schema": "ridgepath/path/1", "adapters": []}"#, &["ridgepath/path/1"]);
    refused(r#"{"schema": "ridgepath/devices/1", "adapters": []}"#, &["none of the adapters has rates"]);
    let slow = fs::read_to_string(device("laptop")).unwrap().replace("2000000000000.0", "-1.0");
    refused(&slow, &["laptop", "single", "-1.0"]);
    for (arguments, told) in [
        (vec!["plan"], "--rows"),
        (vec!["plan", "--rows", "10"], "--features"),
        (vec!["plan", "--rows", "10", "--features", "a,b"], "--features"),
        (vec!["plan", "--rows", "10", "--features", "2", "--folds", "11"], "--folds"),
        (vec!["plan", "--rows", "10", "--features", "2", "--folds", "1"], "--folds"),
        (vec!["plan", "--rows", "10", "--features", "2", "--target", "y"], "--rows"),
    ] {
        Run::of(program().args(arguments)).misused(&[told]);
    }
}
