//! Right-hand sides and solutions on the device, and how they lie there.

use std::borrow::Cow;

use nalgebra::DMatrix;
use rayon::prelude::*;

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
        self.upload_from(gpu, 0, values);
    }

    /// Uploads the right-hand sides of matrices from number `first` on.
    pub(crate) fn upload_from(&self, gpu: &Gpu, first: usize, values: &[f32]) {
        gpu.queue().write_buffer(&self.buffer, self.bytes(first), bytemuck::cast_slice(values));
    }
}

/// Right-hand sides (n × t each, one per matrix of the chunk) in the buffer's layout: `[matrices, quads, n, 4]`.
#[must_use]
pub fn packed(sides: &[DMatrix<f64>]) -> Vec<f32> {
    let shape = sides.first().map_or((0, 0), DMatrix::shape);
    pack(sides.len(), shape, |matrix| Some(Cow::Borrowed(&sides[matrix])))
}

/// The right-hand sides (n × t) of `count` matrices in the buffer's layout, on all cores; zeros where there are none.
pub(crate) fn pack<'a>(
    count: usize,
    (n, t): (usize, usize),
    side: impl Fn(usize) -> Option<Cow<'a, DMatrix<f64>>> + Sync,
) -> Vec<f32> {
    let size = t.div_ceil(4) * n * 4;
    let mut values = vec![0.0; count * size];
    values.par_chunks_mut(size.max(1)).enumerate().for_each(|(matrix, values)| {
        let Some(side) = side(matrix) else { return };
        for (target, column) in side.as_slice().chunks(n).enumerate() {
            let values = values[target / 4 * n * 4..].iter_mut().skip(target % 4).step_by(4);
            values.zip(column).for_each(|(value, own)| *value = f32::round_from(*own));
        }
    });
    values
}

/// Solutions (n × t each) of the first `count` matrices, from the buffer's layout.
#[must_use]
pub fn unpacked(values: &[f32], count: usize, n: usize, t: usize) -> Vec<DMatrix<f64>> {
    (0..count).into_par_iter().map(|matrix| unpack(values, matrix, (n, t))).collect()
}

/// The solution (n × t) of one matrix, from the buffer's layout.
pub(crate) fn unpack(values: &[f32], matrix: usize, (n, t): (usize, usize)) -> DMatrix<f64> {
    let size = t.div_ceil(4) * n * 4;
    let own = &values[matrix * size..(matrix + 1) * size];
    DMatrix::from_fn(n, t, |j, target| f64::from(own[(target / 4 * n + j) * 4 + target % 4]))
}
