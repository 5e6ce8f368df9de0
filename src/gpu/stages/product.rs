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
}

/// Room on the device for the products of symmetric matrices, one at a time, with many vectors.
#[derive(Debug)]
pub(crate) struct Products {
    vectors: wgpu::Buffer,
    partials: wgpu::Buffer,
    product: wgpu::Buffer,
}

impl Products {
    /// Makes room for products of matrices of order n with `vectors` vectors.
    pub(crate) fn new(gpu: &Gpu, n: usize, vectors: usize) -> Self {
        let [_, staged, partial] = schedule::symmetric_elements(n, vectors);
        let buffer = |label, elements| gpu.storage(label, 8 * elements as u64);
        kernel::prepare(&[(gpu.kernel(&SPEC), schedule::product([n, vectors], 1))]);
        Self {
            vectors: buffer("ridgepath.product.b", staged),
            partials: buffer("ridgepath.product.partials", partial),
            product: buffer("ridgepath.product.product", staged),
        }
    }

    /// The matrix times vectors, n × any even number of them that there is room for.
    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    pub(crate) async fn of(&self, gpu: &Gpu, matrix: &Symmetric, vectors: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let (n, columns) = vectors.shape();
        let rows_per_split = schedule::symmetric_split(n);
        let params = Params {
            rows: n as u32,
            left: n as u32,
            right: columns as u32,
            left_stride: matrix.order.div_ceil(2) as u32,
            right_stride: (columns / 2) as u32,
            rows_per_split: rows_per_split as u32,
            splits: n.div_ceil(rows_per_split) as u32,
            lower: 0,
            first: 1,
        };
        let Self { vectors: b, partials, product } = self;
        let scope = gpu.scope();
        gpu.queue().write_buffer(b, 0, bytemuck::cast_slice(vectors.transpose().as_slice()));
        let mut encoder = gpu.encoder("ridgepath.product");
        record(gpu, &mut encoder, params, Buffers { a: &matrix.matrix, b, partials, product });
        let back = ReadBack::record(gpu, &mut encoder, &[(product, (8 * n * columns) as u64)]);
        gpu.submit(encoder);
        scope.finish("the products of a residual").await?;
        let parts = back.fetch(gpu).await?;
        Ok(DMatrix::from_column_slice(n, columns, bytemuck::cast_slice(&parts[0])))
    }
}
