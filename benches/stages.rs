//! Each stage of the CPU alone, one group each: `gram` (rows to moments), `normal` (moments to the equations of every λ),
//! `factor`, `solve`, and `lambdas` (factors, solutions and condition numbers of every λ, on all cores, as the CPU backend
//! has them). The GPU's stages are timed by `ridgepath bench`.
//!
//! A size reads rows × features × λ. `factor` and `solve` are one core's, λ after λ, as each thread of the backend does it.
//! `RIDGEPATH_BENCH=full` adds larger sizes.

mod task;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ridgepath::{Model, Moments, NormalEquations, Penalty, Problem, cpu};

use task::Task;

type Sizes = [[usize; 3]; 3];

const ROWS: Sizes = [[20_000, 32, 1], [5_000, 128, 1], [2_000, 384, 1]];
const MANY_ROWS: Sizes = [[100_000, 256, 1], [100_000, 1024, 1], [20_000, 4096, 1]];
const SYSTEMS: Sizes = [[500, 64, 64], [500, 192, 16], [500, 384, 4]];
const LARGE_SYSTEMS: Sizes = [[2_000, 512, 128], [2_000, 1024, 64], [2_000, 2048, 16]];

impl Task {
    fn problem(&self) -> Problem<'_> {
        Problem::new(self.x(), self.y()).expect("the data are finite")
    }

    fn moments(&self) -> Moments {
        cpu::gram::gram::<f64>(&self.problem()).expect("no column overflows")
    }

    /// The equations of every λ.
    fn normal(&self) -> NormalEquations {
        let penalty = Penalty::Lambdas(self.lambdas());
        NormalEquations::with_penalty(&self.moments(), Model::default(), &penalty).expect("every λ is finite")
    }
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

/// One after the other: their data need not fit memory together.
fn tasks(small: Sizes, large: Sizes) -> impl Iterator<Item = Task> {
    let large = task::full().then_some(large).into_iter().flatten();
    small.into_iter().chain(large).map(|[m, n, k]| Task::new(m, n, 1, k))
}

fn gram(criterion: &mut Criterion) {
    let mut group = group(criterion, "gram");
    for task in tasks(ROWS, MANY_ROWS) {
        let problem = task.problem();
        group.throughput(Throughput::Elements(task.shape.rows as u64));
        group.bench_function(BenchmarkId::new("cpu-double", &task), |b| {
            b.iter(|| cpu::gram::gram::<f64>(black_box(&problem)));
        });
        group.bench_function(BenchmarkId::new("cpu-single", &task), |b| {
            b.iter(|| cpu::gram::gram::<f32>(black_box(&problem)));
        });
    }
    group.finish();
}

fn normal(criterion: &mut Criterion) {
    let mut group = group(criterion, "normal");
    for task in tasks(SYSTEMS, LARGE_SYSTEMS) {
        let moments = task.moments();
        let penalty = Penalty::Lambdas(task.lambdas());
        group.throughput(Throughput::Elements(task.shape.penalties as u64));
        group.bench_function(BenchmarkId::new("cpu-double", &task), |b| {
            b.iter(|| NormalEquations::with_penalty(black_box(&moments), Model::default(), &penalty));
        });
    }
    group.finish();
}

fn factor(criterion: &mut Criterion) {
    let mut group = group(criterion, "factor");
    for task in tasks(SYSTEMS, LARGE_SYSTEMS) {
        let (normal, k) = (task.normal(), task.shape.penalties);
        group.throughput(Throughput::Elements(k as u64));
        group.bench_function(BenchmarkId::new("cpu-double", &task), |b| {
            b.iter(|| (0..k).map(|at| cpu::factor::factor::<f64>(black_box(&normal), at).info).sum::<usize>());
        });
        group.bench_function(BenchmarkId::new("cpu-single", &task), |b| {
            b.iter(|| (0..k).map(|at| cpu::factor::factor::<f32>(black_box(&normal), at).info).sum::<usize>());
        });
    }
    group.finish();
}

fn solve(criterion: &mut Criterion) {
    let mut group = group(criterion, "solve");
    for task in tasks(SYSTEMS, LARGE_SYSTEMS) {
        let (normal, k, n) = (task.normal(), task.shape.penalties, task.shape.features);
        let factors: Vec<_> = (0..k).map(|at| cpu::factor::factor::<f64>(&normal, at)).collect();
        group.throughput(Throughput::Elements(k as u64));
        group.bench_function(BenchmarkId::new("cpu-double", &task), |b| {
            b.iter(|| {
                for factor in &factors {
                    let mut rhs = nalgebra::DMatrix::repeat(n, 1, 1.0);
                    factor.solve_into(&mut rhs);
                    black_box(rhs);
                }
            });
        });
    }
    group.finish();
}

fn lambdas(criterion: &mut Criterion) {
    let mut group = group(criterion, "lambdas");
    for task in tasks(SYSTEMS, LARGE_SYSTEMS) {
        let normal = task.normal();
        group.throughput(Throughput::Elements(task.shape.penalties as u64));
        group.bench_function(BenchmarkId::new("cpu-double", &task), |b| {
            b.iter(|| cpu::solve::solve::<f64>(black_box(&normal), &|_: usize| ()));
        });
        group.bench_function(BenchmarkId::new("cpu-single", &task), |b| {
            b.iter(|| cpu::solve::solve::<f32>(black_box(&normal), &|_: usize| ()));
        });
    }
    group.finish();
}

criterion_group! {
    name = stages;
    // What criterion draws can take it much longer than what it times: the densities of all resamples.
    config = Criterion::default().without_plots();
    targets = gram, normal, factor, solve, lambdas
}
criterion_main!(stages);
