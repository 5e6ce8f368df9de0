//! Many problems of one shape at a time: each has the bits that it has alone.

use ridgepath::gpu::factor::{self, Factors, System};
use ridgepath::{Error, Gpu, GpuPlan, Model, NormalEquations, Precision, Problem, Shape, Weights, cpu, gpu};

use crate::support::{download, equations, gpu, gpu_plan, regression};

/// Both sides of 64, where a matrix takes more than one dispatch on every device.
const SIZES: [usize; 4] = [3, 63, 65, 130];
const SHIFTS: [f64; 7] = [0.5, 1.0, 3.0, 10.0, 1e2, 1e3, 1e5];
const BUDGET: u64 = 1 << 30;
const BOTH: [Precision; 2] = [Precision::Double, Precision::Single];

/// The equations of p regressions, no two alike.
fn made(p: usize, n: usize, t: usize, shifts: &[f64]) -> Vec<NormalEquations> {
    let one = |problem: usize| {
        let (x, y) = regression((100 * n + problem) as u64, n + 5 + problem, n, t);
        equations(&cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap(), Model::default(), shifts)
    };
    (0..p).map(one).collect()
}

fn plan(gpu: &Gpu, problems: &[&NormalEquations], precision: Precision, budget: u64) -> GpuPlan {
    let [features, targets, penalties] = [problems[0].features(), problems[0].targets(), problems[0].penalties()];
    let shape = Shape { rows: 2 * features, features, targets, penalties, problems: problems.len() };
    gpu_plan(gpu, shape, precision, budget)
}

/// Whether there are weights, and the bits of these and of the condition number, with their outcome.
type Bits = Option<(Vec<u64>, u64, String)>;

fn bits(answers: &[Option<Weights>]) -> Vec<Bits> {
    let own = |weights: &Weights| {
        let values = weights.values().expect("weights").iter().map(|value| value.to_bits()).collect();
        (values, weights.condition().to_bits(), format!("{:?}", weights.outcome()))
    };
    answers.iter().map(|weights| weights.as_ref().map(own)).collect()
}

/// The answers of all problems together, and of how many λs the progress told.
fn together(
    gpu: &Gpu,
    problems: &[&NormalEquations],
    plan: &GpuPlan,
    precision: Precision,
) -> (Vec<Vec<Bits>>, Vec<usize>) {
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |done| told.lock().unwrap().push(done);
    let answers = pollster::block_on(gpu::solve(gpu, problems, plan, precision, &tell)).expect("weights");
    (answers.iter().map(|own| bits(own)).collect(), told.into_inner().unwrap())
}

fn alone(gpu: &Gpu, normal: &NormalEquations, precision: Precision) -> Vec<Bits> {
    let plan = plan(gpu, &[normal], precision, BUDGET);
    bits(&pollster::block_on(gpu::solve_one(gpu, normal, &plan, precision, &|_: usize| ())).expect("weights"))
}

/// A budget that the plan answers with so many matrices at a time.
fn budget_for(matrices: u64, gpu: &Gpu, problems: &[&NormalEquations], precision: Precision) -> u64 {
    let [least, most] = [0, BUDGET].map(|budget| plan(gpu, problems, precision, budget));
    let all = most.matrices_per_chunk as u64;
    let each = if all > 1 { (most.solve_bytes - least.solve_bytes) / (all - 1) } else { 0 };
    least.solve_bytes + (matrices - 1) * each + each / 2
}

#[test]
fn problems_together_have_the_bits_of_each_alone() {
    let Some(gpu) = gpu() else { return };
    for n in SIZES {
        let made = made(5, n, 2, &SHIFTS);
        for precision in BOTH {
            let wanted: Vec<Vec<Bits>> = made.iter().map(|normal| alone(&gpu, normal, precision)).collect();
            assert!(wanted.iter().flatten().all(Option::is_some), "n {n}: every λ is within reach");
            for p in [1, 2, 5] {
                let problems: Vec<&NormalEquations> = made[..p].iter().collect();
                let all = p * SHIFTS.len();
                let context = format!("{p} problems, n {n}, {precision}");
                let whole = plan(&gpu, &problems, precision, BUDGET);
                let (found, told) = together(&gpu, &problems, &whole, precision);
                assert!(found == wanted[..p], "{context}");
                assert_eq!(told, [all], "{context}: one chunk holds all problems");
                // Borders within a problem, and a chunk with parts of two.
                let budget = budget_for(3, &gpu, &problems, precision);
                let parts = plan(&gpu, &problems, precision, budget);
                assert_eq!(parts.matrices_per_chunk, 3, "{context}");
                let (found, told) = together(&gpu, &problems, &parts, precision);
                assert!(found == wanted[..p], "{context}, in parts");
                assert_eq!(told.len(), all.div_ceil(3), "{context}");
            }
        }
    }
}

#[test]
fn answers_of_another_problem_are_noticed() {
    let Some(gpu) = gpu() else { return };
    for n in SIZES {
        let made = made(2, n, 2, &SHIFTS);
        let problems = [&made[1], &made[0]];
        let plan = plan(&gpu, &problems, Precision::Double, BUDGET);
        let (found, _) = together(&gpu, &problems, &plan, Precision::Double);
        let wanted = made.iter().map(|normal| alone(&gpu, normal, Precision::Double));
        assert!(wanted.zip(found).all(|(wanted, found)| wanted.iter().zip(found).all(|(own, other)| *own != other)));
    }
}

