//! What `bench` measured, as tables for people.

use std::fmt::Write;

use crate::format::number::{magnitude, number};
use crate::format::table::columns::aligned;
use crate::format::words::plural;
use crate::measure::break_even::BreakEven;
use crate::measure::contender::Timing;
use crate::measure::report::BenchReport;
use crate::measure::stages::Stages;

pub(crate) fn written(report: &BenchReport<'_>) -> String {
    let mut text = String::new();
    for warning in &report.warnings {
        let _ = writeln!(text, "!!! {warning}");
    }
    text.push_str(&heading(report));
    let _ = write!(text, "\n{}", contenders(report));
    for line in remarks(report) {
        let _ = writeln!(text, "{line}");
    }
    if let Some(stages) = &report.gpu_stages {
        let _ = write!(text, "\n{}", of_stages(stages));
    }
    if let Some(break_even) = &report.break_even {
        let _ = write!(text, "\n{}", of_break_even(break_even));
    }
    text
}

fn heading(report: &BenchReport<'_>) -> String {
    let sizes = [(report.rows, "row"), (report.features, "feature"), (report.targets, "target")]
        .map(|(count, what)| plural(count, what))
        .join(", ");
    let data = if report.data == "made" { "made data" } else { &report.data };
    let machine = &report.machine;
    let runs = plural(report.repeat, "timed run");
    let mut text = format!("{data}: {sizes}, {} λ; {runs} of each, in turns\n", report.lambdas);
    let _ = writeln!(
        text,
        "{}, {}; {}; ridgepath {}, {} build",
        machine.cpu,
        plural(machine.cores, "core"),
        machine.os,
        machine.version,
        machine.build
    );
    if let Some(adapter) = &machine.adapter {
        let _ = writeln!(text, "{} ({}, {}), driver {}", adapter.name, adapter.api, adapter.kind, adapter.driver);
    }
    text
}

fn contenders(report: &BenchReport<'_>) -> String {
    let header = [
        "backend",
        "precision",
        "strategy",
        "median s",
        "min s",
        "max s",
        "first s",
        "GFLOP/s",
        "× CPU",
        "deviation",
        "digits",
    ];
    let lines: Vec<Vec<String>> = report.timings().map(line).collect();
    aligned(&header, &lines)
}

fn line(timing: &Timing<'_>) -> Vec<String> {
    let seconds = [timing.seconds, timing.min, timing.max, timing.first].map(number);
    let rest = [
        rate(Some(timing.gflops)),
        fraction(timing.times_as_fast_as_cpu),
        timing.deviation.map_or_else(none, magnitude),
        timing.digits.map_or_else(none, |digits| format!("{digits:.1}")),
    ];
    timing.backend.cells().into_iter().chain(seconds).chain(rest).collect()
}

fn remarks(report: &BenchReport<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    let accuracy = &report.accuracy;
    if let Some(against) = accuracy.against {
        let lambdas = accuracy.lambdas.iter().map(|lambda| number(*lambda)).collect::<Vec<_>>().join(", ");
        remarks.push(format!("deviation: from the {against}'s coefficients at λ = {lambdas}"));
    }
    remarks.push(format!(
        "GFLOP/s: of the {} operations of a matrix formed once and factored for each λ, whatever is done instead",
        magnitude(report.flops)
    ));
    for (name, reason) in [
        ("reference", &report.reference_reason),
        ("CPU", &report.cpu_reason),
        ("GPU", &report.gpu_reason),
        ("stage of the GPU", &report.gpu_stages_reason),
        ("break-even", &report.break_even_reason),
    ] {
        remarks.extend(reason.iter().map(|reason| format!("no {name} was timed: {reason}")));
    }
    remarks.extend(report.gpu_open_seconds.map(|seconds| format!("opening the GPU took {} s", number(seconds))));
    if let (Some(speedup), Some(deviation)) = (report.speedup, report.largest_deviation) {
        let deviation = magnitude(deviation);
        remarks.push(format!(
            "the GPU is {speedup:.2} times as fast as the CPU; largest deviation from it over all λ {deviation}"
        ));
    }
    remarks
}

fn of_stages(stages: &Stages) -> String {
    let header = ["stage", "device s", "host s", "GFLOP/s", "% of peak", "GB/s", "% of copy"];
    let lines: Vec<Vec<String>> = stages
        .stages
        .iter()
        .map(|stage| {
            vec![
                stage.name.to_owned(),
                stage.device_seconds.map_or_else(none, number),
                number(stage.host_seconds),
                rate(Some(stage.gflops).filter(|rate| *rate > 0.0)),
                percent(stage.percent_of_flops),
                rate(Some(stage.gbytes)),
                percent(stage.percent_of_bytes),
            ]
        })
        .collect();
    let mut text = format!("the GPU's stages alone, in single precision; device s by {}\n", stages.timestamps);
    text.push_str(
        "in double: product, G in 64-bit floats; residues, G in exact integers; corrections, the products for one of each λ or node\n",
    );
    if stages.chunks_of_rows > 1 || stages.chunks_of_lambdas > 1 {
        let _ = writeln!(
            text,
            "one chunk timed, counted for {} of rows and {} of λ",
            stages.chunks_of_rows, stages.chunks_of_lambdas
        );
    }
    let _ = write!(text, "\n{}", aligned(&header, &lines));
    let [flops, bytes] = [stages.peak.gflops, stages.peak.gbytes].map(|rate_of| rate(Some(rate_of)));
    let _ = writeln!(text, "peak: {flops} GFLOP/s of plain multiply-adds, {bytes} GB/s of a plain copy");
    let seconds = number(stages.rows_on_device_seconds);
    let _ = writeln!(text, "all but transfer up in one go, the rows being on the device: {seconds} s");
    text
}

fn of_break_even(break_even: &BreakEven) -> String {
    let header = ["n", "k", "CPU s", "GPU s", "× CPU", "on device s", "× CPU"];
    let lines: Vec<Vec<String>> = break_even
        .cells
        .iter()
        .map(|cell| {
            vec![
                cell.features.to_string(),
                cell.lambdas.to_string(),
                cell.cpu_seconds.map_or_else(none, number),
                cell.gpu_seconds.map_or_else(none, number),
                fraction(cell.gpu_ratio),
                cell.on_device_seconds.map_or_else(none, number),
                fraction(cell.on_device_ratio),
            ]
        })
        .collect();
    let mut text =
        String::from("break-even; on device: the stages in single precision with the rows on the device already\n\n");
    text.push_str(&aligned(&header, &lines));
    for wins in &break_even.wins {
        let from = |features: Option<usize>| match features {
            Some(features) => format!("from n = {features}"),
            None => "nowhere measured".into(),
        };
        let _ = writeln!(
            text,
            "k = {}: the GPU wins {} with the data on the host, {} with the rows on the device",
            wins.lambdas,
            from(wins.data_on_host_from),
            from(wins.data_on_device_from)
        );
    }
    text
}

fn none() -> String {
    "-".into()
}

/// A rate in three digits.
fn rate(value: Option<f64>) -> String {
    value.map_or_else(none, |value| match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    })
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(none, |value| format!("{value:.1}"))
}

fn fraction(value: Option<f64>) -> String {
    value.map_or_else(none, |value| if value < 0.1 { format!("{value:.4}") } else { format!("{value:.2}") })
}
