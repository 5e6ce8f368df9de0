//! Stage `solve`, fed with the CPU's factors, so that it is judged alone.

use nalgebra::DMatrix;
use ridgepath::gpu::solution::{Solution, packed, unpacked};
use ridgepath::gpu::solve::record;
use ridgepath::{Gpu, Model, NormalEquations, Problem, cpu, gpu};

use crate::gpu::devices::own_device;
use crate::support::{EDGES, Random, distance, download, equations, gpu, regression};

fn made(n: usize) -> NormalEquations {
    let (x, y) = regression(n as u64, n + 9, n, 1);
    let problem = Problem::new(&x, &y).unwrap();
    equations(&cpu::gram::gram::<f64>(&problem).unwrap(), Model::default(), &[1.0, 100.0])
}

/// The GPU's factors, made on the CPU: L below its diagonal blocks, and the inverses of these.
fn factors(gpu: &Gpu, normal: &NormalEquations) -> gpu::factor::Factors {
    let (n, k) = (normal.features(), normal.penalties());
    let factors = gpu::factor::Factors::new(gpu, n, k);
    let (rows, width) = (n.next_multiple_of(4), factors.width());
    let (mut lower, mut inverse) = (Vec::<f32>::new(), Vec::<f32>::new());
    for k in 0..k {
        let own = cpu::factor::factor::<f64>(normal, k).lower().lower_triangle();
        let columns = width * (factors.blocks() - 1);
        lower.extend(own.columns(0, columns).into_owned().resize_vertically(rows, 0.0).iter().map(|v| *v as f32));
        for first in (0..n).step_by(width) {
            let size = width.min(n - first);
            let block = own.view((first, first), (size, size)).into_owned();
            let solved = block.solve_lower_triangular(&DMatrix::identity(size, size)).expect("invertible");
            let solved = solved.resize(width, width, 0.0);
            for quad in 0..width / 4 {
                inverse.extend(solved.rows(4 * quad, 4).iter().map(|v| *v as f32));
            }
        }
    }
    gpu.queue().write_buffer(&factors.lower, 0, bytemuck::cast_slice(&lower));
    gpu.queue().write_buffer(&factors.inverse, 0, bytemuck::cast_slice(&inverse));
    factors
}

/// The largest relative deviation of the solutions from the CPU's in `f64`, for made right-hand sides.
fn deviation(gpu: &Gpu, normal: &NormalEquations, t: usize) -> f64 {
    let (n, k) = (normal.features(), normal.penalties());
    let solution = Solution::new(gpu, n, t, k);
    let mut random = Random::new(t as u64);
    let rhs: Vec<DMatrix<f64>> = (0..k).map(|_| random.matrix(n, t).map(|v| f64::from(v as f32))).collect();
    solution.upload(gpu, &packed(&rhs));
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    record(gpu, &mut encoder, &factors(gpu, normal), &solution, k);
    gpu.queue().submit([encoder.finish()]);
    let found: Vec<f32> = download(gpu, &solution.buffer, packed(&rhs).len());
    let mut worst = 0.0f64;
    for (k, found) in unpacked(&found, k, n, t).iter().enumerate() {
        let mut wanted = rhs[k].clone();
        cpu::factor::factor::<f64>(normal, k).solve_into(&mut wanted);
        for target in 0..t {
            let apart = distance(found.column(target).as_slice(), wanted.column(target).as_slice());
            worst = if apart > worst || apart.is_nan() { apart } else { worst };
        }
    }
    worst
}

#[test]
fn packing_is_undone_by_unpacking() {
    let mut random = Random::new(1);
    for t in [1, 3, 4, 5] {
        let matrices: Vec<DMatrix<f64>> = (0..3).map(|_| random.matrix(7, t).map(|v| f64::from(v as f32))).collect();
        assert_eq!(unpacked(&packed(&matrices), 3, 7, t), matrices);
    }
}