/// The inverses of the diagonal blocks and the status of a chunk of the matrices, factored as if they had the numbers from
/// `first` on.
fn factors(
    gpu: &Gpu,
    problems: &[&NormalEquations],
    chunk: std::ops::Range<usize>,
    first: usize,
) -> (Vec<u32>, Vec<u32>) {
    let (n, count) = (problems[0].features(), chunk.len());
    let (system, factors) = (System::new(gpu, problems, count), Factors::new(gpu, n, count));
    system.upload(gpu, problems, chunk);
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    factor::record(gpu, &mut encoder, &system, &factors, first..first + count);
    gpu.queue().submit([encoder.finish()]);
    let inverses = count * factors.blocks() * factors.width() * factors.width();
    (download(gpu, &factors.inverse, inverses), download(gpu, &factors.info, count))
}

#[test]
fn the_number_of_a_matrix_tells_its_gram_matrix() {
    let Some(gpu) = gpu() else { return };
    let k = SHIFTS.len();
    for n in SIZES {
        let made = made(3, n, 1, &SHIFTS);
        let problems: Vec<&NormalEquations> = made.iter().collect();
        let wanted: Vec<_> = problems.iter().map(|own| factors(&gpu, &[*own], 0..k, 0)).collect();
        let size = wanted[0].0.len() / k;
        // The end of one problem, all of the next and the beginning of the last.
        let (inverses, info) = factors(&gpu, &problems, k - 2..2 * k + 3, k - 2);
        let parts = [&wanted[0].0[(k - 2) * size..], &wanted[1].0[..], &wanted[2].0[..3 * size]].concat();
        assert!(inverses == parts, "n {n}");
        assert_eq!(info, vec![0; k + 5]);
        let (wrong, _) = factors(&gpu, &problems, k..2 * k, 0);
        assert!(wrong != wanted[1].0, "n {n}: the Gram matrix of another problem is noticed");
    }
}

#[test]
fn a_singular_problem_leaves_the_others_alone() {
    let Some(gpu) = gpu() else { return };
    let shifts = [0.0, 1.0, 100.0];
    for n in SIZES {
        let (mut x, y) = regression(3, 2 * n + 1, n, 1);
        let column = x.column(0).clone_owned();
        x.set_column(n - 1, &column);
        let moments = cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
        let singular = equations(&moments, Model::default(), &shifts);
        let good = |seed| {
            let (x, y) = regression(seed, 3 * n + 7, n, 1);
            equations(&cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap(), Model::default(), &shifts)
        };
        let (before, after) = (good(4), good(5));
        let problems = [&before, &singular, &after];
        for precision in BOTH {
            let plan = plan(&gpu, &problems, precision, BUDGET);
            let (found, _) = together(&gpu, &problems, &plan, precision);
            let context = format!("n {n}, {precision}");
            for (found, normal) in found.iter().zip(problems) {
                assert!(*found == alone(&gpu, normal, precision), "{context}");
            }
            let answered = |own: &Vec<Bits>| own.iter().map(Option::is_some).collect::<Vec<_>>();
            let all = found.iter().map(answered).collect::<Vec<_>>();
            assert_eq!(all, [[true; 3], [false, true, true], [true; 3]], "{context}");
        }
    }
}

#[test]
fn products_on_the_device_are_with_the_matrix_of_each_problem() {
    let Some(gpu) = gpu() else { return };
    let shifts: Vec<f64> = (1..=50).map(|k| 0.5 * f64::from(k)).collect();
    let made = made(2, 130, 60, &shifts);
    let problems: Vec<&NormalEquations> = made.iter().collect();
    let plan = plan(&gpu, &problems, Precision::Double, BUDGET);
    assert_eq!(plan.product.is_some(), gpu.adapter().limits.shader_f64, "who multiplies does not depend on p");
    let wanted: Vec<Vec<Bits>> = made.iter().map(|normal| alone(&gpu, normal, Precision::Double)).collect();
    for matrices_per_chunk in [plan.matrices_per_chunk, 35] {
        let plan = GpuPlan { matrices_per_chunk, ..plan.clone() };
        let (found, _) = together(&gpu, &problems, &plan, Precision::Double);
        assert!(found == wanted, "{matrices_per_chunk} at a time");
    }
}

#[test]
fn problems_of_different_sizes_are_refused() {
    let Some(gpu) = gpu() else { return };
    let [first, wide, more, longer] =
        [(3, 1, 2), (4, 1, 2), (3, 2, 2), (3, 1, 3)].map(|(n, t, k)| made(1, n, t, &SHIFTS[..k]).remove(0));
    let plan = plan(&gpu, &[&first, &first], Precision::Double, BUDGET);
    let solve = |problems: &[&NormalEquations]| {
        pollster::block_on(gpu::solve(&gpu, problems, &plan, Precision::Double, &|_: usize| ()))
    };
    for (other, what, [found, wanted]) in [
        (&wide, "features of a problem", [4, 3]),
        (&more, "targets of a problem", [2, 1]),
        (&longer, "penalties of a problem", [3, 2]),
    ] {
        assert_eq!(solve(&[&first, other]).unwrap_err(), Error::Shape { what, found, wanted });
    }
    assert!(solve(&[]).unwrap().is_empty(), "no problems, no answers");
}
