//! The factors of a chunk of matrices on the device, and solutions with them.

use std::ops::Range;

use crate::equations::normal::NormalEquations;
use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::solution::Solution;
use crate::gpu::stages::factor::{Factors, System};
use crate::gpu::stages::solve::{self, Part};
use crate::gpu::transfer::ReadBack;

/// The equations of matrices, by their numbers; threads may share it, which in a browser may not share what holds a device.
#[derive(Clone, Copy)]
pub(crate) struct Numbered<'a> {
    problems: &'a [&'a NormalEquations],
    pub(crate) features: usize,
    pub(crate) targets: usize,
    penalties: usize,
}

impl<'a> Numbered<'a> {
    /// As [`Solver::of`].
    pub(crate) fn of(&self, matrix: usize) -> (&'a NormalEquations, [usize; 2]) {
        let problem = matrix / self.penalties;
        (self.problems[problem], [problem, matrix % self.penalties])
    }
}

/// Room for a chunk of matrices, λ after λ and problem after problem; reused for the chunks that follow.
pub(crate) struct Solver<'a> {
    pub(crate) gpu: &'a Gpu,
    /// The equations of each problem, all with one n, t and k.
    pub(crate) problems: &'a [&'a NormalEquations],
    pub(crate) features: usize,
    pub(crate) targets: usize,
    pub(crate) penalties: usize,
    system: System,
    factors: Factors,
    pub(crate) solution: Solution,
    /// How often solutions or weights came back to the host.
    #[cfg(test)]
    pub(crate) read_backs: std::sync::atomic::AtomicUsize,
}

impl<'a> Solver<'a> {
    /// Allocates for so many matrices.
    pub(crate) fn new(
        gpu: &'a Gpu,
        problems: &'a [&'a NormalEquations],
        [features, targets, penalties]: [usize; 3],
        matrices: usize,
    ) -> Self {
        let system = System::new(gpu, problems, matrices);
        let factors = Factors::new(gpu, features, matrices);
        // One more right-hand side than targets: the probe of the condition number.
        let solution = Solution::new(gpu, features, targets + 1, matrices);
        solve::prepare(gpu, &factors, solution.quads, matrices);
        Self {
            gpu,
            problems,
            features,
            targets,
            penalties,
            system,
            factors,
            solution,
            #[cfg(test)]
            read_backs: Default::default(),
        }
    }

    /// The equations of a matrix, and the numbers of its problem and, in that, of its λ.
    pub(crate) fn of(&self, matrix: usize) -> (&'a NormalEquations, [usize; 2]) {
        self.numbered().of(matrix)
    }

    /// What the host knows of the matrices.
    pub(crate) fn numbered(&self) -> Numbered<'a> {
        Numbered { problems: self.problems, features: self.features, targets: self.targets, penalties: self.penalties }
    }

    /// Uploads what tells these matrices apart.
    pub(crate) fn upload(&self, matrices: Range<usize>) {
        self.system.upload(self.gpu, self.problems, matrices);
    }

    /// Matrices that the device factors and solves in a time that nobody minds: one at least.
    pub(crate) fn matrices_at_a_time(&self) -> usize {
        solve::at_a_time(self.gpu, &self.factors, &self.solution)
    }

    /// In what parts `count` matrices are factored and their right-hand sides solved for: one, unless a matrix takes long.
    pub(crate) fn parts(&self, count: usize) -> Vec<Part> {
        solve::parts(self.gpu, &self.factors, &self.solution, count)
    }

    /// Does some of these parts, one after another.
    pub(crate) async fn submit_parts(&self, parts: &[Part], matrices: &Range<usize>) -> Result<()> {
        solve::submit_parts(self.gpu, parts, (&self.system, &self.factors, &self.solution), matrices).await
    }

    /// Records one of them.
    pub(crate) fn record_part(&self, part: &Part, encoder: &mut wgpu::CommandEncoder, matrices: Range<usize>) {
        part.record(self.gpu, encoder, (&self.system, &self.factors, &self.solution), matrices);
    }

    /// Records that the right-hand sides of the first `count` matrices are solved for.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, count: usize) {
        solve::record(self.gpu, encoder, &self.factors, &self.solution, count);
    }

    /// The status of the factors of the first `count` matrices, to be read back.
    pub(crate) fn status(&self, count: usize) -> (&wgpu::Buffer, u64) {
        (&self.factors.info, 4 * count as u64)
    }

    /// The solutions of the first `count` matrices, to be read back.
    pub(crate) fn solutions(&self, count: usize) -> (&wgpu::Buffer, u64) {
        self.read_back();
        (&self.solution.buffer, self.solution.bytes(count))
    }

    /// Solves for other right-hand sides of the first `count` matrices, as they lie on the device.
    pub(crate) async fn again(&self, count: usize, rhs: &[f32]) -> Result<Vec<f32>> {
        let scope = self.gpu.scope();
        self.solution.upload(self.gpu, rhs);
        let mut encoder = self.gpu.encoder("ridgepath.chunk");
        self.record(&mut encoder, count);
        let back = ReadBack::record(self.gpu, &mut encoder, &[self.solutions(count)]);
        self.gpu.submit(encoder);
        scope.finish("a chunk of λ").await?;
        let parts = back.fetch(self.gpu).await?;
        Ok(bytemuck::cast_slice(&parts[0]).to_vec())
    }

    /// Counts that solutions or weights come back to the host, for the tests.
    pub(crate) fn read_back(&self) {
        #[cfg(test)]
        self.read_backs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}
