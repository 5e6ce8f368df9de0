//! Chunks of equations of twice the digits among others, and what comes back of a chunk.

use std::sync::atomic::Ordering;

use nalgebra::DMatrix;

use super::Chunk;
use crate::cpu;
use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::equations::dual::Dual;
use crate::equations::exact::exact;
use crate::equations::normal::NormalEquations;
use crate::equations::residual::{Fit, residuals};
use crate::equations::weights::Weights;
use crate::gpu::{self, Gpu};
use crate::math::powers::scaled;
use crate::model::Model;
use crate::model::method::{Backend, Form, Precision};
use crate::model::outcome::Outcome;
use crate::model::penalty::{Grid, Penalty};
use crate::model::penalty_factors::PenaltyFactors;
use crate::plan::gpu::cost::Cost;
use crate::plan::{GpuPlan, Plan, Request, Shape};

/// Equations of made data, of twice the digits if asked.
fn made(seed: usize, n: usize, twice: bool) -> NormalEquations {
    let value = |i: usize, j: usize| ((i * i + 3 * i * j + seed * (j + 1)) as f64).sin();
    let (x, y) = (DMatrix::from_fn(2 * n + 5, n, value), DMatrix::from_fn(2 * n + 5, 2, |i, j| value(i, n + j)));
    let problem = Problem::new(&x, &y).expect("finite");
    let moments = cpu::gram::gram::<f64>(&problem).expect("in range");
    let penalty = Penalty::Lambdas(vec![0.1, 1e-3, 10.0]);
    let normal = NormalEquations::with_penalty(&moments, Model::default(), &penalty).expect("λs are positive");
    if twice { exact(&Framed::centred(&problem).expect("in range"), normal) } else { normal }
}

/// Equations of the dual form of made data, of m rows.
fn dual(m: usize) -> NormalEquations {
    let value = |i: usize, j: usize| ((i * i + 3 * i * j + j + 1) as f64).sin();
    let (x, y) = (DMatrix::from_fn(m, 3 * m, value), DMatrix::from_fn(m, 2, |i, j| value(i, 3 * m + j)));
    let problem = Problem::new(&x, &y).expect("finite");
    let rows = Dual::new(&problem, Model::default(), &PenaltyFactors::default()).expect("in range");
    let shifts = vec![0.1, 1e-3, 10.0];
    let lambdas = shifts.iter().map(|shift| shift / (2.0 * m as f64)).collect();
    rows.normal(rows.products::<f64>(), Grid { lambdas, shifts, factors: PenaltyFactors::default() })
}

fn bits(answers: &[Option<Weights>]) -> Vec<Option<Vec<u64>>> {
    let number_bits = |weights: &Weights| {
        let numbers = weights.values.iter().chain(&weights.low).flat_map(|matrix| matrix.iter().copied());
        let bounds = weights.errors.iter().flatten().copied();
        numbers.chain(bounds).chain([weights.condition]).map(f64::to_bits).collect()
    };
    answers.iter().map(|weights| weights.as_ref().map(number_bits)).collect()
}

#[test]
fn equations_of_twice_the_digits_have_corrections_of_their_own_among_others() {
    let Ok(gpu) = pollster::block_on(Gpu::open(true)) else {
        eprintln!("!!! NOT TESTED: this test needs a GPU or software Vulkan, and found neither");
        return;
    };
    let on_device = gpu.adapter().limits.shader_f64.then(Cost::default);
    for (n, product) in [(5, None), (70, None), (5, on_device), (70, on_device)] {
        let all = [made(1, n, false), made(2, n, true), made(3, n, true), made(4, n, false)];
        let plan = |problems: usize| {
            let shape = Shape { rows: 2 * n + 5, features: n, targets: 2, penalties: 3, problems };
            let request = Request { backend: Backend::Gpu, ..Request::default() };
            let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).expect("it fits");
            GpuPlan { product, ..plan.gpu.expect("of a GPU") }
        };
        let alone = |normal: &NormalEquations| {
            let plan = plan(1);
            let answers = gpu::solve_one(&gpu, normal, &plan, Precision::Double, &|_| ());
            let answers = pollster::block_on(answers).expect("weights");
            assert!(answers.iter().flatten().all(|weights| weights.low.is_some() == normal.exact.is_some()));
            bits(&answers)
        };
        let wanted: Vec<_> = all.iter().map(alone).collect();
        assert!(wanted.iter().flatten().all(Option::is_some), "every λ is within reach");
        for matrices_per_chunk in [12, 5] {
            let plan = GpuPlan { matrices_per_chunk, ..plan(4) };
            let problems = all.each_ref();
            let found = gpu::solve(&gpu, &problems, &plan, Precision::Double, &|_| ());
            let found: Vec<_> =
                pollster::block_on(found).expect("weights").iter().map(|weights| bits(weights)).collect();
            assert_eq!(found, wanted, "n {n}, {matrices_per_chunk} at a time, {product:?}");
        }
    }
}

