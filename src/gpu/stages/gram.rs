//! Stage `gram` on the GPU: rows to [`Moments`].

use std::mem::offset_of;

use nalgebra::DMatrix;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{self, Binding, Spec};
use crate::gpu::rows::{FramedByHost, Given, Source};
use crate::gpu::stages::{frame, product, residues};
use crate::gpu::transfer::ReadBack;
use crate::gpu::upload::Uploads;
use crate::math::powers::scaled;
use crate::math::scalar::Scalar;
use crate::model::method::Precision;
use crate::moments::Moments;
use crate::plan::GramPlan;
use crate::plan::gpu::schedule;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "gram",
    source: include_str!("../../../shaders/gram.wgsl"),
    entries: &["gram", "gram_wide", "gram_reduce", "gram_cross", "gram_cross_reduce"],
    wide: None,
    bindings: &[Binding::read("rows"), Binding::written("partials"), Binding::written("moments")],
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
    pub fn new(plan: &GramPlan, n: usize, t: usize, rows: usize, first: bool) -> Self {
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

/// The shader's storage buffers.
#[derive(Debug, Clone, Copy)]
pub struct Buffers<'a> {
    /// The block of rows of [X | Y].
    pub rows: &'a wgpu::Buffer,
    /// Sums of each run of rows.
    pub partials: &'a wgpu::Buffer,
    /// The sums of all blocks so far.
    pub moments: &'a wgpu::Buffer,
}

/// Records the sums of one block of rows, in `f32`.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: Buffers<'_>) {
    let Buffers { rows, partials, moments } = buffers;
    let [features, columns, splits] = [params.features, params.columns, params.splits].map(|size| size as usize);
    let dispatches = schedule::gram(features, columns, splits);
    gpu.kernel(&SPEC).bind(&[params], &[rows, partials, moments]).record(encoder, &dispatches);
}

/// The centred moments of a problem, products and sums in the arithmetic of the plan. Rows go to the device as they were given,
/// and are centred, scaled and weighted there; where the plan does not say so, or columns are out of the range in which that loses
/// no digits, by the host, in `f64`. The bits do not depend on the plan's blocks of rows.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span), and the device's.
pub async fn gram(gpu: &Gpu, problem: &Problem<'_>, plan: &GramPlan) -> Result<Moments> {
    if plan.moduli.is_some() {
        return residues::gram(gpu, problem, plan).await;
    }
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    Moments::check_numbers(n, t)?;
    let rows = Framed::centred(problem)?;
    let roots = rows.roots(0..m);
    let scope = gpu.scope();
    let given = Given::new(gpu, &rows, &roots, plan);
    scope.finish("the buffers of the rows").await?;
    let width = plan.row_stride;
    let back = match (&given, plan.precision) {
        (Some(given), _) => summed(gpu, plan, m, [n, t], given).await?,
        (None, Precision::Single) => {
            let fill = |start: usize, block: &mut [f32]| fill(&rows, &roots, start, block, width);
            summed(gpu, plan, m, [n, t], &FramedByHost::new(width, fill)).await?
        }
        (None, Precision::Double) => {
            let fill = |start: usize, block: &mut [f64]| fill(&rows, &roots, start, block, width);
            summed(gpu, plan, m, [n, t], &FramedByHost::new(width, fill)).await?
        }
    };
    // While the device sums the last block.
    let squares = rows.target_squares();
    let sums = match plan.precision {
        Precision::Single => fetched::<f32>(gpu, back, [n, t]).await?,
        Precision::Double => fetched::<f64>(gpu, back, [n, t]).await?,
    };
    let unit = rows.unit();
    let gram = DMatrix::from_fn(n, n, |i, j| if i >= j { scaled(sums[(i, j)], unit) } else { 0.0 });
    let cross = DMatrix::from_fn(n, t, |i, target| scaled(sums[(n + target, i)], unit));
    Ok(Moments::of_framed(&rows, gram, cross, squares))
}

/// Rows from `start` on times their roots, row after row, as many as the block has room for.
fn fill<A: Scalar>(rows: &Framed<'_>, roots: &[f64], start: usize, block: &mut [A], width: usize) {
    rows.rows_to(start, &roots[start..start + block.len() / width], block, width);
}

