//! Times of work on the device: by its own timestamps where it has them, and by the host's clock.

use std::time::Instant;

use ridgepath::Gpu;
use ridgepath::gpu::wgpu;

use crate::machine::failure::{Failure, Result};

/// A clock of the device's work.
pub(crate) struct Clock<'a> {
    pub(crate) gpu: &'a Gpu,
    queries: Option<Queries>,
}

struct Queries {
    set: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    read: wgpu::Buffer,
    /// Seconds of a tick.
    period: f64,
}

/// Seconds of one piece of work.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// Seconds between timestamps on the device, none of the host's work among it.
    pub(crate) device: Option<f64>,
    /// Seconds from recording the commands to knowing that they are done.
    pub(crate) host: f64,
}

/// Bytes of two timestamps of 64 bits.
const BYTES: u64 = 16;

impl<'a> Clock<'a> {
    pub(crate) fn new(gpu: &'a Gpu) -> Self {
        let device = gpu.device();
        let queries = device.features().contains(wgpu::Features::TIMESTAMP_QUERY).then(|| {
            let buffer = |usage| buffer(gpu, "timestamps", BYTES, usage);
            Queries {
                set: device.create_query_set(&wgpu::QuerySetDescriptor {
                    label: Some("ridgepath.bench.timestamps"),
                    ty: wgpu::QueryType::Timestamp,
                    count: 2,
                }),
                resolved: buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC),
                read: buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST),
                period: f64::from(gpu.queue().get_timestamp_period()) * 1e-9,
            }
        });
        Self { gpu, queries }
    }

    pub(crate) fn has_timestamps(&self) -> bool {
        self.queries.is_some()
    }

    /// Does what `record` records, and waits for it.
    pub(crate) fn time(&self, record: impl FnOnce(&mut wgpu::CommandEncoder)) -> Result<Span> {
        let device = self.gpu.device();
        let (polled, host) = caught(self.gpu, || {
            let begun = Instant::now();
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            self.mark(&mut encoder, 0);
            record(&mut encoder);
            self.mark(&mut encoder, 1);
            if let Some(queries) = &self.queries {
                encoder.resolve_query_set(&queries.set, 0..2, &queries.resolved, 0);
                encoder.copy_buffer_to_buffer(&queries.resolved, 0, &queries.read, 0, BYTES);
            }
            self.gpu.queue().submit([encoder.finish()]);
            (device.poll(wait(self.gpu)), begun.elapsed().as_secs_f64())
        })?;
        polled.map_err(|error| failed(&error))?;
        Ok(Span { device: self.between()?, host })
    }

    /// An empty pass, which has the time at which all before it is done.
    fn mark(&self, encoder: &mut wgpu::CommandEncoder, index: u32) {
        if let Some(queries) = &self.queries {
            let timestamp_writes = Some(wgpu::ComputePassTimestampWrites {
                query_set: &queries.set,
                beginning_of_pass_write_index: Some(index),
                end_of_pass_write_index: None,
            });
            drop(encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes }));
        }
    }

    fn between(&self) -> Result<Option<f64>> {
        let Some(queries) = &self.queries else { return Ok(None) };
        let mut stamps = [0; 2];
        let bytes = read(self.gpu, &queries.read)?;
        for (stamp, bytes) in stamps.iter_mut().zip(bytes.chunks_exact(8)) {
            *stamp = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
        }
        // A driver that has the feature and does not keep time gives zeros, or the times in the wrong order.
        let ticks = stamps[1].checked_sub(stamps[0]).filter(|ticks| *ticks > 0);
        #[expect(clippy::cast_precision_loss, reason = "a difference of times")]
        Ok(ticks.map(|ticks| ticks as f64 * queries.period))
    }
}

/// Does something with the device, and tells what it has against it: uncaught, its error would count as the loss of it.
pub(crate) fn caught<T>(gpu: &Gpu, work: impl FnOnce() -> T) -> Result<T> {
    let memory = gpu.device().push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let validation = gpu.device().push_error_scope(wgpu::ErrorFilter::Validation);
    let done = work();
    let errors = [pollster::block_on(validation.pop()), pollster::block_on(memory.pop())];
    match errors.into_iter().flatten().next() {
        Some(error) => Err(failed(&error)),
        None => Ok(done),
    }
}

pub(crate) fn buffer(gpu: &Gpu, what: &str, bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: Some(&format!("ridgepath.bench.{what}")),
        size: bytes.next_multiple_of(16),
        usage,
        mapped_at_creation: false,
    })
}

/// What a mappable buffer holds, once the device is done with it.
pub(crate) fn read(gpu: &Gpu, buffer: &wgpu::Buffer) -> Result<Vec<u8>> {
    buffer.slice(..).map_async(wgpu::MapMode::Read, |_| ());
    gpu.device().poll(wait(gpu)).map_err(|error| failed(&error))?;
    let bytes = buffer.slice(..).get_mapped_range().map_err(|error| failed(&error))?.to_vec();
    buffer.unmap();
    Ok(bytes)
}

/// Up to the device's deadline.
fn wait(gpu: &Gpu) -> wgpu::PollType {
    wgpu::PollType::Wait { submission_index: None, timeout: Some(gpu.deadline()) }
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::Other(format!("the GPU's stages could not be timed: {error}"))
}
