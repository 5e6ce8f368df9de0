//! Stage `residues` on the GPU: rows to [`Moments`] by exact sums of products of integers, which the device knows by their residues.
//!
//! Ozaki, Uchino and Imamura (2025). Each column, times a power of two, is rounded to integers once; all that follows is exact up to
//! the one rounding of each sum to a double. So the bits do not depend on the device, on the order of the rows, or on how they are cut.

use std::marker::PhantomData;
use std::mem::offset_of;
use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{self, Binding, Spec};
use crate::gpu::shares::{self, Share, Shares};
use crate::gpu::transfer::{self, ReadBack};
use crate::math::lanes::vectorized;
use crate::math::powers::scaled;
use crate::math::residues::{MODULI, Remainder, add, scale};
use crate::math::scalar::Scalar;
use crate::math::threads::at_least;
use crate::moments::Moments;
use crate::plan::GramPlan;
use crate::plan::gpu::schedule::ResidueTiles;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "residues",
    source: include_str!("../../../shaders/residues.wgsl"),
    entries: &[
        "residues_split",
        "residues_tile",
        "residues_tile_wide",
        "residues_reduce",
        "residues_cross",
        "residues_cross_reduce",
    ],
    wide: None,
    bindings: &[
        Binding::read("integers"),
        Binding::written("residues"),
        Binding::written("partials"),
        Binding::written("sums"),
    ],
    params: (
        &[
            ("moduli", offset_of!(Params, moduli)),
            ("row_fours", offset_of!(Params, row_fours)),
            ("stride", offset_of!(Params, stride)),
            ("features", offset_of!(Params, features)),
            ("fours_per_split", offset_of!(Params, fours_per_split)),
            ("tile", offset_of!(Params, tile)),
            ("tiled", offset_of!(Params, tiled)),
            ("count", offset_of!(Params, count)),
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
    /// Each modulus, ⌊2²⁰ / modulus⌋, and the residues of the first eight powers of 256, a byte each.
    pub moduli: [[u32; 4]; MODULI.len()],
    /// Fours of rows of the block.
    pub row_fours: u32,
    /// Fours of columns of Z.
    pub stride: u32,
    /// n.
    pub features: u32,
    /// Fours of rows that one workgroup sums.
    pub fours_per_split: u32,
    /// Rows and columns of a tile.
    pub tile: u32,
    /// Fours of columns of Z in tiles.
    pub tiled: u32,
    /// Moduli.
    pub count: u32,
    /// 1 for the first block.
    pub first: u32,
}

impl Params {
    /// The block of so many rows of a task of n features and t targets.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    pub fn new(plan: &GramPlan, n: usize, t: usize, rows: usize, first: bool) -> Self {
        let tiles = ResidueTiles::new(n, t);
        let weights = |modulus: u32, powers: Range<u32>| {
            let residue = |power: u32| (1u64 << (8 * power)) % u64::from(modulus);
            u32::from_le_bytes(std::array::from_fn(|at| residue(powers.start + at as u32) as u8))
        };
        Self {
            moduli: MODULI
                .map(|modulus| [modulus, (1 << 20) / modulus, weights(modulus, 0..4), weights(modulus, 4..8)]),
            row_fours: rows.div_ceil(4) as u32,
            stride: tiles.stride as u32,
            features: n as u32,
            fours_per_split: (plan.rows_per_split / 4) as u32,
            tile: tiles.tile as u32,
            tiled: tiles.tiled as u32,
            count: plan.moduli.unwrap_or(MODULI.len()) as u32,
            first: u32::from(first),
        }
    }
}

/// The shader's storage buffers.
#[derive(Debug, Clone, Copy)]
pub struct Buffers<'a> {
    /// The block of rows of Z, in integers of 64 bits.
    pub integers: &'a wgpu::Buffer,
    /// Their residues by each modulus.
    pub residues: &'a wgpu::Buffer,
    /// Sums of each run of rows.
    pub partials: &'a wgpu::Buffer,
    /// The sums of all blocks so far.
    pub sums: &'a wgpu::Buffer,
}

