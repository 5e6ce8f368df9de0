//! Stage `solve` on the GPU: forward and back substitution for all targets of a chunk of λ, in `f32`.

use std::mem::offset_of;

use nalgebra::DMatrix;

use crate::gpu::context::Gpu;
use crate::gpu::factor::Factors;
use crate::gpu::kernel::{Binding, PANELS, Spec};
use crate::schedule::stride;
use crate::view::Scalar;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "solve",
    source: include_str!("../../shaders/solve.wgsl"),
    entries: &["solve", "solve_single", "solve_many"],
    wide: None,
    bindings: &[Binding::read("lower"), Binding::read("inverse"), Binding::written("solution")],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("stride", offset_of!(Params, stride)),
            ("panels", offset_of!(Params, panels)),
            ("width", offset_of!(Params, width)),
            ("quads", offset_of!(Params, quads)),
        ],
        size_of::<Params>(),
    ),
    constants: PANELS,
};

/// The members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// n.
    pub order: u32,
    /// ⌈n / 4⌉.
    pub stride: u32,
    /// Panels of L.
    pub panels: u32,
    /// Columns of a diagonal block: 4·stride of a single one, else 64.
    pub width: u32,
    /// ⌈t / 4⌉.
    pub quads: u32,
}

/// Right-hand sides, then solutions, of a chunk of λ: `[k, quads, n]` of four targets each.
#[derive(Debug)]
pub struct Solution {
    order: usize,
    pub(super) quads: usize,
    /// The device's copy.
    pub buffer: wgpu::Buffer,
}

impl Solution {
    /// Room for `lambdas` λs of n features and t targets.
    #[must_use]
    pub fn new(gpu: &Gpu, n: usize, t: usize, lambdas: usize) -> Self {
        let quads = t.div_ceil(4);
        let buffer = gpu.storage("ridgepath.solve.solution", (lambdas * quads * n * 16) as u64);
        Self { order: n, quads, buffer }
    }

    /// Bytes of the first `count` λs.
    #[must_use]
    pub fn bytes(&self, count: usize) -> u64 {
        (count * self.quads * self.order * 16) as u64
    }

    /// Uploads right-hand sides in the buffer's layout.
    pub fn upload(&self, gpu: &Gpu, values: &[f32]) {
        gpu.queue().write_buffer(&self.buffer, 0, bytemuck::cast_slice(values));
    }
}

/// Right-hand sides (n × t, one matrix per λ) in the buffer's layout: `[k, quads, n, 4]`.
#[must_use]
pub fn packed(matrices: &[DMatrix<f64>]) -> Vec<f32> {
    let mut values = Vec::new();
    for matrix in matrices {
        for quad in 0..matrix.ncols().div_ceil(4) {
            for j in 0..matrix.nrows() {
                let value = |target: usize| if target < matrix.ncols() { matrix[(j, target)] } else { 0.0 };
                values.extend((4 * quad..4 * quad + 4).map(|target| f32::round_from(value(target))));
            }
        }
    }
    values
}

/// The matrices (n × t) of `count` λs from the buffer's layout.
#[must_use]
pub fn unpacked(values: &[f32], count: usize, n: usize, t: usize) -> Vec<DMatrix<f64>> {
    let size = t.div_ceil(4) * n * 4;
    let own = |k: usize| {
        DMatrix::from_fn(n, t, |j, target| f64::from(values[k * size + (target / 4 * n + j) * 4 + target % 4]))
    };
    (0..count).map(own).collect()
}

/// Records the substitutions of `count` λs in one dispatch.
#[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, factors: &Factors, solution: &Solution, count: usize) {
    let panels = factors.panels;
    let n = panels.order;
    let params = Params {
        order: n as u32,
        stride: stride(n) as u32,
        panels: panels.count as u32,
        width: panels.width as u32,
        quads: solution.quads as u32,
    };
    let buffers = [&factors.lower, &factors.inverse, &solution.buffer];
    let dispatches = panels.solve(count, solution.quads);
    gpu.kernels().solve(gpu).bind(gpu, &[params], &buffers).record(encoder, &dispatches);
}
