//! Stage `gram` on the GPU: rows to [`Moments`].

use std::mem::offset_of;
use std::ops::Range;
use std::sync::OnceLock;

use nalgebra::DMatrix;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{self, Binding, Spec};
use crate::gpu::rows::{FramedByHost, Given, Source, number_bytes};
use crate::gpu::shares::{self, Share, Shares};
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
/// [Several devices](Gpu::sharing) share rows that are [two parts](GramPlan::rows_per_part) or more.
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
    let (rows, roots, width) = (&rows, &roots[..], plan.row_stride);
    let squares = OnceLock::new();
    let meanwhile = || {
        squares.get_or_init(|| rows.target_squares());
    };
    let sums = match (Given::fits(rows, plan), plan.precision) {
        (true, _) => summed(gpu, plan, m, [n, t], |gpu| Given::new(gpu, rows, roots, plan), &meanwhile).await?,
        (false, Precision::Single) => {
            let fill = |start: usize, block: &mut [f32]| fill(rows, roots, start, block, width);
            summed(gpu, plan, m, [n, t], |_| FramedByHost::new(width, fill), &meanwhile).await?
        }
        (false, Precision::Double) => {
            let fill = |start: usize, block: &mut [f64]| fill(rows, roots, start, block, width);
            summed(gpu, plan, m, [n, t], |_| FramedByHost::new(width, fill), &meanwhile).await?
        }
    };
    let unit = rows.unit();
    let gram = DMatrix::from_fn(n, n, |i, j| if i >= j { scaled(sums[(i, j)], unit) } else { 0.0 });
    let cross = DMatrix::from_fn(n, t, |i, target| scaled(sums[(n + target, i)], unit));
    let squares = squares.into_inner().unwrap_or_else(|| rows.target_squares());
    Ok(Moments::of_framed(rows, gram, cross, squares))
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
    summed(gpu, plan, m, [n, t], |_| FramedByHost::new(plan.row_stride, &fill), &|| ()).await
}

/// ZᵀZ of `m` rows; of no rows, 0. Each of several devices sums parts of the rows, whose sums are added in the order of the rows:
/// so their bits do not depend on who summed which. `meanwhile` is called while a device sums.
async fn summed<S: Source>(
    gpu: &Gpu,
    plan: &GramPlan,
    m: usize,
    [n, t]: [usize; 2],
    source: impl Fn(&Gpu) -> S,
    meanwhile: &impl Fn(),
) -> Result<DMatrix<f64>> {
    let parts = shares::parts_of_rows(gpu, plan, m);
    let shares = Shares::new(gpu, parts.len(), |rates| plan.speed(rates));
    shares.done(|share| sum_share(share, &parts, (plan, [n, t]), &source, meanwhile)).await?;
    let sums = shares.found().into_iter().reduce(|mut sum, part| {
        sum += part;
        sum
    });
    Ok(sums.unwrap_or_else(|| DMatrix::zeros(n + t, n)))
}

/// A device's share of the parts.
async fn sum_share<S: Source>(
    share: Share<'_, DMatrix<f64>>,
    parts: &[Range<usize>],
    (plan, [n, t]): (&GramPlan, [usize; 2]),
    source: &impl Fn(&Gpu) -> S,
    meanwhile: &impl Fn(),
) -> Result<()> {
    let gpu = share.gpu();
    let most = parts.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    let mut summer = Summer::new(gpu, plan, most, [n, t], source).await?;
    let mut before: Option<(usize, ReadBack)> = None;
    // The sums of a part come back while the next are made.
    loop {
        let next = match share.next(1) {
            Some(part) => Some((part.start, summer.sum(parts[part.start].clone()).await?)),
            None => None,
        };
        if next.is_none() {
            meanwhile();
        }
        if let Some((part, back)) = before {
            let back = back.fetch(gpu).await?;
            let values = |at: usize| match plan.precision {
                Precision::Single => f64::from(bytemuck::cast_slice::<u8, f32>(&back[0])[at]),
                Precision::Double => bytemuck::cast_slice::<u8, f64>(&back[0])[at],
            };
            share.found(part, [DMatrix::from_iterator(n + t, n, (0..(n + t) * n).map(values))]);
        }
        match next {
            Some(next) => before = Some(next),
            None => return Ok(()),
        }
    }
}

/// A device that sums ZᵀZ of rows, block after block: while it sums one, the host writes the next.
struct Summer<'a, S> {
    gpu: &'a Gpu,
    plan: &'a GramPlan,
    columns: [usize; 2],
    source: S,
    uploads: Uploads,
    rows: wgpu::Buffer,
    partials: wgpu::Buffer,
    moments: wgpu::Buffer,
}

impl<'a, S: Source> Summer<'a, S> {
    /// Allocates for blocks of as many rows as the plan has, of so many rows at the most.
    async fn new(
        gpu: &'a Gpu,
        plan: &'a GramPlan,
        most: usize,
        [n, t]: [usize; 2],
        source: &impl Fn(&Gpu) -> S,
    ) -> Result<Self> {
        let (q, most) = (n + t, plan.rows_per_chunk.min(most));
        let element = number_bytes(plan.precision);
        let scope = gpu.scope();
        let source = source(gpu);
        let rows = gpu.storage("ridgepath.gram.rows", (most * plan.row_stride * element) as u64);
        let partials = gpu.storage("ridgepath.gram.partials", plan.partial_bytes);
        let moments = gpu.storage("ridgepath.gram.moments", (q * n * element) as u64);
        let sums = match plan.precision {
            Precision::Single => (gpu.kernel(&SPEC), schedule::gram(n, q, 1)),
            Precision::Double => (gpu.kernel(&product::SPEC), schedule::product([q, n], 1)),
        };
        let framed = plan.given.map(|_| {
            let dispatches = schedule::frame(plan.precision, [n, plan.row_stride], 1);
            (gpu.kernel(frame::spec(plan.precision)), dispatches)
        });
        kernel::prepare(&Vec::from_iter(framed.into_iter().chain([sums])));
        scope.finish("the buffers of the Gram matrix").await?;
        let uploads = Uploads::new("ridgepath.gram.upload", source.bytes(most) as u64);
        Ok(Self { gpu, plan, columns: [n, t], source, uploads, rows, partials, moments })
    }

    /// Sums some rows, one at least; what comes back is on its way.
    async fn sum(&mut self, all: Range<usize>) -> Result<ReadBack> {
        let Self { gpu, plan, columns: [n, t], .. } = *self;
        let Self { source, uploads, rows, partials, moments, .. } = self;
        let buffers = Buffers { rows, partials, moments };
        let bytes = ((n + t) * n * number_bytes(plan.precision)) as u64;
        let mut start = all.start;
        loop {
            let count = plan.rows_per_chunk.min(all.end - start);
            uploads.ready(gpu).await?;
            let scope = gpu.scope();
            let staged = match uploads.write(gpu, |to| source.write(start..start + count, to)) {
                Ok(staged) => staged,
                Err(error) => return scope.finish("a block of rows").await.and(Err(error)),
            };
            let mut encoder = gpu.encoder("ridgepath.gram");
            source.record(gpu, &mut encoder, count, staged, rows);
            record_block(gpu, &mut encoder, plan, (n, t), (count, start == all.start), buffers);
            let last = start + count >= all.end;
            let back = last.then(|| ReadBack::record(gpu, &mut encoder, &[(moments, bytes)]));
            gpu.submit(encoder);
            uploads.submitted(gpu);
            scope.finish("a block of rows").await?;
            if let Some(back) = back {
                return Ok(back);
            }
            start += count;
        }
    }
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
