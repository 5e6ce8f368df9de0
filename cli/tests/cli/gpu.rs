//! The GPU backend behind the program, on whatever adapter there is.

use crate::support::{Run, adapter_at_hand, coefficients, diabetes, distance, program};

fn run(command: &str, arguments: &[&str]) -> Run {
    let mut program = program();
    program.arg(command).arg(diabetes()).args(["--target", "progression", "--standardize", "--format", "json"]);
    Run::of(program.args(arguments)).succeeds()
}

#[test]
fn the_gpu_agrees_with_the_reference_on_the_diabetes_data() {
    if !adapter_at_hand() {
        return;
    }
    let grid = ["--lambda-grid", "100:1e-3:40"];
    let gpu = run("path", &[&grid[..], &["--backend", "gpu", "--allow-software-gpu"]].concat());
    let reference = run("path", &[&grid[..], &["--backend", "reference"]].concat()).json();
    assert_eq!(gpu.err, "", "as asked for: nothing to note");
    let gpu = gpu.json();
    assert_eq!(gpu["backend"]["precision"], "double");
    assert_eq!(gpu["path"][0]["outcome"][0], "refined");
    assert!(gpu["path"][0]["steps"][0].as_u64().is_some_and(|steps| steps > 0));
    assert_eq!(gpu["backend"]["name"], "gpu");
    assert!(gpu["backend"]["adapter"].is_string());
    let entries =
        |run: &serde_json::Value| run["path"].as_array().unwrap().iter().map(coefficients).collect::<Vec<_>>();
    let (own, wanted) = (entries(&gpu), entries(&reference));
    let worst = own.iter().zip(&wanted).map(|(own, wanted)| distance(own, wanted)).fold(0.0, f64::max);
    assert!(worst < 1e-12, "{worst:e}");
    // The control: neighbours on the grid are further apart than that.
    assert!(own.iter().zip(&wanted[1..]).all(|(own, next)| distance(own, next) > 1e-12));
}

#[test]
fn validate_measures_the_gpu_against_the_reference() {
    if !adapter_at_hand() {
        return;
    }
    let gpu = ["--backend", "gpu", "--allow-software-gpu", "--precision", "single"];
    let run = run("validate", &[&["--alphas", "1,10"][..], &gpu].concat()).json();
    assert_eq!(run["schema"], "ridgepath/validate/1");
    assert_eq!(run["backend"]["name"], "gpu");
    assert_eq!(run["path"].as_array().unwrap().len(), 2);
    let largest = run["largest"].as_f64().unwrap();
    assert!(largest > 0.0 && largest < 1e-4, "{largest:e}");
}

#[test]
fn a_software_adapter_is_not_taken_unasked() {
    let devices = Run::of(program().args(["devices", "--format", "json"])).succeeds().json();
    let mut command = program();
    command.arg("path").arg(diabetes()).args(["--target", "progression", "--backend", "gpu", "--lambdas", "1"]);
    let run = Run::of(&mut command);
    match devices["auto"].is_string() {
        true => drop(run.succeeds()),
        false => run.fails(1, &["no GPU"]),
    }
}

#[test]
fn a_bench_times_the_gpu_against_the_cpu() {
    if !adapter_at_hand() {
        return;
    }
    let mut command = program();
    command.args(["bench", "--rows", "300", "--features", "20", "--targets", "2", "--lambdas-count", "7"]);
    command.args(["--repeat", "3", "--backend", "gpu", "--allow-software-gpu", "--format", "json"]);
    let run = Run::of(&mut command).succeeds().json();
    assert!(run["gpu_reason"].is_null());
    assert_eq!(run["gpu"]["name"], "gpu");
    assert_eq!(run["gpu"]["precision"], "double");
    assert_eq!(run["gpu"]["samples"].as_array().unwrap().len(), 3);
    assert!(run["largest_deviation"].as_f64().unwrap() < 1e-11, "{run}");
    assert!(run["speedup"].as_f64().unwrap() > 0.0);
}

#[test]
fn an_adapter_goes_by_its_name_or_number_and_what_there_is_is_told_where_it_is_not_there() {
    let devices = Run::of(program().args(["devices", "--format", "json"])).succeeds().json();
    let refused = |arguments: &[&str], wanted: &[&str]| {
        let mut command = program();
        command.args(arguments).args(["--backend", "gpu", "--allow-software-gpu", "--adapter", "no such card"]);
        Run::of(&mut command).fails(1, wanted);
    };
    let (data, first) = (diabetes(), devices["adapters"][0]["name"].as_str().unwrap_or("no adapter was found"));
    let data = data.to_str().unwrap();
    for command in ["path", "cv", "plan", "validate"] {
        refused(&[command, data, "--target", "progression", "--alphas", "1,10"], &["no GPU", first]);
    }
    refused(&["bench"], &["no GPU", first]);
    if !adapter_at_hand() {
        return;
    }
    for name in [first, "0"] {
        let named = ["--backend", "gpu", "--allow-software-gpu", "--adapter", name, "--alphas", "1"];
        assert_eq!(run("path", &named).json()["backend"]["adapter"], first);
    }
}

#[test]
fn adapters_named_several_times_share_the_work_and_one_that_is_not_there_is_told() {
    if !adapter_at_hand() {
        return;
    }
    let devices = Run::of(program().args(["devices", "--format", "json"])).succeeds().json();
    let first = devices["adapters"][0]["name"].as_str().unwrap();
    let both = ["--backend", "gpu", "--allow-software-gpu", "--adapter", "0", "--adapter", first];
    let one = &both[..5];
    let grid = ["--alphas", "1,10,100,1000,10000"];
    let answer = |command: &str, devices: &[&str]| run(command, &[&grid[..], devices].concat());
    for rates in ["measured", "default"] {
        let rates = ["--rates", rates];
        let [shared, alone] = [&both[..], one].map(|devices| answer("path", &[devices, &rates].concat()));
        assert_eq!(shared.err, "", "nothing failed");
        let (shared, alone) = (shared.json(), alone.json());
        assert_eq!(shared["backend"]["adapter"], format!("{first} + {first}"));
        assert_eq!(shared["path"], alone["path"], "each λ is a factorization of its own");
    }
    let [shared, alone] = [&both[..], one].map(|devices| answer("cv", devices).json());
    assert_eq!(shared["model"]["backend"]["adapter"], format!("{first} + {first}"));
    assert_eq!((&shared["mean"], &shared["best"]), (&alone["mean"], &alone["best"]));
    let mut plan = program();
    plan.arg("plan").arg(diabetes()).args(["--target", "progression"]).args(both).args(["--rates", "measured"]);
    let plan = Run::of(&mut plan).succeeds();
    assert!(plan.out.contains("of the GPUs measured before"), "{}", plan.out);
    let mut bench = program();
    bench.args(["bench", "--rows", "300", "--features", "20", "--lambdas-count", "7", "--repeat", "1"]);
    bench.args(both).args(["--format", "json", "--without", "stages"]);
    let bench = Run::of(&mut bench).succeeds().json();
    assert_eq!(bench["gpu"]["adapter"], format!("{first} + {first}"));
    assert!(bench["largest_deviation"].as_f64().unwrap() < 1e-11, "{bench}");
    let absent = [&both[..5], &["--adapter", "no such card"]].concat();
    for command in ["path", "cv"] {
        let mut program = program();
        program.arg(command).arg(diabetes()).args(["--target", "progression", "--alphas", "1,10"]).args(&absent);
        Run::of(&mut program).fails(1, &["no GPU", "no such card", first]);
    }
}
