//! How fast a device is: the kernels timed whose times a plan estimates.

use std::time::Instant;

use crate::error::{Error, Result};
use crate::gpu::context::Gpu;
use crate::gpu::stages::{gram, product, residues};
use crate::gpu::transfer::{self, ReadBack};
use crate::model::method::{Backend, Precision};
use crate::plan::gpu::{cost, schedule};
use crate::plan::{DeviceRates, GramPlan, Plan, Request, Shape};

/// The order of the Gram matrix that is timed, and its rows: enough for every multiprocessor of a large card.
const ORDER: usize = 512;
const ROWS: usize = 8192;
/// Rows of the product in 64 bits, which most devices are slow at.
const DOUBLE_ROWS: usize = 1024;
/// Of so many rows a software adapter, which is slow at everything, is given one.
const SOFTWARE: usize = 16;
/// Moduli of exact sums.
const MODULI: usize = 16;
/// Bytes copied.
const BYTES: u64 = 16 << 20;
/// Dispatches whose latency is timed together.
const DISPATCHES: usize = 64;
/// How often each is timed. The least time counts: what else the machine does only adds to it.
const ROUNDS: usize = 3;
/// Seconds below which work is repeated in one submission, and how often at most.
const SHORT: f64 = 4e-3;
const MOST: usize = 64;

impl DeviceRates {
    /// Measures the rates of a device, in about a tenth of a second on a GPU. A second measurement differs a little.
    ///
    /// # Errors
    /// The device's.
    pub async fn measure(gpu: &Gpu) -> Result<Self> {
        let round_trip = least(async || submitted(gpu, |_| ()).await).await?;
        let rates = Self {
            single: single(gpu, round_trip).await?,
            double: if gpu.adapter().limits.shader_f64 { double(gpu, round_trip).await? } else { 0.0 },
            dot4: dot4(gpu, round_trip).await?,
            upload: upload(gpu).await?,
            download: download(gpu).await?,
            dispatch: dispatch(gpu, round_trip).await?,
            round_trip,
        };
        rates.check()?;
        Ok(rates)
    }
}

/// The least of some times, a nanosecond where the clock saw none.
async fn least(time: impl AsyncFn() -> Result<f64>) -> Result<f64> {
    let mut least = f64::INFINITY;
    // The first builds pipelines.
    for _ in 0..=ROUNDS {
        least = least.min(time().await?);
    }
    Ok(least.max(1e-9))
}

/// Seconds of a submission until it is done.
async fn submitted(gpu: &Gpu, record: impl Fn(&mut wgpu::CommandEncoder)) -> Result<f64> {
    let scope = gpu.scope();
    let mut encoder = gpu.encoder("ridgepath.rates");
    record(&mut encoder);
    let begun = Instant::now();
    gpu.submit(encoder);
    scope.finish("the measurement of rates").await?;
    transfer::finish(gpu, transfer::submitted(gpu)).await?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Operations a second of work that is repeated until it is long enough to be timed.
async fn rate(gpu: &Gpu, flops: u64, round_trip: f64, record: impl Fn(&mut wgpu::CommandEncoder)) -> Result<f64> {
    let mut times = 1;
    loop {
        let seconds = least(async || submitted(gpu, |encoder| (0..times).for_each(|_| record(encoder))).await).await?;
        if seconds >= SHORT || times >= MOST {
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            return Ok(flops as f64 * times as f64 / (seconds - round_trip).max(seconds / 2.0));
        }
        times *= 4;
    }
}

fn rows_of(gpu: &Gpu, rows: usize) -> usize {
    if gpu.adapter().software { rows / SOFTWARE } else { rows }
}

async fn single(gpu: &Gpu, round_trip: f64) -> Result<f64> {
    let shape = Shape { rows: rows_of(gpu, ROWS), features: ORDER, targets: 1, penalties: 1, problems: 1 };
    let request = Request { backend: Backend::Gpu, precision: Precision::Single, ..Request::default() };
    let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits)))?;
    let plan = plan.gpu.and_then(|sizes| sizes.gram).ok_or(Error::Device { reason: "no sums are planned".into() })?;
    let rows = plan.rows_per_chunk.min(shape.rows);
    let scope = gpu.scope();
    let buffers = [
        rows * plan.row_stride * 4,
        usize::try_from(plan.partial_bytes).unwrap_or(usize::MAX),
        (ORDER + 1) * ORDER * 4,
    ];
    let [of_rows, partials, moments] = buffers.map(|bytes| gpu.storage("ridgepath.rates.gram", bytes as u64));
    scope.finish("the buffers of a measurement").await?;
    let params = gram::Params::new(&plan, ORDER, 1, rows, true);
    let flops = cost::gram(ORDER, ORDER + 1, rows, plan.rows_per_split).flops;
    let buffers = gram::Buffers { rows: &of_rows, partials: &partials, moments: &moments };
    rate(gpu, flops, round_trip, |encoder| gram::record(gpu, encoder, params, buffers)).await
}

