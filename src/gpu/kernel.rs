//! What a stage's shader promises, and the pipelines made from it, each built once, when first needed.

use std::sync::{Arc, Mutex, OnceLock};

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

use crate::gpu::scopes::tried;
use crate::plan::gpu::schedule::{self, Dispatch, PANEL};

/// A stage's shader: its source, entry points, bindings of group 0 in their order, and the constants that the Rust side
/// relies on. The tests hold the source against it.
#[derive(Debug)]
pub struct Spec {
    /// The stage, which is the stem of its files.
    pub stage: &'static str,
    /// WGSL.
    pub source: &'static str,
    /// Entry points.
    pub entries: &'static [&'static str],
    /// The entry point that takes as much workgroup memory as the device has, and the constant of its module that says how much.
    pub wide: Option<(&'static str, &'static str)>,
    /// Bindings; number 0 is the uniform `params`.
    pub bindings: &'static [Binding],
    /// Name and offset of each member of `Params`, and its size.
    pub params: (&'static [(&'static str, usize)], usize),
    /// Constants by name.
    pub constants: &'static [(&'static str, u32)],
}

/// A storage buffer of a shader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The variable.
    pub name: &'static str,
    /// `read_write` rather than `read`.
    pub written: bool,
}

impl Binding {
    pub(crate) const fn read(name: &'static str) -> Self {
        Self { name, written: false }
    }

    pub(crate) const fn written(name: &'static str) -> Self {
        Self { name, written: true }
    }
}

/// The constants of a shader that works panel by panel.
pub(crate) const PANELS: &[(&str, u32)] = &[("PANEL", 64)];
const _: () = assert!(PANELS[0].1 as usize == PANEL);

/// A device, and what kernels need to know of it.
#[derive(Debug, Clone)]
struct Host {
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// Bytes of shared memory of a workgroup.
    workgroup_storage: u32,
}

/// The kernels of one device, each built when it is first needed.
#[derive(Debug)]
pub(crate) struct Kernels {
    host: Host,
    built: Mutex<Vec<Arc<Kernel>>>,
}

impl Kernels {
    pub(crate) fn new(device: wgpu::Device, queue: wgpu::Queue, workgroup_storage: u32) -> Self {
        Self { host: Host { device, queue, workgroup_storage }, built: Mutex::default() }
    }

    /// The kernel of a shader. One that fails is not kept: it is built again when it is next needed, for the caller's error scopes
    /// to see why.
    pub(crate) fn of(&self, spec: &'static Spec) -> Arc<Kernel> {
        let mut all = self.built.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(kernel) = all.iter().find(|kernel| kernel.spec.stage == spec.stage) {
            return Arc::clone(kernel);
        }
        let build = || Arc::new(Kernel::new(self.host.clone(), spec));
        let (kernel, failed) = tried(&self.host.device, build);
        if failed {
            drop(all);
            return build();
        }
        all.push(Arc::clone(&kernel));
        kernel
    }
}

/// A shader on a device, with the pipelines of its entry points.
#[derive(Debug)]
pub(crate) struct Kernel {
    host: Host,
    module: wgpu::ShaderModule,
    bindings: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    pipelines: Vec<OnceLock<wgpu::ComputePipeline>>,
    label: String,
    spec: &'static Spec,
}

/// Builds the pipelines that dispatches will need, side by side. What fails is found when it is used.
pub(crate) fn prepare(needed: &[(Arc<Kernel>, Vec<Dispatch>)]) {
    let entries = |(kernel, dispatches): &'_ (Arc<Kernel>, Vec<Dispatch>)| {
        let mut entries: Vec<_> = dispatches.iter().map(|dispatch| dispatch.entry).collect();
        entries.dedup();
        entries.into_iter().map(|entry| (Arc::clone(kernel), entry)).collect::<Vec<_>>()
    };
    let entries: Vec<_> = needed.iter().flat_map(entries).collect();
    let build = |(kernel, entry): &(Arc<Kernel>, &'static str)| drop(kernel.built(entry));
    #[cfg(not(target_arch = "wasm32"))]
    entries.par_iter().for_each(build);
    // A browser's device belongs to one thread.
    #[cfg(target_arch = "wasm32")]
    entries.iter().for_each(build);
}

/// What is in the slot, or else what `build` makes, which stays there unless it failed.
fn kept<T: Clone>(slot: &OnceLock<T>, build: impl FnOnce() -> (T, bool)) -> Option<T> {
    if let Some(built) = slot.get() {
        return Some(built.clone());
    }
    let (built, failed) = build();
    (!failed).then(|| slot.get_or_init(|| built).clone())
}

