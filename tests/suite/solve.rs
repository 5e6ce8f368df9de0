//! Stage `solve`, fed with the CPU's factors, so that it is judged alone.

use nalgebra::DMatrix;
use ridgepath::gpu::solve::{Solution, record, right_hand_sides};
use ridgepath::{Gpu, Model, NormalEquations, Problem, cpu, gpu};

use crate::support::{EDGES, distance, download, equations, gpu, regression};

const TILE: usize = 64;

fn made(n: usize, t: usize) -> NormalEquations {
    let (x, y) = regression(n as u64, n + 9, n, t);
    let problem = Problem::new(&x, &y).unwrap();
    equations(&cpu::gram::gram::<f64, f64>(&problem).unwrap(), Model::default(), &[1.0, 100.0])
}

/// The GPU's factors, made on the CPU: L and the inverses of its diagonal blocks.
fn factors(gpu: &Gpu, normal: &NormalEquations) -> gpu::factor::Factors {
    let (n, k) = (normal.features(), normal.penalties());
    let factors = gpu::factor::Factors::new(gpu, n, k);
    let width = n.min(TILE);
    let (mut lower, mut inverse) = (Vec::<f32>::new(), Vec::<f32>::new());
    for k in 0..k {
        let own = cpu::factor::factor::<f64>(normal, k).lower().lower_triangle();
        lower.extend(own.iter().map(|v| *v as f32));
        for first in (0..n).step_by(TILE) {
            let size = TILE.min(n - first);
            let block = own.view((first, first), (size, size)).into_owned();
            let solved = block.solve_lower_triangular(&DMatrix::identity(size, size)).expect("invertible");
            inverse.extend(solved.resize(width, width, 0.0).iter().map(|v| *v as f32));
        }
    }
    gpu.queue().write_buffer(&factors.lower, 0, bytemuck::cast_slice(&lower));
    gpu.queue().write_buffer(&factors.inverse, 0, bytemuck::cast_slice(&inverse));
    factors
}

/// The largest relative deviation of the solutions from the CPU's in `f64`.
fn deviation(gpu: &Gpu, normal: &NormalEquations) -> f64 {
    let (n, t, k) = (normal.features(), normal.targets(), normal.penalties());
    let solution = Solution::new(gpu, n, t, k);
    let rhs = right_hand_sides(normal, 0, k);
    solution.upload(gpu, &rhs);
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    record(gpu, &mut encoder, &factors(gpu, normal), &solution, k);
    gpu.queue().submit([encoder.finish()]);
    let found: Vec<f32> = download(gpu, &solution.buffer, rhs.len());
    let mut worst = 0.0f64;
    for k in 0..k {
        let factor = cpu::factor::factor::<f64>(normal, k);
        let at = |j: usize, target: usize| ((k * t.div_ceil(4) + target / 4) * n + j) * 4 + target % 4;
        let mut wanted = DMatrix::from_fn(n, t, |j, target| f64::from(rhs[at(j, target)]));
        factor.solve_into(&mut wanted);
        for target in 0..t {
            let own: Vec<f64> = (0..n).map(|j| f64::from(found[at(j, target)])).collect();
            let apart = distance(&own, wanted.column(target).as_slice());
            worst = if apart > worst || apart.is_nan() { apart } else { worst };
        }
    }
    worst
}

#[test]
fn gpu_solutions_agree_with_the_cpu_at_every_tile_edge_and_number_of_targets() {
    let Some(gpu) = gpu() else { return };
    for n in EDGES {
        for t in [1, 3, 4, 5, 17] {
            let apart = deviation(&gpu, &made(n, t));
            // κ of A is below 200 here.
            let bound = 200.0 * 4.0 * f64::from(f32::EPSILON);
            assert!(apart <= bound, "n {n}, t {t}: {apart} > {bound}");
        }
    }
}

#[test]
fn cpu_solutions_satisfy_their_equations() {
    for n in EDGES {
        let normal = made(n, 2);
        let factor = cpu::factor::factor::<f64>(&normal, 0);
        let a = normal.matrix(0);
        let wanted = DMatrix::from_fn(n, 2, |i, j| (i + 2 * j) as f64 / n as f64 - 0.3);
        let mut found = &a * &wanted;
        factor.solve_into(&mut found);
        for target in 0..2 {
            let apart = distance(found.column(target).as_slice(), wanted.column(target).as_slice());
            assert!(apart <= 1e-13 * n as f64, "n {n}: {apart}");
        }
    }
}