#[expect(clippy::cast_possible_truncation, reason = "constants")]
async fn double(gpu: &Gpu, round_trip: f64) -> Result<f64> {
    let (rows, rows_per_split) = (rows_of(gpu, DOUBLE_ROWS), 256);
    let splits = rows.div_ceil(rows_per_split);
    let tile = schedule::PRODUCT_TILE;
    let elements = [rows * ORDER, splits * ORDER.div_ceil(tile).pow(2) * tile * tile, ORDER * ORDER];
    let scope = gpu.scope();
    let [of_rows, partials, sums] = elements.map(|count| gpu.storage("ridgepath.rates.product", 8 * count as u64));
    scope.finish("the buffers of a measurement").await?;
    let params = product::Params {
        rows: rows as u32,
        left: ORDER as u32,
        right: ORDER as u32,
        left_stride: (ORDER / 2) as u32,
        right_stride: (ORDER / 2) as u32,
        rows_per_split: rows_per_split as u32,
        splits: splits as u32,
        lower: 1,
        first: 1,
    };
    let flops = cost::product([ORDER, ORDER], true, rows, rows_per_split).flops;
    let buffers = product::Buffers { a: &of_rows, b: &of_rows, partials: &partials, product: &sums };
    rate(gpu, flops, round_trip, |encoder| product::record(gpu, encoder, params, buffers)).await
}

/// Of exact sums, with all that they take.
async fn dot4(gpu: &Gpu, round_trip: f64) -> Result<f64> {
    let all = rows_of(gpu, ROWS);
    let plan = GramPlan::by_residues([all, ORDER, 1], MODULI, gpu.adapter().limits, Request::default().memory_budget)?;
    let (rows, width) = (plan.rows_per_chunk.min(all), plan.row_stride);
    let partial_bytes = usize::try_from(plan.partial_bytes).unwrap_or(usize::MAX);
    let sizes = [8 * rows * width, MODULI * rows * width, partial_bytes, MODULI * ORDER * width];
    let scope = gpu.scope();
    let [integers, residues, partials, sums] = sizes.map(|bytes| gpu.storage("ridgepath.rates.residues", bytes as u64));
    scope.finish("the buffers of a measurement").await?;
    let params = residues::Params::new(&plan, ORDER, 1, rows, true);
    let tiles = schedule::ResidueTiles::new(ORDER, 1);
    let flops = cost::residues(tiles, MODULI, rows, plan.rows_per_split).flops;
    let buffers = residues::Buffers { integers: &integers, residues: &residues, partials: &partials, sums: &sums };
    rate(gpu, flops, round_trip, |encoder| residues::record(gpu, encoder, params, buffers)).await
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
async fn upload(gpu: &Gpu) -> Result<f64> {
    let scope = gpu.scope();
    let buffer = gpu.storage("ridgepath.rates.upload", BYTES);
    scope.finish("the buffers of a measurement").await?;
    let bytes = vec![1u8; usize::try_from(BYTES).unwrap_or(usize::MAX)];
    let once = async || {
        let begun = Instant::now();
        gpu.queue().write_buffer(&buffer, 0, &bytes);
        submitted(gpu, |_| ()).await?;
        Ok(begun.elapsed().as_secs_f64())
    };
    Ok(BYTES as f64 / least(once).await?)
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
async fn download(gpu: &Gpu) -> Result<f64> {
    let scope = gpu.scope();
    let buffer = gpu.storage("ridgepath.rates.download", BYTES);
    scope.finish("the buffers of a measurement").await?;
    let once = async || {
        let scope = gpu.scope();
        let mut encoder = gpu.encoder("ridgepath.rates.download");
        let back = ReadBack::record(gpu, &mut encoder, &[(&buffer, BYTES)]);
        let begun = Instant::now();
        gpu.submit(encoder);
        scope.finish("the measurement of rates").await?;
        back.fetch(gpu).await?;
        Ok(begun.elapsed().as_secs_f64())
    };
    Ok(BYTES as f64 / least(once).await?)
}

/// Of sums so small that their work is nothing: two dispatches each, each of which waits for the one before.
#[expect(clippy::cast_precision_loss, reason = "a few")]
async fn dispatch(gpu: &Gpu, round_trip: f64) -> Result<f64> {
    let scope = gpu.scope();
    let [rows, partials, sums] = [256, 8 * 64 * 64, 256].map(|bytes| gpu.storage("ridgepath.rates.dispatch", bytes));
    scope.finish("the buffers of a measurement").await?;
    let params = product::Params {
        rows: 1,
        left: 2,
        right: 2,
        left_stride: 1,
        right_stride: 1,
        rows_per_split: 8,
        splits: 1,
        lower: 0,
        first: 1,
    };
    let plain = gram::Params {
        rows: 1,
        columns: 3,
        features: 2,
        stride: 1,
        rows_per_split: 16,
        splits: 1,
        tile: 64,
        tiled: 3,
        first: 1,
    };
    let double = gpu.adapter().limits.shader_f64;
    let record = |encoder: &mut wgpu::CommandEncoder| {
        for _ in 0..DISPATCHES / 2 {
            if double {
                let buffers = product::Buffers { a: &rows, b: &rows, partials: &partials, product: &sums };
                product::record(gpu, encoder, params, buffers);
            } else {
                let buffers = gram::Buffers { rows: &rows, partials: &partials, moments: &sums };
                gram::record(gpu, encoder, plain, buffers);
            }
        }
    };
    let seconds = least(async || submitted(gpu, record).await).await?;
    Ok(((seconds - round_trip) / DISPATCHES as f64).max(1e-9))
}