#[test]
fn gpu_solutions_agree_with_the_cpu_at_every_tile_edge_and_number_of_targets() {
    let Some(gpu) = gpu() else { return };
    for n in EDGES {
        let normal = made(n);
        for t in [1, 3, 4, 5, 17, 32, 33, 64, 65, 130] {
            let apart = deviation(&gpu, &normal, t);
            // κ of A is below 200 here.
            let bound = 200.0 * 4.0 * f64::from(f32::EPSILON);
            assert!(apart <= bound, "n {n}, t {t}: {apart} > {bound}");
        }
    }
}

/// Solutions and status from factoring and solving together, and from one after the other.
fn together_and_apart(gpu: &Gpu, n: usize, t: usize, shifts: &[f64]) -> [(Vec<f32>, Vec<u32>); 2] {
    let (x, y) = regression(n as u64, n + 9, n, 1);
    let problem = Problem::new(&x, &y).unwrap();
    let normal = equations(&cpu::gram::gram::<f64>(&problem).unwrap(), Model::default(), shifts);
    let k = shifts.len();
    let rhs: Vec<_> = (0..k).map(|k| Random::new(k as u64).matrix(n, t)).collect();
    [true, false].map(|together| {
        let system = gpu::factor::System::new(gpu, &[&normal], k);
        let (factors, solution) = (gpu::factor::Factors::new(gpu, n, k), Solution::new(gpu, n, t, k));
        system.upload(gpu, &[&normal], 0..k);
        solution.upload(gpu, &packed(&rhs));
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        if together {
            gpu::solve::record_factored(gpu, &mut encoder, &system, &factors, &solution, 0..k);
        } else {
            gpu::factor::record(gpu, &mut encoder, &system, &factors, 0..k);
            record(gpu, &mut encoder, &factors, &solution, k);
        }
        gpu.queue().submit([encoder.finish()]);
        (download(gpu, &solution.buffer, packed(&rhs).len()), download(gpu, &factors.info, k))
    })
}

#[test]
fn factoring_and_solving_together_is_as_good_as_apart() {
    let Some(gpu) = gpu() else { return };
    for n in [
        1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 25, 31, 32, 33, 40, 47, 55, 56, 57, 60, 61, 63, 64, 65, 72, 81, 88, 89,
        130,
    ] {
        for (t, k) in [(1, 1), (4, 2), (5, 7), (17, 3), (32, 2), (33, 2)] {
            let shifts: Vec<f64> = (0..k).map(|k| 1.0 + k as f64).collect();
            let [(together, ok), (apart, also)] = together_and_apart(&gpu, n, t, &shifts);
            assert_eq!((&ok, &also), (&vec![0; k], &vec![0; k]), "n {n}");
            for (found, wanted) in together.chunks(n * 4).zip(apart.chunks(n * 4)) {
                let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
                let apart = distance(&wide(found), &wide(wanted));
                assert!(apart <= 1e-5, "n {n}, t {t}, k {k}: {apart}");
            }
        }
    }
}

#[test]
fn cpu_solutions_satisfy_their_equations() {
    for n in EDGES {
        let normal = made(n);
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

#[test]
fn matrices_that_fill_one_dimension_of_a_dispatch_go_on_in_another_with_the_same_bits() {
    let device = |workgroups: u32| {
        let (device, queue) = own_device(|limits| limits.max_compute_workgroups_per_dimension = workgroups)?;
        Some(Gpu::from_device(device, queue))
    };
    let (Some(whole), Some(folded)) = (device(65_535), device(16)) else { return };
    for n in [3, 20, 40, 70, 200] {
        // Four times as many where as many share a workgroup; in rows of 13, 16, and 12, the last of which is not full.
        for k in [37, 32, 47, 4 * 37 - 2] {
            let shifts: Vec<f64> = (0..k).map(|k| 1.0 + k as f64).collect();
            for t in [1, 33] {
                let [(one, also), (found, ok)] = together_and_apart(&folded, n, t, &shifts);
                let [(wanted_one, _), (wanted, _)] = together_and_apart(&whole, n, t, &shifts);
                assert!(ok == vec![0; k] && also == ok, "n {n}, t {t}, k {k}");
                assert!(one == wanted_one && found == wanted, "n {n}, t {t}, k {k}");
            }
        }
    }
}
