//! Stage `report` on the GPU: of each λ whether there is an answer, and an estimate of its condition number.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::gpu::stages::frame::SINGLE;
use crate::plan::gpu::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "report",
    source: include_str!("../../../shaders/report.wgsl"),
    entries: &["report"],
    wide: None,
    bindings: &[
        Binding::read("columns"),
        Binding::read("gram"),
        Binding::read("scale"),
        Binding::read("added"),
        Binding::read("solution"),
        Binding::read("info"),
        Binding::read("weights"),
        Binding::written("reports"),
    ],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("targets", offset_of!(Params, targets)),
            ("stride", offset_of!(Params, stride)),
            ("quads", offset_of!(Params, quads)),
            ("matrices", offset_of!(Params, matrices)),
            ("first", offset_of!(Params, first)),
        ],
        size_of::<Params>(),
    ),
    constants: &[("NOT_FINITE", NOT_FINITE), ("LEAST", INVERSES[0]), ("MOST", INVERSES[1])],
};

/// The exponents, as they are biased in `f32`, of the inverses of columns' units in which `frame` loses no digits.
const INVERSES: [u32; 2] = [(128 - SINGLE.end).cast_unsigned(), (127 - SINGLE.start).cast_unsigned()];

/// The status of a λ that is negative or not finite, or of whose rows, weights or coefficients a number is missing, infinite, or
/// beyond the range in which 32-bit floats centre columns without loss (spreads from 2⁻⁸⁰ to 2¹²⁰).
pub const NOT_FINITE: u32 = u32::MAX;

/// What is said of one λ, in the layout of the buffer.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Report {
    /// 0 where there is an answer; the order of the leading minor that is not positive definite to working precision (in its
    /// column, `status` − 1, the matrix depends on those before it); or [`NOT_FINITE`]. The coefficients of what is not 0 mean
    /// nothing.
    pub status: u32,
    /// ‖A‖∞‖A⁻¹‖₂ of the equations, estimated from below, most often within a factor of 10. Of the coefficients about
    /// `condition`·6·10⁻⁸ may be wrong, relative to their norm.
    pub condition: f32,
}

/// A chunk of λ; the members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// n.
    pub order: u32,
    /// t.
    pub targets: u32,
    /// ⌈n / 4⌉.
    pub stride: u32,
    /// ⌈(t + 1) / 4⌉.
    pub quads: u32,
    /// λs of the chunk.
    pub matrices: u32,
    /// Number of the chunk's first λ.
    pub first: u32,
}

/// The shader's storage buffers.
#[derive(Debug, Clone)]
pub struct Buffers<'a> {
    /// `[2, q]` of four `f32`, as `centre` leaves them.
    pub columns: &'a wgpu::Buffer,
    /// G as it was factored.
    pub gram: &'a wgpu::Buffer,
    /// The scales of the chunk's λs.
    pub scale: &'a wgpu::Buffer,
    /// What the penalty adds.
    pub added: &'a wgpu::Buffer,
    /// Their solutions, with that for the start vector.
    pub solution: &'a wgpu::Buffer,
    /// What the factorization says of them.
    pub info: &'a wgpu::Buffer,
    /// `[k, t, n + 1]`: the coefficients, and last the intercept.
    pub weights: &'a wgpu::Buffer,
    /// `[k]` of [`Report`].
    pub reports: &'a wgpu::Buffer,
}

/// Records the reports of a chunk of λ.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: &Buffers<'_>) {
    let Buffers { columns, gram, scale, added, solution, info, weights, reports } = buffers;
    let dispatch = schedule::report(params.matrices as usize);
    let buffers = [*columns, gram, scale, added, solution, info, weights, reports];
    gpu.kernel(&SPEC).bind(&[params], &buffers).record(encoder, &[dispatch]);
}
