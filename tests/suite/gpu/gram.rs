//! Stage `gram`: rows to moments, on the GPU against the CPU in `f64`, and that against the definition.

use nalgebra::DMatrix;
use ridgepath::gpu::wgpu;
use ridgepath::{Gpu, Moments, Precision, Problem, Shape, View, cpu, gpu};

use crate::support::{EDGES, Random, assert_within, download, gpu, gpu_plan, regression};

fn parts(moments: &Moments) -> (DMatrix<f64>, DMatrix<f64>) {
    let (n, t) = (moments.features(), moments.targets());
    (DMatrix::from_fn(n, n, |i, j| moments.gram(i, j)), DMatrix::from_fn(n, t, |i, target| moments.cross(i, target)))
}

/// A few units in the last place of what Cauchy and Schwarz allow, growing as rounding errors do.
#[track_caller]
fn assert_close(found: &Moments, wanted: &Moments, epsilon: f64, context: &str) {
    let bound = |a: f64, b: f64| (8.0 + (wanted.rows() as f64).sqrt()) * epsilon * (a * b).sqrt() + f64::MIN_POSITIVE;
    let ((gram, cross), (gram64, cross64)) = (parts(found), parts(wanted));
    assert_within(&gram, &gram64, |i, j| bound(gram64[(i, i)], gram64[(j, j)]), context);
    let squares = |target| wanted.sum_of_squares(target);
    assert_within(&cross, &cross64, |i, target| bound(gram64[(i, i)], squares(target)), context);
    for target in 0..wanted.targets() {
        assert!((found.sum_of_squares(target) - squares(target)).abs() <= bound(squares(target), squares(target)));
    }
}

/// In single precision, and in double where shaders have it.
fn precisions(gpu: &Gpu) -> Vec<(Precision, f64)> {
    let double = gpu.adapter().limits.shader_f64.then_some((Precision::Double, f64::EPSILON));
    std::iter::once((Precision::Single, f32::EPSILON.into())).chain(double).collect()
}

fn on_gpu(gpu: &Gpu, problem: &Problem<'_>, precision: Precision, budget: u64) -> Moments {
    let shape = Shape {
        rows: problem.rows(),
        features: problem.features(),
        targets: problem.targets(),
        penalties: 1,
        problems: 1,
    };
    let plan = gpu_plan(gpu, shape, precision, budget).gram.expect("the device forms it");
    pollster::block_on(gpu::gram::gram(gpu, problem, &plan)).expect("moments")
}

#[test]
fn gpu_gram_agrees_with_the_cpu_at_every_tile_edge() {
    let Some(gpu) = gpu() else { return };
    for (seed, m) in EDGES.into_iter().enumerate() {
        for n in EDGES {
            let t = [1, 2, 5][(m + n) % 3];
            let (x, y) = regression(seed as u64, m, n, t);
            let weights = Random::new(7).weights(m);
            let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
            let wanted = cpu::gram::gram::<f64>(&problem).unwrap();
            for (precision, epsilon) in precisions(&gpu) {
                let found = on_gpu(&gpu, &problem, precision, 1 << 30);
                assert_close(&found, &wanted, epsilon, &format!("m {m}, n {n}, t {t}, {precision}"));
            }
        }
    }
}

#[test]
fn the_comparison_of_grams_can_fail() {
    let (x, y) = regression(1, 65, 33, 2);
    let wanted = cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
    let mut spoilt = x.clone();
    spoilt[(64, 32)] += 1e-3;
    let found = cpu::gram::gram::<f64>(&Problem::new(&spoilt, &y).unwrap()).unwrap();
    let caught = std::panic::catch_unwind(|| assert_close(&found, &wanted, f32::EPSILON.into(), "control"));
    assert!(caught.is_err(), "a row off by 1e-3 must be seen");
}

#[test]
fn gpu_gram_has_the_same_bits_whatever_the_blocks_of_rows() {
    let Some(gpu) = gpu() else { return };
    for (m, n) in [(1, 1), (255, 3), (256, 3), (257, 65), (5000, 10), (3000, 130), (3000, 64), (2500, 128)] {
        let (x, y) = regression(3, m, n, 2);
        let problem = Problem::new(&x, &y).unwrap();
        for (precision, _) in precisions(&gpu) {
            let whole = on_gpu(&gpu, &problem, precision, 1 << 30);
            for budget in [0, 100_000, 1_000_000, 3_000_000] {
                let blocks = on_gpu(&gpu, &problem, precision, budget);
                assert!(blocks == whole, "m {m}, n {n}, {precision}, {budget} bytes");
            }
        }
    }
}

#[test]
fn gpu_gram_takes_more_targets_than_features() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(5, 90, 3, 300);
    let problem = Problem::new(&x, &y).unwrap();
    let wanted = cpu::gram::gram::<f64>(&problem).unwrap();
    for (precision, epsilon) in precisions(&gpu) {
        assert_close(&on_gpu(&gpu, &problem, precision, 1 << 30), &wanted, epsilon, "many targets");
    }
}

#[test]
fn gpu_gram_sums_few_targets_apart_where_tiles_are_full() {
    let Some(gpu) = gpu() else { return };
    for (m, n) in [(1, 64), (300, 60), (1100, 64), (700, 127), (520, 128), (300, 384)] {
        for t in [1, 4, 5, 15, 16, 17] {
            let (x, y) = regression(5, m, n, t);
            let weights = Random::new(7).weights(m);
            let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
            let wanted = cpu::gram::gram::<f64>(&problem).unwrap();
            for budget in [0, 1 << 30] {
                let found = on_gpu(&gpu, &problem, Precision::Single, budget);
                assert_close(&found, &wanted, f32::EPSILON.into(), &format!("m {m}, n {n}, t {t}, {budget} bytes"));
            }
        }
    }
}

