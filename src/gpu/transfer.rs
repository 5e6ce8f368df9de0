//! Results from the device to the host: the only place that maps buffers.

use std::sync::{Arc, Mutex};
#[cfg(not(target_arch = "wasm32"))]
use std::time::Duration;

use futures_channel::oneshot;

use crate::error::{Error, Result};
use crate::gpu::context::Gpu;
#[cfg(not(target_arch = "wasm32"))]
use crate::gpu::deadline::Deadline;

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
        drive(gpu, abandoned);
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

/// What tells when all that has been submitted is done, for [`finish`].
pub(crate) fn submitted(gpu: &Gpu) -> oneshot::Receiver<()> {
    let (answer, abandoned, receiver) = once();
    gpu.queue().on_submitted_work_done(move || answer(()));
    drive(gpu, abandoned);
    receiver
}

/// Waits for it.
pub(crate) async fn finish(gpu: &Gpu, submitted: oneshot::Receiver<()>) -> Result<()> {
    let done = submitted.await;
    gpu.alive()?;
    done.map_err(|_| Error::DeviceLost { reason: "the work was abandoned".into() })
}

/// A callback and its answer, and what ends the wait for it if the callback will never be called.
fn once<A: Send + 'static>()
-> (impl FnOnce(A) + Send + 'static, impl Fn() + Clone + Send + 'static, oneshot::Receiver<A>) {
    let (sender, receiver) = oneshot::channel();
    let slot = Arc::new(Mutex::new(Some(sender)));
    let same_slot = Arc::clone(&slot);
    let take = |slot: &Mutex<Option<oneshot::Sender<A>>>| slot.lock().ok().and_then(|mut sender| sender.take());
    let answer = move |answer| drop(take(&slot).map(|sender| sender.send(answer)));
    (answer, move || drop(take(&same_slot)), receiver)
}

/// Lets the callbacks of submitted work run: natively somebody must poll, up to the device's deadline; a browser does so by
/// itself. Calls `abandoned` if they will never run, or not in time.
fn drive(gpu: &Gpu, abandoned: impl Fn() + Clone + Send + 'static) {
    #[cfg(target_arch = "wasm32")]
    drop((gpu, abandoned));
    #[cfg(not(target_arch = "wasm32"))]
    {
        let (time, device) = (gpu.deadline(), gpu.device().clone());
        let poll = move || device.poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(time) });
        let (gpu, late) = (gpu.clone(), abandoned.clone());
        let late = move || {
            gpu.give_up();
            late();
        };
        poll_within(time, poll, abandoned, late);
    }
}

/// Polls apart, and calls `late` where that takes longer: by the poll's own clock, and if that stands still with all else,
/// by another.
#[cfg(not(target_arch = "wasm32"))]
fn poll_within(
    time: Duration,
    poll: impl FnOnce() -> Result<wgpu::PollStatus, wgpu::PollError> + Send + 'static,
    abandoned: impl FnOnce() + Send + 'static,
    late: impl Fn() + Clone + Send + 'static,
) {
    let deadline = Deadline::after(time, late.clone());
    let poll = move || {
        let polled = poll();
        drop(deadline);
        if matches!(polled, Err(wgpu::PollError::Timeout)) {
            late();
        }
        polled.is_ok()
    };
    poll_apart(poll, abandoned);
}

/// Polls on a thread of its own, or where there can be none, here. A poll that fails, or panics as wgpu's does when the
/// driver loses the device meanwhile, runs no callbacks: then `abandoned` is called.
#[cfg(not(target_arch = "wasm32"))]
fn poll_apart(poll: impl FnOnce() -> bool + Send + 'static, abandoned: impl FnOnce() + Send + 'static) {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let work = Arc::new(Mutex::new(Some((poll, abandoned))));
    let run = move || {
        let work = work.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some((poll, abandoned)) = work
            && !catch_unwind(AssertUnwindSafe(poll)).unwrap_or(false)
        {
            abandoned();
        }
    };
    if std::thread::Builder::new().name("ridgepath-poll".into()).spawn(run.clone()).is_err() {
        run();
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::{poll_apart, poll_within};

    #[test]
    fn a_poll_that_fails_or_panics_is_told() {
        let told = |poll: fn() -> bool| {
            let (sender, told) = mpsc::channel();
            poll_apart(poll, move || sender.send(()).unwrap());
            told.recv_timeout(Duration::from_secs(20)).is_ok()
        };
        assert!(told(|| false));
        assert!(told(|| panic!("as wgpu does when the driver loses the device")));
        assert!(!told(|| true));
    }

    #[test]
    fn a_poll_that_does_not_end_in_time_is_told() {
        let told = |time: Duration, poll: fn() -> Result<wgpu::PollStatus, wgpu::PollError>| {
            let (late, told) = mpsc::channel();
            let abandoned = late.clone();
            let late = move || late.send("late").unwrap();
            poll_within(time, poll, move || abandoned.send("abandoned").unwrap(), late);
            told.recv_timeout(Duration::from_secs(20))
        };
        let (soon, never) = (Duration::from_millis(50), Duration::MAX);
        let hangs = || loop {
            std::thread::park();
        };
        assert_eq!(told(soon, hangs), Ok("late"));
        assert_eq!(told(never, || Err(wgpu::PollError::Timeout)), Ok("late"));
        assert_eq!(told(never, || Err(wgpu::PollError::WrongSubmissionIndex(1, 0))), Ok("abandoned"));
        assert!(told(soon, || Ok(wgpu::PollStatus::QueueEmpty)).is_err());
    }
}
