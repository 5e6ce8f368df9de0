//! Right-hand sides and solutions on the device, and how they lie there.

use nalgebra::DMatrix;

use crate::gpu::context::Gpu;
use crate::math::scalar::Scalar;

/// Right-hand sides, then solutions, of a chunk of λ: `[k, quads, n]` of four targets each.
#[derive(Debug)]
pub struct Solution {
    order: usize,
    pub(crate) quads: usize,
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
