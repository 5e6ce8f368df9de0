//! Each stage alone, one group each: `transfer` (to the device and back), `gram` (rows to moments), `normal` (moments to
//! the equations of every λ), `factor`, `solve`, and `lambdas` (factors, solutions and condition numbers of every λ, on all
//! cores, as the CPU backend has them).
//!
//! A size reads rows × features × λ. The CPU's `factor` and `solve` are one core's, λ after λ, as each thread of the
//! backend does it; the GPU's are all λ at once, without uploads, where its limits let them be one chunk.
//! `RIDGEPATH_BENCH=full` adds larger sizes.

mod task;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ridgepath::gpu::{self, wgpu};
use ridgepath::{Backend, Gpu, GpuPlan, Model, NormalEquations, Penalty, Plan, Precision, Problem, Request, cpu};

use task::Task;

impl Task {
    fn problem(&self) -> Problem<'_> {
        Problem::new(self.x(), self.y()).expect("the data are finite")
    }

    /// The equations of every λ.
    fn normal(&self) -> NormalEquations {
        let moments = cpu::gram::gram::<f64>(&self.problem()).expect("no column overflows");
        let grid = Penalty::Lambdas(self.lambdas()).resolve(moments.weight_sum(), 1.0).expect("every λ is finite");
        NormalEquations::new(&moments, Model::default(), grid)
    }

    /// As the library plans it with its default memory budget.
    fn plan(&self, gpu: &Gpu, precision: Precision) -> GpuPlan {
        let request = Request { backend: Backend::Gpu, precision, ..Request::default() };
        let plan = Plan::new(self.shape, request, Some(Ok(gpu.adapter().limits))).expect("the task fits the adapter");
        plan.gpu.expect("a plan for a GPU has its sizes")
    }
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

fn sizes(small: &[[usize; 3]], large: &[[usize; 3]]) -> Vec<Task> {
    let large = if task::full() { large } else { &[] };
    small.iter().chain(large).map(|[m, n, k]| Task::new(*m, *n, *k)).collect()
}

