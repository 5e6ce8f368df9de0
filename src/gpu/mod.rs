//! The GPU backend: WGSL kernels through wgpu, on Vulkan, Metal, DX12 or a browser's WebGPU.
//!
//! Each stage has a file here and a shader of the same stem, and can be used alone on the caller's device:
//! `record` writes a stage's dispatches into a command encoder.

mod chunk;
pub mod context;
pub mod kernel;
pub mod registry;
mod scopes;
pub mod solution;
pub mod stages;
mod transfer;

pub use context::{AdapterSummary, Gpu};
pub use stages::{factor, gram, product, solve};
/// The wgpu whose devices and buffers these functions take.
pub use wgpu;

use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::model::method::Precision;
use crate::plan::GpuPlan;

/// Factors and solves every λ of a path, chunk after chunk, and in double precision refines it. `None` where single
/// precision does not reach: the matrix cannot be factored in it, or the corrections do not converge.
///
/// # Errors
/// [`Error::DeviceLost`](crate::Error::DeviceLost), [`Error::OutOfMemory`](crate::Error::OutOfMemory),
/// [`Error::Device`](crate::Error::Device).
pub async fn solve(
    gpu: &Gpu,
    normal: &NormalEquations,
    plan: &GpuPlan,
    precision: Precision,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Option<Weights>>> {
    let k = normal.penalties();
    let chunk = chunk::Chunk::new(gpu, normal, plan).await?;
    let mut answers = Vec::with_capacity(k);
    for first in (0..k).step_by(plan.lambdas_per_chunk) {
        let count = plan.lambdas_per_chunk.min(k - first);
        answers.extend(chunk.solve(first, count, precision).await?);
        progress(first + count);
    }
    Ok(answers)
}
