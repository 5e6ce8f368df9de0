//! One chunk of matrices on the device: factored once, solved, and in double precision corrected until the residual of each is
//! that of 64-bit arithmetic (iterative refinement; Higham 2002, ch. 12, as in LAPACK's `dsposv`).

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::on_device::Corrections;
use crate::gpu::on_host::{self, Held};
use crate::gpu::solution::{pack, unpack};
use crate::gpu::solver::Solver;
use crate::gpu::transfer::ReadBack;
use crate::model::method::Precision;
use crate::plan::GpuPlan;

/// The buffers of a chunk of matrices, λ after λ and problem after problem; reused for the chunks that follow.
pub(crate) struct Chunk<'a> {
    solver: Solver<'a>,
    /// Where the device corrects in double precision.
    corrections: Option<Corrections>,
}

/// What the first solutions are, by matrix of the chunk.
struct First {
    /// 0, or the order of the leading minor that failed.
    status: Vec<u32>,
    /// As they lie on the device, where the host goes on.
    solutions: Option<Vec<f32>>,
    /// What the device tells, where it goes on.
    sums: Option<Vec<f64>>,
}

impl<'a> Chunk<'a> {
    /// Allocates for as many matrices as the plan has in a chunk.
    pub(crate) async fn new(
        gpu: &'a Gpu,
        problems: &'a [&'a NormalEquations],
        sizes: [usize; 3],
        plan: &GpuPlan,
    ) -> Result<Self> {
        let matrices = plan.matrices_per_chunk;
        let scope = gpu.scope();
        let solver = Solver::new(gpu, problems, sizes, matrices);
        let some = problems.iter().any(|normal| normal.exact.is_none());
        let corrections = (plan.product.is_some() && some).then(|| Corrections::new(gpu, &solver, matrices));
        scope.finish("the buffers of a chunk of λ").await?;
        Ok(Self { solver, corrections })
    }

    /// Matrices that the device factors and solves in a time that nobody minds: one at least.
    pub(crate) fn matrices_at_a_time(&self) -> usize {
        self.solver.matrices_at_a_time()
    }

    /// The weights of the matrices numbered `matrices`; `None` where this arithmetic does not reach.
    pub(crate) async fn solve(&self, matrices: Range<usize>, precision: Precision) -> Result<Vec<Option<Weights>>> {
        in_stage!(self.solved(matrices.clone(), precision), "chunk", first = matrices.start, count = matrices.len())
            .await
    }

    async fn solved(&self, matrices: Range<usize>, precision: Precision) -> Result<Vec<Option<Weights>>> {
        let (solver, count) = (&self.solver, matrices.len());
        let problem = |at: &usize| solver.of(matrices.start + at).1[0];
        let corrections = self.corrections.as_ref().filter(|_| precision == Precision::Double);
        let stays = |at: &usize| corrections.is_some_and(|own| own.takes(problem(at)));
        let (on_device, on_host): (Vec<usize>, Vec<usize>) = (0..count).partition(stays);
        let First { status, solutions, sums } = self.first(matrices.clone(), [&on_device, &on_host]).await?;
        let mut answers: Vec<Option<Weights>> = (0..count).map(|_| None).collect();
        if let (Some(own), Some(sums)) = (corrections, sums) {
            let found = own.refine(solver, matrices.clone(), &on_device, (sums, &status)).await?;
            found.into_iter().for_each(|(at, weights)| answers[at] = weights);
        }
        if let Some(solutions) = solutions {
            let numbered = solver.numbered();
            let held = |at: usize| {
                let (normal, [problem, k]) = numbered.of(matrices.start + at);
                let reached = status[at] == 0 && normal.fits_single(k);
                let solution = || unpack(&solutions, at, (numbered.features, numbered.targets + 1));
                reached.then(|| Held::new(normal, [problem, k, at], solution()))
            };
            let open = on_host.into_par_iter().filter_map(held).collect();
            let found = match precision {
                Precision::Single => on_host::single(solver, count, open).await?,
                Precision::Double => on_host::refine(solver, count, open).await?,
            };
            found.into_iter().for_each(|(at, weights)| answers[at] = weights);
        }
        Ok(answers)
    }

    /// Factors and solves, and of those that stay on the device measures the first residuals.
    async fn first(&self, matrices: Range<usize>, [on_device, on_host]: [&[usize]; 2]) -> Result<First> {
        let (solver, gpu, count) = (&self.solver, self.solver.gpu, matrices.len());
        let scope = gpu.scope();
        solver.upload(matrices.clone());
        // Those of one problem follow each other.
        let numbered = solver.numbered();
        for run in on_host.chunk_by(|one, next| one + 1 == *next) {
            let side = |own: usize| Some(Cow::Owned(on_host::first_sides(numbered, matrices.start + run[0] + own)));
            let sides = pack(run.len(), (solver.features, solver.targets + 1), side);
            solver.solution.upload_from(gpu, run[0], &sides);
        }
        let corrections = self.corrections.as_ref().filter(|_| !on_device.is_empty());
        if let Some(own) = corrections {
            own.upload(solver, matrices.clone(), on_device);
        }
        scope.finish("the scales and right-hand sides of a chunk of λ").await?;
        // The last part with what follows; where there are several, each waits for the one before.
        let parts = solver.parts(count);
        if let [before @ .., _] = &parts[..] {
            solver.submit_parts(before, &matrices).await?;
        }
        let scope = gpu.scope();
        let mut encoder = gpu.encoder("ridgepath.chunk");
        if let Some(own) = corrections {
            own.begin(solver, &mut encoder, matrices.start, on_device);
        }
        let begun = parts.last().map(|last| {
            solver.record_part(last, &mut encoder, matrices.clone());
            last.begun()
        });
        let mut parts = vec![solver.status(count)];
        if let Some(own) = corrections {
            own.record(solver, &mut encoder, (matrices.start, on_device), true);
            parts.push(own.sums(solver, count));
        }
        if !on_host.is_empty() {
            parts.push(solver.solutions(count));
        }
        let back = ReadBack::record(gpu, &mut encoder, &parts);
        gpu.submit(encoder);
        scope.finish("a chunk of λ").await?;
        let mut parts = back.fetch(gpu).await?.into_iter();
        begun.into_iter().for_each(|begun| gpu.pace().ended(begun));
        let mut next = || parts.next().unwrap_or_default();
        Ok(First {
            status: bytemuck::pod_collect_to_vec(&next()),
            sums: corrections.map(|_| bytemuck::pod_collect_to_vec(&next())),
            solutions: (!on_host.is_empty()).then(|| bytemuck::pod_collect_to_vec(&next())),
        })
    }
}