fn transfer(criterion: &mut Criterion) {
    let Some(device) = task::gpu() else { return };
    let mut group = group(criterion, "transfer");
    let sizes: &[u64] = if task::full() { &[1 << 16, 1 << 20, 1 << 24, 1 << 27] } else { &[1 << 16, 1 << 20, 1 << 24] };
    for bytes in sizes {
        let buffer = |usage| {
            let size = *bytes;
            device.device().create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let there = buffer(wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST);
        let back = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let values = vec![1u8; usize::try_from(*bytes).expect("it fits memory")];
        group.throughput(Throughput::Bytes(*bytes));
        group.bench_function(BenchmarkId::new("up", bytes), |b| {
            b.iter(|| {
                device.queue().write_buffer(&there, 0, black_box(&values));
                run(&device, |_| ());
            });
        });
        group.bench_function(BenchmarkId::new("down", bytes), |b| {
            b.iter(|| {
                run(&device, |encoder| encoder.copy_buffer_to_buffer(&there, 0, &back, 0, *bytes));
                back.slice(..).map_async(wgpu::MapMode::Read, |_| ());
                run(&device, |_| ());
                let values = back.slice(..).get_mapped_range().expect("the copy is done").to_vec();
                back.unmap();
                values
            });
        });
    }
    group.finish();
}

fn gram(criterion: &mut Criterion) {
    let device = task::gpu();
    let mut group = group(criterion, "gram");
    let large = [[100_000, 256, 1], [100_000, 1024, 1], [20_000, 4096, 1]];
    for task in sizes(&[[20_000, 32, 1], [5_000, 128, 1], [2_000, 384, 1]], &large) {
        let (name, problem) = (task.name(), task.problem());
        group.throughput(Throughput::Elements(task.shape.rows as u64));
        group.bench_function(BenchmarkId::new("cpu-double", &name), |b| {
            b.iter(|| cpu::gram::gram::<f64>(black_box(&problem)));
        });
        group.bench_function(BenchmarkId::new("cpu-single", &name), |b| {
            b.iter(|| cpu::gram::gram::<f32>(black_box(&problem)));
        });
        if let Some(device) = &device {
            // With the upload of the rows and the read-back of the sums.
            for precision in [Precision::Double, Precision::Single] {
                let Some(plan) = task.plan(device, precision).gram else { continue };
                group.bench_function(BenchmarkId::new(format!("gpu-{precision}"), &name), |b| {
                    b.iter(|| pollster::block_on(gpu::gram::gram(device, black_box(&problem), &plan)));
                });
            }
        }
    }
    group.finish();
}

const SYSTEMS: [[usize; 3]; 3] = [[500, 64, 64], [500, 192, 16], [500, 384, 4]];
const LARGE_SYSTEMS: [[usize; 3]; 3] = [[2_000, 512, 128], [2_000, 1024, 64], [2_000, 2048, 16]];

fn normal(criterion: &mut Criterion) {
    let mut group = group(criterion, "normal");
    for task in sizes(&SYSTEMS, &LARGE_SYSTEMS) {
        let moments = cpu::gram::gram::<f64>(&task.problem()).expect("no column overflows");
        let penalty = Penalty::Lambdas(task.lambdas());
        group.throughput(Throughput::Elements(task.shape.penalties as u64));
        group.bench_function(BenchmarkId::new("cpu-double", task.name()), |b| {
            b.iter(|| NormalEquations::with_penalty(black_box(&moments), Model::default(), &penalty));
        });
    }
    group.finish();
}

fn lambdas(criterion: &mut Criterion) {
    let mut group = group(criterion, "lambdas");
    for task in sizes(&SYSTEMS, &LARGE_SYSTEMS) {
        let normal = task.normal();
        group.throughput(Throughput::Elements(task.shape.penalties as u64));
        group.bench_function(BenchmarkId::new("cpu-double", task.name()), |b| {
            b.iter(|| cpu::solve::solve::<f64>(black_box(&normal), &|_| ()));
        });
        group.bench_function(BenchmarkId::new("cpu-single", task.name()), |b| {
            b.iter(|| cpu::solve::solve::<f32>(black_box(&normal), &|_| ()));
        });
    }
    group.finish();
}

fn factor(criterion: &mut Criterion) {
    let device = task::gpu();
    let mut group = group(criterion, "factor");
    for task in sizes(&SYSTEMS, &LARGE_SYSTEMS) {
        let (name, normal, k) = (task.name(), task.normal(), task.shape.penalties);
        group.throughput(Throughput::Elements(k as u64));
        group.bench_function(BenchmarkId::new("cpu-double", &name), |b| {
            b.iter(|| (0..k).map(|at| cpu::factor::factor::<f64>(black_box(&normal), at).info).sum::<usize>());
        });
        group.bench_function(BenchmarkId::new("cpu-single", &name), |b| {
            b.iter(|| (0..k).map(|at| cpu::factor::factor::<f32>(black_box(&normal), at).info).sum::<usize>());
        });
        if let Some(device) =
            device.as_ref().filter(|device| task.plan(device, Precision::Double).matrices_per_chunk >= k)
        {
            let system = gpu::factor::System::new(device, &[&normal], k);
            let factors = gpu::factor::Factors::new(device, task.shape.features, k);
            system.upload(device, &[&normal], 0..k);
            group.bench_function(BenchmarkId::new("gpu", &name), |b| {
                b.iter(|| run(device, |encoder| gpu::factor::record(device, encoder, &system, &factors, 0..k)));
            });
        }
    }
    group.finish();
}

fn solve(criterion: &mut Criterion) {
    let device = task::gpu();
    let mut group = group(criterion, "solve");
    for task in sizes(&SYSTEMS, &LARGE_SYSTEMS) {
        let (name, normal, k, n) = (task.name(), task.normal(), task.shape.penalties, task.shape.features);
        group.throughput(Throughput::Elements(k as u64));
        let factors: Vec<_> = (0..k).map(|at| cpu::factor::factor::<f64>(&normal, at)).collect();
        group.bench_function(BenchmarkId::new("cpu-double", &name), |b| {
            b.iter(|| {
                for factor in &factors {
                    let mut rhs = nalgebra::DMatrix::repeat(n, 1, 1.0);
                    factor.solve_into(&mut rhs);
                    black_box(rhs);
                }
            });
        });
        if let Some(device) =
            device.as_ref().filter(|device| task.plan(device, Precision::Double).matrices_per_chunk >= k)
        {
            let system = gpu::factor::System::new(device, &[&normal], k);
            let factors = gpu::factor::Factors::new(device, n, k);
            let solution = gpu::solution::Solution::new(device, n, 1, k);
            system.upload(device, &[&normal], 0..k);
            run(device, |encoder| gpu::factor::record(device, encoder, &system, &factors, 0..k));
            let right = gpu::solution::packed(&vec![nalgebra::DMatrix::repeat(n, 1, 1.0); k]);
            group.bench_function(BenchmarkId::new("gpu", &name), |b| {
                b.iter(|| {
                    // It is overwritten by the solution.
                    solution.upload(device, &right);
                    run(device, |encoder| gpu::solve::record(device, encoder, &factors, &solution, k));
                });
            });
        }
    }
    group.finish();
}

/// Records, submits and waits.
fn run(gpu: &Gpu, record: impl FnOnce(&mut wgpu::CommandEncoder)) {
    let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("bench") });
    record(&mut encoder);
    gpu.queue().submit([encoder.finish()]);
    gpu.device().poll(wgpu::PollType::wait_indefinitely()).expect("the device is not lost");
}

criterion_group!(stages, transfer, gram, normal, factor, solve, lambdas);
criterion_main!(stages);
