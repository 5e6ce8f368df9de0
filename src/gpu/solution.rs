//! Right-hand sides and solutions on the device, and how they lie there.

use nalgebra::DMatrix;

use crate::gpu::context::Gpu;
use crate::math::scalar::Scalar;

/// Right-hand sides, then solutions, of a chunk of matrices: `[matrices, quads, n]` of four targets each.
#[derive(Debug)]
pub struct Solution {
    order: usize,
    pub(crate) quads: usize,
    /// The device's copy.
    pub buffer: wgpu::Buffer,
}

impl Solution {
    /// Room for the right-hand sides of `matrices` matrices, of n features and t targets.
    #[must_use]
    pub fn new(gpu: &Gpu, n: usize, t: usize, matrices: usize) -> Self {
        let quads = t.div_ceil(4);
        let buffer = gpu.storage("ridgepath.solve.solution", (matrices * quads * n * 16) as u64);
        Self { order: n, quads, buffer }
    }

    /// Bytes of the solutions of the first `count` matrices.
    #[must_use]
    pub fn bytes(&self, count: usize) -> u64 {
        (count * self.quads * self.order * 16) as u64
    }

    /// Uploads right-hand sides in the buffer's layout.
    pub fn upload(&self, gpu: &Gpu, values: &[f32]) {
        gpu.queue().write_buffer(&self.buffer, 0, bytemuck::cast_slice(values));
    }
}

/// Right-hand sides (n × t each, one per matrix of the chunk) in the buffer's layout: `[matrices, quads, n, 4]`.
#[must_use]
pub fn packed(sides: &[DMatrix<f64>]) -> Vec<f32> {
    let mut values = Vec::new();
    for side in sides {
        for quad in 0..side.ncols().div_ceil(4) {
            for j in 0..side.nrows() {
                let value = |target: usize| if target < side.ncols() { side[(j, target)] } else { 0.0 };
                values.extend((4 * quad..4 * quad + 4).map(|target| f32::round_from(value(target))));
            }
        }
    }
    values
}

/// Solutions (n × t each) of the first `count` matrices, from the buffer's layout.
#[must_use]
pub fn unpacked(values: &[f32], count: usize, n: usize, t: usize) -> Vec<DMatrix<f64>> {
    let size = t.div_ceil(4) * n * 4;
    let solution = |k: usize| {
        DMatrix::from_fn(n, t, |j, target| f64::from(values[k * size + (target / 4 * n + j) * 4 + target % 4]))
    };
    (0..count).map(solution).collect()
}
