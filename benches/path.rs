//! The whole path, rows to coefficients: the GPU and the CPU in both precisions, and the textbook solution with nalgebra.
//!
//! A size reads rows × features × λ. `RIDGEPATH_BENCH=full` adds larger sizes. One size in depth, its digits and the GPU's
//! stages, is `ridgepath bench`'s.

mod task;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ridgepath::{Backend, Form, Gpu, Precision, Ridge};

use task::Task;

/// Floating-point operations above which the reference, λ after λ on one core, would take minutes.
const REFERENCE_UP_TO: f64 = 2e10;

/// Name, backend and precision of each contestant.
fn contestants() -> Vec<(&'static str, Ridge)> {
    let on = |backend, precision| Ridge::new().backend(backend).precision(precision);
    let mut all = vec![
        ("reference", on(Backend::Reference, Precision::Double)),
        ("cpu-double", on(Backend::Cpu, Precision::Double)),
        ("cpu-single", on(Backend::Cpu, Precision::Single)),
    ];
    if let Some(gpu) = gpu() {
        all.push(("gpu-double", on(Backend::Gpu, Precision::Double).gpu(gpu.clone())));
        all.push(("gpu-single", on(Backend::Gpu, Precision::Single).gpu(gpu)));
    }
    all
}

/// The best real GPU; a software adapter only with `RIDGEPATH_BENCH_SOFTWARE=1`, since its times say nothing of GPUs.
fn gpu() -> Option<Gpu> {
    let software = std::env::var("RIDGEPATH_BENCH_SOFTWARE").is_ok_and(|value| value == "1");
    match pollster::block_on(Gpu::open(software)) {
        Ok(gpu) => {
            eprintln!("gpu: {}", gpu.adapter());
            Some(gpu)
        }
        Err(error) => {
            eprintln!("the GPU is not measured: {error}");
            None
        }
    }
}

fn path(criterion: &mut Criterion) {
    let mut sizes = vec![[442, 10, 100], [442, 10, 1000], [2_000, 64, 100], [2_000, 192, 20]];
    if task::full() {
        for m in [10_000, 100_000] {
            sizes.extend([64, 256, 1024, 2048].into_iter().flat_map(|n| [[m, n, 10], [m, n, 100], [m, n, 1000]]));
        }
    }
    let contestants = contestants();
    let mut group = criterion.benchmark_group("path");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for [m, n, k] in sizes {
        let task = Task::new(m, n, 1, k);
        group.throughput(Throughput::Elements(k as u64));
        for (name, ridge) in &contestants {
            if *name == "reference" && task.shape.flops(Form::Primal) > REFERENCE_UP_TO {
                continue;
            }
            let ridge = ridge.clone().lambdas(task.lambdas());
            group.bench_function(BenchmarkId::new(*name, &task), |b| {
                b.iter(|| ridge.fit(black_box(task.x()), task.y()).expect("the task can be solved"));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = paths;
    // What criterion draws can take it much longer than what it times: the densities of all resamples.
    config = Criterion::default().without_plots();
    targets = path
}
criterion_main!(paths);
