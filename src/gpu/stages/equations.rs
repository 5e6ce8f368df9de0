//! Stage `equations` on the GPU: moments to the matrices and right-hand sides that `factor` and `solve` take, in `f32`.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::plan::gpu::schedule::{self, Dispatch};

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "equations",
    source: include_str!("../../../shaders/equations.wgsl"),
    entries: &["equations_gram", "equations_sides"],
    wide: None,
    bindings: &[
        Binding::read("columns"),
        Binding::read("products"),
        Binding::read("lambdas"),
        Binding::read("factors"),
        Binding::written("gram"),
        Binding::written("scale"),
        Binding::written("added"),
        Binding::written("solution"),
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
            ("standardize", offset_of!(Params, standardize)),
            ("factored", offset_of!(Params, factored)),
            ("start", offset_of!(Params, start)),
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
    /// 1 where X and Y are centred.
    pub intercept: u32,
    /// 0, 1 or 2: the penalty's weight of a feature is 1, its variance, or its sample variance.
    pub standardize: u32,
    /// 1 where there are penalty factors.
    pub factored: u32,
    /// The least element of the vector from which the condition number is estimated.
    pub start: f32,
}

/// The shader's storage buffers.
#[derive(Debug, Clone)]
pub struct Buffers<'a> {
    /// `[2, q]` of four `f32`, as `centre` leaves them.
    pub columns: &'a wgpu::Buffer,
    /// `[n, q]`: G and C in the units of the columns, as `gram` leaves them.
    pub products: &'a wgpu::Buffer,
    /// `[k]`.
    pub lambdas: &'a wgpu::Buffer,
    /// `[n]`; any buffer where there are none.
    pub factors: &'a wgpu::Buffer,
    /// G in units in which its diagonal is near 1.
    pub gram: &'a wgpu::Buffer,
    /// What scales it for each λ.
    pub scale: &'a wgpu::Buffer,
    /// What the penalty adds to its diagonal.
    pub added: &'a wgpu::Buffer,
    /// The right-hand sides.
    pub solution: &'a wgpu::Buffer,
}

/// Records G, which is that of all λs.
pub fn record_gram(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: &Buffers<'_>) {
    let dispatch = schedule::equations_gram(params.order as usize);
    bind_and_record(gpu, encoder, params, buffers, dispatch);
}

/// Records what tells the λs of a chunk apart, and their right-hand sides.
pub fn record_sides(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: &Buffers<'_>) {
    let dispatch = schedule::equations_sides(params.matrices as usize);
    bind_and_record(gpu, encoder, params, buffers, dispatch);
}

fn bind_and_record(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    params: Params,
    buffers: &Buffers<'_>,
    dispatch: Dispatch,
) {
    let Buffers { columns, products, lambdas, factors, gram, scale, added, solution } = buffers;
    let buffers = [*columns, products, lambdas, factors, gram, scale, added, solution];
    gpu.kernel(&SPEC).bind(&[params], &buffers).record(encoder, &[dispatch]);
}
