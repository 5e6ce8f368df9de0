//! Stage `residual` on the GPU: residuals in 64-bit floats and the right-hand sides of the next corrections in 32, on devices whose
//! shaders have both.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::gpu::stages::correct::SIDES;
use crate::plan::gpu::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "residual",
    source: include_str!("../../../shaders/residual.wgsl"),
    entries: &["residual"],
    wide: None,
    bindings: &[
        Binding::read("open"),
        Binding::read("scale"),
        Binding::read("added"),
        Binding::read("cross"),
        Binding::read("weights"),
        Binding::written("product"),
        Binding::written("solution"),
        Binding::written("sums"),
    ],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("targets", offset_of!(Params, targets)),
            ("quads", offset_of!(Params, quads)),
            ("first", offset_of!(Params, first)),
            ("begin", offset_of!(Params, begin)),
        ],
        size_of::<Params>(),
    ),
    constants: SIDES.split_at(2).0,
};

/// The members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// n.
    pub order: u32,
    /// t.
    pub targets: u32,
    /// ⌈(t + 1) / 4⌉.
    pub quads: u32,
    /// Where the list of matrices begins.
    pub first: u32,
    /// 1 where w = 0.
    pub begin: u32,
}

/// The shader's storage buffers.
#[derive(Debug, Clone, Copy)]
pub struct Buffers<'a> {
    /// Numbers of the matrices.
    pub open: &'a wgpu::Buffer,
    /// 2^step.
    pub scale: &'a wgpu::Buffer,
    /// shift·D.
    pub added: &'a wgpu::Buffer,
    /// c, and the probe to begin with.
    pub cross: &'a wgpu::Buffer,
    /// The weights.
    pub weights: &'a wgpu::Buffer,
    /// G times them, then the residuals.
    pub product: &'a wgpu::Buffer,
    /// The next right-hand sides.
    pub solution: &'a wgpu::Buffer,
    /// What is kept of each right-hand side.
    pub sums: &'a wgpu::Buffer,
}

/// Records the residuals of `count` listed matrices.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, count: usize, buffers: Buffers<'_>) {
    let Buffers { open, scale, added, cross, weights, product, solution, sums } = buffers;
    let buffers = [open, scale, added, cross, weights, product, solution, sums];
    let dispatches = schedule::residual(params.quads as usize, count);
    gpu.kernel(&SPEC).bind(&[params], &buffers).record(encoder, &dispatches);
}
