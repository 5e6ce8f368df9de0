//! One chunk of matrices on the device: factored once, solved, and in double precision corrected until the residual of each is
//! that of 64-bit arithmetic (iterative refinement; Higham 2002, ch. 12, as in LAPACK's `dsposv`).

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::equations::normal::NormalEquations;
use crate::equations::refine::MOST_STEPS;
use crate::equations::residual::{self, Answer, BATCH, Residual, residuals};
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::gpu::candidate::Candidate;
use crate::gpu::context::Gpu;
use crate::gpu::solution::{self, Solution};
use crate::gpu::stages::factor::{Factors, System};
use crate::gpu::stages::product::{Products, Symmetric};
use crate::gpu::stages::solve;
use crate::gpu::transfer::ReadBack;
use crate::math::condition;
use crate::math::powers::{exponent, scaled};
use crate::model::method::Precision;
use crate::model::outcome::Outcome;
use crate::plan::GpuPlan;

/// The buffers of a chunk of matrices, λ after λ and problem after problem; reused for the chunks that follow.
pub(crate) struct Chunk<'a> {
    gpu: &'a Gpu,
    /// The equations of each problem, all with one n, t and k.
    problems: &'a [&'a NormalEquations],
    features: usize,
    targets: usize,
    penalties: usize,
    system: System,
    factors: Factors,
    solution: Solution,
    /// G of each problem on the device, where the device multiplies with it in double precision; `None` for equations of twice the
    /// digits, whose residuals the host forms.
    grams: Vec<Option<Symmetric>>,
    /// Room for the products of one problem.
    products: Option<Products>,
}

