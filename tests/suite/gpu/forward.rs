//! How far solutions corrected on a GPU are from the exact ones, beside those of a factorization in `f64`.

use nalgebra::DMatrix;
use num_bigint::BigInt;
use ridgepath::{Model, NormalEquations, Outcome, Precision, Problem, Shape, Weights, cpu, gpu};

use crate::exact::{parts, solve, twofold};
use crate::support::{Random, equations, gpu, gpu_plan};

/// Equations of so large a condition number, without a penalty to speak of.
fn graded(seed: u64, n: usize, condition: f64) -> NormalEquations {
    let mut random = Random::new(seed);
    let (m, root) = (3 * n, condition.sqrt());
    let (u, v) = (random.matrix(m, n).qr().q(), random.matrix(n, n).qr().q());
    let sigma =
        DMatrix::from_diagonal(&nalgebra::DVector::from_fn(n, |i, _| root.powf(-(i as f64) / (n.max(2) - 1) as f64)));
    let x = u * sigma * v.transpose();
    let y = &x * random.matrix(n, 2) + random.matrix(m, 2) * 1e-3;
    let moments = cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
    equations(&moments, Model { intercept: false, ..Model::default() }, &[1e-12])
}

/// The exact solution of equations in doubles, each number as two.
fn exact(a: &DMatrix<f64>, c: &DMatrix<f64>, target: usize) -> Vec<[f64; 2]> {
    let n = a.nrows();
    // No element of A or c has a bit below 2⁻²⁰⁰.
    let whole = |value: f64| {
        let (mantissa, exponent) = parts(value);
        if value == 0.0 { mantissa } else { mantissa << u32::try_from(exponent + 200).expect("no smaller bit") }
    };
    let row = |i: usize| (0..n).map(|j| whole(a[(i, j)])).chain([whole(c[(i, target)])]).collect::<Vec<BigInt>>();
    let (w, denominator) = solve((0..n).map(row).collect()).expect("not singular");
    w.iter().map(|w| twofold(w, &denominator).map(|part| part.times_power(0))).collect()
}

fn error(found: &[f64], wanted: &[[f64; 2]]) -> f64 {
    let apart: f64 = found.iter().zip(wanted).map(|(found, [high, low])| ((found - high) - low).powi(2)).sum();
    (apart / wanted.iter().map(|[high, _]| high * high).sum::<f64>()).sqrt()
}

#[test]
fn corrected_solutions_are_about_as_near_the_exact_ones_as_those_of_a_factorization_in_double_precision() {
    let Some(gpu) = gpu() else { return };
    for n in [6, 20, 40] {
        for condition in [1e2, 1e3, 1e4, 1e5, 3e5, 1e6] {
            // Of squares, over problems and targets: one solution may be near by chance.
            let (mut on_gpu, mut on_cpu, mut count) = (0.0, 0.0, 0);
            for seed in 0..10 {
                let normal = graded(seed, n, condition);
                let shape = Shape { rows: 3 * n, features: n, targets: 2, penalties: 1, problems: 1 };
                let plan = gpu_plan(&gpu, shape, Precision::Double, 1 << 30);
                let found = pollster::block_on(gpu::solve_one(&gpu, &normal, &plan, Precision::Double, &|_: usize| ()));
                let Some(found) = found.unwrap().remove(0) else {
                    assert!(condition > 1e5, "n {n}, κ {condition:.0e} is within reach of f32");
                    continue;
                };
                assert!(matches!(found.outcome(), Outcome::Refined { .. }), "{:?}", found.outcome());
                let factored = cpu::solve::solve::<f64>(&normal, &|_: usize| ()).remove(0);
                for target in 0..2 {
                    let wanted = exact(&normal.matrix(0), &normal.right_hand_side(0), target);
                    let of = |weights: &Weights| {
                        error(weights.values().expect("weights").column(target).as_slice(), &wanted)
                    };
                    on_gpu += of(&found).powi(2);
                    on_cpu += of(&factored).powi(2);
                    count += 1;
                }
            }
            let [on_gpu, on_cpu] = [on_gpu, on_cpu].map(|sum: f64| (sum / f64::from(count).max(1.0)).sqrt());
            let context = format!("n {n}, κ {condition:.0e}, {count} solutions");
            // No answer in doubles is expected to be nearer than by their rounding.
            let bound = (3.0 * on_cpu).max(2.0 * f64::EPSILON);
            assert!(on_gpu <= bound, "{context}: {on_gpu:.1e}, factored {on_cpu:.1e}");
            eprintln!("{context}: {on_gpu:.1e}, factored {on_cpu:.1e}");
        }
    }
}
