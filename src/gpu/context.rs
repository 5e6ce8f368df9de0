//! Devices and their errors.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::gpu::adapter::{self, AdapterSummary, GpuOptions};
use crate::gpu::group::Group;
use crate::gpu::kernel::{Kernel, Kernels, Spec};
use crate::gpu::pace::Pace;
use crate::gpu::scopes::Scopes;
use crate::plan::{DeviceRates, Limits};

/// An opened GPU with its compiled kernels, or [several](Self::sharing). Cheap to clone, shared between threads and solvers.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// The device; of several the first.
    inner: Arc<Inner>,
    deadline: Duration,
    /// The devices that share the work, where there are several.
    group: Option<Arc<Group<Self>>>,
}

/// How long an answer of a device is waited for.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long an answer of a software adapter is waited for, which shares its cores with all else.
const SOFTWARE_DEADLINE: Duration = Duration::from_secs(600);

#[derive(Debug)]
struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    summary: AdapterSummary,
    /// The driver's words, once the device is lost.
    lost: Arc<Mutex<Option<String>>>,
    kernels: Kernels,
    pace: Pace,
    passed_over: Vec<String>,
}

impl Gpu {
    /// All adapters, the one that [`open`](Self::open) prefers first: discrete before integrated before virtual, and of several
    /// APIs of one card the one with 64-bit floats in shaders.
    pub async fn adapters() -> Vec<AdapterSummary> {
        adapter::all().await.into_iter().map(|(summary, _)| summary).collect()
    }

    /// Opens the best adapter, or the next that opens; a software adapter only if allowed.
    ///
    /// # Errors
    /// [`Error::NoAdapter`]; [`Error::Device`] when no adapter gives a device.
    pub async fn open(allow_software: bool) -> Result<Self> {
        Self::open_with(&GpuOptions { allow_software, adapter: None }).await
    }