/// Records the sums of one block of rows.
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, params: Params, buffers: Buffers<'_>) {
    let Buffers { integers, residues, partials, sums } = buffers;
    let Params { row_fours, stride, features, fours_per_split, tile, tiled, count, .. } = params;
    let [rows, splits] = [4 * row_fours, row_fours.div_ceil(fours_per_split)].map(|size| size as usize);
    let [features, stride, tile, tiled] = [features, stride, tile, tiled].map(|size| size as usize);
    let dispatches = ResidueTiles { features, stride, tile, tiled }.dispatches(rows, splits, count as usize);
    gpu.kernel(&SPEC).bind(&[params], &[integers, residues, partials, sums]).record(encoder, &dispatches);
}

/// The centred moments of a problem, from a plan with moduli. Columns are centred and scaled on the host, in `f64`, and rows
/// multiplied by the roots of their weights; each column is then rounded once, to integers.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span), and the device's.
pub async fn gram(gpu: &Gpu, problem: &Problem<'_>, plan: &GramPlan) -> Result<Moments> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    Moments::check_numbers(n, t)?;
    let rows = Framed::centred(problem)?;
    let (roots, width) = (rows.roots(0..m), plan.row_stride);
    let fill = |start: usize, block: &mut [f64]| {
        rows.rows_to(start, &roots[start..start + block.len() / width], block, width);
    };
    let Sums { products, squares } = sums(gpu, plan, m, ([n, t], rows.unit()), fill).await?;
    let gram = DMatrix::from_fn(n, n, |i, j| if i >= j { products[(i, j)] } else { 0.0 });
    let cross = DMatrix::from_fn(n, t, |i, target| products[(n + target, i)]);
    Ok(Moments::of_framed(&rows, gram, cross, squares))
}

/// Sums of products of columns of Z = [X | Y].
pub(crate) struct Sums {
    /// Of all columns with those of X, q × n, on and below the diagonal.
    pub(crate) products: DMatrix<f64>,
    /// Σ y² of each target.
    pub(crate) squares: Vec<f64>,
}

/// The sums of `m` rows of n + t columns, times 2^`unit`, by one device or several, with the same bits. `fill` puts rows from a number
/// on into a block of whole rows, `row_stride` apart, that holds zeros or rows put there before. It is called twice for each row.
pub(crate) async fn sums<A: Scalar>(
    gpu: &Gpu,
    plan: &GramPlan,
    m: usize,
    ([n, t], unit): ([usize; 2], i32),
    fill: impl Fn(usize, &mut [A]),
) -> Result<Sums> {
    let (width, count) = (plan.row_stride, plan.moduli.unwrap_or(MODULI.len()));
    let columns = Columns::new(m, [n, t], width, count, fill);
    let parts = shares::parts_of_rows(gpu, plan, m);
    let shares = Shares::new(gpu, parts.len(), |rates| plan.speed(rates));
    shares.done(|share| sum_share(share, &parts, plan, &columns)).await?;
    let all = shares.found().into_iter().reduce(|mut all, Part { residues, squares }| {
        let each = n * width;
        all.residues
            .par_chunks_mut(each)
            .zip(residues.par_chunks(each))
            .zip(MODULI)
            .for_each(|((all, own), modulus)| add(modulus, all, own));
        all.squares.iter_mut().zip(squares).for_each(|(all, own)| *all += own);
        all
    });
    Ok(match all {
        Some(Part { residues, squares }) => columns.restored(&residues, &squares, unit),
        None => Sums { products: DMatrix::zeros(n + t, n), squares: vec![0.0; t] },
    })
}

/// The sums of some of the rows, in integers.
struct Part {
    /// Of products, by each modulus, as the device holds them.
    residues: Vec<u8>,
    /// Σ y² of each target.
    squares: Vec<u128>,
}

