//! Stage `product` on the GPU: P = `AᵀB` in 64-bit floats, on devices whose shaders have them.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "product",
    source: include_str!("../../shaders/product.wgsl"),
    entries: &["product_tile", "product_reduce"],
    bindings: &[Binding::read("a"), Binding::read("b"), Binding::written("partials"), Binding::written("product")],
    params: (
        &[
            ("rows", offset_of!(Params, rows)),
            ("left", offset_of!(Params, left)),
            ("right", offset_of!(Params, right)),
            ("left_stride", offset_of!(Params, left_stride)),
            ("right_stride", offset_of!(Params, right_stride)),
            ("rows_per_split", offset_of!(Params, rows_per_split)),
            ("splits", offset_of!(Params, splits)),
            ("lower", offset_of!(Params, lower)),
            ("first", offset_of!(Params, first)),
        ],
        size_of::<Params>(),
    ),
    constants: TILES,
};

const TILES: &[(&str, u32)] = &[("TILE", 64)];
const _: () = assert!(TILES[0].1 as usize == schedule::PRODUCT_TILE);

/// One block of rows; the members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Rows of the block.
    pub rows: u32,
    /// Columns of A.
    pub left: u32,
    /// Columns of B.
    pub right: u32,
    /// `vec2<f64>` from one row of A to the next.
    pub left_stride: u32,
    /// The same of B.
    pub right_stride: u32,
    /// Rows that one workgroup sums.
    pub rows_per_split: u32,
    /// Runs of that many rows in the block.
    pub splits: u32,
    /// 1 for the lower triangle alone.
    pub lower: u32,
    /// 1 for the first block.
    pub first: u32,
}

/// Records the product of one block of rows: `buffers` are A, B, partials and product, as in the shader.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: [&wgpu::Buffer; 4]) {
    let [left, right, splits] = [params.left, params.right, params.splits].map(|size| size as usize);
    let dispatches = schedule::product([left, right], splits);
    gpu.kernels().product(gpu).bind(gpu, &[params], &buffers).record(encoder, &dispatches);
}
