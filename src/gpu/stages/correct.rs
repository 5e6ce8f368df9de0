//! Stage `correct` on the GPU: weights in 64-bit floats take a correction found in 32 bits, on devices whose shaders have both.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::plan::gpu::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "correct",
    source: include_str!("../../../shaders/correct.wgsl"),
    entries: &["correct"],
    wide: None,
    bindings: &[
        Binding::read("open"),
        Binding::read("scale"),
        Binding::written("solution"),
        Binding::written("weights"),
        Binding::written("vectors"),
        Binding::written("sums"),
    ],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("targets", offset_of!(Params, targets)),
            ("quads", offset_of!(Params, quads)),
            ("stride", offset_of!(Params, stride)),
            ("first", offset_of!(Params, first)),
            ("begin", offset_of!(Params, begin)),
        ],
        size_of::<Params>(),
    ),
    constants: SIDES,
};

/// What the shaders of this stage and of `residual` keep of a right-hand side.
pub(crate) const SIDES: &[(&str, u32)] = &[("SUMS", 8), ("UNIT", 7), ("GROWTH", 6)];
/// Numbers that they keep of a right-hand side.
pub const SUMS: usize = schedule::SUMS;
/// Which of them is ‖d‖² of a correction, or ‖x‖² of the probe.
pub const GROWTH: usize = 6;
const _: () = assert!(SIDES[0].1 as usize == SUMS && SIDES[2].1 as usize == GROWTH);

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
    /// From one row of the vectors to the next.
    pub stride: u32,
    /// Where the list of matrices begins.
    pub first: u32,
    /// 1 where the weights hold nothing yet.
    pub begin: u32,
}

/// The shader's storage buffers.
#[derive(Debug, Clone, Copy)]
pub struct Buffers<'a> {
    /// Numbers of the matrices.
    pub open: &'a wgpu::Buffer,
    /// 2^step.
    pub scale: &'a wgpu::Buffer,
    /// The correction; of the probe then the next right-hand side.
    pub solution: &'a wgpu::Buffer,
    /// The weights.
    pub weights: &'a wgpu::Buffer,
    /// The weights in the units of G.
    pub vectors: &'a wgpu::Buffer,
    /// What is kept of each right-hand side.
    pub sums: &'a wgpu::Buffer,
}

/// Records the corrections of `count` listed matrices.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, count: usize, buffers: Buffers<'_>) {
    let Buffers { open, scale, solution, weights, vectors, sums } = buffers;
    let dispatches = schedule::correct(params.quads as usize, count);
    gpu.kernel(&SPEC).bind(&[params], &[open, scale, solution, weights, vectors, sums]).record(encoder, &dispatches);
}
