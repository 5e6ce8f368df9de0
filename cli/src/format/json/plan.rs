//! A plan as JSON.

use ridgepath::{Estimate, Plan};
use serde::Serialize;

use crate::format::json::document;
use crate::machine::failure::Result;

#[derive(Serialize)]
struct PlanDocument<'a> {
    schema: &'static str,
    /// The device whose rates were given.
    device: Option<&'a str>,
    /// Of all rows.
    path: PlanEntry,
    /// Of the training rows of all folds.
    folds: Option<PlanEntry>,
    /// Bytes that take rows which are summed as they come, whatever their number.
    bytes_of_sums: Option<u64>,
}

#[derive(Serialize)]
struct PlanEntry {
    rows: usize,
    features: usize,
    targets: usize,
    lambdas: usize,
    problems: usize,
    backend: String,
    precision: String,
    method: &'static str,
    /// By the rates of the CPU.
    seconds_on_cpu: f64,
    /// Bytes of the CPU beside the data, where it answers.
    bytes_on_cpu: Option<u64>,
    /// Bytes on the GPU while it solves, where it does.
    bytes_on_gpu: Option<u64>,
    rungs: Vec<String>,
    fallback: Option<String>,
    /// Of a GPU whose rates are known.
    estimate: Option<Estimate>,
}

pub(crate) fn written(
    path: &Plan,
    folds: Option<&Plan>,
    bytes_of_sums: Option<u64>,
    device: Option<&str>,
) -> Result<Vec<u8>> {
    let (path, folds) = (entry(path), folds.map(entry));
    document::written(&PlanDocument { schema: "ridgepath/plan/1", device, path, folds, bytes_of_sums })
}

fn entry(plan: &Plan) -> PlanEntry {
    let shape = plan.shape;
    PlanEntry {
        rows: shape.rows,
        features: shape.features,
        targets: shape.targets,
        lambdas: shape.penalties,
        problems: shape.problems,
        backend: plan.backend.to_string(),
        precision: plan.precision.to_string(),
        method: plan.method(),
        seconds_on_cpu: plan.request.seconds_on_cpu(shape),
        bytes_on_cpu: plan.gpu.is_none().then(|| shape.bytes_on_cpu(plan.form, plan.strategy)),
        bytes_on_gpu: plan.gpu.as_ref().map(|gpu| gpu.solve_bytes),
        rungs: plan.rungs.iter().map(ToString::to_string).collect(),
        fallback: plan.fallback(),
        estimate: plan.request.device.and_then(|device| plan.estimate(&device)),
    }
}