/// The product ZᵀZ of `m` rows that the host frames, q × n of n + t columns, on and below the diagonal. `fill` puts rows from a
/// number on into a block of whole rows, `row_stride` apart, that holds zeros or rows put there before.
pub(crate) async fn sums<A: Scalar + bytemuck::Pod>(
    gpu: &Gpu,
    plan: &GramPlan,
    m: usize,
    [n, t]: [usize; 2],
    fill: impl Fn(usize, &mut [A]),
) -> Result<DMatrix<f64>> {
    if plan.moduli.is_some() {
        return residues::sums(gpu, plan, m, ([n, t], 0), fill).await.map(|sums| sums.products);
    }
    let back = summed(gpu, plan, m, [n, t], &FramedByHost::new(plan.row_stride, fill)).await?;
    fetched::<A>(gpu, back, [n, t]).await
}

/// ZᵀZ as it comes back from the device; of no rows, 0.
async fn fetched<A: Scalar + bytemuck::Pod>(
    gpu: &Gpu,
    back: Option<ReadBack>,
    [n, t]: [usize; 2],
) -> Result<DMatrix<f64>> {
    let Some(back) = back else { return Ok(DMatrix::zeros(n + t, n)) };
    let parts = back.fetch(gpu).await?;
    let values: &[A] = bytemuck::cast_slice(&parts[0]);
    Ok(DMatrix::from_iterator(n + t, n, values.iter().map(|value| (*value).into())))
}

/// Sums ZᵀZ of `m` rows block after block: while the device sums one, the host writes the next. What comes back is on its way, if
/// there are rows.
async fn summed(
    gpu: &Gpu,
    plan: &GramPlan,
    m: usize,
    [n, t]: [usize; 2],
    source: &impl Source,
) -> Result<Option<ReadBack>> {
    let (q, most) = (n + t, plan.rows_per_chunk.min(m));
    let element = match plan.precision {
        Precision::Single => size_of::<f32>(),
        Precision::Double => size_of::<f64>(),
    };
    let scope = gpu.scope();
    let rows = gpu.storage("ridgepath.gram.rows", (most * plan.row_stride * element) as u64);
    let partials = gpu.storage("ridgepath.gram.partials", plan.partial_bytes);
    let moments = gpu.storage("ridgepath.gram.moments", (q * n * element) as u64);
    let sums = match plan.precision {
        Precision::Single => (gpu.kernel(&SPEC), schedule::gram(n, q, 1)),
        Precision::Double => (gpu.kernel(&product::SPEC), schedule::product([q, n], 1)),
    };
    let buffers = Buffers { rows: &rows, partials: &partials, moments: &moments };
    let framed = plan.given.map(|_| {
        let dispatches = schedule::frame(plan.precision, [n, plan.row_stride], 1);
        (gpu.kernel(frame::spec(plan.precision)), dispatches)
    });
    kernel::prepare(&Vec::from_iter(framed.into_iter().chain([sums])));
    scope.finish("the buffers of the Gram matrix").await?;

    let mut uploads = Uploads::new("ridgepath.gram.upload", source.bytes(most) as u64);
    let mut back = None;
    for start in (0..m).step_by(plan.rows_per_chunk) {
        let count = plan.rows_per_chunk.min(m - start);
        uploads.ready(gpu).await?;
        let scope = gpu.scope();
        let staged = match uploads.write(gpu, |to| source.write(start..start + count, to)) {
            Ok(staged) => staged,
            Err(error) => return scope.finish("a block of rows").await.and(Err(error)),
        };
        let mut encoder = gpu.encoder("ridgepath.gram");
        source.record(gpu, &mut encoder, count, staged, &rows);
        record_block(gpu, &mut encoder, plan, (n, t), (count, start == 0), buffers);
        if start + count == m {
            back = Some(ReadBack::record(gpu, &mut encoder, &[(&moments, (q * n * element) as u64)]));
        }
        gpu.submit(encoder);
        uploads.submitted(gpu);
        scope.finish("a block of rows").await?;
    }
    Ok(back)
}

/// Records that a block of rows is summed onto the sums of the blocks before.
#[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
fn record_block(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    plan: &GramPlan,
    (n, t): (usize, usize),
    (rows, first): (usize, bool),
    buffers: Buffers<'_>,
) {
    match plan.precision {
        Precision::Single => record(gpu, encoder, Params::new(plan, n, t, rows, first), buffers),
        Precision::Double => {
            let params = product::Params {
                rows: rows as u32,
                left: (n + t) as u32,
                right: n as u32,
                left_stride: (plan.row_stride / 2) as u32,
                right_stride: (plan.row_stride / 2) as u32,
                rows_per_split: plan.rows_per_split as u32,
                splits: rows.div_ceil(plan.rows_per_split) as u32,
                lower: 1,
                first: u32::from(first),
            };
            let Buffers { rows, partials, moments } = buffers;
            let buffers = product::Buffers { a: rows, b: rows, partials, product: moments };
            product::record(gpu, encoder, params, buffers);
        }
    }
}