/// A device's share of the parts of the rows.
async fn sum_share<A: Scalar, F: Fn(usize, &mut [A])>(
    share: Share<'_, Part>,
    parts: &[Range<usize>],
    plan: &GramPlan,
    columns: &Columns<A, F>,
) -> Result<()> {
    let gpu = share.gpu();
    let Columns { features: n, targets: t, width, moduli: count, .. } = *columns;
    let most = parts.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    let scope = gpu.scope();
    let block_rows = plan.rows_per_chunk.min(most.next_multiple_of(4));
    let bytes = (count * n * width) as u64;
    let integers = gpu.storage("ridgepath.residues.integers", (8 * block_rows * width) as u64);
    let residues = gpu.storage("ridgepath.residues.residues", (count * block_rows * width) as u64);
    let partials = gpu.storage("ridgepath.residues.partials", plan.partial_bytes);
    let sums = gpu.storage("ridgepath.residues.sums", bytes);
    let buffers = Buffers { integers: &integers, residues: &residues, partials: &partials, sums: &sums };
    kernel::prepare(&[(gpu.kernel(&SPEC), ResidueTiles::new(n, t).dispatches(4, 1, count))]);
    scope.finish("the buffers of the Gram matrix").await?;

    let (mut filled, mut block) = (columns.room(), vec![0i64; block_rows * width]);
    let mut before = None;
    while let Some(part) = share.next(1) {
        let rows = parts[part.start].clone();
        let (mut squares, mut back) = (vec![0; t], None);
        for start in rows.clone().step_by(plan.rows_per_chunk) {
            let count = plan.rows_per_chunk.min(rows.end - start);
            let block = &mut block[..count.next_multiple_of(4) * width];
            // While the device sums the block before.
            columns.integers(start, count, &mut filled, block, &mut squares);
            if let Some(before) = before.take() {
                // Uploads are staged in host memory until they are done: never more than one block of them.
                transfer::finish(gpu, before).await?;
            }
            let scope = gpu.scope();
            gpu.queue().write_buffer(&integers, 0, bytemuck::cast_slice(block));
            let mut encoder = gpu.encoder("ridgepath.residues");
            record(gpu, &mut encoder, Params::new(plan, n, t, count, start == rows.start), buffers);
            if start + count == rows.end {
                back = Some(ReadBack::record(gpu, &mut encoder, &[(&sums, bytes)]));
            }
            gpu.submit(encoder);
            scope.finish("a block of rows").await?;
            before = Some(transfer::submitted(gpu));
        }
        if let Some(back) = back {
            let residues = back.fetch(gpu).await?.swap_remove(0);
            share.found(part.start, [Part { residues, squares }]);
        }
    }
    Ok(())
}

/// Numbers that are converted at a time.
const NUMBERS: usize = 1 << 20;
/// Rows that one task converts.
const RUN: usize = 64;
/// Squares are summed in units of 2^−`SMALL`: the root of the least weight, beside the greatest, is no less than 2^−537.
const SMALL: i32 = 250;

/// The columns of Z as integers.
struct Columns<A, F> {
    features: usize,
    targets: usize,
    /// Numbers from one row to the next.
    width: usize,
    moduli: usize,
    /// Rows that are filled in at a time.
    at_once: usize,
    fill: F,
    /// Column j of [X | Y] is in units of 2^−`exponents[j]`.
    exponents: Vec<i32>,
    element: PhantomData<A>,
}

impl<A: Scalar, F: Fn(usize, &mut [A])> Columns<A, F> {
    /// Measures the columns of m rows.
    fn new(m: usize, [features, targets]: [usize; 2], width: usize, moduli: usize, fill: F) -> Self {
        let at_once = (NUMBERS / width).max(1).next_multiple_of(RUN).min(m);
        let (exponents, element) = (Vec::new(), PhantomData);
        let mut columns = Self { features, targets, width, moduli, at_once, fill, exponents, element };
        let mut all = vec![0.0; features + targets];
        let mut rows = columns.room();
        for start in (0..m).step_by(at_once.max(1)) {
            let rows = &mut rows[..at_once.min(m - start) * width];
            (columns.fill)(start, rows);
            let runs = rows.par_chunks(RUN * width).with_min_len(at_least(RUN * width));
            let runs: Vec<Vec<f64>> = runs.map(|rows| sums_of_squares(rows, width, all.len())).collect();
            runs.iter().for_each(|run| all.iter_mut().zip(run).for_each(|(sum, run)| *sum += run));
        }
        columns.exponents = all.into_iter().map(|sum| if sum > 0.0 { scale(sum, moduli) + SMALL } else { 0 }).collect();
        columns
    }

