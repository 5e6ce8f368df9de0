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
            let held = |at: usize| {
                let (normal, [problem, k]) = solver.of(matrices.start + at);
                let reached = status[at] == 0 && normal.fits_single(k);
                let solution = || unpack(&solutions, at, (solver.features, solver.targets + 1));
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
        for run in on_host.chunk_by(|one, next| one + 1 == *next) {
            let side = |own: usize| Some(Cow::Owned(on_host::first_sides(solver, matrices.start + run[0] + own)));
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
mod tests;
