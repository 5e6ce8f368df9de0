//! What a device is asked for: the answers of every λ of some problems, or of the nodes of which these are sums.

use std::borrow::Cow;

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::equations::forms::Source;
use crate::equations::nodes::{Extent, Nodes};
use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::gpu::{self, Gpu};
use crate::math::condition;
use crate::model::method::{Precision, Strategy};
use crate::model::outcome::{BackendUsed, Outcome, Route};
use crate::model::watch::Report;
use crate::plan::{GpuPlan, Plan};
use crate::solve::solutions::completed;
use crate::solve::task::Found;

/// What a device finds for the equations of p problems of one shape, all in the same dispatches: the bits of each are those of the
/// problem alone.
pub(crate) async fn found(
    (gpu, sizes): (&Gpu, &GpuPlan),
    plan: &Plan,
    problems: &[&NormalEquations],
    report: Report<'_>,
) -> Result<Vec<Found>> {
    let device = (gpu, sizes);
    let nodes = nodes(device, plan, problems, report).await?;
    let each: Vec<&NormalEquations> =
        problems.iter().zip(&nodes).filter(|(_, nodes)| nodes.is_none()).map(|(normal, _)| *normal).collect();
    let mut of_nodes = {
        let most = nodes.iter().flatten().map(|own| own.equations.penalties()).max().unwrap_or(0);
        let padded: Vec<Cow<'_, NormalEquations>> = nodes.iter().flatten().map(|own| own.padded(most)).collect();
        let padded: Vec<&NormalEquations> = padded.iter().map(Cow::as_ref).collect();
        gpu::solve(gpu, &padded, sizes, Precision::Double, &report.untold()).await?.into_iter()
    };
    let mut of_each = gpu::solve(gpu, &each, sizes, Precision::Double, &report).await?.into_iter();
    let found = nodes.into_iter().map(|nodes| match nodes {
        None => Found::Each(of_each.next().unwrap_or_default()),
        Some(nodes) => {
            let mut answers = of_nodes.next().unwrap_or_default();
            answers.truncate(nodes.equations.penalties());
            let weights = completed(&nodes.equations, answers, |own| own);
            Found::Nodes { nodes: Box::new(nodes), weights }
        }
    });
    Ok(found.collect())
}

/// The nodes of each problem; `None` where every λ is factored.
async fn nodes(
    (gpu, sizes): (&Gpu, &GpuPlan),
    plan: &Plan,
    problems: &[&NormalEquations],
    report: Report<'_>,
) -> Result<Vec<Option<Nodes>>> {
    let shares = |normal: &NormalEquations| {
        plan.strategy_on_gpu(normal.penalties()) == Strategy::Nodes && normal.exact.is_none()
    };
    let mut extents: Vec<Option<Extent>> =
        problems.iter().map(|normal| shares(normal).then(|| Extent::new(normal))).collect();
    let telling: Vec<(usize, usize)> =
        extents.iter().enumerate().filter_map(|(at, extent)| Some((at, extent.as_ref()?.telling()?))).collect();
    let alone: Vec<NormalEquations> = telling.iter().map(|(at, k)| problems[*at].clone().only(&[*k])).collect();
    let alone: Vec<&NormalEquations> = alone.iter().collect();
    let told = gpu::solve(gpu, &alone, sizes, Precision::Double, &report.untold()).await?;
    for ((at, k), answers) in telling.into_iter().zip(told) {
        // What the device does not reach tells nothing.
        if let (Some(extent), Some(Some(weights))) = (&mut extents[at], answers.into_iter().next()) {
            extent.learn(problems[at], k, weights.condition);
        }
    }
    Ok(extents.iter().zip(problems).map(|(extent, normal)| Nodes::new(normal, extent.as_ref()?)).collect())
}

/// The path of sums of what was found for the nodes, and the numbers of the λs that are no such sums, and were factored.
pub(crate) async fn path(
    (gpu, sizes): (&Gpu, &GpuPlan),
    source: Source<'_>,
    (nodes, weights): (&Nodes, &[Weights]),
    (limit, used): (f64, BackendUsed),
    report: Report<'_>,
) -> Result<(RidgePath, Vec<usize>)> {
    let normal = source.normal;
    let steps = weights.iter().map(|own| match own.outcome {
        Outcome::Refined { steps } => steps,
        _ => 0,
    });
    let steps = steps.max().unwrap_or(0);
    let reach = condition::reach(normal.features(), f32::EPSILON.into());
    let outcome = |condition: f64| match steps {
        // The nodes that weigh most were not reached by the device either.
        _ if !(condition <= reach) => Outcome::Rerouted { route: Route::Double },
        0 => Outcome::Solved,
        steps => Outcome::Refined { steps },
    };
    let (mut path, left) = cpu::nodes::path(source, (nodes, weights), limit, (used, outcome), &report);
    if !left.is_empty() {
        let equations = normal.clone().only(&left);
        let answers = gpu::solve_one(gpu, &equations, sizes, Precision::Double, &report.untold()).await?;
        let weights = completed(&equations, answers, |own| own.rerouted(Route::Double));
        path.write_all(source, &left, &weights);
    }
    Ok((path, left))
}
