//! What a [`Recorder`](super::Recorder) reads from the caller's buffers and writes to them, and how it lies there.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::gpu::context::Gpu;
use crate::gpu::stages::report::Report;
use crate::gpu::transfer::ReadBack;

/// What every buffer is for.
pub(crate) const STORAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE;

const BINDING: &str = "the device's storage buffer binding";

/// A matrix of `f32` in a buffer: element (i, j) is number `offset` + i·`row_stride` + j·`column_stride` of it.
#[derive(Debug, Clone, Copy)]
pub struct MatrixBuffer<'a> {
    /// With the usage `STORAGE`.
    pub buffer: &'a wgpu::Buffer,
    /// The element that is the first.
    pub offset: usize,
    /// Elements from one row to the next.
    pub row_stride: usize,
    /// Elements from one column to the next.
    pub column_stride: usize,
}

impl<'a> MatrixBuffer<'a> {
    /// Row after row, from the first element of the buffer on.
    #[must_use]
    pub fn row_major(buffer: &'a wgpu::Buffer, columns: usize) -> Self {
        Self { buffer, offset: 0, row_stride: columns, column_stride: 1 }
    }

    /// Column after column, from the first element of the buffer on.
    #[must_use]
    pub fn column_major(buffer: &'a wgpu::Buffer, rows: usize) -> Self {
        Self { buffer, offset: 0, row_stride: 1, column_stride: rows }
    }

    pub(crate) fn by_columns(&self) -> bool {
        self.row_stride < self.column_stride
    }

    /// Refuses a buffer that ends before the last element of so many rows and columns.
    pub(crate) fn check(&self, what: &'static str, [rows, columns]: [usize; 2]) -> Result<()> {
        let far = |count: usize, stride: usize| count.saturating_sub(1).checked_mul(stride);
        let last = far(rows, self.row_stride).and_then(|down| {
            down.checked_add(far(columns, self.column_stride)?)?.checked_add(self.offset)?.checked_add(1)
        });
        holds(self.buffer, what, last.unwrap_or(usize::MAX).saturating_mul(4), STORAGE)
    }

    /// The part of the buffer that holds these rows, and the element of it that is their first.
    pub(crate) fn part(
        &self,
        gpu: &Gpu,
        rows: Range<usize>,
        columns: usize,
    ) -> Result<(wgpu::BufferBinding<'a>, usize)> {
        let limits = gpu.device().limits();
        let aligned = u64::from(limits.min_storage_buffer_offset_alignment.max(4));
        let first = 4 * (self.offset + rows.start * self.row_stride) as u64;
        let last = first + 4 * ((rows.len() - 1) * self.row_stride + (columns - 1) * self.column_stride) as u64;
        let begin = first - first % aligned;
        let size = (last + 4 - begin).next_multiple_of(4);
        let limit = limits.max_storage_buffer_binding_size;
        if size > limit {
            let what = "a block of rows in the caller's buffer";
            return Err(Error::TooLarge { what, needed: size, limit, binding: BINDING });
        }
        let binding = wgpu::BufferBinding { buffer: self.buffer, offset: begin, size: wgpu::BufferSize::new(size) };
        Ok((binding, usize::try_from((first - begin) / 4).unwrap_or(0)))
    }
}

/// Rows on the device: X (m × n), Y (m × t), and their weights if there are any.
#[derive(Debug, Clone, Copy)]
pub struct RowBuffers<'a> {
    /// X.
    pub x: MatrixBuffer<'a>,
    /// Y.
    pub y: MatrixBuffer<'a>,
    /// `[m]` of `f32`: s ≥ 0, none of them so large or small that sums of s·x² in units of each column's spread leave the range of
    /// `f32`; with the usage `STORAGE`, and bound as a whole. Rows of weight 0 may hold anything.
    pub weights: Option<&'a wgpu::Buffer>,
}

