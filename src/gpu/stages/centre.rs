//! Stage `centre` on the GPU: where the columns of rows on the device lie and how far they spread, which `frame` needs to know.
//!
//! Sums of distances from the value in the first row of positive weight, in `f32`, run by run: what a mean is wrong by enters sums
//! of squares squared.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::plan::gpu::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "centre",
    source: include_str!("../../../shaders/centre.wgsl"),
    entries: &["centre_origin", "centre_sums", "centre_reduce", "centre_squares", "centre_total"],
    wide: None,
    bindings: &[
        Binding::read("given"),
        Binding::read("weights"),
        Binding::read("framed"),
        Binding::written("partials"),
        Binding::written("columns"),
    ],
    params: (
        &[
            ("rows", offset_of!(Params, rows)),
            ("columns", offset_of!(Params, columns)),
            ("first", offset_of!(Params, first)),
            ("stride", offset_of!(Params, stride)),
            ("begin", offset_of!(Params, begin)),
            ("down", offset_of!(Params, down)),
            ("across", offset_of!(Params, across)),
            ("weighted", offset_of!(Params, weighted)),
            ("first_weight", offset_of!(Params, first_weight)),
            ("rows_per_run", offset_of!(Params, rows_per_run)),
            ("run", offset_of!(Params, run)),
            ("runs", offset_of!(Params, runs)),
            ("begun", offset_of!(Params, begun)),
        ],
        size_of::<Params>(),
    ),
    constants: &[],
};

/// One block of rows; the members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Rows of the block.
    pub rows: u32,
    /// Columns of the matrix; q = n + t but in `centre_origin`.
    pub columns: u32,
    /// The column of [X | Y] that is its first.
    pub first: u32,
    /// Elements from one framed row to the next.
    pub stride: u32,
    /// The element where the matrix begins.
    pub begin: u32,
    /// Elements of the matrix from one row to the next.
    pub down: u32,
    /// Elements of the matrix from one column to the next.
    pub across: u32,
    /// 0 where there are no weights.
    pub weighted: u32,
    /// The element of the weights that is the first row's.
    pub first_weight: u32,
    /// Rows that one workgroup sums.
    pub rows_per_run: u32,
    /// Number of the block's first run.
    pub run: u32,
    /// Runs of all blocks.
    pub runs: u32,
    /// 0 for the first block.
    pub begun: u32,
}

/// The shader's storage buffers.
#[derive(Debug, Clone)]
pub struct Buffers<'a> {
    /// X or Y of the block, for the origins alone.
    pub given: wgpu::BufferBinding<'a>,
    /// The weights of the rows; any buffer where there are none.
    pub weights: wgpu::BufferBinding<'a>,
    /// The block of rows of [X | Y].
    pub framed: &'a wgpu::Buffer,
    /// `[runs, q]` of four `f32`: what is summed of each run.
    pub partials: &'a wgpu::Buffer,
    /// `[2, q]` of four `f32`: what is found.
    pub columns: &'a wgpu::Buffer,
}

/// What of this stage is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The origins of a block of X or of Y.
    Origin,
    /// The sums of distances of a block.
    Sums,
    /// Offsets and powers of two, from all blocks.
    Reduce,
    /// The sums of squares of a block.
    Squares,
    /// The sums of squares of all blocks.
    Total,
}

/// Records one step.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, step: Step, params: Params, buffers: Buffers<'_>) {
    let Buffers { given, weights, framed, partials, columns } = buffers;
    let rest = [framed, partials, columns].map(wgpu::Buffer::as_entire_buffer_binding);
    let buffers: Vec<_> = [given, weights].into_iter().chain(rest).collect();
    let runs = params.rows.div_ceil(params.rows_per_run.max(1)) as usize;
    let dispatch = schedule::centre(step_entry(step), params.columns as usize, runs);
    gpu.kernel(&SPEC).bind_parts(&[params], &buffers).record(encoder, &[dispatch]);
}

fn step_entry(step: Step) -> &'static str {
    match step {
        Step::Origin => "centre_origin",
        Step::Sums => "centre_sums",
        Step::Reduce => "centre_reduce",
        Step::Squares => "centre_squares",
        Step::Total => "centre_total",
    }
}
