//! One chunk of λ on the device: factored once, solved, and in double precision corrected until its residual is that of
//! 64-bit arithmetic (iterative refinement; Higham 2002, ch. 12, as in LAPACK's `dsposv`).

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use crate::equations::normal::NormalEquations;
use crate::equations::refine::{self, MOST_STEPS, Progress, Refined};
use crate::equations::residual::{self, Answer, BATCH, Fit, Residual, residuals};
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::solution::{self, Solution};
use crate::gpu::stages::factor::{Factors, System};
use crate::gpu::stages::product::Symmetric;
use crate::gpu::stages::solve;
use crate::gpu::transfer::ReadBack;
use crate::math::condition;
use crate::math::powers::{exponent, scaled};
use crate::model::method::Precision;
use crate::model::outcome::Outcome;
use crate::plan::GpuPlan;

/// The buffers of a chunk; reused for the chunks that follow.
pub(crate) struct Chunk<'a> {
    gpu: &'a Gpu,
    normal: &'a NormalEquations,
    system: System,
    factors: Factors,
    solution: Solution,
    /// G in double precision, where the device multiplies with it.
    gram: Option<Symmetric>,
}

/// A λ that is being solved: its weights (n × t), the vector whose growth tells ‖A⁻¹‖, and how its corrections shrink.
struct Candidate {
    k: usize,
    w: DMatrix<f64>,
    /// Its digits beyond one double.
    low: DMatrix<f64>,
    probe: DVector<f64>,
    inverse: f64,
    progress: Vec<Progress>,
    /// Of the last residual.
    fits: Vec<Fit>,
}

impl<'a> Chunk<'a> {
    /// Allocates for as many λs as the plan has in a chunk.
    pub(crate) async fn new(gpu: &'a Gpu, normal: &'a NormalEquations, plan: &GpuPlan) -> Result<Self> {
        let (n, lambdas) = (normal.features(), plan.lambdas_per_chunk);
        let scope = gpu.scope();
        let system = System::new(gpu, normal, lambdas);
        let factors = Factors::new(gpu, n, lambdas);
        // One more right-hand side than targets: the probe of the condition number.
        let solution = Solution::new(gpu, n, normal.targets() + 1, lambdas);
        solve::prepare(gpu, &factors, solution.quads, lambdas);
        // Equations of twice the digits have residuals of their own.
        let on_device = plan.product.is_some() && normal.exact.is_none();
        let gram = on_device.then(|| Symmetric::new(gpu, &normal.gram, residual::columns(lambdas * normal.targets())));
        scope.finish("the buffers of a chunk of λ").await?;
        Ok(Self { gpu, normal, system, factors, solution, gram })
    }