/// Moments on the device, of `f32`: what [`Moments`](crate::Moments) are.
#[derive(Debug)]
pub struct MomentsBuffers {
    /// n and t.
    pub sizes: [usize; 2],
    /// `[2, q, 4]`, q = n + t: of each column origin and offset, whose sum is its mean, 0, and 2⁻ᵉ, the inverse of its unit; then
    /// again of each column Σ s(x − x̄)² in units of 2²ᵉ, Σ s, the number of rows of positive weight, and 0.
    pub columns: wgpu::Buffer,
    /// `[n, q]`, column j after column j − 1: q elements, of which number i, for i ≥ j, is G of features i and j, and from n on C of
    /// the targets, in units of 2^(eᵢ + eⱼ). Those above the diagonal mean nothing.
    pub products: wgpu::Buffer,
}

/// The bytes of the two buffers.
fn moments_bytes([n, t]: [usize; 2]) -> [usize; 2] {
    let q = n.saturating_add(t);
    [q.saturating_mul(32), n.saturating_mul(q).saturating_mul(4)]
}

impl MomentsBuffers {
    /// Makes them, for n features and t targets, with the usages `STORAGE`, `COPY_SRC` and `COPY_DST`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where one is more than a binding holds; the device's.
    pub async fn new(gpu: &Gpu, n: usize, t: usize) -> Result<Self> {
        let [columns, products] = moments_bytes([n, t]);
        let sizes = [("ridgepath.moments.columns", columns), ("ridgepath.moments.products", products)];
        let [columns, products] = made(gpu, "the buffers of moments", sizes).await?;
        Ok(Self { sizes: [n, t], columns, products })
    }

    /// Refuses buffers that are not those of n features and t targets, or may not be used so.
    pub(crate) fn check(&self, gpu: &Gpu, [n, t]: [usize; 2], usage: wgpu::BufferUsages) -> Result<()> {
        let names = ["features of the moments in buffers", "targets of the moments in buffers"];
        for ((what, found), wanted) in names.into_iter().zip(self.sizes).zip([n, t]) {
            if found != wanted {
                return Err(Error::Shape { what, found, wanted });
            }
        }
        let [columns, products] = moments_bytes([n, t]);
        each_holds(
            gpu,
            [
                (&self.columns, "bytes of the buffer of the moments' columns", columns),
                (&self.products, "bytes of the buffer of the moments' products", products),
            ],
            usage,
        )
    }

    /// The bytes of both, read back.
    pub(crate) async fn read(&self, gpu: &Gpu) -> Result<[Vec<f32>; 2]> {
        self.check(gpu, self.sizes, wgpu::BufferUsages::COPY_SRC)?;
        let [columns, products] = moments_bytes(self.sizes).map(|bytes| bytes as u64);
        let parts = read(gpu, "moments", &[(&self.columns, columns), (&self.products, products)]).await?;
        let mut parts = parts.into_iter().map(|bytes| bytemuck::pod_collect_to_vec(&bytes));
        Ok(std::array::from_fn(|_| parts.next().unwrap_or_default()))
    }
}

/// Where the answers go.
#[derive(Debug)]
pub struct WeightBuffers {
    /// `[k, t, n + 1]` of `f32`: of each λ and target the coefficients, on the scale of the rows, and last the intercept. The usage is
    /// to be `STORAGE`.
    pub weights: wgpu::Buffer,
    /// `[k]` of [`Report`], 8 bytes each. The usage is to be `STORAGE`.
    pub reports: wgpu::Buffer,
}

fn weights_bytes([n, t, k]: [usize; 3]) -> [usize; 2] {
    [
        4usize.saturating_mul(k).saturating_mul(t).saturating_mul(n.saturating_add(1)),
        size_of::<Report>().saturating_mul(k),
    ]
}

impl WeightBuffers {
    /// Makes them, for n features, t targets and k λs, with the usages `STORAGE`, `COPY_SRC` and `COPY_DST`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where one is more than a binding holds; the device's.
    pub async fn new(gpu: &Gpu, n: usize, t: usize, k: usize) -> Result<Self> {
        let [weights, reports] = weights_bytes([n, t, k]);
        let sizes = [("ridgepath.weights", weights), ("ridgepath.reports", reports)];
        let [weights, reports] = made(gpu, "the buffers of weights", sizes).await?;
        Ok(Self { weights, reports })
    }

