//! Stage `product` on the GPU: P = AᵀB in 64-bit floats, on devices whose shaders have them.

use std::mem::offset_of;

use nalgebra::DMatrix;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::plan::gpu::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "product",
    source: include_str!("../../../shaders/product.wgsl"),
    entries: &["product_tile", "product_reduce"],
    wide: None,
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
    /// `vec2<f64>` from one row of B to the next.
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

impl Params {
    /// The products of a symmetric matrix of order n with so many vectors, an even number, in runs of rows as corrections sum them.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    pub fn symmetric(order: usize, vectors: usize) -> Self {
        let rows_per_split = schedule::symmetric_split(order);
        Self {
            rows: order as u32,
            left: order as u32,
            right: vectors as u32,
            left_stride: order.div_ceil(2) as u32,
            right_stride: (vectors / 2) as u32,
            rows_per_split: rows_per_split as u32,
            splits: order.div_ceil(rows_per_split) as u32,
            lower: 0,
            first: 1,
        }
    }
}

/// The shader's storage buffers.
#[derive(Debug, Clone, Copy)]
pub struct Buffers<'a> {
    /// The block of rows of A.
    pub a: &'a wgpu::Buffer,
    /// The block of rows of B.
    pub b: &'a wgpu::Buffer,
    /// Sums of each run of rows.
    pub partials: &'a wgpu::Buffer,
    /// P of all blocks so far.
    pub product: &'a wgpu::Buffer,
}

/// Records the product of one block of rows.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: Buffers<'_>) {
    let [left, right, splits] = [params.left, params.right, params.splits].map(|size| size as usize);
    let Buffers { a, b, partials, product } = buffers;
    let dispatches = schedule::product([left, right], splits);
    gpu.kernel(&SPEC).bind(&[params], &[a, b, partials, product]).record(encoder, &dispatches);
}

/// A symmetric matrix on the device, row after row of whole pairs.
#[derive(Debug)]
pub(crate) struct Symmetric {
    order: usize,
    matrix: wgpu::Buffer,
}

impl Symmetric {
    /// Uploads the matrix, of which the lower triangle counts.
    pub(crate) fn new(gpu: &Gpu, matrix: &DMatrix<f64>) -> Self {
        let n = matrix.nrows();
        let stride = n.next_multiple_of(2);
        let mut rows = vec![0.0f64; n * stride];
        for j in 0..n {
            for i in j..n {
                rows[j * stride + i] = matrix[(i, j)];
                rows[i * stride + j] = matrix[(i, j)];
            }
        }
        let symmetric = Self { order: n, matrix: gpu.storage("ridgepath.product.a", 8 * rows.len() as u64) };
        gpu.queue().write_buffer(&symmetric.matrix, 0, bytemuck::cast_slice(&rows));
        symmetric
    }

    /// Records the products of the matrix with vectors, n rows of `columns`, an even number, in one buffer, into another of as many
    /// elements.
    pub(crate) fn record(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        columns: usize,
        [vectors, partials, product]: [&wgpu::Buffer; 3],
    ) {
        let params = Params::symmetric(self.order, columns);
        record(gpu, encoder, params, Buffers { a: &self.matrix, b: vectors, partials, product });
    }
}
