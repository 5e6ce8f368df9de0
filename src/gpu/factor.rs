//! Stage `factor` on the GPU: the Cholesky factors of a chunk of λ, in `f32`.

use std::mem::offset_of;

use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec, TILE, TILES};
use crate::normal::{NormalEquations, pivot_tolerance};
use crate::view::Scalar;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "factor",
    source: include_str!("../../shaders/factor.wgsl"),
    entries: &["factor_update", "factor_diagonal", "factor_panel"],
    bindings: &[
        Binding::read("gram"),
        Binding::read("scale"),
        Binding::read("added"),
        Binding::written("lower"),
        Binding::written("inverse"),
        Binding::written("info"),
    ],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("panel", offset_of!(Params, panel)),
            ("panels", offset_of!(Params, panels)),
            ("width", offset_of!(Params, width)),
            ("tolerance", offset_of!(Params, tolerance)),
        ],
        size_of::<Params>(),
    ),
    constants: TILES,
};

/// One panel; the members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// n.
    pub order: u32,
    /// Number of the panel.
    pub panel: u32,
    /// ⌈n / 64⌉.
    pub panels: u32,
    /// min(n, 64).
    pub width: u32,
    /// Least pivot, relative to its diagonal element.
    pub tolerance: f32,
}

/// A = scale·G·scale + added of a chunk of λ, on the device.
#[derive(Debug)]
pub struct System {
    gram: wgpu::Buffer,
    scale: wgpu::Buffer,
    added: wgpu::Buffer,
}

impl System {
    /// Uploads G (n × n, `f32`) and makes room for the scales of `lambdas` λs.
    #[must_use]
    pub fn new(gpu: &Gpu, normal: &NormalEquations, lambdas: usize) -> Self {
        let n = normal.features();
        let gram: Vec<f32> = normal.gram.iter().map(|value| f32::round_from(*value)).collect();
        let buffer = |label, count: usize| gpu.storage(label, (count * 4) as u64);
        let system = Self {
            gram: buffer("ridgepath.factor.gram", n * n),
            scale: buffer("ridgepath.factor.scale", lambdas * n),
            added: buffer("ridgepath.factor.added", lambdas * n),
        };
        gpu.queue().write_buffer(&system.gram, 0, bytemuck::cast_slice(&gram));
        system
    }

    /// Uploads the scales of `count` λs from number `first` on.
    pub fn upload(&self, gpu: &Gpu, normal: &NormalEquations, first: usize, count: usize) {
        let scale: Vec<f32> = (first..first + count).flat_map(|k| normal.steps(k)).map(f32::round_from).collect();
        let added: Vec<f32> =
            (first..first + count).flat_map(|k| normal.added(k)).map(|value| f32::round_from(*value)).collect();
        gpu.queue().write_buffer(&self.scale, 0, bytemuck::cast_slice(&scale));
        gpu.queue().write_buffer(&self.added, 0, bytemuck::cast_slice(&added));
    }
}

/// L, the inverses of its diagonal blocks and the status of a chunk of λ, on the device.
#[derive(Debug)]
pub struct Factors {
    pub(super) order: usize,
    /// `[k, n, n]`, the lower triangle of each in column-major order.
    pub lower: wgpu::Buffer,
    /// `[k, panels, width, width]`, column-major.
    pub inverse: wgpu::Buffer,
    /// `[k]` of `u32`: 0, or the order of the leading minor that failed.
    pub info: wgpu::Buffer,
}

impl Factors {
    /// Room for `lambdas` factors of order n.
    #[must_use]
    pub fn new(gpu: &Gpu, n: usize, lambdas: usize) -> Self {
        let buffer = |label, count: usize| gpu.storage(label, (count * 4) as u64);
        let width = n.min(TILE);
        Self {
            order: n,
            lower: buffer("ridgepath.factor.lower", lambdas * n * n),
            inverse: buffer("ridgepath.factor.inverse", lambdas * n.div_ceil(TILE) * width * width),
            info: buffer("ridgepath.factor.info", lambdas),
        }
    }
}

/// Records the factorization of `count` λs: three dispatches a panel of 64 columns, one if n ≤ 64.
#[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, system: &System, factors: &Factors, count: usize) {
    let n = factors.order;
    let panels = n.div_ceil(TILE);
    let params: Vec<Params> = (0..panels)
        .map(|panel| Params {
            order: n as u32,
            panel: panel as u32,
            panels: panels as u32,
            width: n.min(TILE) as u32,
            tolerance: f32::round_from(pivot_tolerance(n, f32::EPSILON.into())),
        })
        .collect();
    let buffers = [&system.gram, &system.scale, &system.added, &factors.lower, &factors.inverse, &factors.info];
    let bound = gpu.kernels().factor(gpu).bind(gpu, &params, &buffers);
    let mut pass = encoder
        .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("ridgepath.factor"), timestamp_writes: None });
    for panel in 0..panels {
        if panel > 0 {
            bound.dispatch(&mut pass, "factor_update", panel, [panels - panel, count, 1]);
        }
        bound.dispatch(&mut pass, "factor_diagonal", panel, [count, 1, 1]);
        if panel + 1 < panels {
            bound.dispatch(&mut pass, "factor_panel", panel, [panels - panel - 1, count, 1]);
        }
    }
}