#[cfg(test)]
mod tests {
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
                let answers = gpu::solve_one(&gpu, normal, &plan, Precision::Double, &|_: usize| ());
                let answers = pollster::block_on(answers).expect("weights");
                assert!(answers.iter().flatten().all(|weights| weights.low.is_some() == normal.exact.is_some()));
                bits(&answers)
            };
            let wanted: Vec<_> = all.iter().map(alone).collect();
            assert!(wanted.iter().flatten().all(Option::is_some), "every λ is within reach");
            for matrices_per_chunk in [12, 5] {
                let plan = GpuPlan { matrices_per_chunk, ..plan(4) };
                let problems = all.each_ref();
                let found = gpu::solve(&gpu, &problems, &plan, Precision::Double, &|_: usize| ());
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
        for (here, there) in [(here.sizes[0], there.sizes[0]), (here.sizes[1], there.sizes[1]), (here.size, there.size)]
        {
            assert!((here - there).abs() <= rounding * there.abs(), "{context}: {here}, {there}");
        }
        assert!((here.summed - there.summed).abs() <= rounding * there.summed, "{context}: {}", here.summed);
        assert!(
            (here.cancelled - there.cancelled).abs() <= rounding * there.cancelled,
            "{context}: {}",
            here.cancelled
        );
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
                assert_eq!(
                    bits(host),
                    bits(&again),
                    "n {n}, λ {k}: on the host they are what another measurement gives"
                );
            }
        }
    }
}
