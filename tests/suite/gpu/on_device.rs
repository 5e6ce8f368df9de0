//! Corrections that stay on the device against those whose residuals the host forms.

use nalgebra::DMatrix;
use ridgepath::{Cost, Gpu, GpuPlan, Model, NormalEquations, Precision, Problem, Shape, Weights, cpu, gpu};

use crate::gpu::devices::wide;
use crate::support::{Random, distance, equations, gpu_plan, regression};

const SHIFTS: [f64; 6] = [1e-12, 1e-3, 0.1, 1.0, 30.0, 1e4];

/// Equations whose last columns are nearly parallel: without a penalty beyond the reach of f32, with a small one just within.
fn made(seed: u64, n: usize, t: usize) -> NormalEquations {
    let (mut x, y) = regression(seed, 2 * n + 9, n, t);
    if n > 1 {
        let noise = Random::new(seed + 1).matrix(x.nrows(), 1) * 1e-5;
        let last = x.column(0) + noise.column(0);
        x.set_column(n - 1, &last);
    }
    equations(&cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap(), Model::default(), &SHIFTS)
}

/// Plans with the corrections on the device, and on the host.
fn plans(gpu: &Gpu, n: usize, t: usize, problems: usize) -> [GpuPlan; 2] {
    let shape = Shape { rows: 2 * n + 9, features: n, targets: t, penalties: SHIFTS.len(), problems };
    let plan = gpu_plan(gpu, shape, Precision::Double, 1 << 30);
    [Some(Cost::default()), None].map(|product| GpuPlan { product, ..plan.clone() })
}

fn solved(gpu: &Gpu, problems: &[&NormalEquations], plan: &GpuPlan) -> Vec<Vec<Option<Weights>>> {
    pollster::block_on(gpu::solve(gpu, problems, plan, Precision::Double, &|_: usize| ())).expect("weights")
}

fn bits(answers: &[Option<Weights>]) -> Vec<Option<(Vec<u64>, u64, String)>> {
    let own = |own: &Weights| {
        let values = own.values().expect("weights").iter().map(|value| value.to_bits()).collect();
        (values, own.condition().to_bits(), format!("{:?}", own.outcome()))
    };
    answers.iter().map(|weights| weights.as_ref().map(own)).collect()
}

#[test]
fn weights_are_those_of_the_host_and_what_f32_does_not_reach_is_left_to_others() {
    let Some(gpu) = wide() else { return };
    for n in [1, 2, 5, 63, 64, 65, 130] {
        for t in [1, 3, 4, 9] {
            let normal = made(n as u64, n, t);
            let [here, there] = plans(&gpu, n, t, 1).map(|plan| solved(&gpu, &[&normal], &plan).remove(0));
            for (k, (here, there)) in here.iter().zip(&there).enumerate() {
                let context = format!("n {n}, t {t}, shift {:e}", SHIFTS[k]);
                let (Some(here), Some(there)) = (here, there) else {
                    assert!(here.is_none() && there.is_none() && k < 2 && n > 1, "{context}");
                    continue;
                };
                assert!(k > 0 || n == 1, "{context}: nearly singular");
                let kappa = here.condition();
                assert!(
                    (kappa / there.condition() - 1.0).abs() <= 1e-3,
                    "{context}: {kappa:e}, {:e}",
                    there.condition()
                );
                for target in 0..t {
                    let [here, there] = [here, there].map(|own| own.values().expect("weights").column(target));
                    let apart = distance(here.clone_owned().as_slice(), there.clone_owned().as_slice());
                    // Each is right to κ·eps, and to the rounding of w.
                    let bound = 2.0 * f64::EPSILON * (kappa + 1.0);
                    assert!(apart <= bound, "{context}, target {target}: {apart:.1e} > {bound:.1e}");
                }
            }
        }
    }
}

#[test]
fn bits_depend_neither_on_chunks_nor_on_other_problems_or_lambdas() {
    let Some(gpu) = wide() else { return };
    for (n, t) in [(5, 1), (65, 3)] {
        let all: Vec<NormalEquations> = (0..3).map(|seed| made(seed, n, t)).collect();
        let [one, _] = plans(&gpu, n, t, 1);
        let alone: Vec<_> = all.iter().map(|normal| bits(&solved(&gpu, &[normal], &one)[0])).collect();
        assert!(alone.iter().flatten().any(Option::is_some));
        let problems: Vec<&NormalEquations> = all.iter().collect();
        for matrices_per_chunk in [18, 7, 4, 1] {
            let [plan, _] = plans(&gpu, n, t, 3);
            let found = solved(&gpu, &problems, &GpuPlan { matrices_per_chunk, ..plan });
            let found: Vec<_> = found.iter().map(|own| bits(own)).collect();
            assert!(found == alone, "n {n}, t {t}, {matrices_per_chunk} at a time");
        }
        // A λ without the others, which need more corrections.
        let (x, y) = regression(9, 2 * n + 9, n, t);
        let moments = cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
        let own = |shifts: &[f64]| {
            let normal = equations(&moments, Model::default(), shifts);
            let shape = Shape { rows: 2 * n + 9, features: n, targets: t, penalties: shifts.len(), problems: 1 };
            let plan = gpu_plan(&gpu, shape, Precision::Double, 1 << 30);
            bits(&solved(&gpu, &[&normal], &GpuPlan { product: Some(Cost::default()), ..plan })[0])
        };
        let together = own(&SHIFTS[1..]);
        for (k, shift) in SHIFTS[1..].iter().enumerate() {
            assert_eq!(own(&[*shift])[0], together[k], "n {n}, t {t}, shift {shift:e}");
        }
    }
}

#[test]
fn a_target_that_vanishes_has_weights_of_zero() {
    let Some(gpu) = wide() else { return };
    let (x, mut y) = regression(3, 40, 7, 3);
    y.column_mut(1).fill(0.0);
    let moments = cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
    let normal = equations(&moments, Model::default(), &SHIFTS);
    let [plan, _] = plans(&gpu, 7, 3, 1);
    for own in solved(&gpu, &[&normal], &plan).remove(0) {
        let own: DMatrix<f64> = own.expect("within reach").values().expect("weights").clone();
        assert!(own.column(1).iter().all(|w| *w == 0.0) && own.column(2).norm() > 0.0);
    }
}

#[test]
fn a_device_lost_between_two_chunks_is_an_error() {
    if wide().is_none() {
        return;
    }
    // A device of its own, which the other tests do not need.
    let gpu = pollster::block_on(Gpu::open(true)).expect("as before");
    let normal = made(1, 65, 3);
    let [plan, _] = plans(&gpu, 65, 3, 1);
    let plan = GpuPlan { matrices_per_chunk: 1, ..plan };
    let lost = |_| gpu.device().destroy();
    let answer = pollster::block_on(gpu::solve_one(&gpu, &normal, &plan, Precision::Double, &lost));
    assert!(matches!(answer, Err(ridgepath::Error::DeviceLost { .. })), "{:?}", answer.map(|own| own.len()));
}
