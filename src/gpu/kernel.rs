//! What a stage's shader promises, and the pipelines made from it, each built once, when first needed.

use std::sync::OnceLock;

use crate::cost::PANEL;
use crate::gpu::context::Gpu;
use crate::gpu::{factor, gram, solve};

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

/// The shaders of all stages.
pub const SPECS: [&Spec; 3] = [&gram::SPEC, &factor::SPEC, &solve::SPEC];

/// The constants of a shader that works panel by panel.
pub(crate) const PANELS: &[(&str, u32)] = &[("PANEL", 64)];
const _: () = assert!(PANELS[0].1 as usize == PANEL);

/// The pipelines of one shader.
#[derive(Debug)]
pub(crate) struct Kernel {
    layout: wgpu::BindGroupLayout,
    pipelines: Vec<wgpu::ComputePipeline>,
    label: String,
    spec: &'static Spec,
}

/// The kernels of one device.
#[derive(Debug, Default)]
pub(crate) struct Kernels {
    gram: OnceLock<Kernel>,
    factor: OnceLock<Kernel>,
    solve: OnceLock<Kernel>,
}

impl Kernels {
    pub(crate) fn gram(&self, gpu: &Gpu) -> &Kernel {
        self.gram.get_or_init(|| Kernel::new(gpu, &gram::SPEC))
    }

    pub(crate) fn factor(&self, gpu: &Gpu) -> &Kernel {
        self.factor.get_or_init(|| Kernel::new(gpu, &factor::SPEC))
    }

    pub(crate) fn solve(&self, gpu: &Gpu) -> &Kernel {
        self.solve.get_or_init(|| Kernel::new(gpu, &solve::SPEC))
    }
}

impl Kernel {
    fn new(gpu: &Gpu, spec: &'static Spec) -> Self {
        let device = gpu.device();
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
        let layout = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(&label), entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(&label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = |entry: &&str| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(&format!("ridgepath.{entry}")),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some(entry),
                // Every shader writes its workgroup memory before it reads it.
                compilation_options: wgpu::PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        };
        let pipelines = spec.entries.iter().map(pipeline).collect();
        Self { layout, pipelines, label, spec }
    }

    /// Binds `params`, one entry after another for the dispatches to choose from, and the buffers in the order of the spec.
    pub(crate) fn bind<P: bytemuck::Pod>(&self, gpu: &Gpu, params: &[P], buffers: &[&wgpu::Buffer]) -> Bound<'_> {
        let stride = gpu.device().limits().min_uniform_buffer_offset_alignment.max(16) as usize;
        let stride = size_of::<P>().next_multiple_of(stride);
        let mut bytes = vec![0; stride * params.len()];
        for (entry, params) in bytes.chunks_mut(stride).zip(params) {
            entry[..size_of::<P>()].copy_from_slice(bytemuck::bytes_of(params));
        }
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniform = gpu.buffer(&format!("{}.params", self.label), bytes.len() as u64, usage);
        gpu.queue().write_buffer(&uniform, 0, &bytes);
        let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &uniform,
            offset: 0,
            size: wgpu::BufferSize::new(size_of::<P>() as u64),
        });
        let resources = std::iter::once(params).chain(buffers.iter().map(|buffer| buffer.as_entire_binding()));
        let entries: Vec<_> =
            resources.zip(0..).map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }).collect();
        let group = gpu.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(&self.label),
            layout: &self.layout,
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
    /// Dispatches an entry point with the params of the number given.
    pub(crate) fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, entry: &str, params: usize, groups: [usize; 3]) {
        let at = self.kernel.spec.entries.iter().position(|own| *own == entry);
        debug_assert!(at.is_some(), "no entry point {entry}");
        let dimension = |groups: usize| u32::try_from(groups).unwrap_or(u32::MAX);
        pass.set_pipeline(&self.kernel.pipelines[at.unwrap_or(0)]);
        pass.set_bind_group(0, &self.group, &[dimension(self.stride * params)]);
        pass.dispatch_workgroups(dimension(groups[0]), dimension(groups[1]), dimension(groups[2]));
    }
}
