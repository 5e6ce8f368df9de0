//! The GPU backend: WGSL kernels through wgpu, on Vulkan, Metal, DX12 or a browser's WebGPU.
//!
//! Each stage has a file here and a shader of the same stem, and can be used alone on the caller's device:
//! `record` writes a stage's dispatches into a command encoder.

pub mod context;
pub mod factor;
pub mod gram;
pub mod kernel;
pub mod solve;
mod transfer;

use nalgebra::DMatrix;

pub use context::{AdapterSummary, Gpu};
/// The wgpu whose devices and buffers these functions take.
pub use wgpu;

use crate::error::Result;
use crate::normal::NormalEquations;
use crate::path::Weights;
use crate::plan::GpuPlan;

/// Factors and solves every λ of a path, chunk after chunk; one read-back a chunk.
///
/// # Errors
/// [`Error::DeviceLost`](crate::Error::DeviceLost), [`Error::OutOfMemory`](crate::Error::OutOfMemory),
/// [`Error::Device`](crate::Error::Device).
pub async fn solve(
    gpu: &Gpu,
    normal: &NormalEquations,
    plan: &GpuPlan,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Weights>> {
    let (n, t, k) = (normal.features(), normal.targets(), normal.penalties());
    let scope = gpu.scope();
    let system = factor::System::new(gpu, normal, plan.lambdas_per_chunk);
    let factors = factor::Factors::new(gpu, n, plan.lambdas_per_chunk);
    let solution = solve::Solution::new(gpu, n, t, plan.lambdas_per_chunk);
    scope.finish("the buffers of a chunk of λ").await?;

    let mut answers = Vec::with_capacity(k);
    for first in (0..k).step_by(plan.lambdas_per_chunk) {
        let count = plan.lambdas_per_chunk.min(k - first);
        let scope = gpu.scope();
        system.upload(gpu, normal, first, count);
        solution.upload(gpu, &solve::right_hand_sides(normal, first, count));
        let mut encoder = gpu.encoder("ridgepath.solve");
        factor::record(gpu, &mut encoder, &system, &factors, count);
        solve::record(gpu, &mut encoder, &factors, &solution, count);
        let back = transfer::ReadBack::record(
            gpu,
            &mut encoder,
            &[(&solution.buffer, solution.bytes(count)), (&factors.info, 4 * count as u64)],
        );
        gpu.submit(encoder);
        scope.finish("a chunk of λ").await?;
        let parts = back.fetch(gpu).await?;
        let values: &[f32] = bytemuck::cast_slice(&parts[0]);
        let info: &[u32] = bytemuck::cast_slice(&parts[1]);
        answers.extend(info.iter().enumerate().map(|(at, info)| match *info {
            0 => {
                let own = &values[at * values.len() / count..(at + 1) * values.len() / count];
                let value = |j: usize, target: usize| f64::from(own[(target / 4 * n + j) * 4 + target % 4]);
                Weights::solved(DMatrix::from_fn(n, t, value))
            }
            order => Weights::singular(order as usize),
        }));
        progress(first + count);
    }
    Ok(answers)
}