/// The weights of all λ of equations in one chunk, and how often solutions or weights came back for that.
fn one_chunk(gpu: &Gpu, normal: &NormalEquations, product: Option<Cost>) -> (Vec<Option<Weights>>, usize) {
    let [n, t, k] = [normal.features(), normal.targets(), normal.penalties()];
    let shape = Shape { rows: 2 * n + 5, features: n, targets: t, penalties: k, problems: 1 };
    let request = Request { backend: Backend::Gpu, ..Request::default() };
    let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).expect("it fits").gpu.expect("of a GPU");
    let plan = GpuPlan { product, ..plan };
    let problems = [normal];
    pollster::block_on(async {
        let chunk = Chunk::new(gpu, &problems, [n, t, k], &plan).await.expect("buffers");
        let weights = chunk.solve(0..k, Precision::Double).await.expect("weights");
        (weights, chunk.solver.read_backs.load(Ordering::Relaxed))
    })
}

/// What fits tell that two ways of measuring may not disagree about, beside residuals, which are rounding themselves.
fn assert_alike(normal: &NormalEquations, here: &Fit, there: &Fit, context: &str) {
    let (n, squares) = (normal.features() as f64, normal.squares.iter().fold(0.0f64, |most, own| most.max(*own)));
    let rounding = 8.0 * f64::EPSILON * (n + 8.0);
    for (here, there) in [(here.sizes[0], there.sizes[0]), (here.sizes[1], there.sizes[1]), (here.size, there.size)] {
        assert!((here - there).abs() <= rounding * there.abs(), "{context}: {here}, {there}");
    }
    assert!((here.summed - there.summed).abs() <= rounding * there.summed, "{context}: {}", here.summed);
    assert!((here.cancelled - there.cancelled).abs() <= rounding * there.cancelled, "{context}: {}", here.cancelled);
    // Both sum c − Gw of other weights, which differ by their own rounding.
    assert!(here.backward <= (n.sqrt() + 4.0) * f64::EPSILON, "{context}: {:e}", here.backward);
    let unit = scaled(1.0, 2 * normal.target_unit.iter().copied().max().unwrap_or(0));
    let rss = 100.0 * rounding * (squares * unit + there.rss);
    assert!((here.rss - there.rss).abs() <= rss, "{context}: {}, {}", here.rss, there.rss);
}

#[test]
fn weights_come_back_once_with_what_their_residuals_tell() {
    let Ok(gpu) = pollster::block_on(Gpu::open(true)) else {
        eprintln!("!!! NOT TESTED: this test needs a GPU or software Vulkan, and found neither");
        return;
    };
    for (n, form) in [(5, Form::Primal), (70, Form::Primal), (9, Form::Dual)] {
        let normal = match form {
            Form::Primal => made(n, n, false),
            Form::Dual => dual(n),
        };
        let (on_host, steps) = one_chunk(&gpu, &normal, None);
        let most = |weights: &[Option<Weights>]| {
            let steps = weights.iter().flatten().map(|own| match own.outcome {
                Outcome::Refined { steps } => steps as usize,
                _ => 0,
            });
            steps.max().expect("weights")
        };
        assert_eq!(steps, most(&on_host) + 1, "n {n}: the first, and with each correction");
        if !gpu.adapter().limits.shader_f64 {
            continue;
        }
        let (on_device, once) = one_chunk(&gpu, &normal, Some(Cost::default()));
        assert_eq!(once, 1, "n {n}");
        for (k, (here, there)) in on_device.iter().zip(&on_host).enumerate() {
            let [here, there] = [here, there].map(|own| own.as_ref().expect("within reach"));
            let values = here.values.as_ref().expect("weights");
            let again = residuals(&normal, &[(k, values, None)]).remove(0).fits;
            let [own, host] = [here, there].map(|own| own.fits.as_ref().expect("handed on"));
            for target in 0..2 {
                let context = format!("n {n}, {form:?}, λ {k}, target {target}");
                assert_alike(&normal, &own[target], &again[target], &context);
                assert_alike(&normal, &own[target], &host[target], &context);
            }
            let again = residuals(&normal, &[(k, there.values.as_ref().expect("weights"), None)]).remove(0).fits;
            let bits = |fits: &[Fit]| fits.iter().map(|fit| format!("{fit:?}")).collect::<Vec<_>>();
            assert_eq!(bits(host), bits(&again), "n {n}, λ {k}: on the host they are what another measurement gives");
        }
    }
}
