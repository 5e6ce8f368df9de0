//! Corrections that stay on the device, where its shaders have 64-bit floats: products, residuals and weights. Of each step the host
//! sees a few sums a target, from which it decides; the weights come back once.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::equations::normal::NormalEquations;
use crate::equations::residual::{Fit, Measure};
use crate::error::Result;
use crate::gpu::candidate::{Candidate, Found};
use crate::gpu::context::Gpu;
use crate::gpu::kernel;
use crate::gpu::solver::Solver;
use crate::gpu::stages::product::{self, Symmetric};
use crate::gpu::stages::{correct, residual};
use crate::gpu::transfer::ReadBack;
use crate::math::condition;
use crate::model::outcome::Outcome;
use crate::plan::gpu::schedule;

/// The equations of a problem in double precision.
struct Equations {
    gram: Symmetric,
    /// c, and the probe to begin with.
    cross: wgpu::Buffer,
}

/// Room for corrections of a chunk of matrices; the buffers are described in the shaders.
pub(crate) struct Corrections {
    /// Of each problem, but for those of twice the digits, which the host corrects.
    problems: Vec<Option<Equations>>,
    open: wgpu::Buffer,
    scale: wgpu::Buffer,
    added: wgpu::Buffer,
    weights: wgpu::Buffer,
    sums: wgpu::Buffer,
    /// Vectors, partial sums and products of the matrices of one problem.
    products: [wgpu::Buffer; 3],
}

impl Corrections {
    /// Allocates for so many matrices, and uploads what the problems are.
    pub(crate) fn new(gpu: &Gpu, solver: &Solver<'_>, matrices: usize) -> Self {
        let Solver { problems, features: n, targets: t, penalties, ref solution, .. } = *solver;
        let storage = |label, elements: usize| gpu.storage(label, 8 * elements as u64);
        let start = condition::start(n);
        let equations = |normal: &&NormalEquations| {
            let cross = storage("ridgepath.residual.cross", (t + 1) * n);
            gpu.queue().write_buffer(&cross, 0, bytemuck::cast_slice(normal.cross.as_slice()));
            gpu.queue().write_buffer(&cross, 8 * (t * n) as u64, bytemuck::cast_slice(start.as_slice()));
            Equations { gram: Symmetric::new(gpu, &normal.gram), cross }
        };
        let problems = problems.iter().map(|normal| normal.exact.is_none().then(|| equations(normal))).collect();
        let vectors = schedule::vectors(matrices.min(penalties), t);
        let [_, staged, partial] = schedule::symmetric_elements(n, vectors);
        let quads = solution.quads;
        kernel::prepare(&[
            (gpu.kernel(&product::SPEC), schedule::product([n, vectors], 1)),
            (gpu.kernel(&correct::SPEC), schedule::correct(quads, matrices)),
            (gpu.kernel(&residual::SPEC), schedule::residual(quads, matrices)),
        ]);
        Self {
            problems,
            open: gpu.storage("ridgepath.correct.open", 4 * matrices as u64),
            scale: storage("ridgepath.correct.scale", matrices * n),
            added: storage("ridgepath.residual.added", matrices * n),
            weights: storage("ridgepath.correct.weights", matrices * t * n),
            sums: storage("ridgepath.correct.sums", matrices * quads * 4 * correct::SUMS),
            products: [
                storage("ridgepath.product.b", staged),
                storage("ridgepath.product.partials", partial),
                storage("ridgepath.product.product", staged),
            ],
        }
    }

    /// Whether the matrices of a problem are corrected here.
    pub(crate) fn takes(&self, problem: usize) -> bool {
        self.problems[problem].is_some()
    }

    /// Uploads what tells these matrices apart, and the list of those to begin with.
    pub(crate) fn upload(&self, solver: &Solver<'_>, matrices: Range<usize>, open: &[usize]) {
        let (n, queue) = (solver.features, solver.gpu.queue());
        let mut scale = Vec::with_capacity(matrices.len() * n);
        let mut added = Vec::with_capacity(matrices.len() * n);
        for matrix in matrices {
            let (normal, [_, k]) = solver.of(matrix);
            let held = normal.gram.diagonal();
            let units = normal.steps(k).into_iter().zip(&held);
            scale.extend(units.map(|(unit, element)| if *element == 0.0 { -unit } else { unit }));
            added.extend_from_slice(normal.added(k));
        }
        queue.write_buffer(&self.scale, 0, bytemuck::cast_slice(&scale));
        queue.write_buffer(&self.added, 0, bytemuck::cast_slice(&added));
        self.list(solver.gpu, open);
    }

    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn list(&self, gpu: &Gpu, open: &[usize]) {
        let open: Vec<u32> = open.iter().map(|at| *at as u32).collect();
        gpu.queue().write_buffer(&self.open, 0, bytemuck::cast_slice(&open));
    }

