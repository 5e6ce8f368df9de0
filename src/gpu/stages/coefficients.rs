//! Stage `coefficients` on the GPU: solutions to coefficients on the scale of the rows, with their intercepts, in `f32`.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::plan::gpu::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "coefficients",
    source: include_str!("../../../shaders/coefficients.wgsl"),
    entries: &["coefficients"],
    wide: None,
    bindings: &[
        Binding::read("columns"),
        Binding::read("products"),
        Binding::read("scale"),
        Binding::read("solution"),
        Binding::written("weights"),
    ],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("targets", offset_of!(Params, targets)),
            ("stride", offset_of!(Params, stride)),
            ("quads", offset_of!(Params, quads)),
            ("matrices", offset_of!(Params, matrices)),
            ("first", offset_of!(Params, first)),
            ("intercept", offset_of!(Params, intercept)),
        ],
        size_of::<Params>(),
    ),
    constants: &[],
};

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
    /// 0 where it is 0.
    pub intercept: u32,
}

/// The shader's storage buffers.
#[derive(Debug, Clone)]
pub struct Buffers<'a> {
    /// `[2, q]` of four `f32`, as `centre` leaves them.
    pub columns: &'a wgpu::Buffer,
    /// `[n, q]`: G and C in the units of the columns.
    pub products: &'a wgpu::Buffer,
    /// The scales of the chunk's λs.
    pub scale: &'a wgpu::Buffer,
    /// Their solutions.
    pub solution: &'a wgpu::Buffer,
    /// `[k, t, n + 1]`: the coefficients, and last the intercept.
    pub weights: &'a wgpu::Buffer,
}

/// Records the coefficients of a chunk of λ.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: &Buffers<'_>) {
    let Buffers { columns, products, scale, solution, weights } = buffers;
    let dispatch = schedule::coefficients(params.targets as usize, params.matrices as usize);
    gpu.kernel(&SPEC).bind(&[params], &[columns, products, scale, solution, weights]).record(encoder, &[dispatch]);
}
