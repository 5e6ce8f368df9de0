//! The GPU backend: WGSL kernels through wgpu, on Vulkan, Metal, DX12 or a browser's WebGPU.
//!
//! Each stage has a file here and a shader of the same stem, and can be used alone on the caller's device:
//! `record` writes a stage's dispatches into a command encoder.

mod adapter;
mod buffers;
mod candidate;
mod chunk;
pub mod context;
#[cfg(not(target_arch = "wasm32"))]
mod deadline;
mod group;
pub mod kernel;
mod moments_in_buffers;
mod on_device;
mod on_host;
mod pace;
mod rates;
mod recorder;
pub mod registry;
mod rows;
mod scopes;
mod shares;
pub mod solution;
mod solver;
pub mod stages;
mod transfer;
mod upload;

pub use adapter::{AdapterSummary, GpuOptions};
pub use buffers::{MatrixBuffer, MomentsBuffers, RowBuffers, WeightBuffers};
pub use context::Gpu;
pub use recorder::Recorder;
pub use stages::{
    centre, coefficients, correct, equations, factor, frame, gram, product, report, residual, residues, solve,
};
/// The wgpu whose devices and buffers these functions take.
pub use wgpu;

use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::{Error, Result};
use crate::gpu::chunk::Chunk;
use crate::gpu::shares::{Share, Shares};
use crate::model::method::Precision;
use crate::model::watch::Watch;
use crate::plan::GpuPlan;

/// Factors and solves every λ of p problems of the same n, t and k, chunk after chunk, and in double precision refines it; problem
/// after problem, the bits of each as if it were alone. `None` where single precision does not reach: the matrix cannot be
/// factored in it, or the corrections do not converge. `watch` is told of λs done, of all problems together.
///
/// The plan is that of a [`Shape`](crate::Shape) of as many problems. [Several devices](Gpu::sharing) share the matrices.
///
/// # Errors
/// [`Error::Shape`] where the problems differ in n, t or k; [`Error::Cancelled`], [`Error::DeviceLost`], [`Error::OutOfMemory`], [`Error::Device`].
pub async fn solve(
    gpu: &Gpu,
    problems: &[&NormalEquations],
    plan: &GpuPlan,
    precision: Precision,
    watch: &dyn Watch,
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
    let total = problems.len() * k;
    // More λs of a problem than were planned for take their share of the room alone.
    let most = if k > plan.matrices_of_one { plan.matrices_of_one } else { total };
    let plan = &GpuPlan { matrices_per_chunk: plan.matrices_per_chunk.min(most), ..plan.clone() };
    let shares = Shares::new(gpu, total, |rates| rates.single);
    shares.done(|share| solve_share(share, (problems, shape), plan, precision, watch)).await?;
    let mut answers = shares.found().into_iter();
    Ok(problems.iter().map(|_| answers.by_ref().take(k).collect()).collect())
}

/// A device's share of the matrices, chunk after chunk.
async fn solve_share(
    share: Share<'_, Option<Weights>>,
    (problems, shape): (&[&NormalEquations], [usize; 3]),
    plan: &GpuPlan,
    precision: Precision,
    watch: &dyn Watch,
) -> Result<()> {
    let most = plan.matrices_per_chunk.min(share.len());
    let plan = &GpuPlan { matrices_per_chunk: most, ..plan.clone() };
    let chunk = Chunk::new(share.gpu(), problems, shape, plan).await?;
    while let Some(matrices) = share.next(most.min(chunk.matrices_at_a_time())) {
        if watch.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let answers = chunk.solve(matrices.clone(), precision).await?;
        watch.done(share.found(matrices.start, answers));
    }
    Ok(())
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
    watch: &dyn Watch,
) -> Result<Vec<Option<Weights>>> {
    let mut answers = solve(gpu, &[normal], plan, precision, watch).await?;
    Ok(answers.pop().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use nalgebra::DMatrix;

    use super::{Gpu, solve_one};
    use crate::cpu;
    use crate::data::problem::Problem;
    use crate::equations::normal::NormalEquations;
    use crate::gpu::pace::Kind;
    use crate::gpu::stages::solve::SPEC;
    use crate::model::Model;
    use crate::model::method::{Backend, Precision};
    use crate::model::penalty::Penalty;
    use crate::plan::{Plan, Request, Shape};

    #[test]
    fn a_slow_device_is_told_a_matrix_or_a_panel_at_a_time_and_the_bits_are_the_same() {
        let Ok(gpu) = pollster::block_on(Gpu::open(true)) else {
            eprintln!("!!! NOT TESTED: this test needs a GPU or software Vulkan, and found neither");
            return;
        };
        for n in [5, 70, 200] {
            let value = |i: usize, j: usize| ((i * i + 3 * i * j + j) as f64).sin();
            let (x, y) = (DMatrix::from_fn(n + 9, n, value), DMatrix::from_fn(n + 9, 2, |i, j| value(i, n + j)));
            let moments = cpu::gram::gram::<f64>(&Problem::new(&x, &y).expect("finite")).expect("in range");
            let penalty = Penalty::Lambdas(vec![0.1, 1e-2, 10.0]);
            let normal = NormalEquations::with_penalty(&moments, Model::default(), &penalty).expect("λs are positive");
            let shape = Shape { rows: n + 9, features: n, targets: 2, penalties: 3, problems: 1 };
            let request = Request { backend: Backend::Gpu, ..Request::default() };
            let plan =
                Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).expect("it fits").gpu.expect("of a GPU");
            let solved = |rate: f64| {
                let told = Mutex::new(Vec::new());
                gpu.pace().set(Kind { stage: SPEC.stage, sizes: [n, 1] }, rate);
                let report = |done| told.lock().expect("sound").push(done);
                let answers = solve_one(&gpu, &normal, &plan, Precision::Double, &report);
                let answers = pollster::block_on(answers).expect("weights");
                let bits = answers
                    .into_iter()
                    .map(|own| own.expect("within reach").values.map(|values| values.map(f64::to_bits)));
                (bits.collect::<Vec<_>>(), told.into_inner().expect("sound"))
            };
            let ((whole, at_once), (parts, one_by_one)) = (solved(1e15), solved(1.0));
            assert_eq!(whole, parts, "n {n}");
            assert_eq!((at_once[..].to_vec(), one_by_one[0]), (vec![3], 1), "n {n}");
        }
    }
}