    /// The weights of `count` λs from number `first` on; `None` where this arithmetic does not reach.
    pub(crate) async fn solve(&self, first: usize, count: usize, precision: Precision) -> Result<Vec<Option<Weights>>> {
        let (n, t) = (self.normal.features(), self.normal.targets());
        let start = condition::start(n);
        let rhs = |k: usize| {
            let mut rhs = self.normal.cross.clone().resize_horizontally(t + 1, 0.0);
            rhs.set_column(t, &start);
            self.normal
                .steps(k)
                .into_iter()
                .enumerate()
                .for_each(|(j, unit)| rhs.view_mut((j, 0), (1, t)).scale_mut(unit));
            rhs
        };
        let (solutions, info) = self.run(first, (first..first + count).map(rhs).collect(), true).await?;
        let mut answers: Vec<Option<Weights>> = (0..count).map(|_| None).collect();
        let mut pending: Vec<Candidate> = solutions
            .into_iter()
            .zip(info)
            .enumerate()
            .filter(|(at, (_, info))| *info == 0 && self.normal.fits_single(first + at))
            .map(|(at, (solution, _))| Candidate::new(first + at, solution))
            .collect();
        if precision == Precision::Single {
            // One solve says too little of ‖A⁻¹‖; corrections, which would bring more, there are none.
            for _ in 1..condition::STEPS {
                let mut rhs = vec![DMatrix::zeros(n, t + 1); count];
                pending.iter().for_each(|own| rhs[own.k - first].set_column(t, &own.probe));
                let (solutions, _) = self.run(first, rhs, false).await?;
                pending.iter_mut().for_each(|own| own.grow(&solutions[own.k - first]));
            }
            for candidate in pending {
                let at = candidate.k - first;
                let weights = candidate.finish(self.normal, Outcome::Solved);
                answers[at] = (weights.condition <= condition::reach(n, f32::EPSILON.into())).then_some(weights);
            }
            return Ok(answers);
        }
        for step in 0..=MOST_STEPS {
            let residuals = self.residuals(&pending).await?;
            let mut rhs: Vec<DMatrix<f64>> = vec![DMatrix::zeros(n, t + 1); count];
            let mut open = Vec::with_capacity(pending.len());
            for (mut candidate, residual) in pending.into_iter().zip(residuals) {
                let at = candidate.k - first;
                candidate.fits = residual.fits;
                if self.normal.exact.is_none() && candidate.fits.iter().all(|fit| fit.backward <= converged(n)) {
                    let outcome = if step == 0 { Outcome::Solved } else { Outcome::Refined { steps: step } };
                    let weights = candidate.finish(self.normal, outcome);
                    answers[at] = (weights.condition <= condition::reach(n, f32::EPSILON.into())).then_some(weights);
                } else {
                    // Each in units of its own size, so that small residuals keep their digits in f32.
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
            let (corrections, _) = self.run(first, rhs, false).await?;
            pending = Vec::with_capacity(open.len());
            for (mut candidate, units) in open {
                let at = candidate.k - first;
                let shrinks = candidate.correct(self.normal, &corrections[at], &units);
                if shrinks && self.normal.exact.is_some() && candidate.converged(self.normal) {
                    let weights = candidate.finish(self.normal, Outcome::Refined { steps: step + 1 });
                    answers[at] = (weights.condition <= condition::reach(n, f32::EPSILON.into())).then_some(weights);
                } else if shrinks {
                    pending.push(candidate);
                }
            }
        }
        Ok(answers)
    }

    async fn residuals(&self, pending: &[Candidate]) -> Result<Vec<Residual>> {
        let answers: Vec<Answer<'_>> = pending.iter().map(|own| (own.k, &own.w, Some(&own.low))).collect();
        let Some(gram) = &self.gram else {
            return Ok(answers.par_chunks(BATCH).flat_map_iter(|part| residuals(self.normal, part)).collect());
        };
        let u = residual::vectors(self.normal, &answers, |(_, w, _)| Some(w));
        let product = gram.times(self.gpu, &u).await?;
        Ok(residual::of_products(self.normal, &answers, &u, &product, None))
    }

    /// Solves for right-hand sides (n × (t + 1) each), after factoring if asked; the solutions and the factors' status.
    async fn run(&self, first: usize, rhs: Vec<DMatrix<f64>>, factored: bool) -> Result<(Vec<DMatrix<f64>>, Vec<u32>)> {
        let count = rhs.len();
        let scope = self.gpu.scope();
        self.solution.upload(self.gpu, &solution::packed(&rhs));
        let mut encoder = self.gpu.encoder("ridgepath.chunk");
        if factored {
            self.system.upload(self.gpu, self.normal, first, count);
            solve::record_factored(self.gpu, &mut encoder, &self.system, &self.factors, &self.solution, count);
        } else {
            solve::record(self.gpu, &mut encoder, &self.factors, &self.solution, count);
        }
        let parts = [(&self.solution.buffer, self.solution.bytes(count)), (&self.factors.info, 4 * count as u64)];
        let back = ReadBack::record(self.gpu, &mut encoder, &parts);
        self.gpu.submit(encoder);
        scope.finish("a chunk of λ").await?;
        let parts = back.fetch(self.gpu).await?;
        let (n, columns) = (self.normal.features(), self.normal.targets() + 1);
        Ok((
            solution::unpacked(bytemuck::cast_slice(&parts[0]), count, n, columns),
            bytemuck::cast_slice(&parts[1]).to_vec(),
        ))
    }
}

/// The backward error from which another correction gains nothing.
#[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
fn converged(n: usize) -> f64 {
    f64::EPSILON * (n as f64).sqrt()
}

impl Candidate {
    fn new(k: usize, mut solution: DMatrix<f64>) -> Self {
        let t = solution.ncols() - 1;
        let probe = solution.column(t).into_owned();
        let inverse = probe.norm();
        solution = solution.remove_column(t);
        Self {
            k,
            low: DMatrix::zeros(solution.nrows(), t),
            w: solution,
            probe: probe / inverse,
            inverse,
            progress: vec![Progress::new(); t],
            fits: Vec::new(),
        }
    }

    /// Adds a correction; false when it does not converge.
    fn correct(&mut self, normal: &NormalEquations, correction: &DMatrix<f64>, units: &[i32]) -> bool {
        self.grow(correction);
        let condition = normal.norm(self.k) * self.inverse;
        let (floor, tolerance) = (condition * f64::from(f32::EPSILON), refine::tolerance(normal, condition));
        let d = DMatrix::from_fn(self.w.nrows(), self.w.ncols(), |i, target| {
            scaled(correction[(i, target)], units[target])
        });
        refine::add(&mut self.w, &mut self.low, &d);
        let mut shrinks = true;
        for (target, progress) in self.progress.iter_mut().enumerate() {
            let (d, w) = (d.column(target).norm(), self.w.column(target).norm());
            shrinks &= progress.converged(tolerance) || progress.step(d, w, floor);
        }
        shrinks
    }

    /// Whether the corrections have come to rest.
    fn converged(&self, normal: &NormalEquations) -> bool {
        let tolerance = refine::tolerance(normal, normal.norm(self.k) * self.inverse);
        self.progress.iter().all(|progress| progress.converged(tolerance))
    }

    /// Takes the probe from the last column of a solution.
    fn grow(&mut self, solution: &DMatrix<f64>) {
        let own = solution.column(solution.ncols() - 1);
        self.inverse = own.norm();
        self.probe = own / self.inverse;
    }

    fn finish(self, normal: &NormalEquations, outcome: Outcome) -> Weights {
        let condition = normal.norm(self.k) * self.inverse;
        let refined = normal.exact.is_some().then(|| Refined {
            values: self.w.clone(),
            low: self.low,
            errors: refine::errors(normal, condition, &self.progress, &self.fits),
        });
        Weights::solved(self.w, condition, outcome).refined(refined)
    }
}
