//! What the device can do at most, measured with two plain kernels in the same run.

use ridgepath::Gpu;
use ridgepath::gpu::wgpu::{self, util::DeviceExt};
use serde::Serialize;

use crate::machine::failure::Result;
use crate::measure::device_clock::{self, Clock, Span};

#[derive(Serialize, Clone, Copy)]
pub(crate) struct Peak {
    /// Rate of multiply-adds in single precision, each counted as two operations.
    pub(crate) gflops: f64,
    /// Rate of bytes read and written by a copy from memory to memory.
    pub(crate) gbytes: f64,
}

const FMA: &str = include_str!("../../shaders/peak_fma.wgsl");
const COPY: &str = include_str!("../../shaders/peak_copy.wgsl");
/// Rounds of `peak_fma`, and operations of a workgroup in each: 128 multiply-adds of 256 threads.
const ROUNDS: u32 = 128;
const ROUND: f64 = 2.0 * 128.0 * 256.0;
/// Work shorter than this says little of a device's rate.
const LONG_ENOUGH: f64 = 0.01;
/// What is copied: more than caches hold, and no more than every adapter binds.
const COPIED: u64 = 128 << 20;
const RUNS: usize = 5;

pub(crate) fn measure(clock: &Clock<'_>) -> Result<Peak> {
    let [fma, copy] = device_clock::caught(clock.gpu, || [fma(clock), copy(clock)])?;
    Ok(Peak { gflops: fma? * 1e-9, gbytes: copy? * 1e-9 })
}

/// Multiply-adds, as operations a second.
fn fma(clock: &Clock<'_>) -> Result<f64> {
    let gpu = clock.gpu;
    let pipeline = pipeline(gpu, "peak_fma", FMA, &[("rounds", f64::from(ROUNDS))]);
    // Every chain tends to 1: no infinity, no number too small.
    let seed: Vec<u8> = [0.9999f32, 1e-4].iter().flat_map(|value| [*value; 4]).flat_map(f32::to_le_bytes).collect();
    let seed = gpu.device().create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some("ridgepath.bench.seed"),
        contents: &seed,
        usage: wgpu::BufferUsages::STORAGE,
    });
    let group = bind(gpu, &pipeline, &[&seed]);
    let most = gpu.adapter().limits.workgroups;
    let mut groups = 16;
    while best(clock, &pipeline, &group, groups, 1)? < LONG_ENOUGH && groups < most {
        groups = (2 * groups).min(most);
    }
    let seconds = best(clock, &pipeline, &group, groups, RUNS)?;
    Ok(f64::from(groups) * f64::from(ROUNDS) * ROUND / seconds)
}

/// Copying, as bytes read and written a second.
fn copy(clock: &Clock<'_>) -> Result<f64> {
    let gpu = clock.gpu;
    let limits = gpu.adapter().limits;
    let bytes = COPIED.min(limits.storage_binding).min(limits.buffer) & !4095;
    let pipeline = pipeline(gpu, "peak_copy", COPY, &[]);
    let buffer = |what| device_clock::buffer(gpu, what, bytes, wgpu::BufferUsages::STORAGE);
    let group = bind(gpu, &pipeline, &[&buffer("from"), &buffer("to")]);
    let groups = u32::try_from(bytes / 4096).unwrap_or(u32::MAX);
    let seconds = best(clock, &pipeline, &group, groups, RUNS)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2⁵³")]
    Ok(2.0 * bytes as f64 / seconds)
}

/// Seconds of the best of some runs, after one that does not count.
fn best(
    clock: &Clock<'_>,
    pipeline: &wgpu::ComputePipeline,
    group: &wgpu::BindGroup,
    groups: u32,
    runs: usize,
) -> Result<f64> {
    let run = || -> Result<f64> {
        let Span { device, host } = clock.time(|encoder| {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.dispatch_workgroups(groups, 1, 1);
        })?;
        Ok(device.unwrap_or(host))
    };
    run()?;
    (0..runs).try_fold(f64::INFINITY, |best, _| run().map(|seconds| best.min(seconds)))
}

fn pipeline(gpu: &Gpu, entry: &str, source: &str, constants: &[(&str, f64)]) -> wgpu::ComputePipeline {
    let device = gpu.device();
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(entry),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(entry),
        layout: None,
        module: &module,
        entry_point: Some(entry),
        compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
        cache: None,
    })
}

fn bind(gpu: &Gpu, pipeline: &wgpu::ComputePipeline, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
    let resources = buffers.iter().map(|buffer| buffer.as_entire_binding());
    let entries: Vec<_> =
        (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
    gpu.device().create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    })
}
