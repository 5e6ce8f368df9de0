//! Stage `gram` on the GPU: rows to [`Moments`], products and sums in `f32`.

use std::mem::offset_of;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{self, Binding, Spec};
use crate::gpu::transfer::{self, ReadBack};
use crate::moments::{Frame, Moments};
use crate::plan::GpuPlan;
use crate::problem::Problem;
use crate::scale::{exponent, scaled};
use crate::schedule;
use crate::view::Scalar;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "gram",
    source: include_str!("../../shaders/gram.wgsl"),
    entries: &["gram", "gram_wide", "gram_reduce", "gram_cross", "gram_cross_reduce"],
    bindings: &[
        Binding::read("rows"),
        Binding::read("weights"),
        Binding::written("partials"),
        Binding::written("moments"),
    ],
    params: (
        &[
            ("rows", offset_of!(Params, rows)),
            ("columns", offset_of!(Params, columns)),
            ("features", offset_of!(Params, features)),
            ("stride", offset_of!(Params, stride)),
            ("rows_per_split", offset_of!(Params, rows_per_split)),
            ("splits", offset_of!(Params, splits)),
            ("tile", offset_of!(Params, tile)),
            ("tiled", offset_of!(Params, tiled)),
            ("first", offset_of!(Params, first)),
        ],
        size_of::<Params>(),
    ),
    constants: &[],
};

/// One block of rows; the members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Rows of the block.
    pub rows: u32,
    /// q = n + t.
    pub columns: u32,
    /// n.
    pub features: u32,
    /// `vec4f` from one row to the next.
    pub stride: u32,
    /// Rows that one workgroup sums.
    pub rows_per_split: u32,
    /// Runs of that many rows in the block.
    pub splits: u32,
    /// Rows and columns of a tile.
    pub tile: u32,
    /// Columns of Z in tiles.
    pub tiled: u32,
    /// 1 for the first block.
    pub first: u32,
}

impl Params {
    /// The block of so many rows of a task of n features and t targets.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    pub fn new(plan: &GpuPlan, n: usize, t: usize, rows: usize, first: bool) -> Self {
        Self {
            rows: rows as u32,
            columns: (n + t) as u32,
            features: n as u32,
            stride: (plan.row_stride / 4) as u32,
            rows_per_split: plan.rows_per_split as u32,
            splits: rows.div_ceil(plan.rows_per_split) as u32,
            tile: schedule::tile(n) as u32,
            tiled: schedule::tiled(n, n + t) as u32,
            first: u32::from(first),
        }
    }
}

/// Records the sums of one block of rows: `buffers` are rows, weights, partials and moments, as in the shader.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: [&wgpu::Buffer; 4]) {
    let [features, columns, splits] = [params.features, params.columns, params.splits].map(|size| size as usize);
    let dispatches = schedule::gram(features, columns, splits);
    gpu.kernels().gram(gpu).bind(gpu, &[params], &buffers).record(encoder, &dispatches);
}

/// The centred moments of a problem. Columns are centred and scaled on the host, in `f64`; what the device
/// adds is the rounding of `f32` products and sums. The same bits whatever the plan's blocks of rows.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span), and the device's.
pub async fn gram<T: Scalar>(gpu: &Gpu, problem: &Problem<'_, T>, plan: &GpuPlan) -> Result<Moments> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let (q, width) = (n + t, plan.row_stride);
    let frame = Frame::measure(problem)?;
    // Weights in units of a power of two, so that they fit f32.
    let unit = exponent(problem.weight(problem.heaviest()));

    let scope = gpu.scope();
    let rows = gpu.storage("ridgepath.gram.rows", (plan.rows_per_chunk * width * 4) as u64);
    let weights = gpu.storage("ridgepath.gram.weights", (plan.rows_per_chunk * 4) as u64);
    let partials = gpu.storage("ridgepath.gram.partials", plan.partial_bytes());
    let sums = gpu.storage("ridgepath.gram.moments", (q * n * 4) as u64);
    kernel::prepare(gpu, &[(gpu.kernels().gram(gpu), schedule::gram(n, q, 1))]);
    scope.finish("the buffers of the Gram matrix").await?;

    let mut squares = vec![0.0; t];
    let mut block = vec![0.0f32; plan.rows_per_chunk * width];
    let mut back = None;
    for start in (0..m).step_by(plan.rows_per_chunk) {
        let count = plan.rows_per_chunk.min(m - start);
        fill(problem, &frame, start, &mut block[..count * width], width);
        let s: Vec<f32> =
            (start..start + count).map(|row| f32::round_from(scaled(problem.weight(row), -unit))).collect();
        problem.y().visit(start, count, |row, target, value| {
            if problem.weight(row) > 0.0 {
                squares[target] += problem.weight(row) * frame.apply(n + target, value).powi(2);
            }
        });
        let scope = gpu.scope();
        gpu.queue().write_buffer(&rows, 0, bytemuck::cast_slice(&block[..count * width]));
        gpu.queue().write_buffer(&weights, 0, bytemuck::cast_slice(&s));
        let params = Params::new(plan, n, t, count, start == 0);
        let mut encoder = gpu.encoder("ridgepath.gram");
        record(gpu, &mut encoder, params, [&rows, &weights, &partials, &sums]);
        let last = start + count == m;
        if last {
            back = Some(ReadBack::record(gpu, &mut encoder, &[(&sums, (q * n * 4) as u64)]));
        }
        gpu.submit(encoder);
        scope.finish("a block of rows").await?;
        if !last {
            // Uploads are staged in host memory until they are done: never more than one block of them.
            transfer::finish(gpu).await?;
        }
    }

    let mut moments = Moments::new(n, t);
    if let Some(back) = back {
        let parts = back.fetch(gpu).await?;
        let sums: &[f32] = bytemuck::cast_slice(&parts[0]);
        let value = |i: usize, j: usize| scaled(f64::from(sums[j * q + i]), unit);
        moments.gram = DMatrix::from_fn(n, n, |i, j| if i >= j { value(i, j) } else { 0.0 });
        moments.cross = DMatrix::from_fn(n, t, |i, target| value(n + target, i));
    }
    moments.rows = m;
    moments.positive_rows = frame.positive_rows;
    moments.weight_sum = problem.weight_sum();
    (moments.means, moments.lows) = frame.means();
    moments.squares = squares;
    moments.exponents = frame.exponents;
    Ok(moments)
}

/// Rows `start ..` of [X | Y], centred and scaled, as `f32` row after row; rows of weight 0 as zeros.
fn fill<T: Scalar>(problem: &Problem<'_, T>, frame: &Frame, start: usize, block: &mut [f32], width: usize) {
    const ROWS: usize = 256;
    let n = problem.features();
    block.par_chunks_mut(ROWS * width).enumerate().for_each(|(part, block)| {
        let first = start + part * ROWS;
        let count = block.len() / width;
        let mut set = |row: usize, j: usize, value: f64| {
            let value = if problem.weight(row) > 0.0 { frame.apply(j, value) } else { 0.0 };
            block[(row - first) * width + j] = f32::round_from(value);
        };
        problem.x().visit(first, count, &mut set);
        problem.y().visit(first, count, |row, target, value| set(row, n + target, value));
    });
}