impl<'a> Chunk<'a> {
    /// Allocates for as many matrices as the plan has in a chunk.
    pub(crate) async fn new(
        gpu: &'a Gpu,
        problems: &'a [&'a NormalEquations],
        [features, targets, penalties]: [usize; 3],
        plan: &GpuPlan,
    ) -> Result<Self> {
        let matrices = plan.matrices_per_chunk;
        let scope = gpu.scope();
        let system = System::new(gpu, problems, matrices);
        let factors = Factors::new(gpu, features, matrices);
        // One more right-hand side than targets: the probe of the condition number.
        let solution = Solution::new(gpu, features, targets + 1, matrices);
        solve::prepare(gpu, &factors, solution.quads, matrices);
        let on_device = |normal: &NormalEquations| plan.product.is_some() && normal.exact.is_none();
        let gram = |normal: &&NormalEquations| on_device(normal).then(|| Symmetric::new(gpu, &normal.gram));
        let grams: Vec<Option<Symmetric>> = problems.iter().map(gram).collect();
        let vectors = residual::columns(matrices.min(penalties) * targets);
        let products = grams.iter().any(Option::is_some).then(|| Products::new(gpu, features, vectors));
        scope.finish("the buffers of a chunk of λ").await?;
        Ok(Self { gpu, problems, features, targets, penalties, system, factors, solution, grams, products })
    }

    /// Matrices that the device factors and solves in a time that nobody minds: one at least.
    pub(crate) fn matrices_at_a_time(&self) -> usize {
        solve::at_a_time(self.gpu, &self.factors, &self.solution)
    }

    /// The weights of the matrices numbered `matrices`; `None` where this arithmetic does not reach.
    pub(crate) async fn solve(&self, matrices: Range<usize>, precision: Precision) -> Result<Vec<Option<Weights>>> {
        let (n, t, count) = (self.features, self.targets, matrices.len());
        let start = condition::start(n);
        let rhs = |matrix: usize| {
            let (normal, [_, k]) = self.of(matrix);
            let mut rhs = normal.cross.clone().resize_horizontally(t + 1, 0.0);
            rhs.set_column(t, &start);
            normal.steps(k).into_iter().enumerate().for_each(|(j, unit)| rhs.view_mut((j, 0), (1, t)).scale_mut(unit));
            rhs
        };
        let (solutions, info) = self.run(matrices.clone(), matrices.clone().map(rhs).collect(), true).await?;
        let mut answers: Vec<Option<Weights>> = (0..count).map(|_| None).collect();
        let mut pending: Vec<Candidate<'_>> = Vec::with_capacity(count);
        for (at, (solution, info)) in solutions.into_iter().zip(info).enumerate() {
            let (normal, [problem, k]) = self.of(matrices.start + at);
            if info == 0 && normal.fits_single(k) {
                pending.push(Candidate::new(normal, [problem, k, at], solution));
            }
        }
        if precision == Precision::Single {
            // One solve says too little of ‖A⁻¹‖; corrections, which would bring more, there are none.
            for _ in 1..condition::STEPS {
                let mut rhs = vec![DMatrix::zeros(n, t + 1); count];
                pending.iter().for_each(|candidate| rhs[candidate.at].set_column(t, &candidate.probe));
                let (solutions, _) = self.run(matrices.clone(), rhs, false).await?;
                pending.iter_mut().for_each(|candidate| candidate.grow(&solutions[candidate.at]));
            }
            for candidate in pending {
                let at = candidate.at;
                answers[at] = candidate.finish(Outcome::Solved);
            }
            return Ok(answers);
        }
        for step in 0..=MOST_STEPS {
            let residuals = self.residuals(&pending).await?;
            let mut rhs: Vec<DMatrix<f64>> = vec![DMatrix::zeros(n, t + 1); count];
            let mut open = Vec::with_capacity(pending.len());
            for (mut candidate, residual) in pending.into_iter().zip(residuals) {
                let at = candidate.at;
                candidate.fits = residual.fits;
                if candidate.solved() {
                    let outcome = if step == 0 { Outcome::Solved } else { Outcome::Refined { steps: step } };
                    answers[at] = candidate.finish(outcome);
                } else {
                    // Each in units of its size, so that small residuals keep their digits in f32.
                    let units: Vec<i32> = residual.r.column_iter().map(|r| exponent(r.amax())).collect();
                    for target in 0..t {
                        let column = residual.r.column(target).map(|value| scaled(value, -units[target]));
                        rhs[at].set_column(target, &column);
                    }
                    rhs[at].set_column(t, &candidate.probe);
                    open.push((candidate, units));
                }
            }
            if open.is_empty() || step == MOST_STEPS {
                break;
            }
            let (corrections, _) = self.run(matrices.clone(), rhs, false).await?;
            pending = Vec::with_capacity(open.len());
            for (mut candidate, units) in open {
                let at = candidate.at;
                let shrinks = candidate.correct(&corrections[at], &units);
                if shrinks && candidate.at_rest() {
                    answers[at] = candidate.finish(Outcome::Refined { steps: step + 1 });
                } else if shrinks {
                    pending.push(candidate);
                }
            }
        }
        Ok(answers)
    }

    /// The equations of a matrix, and the numbers of its problem and, in that, of its λ.
    fn of(&self, matrix: usize) -> (&'a NormalEquations, [usize; 2]) {
        let problem = matrix / self.penalties;
        (self.problems[problem], [problem, matrix % self.penalties])
    }

    /// The residual of each candidate; candidates of one problem, which follow each other, share a product with its G.
    async fn residuals(&self, pending: &[Candidate<'_>]) -> Result<Vec<Residual>> {
        let problems = pending.chunk_by(|one, next| one.problem == next.problem);
        let Some(products) = &self.products else {
            return Ok(on_host(problems));
        };
        let mut all = Vec::with_capacity(pending.len());
        for candidates in problems {
            let (normal, problem) = (candidates[0].normal, candidates[0].problem);
            let Some(gram) = &self.grams[problem] else {
                all.extend(on_host(std::iter::once(candidates)));
                continue;
            };
            let answers: Vec<Answer<'_>> = candidates.iter().map(Candidate::answer).collect();
            let u = residual::vectors(normal, &answers, |(_, w, _)| Some(w));
            let product = products.of(self.gpu, gram, &u).await?;
            all.extend(residual::of_products(normal, &answers, &u, &product, None));
        }
        Ok(all)
    }

    /// Solves for right-hand sides (n × (t + 1) each), after factoring if asked; the solutions and the factors' status.
    async fn run(
        &self,
        matrices: Range<usize>,
        rhs: Vec<DMatrix<f64>>,
        factored: bool,
    ) -> Result<(Vec<DMatrix<f64>>, Vec<u32>)> {
        let count = matrices.len();
        let scope = self.gpu.scope();
        self.solution.upload(self.gpu, &solution::packed(&rhs));
        let parts = match factored {
            true => {
                self.system.upload(self.gpu, self.problems, matrices.clone());
                solve::parts(self.gpu, &self.factors, &self.solution, count)
            }
            false => Vec::new(),
        };
        scope.finish("the scales and right-hand sides of a chunk of λ").await?;
        let on_device = (&self.system, &self.factors, &self.solution);
        if let [before @ .., _] = &parts[..] {
            solve::submit_parts(self.gpu, before, on_device, &matrices).await?;
        }
        let scope = self.gpu.scope();
        let mut encoder = self.gpu.encoder("ridgepath.chunk");
        match parts.last() {
            Some(last) => last.record(self.gpu, &mut encoder, on_device, matrices),
            None => solve::record(self.gpu, &mut encoder, &self.factors, &self.solution, count),
        }
        let begun = parts.last().map(solve::Part::begun);
        let parts = [(&self.solution.buffer, self.solution.bytes(count)), (&self.factors.info, 4 * count as u64)];
        let back = ReadBack::record(self.gpu, &mut encoder, &parts);
        self.gpu.submit(encoder);
        scope.finish("a chunk of λ").await?;
        let parts = back.fetch(self.gpu).await?;
        begun.into_iter().for_each(|begun| self.gpu.pace().ended(begun));
        Ok((
            solution::unpacked(bytemuck::cast_slice(&parts[0]), count, self.features, self.targets + 1),
            bytemuck::cast_slice(&parts[1]).to_vec(),
        ))
    }
}

/// The residuals of the candidates of some problems, on all cores.
fn on_host<'a>(problems: impl Iterator<Item = &'a [Candidate<'a>]>) -> Vec<Residual> {
    let batches: Vec<&[Candidate<'_>]> = problems.flat_map(|candidates| candidates.chunks(BATCH)).collect();
    let of_batch = |batch: &[Candidate<'_>]| {
        let answers: Vec<Answer<'_>> = batch.iter().map(Candidate::answer).collect();
        residuals(batch[0].normal, &answers)
    };
    batches.into_par_iter().flat_map_iter(of_batch).collect()
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use crate::cpu;
    use crate::data::framed::Framed;
    use crate::data::problem::Problem;
    use crate::equations::exact::exact;
    use crate::equations::normal::NormalEquations;
    use crate::equations::weights::Weights;
    use crate::gpu::{self, Gpu};
    use crate::model::Model;
    use crate::model::method::{Backend, Precision};
    use crate::model::penalty::Penalty;
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
        for n in [5, 70] {
            let all = [made(1, n, false), made(2, n, true), made(3, n, true), made(4, n, false)];
            let plan = |problems: usize| {
                let shape = Shape { rows: 2 * n + 5, features: n, targets: 2, penalties: 3, problems };
                let request = Request { backend: Backend::Gpu, ..Request::default() };
                Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).expect("it fits").gpu.expect("of a GPU")
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
                assert_eq!(found, wanted, "n {n}, {matrices_per_chunk} at a time");
            }
        }
    }
}
