//! Blocks of bytes from the host to the device: two buffers that the host writes by turns, one while the device reads the other.

use futures_channel::oneshot;
use rayon::prelude::*;
use wgpu::WriteOnly;

use crate::error::{Error, Result};
use crate::gpu::context::Gpu;
use crate::gpu::transfer;

/// Bytes that a thread writes at a time, from memory that stays in its cache.
const CHUNK: usize = 1 << 14;

/// The buffers, made when they are first needed and mapped again when the device has read them.
pub(crate) struct Uploads {
    label: &'static str,
    bytes: u64,
    turns: Vec<Turn>,
    /// The one that is written next.
    next: usize,
}

struct Turn {
    buffer: wgpu::Buffer,
    read: Option<Read>,
}

/// What tells that the device has read a buffer, and that it is mapped.
struct Read {
    done: oneshot::Receiver<()>,
    mapped: oneshot::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

impl Uploads {
    /// For blocks of so many bytes at the most.
    pub(crate) fn new(label: &'static str, bytes: u64) -> Self {
        Self { label, bytes: bytes.next_multiple_of(16), turns: Vec::new(), next: 0 }
    }

    /// Waits until the device has read what the next buffer held.
    pub(crate) async fn ready(&mut self, gpu: &Gpu) -> Result<()> {
        let Some(Read { done, mapped }) = self.turns.get_mut(self.next).and_then(|turn| turn.read.take()) else {
            return Ok(());
        };
        transfer::finish(gpu, done).await?;
        match mapped.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost(gpu, error.to_string())),
            Err(_) => Err(lost(gpu, "the mapping of an upload was abandoned".into())),
        }
    }

    /// Writes the next buffer, which is [`ready`](Self::ready).
    pub(crate) fn write(&mut self, gpu: &Gpu, write: impl FnOnce(WriteOnly<'_, [u8]>)) -> Result<&wgpu::Buffer> {
        if self.next == self.turns.len() {
            let buffer = gpu.device().create_buffer(&wgpu::BufferDescriptor {
                label: Some(self.label),
                size: self.bytes,
                usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: true,
            });
            self.turns.push(Turn { buffer, read: None });
        }
        let buffer = &self.turns[self.next].buffer;
        let mut view = buffer.slice(..).get_mapped_range_mut().map_err(|error| lost(gpu, error.to_string()))?;
        write(view.slice(..));
        drop(view);
        buffer.unmap();
        Ok(buffer)
    }

    /// To be called when the commands that read the buffer just written have been submitted.
    pub(crate) fn submitted(&mut self, gpu: &Gpu) {
        let turn = &mut self.turns[self.next];
        let (sender, mapped) = oneshot::channel();
        turn.buffer.slice(..).map_async(wgpu::MapMode::Write, move |result| drop(sender.send(result)));
        // Who waits for the work, lets the mapping be told too.
        turn.read = Some(Read { done: transfer::submitted(gpu), mapped });
        self.next = 1 - self.next;
    }
}

fn lost(gpu: &Gpu, reason: String) -> Error {
    gpu.alive().err().unwrap_or(Error::DeviceLost { reason })
}

/// Writes so many bytes on all threads: `fill` is told where in the block its bytes lie, which begin at a multiple of 16, and may
/// leave gaps, in which what is written means nothing.
pub(crate) fn in_chunks(to: WriteOnly<'_, [u8]>, bytes: usize, fill: impl Fn(usize, &mut [u8]) + Sync) {
    let scratch = || vec![0u64; CHUNK / size_of::<u64>()];
    let (chunks, mut rest) = to.into_chunks::<CHUNK>();
    let whole = chunks.len();
    let chunks: Vec<_> = chunks.into_iter().take(bytes.div_ceil(CHUNK)).enumerate().collect();
    chunks.into_par_iter().with_min_len(4).for_each_init(scratch, |scratch, (number, chunk)| {
        let scratch: &mut [u8] = bytemuck::cast_slice_mut(scratch);
        fill(number * CHUNK, scratch);
        WriteOnly::<[u8]>::from(chunk).copy_from_slice(scratch);
    });
    if bytes > whole * CHUNK {
        let mut scratch = scratch();
        let scratch: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut scratch)[..rest.len()];
        fill(whole * CHUNK, scratch);
        rest.copy_from_slice(scratch);
    }
}