    /// Opens the best adapter of those asked for, or the next of them that opens.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] with those that there are; [`Error::Device`] when none of them gives a device.
    pub async fn open_with(options: &GpuOptions) -> Result<Self> {
        let adapters = adapter::allowed(adapter::all().await, options)?;
        let (opened, passed_over) =
            adapter::first_opened(adapters, async |adapter| Self::device_of(&adapter).await).await?;
        let (device, queue) = opened;
        let lost = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&lost);
        device.set_device_lost_callback(move |reason, message| {
            record_loss(&slot, format!("{reason:?} {message}"));
        });
        let slot = Arc::clone(&lost);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| record_loss(&slot, error.to_string())));
        Ok(Self::assembled(device, queue, lost, passed_over))
    }

    async fn device_of(adapter: &wgpu::Adapter) -> Result<(wgpu::Device, wgpu::Queue), String> {
        let available = adapter.limits();
        let limits = wgpu::Limits {
            max_storage_buffer_binding_size: available.max_storage_buffer_binding_size,
            max_buffer_size: available.max_buffer_size,
            max_compute_workgroup_storage_size: available.max_compute_workgroup_storage_size,
            ..wgpu::Limits::default()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("ridgepath"),
            // Timestamps so that who shares the device can time what it does.
            required_features: adapter.features() & (wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SHADER_F64),
            required_limits: limits.or_worse_values_from(&available),
            ..Default::default()
        };
        adapter.request_device(&descriptor).await.map_err(|error| error.to_string())
    }

    /// Uses the caller's device and queue; no other is opened. The device's limits decide what fits.
    #[must_use]
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::assembled(device, queue, Arc::default(), Vec::new())
    }

    /// Several devices that share the work, by these rates: [`solve`](fn@crate::gpu::solve) the matrices, and
    /// [`gram`](crate::gpu::gram::gram) the rows. The other functions of the stages, which record commands, and
    /// [`DeviceRates::measure`] are for one device, and take the first. One device is itself.
    ///
    /// A device that fails is left out from then on, and the others do its share.
    ///
    /// # Errors
    /// [`Error::Count`] for none, [`Error::InvalidRate`].
    pub fn sharing(devices: impl Into<Vec<(Self, DeviceRates)>>) -> Result<Self> {
        let each = devices.into().into_iter().flat_map(|(gpu, rates)| match &gpu.group {
            Some(group) => group.members.clone(),
            None => vec![(gpu, rates)],
        });
        Self::grouped(each.collect())
    }

    fn grouped(members: Vec<(Self, DeviceRates)>) -> Result<Self> {
        members.iter().try_for_each(|(_, rates)| rates.check())?;
        let summaries: Vec<&AdapterSummary> = members.iter().map(|(gpu, _)| gpu.adapter()).collect();
        let summary = AdapterSummary::together(&summaries);
        match (summary, &members[..]) {
            (Some(_), [(only, _)]) => Ok(only.clone()),
            (Some(summary), [(first, _), ..]) => {
                let passed_over = members.iter().flat_map(|(gpu, _)| gpu.passed_over().to_vec()).collect();
                let first = first.clone();
                Ok(Self { group: Some(Arc::new(Group::new(members, summary, passed_over))), ..first })
            }
            _ => Err(Error::Count { what: "devices", found: 0, least: 1, most: usize::MAX }),
        }
    }

    fn assembled(
        device: wgpu::Device,
        queue: wgpu::Queue,
        lost: Arc<Mutex<Option<String>>>,
        passed_over: Vec<String>,
    ) -> Self {
        let summary = AdapterSummary::new(&device.adapter_info(), device.features(), &device.limits());
        let kernels = Kernels::new(device.clone(), queue.clone(), summary.limits.workgroup_storage);
        let deadline = if summary.software { SOFTWARE_DEADLINE } else { DEADLINE };
        let pace = Pace::new(summary.kind == "discrete gpu");
        let inner = Inner { device, queue, summary, lost, kernels, pace, passed_over };
        Self { inner: Arc::new(inner), deadline, group: None }
    }

    /// The adapter, with the limits of the opened device; of several their names, one after another, and the limits that all have.
    #[must_use]
    pub fn adapter(&self) -> &AdapterSummary {
        self.group.as_ref().map_or(&self.inner.summary, |group| &group.summary)
    }

    /// The limits of the device whose kernels and buffers are made here; of several, the first.
    pub(crate) fn own_limits(&self) -> Limits {
        self.inner.summary.limits
    }

    /// The adapters preferred to this one that gave no device, and why, in words.
    #[must_use]
    pub fn passed_over(&self) -> &[String] {
        self.group.as_ref().map_or(&self.inner.passed_over, |group| &group.passed_over)
    }

    /// Those of the devices that share the work which failed, and how, in words: others did their share, and go on to.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        let Some(group) = &self.group else { return Vec::new() };
        let told = |(number, (gpu, _)): (usize, &(Self, DeviceRates))| {
            let error = group.failure(number)?;
            Some(format!("{} left its share of the work to the others: {error}", gpu.adapter()))
        };
        group.members.iter().enumerate().filter_map(told).collect()
    }

    /// The devices that this handle stands for, with the rates by which they share the work.
    pub(crate) fn devices(&self) -> Vec<(Self, Option<DeviceRates>)> {
        match &self.group {
            Some(group) => group.members.iter().map(|(gpu, rates)| (gpu.clone(), Some(*rates))).collect(),
            None => vec![(self.clone(), None)],
        }
    }

    /// Whether several devices share the work.
    pub(crate) fn shares(&self) -> bool {
        self.group.is_some()
    }

    /// Why one of several is left out, or is from now on: it is known to be lost.
    pub(crate) fn failure(&self, number: usize) -> Option<Error> {
        let group = self.group.as_ref()?;
        group.failure(number).or_else(|| {
            let error = group.members.get(number)?.0.alive().err()?;
            group.leave_out(number, error.clone());
            Some(error)
        })
    }

    /// Leaves one of several out from now on.
    pub(crate) fn leave_out(&self, number: usize, error: Error) {
        self.group.iter().for_each(|group| group.leave_out(number, error.clone()));
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    /// Its queue.
    #[must_use]
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    /// How long the device may take for what it has been told, until it counts as [lost](Error::DeviceLost): 30 seconds unless
    /// set, of a software adapter 10 minutes. Submissions are sized to take a fraction of a second; what others have queued on
    /// the same device is waited for too.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// This device with another [`deadline`](Self::deadline), for what is done with this handle and its clones. A device that
    /// has passed it is lost for all handles, and is never freed, since that would wait for it. In a browser, which waits by
    /// itself, there is none.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        let group = self.group.map(|group| {
            let hasty = |(gpu, rates): &(Self, DeviceRates)| (gpu.clone().with_deadline(deadline), *rates);
            Arc::new(group.with_members(group.members.iter().map(hasty).collect()))
        });
        Self { deadline, group, ..self }
    }

    /// Counts the device as lost, since it did not answer in time.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn give_up(&self) {
        record_loss(&self.inner.lost, format!("it did not answer within {:?}", self.deadline));
        // The last handle of a queue waits for its work, without end.
        std::mem::forget(self.clone());
    }

    /// How much the device is told at a time.
    pub(crate) fn pace(&self) -> &Pace {
        &self.inner.pace
    }

    /// A shader on this device.
    pub(crate) fn kernel(&self, spec: &'static Spec) -> Arc<Kernel> {
        self.inner.kernels.of(spec)
    }

    /// `Err` once the device is known to be lost; of several, once all are left out.
    pub(crate) fn alive(&self) -> Result<()> {
        if let Some(group) = &self.group {
            let mut failures = (0..group.members.len()).map(|number| self.failure(number));
            let first = failures.next().flatten();
            return first.filter(|_| failures.all(|failure| failure.is_some())).map_or(Ok(()), Err);
        }
        match self.inner.lost.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone() {
            Some(reason) => Err(Error::DeviceLost { reason }),
            None => Ok(()),
        }
    }

    pub(crate) fn encoder(&self, label: &str) -> wgpu::CommandEncoder {
        self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(label) })
    }

    pub(crate) fn submit(&self, encoder: wgpu::CommandEncoder) {
        self.queue().submit([encoder.finish()]);
    }

    /// Makes a storage buffer that can be copied to and from.
    pub(crate) fn storage(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        self.buffer(label, bytes, usage)
    }

    pub(crate) fn buffer(&self, label: &str, bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let size = bytes.next_multiple_of(16);
        self.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// Catches the errors of the calls that follow on this thread, until [`Scope::finish`].
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { gpu: self, scopes: Scopes::open(self.device()) }
    }

    /// Whether a device of the caller's, whose loss only the caller is told, is lost: then the buffer that is made here is
    /// no buffer, which writing to it shows.
    fn probe(&self) -> bool {
        let scope = self.scope();
        let probe = self.buffer("ridgepath.probe", 16, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST);
        self.queue().write_buffer(&probe, 0, &[0; 16]);
        // A browser reports the loss in other ways.
        matches!(scope.scopes.caught(), [Poll::Ready(Some(_)), _, Poll::Ready(None)])
    }
}

fn record_loss(slot: &Mutex<Option<String>>, reason: String) {
    slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(reason);
}

/// Errors caught since [`Gpu::scope`].
#[must_use]
pub(crate) struct Scope<'a> {
    gpu: &'a Gpu,
    scopes: Scopes,
}

impl<'a> Scope<'a> {
    /// The scopes end here and now; the future tells what they caught.
    pub(crate) fn finish(self, what: &'static str) -> impl Future<Output = Result<()>> + 'a {
        let Self { gpu, scopes } = self;
        let (validation, internal, memory) = scopes.end();
        async move {
            let caught = [validation.await, internal.await];
            if let Some(error) = memory.await {
                return Err(Error::OutOfMemory { what: format!("{what} ({error})") });
            }
            gpu.alive()?;
            match caught.into_iter().flatten().next() {
                Some(error) if gpu.probe() => Err(Error::DeviceLost { reason: format!("{what}: {error}") }),
                Some(error) => Err(Error::Device { reason: format!("{what}: {error}") }),
                None => Ok(()),
            }
        }
    }
}
