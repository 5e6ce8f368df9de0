//! `devices`, `validate` and `bench` where no GPU is needed.

use crate::support::{Folder, Run, SMALL, program};

#[test]
fn devices_tells_what_auto_takes() {
    let run = Run::of(program().args(["devices", "--format", "json"])).succeeds().json();
    assert_eq!(run["schema"], "ridgepath/devices/1");
    let adapters = run["adapters"].as_array().unwrap();
    assert_eq!(adapters.iter().filter(|adapter| adapter["auto"] == true).count(), usize::from(run["auto"].is_string()));
    assert!(adapters.iter().all(|adapter| adapter["limits"]["storage_binding"].as_u64().unwrap() > 0));
    assert!(adapters.iter().all(|adapter| adapter["software"] == false || adapter["auto"] == false));
    assert!(Run::of(program().arg("devices")).succeeds().out.contains("auto takes"));
}

#[test]
fn validate_finds_the_cpu_near_the_reference() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    let run = folder.run("validate data.csv --target y --lambdas 1,0.1 --backend cpu --format json").succeeds().json();
    assert_eq!(run["backend"]["name"], "cpu");
    assert_eq!(run["outcomes_agree"], true);
    assert_eq!(run["path"][1]["lambda"], 0.1);
    assert!(run["largest"].as_f64().unwrap() < 1e-13, "{run}");
    // The control: single precision is further away, and not too far.
    let single = folder.run("validate data.csv --target y --lambdas 1,0.1 --precision single --format json").succeeds();
    let largest = single.json()["largest"].as_f64().unwrap();
    assert!(largest > 1e-13 && largest < 1e-4, "{largest:e}");
    let table = folder.run("validate data.csv --target y --lambdas 1,0.1 --backend cpu").succeeds().out;
    assert!(table.contains("all outcomes agree"), "{table}");
}

#[test]
fn plan_tells_what_path_would_do_and_takes_its_options() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    let plan = |more: &str| folder.run(&format!("plan data.csv --target y {more}")).succeeds().out;
    let own = plan("--lambdas 1,0.1");
    for line in
        ["5 rows, 2 features, 1 targets, 2 λ", "backend    cpu, cholesky, double precision", "strategy ", "memory "]
    {
        assert!(own.contains(line), "{line:?} is not in {own}");
    }
    assert!(plan("--lambdas 1 --strategy spectral").contains("cpu, spectral, double"));
    assert!(plan("--form dual").contains("dual"));
    let refused = plan("--lambdas 1 --strategy spectral --precision single");
    assert!(refused.contains("cholesky, single") && refused.contains("fallback"), "{refused}");
    folder.run("plan data.csv --target z").fails(2, &["z"]);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    let of = |more: &str| folder.run(&format!("path data.csv --target y --format json {more}")).succeeds().out;
    let own = of("");
    for strategy in ["cholesky", "spectral"] {
        assert_eq!(
            of(&format!("--threads 1 --strategy {strategy}")),
            of(&format!("--threads 3 --strategy {strategy}"))
        );
    }
    assert_eq!(of("--threads 2"), own);
    folder.run("path data.csv --target y --threads 0").misused(&["--threads"]);
}

#[test]
fn validate_has_the_input_errors_of_path() {
    let folder = Folder::new();
    folder.file("data.csv", "a,y\n1,2\n2,x\n");
    folder.run("validate data.csv --target y").fails(2, &["data.csv, line 3", "column \"y\""]);
}

#[test]
fn a_bench_of_the_cpu_alone_has_no_gpu_and_says_why() {
    let arguments = "bench --rows 50 --features 4 --lambdas-count 3 --repeat 4 --backend cpu --precision single";
    let run = Folder::new().run(&format!("{arguments} --format json")).succeeds().json();
    assert_eq!(run["schema"], "ridgepath/bench/1");
    assert_eq!((&run["rows"], &run["features"], &run["targets"]), (&50.into(), &4.into(), &1.into()));
    assert!(run["gpu"].is_null() && run["speedup"].is_null());
    assert_eq!(run["gpu_reason"], "not asked for");
    assert_eq!(run["cpu"]["precision"], "single");
    let mut samples: Vec<f64> =
        run["cpu"]["samples"].as_array().unwrap().iter().map(|sample| sample.as_f64().unwrap()).collect();
    samples.sort_by(f64::total_cmp);
    assert_eq!(samples.len(), 4);
    assert_eq!(run["cpu"]["seconds"].as_f64().unwrap(), f64::midpoint(samples[1], samples[2]));
    assert_eq!((run["cpu"]["min"].as_f64(), run["cpu"]["max"].as_f64()), (Some(samples[0]), Some(samples[3])));
    assert!(Folder::new().run(arguments).succeeds().out.contains("no GPU was timed: not asked for"));
}

#[test]
fn a_bench_too_large_for_memory_is_refused() {
    Folder::new().run("bench --rows 9999999999999 --features 9999999").fails(2, &["9999999999999 rows", "memory"]);
    Folder::new().run("bench --repeat 0").misused(&["\"0\""]);
}