    /// Records the first right-hand sides of the matrices listed, which are numbered from `start` on.
    pub(crate) fn begin(&self, solver: &Solver<'_>, encoder: &mut wgpu::CommandEncoder, start: usize, open: &[usize]) {
        self.each(solver, start, open, |equations, first, open| {
            self.record_residual(solver, encoder, equations, (first, open.len()), true);
        });
    }

    /// Records that the weights of the matrices listed take the solutions, and what residuals that leaves.
    pub(crate) fn record(
        &self,
        solver: &Solver<'_>,
        encoder: &mut wgpu::CommandEncoder,
        (start, open): (usize, &[usize]),
        begin: bool,
    ) {
        self.each(solver, start, open, |equations, first, open| {
            self.record_correction(solver, encoder, (first, open.len()), begin);
            let vectors = schedule::vectors(open.len(), solver.targets);
            equations.gram.record(solver.gpu, encoder, vectors, self.products.each_ref());
            self.record_residual(solver, encoder, equations, (first, open.len()), false);
        });
    }

    /// Problem after problem, with the place of its matrices in the list.
    fn each(
        &self,
        solver: &Solver<'_>,
        start: usize,
        open: &[usize],
        mut record: impl FnMut(&Equations, usize, &[usize]),
    ) {
        let problem = |at: &usize| solver.of(start + at).1[0];
        let mut first = 0;
        for open in open.chunk_by(|one, next| problem(one) == problem(next)) {
            if let Some(equations) = &self.problems[problem(&open[0])] {
                record(equations, first, open);
            }
            first += open.len();
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn record_correction(
        &self,
        solver: &Solver<'_>,
        encoder: &mut wgpu::CommandEncoder,
        (first, count): (usize, usize),
        begin: bool,
    ) {
        let params = correct::Params {
            order: solver.features as u32,
            targets: solver.targets as u32,
            quads: solver.solution.quads as u32,
            stride: schedule::vectors(count, solver.targets) as u32,
            first: first as u32,
            begin: u32::from(begin),
        };
        let Self { open, scale, weights, sums, products: [vectors, ..], .. } = self;
        let solution = &solver.solution.buffer;
        let buffers = correct::Buffers { open, scale, solution, weights, vectors, sums };
        correct::record(solver.gpu, encoder, params, count, buffers);
    }

    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn record_residual(
        &self,
        solver: &Solver<'_>,
        encoder: &mut wgpu::CommandEncoder,
        equations: &Equations,
        (first, count): (usize, usize),
        begin: bool,
    ) {
        let params = residual::Params {
            order: solver.features as u32,
            targets: solver.targets as u32,
            quads: solver.solution.quads as u32,
            first: first as u32,
            begin: u32::from(begin),
        };
        let Self { open, scale, added, weights, sums, products: [.., product], .. } = self;
        let (cross, solution) = (&equations.cross, &solver.solution.buffer);
        let buffers = residual::Buffers { open, scale, added, cross, weights, product, solution, sums };
        residual::record(solver.gpu, encoder, params, count, buffers);
    }

    /// What is kept of the first `count` matrices, to be read back.
    pub(crate) fn sums(&self, solver: &Solver<'_>, count: usize) -> (&wgpu::Buffer, u64) {
        (&self.sums, 8 * (count * solver.solution.quads * 4 * correct::SUMS) as u64)
    }

    /// Corrects the weights of the matrices listed, which were factored as `status` says and whose first weights and residuals
    /// were summed as `sums` has it.
    pub(crate) async fn refine<'a>(
        &self,
        solver: &Solver<'a>,
        matrices: Range<usize>,
        open: &[usize],
        (mut sums, status): (Vec<f64>, &[u32]),
    ) -> Result<Vec<Found>> {
        let count = matrices.len();
        let quads = solver.solution.quads;
        let first = |at: &usize| {
            let (normal, [problem, k]) = solver.of(matrices.start + at);
            let own = Candidate::new(normal, [problem, k, *at], 0.0);
            (status[*at] == 0 && normal.fits_single(k)).then_some(own)
        };
        let mut open: Vec<Candidate<'a>> = open.iter().filter_map(first).collect();
        let mut solved = Vec::new();
        for step in 0.. {
            let take = |mut own: Candidate<'a>| {
                let Told { inverse, sizes, fits } = Told::new(&own, &sums, quads);
                if step == 0 {
                    own.grow(inverse);
                } else if !own.corrected(inverse, sizes.into_iter()) {
                    return None;
                }
                let solved = own.solved(fits);
                (solved || own.may_go_on(step)).then_some((own, solved))
            };
            let taken: Vec<_> = open.into_par_iter().filter_map(take).collect();
            let (done, left): (Vec<_>, Vec<_>) = taken.into_iter().partition(|(_, solved)| *solved);
            let outcome = if step == 0 { Outcome::Solved } else { Outcome::Refined { steps: step } };
            solved.extend(done.into_iter().map(|(own, _)| (own, outcome)));
            open = left.into_iter().map(|(own, _)| own).collect();
            if open.is_empty() {
                break;
            }
            let list: Vec<usize> = open.iter().map(|own| own.at).collect();
            sums = self.step(solver, (matrices.start, count), &list).await?;
        }
        if solved.is_empty() {
            return Ok(Vec::new());
        }
        let weights = self.fetch(solver, count).await?;
        let [n, t] = [solver.features, solver.targets];
        let finish = |(own, outcome): (Candidate<'_>, Outcome)| {
            let w = DMatrix::from_column_slice(n, t, &weights[own.at * n * t..(own.at + 1) * n * t]);
            (own.at, own.finish(w, None, outcome))
        };
        Ok(solved.into_par_iter().map(finish).collect())
    }

