//! Results from the device to the host: the only place that maps buffers.

use std::sync::{Arc, Mutex};

use futures_channel::oneshot;

use crate::error::{Error, Result};
use crate::gpu::context::Gpu;

/// Buffers copied into one mappable buffer by a command encoder, to be fetched once that is submitted.
pub(crate) struct ReadBack {
    staging: wgpu::Buffer,
    sizes: Vec<u64>,
}

impl ReadBack {
    /// Records the copies of the first `bytes` (a multiple of 4) of each buffer.
    pub(crate) fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, parts: &[(&wgpu::Buffer, u64)]) -> Self {
        let sizes: Vec<u64> = parts.iter().map(|(_, bytes)| *bytes).collect();
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = gpu.buffer("ridgepath.transfer.staging", sizes.iter().sum(), usage);
        let mut offset = 0;
        for (buffer, bytes) in parts {
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, offset, *bytes);
            offset += bytes;
        }
        Self { staging, sizes }
    }

    /// Waits for the work and returns the parts.
    pub(crate) async fn fetch(self, gpu: &Gpu) -> Result<Vec<Vec<u8>>> {
        let (answer, abandoned, receiver) = once();
        self.staging.slice(..).map_async(wgpu::MapMode::Read, answer);
        gpu.drive(abandoned);
        let lost = |reason: String| gpu.alive().err().unwrap_or(Error::DeviceLost { reason });
        match receiver.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(lost(error.to_string())),
            Err(_) => return Err(lost("the read-back was abandoned".into())),
        }
        let view = self.staging.slice(..).get_mapped_range().map_err(|error| lost(error.to_string()))?;
        let mut parts = Vec::with_capacity(self.sizes.len());
        let mut offset = 0;
        for size in &self.sizes {
            let size = usize::try_from(*size).map_err(|_| lost("a read-back larger than memory".into()))?;
            parts.push(view[offset..offset + size].to_vec());
            offset += size;
        }
        drop(view);
        self.staging.unmap();
        Ok(parts)
    }
}

/// Waits until all that was submitted is done.
pub(crate) async fn finish(gpu: &Gpu) -> Result<()> {
    let (answer, abandoned, receiver) = once();
    gpu.queue().on_submitted_work_done(move || answer(()));
    gpu.drive(abandoned);
    let done = receiver.await;
    gpu.alive()?;
    done.map_err(|_| Error::DeviceLost { reason: "the work was abandoned".into() })
}

/// A callback and its answer, and what ends the wait for it if the callback will never be called.
fn once<A: Send + 'static>() -> (impl FnOnce(A) + Send + 'static, impl FnOnce() + Send + 'static, oneshot::Receiver<A>)
{
    let (sender, receiver) = oneshot::channel();
    let own = Arc::new(Mutex::new(Some(sender)));
    let other = Arc::clone(&own);
    let take = |slot: &Mutex<Option<oneshot::Sender<A>>>| slot.lock().ok().and_then(|mut sender| sender.take());
    let answer = move |answer| drop(take(&own).map(|sender| sender.send(answer)));
    (answer, move || drop(take(&other)), receiver)
}
