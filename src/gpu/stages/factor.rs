//! Stage `factor` on the GPU: the Cholesky factors of a chunk of matrices, in `f32`.
//!
//! Matrices are numbered problem after problem: λ number i of problem number h is matrix h·k + i.

use std::mem::offset_of;
use std::ops::Range;

use crate::equations::normal::{NormalEquations, pivot_tolerance};
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, PANELS, Spec};
use crate::gpu::solution::Solution;
use crate::math::scalar::Scalar;
use crate::plan::gpu::schedule::{Panels, stride};

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "factor",
    source: include_str!("../../../shaders/factor.wgsl"),
    entries: &["factor_diagonal", "factor_solve", "factor_solve_wide", "factor_panel"],
    wide: Some(("factor_solve_wide", "SIDE")),
    bindings: &[
        Binding::read("gram"),
        Binding::read("scale"),
        Binding::read("added"),
        Binding::written("lower"),
        Binding::written("inverse"),
        Binding::written("info"),
        Binding::written("solution"),
    ],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("stride", offset_of!(Params, stride)),
            ("panel", offset_of!(Params, panel)),
            ("panels", offset_of!(Params, panels)),
            ("width", offset_of!(Params, width)),
            ("side", offset_of!(Params, side)),
            ("matrices", offset_of!(Params, matrices)),
            ("penalties", offset_of!(Params, penalties)),
            ("first", offset_of!(Params, first)),
            ("quads", offset_of!(Params, quads)),
            ("tolerance", offset_of!(Params, tolerance)),
        ],
        size_of::<Params>(),
    ),
    constants: PANELS,
};

/// One panel; the members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// n.
    pub order: u32,
    /// ⌈n / 4⌉.
    pub stride: u32,
    /// Number of the panel.
    pub panel: u32,
    /// How many panels there are.
    pub panels: u32,
    /// Columns of a diagonal block: 4·stride of a single one, else 64.
    pub width: u32,
    /// The side of the square that holds a diagonal block: 16, 32, 64, or what the workgroup memory holds.
    pub side: u32,
    /// How many matrices the chunk has.
    pub matrices: u32,
    /// k.
    pub penalties: u32,
    /// Number of the chunk's first matrix.
    pub first: u32,
    /// ⌈t / 4⌉.
    pub quads: u32,
    /// Least pivot, relative to its diagonal element.
    pub tolerance: f32,
}

/// A = scale·G·scale + added of a chunk of matrices, on the device, with G of every problem.
#[derive(Debug)]
pub struct System {
    order: usize,
    penalties: usize,
    /// `[p, n, stride, 4]`: G of each problem, both triangles, its columns filled up to 4⌈n / 4⌉ rows with zeros.
    pub gram: wgpu::Buffer,
    /// `[matrices, stride, 4]`, 0 beyond n.
    pub scale: wgpu::Buffer,
    /// `[matrices, stride, 4]`.
    pub added: wgpu::Buffer,
}

impl System {
    /// Room for the matrices of p problems of order n with k λs each, and for the scales of so many of them.
    #[must_use]
    pub fn empty(gpu: &Gpu, n: usize, [problems, penalties]: [usize; 2], matrices: usize) -> Self {
        let rows = 4 * stride(n);
        let buffer = |label, count: usize| gpu.storage(label, (count * 4) as u64);
        Self {
            order: n,
            penalties,
            gram: buffer("ridgepath.factor.gram", problems * n * rows),
            scale: buffer("ridgepath.factor.scale", matrices * rows),
            added: buffer("ridgepath.factor.added", matrices * rows),
        }
    }

    /// Uploads G of each problem (n × n, `f32`) and makes room for the scales of so many matrices.
    ///
    /// # Panics
    /// Where problems differ in n or k.
    #[must_use]
    pub fn new(gpu: &Gpu, problems: &[&NormalEquations], matrices: usize) -> Self {
        let sizes = |normal: &NormalEquations| [normal.features(), normal.penalties()];
        let [n, penalties] = problems.first().map_or([0, 1], |first| sizes(first));
        assert!(
            problems.iter().all(|problem| sizes(problem) == [n, penalties]),
            "all problems have n {n} and k {penalties}"
        );
        let rows = 4 * stride(n);
        let system = Self::empty(gpu, n, [problems.len(), penalties], matrices);
        // Both triangles, and columns of whole quads, whose last rows stay zero.
        let mut gram = vec![0.0f32; n * rows];
        for (problem, normal) in problems.iter().enumerate() {
            for j in 0..n {
                for i in j..n {
                    let value = f32::round_from(normal.gram[(i, j)]);
                    gram[j * rows + i] = value;
                    gram[i * rows + j] = value;
                }
            }
            let offset = (problem * n * rows * 4) as u64;
            gpu.queue().write_buffer(&system.gram, offset, bytemuck::cast_slice(&gram));
        }
        system
    }