    /// One correction of the matrices listed, of a chunk of `count` from number `start` on: what is kept of all then.
    async fn step(&self, solver: &Solver<'_>, (start, count): (usize, usize), open: &[usize]) -> Result<Vec<f64>> {
        let gpu = solver.gpu;
        let scope = gpu.scope();
        self.list(gpu, open);
        let mut encoder = gpu.encoder("ridgepath.correct");
        solver.record(&mut encoder, count);
        self.record(solver, &mut encoder, (start, open), false);
        let back = ReadBack::record(gpu, &mut encoder, &[self.sums(solver, count)]);
        gpu.submit(encoder);
        scope.finish("a correction of a chunk of λ").await?;
        let parts = back.fetch(gpu).await?;
        Ok(bytemuck::pod_collect_to_vec(&parts[0]))
    }

    /// The weights of the first `count` matrices.
    async fn fetch(&self, solver: &Solver<'_>, count: usize) -> Result<Vec<f64>> {
        let gpu = solver.gpu;
        solver.read_back();
        let scope = gpu.scope();
        let mut encoder = gpu.encoder("ridgepath.weights");
        let bytes = 8 * (count * solver.targets * solver.features) as u64;
        let back = ReadBack::record(gpu, &mut encoder, &[(&self.weights, bytes)]);
        gpu.submit(encoder);
        scope.finish("the weights of a chunk of λ").await?;
        let parts = back.fetch(gpu).await?;
        Ok(bytemuck::pod_collect_to_vec(&parts[0]))
    }
}

/// What a step tells of a λ.
struct Told {
    /// ‖x‖ of the probe.
    inverse: f64,
    /// ‖d‖ and ‖w‖ of each target.
    sizes: Vec<[f64; 2]>,
    fits: Vec<Fit>,
}

impl Told {
    /// From what the device keeps of all right-hand sides.
    fn new(own: &Candidate<'_>, sums: &[f64], quads: usize) -> Self {
        let side = |side: usize| &sums[(own.at * quads * 4 + side) * correct::SUMS..][..correct::SUMS];
        let (normal, t) = (own.normal, own.normal.targets());
        let (measure, shift) = (Measure::new(normal, own.k), normal.grid.shifts[own.k]);
        let mut told = Self { inverse: side(t)[correct::GROWTH].sqrt(), sizes: Vec::new(), fits: Vec::new() };
        for target in 0..t {
            let own = side(target);
            told.sizes.push([own[correct::GROWTH].sqrt(), own[2].sqrt()]);
            told.fits.push(measure.of_sums((target, shift), [own[0], own[1], own[2], own[3], own[4], own[5]]));
        }
        told
    }
}
