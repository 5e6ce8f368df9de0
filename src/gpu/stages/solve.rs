//! Stage `solve` on the GPU: forward and back substitution for all targets of a chunk of matrices, in `f32`.

use std::mem::offset_of;
use std::ops::Range;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{self, Binding, PANELS, Spec};
use crate::gpu::solution::Solution;
use crate::gpu::stages::factor::{self, Factors, System};
use crate::plan::gpu::schedule::stride;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "solve",
    source: include_str!("../../../shaders/solve.wgsl"),
    entries: &["solve", "solve_single", "solve_many"],
    wide: None,
    bindings: &[Binding::read("lower"), Binding::read("inverse"), Binding::written("solution")],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("stride", offset_of!(Params, stride)),
            ("panels", offset_of!(Params, panels)),
            ("width", offset_of!(Params, width)),
            ("quads", offset_of!(Params, quads)),
        ],
        size_of::<Params>(),
    ),
    constants: PANELS,
};

/// The members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// n.
    pub order: u32,
    /// ⌈n / 4⌉.
    pub stride: u32,
    /// Panels of L.
    pub panels: u32,
    /// Columns of a diagonal block: 4·stride of a single one, else 64.
    pub width: u32,
    /// ⌈t / 4⌉.
    pub quads: u32,
}

/// Records the substitutions of the first `count` matrices of a chunk in one dispatch.
#[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, factors: &Factors, solution: &Solution, count: usize) {
    let panels = factors.panels;
    let n = panels.order;
    let params = Params {
        order: n as u32,
        stride: stride(n) as u32,
        panels: panels.count as u32,
        width: panels.width as u32,
        quads: solution.quads as u32,
    };
    let buffers = [&factors.lower, &factors.inverse, &solution.buffer];
    let dispatches = panels.solve(count, solution.quads);
    gpu.kernel(&SPEC).bind(&[params], &buffers).record(encoder, &dispatches);
}

/// Builds the pipelines of a chunk of `count` matrices and of its corrections.
pub(crate) fn prepare(gpu: &Gpu, factors: &Factors, quads: usize, count: usize) {
    let panels = factors.panels;
    let needed = [(gpu.kernel(&factor::SPEC), panels.factor(count)), (gpu.kernel(&SPEC), panels.solve(count, quads))];
    kernel::prepare(&needed);
}

/// Records the factorization of a chunk of matrices and the substitutions: one dispatch if there is a single panel and targets are few,
/// else one more than panels.
pub fn record_factored(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    system: &System,
    factors: &Factors,
    solution: &Solution,
    matrices: Range<usize>,
) {
    if factors.panels.fused(solution.quads) {
        factor::record_fused(gpu, encoder, system, factors, solution, matrices);
    } else {
        let count = matrices.len();
        factor::record(gpu, encoder, system, factors, matrices);
        record(gpu, encoder, factors, solution, count);
    }
}
