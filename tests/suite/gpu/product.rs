//! Stage `product`: AᵀB in double precision on the GPU against nalgebra's.

use nalgebra::DMatrix;
use ridgepath::gpu::product::{Buffers, Params, record};
use ridgepath::gpu::wgpu;
use ridgepath::{Backend, Gpu, Penalty, Plan, Precision, Request, Ridge, Shape};

use crate::gpu::devices::{own_device, wide};
use crate::support::{EDGES, Random, assert_within, distance, download, regression};

/// The product AᵀB summed over blocks of rows that end where `cuts` say, by runs of so many rows.
fn on_gpu(gpu: &Gpu, a: &DMatrix<f64>, b: &DMatrix<f64>, lower: bool, run: usize, cuts: &[usize]) -> DMatrix<f64> {
    let [left, right] = [a.ncols(), b.ncols()];
    let tiles = left.div_ceil(64) * right.div_ceil(64);
    let buffer = |elements: usize| {
        gpu.device().create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 8 * elements.next_multiple_of(2) as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        })
    };
    let product = buffer(left * right);
    let mut start = 0;
    for end in cuts.iter().copied().chain([a.nrows()]) {
        let rows = end - start;
        let stored = |matrix: &DMatrix<f64>| {
            let stride = matrix.ncols().next_multiple_of(2);
            let part = matrix.rows(start, rows).into_owned().resize_horizontally(stride, f64::MAX);
            let own = buffer(rows * stride);
            gpu.queue().write_buffer(&own, 0, bytemuck::cast_slice(part.transpose().as_slice()));
            (own, (stride / 2) as u32)
        };
        let ((a, left_stride), (b, right_stride)) = (stored(a), stored(b));
        let splits = rows.div_ceil(run);
        let partials = buffer(splits * tiles * 64 * 64);
        let params = Params {
            rows: rows as u32,
            left: left as u32,
            right: right as u32,
            left_stride,
            right_stride,
            rows_per_split: run as u32,
            splits: splits as u32,
            lower: lower.into(),
            first: u32::from(start == 0),
        };
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        record(gpu, &mut encoder, params, Buffers { a: &a, b: &b, partials: &partials, product: &product });
        gpu.queue().submit([encoder.finish()]);
        start = end;
    }
    DMatrix::from_vec(left, right, download(gpu, &product, left * right))
}

#[test]
fn products_are_right_to_double_precision_at_every_tile_edge() {
    let Some(gpu) = wide() else { return };
    let mut random = Random::new(5);
    for (at, m) in EDGES.into_iter().enumerate() {
        for left in [1, 2, 63, 64, 65, 130] {
            let right = EDGES[(7 * at + left) % EDGES.len()].min(300);
            let (a, b) = (random.matrix(m, left), random.matrix(m, right));
            let found = on_gpu(&gpu, &a, &b, false, 64, &[]);
            let bound = |i, j| {
                let most = a.column(i).norm() * b.column(j).norm();
                (8.0 + (m as f64).sqrt()) * f64::EPSILON * most
            };
            assert_within(&found, &(a.transpose() * &b), bound, &format!("{m} rows, {left} × {right}"));
        }
    }
}

#[test]
fn the_lower_triangle_has_the_bits_of_the_whole_and_of_any_blocks_of_rows() {
    let Some(gpu) = wide() else { return };
    for (m, n, t) in [(64, 1, 1), (200, 64, 1), (640, 65, 3), (333, 150, 70)] {
        let z = Random::new(9).matrix(m, n + t);
        let x = z.columns(0, n).into_owned();
        let whole = on_gpu(&gpu, &z, &x, false, 64, &[]);
        let lower = on_gpu(&gpu, &z, &x, true, 64, &[]);
        let blocks = on_gpu(&gpu, &z, &x, true, 64, if m > 192 { &[64, 192] } else { &[] });
        for j in 0..n {
            for i in j..n + t {
                assert_eq!(lower[(i, j)], whole[(i, j)], "{m} × {n}, ({i}, {j})");
                assert_eq!(blocks[(i, j)], whole[(i, j)], "{m} × {n} in blocks, ({i}, {j})");
            }
        }
    }
}

#[test]
fn rows_past_the_end_add_nothing_to_what_is_not_finite() {
    let Some(gpu) = wide() else { return };
    for m in [1, 5, 65] {
        let (mut a, mut b) = (Random::new(3).matrix(m, 3).abs(), Random::new(4).matrix(m, 2).abs());
        b[(m - 1, 1)] = f64::INFINITY;
        let found = on_gpu(&gpu, &a, &b, false, 64, &[]);
        assert!(found.column(0).iter().all(|value| value.is_finite()), "{m} rows");
        assert!(found.column(1).iter().all(|value| *value == f64::INFINITY), "{m} rows: {found}");
        std::mem::swap(&mut a[(m - 1, 2)], &mut b[(m - 1, 1)]);
        let found = on_gpu(&gpu, &a, &b, false, 64, &[]);
        assert!(found.row(2).iter().all(|value| *value == f64::INFINITY), "{m} rows: {found}");
    }
}

#[test]
fn double_precision_is_the_same_with_and_without_64_bit_floats_in_shaders() {
    let Some(gpu) = wide() else { return };
    let Some((device, queue)) = own_device(|_| ()) else { return };
    let without = Gpu::from_device(device, queue);
    assert!(!without.adapter().limits.shader_f64);
    let (x, y) = regression(7, 400, 140, 60);
    let shape = Shape { rows: 400, features: 140, targets: 60, penalties: 50, problems: 1 };
    let ridge = Ridge::new().penalty(Penalty::Auto(50));
    let cpu = ridge.clone().backend(Backend::Cpu).fit(&x, &y).unwrap();
    let request = Request { backend: Backend::Gpu, ..Request::default() };
    for (gpu, wide) in [(gpu, true), (without, false)] {
        let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).unwrap().gpu.unwrap();
        assert_eq!((plan.gram.is_some(), plan.product.is_some()), (wide, wide), "what the device does");
        let ridge = ridge.clone().backend(Backend::Gpu).gpu(gpu);
        let path = ridge.fit(&x, &y).unwrap();
        for budget in [0, 3_000_000] {
            assert!(ridge.clone().memory_budget(budget).fit(&x, &y).unwrap() == path, "{budget} bytes");
        }
        assert_eq!((path.backend().name, path.backend().precision), (Backend::Gpu, Precision::Double));
        for k in 0..path.len() {
            for target in [0, 31, 59] {
                let apart = distance(path.coefficients(k, target), cpu.coefficients(k, target));
                let told = path.error_bound(k, target) + cpu.error_bound(k, target);
                assert!(apart <= told.min(1e-11), "λ {k}, target {target}: {apart} > {told}");
            }
        }
    }
}
