//! The GPU backend: WGSL kernels through wgpu, on Vulkan, Metal, DX12 or a browser's WebGPU.
//!
//! Each stage has a file here and a shader of the same stem, and can be used alone on the caller's device:
//! `record` writes a stage's dispatches into a command encoder.

mod candidate;
mod chunk;
pub mod context;
pub mod kernel;
pub mod registry;
mod scopes;
pub mod solution;
pub mod stages;
mod transfer;

pub use context::{AdapterSummary, Gpu};
pub use stages::{factor, gram, product, residues, solve};
/// The wgpu whose devices and buffers these functions take.
pub use wgpu;

use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::{Error, Result};
use crate::model::method::Precision;
use crate::plan::GpuPlan;

/// Factors and solves every λ of p problems of the same n, t and k, chunk after chunk, and in double precision refines it; problem
/// after problem, the bits of each as if it were alone. `None` where single precision does not reach: the matrix cannot be
/// factored in it, or the corrections do not converge. `progress` is told of λs done, of all problems together.
///
/// The plan is that of a [`Shape`](crate::Shape) of as many problems.
///
/// # Errors
/// [`Error::Shape`] where the problems differ in n, t or k; [`Error::DeviceLost`], [`Error::OutOfMemory`], [`Error::Device`].
pub async fn solve(
    gpu: &Gpu,
    problems: &[&NormalEquations],
    plan: &GpuPlan,
    precision: Precision,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Vec<Option<Weights>>>> {
    let Some(first) = problems.first() else { return Ok(Vec::new()) };
    let sizes = |normal: &NormalEquations| [normal.features(), normal.targets(), normal.penalties()];
    let shape = sizes(first);
    let names = ["features of a problem", "targets of a problem", "penalties of a problem"];
    for normal in problems {
        for ((what, found), wanted) in names.into_iter().zip(sizes(normal)).zip(shape) {
            if found != wanted {
                return Err(Error::Shape { what, found, wanted });
            }
        }
    }
    let [.., k] = shape;
    let chunk = chunk::Chunk::new(gpu, problems, shape, plan).await?;
    let total = problems.len() * k;
    let mut answers = Vec::with_capacity(total);
    for begin in (0..total).step_by(plan.matrices_per_chunk) {
        let end = total.min(begin + plan.matrices_per_chunk);
        answers.extend(chunk.solve(begin..end, precision).await?);
        progress(end);
    }
    let mut answers = answers.into_iter();
    Ok(problems.iter().map(|_| answers.by_ref().take(k).collect()).collect())
}

/// [`solve()`] of one problem.
///
/// # Errors
/// [`Error::DeviceLost`], [`Error::OutOfMemory`], [`Error::Device`].
pub async fn solve_one(
    gpu: &Gpu,
    normal: &NormalEquations,
    plan: &GpuPlan,
    precision: Precision,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Option<Weights>>> {
    let mut answers = solve(gpu, &[normal], plan, precision, progress).await?;
    Ok(answers.pop().unwrap_or_default())
}
