//! `bench`: what it measures, on made data and on files. That times are right no test can tell; that they fit together,
//! these do.

use std::fs;

use roxmltree::Document;
use serde_json::Value;

use crate::support::{Folder, Run, SMALL, adapter_at_hand, distance, numbers};

const TINY: &str = "bench --rows 60 --features 5 --targets 2 --lambdas-count 4 --repeat 3 --format json";
const GPU: &str = "--backend gpu --allow-software-gpu";

fn bench(arguments: &str) -> Value {
    Folder::new().run(arguments).succeeds().json()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn the_machine_is_described() {
    let run = bench(&format!("{TINY} --backend cpu"));
    let machine = &run["machine"];
    assert!(number(&machine["cores"]) >= 1.0);
    assert!(["version", "os", "cpu"].iter().all(|name| machine[name].as_str().is_some_and(|text| !text.is_empty())));
    assert!(machine["adapter"].is_null());
    assert_eq!(run["data"], "made");
    assert_eq!(number(&run["flops"]), 60.0 * 5.0 * 9.0 + 4.0 * 125.0 / 3.0 + 2.0 * 4.0 * 2.0 * 25.0);
}

#[test]
fn the_cpu_is_compared_with_the_reference() {
    let run = bench(&format!("{TINY} --backend cpu --no-intercept --standardize=sample"));
    assert_eq!(run["accuracy"]["against"], "reference");
    let lambdas = numbers(&run["accuracy"]["lambdas"]);
    assert_eq!(lambdas.len(), 3, "the first, the middle and the last");
    let (cpu, reference) = (&run["cpu"], &run["reference"]);
    assert!(reference["deviation"].is_null(), "nobody is held against himself");
    assert!(number(&cpu["deviation"]) < 1e-13 && number(&cpu["digits"]) > 13.0, "{run}");
    assert_eq!(number(&cpu["times_as_fast_as_cpu"]), 1.0);
    let ratios = numbers(&cpu["samples"]).into_iter().zip(numbers(&reference["samples"])).map(|(cpu, own)| cpu / own);
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    assert_eq!(number(&reference["times_as_fast_as_cpu"]), ratios[1], "the median of the rounds' ratios");
    assert!((number(&cpu["gflops"]) * number(&cpu["seconds"]) * 1e9 / number(&run["flops"]) - 1.0).abs() < 1e-12);
    // The control: single precision has fewer digits, and not none.
    let single = bench(&format!("{TINY} --backend cpu --precision single"));
    assert!((2.0..9.0).contains(&number(&single["cpu"]["digits"])), "{single}");
}

#[test]
fn the_strategy_asked_for_is_timed() {
    let run = |strategy: &str| bench(&format!("{TINY} --backend cpu --strategy {strategy}"));
    for strategy in ["cholesky", "spectral"] {
        let run = run(strategy);
        assert_eq!(run["cpu"]["strategy"], strategy);
        assert!(number(&run["cpu"]["digits"]) > 13.0, "{run}");
        assert!(run["reference"]["fallback"].is_null(), "{run}");
    }
    Folder::new().run("bench --strategy qr").misused(&["qr", "spectral"]);
}

#[test]
fn a_file_is_read_as_path_reads_it() {
    let folder = Folder::new();
    folder.file("data.csv", format!("w,{}", SMALL.replace('\n', "\n1,").trim_end_matches("1,")));
    let arguments = "bench data.csv --target y --features b,a --weights w --alphas 1,10 --repeat 1 --format json";
    let run = folder.run(&format!("{arguments} --backend cpu --coefficients")).succeeds().json();
    assert_eq!(run["data"], "data.csv");
    assert_eq!(["rows", "features", "targets", "lambdas"].map(|name| run[name].as_u64()), [5, 2, 1, 2].map(Some));
    assert_eq!(numbers(&run["accuracy"]["alphas"]), [1.0, 10.0]);
    let path = folder.run("path data.csv --target y --features b,a --alphas 1,10 --format json").succeeds().json();
    for at in 0..2 {
        let wanted = numbers(&path["path"][at]["coef"][0]);
        assert!(distance(&numbers(&run["cpu"]["coefficients"][at][0]), &wanted) < 1e-14);
        assert!(distance(&numbers(&run["reference"]["coefficients"][at][0]), &wanted) < 1e-13);
    }
    let plain = folder.run(&format!("{arguments} --backend cpu")).succeeds().json();
    assert!(plain["cpu"]["coefficients"].is_null());
}

#[test]
fn wrong_input_is_refused_in_one_line() {
    let folder = Folder::new();
    folder.file("data.csv", "a,y\n1,2\n2,x\n");
    folder.run("bench data.csv --target y").fails(2, &["data.csv, line 3", "column \"y\""]);
    folder.run("bench data.csv --target z").fails(2, &["--target", "\"z\"", "data.csv, line 1"]);
    folder.run("bench nowhere.csv --target y").fails(2, &["nowhere.csv"]);
    folder.run("bench --features a,b").fails(2, &["--features", "\"a,b\"", "whole number"]);
    folder.run("bench data.csv").misused(&["--target"]);
    folder.run("bench --target y").misused(&["INPUT"]);
    folder.run("bench data.csv --target y --rows 7").misused(&["--rows"]);
    folder.run("bench --weights w").misused(&["INPUT"]);
    folder.run("bench --rows 7 --target y").misused(&["--rows"]);
    folder.run("bench --lambdas-count 3 --lambdas 1").misused(&["--lambdas-count"]);
    folder.run("bench --without everything").misused(&["everything", "reference"]);
    folder.run("bench --lambdas-count 99999999999").misused(&["99999999999", "1000000 at most"]);
    folder
        .run("bench --rows 1 --targets 9999999 --features 99 --lambdas-count 999999")
        .fails(2, &["999999 λ", "memory"]);
    folder.run("bench --cell-seconds 0").misused(&["\"0\"", "seconds"]);
    folder.run("bench --rows 9 --features 2 --backend cpu --without cpu,reference").fails(2, &["nothing to time"]);
}

#[test]
fn what_is_left_out_is_not_there_and_says_so() {
    let run = bench(&format!("{TINY} --backend cpu --without cpu"));
    assert!(run["cpu"].is_null() && run["reference"]["times_as_fast_as_cpu"].is_null());
    assert_eq!(run["cpu_reason"], "left out");
    let long = "bench --rows 1000 --features 4 --targets 100 --lambdas-count 7000 --repeat 1 --backend cpu";
    let run = bench(&format!("{long} --format json"));
    assert!(run["reference"].is_null());
    assert!(run["reference_reason"].as_str().is_some_and(|reason| reason.contains("--reference")), "{run}");
    assert_eq!(run["accuracy"]["against"], "reference", "three λ do not take long");
}

#[test]
fn the_gpus_stages_are_timed_against_measured_peaks() {
    if !adapter_at_hand() {
        return;
    }
    let run = bench(&format!("bench --rows 2000 --features 70 --lambdas-count 5 --repeat 3 --format json {GPU}"));
    assert!(number(&run["gpu"]["digits"]) > 12.0, "{run}");
    assert!(number(&run["gpu_open_seconds"]) > 0.0);
    let stages = &run["gpu_stages"];
    let peak = ["gflops", "gbytes"].map(|name| number(&stages["peak"][name]));
    assert!(peak.iter().all(|peak| *peak > 0.0));
    let each = stages["stages"].as_array().unwrap();
    let names: Vec<_> = each.iter().map(|own| own["name"].as_str().unwrap()).collect();
    assert_eq!(names[..6], ["transfer up", "frame", "gram", "factor", "solve", "transfer down"]);
    let wide = run["machine"]["adapter"]["shader_f64"] == true;
    assert_eq!(names[6..], ["product", "residues"][usize::from(!wide)..]);
    let timestamps = stages["timestamps"].as_str().unwrap() == "timestamps of the device";
    for own in each {
        let host = number(&own["host_seconds"]);
        let computes = number(&own["flops"]) > 0.0;
        let seconds = if timestamps && computes { number(&own["device_seconds"]) } else { host };
        assert_eq!(number(&own["seconds"]), seconds);
        assert_eq!(own["device_seconds"].is_null(), !timestamps);
        assert!(seconds > 0.0 && host > 0.0 && number(&own["bytes"]) > 0.0, "{own}");
        assert!((number(&own["gbytes"]) * seconds * 1e9 / number(&own["bytes"]) - 1.0).abs() < 1e-12);
        let name = own["name"].as_str().unwrap();
        let single = ["frame", "gram", "factor", "solve"].contains(&name);
        assert_eq!(own["percent_of_flops"].is_null(), !single, "the peak is that of 32-bit floats: {own}");
        if single {
            let percent = 100.0 * number(&own["gflops"]) / peak[0];
            assert!((number(&own["percent_of_flops"]) / percent - 1.0).abs() < 1e-12);
        }
    }
    let flops = |name: &str| number(&each[names.iter().position(|own| *own == name).unwrap()]["flops"]);
    assert_eq!(flops("frame"), 3.0 * 2000.0 * 71.0);
    assert_eq!(flops("gram"), 2000.0 * 70.0 * 72.0);
    assert_eq!(flops("residues"), 16.0 * flops("gram"));
    assert!(!wide || flops("product") == flops("gram"));
    assert!(number(&stages["rows_on_device_seconds"]) > 0.0);
    assert_eq!([&stages["chunks_of_rows"], &stages["chunks_of_lambdas"]].map(Value::as_u64), [Some(1), Some(1)]);
    let software = run["machine"]["adapter"]["software"] == true;
    let warned =
        run["warnings"].as_array().unwrap().iter().any(|own| own.as_str().unwrap().contains("NOTHING ABOUT A GPU"));
    assert_eq!(software, warned);
}

#[test]
fn corrections_are_timed_where_they_stay_on_the_device() {
    if !adapter_at_hand() {
        return;
    }
    let corrections = |targets: usize| {
        let sizes = format!("bench --rows 300 --features 200 --targets {targets} --lambdas-count 40 --repeat 1");
        let run = bench(&format!("{sizes} --without reference,cpu --format json {GPU}"));
        let stages = run["gpu_stages"]["stages"].as_array().unwrap();
        let found = stages.iter().find(|own| own["name"] == "corrections").cloned();
        (found, run["machine"]["adapter"]["shader_f64"] == true)
    };
    // Products too small to pay are the host's.
    assert!(corrections(1).0.is_none());
    let (found, wide) = corrections(40);
    assert_eq!(found.is_some(), wide);
    if let Some(own) = found {
        assert_eq!(number(&own["flops"]), 2.0 * 200.0 * 200.0 * 1600.0);
        assert_eq!(number(&own["bytes"]), 8.0 * (200.0 * 200.0 + 2.0 * 200.0 * 1600.0));
    }
}

#[test]
fn a_gpu_that_takes_nodes_is_timed_with_a_factor_for_each_lambda_too() {
    if !adapter_at_hand() {
        return;
    }
    let run = |features: usize, lambdas: usize, more: &str| {
        let sizes = format!("bench --rows 60 --features {features} --targets 2 --lambdas-count {lambdas} --repeat 3");
        bench(&format!("{sizes} {GPU} --without stages,cpu --format json {more}"))
    };
    let strategies = |run: &Value| ["gpu", "gpu_cholesky"].map(|own| run[own]["strategy"].as_str().map(str::to_owned));
    let one = |strategy: &str| [Some(strategy.to_owned()), None];
    let both = run(5, 90, "");
    assert_eq!(strategies(&both), [Some("nodes".into()), Some("cholesky".into())]);
    for own in ["gpu", "gpu_cholesky"] {
        assert!(number(&both[own]["digits"]) > 12.0 && both[own]["samples"].as_array().unwrap().len() == 3, "{both}");
    }
    // One way alone: named, or all that there is.
    assert_eq!(strategies(&run(5, 90, "--strategy nodes")), one("nodes"));
    assert_eq!(strategies(&run(5, 90, "--strategy cholesky")), one("cholesky"));
    assert_eq!(strategies(&run(5, 90, "--precision single")), one("cholesky"));
    assert_eq!(strategies(&run(5, 4, "")), one("cholesky"));
    assert_eq!(strategies(&run(90, 90, "")), one("dual cholesky"));
    // What the GPU has not, it is not asked for.
    let spectral = run(5, 90, "--strategy spectral");
    assert!(spectral["gpu"]["fallback"].is_null(), "{spectral}");
}

#[test]
fn a_task_in_chunks_is_counted_whole() {
    if !adapter_at_hand() {
        return;
    }
    let run = bench(&format!(
        "bench --rows 3000 --features 20 --lambdas-count 9 --repeat 1 --memory-budget 100K --format json {GPU}"
    ));
    let stages = &run["gpu_stages"];
    assert!(stages["chunks_of_rows"].as_u64() > Some(1), "{stages}");
    for (at, name, flops) in [(1, "frame", 3.0 * 3000.0 * 21.0), (2, "gram", 3000.0 * 20.0 * 22.0)] {
        assert_eq!(
            (&stages["stages"][at]["name"], number(&stages["stages"][at]["flops"])),
            (&Value::from(name), flops)
        );
    }
    let said = Folder::new().run(&format!("bench --rows 3000 --features 20 --repeat 1 --memory-budget 100K {GPU}"));
    assert!(said.succeeds().out.contains("one chunk timed"));
}

#[test]
fn more_features_than_rows_are_timed_without_stages() {
    let run = bench("bench --rows 9 --features 40 --lambdas-count 3 --repeat 1 --backend cpu --format json");
    assert_eq!(number(&run["flops"]), 40.0 * 81.0 + 3.0 * 729.0 / 3.0 + 2.0 * 3.0 * 9.0 * 49.0);
    assert!(number(&run["cpu"]["digits"]) > 10.0, "{run}");
    if adapter_at_hand() {
        let run = bench(&format!("bench --rows 9 --features 40 --repeat 1 --break-even --format json {GPU}"));
        assert!(run["gpu_stages"].is_null() && run["gpu_stages_reason"].as_str().is_some());
        let cells = run["break_even"]["cells"].as_array().unwrap();
        assert!(cells.iter().all(|own| own["on_device_seconds"].is_null() == (own["features"].as_u64() > Some(9))));
    }
}

#[test]
fn break_even_tells_from_where_on_the_gpu_wins() {
    if !adapter_at_hand() {
        return;
    }
    let arguments = format!("bench --rows 200 --features 20 --lambdas-count 12 --repeat 1 --break-even {GPU}");
    let run = bench(&format!("{arguments} --format json"));
    let cells = run["break_even"]["cells"].as_array().unwrap();
    let sizes: Vec<_> = cells.iter().map(|own| (own["features"].as_u64(), own["lambdas"].as_u64())).collect();
    let wanted: Vec<_> = [4, 16, 20].iter().flat_map(|n| [1, 10, 12].map(|k| (Some(*n), Some(k)))).collect();
    assert_eq!(sizes, wanted);
    for cell in cells {
        let seconds = ["cpu_seconds", "gpu_seconds", "on_device_seconds"].map(|name| number(&cell[name]));
        assert!(seconds.iter().all(|own| *own > 0.0));
        assert!((number(&cell["on_device_ratio"]) / (seconds[0] / seconds[2]) - 1.0).abs() < 1e-12);
    }
    let wins = run["break_even"]["wins"].as_array().unwrap();
    assert_eq!(wins.iter().map(|own| own["lambdas"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(10), Some(12)]);
    let without = bench(&format!("{TINY} --backend cpu --break-even"));
    assert!(without["break_even"].is_null() && without["break_even_reason"] == "it takes a GPU");
    // What is known to take too long is not run.
    let hasty = bench(&format!("{arguments} --cell-seconds 1e-9 --format json"));
    let cells = hasty["break_even"]["cells"].as_array().unwrap();
    assert!(number(&cells[0]["cpu_seconds"]) > 0.0, "how long it takes must be learned");
    assert!(cells[1..].iter().all(|cell| cell["cpu_seconds"].is_null() && cell["gpu_ratio"].is_null()), "{hasty}");
}

#[test]
fn the_table_has_everyone_and_every_stage() {
    let out =
        Folder::new().run("bench --rows 60 --features 5 --lambdas-count 4 --repeat 1 --backend cpu").succeeds().out;
    assert!(out.contains("60 rows, 5 features, 1 target, 4 λ; 1 timed run of each"), "{out}");
    assert!(
        ["reference", "cpu", "strategy", "digits", "no GPU was timed: not asked for"]
            .iter()
            .all(|own| out.contains(own)),
        "{out}"
    );
    if adapter_at_hand() {
        let arguments = "bench --rows 60 --features 5 --lambdas-count 4 --repeat 1 --break-even";
        let out = Folder::new().run(&format!("{arguments} {GPU}")).succeeds().out;
        let stages = ["transfer up", "frame", "gram", "factor", "solve", "residues"];
        let wanted = [&stages[..], &["% of peak", "peak:", "k = 4: the GPU wins"]].concat();
        assert!(wanted.iter().all(|own| out.contains(own)), "{out}");
        let run = bench(&format!("{TINY} {GPU} --without stages,reference"));
        assert!(run["gpu_stages"].is_null() && run["reference"].is_null() && !run["gpu"].is_null());
        assert!(run["accuracy"]["against"].is_null() && run["gpu"]["digits"].is_null());
    }
}

/// The words in a picture.
fn words(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let text = |node: roxmltree::Node<'_, '_>| node.text().map(|text| text.trim().to_owned());
    document.descendants().filter(|node| node.has_tag_name("text")).filter_map(text).collect()
}

#[test]
fn a_plot_shows_everyone() {
    let folder = Folder::new();
    folder.run(&format!("{TINY} --backend cpu --plot p.svg")).succeeds();
    let found = words(&fs::read_to_string(folder.path("p.svg")).unwrap());
    assert!(
        ["cpu, double, cholesky", "reference, double, cholesky"].iter().all(|own| found.iter().any(|text| text == own)),
        "{found:?}"
    );
    assert!(!found.iter().any(|text| text == "gram"));
    if adapter_at_hand() {
        folder.run(&format!("{TINY} {GPU} --break-even --plot p.svg")).succeeds();
        let found = words(&fs::read_to_string(folder.path("p.svg")).unwrap());
        let wanted = ["gpu, double, cholesky", "frame", "gram", "factor", "k = 1", "k = 4", "features"];
        assert!(wanted.iter().all(|own| found.iter().any(|text| text == own)), "{found:?}");
    }
}

#[test]
fn a_plot_does_not_replace_the_input() {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder.run("bench data.csv --target y --plot data.csv").fails(2, &["same file"]);
    folder.run("bench --plot -").fails(2, &["--plot", "found -"]);
    assert_eq!(fs::read_to_string(folder.path("data.csv")).unwrap(), SMALL);
}

#[test]
fn a_software_adapter_is_told_apart_loudly() {
    if !adapter_at_hand() {
        return;
    }
    let run: Run = Folder::new().run(&format!("{TINY} {GPU} --without stages")).succeeds();
    if run.json()["machine"]["adapter"]["software"] == true {
        run.says(&["ridgepath: note:", "SAY NOTHING ABOUT A GPU"]);
        let out = Folder::new().run(&format!("bench --rows 9 --features 2 --repeat 1 {GPU}")).succeeds().out;
        assert!(out.starts_with("!!! ") && out.lines().next().unwrap().contains("SAY NOTHING ABOUT A GPU"), "{out}");
    }
}
