//! Stage `factor`, on each backend: L with LLᵀ = A, and the order of the first bad pivot.

use nalgebra::DMatrix;
use ridgepath::{Gpu, Model, NormalEquations, Problem, cpu, gpu};

use crate::support::{EDGES, assert_within, download, equations, gpu, regression};

/// The equations of made data, for shifts relative to the trace.
fn made(n: usize, shifts: &[f64]) -> NormalEquations {
    let (x, y) = regression(n as u64, n + 7, n, 1);
    equations(&cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap(), Model::default(), shifts)
}

/// L of every λ and the status, from the GPU.
fn on_gpu(gpu: &Gpu, normal: &NormalEquations) -> (Vec<DMatrix<f64>>, Vec<u32>) {
    let (n, k) = (normal.features(), normal.penalties());
    let system = gpu::factor::System::new(gpu, &[normal], k);
    let factors = gpu::factor::Factors::new(gpu, n, k);
    system.upload(gpu, &[normal], 0..k);
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    gpu::factor::record(gpu, &mut encoder, &system, &factors, 0..k);
    gpu.queue().submit([encoder.finish()]);
    (lowers(gpu, &factors, n, k), download(gpu, &factors.info, k))
}

/// L of every λ from what the device keeps of it.
fn lowers(gpu: &Gpu, factors: &gpu::factor::Factors, n: usize, k: usize) -> Vec<DMatrix<f64>> {
    let (rows, width, panels) = (n.next_multiple_of(4), factors.width(), factors.blocks());
    let (columns, size) = (64 * (panels - 1), panels * width * width);
    let lower: Vec<f32> = download(gpu, &factors.lower, (k * columns * rows).max(4));
    let inverse: Vec<f32> = download(gpu, &factors.inverse, k * size);
    let matrix = |k: usize| {
        let below = |i: usize, j: usize| lower[(k * columns + j) * rows + i];
        let x = |panel: usize, i: usize, j: usize| {
            inverse[k * size + panel * width * width + (i / 4 * width + j) * 4 + i % 4]
        };
        let mut l = DMatrix::zeros(n, n);
        for (panel, first) in (0..n).step_by(width).enumerate() {
            let order = (n - first).min(width);
            let x = DMatrix::from_fn(order, order, |i, j| f64::from(x(panel, i, j)));
            assert_eq!(x.upper_triangle(), DMatrix::from_diagonal(&x.diagonal()), "an inverse is a lower triangle");
            let block = x.try_inverse().unwrap_or_else(|| DMatrix::zeros(order, order));
            l.view_mut((first, first), (order, order)).copy_from(&block);
            for j in first..first + order {
                (first + order..n).for_each(|i| l[(i, j)] = below(i, j).into());
            }
        }
        l
    };
    (0..k).map(matrix).collect()
}

/// |A − LLᵀ| ≤ c·n·eps·√(aᵢᵢaⱼⱼ) (Higham 2002, theorem 10.3).
#[track_caller]
fn assert_factor(lower: &DMatrix<f64>, a: &DMatrix<f64>, epsilon: f64, context: &str) {
    let n = a.nrows() as f64;
    let bound = |i: usize, j: usize| 4.0 * (n + 4.0) * epsilon * (a[(i, i)] * a[(j, j)]).sqrt();
    assert_within(&(lower * lower.transpose()), a, bound, context);
}

#[test]
fn gpu_factors_reconstruct_their_matrix_at_every_tile_edge() {
    let Some(gpu) = gpu() else { return };
    for n in EDGES {
        let normal = made(n, &[0.5, 3.0, 1e4]);
        let (lower, info) = on_gpu(&gpu, &normal);
        assert_eq!(info, [0, 0, 0], "n {n}");
        for (k, lower) in lower.iter().enumerate() {
            assert_factor(lower, &normal.matrix(k), f32::EPSILON.into(), &format!("n {n}, λ {k}"));
        }
    }
}

#[test]
fn cpu_factors_reconstruct_their_matrix_in_both_precisions() {
    for n in EDGES {
        let normal = made(n, &[0.5, 1e4]);
        for k in 0..2 {
            let double = cpu::factor::factor::<f64>(&normal, k);
            let single = cpu::factor::factor::<f32>(&normal, k);
            assert_eq!((double.info, single.info), (0, 0));
            let a = normal.matrix(k);
            assert_factor(&double.lower().lower_triangle(), &a, f64::EPSILON, &format!("f64, n {n}"));
            let lower = single.lower().map(f64::from).lower_triangle();
            assert_factor(&lower, &a, f32::EPSILON.into(), &format!("f32, n {n}"));
        }
    }
}

#[test]
fn the_comparison_of_factors_can_fail() {
    let normal = made(33, &[0.5]);
    let mut lower = cpu::factor::factor::<f64>(&normal, 0).lower().lower_triangle();
    lower[(20, 3)] += 1e-3;
    let a = normal.matrix(0);
    let caught = std::panic::catch_unwind(|| assert_factor(&lower, &a, f32::EPSILON.into(), "control"));
    assert!(caught.is_err(), "an element off by 1e-3 must be seen");
}

/// X of n columns in which column `copy` repeats column `of`.
fn repeated(n: usize, of: usize, copy: usize) -> NormalEquations {
    let (mut x, y) = regression(3, 2 * n + 1, n, 1);
    let column = x.column(of).clone_owned();
    x.set_column(copy, &column);
    equations(&cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap(), Model::default(), &[0.0, 1.0])
}

#[test]
fn factor_reports_the_order_of_the_first_bad_pivot() {
    for (n, of, copy) in [(2, 0, 1), (10, 2, 6), (64, 0, 63), (65, 1, 64), (130, 70, 100), (200, 10, 129)] {
        let normal = repeated(n, of, copy);
        assert_eq!(cpu::factor::factor::<f64>(&normal, 0).info, copy + 1, "f64, n {n}");
        assert_eq!(cpu::factor::factor::<f32>(&normal, 0).info, copy + 1, "f32, n {n}");
        assert_eq!(cpu::factor::factor::<f64>(&normal, 1).info, 0);
        let Some(gpu) = gpu() else { continue };
        let (_, info) = on_gpu(&gpu, &normal);
        assert_eq!(info, [copy as u32 + 1, 0], "gpu, n {n}: the other λ is untouched");
    }
}

#[test]
fn a_column_of_one_value_is_a_bad_pivot_without_a_penalty() {
    let (mut x, y) = regression(5, 20, 4, 1);
    x.column_mut(2).fill(0.1);
    let moments = cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
    let normal = equations(&moments, Model::default(), &[0.0]);
    assert_eq!(cpu::factor::factor::<f64>(&normal, 0).info, 3);
    let Some(gpu) = gpu() else { return };
    assert_eq!(on_gpu(&gpu, &normal).1, [3]);
}