#[test]
fn cpu_gram_is_the_definition() {
    for (m, n, t) in [(1, 1, 1), (2, 3, 1), (64, 65, 2), (513, 64, 1), (1100, 7, 3)] {
        let (x, y) = regression(11, m, n, t);
        let weights = Random::new(13).weights(m);
        let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        let found = cpu::gram::gram::<f64>(&problem).unwrap();
        let total: f64 = weights.iter().sum();
        let centred = |matrix: &DMatrix<f64>| {
            let mut matrix = matrix.clone();
            for mut column in matrix.column_iter_mut() {
                let mean = column.iter().zip(&weights).map(|(v, s)| v * s).sum::<f64>() / total;
                column.add_scalar_mut(-mean);
            }
            matrix
        };
        let (x, y) = (centred(&x), centred(&y));
        let weighted = DMatrix::from_fn(m, n, |row, j| x[(row, j)] * weights[row]);
        let (gram, cross) = parts(&found);
        let bound = |_, _| 1e-14 * m as f64;
        assert_within(&gram, &weighted.tr_mul(&x), bound, "G");
        assert_within(&cross, &weighted.tr_mul(&y), bound, "C");
    }
}

#[test]
fn layouts_and_element_types_give_the_same_gram() {
    let (x, y) = regression(17, 70, 9, 2);
    let y32 = y.map(|v| v as f32);
    let x32 = x.map(|v| v as f32);
    let (x, y) = (x32.map(f64::from), y32.map(f64::from));
    let wanted = cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
    let rows: Vec<f64> = x.transpose().as_slice().to_vec();
    let spaced: Vec<f64> = rows.chunks(9).flat_map(|row| row.iter().copied().chain([f64::NAN; 3])).collect();
    let views = [
        View::row_major(&rows, 70, 9).unwrap(),
        View::column_major(x.as_slice(), 70, 9).unwrap(),
        View::strided(&spaced, 70, 9, 12, 1).unwrap(),
    ];
    for view in views {
        assert_eq!(cpu::gram::gram::<f64>(&Problem::new(view, &y).unwrap()).unwrap(), wanted);
    }
    assert_eq!(cpu::gram::gram::<f64>(&Problem::new(&x32, &y32).unwrap()).unwrap(), wanted);
}

#[test]
fn rows_of_weight_zero_do_not_count_on_either_backend() {
    let (x, y) = regression(19, 40, 5, 1);
    let mut wild = x.clone();
    wild.row_mut(7).fill(1e200);
    let weights: Vec<f64> = (0..40).map(|row| if row == 7 { 0.0 } else { 1.0 }).collect();
    let kept = (x.clone().remove_row(7), y.clone().remove_row(7));
    let wanted = cpu::gram::gram::<f64>(&Problem::new(&kept.0, &kept.1).unwrap()).unwrap();
    let problem = Problem::new(&wild, &y).unwrap().with_weights(&weights).unwrap();
    assert_close(&cpu::gram::gram::<f64>(&problem).unwrap(), &wanted, 1e-15, "cpu");
    let Some(gpu) = gpu() else { return };
    for (precision, epsilon) in precisions(&gpu) {
        assert_close(&on_gpu(&gpu, &problem, precision, 1 << 30), &wanted, epsilon, "gpu");
    }
}

#[test]
fn rows_past_the_end_add_nothing_to_what_is_not_finite() {
    let Some(gpu) = gpu() else { return };
    for (m, n) in [(1, 3), (5, 3), (257, 3), (5, 70), (257, 70)] {
        let shape = Shape { rows: m, features: n, targets: 1, penalties: 1, problems: 1 };
        let plan = gpu_plan(&gpu, shape, Precision::Single, 1 << 30).gram.expect("in single precision");
        let mut z = Random::new(3).matrix(m, n + 1).abs().map(|value| value as f32);
        z[(m - 1, 1)] = f32::INFINITY;
        let stored = z.resize_horizontally(plan.row_stride, 0.0).transpose();
        let buffer = |elements: usize| {
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
            let size = 4 * elements.next_multiple_of(4) as u64;
            gpu.device().create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
        };
        let (rows, moments) = (buffer(stored.len()), buffer((n + 1) * n));
        let partials = buffer(plan.partial_bytes as usize / 4);
        gpu.queue().write_buffer(&rows, 0, bytemuck::cast_slice(stored.as_slice()));
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        let buffers = gpu::gram::Buffers { rows: &rows, partials: &partials, moments: &moments };
        gpu::gram::record(&gpu, &mut encoder, gpu::gram::Params::new(&plan, n, 1, m, true), buffers);
        gpu.queue().submit([encoder.finish()]);
        let found: DMatrix<f32> = DMatrix::from_vec(n + 1, n, download(&gpu, &moments, (n + 1) * n));
        for j in 0..n {
            for i in j..=n {
                let is_right =
                    if i == 1 || j == 1 { found[(i, j)] == f32::INFINITY } else { found[(i, j)].is_finite() };
                assert!(is_right, "m {m}, n {n}: ({i}, {j}) is {}", found[(i, j)]);
            }
        }
    }
}