    /// Room for rows to be filled in.
    fn room(&self) -> Vec<A> {
        vec![A::zero(); self.at_once * self.width]
    }

    /// Rows from `start` on as integers, zeros after them to the end of the block, and Σ y² of each target added to others. Rows are
    /// filled in by way of [room](Self::room).
    fn integers(&self, start: usize, count: usize, rows: &mut [A], block: &mut [i64], squares: &mut [u128]) {
        let (n, q, width) = (self.features, self.features + self.targets, self.width);
        let factors: Vec<f64> = self.exponents.iter().map(|exponent| scaled(1.0, *exponent)).collect();
        let first_target = n.next_multiple_of(4);
        block[count * width..].fill(0);
        for (part, block) in block[..count * width].chunks_mut(self.at_once * width).enumerate() {
            let rows = &mut rows[..block.len()];
            (self.fill)(start + part * self.at_once, rows);
            let runs = rows.par_chunks(RUN * width).zip(block.par_chunks_mut(RUN * width));
            let convert = |(rows, block): (&[A], &mut [i64])| {
                let mut squares = vec![0u128; q - n];
                for (row, to) in rows.chunks(width).zip(block.chunks_mut(width)) {
                    let (to_x, to_y) = to.split_at_mut(first_target);
                    round(&row[..n], &factors[..n], to_x);
                    round(&row[n..q], &factors[n..], to_y);
                    for (square, y) in squares.iter_mut().zip(to_y) {
                        *square += u128::from(y.unsigned_abs()).pow(2);
                    }
                }
                squares
            };
            let runs: Vec<Vec<u128>> = runs.with_min_len(at_least(4 * RUN * width)).map(convert).collect();
            runs.iter().for_each(|run| squares.iter_mut().zip(run).for_each(|(sum, run)| *sum += run));
        }
    }

    /// The sums, from their residues as the device holds them, times 2^`unit`.
    #[expect(clippy::cast_precision_loss, reason = "the one rounding of a sum")]
    fn restored(&self, residues: &[u8], squares: &[u128], unit: i32) -> Sums {
        let Self { features: n, targets, width, moduli, exponents, .. } = self;
        let (n, q, width, moduli) = (*n, n + targets, *width, *moduli);
        let remainder = Remainder::new(moduli);
        let mut products = DMatrix::zeros(q, n);
        let each = products.as_mut_slice().par_chunks_mut(q).with_min_len(at_least(16 * moduli * q)).enumerate();
        each.for_each(|(j, column)| {
            for (i, to) in column.iter_mut().enumerate().skip(j) {
                let row = if i < n { i } else { n.next_multiple_of(4) + i - n };
                let of = |modulus: usize| residues[(modulus * n + j) * width + row];
                let sum = remainder.of((0..moduli).map(of));
                *to = scaled(sum as f64, unit - exponents[i] - exponents[j]);
            }
        });
        let squares = squares.iter().zip(&exponents[n..]);
        Sums { products, squares: squares.map(|(sum, e)| scaled(*sum as f64, unit - 2 * e)).collect() }
    }
}

/// Σ x² of the first q columns of some rows, in units of 2^−[`SMALL`].
fn sums_of_squares<A: Scalar>(rows: &[A], width: usize, q: usize) -> Vec<f64> {
    let mut sums = vec![0.0; q];
    let unit = scaled(1.0, SMALL);
    vectorized(
        #[inline(always)]
        || {
            for row in rows.chunks(width) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    let value = Into::<f64>::into(*value) * unit;
                    *sum += value * value;
                }
            }
        },
    );
    sums
}

/// Numbers times powers of two as integers, which are below 2⁶².
#[expect(clippy::cast_possible_truncation, reason = "a whole number")]
fn round<A: Scalar>(values: &[A], factors: &[f64], to: &mut [i64]) {
    vectorized(
        #[inline(always)]
        || {
            for ((value, factor), to) in values.iter().zip(factors).zip(to.iter_mut()) {
                *to = (Into::<f64>::into(*value) * factor).round_ties_even() as i64;
            }
        },
    );
}