    /// Uploads the scales of the matrices numbered `matrices`, which may be of several problems.
    pub fn upload(&self, gpu: &Gpu, problems: &[&NormalEquations], matrices: Range<usize>) {
        let rows = 4 * stride(self.order);
        let mut scale = vec![0.0f32; matrices.len() * rows];
        let mut added = vec![0.0f32; matrices.len() * rows];
        for (at, matrix) in matrices.enumerate() {
            let (normal, k) = (problems[matrix / self.penalties], matrix % self.penalties);
            for (j, (step, value)) in normal.steps(k).into_iter().zip(normal.added(k)).enumerate() {
                scale[at * rows + j] = f32::round_from(step);
                added[at * rows + j] = f32::round_from(*value);
            }
        }
        gpu.queue().write_buffer(&self.scale, 0, bytemuck::cast_slice(&scale));
        gpu.queue().write_buffer(&self.added, 0, bytemuck::cast_slice(&added));
    }
}

/// L and the status of a chunk of matrices, on the device: the inverses X of the diagonal blocks, and what is below these blocks,
/// which have 64 columns, or if the workgroup memory holds that many, all.
#[derive(Debug)]
pub struct Factors {
    pub(crate) panels: Panels,
    /// `[matrices, 64(panels − 1), stride, 4]`: L below its diagonal blocks, column after column of 4⌈n / 4⌉ rows, those beyond
    /// n zero. What is above has no meaning.
    pub lower: wgpu::Buffer,
    /// `[matrices, panels, width / 4, width, 4]`: four rows of every column of X, then the next four; a unit matrix beyond n.
    /// The width is 64, or 4⌈n / 4⌉ of a single block.
    pub inverse: wgpu::Buffer,
    /// `[matrices]` of `u32`: 0, or the order of the leading minor that failed.
    pub info: wgpu::Buffer,
}

impl Factors {
    /// Room for so many factors of order n.
    #[must_use]
    pub fn new(gpu: &Gpu, n: usize, matrices: usize) -> Self {
        let buffer = |label, count: usize| gpu.storage(label, (count * 4) as u64);
        let panels = Panels::new(n, gpu.own_limits());
        Self {
            panels,
            lower: buffer("ridgepath.factor.lower", (matrices * panels.lower_elements()).max(4)),
            inverse: buffer("ridgepath.factor.inverse", matrices * panels.inverse_elements()),
            info: buffer("ridgepath.factor.info", matrices),
        }
    }

    /// Diagonal blocks of a factor.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.panels.count
    }

    /// Columns of a diagonal block.
    #[must_use]
    pub fn width(&self) -> usize {
        self.panels.width
    }
}

/// Records the factorization of a chunk of matrices, those whose scales were uploaded: a dispatch per panel of 64 columns.
pub fn record(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    system: &System,
    factors: &Factors,
    matrices: Range<usize>,
) {
    let none = gpu.storage("ridgepath.factor.none", 16);
    record_panels(gpu, encoder, system, factors, (&none, 0), matrices, 0..factors.panels.count);
}

/// Records some of the panels of the factorization of a chunk of matrices; with the substitutions in the dispatch of the only
/// panel, where [`Panels::fused`] says that targets are few enough.
pub(crate) fn record_some(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    system: &System,
    factors: &Factors,
    solution: &Solution,
    matrices: Range<usize>,
    panels: Range<usize>,
) {
    let quads = if factors.panels.fused(solution.quads) { solution.quads } else { 0 };
    record_panels(gpu, encoder, system, factors, (&solution.buffer, quads), matrices, panels);
}

/// With right-hand sides in the solution, if there are any.
#[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
fn record_panels(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    system: &System,
    factors: &Factors,
    (solution, quads): (&wgpu::Buffer, usize),
    matrices: Range<usize>,
    recorded: Range<usize>,
) {
    let panels = factors.panels;
    let n = panels.order;
    let params: Vec<Params> = (0..panels.count)
        .map(|panel| Params {
            order: n as u32,
            stride: stride(n) as u32,
            panel: panel as u32,
            panels: panels.count as u32,
            width: panels.width as u32,
            side: panels.side as u32,
            matrices: matrices.len() as u32,
            penalties: system.penalties as u32,
            first: matrices.start as u32,
            quads: quads as u32,
            tolerance: f32::round_from(pivot_tolerance(n, f32::EPSILON.into())),
        })
        .collect();
    let buffers =
        [&system.gram, &system.scale, &system.added, &factors.lower, &factors.inverse, &factors.info, solution];
    gpu.kernel(&SPEC).bind(&params, &buffers).record(encoder, &panels.factor(matrices.len())[recorded]);
}
