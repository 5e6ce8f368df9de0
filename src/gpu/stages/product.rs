//! Stage `product` on the GPU: P = AᵀB in 64-bit floats, on devices whose shaders have them.

use std::mem::offset_of;

use nalgebra::DMatrix;

use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{self, Binding, Spec};
use crate::gpu::transfer::ReadBack;
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
    gpu.kernel(&SPEC).bind(&[params], &buffers).record(encoder, &dispatches);
}

/// A symmetric matrix on the device, to be multiplied with many vectors at a time.
#[derive(Debug)]
pub(crate) struct Symmetric {
    order: usize,
    /// Row after row of whole pairs.
    matrix: wgpu::Buffer,
    vectors: wgpu::Buffer,
    partials: wgpu::Buffer,
    product: wgpu::Buffer,
}

impl Symmetric {
    /// Uploads the matrix, of which the lower triangle counts, and makes room for so many vectors.
    pub(crate) fn new(gpu: &Gpu, matrix: &DMatrix<f64>, vectors: usize) -> Self {
        let n = matrix.nrows();
        let stride = n.next_multiple_of(2);
        let [shared, staged, partial] = schedule::symmetric_elements(n, vectors);
        let buffer = |label, elements| gpu.storage(label, 8 * elements as u64);
        let own = Self {
            order: n,
            matrix: buffer("ridgepath.product.a", shared),
            vectors: buffer("ridgepath.product.b", staged),
            partials: buffer("ridgepath.product.partials", partial),
            product: buffer("ridgepath.product.product", staged),
        };
        let mut rows = vec![0.0f64; n * stride];
        for j in 0..n {
            for i in j..n {
                rows[j * stride + i] = matrix[(i, j)];
                rows[i * stride + j] = matrix[(i, j)];
            }
        }
        gpu.queue().write_buffer(&own.matrix, 0, bytemuck::cast_slice(&rows));
        kernel::prepare(&[(gpu.kernel(&SPEC), schedule::product([n, vectors], 1))]);
        own
    }

    /// The matrix times vectors, n × any even number of them that there is room for.
    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    pub(crate) async fn times(&self, gpu: &Gpu, vectors: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let (n, columns) = vectors.shape();
        let rows_per_split = schedule::symmetric_split(n);
        let params = Params {
            rows: n as u32,
            left: n as u32,
            right: columns as u32,
            left_stride: self.order.div_ceil(2) as u32,
            right_stride: (columns / 2) as u32,
            rows_per_split: rows_per_split as u32,
            splits: n.div_ceil(rows_per_split) as u32,
            lower: 0,
            first: 1,
        };
        let scope = gpu.scope();
        gpu.queue().write_buffer(&self.vectors, 0, bytemuck::cast_slice(vectors.transpose().as_slice()));
        let mut encoder = gpu.encoder("ridgepath.product");
        record(gpu, &mut encoder, params, [&self.matrix, &self.vectors, &self.partials, &self.product]);
        let back = ReadBack::record(gpu, &mut encoder, &[(&self.product, (8 * n * columns) as u64)]);
        gpu.submit(encoder);
        scope.finish("the products of a residual").await?;
        let parts = back.fetch(gpu).await?;
        Ok(DMatrix::from_column_slice(n, columns, bytemuck::cast_slice(&parts[0])))
    }
}