    /// Refuses buffers that are not those of n features, t targets and k λs, or may not be used so.
    pub(crate) fn check(&self, gpu: &Gpu, sizes: [usize; 3], usage: wgpu::BufferUsages) -> Result<()> {
        let [weights, reports] = weights_bytes(sizes);
        each_holds(
            gpu,
            [
                (&self.weights, "bytes of the buffer of the coefficients", weights),
                (&self.reports, "bytes of the buffer of the reports", reports),
            ],
            usage,
        )
    }

    /// Waits for what has been submitted, and reads the weights of n features, t targets and k λs back, as they lie there, with their
    /// reports. The usages are to include `COPY_SRC`.
    ///
    /// # Errors
    /// [`Error::Shape`] where a buffer is smaller, [`Error::Device`] where it lacks the usage, and the device's.
    pub async fn fetch(&self, gpu: &Gpu, n: usize, t: usize, k: usize) -> Result<(Vec<f32>, Vec<Report>)> {
        self.check(gpu, [n, t, k], wgpu::BufferUsages::COPY_SRC)?;
        let [weights, reports] = weights_bytes([n, t, k]).map(|bytes| bytes as u64);
        let parts = read(gpu, "weights", &[(&self.weights, weights), (&self.reports, reports)]).await?;
        let mut parts = parts.into_iter();
        let mut next = || parts.next().unwrap_or_default();
        Ok((bytemuck::pod_collect_to_vec(&next()), bytemuck::pod_collect_to_vec(&next())))
    }
}

/// Refuses a buffer that is too small, or may not be used so.
fn holds(buffer: &wgpu::Buffer, what: &'static str, wanted: usize, usage: wgpu::BufferUsages) -> Result<()> {
    let found = usize::try_from(buffer.size()).unwrap_or(usize::MAX);
    if found < wanted {
        return Err(Error::Shape { what, found, wanted });
    }
    if !buffer.usage().contains(usage) {
        let (name, found) = (what.trim_start_matches("bytes of "), buffer.usage());
        return Err(Error::Device { reason: format!("{name} has the usage {found:?}, wanted {usage:?} with it") });
    }
    Ok(())
}

/// Refuses buffers that are too small, or may not be used so; those to be bound also where they cannot be as a whole.
fn each_holds(gpu: &Gpu, buffers: [(&wgpu::Buffer, &'static str, usize); 2], usage: wgpu::BufferUsages) -> Result<()> {
    buffers.into_iter().try_for_each(|(buffer, what, wanted)| match usage == STORAGE {
        true => binds(gpu, buffer, what, wanted),
        false => holds(buffer, what, wanted, usage),
    })
}

/// Refuses a buffer that cannot be bound as a whole.
pub(crate) fn binds(gpu: &Gpu, buffer: &wgpu::Buffer, what: &'static str, wanted: usize) -> Result<()> {
    holds(buffer, what, wanted, STORAGE)?;
    fits(gpu, what, buffer.size())
}

/// Refuses what is more than one binding holds.
pub(crate) fn fits(gpu: &Gpu, what: &'static str, needed: u64) -> Result<()> {
    let limits = gpu.own_limits();
    let limit = limits.storage_binding.min(limits.buffer);
    let what = what.trim_start_matches("bytes of ");
    if needed <= limit { Ok(()) } else { Err(Error::TooLarge { what, needed, limit, binding: BINDING }) }
}

/// Makes buffers of these names and sizes.
async fn made<const N: usize>(
    gpu: &Gpu,
    what: &'static str,
    sizes: [(&'static str, usize); N],
) -> Result<[wgpu::Buffer; N]> {
    sizes.iter().try_for_each(|(_, bytes)| fits(gpu, what, *bytes as u64))?;
    let scope = gpu.scope();
    let buffers = sizes.map(|(label, bytes)| gpu.storage(label, bytes as u64));
    scope.finish(what).await?;
    Ok(buffers)
}

async fn read(gpu: &Gpu, what: &'static str, parts: &[(&wgpu::Buffer, u64)]) -> Result<Vec<Vec<u8>>> {
    gpu.alive()?;
    let scope = gpu.scope();
    let mut encoder = gpu.encoder("ridgepath.fetch");
    let back = ReadBack::record(gpu, &mut encoder, parts);
    gpu.submit(encoder);
    scope.finish(what).await?;
    back.fetch(gpu).await
}
