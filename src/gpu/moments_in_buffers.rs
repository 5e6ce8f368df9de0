//! Moments of the host to buffers of a device, and back.

use nalgebra::DMatrix;

use crate::error::{Error, Result};
use crate::gpu::buffers::MomentsBuffers;
use crate::gpu::context::Gpu;
use crate::gpu::stages::frame::SINGLE;
use crate::math::powers::{exponent, scaled};
use crate::math::scalar::Scalar;
use crate::moments::Moments;

impl MomentsBuffers {
    /// Uploads moments, rounded to `f32`: what is recorded and submitted after this call reads them.
    ///
    /// # Errors
    /// [`Error::Shape`] where features or targets differ or a buffer is too small; [`Error::Overflow`] where a column's mean or spread is out
    /// of the range of `f32`; [`Error::Device`] where a buffer lacks the usage `COPY_DST`.
    pub fn upload(&self, gpu: &Gpu, moments: &Moments) -> Result<()> {
        let (n, t) = (moments.features(), moments.targets());
        self.check(gpu, [n, t], wgpu::BufferUsages::COPY_DST)?;
        let q = n + t;
        let mut columns = vec![0.0f32; 8 * q];
        for (j, own) in columns[..4 * q].chunks_mut(4).enumerate() {
            let unit = moments.exponents[j];
            if !SINGLE.contains(&unit) || !f32::round_from(moments.means[j]).is_finite() {
                return Err(beyond(n, j, format!("its mean is {:?}, its spread about 2^{unit}", moments.means[j])));
            }
            let origin = f32::round_from(moments.means[j]);
            let offset = (moments.means[j] - f64::from(origin)) + moments.lows[j];
            own.copy_from_slice(&[origin, f32::round_from(offset), 0.0, f32::round_from(scaled(1.0, -unit))]);
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of rows, rounded to 32 bits")]
        let rows = moments.positive_rows as f32;
        for (j, own) in columns[4 * q..].chunks_mut(4).enumerate() {
            let squares = if j < n { moments.gram[(j, j)] } else { moments.squares[j - n] };
            own.copy_from_slice(&[f32::round_from(squares), f32::round_from(moments.weight_sum), rows, 0.0]);
        }
        let product = |j: usize, i: usize| match i {
            _ if i < j => 0.0,
            _ if i < n => f32::round_from(moments.gram[(i, j)]),
            _ => f32::round_from(moments.cross[(j, i - n)]),
        };
        let products: Vec<f32> = (0..n).flat_map(|j| (0..q).map(move |i| product(j, i))).collect();
        gpu.queue().write_buffer(&self.columns, 0, bytemuck::cast_slice(&columns));
        gpu.queue().write_buffer(&self.products, 0, bytemuck::cast_slice(&products));
        Ok(())
    }

    /// Waits for what has been submitted, and reads the moments back, with the digits that they have on the device. Their rows are
    /// those of positive weight. The usages are to include `COPY_SRC`.
    ///
    /// # Errors
    /// [`Error::Shape`] where a buffer is too small; [`Error::Overflow`] where rows held what is not finite;
    /// [`Error::ZeroWeights`] where no row counts; [`Error::Device`] where a buffer lacks the usage, and the device's.
    pub async fn fetch(&self, gpu: &Gpu) -> Result<Moments> {
        let [n, t] = self.sizes;
        let [columns, products] = self.read(gpu).await?;
        let q = n + t;
        let mut moments = Moments::try_new(n, t)?;
        let (centrings, sums) = columns.split_at(4 * q);
        for (j, (own, sums)) in centrings.chunks(4).zip(sums.chunks(4)).enumerate() {
            let squares = f64::from(sums[0]);
            let mean = f64::from(own[0]) + f64::from(own[1]);
            if [mean, f64::from(own[3]), squares].iter().any(|value| !value.is_finite()) {
                return Err(beyond(n, j, format!("its mean is {mean:?}, its sum of squares {squares:?} in its units")));
            }
            moments.means[j] = mean;
            moments.exponents[j] = -exponent(f64::from(own[3]));
            if j >= n {
                moments.squares[j - n] = squares;
            }
        }
        moments.weight_sum = sums.get(1).map_or(0.0, |sum| f64::from(*sum));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, which is not negative")]
        let rows = sums.get(2).map_or(0, |rows| *rows as usize);
        if !(moments.weight_sum > 0.0) {
            return Err(Error::ZeroWeights { rows });
        }
        (moments.rows, moments.positive_rows) = (rows, rows);
        let element = |i: usize, j: usize| f64::from(products[j * q + i]);
        moments.gram = DMatrix::from_fn(n, n, |i, j| if i >= j { element(i, j) } else { 0.0 });
        moments.cross = DMatrix::from_fn(n, t, |j, target| element(n + target, j));
        Ok(moments)
    }
}

/// The error of column j of [X | Y].
fn beyond(n: usize, j: usize, detail: String) -> Error {
    let column = if j < n { format!("column {j} of X") } else { format!("column {} of Y", j - n) };
    Error::Overflow { what: "a column of moments in 32-bit floats", detail: format!("{column}: {detail}") }
}