impl Kernel {
    fn new(host: Host, spec: &'static Spec) -> Self {
        let device = &host.device;
        let label = format!("ridgepath.{}", spec.stage);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(&label),
            source: wgpu::ShaderSource::Wgsl(spec.source.into()),
        });
        let entry = |binding: u32, ty, has_dynamic_offset, size: usize| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty,
                has_dynamic_offset,
                min_binding_size: wgpu::BufferSize::new(size as u64),
            },
            count: None,
        };
        let uniform = entry(0, wgpu::BufferBindingType::Uniform, true, spec.params.1);
        let storage =
            spec.bindings.iter().zip(1..).map(|(binding, at)| {
                entry(at, wgpu::BufferBindingType::Storage { read_only: !binding.written }, false, 0)
            });
        let entries: Vec<_> = std::iter::once(uniform).chain(storage).collect();
        let bindings = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(&label), entries: &entries });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(&label),
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: 0,
        });
        let pipelines = spec.entries.iter().map(|_| OnceLock::new()).collect();
        Self { module, bindings, layout, pipelines, label, spec, host }
    }

    /// The pipeline of an entry point, for the caller's error scopes to see if it fails.
    fn pipeline(&self, entry: &str) -> wgpu::ComputePipeline {
        self.built(entry).unwrap_or_else(|| self.build(entry))
    }

    /// The pipeline of an entry point, unless it fails.
    fn built(&self, entry: &str) -> Option<wgpu::ComputePipeline> {
        let at = self.spec.entries.iter().position(|name| *name == entry)?;
        kept(&self.pipelines[at], || tried(&self.host.device, || self.build(entry)))
    }

    fn build(&self, entry: &str) -> wgpu::ComputePipeline {
        #[expect(clippy::cast_precision_loss, reason = "at most 128")]
        let widest = schedule::widest(self.host.workgroup_storage) as f64;
        let wide = self.spec.wide.filter(|(name, _)| *name == entry);
        let constants: Vec<(&str, f64)> = wide.map(|(_, constant)| (constant, widest)).into_iter().collect();
        self.host.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(&format!("ridgepath.{entry}")),
            layout: Some(&self.layout),
            module: &self.module,
            entry_point: Some(entry),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &constants,
                // Every shader writes its workgroup memory before it reads it.
                zero_initialize_workgroup_memory: false,
            },
            // wgpu's own cache takes unsafe code; drivers keep one on disk by themselves.
            cache: None,
        })
    }

    /// Binds `params`, one entry after another for the dispatches to choose from, and the buffers in the order of the spec.
    pub(crate) fn bind<P: bytemuck::Pod>(&self, params: &[P], buffers: &[&wgpu::Buffer]) -> Bound<'_> {
        let buffers: Vec<_> = buffers.iter().map(|buffer| buffer.as_entire_buffer_binding()).collect();
        self.bind_parts(params, &buffers)
    }

    /// Binds parts of buffers in the order of the spec.
    pub(crate) fn bind_parts<P: bytemuck::Pod>(&self, params: &[P], buffers: &[wgpu::BufferBinding<'_>]) -> Bound<'_> {
        let Host { device, queue, .. } = &self.host;
        let stride = device.limits().min_uniform_buffer_offset_alignment.max(16) as usize;
        let stride = size_of::<P>().next_multiple_of(stride);
        let mut bytes = vec![0; stride * params.len()];
        for (entry, params) in bytes.chunks_mut(stride).zip(params) {
            entry[..size_of::<P>()].copy_from_slice(bytemuck::bytes_of(params));
        }
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(&format!("{}.params", self.label)),
            size: (bytes.len() as u64).next_multiple_of(16),
            usage,
            mapped_at_creation: false,
        });
        queue.write_buffer(&uniform, 0, &bytes);
        let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &uniform,
            offset: 0,
            size: wgpu::BufferSize::new(size_of::<P>() as u64),
        });
        let resources = std::iter::once(params).chain(buffers.iter().cloned().map(wgpu::BindingResource::Buffer));
        let entries: Vec<_> =
            resources.zip(0..).map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }).collect();
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(&self.label),
            layout: &self.bindings,
            entries: &entries,
        });
        Bound { kernel: self, group, stride }
    }
}

/// A kernel with its buffers.
pub(crate) struct Bound<'a> {
    kernel: &'a Kernel,
    group: wgpu::BindGroup,
    stride: usize,
}

impl Bound<'_> {
    /// Records dispatches in a pass of their own.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, dispatches: &[Dispatch]) {
        let label = Some(self.kernel.label.as_str());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label, timestamp_writes: None });
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        for Dispatch { entry, params, groups } in dispatches {
            pass.set_pipeline(&self.kernel.pipeline(entry));
            pass.set_bind_group(0, &self.group, &[number(self.stride * params)]);
            let [x, y, z] = groups.map(number);
            pass.dispatch_workgroups(x, y, z);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::OnceLock;

    use super::kept;

    #[test]
    fn what_failed_is_built_again_and_what_did_not_is_kept() {
        let (slot, built) = (OnceLock::new(), Cell::new(0));
        let get = |fails: bool| {
            kept(&slot, || {
                built.set(built.get() + 1);
                (built.get(), fails)
            })
        };
        assert_eq!((get(true), get(true), get(false)), (None, None, Some(3)));
        assert_eq!((get(true), get(false), built.get()), (Some(3), Some(3), 3));
    }
}
