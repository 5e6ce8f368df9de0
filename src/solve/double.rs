//! The rung of double precision: on a GPU by corrections, on the CPU by the strategy planned.

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::equations::forms::{self, Equations, Source};
use crate::equations::normal;
use crate::error::Result;
use crate::model::method::{Backend, Form, Precision, Strategy};
use crate::model::outcome::{BackendUsed, Route};
use crate::model::rung::{Reason, Retry, Rung};
use crate::model::watch::Report;
use crate::moments::Moments;
use crate::plan::Plan;
use crate::solve::asked::Asked;
use crate::solve::climb::{Climb, Solved};
use crate::solve::corrected::Corrected;
use crate::solve::known::Known;
use crate::solve::nodes;
use crate::solve::of_rows;
use crate::solve::solutions::{completed, solutions, strategy};
use crate::solve::task::{Device, Found, Task};

/// All λs, or those of these numbers, in double precision; those handed back whose digits are at stake.
pub(crate) async fn solve<'a>(
    task: &Task<'a>,
    known: Option<Known>,
    numbers: Option<&[usize]>,
    device: Device<'a>,
    report: Report<'_>,
) -> Result<Climb<'a>> {
    let Task { asked, plan, problem, .. } = *task;
    let equations = match (plan.form, known) {
        (Form::Primal, Some(Known::Moments(moments))) => of_rows::of_moments(asked, problem, moments)?,
        (Form::Dual, Some(Known::Products(products))) => of_rows::of_products(asked, problem, products)?,
        _ => in_stage!(of_rows::equations(asked, problem, (plan.form, Precision::Double), device), "equations", form = ?plan.form).await?,
    };
    let equations = match numbers {
        Some(numbers) => equations.only(numbers),
        None => equations,
    };
    let normal = equations.normal();
    // Of what is there: fewer rows count than were planned for, or the device planned for is lost.
    let planned = match device {
        Some(_) => plan.strategy_on_gpu(normal.penalties()),
        None => strategy(plan, normal),
    };
    let used = used(task, device, planned);
    let limit = match equations.condition_limit() {
        Ok(limit) => limit,
        Err(reason) => {
            let open = (0..normal.penalties()).map(|k| (k, reason)).collect();
            let path = RidgePath::blank(&equations.totals(), normal, used);
            let numbers = (0..path.len()).collect();
            let solved = Some(Solved { equations, numbers, device });
            return Ok(Climb { path, solved, corrected: None, open, retries: Vec::new() });
        }
    };
    if let Some((gpu, sizes)) = device {
        let found = nodes::found((gpu, sizes), plan, &[normal], report).await?;
        let found = found.into_iter().next().unwrap_or(Found::Each(Vec::new()));
        return answered(task, equations, found, report).await;
    }
    let (path, factored) = match (plan.form, planned) {
        (Form::Primal, _) | (Form::Dual, Strategy::Nodes) => {
            let (totals, rows) = (equations.totals(), equations.problem());
            cpu::path::path(equations.source(&totals), planned, limit, used, (!asked.predicts).then_some(rows), &report)
        }
        (Form::Dual, _) => {
            let weights = solutions(plan, normal, device, report).await?;
            (RidgePath::of_weights(&equations, &weights, used, f64::EPSILON), Vec::new())
        }
    };
    Ok(climbed(path, equations, device, &factored))
}

/// What the device of a task has found for the equations of all λs, which may have twice the digits; those that it does not reach
/// factored on the CPU.
pub(crate) async fn answered<'a>(
    task: &Task<'a>,
    equations: Equations<'a>,
    found: Found,
    report: Report<'_>,
) -> Result<Climb<'a>> {
    let strategy = if matches!(found, Found::Nodes { .. }) { Strategy::Nodes } else { Strategy::Cholesky };
    let used = used(task, task.device, strategy);
    let answers = match (found, task.device) {
        (Found::Each(answers), _) => answers,
        (Found::Nodes { nodes, weights }, Some(device)) => {
            let limit = equations.condition_limit().unwrap_or(0.0);
            let (path, factored) = {
                let totals = equations.totals();
                let source = equations.source(&totals);
                let (path, factored) = nodes::path(device, source, (&nodes, &weights), (limit, used), report).await?;
                let path = match task.asked.predicts {
                    true => path,
                    false => path.with_rows(&totals, source.normal, equations.problem(), f64::EPSILON),
                };
                (path, factored)
            };
            return Ok(climbed(path, equations, task.device, &factored));
        }
        // Nodes are found on a device.
        (Found::Nodes { .. }, None) => (0..equations.normal().penalties()).map(|_| None).collect(),
    };
    let weights = completed(equations.normal(), answers, |own| own.rerouted(Route::Double));
    if equations.normal().exact.is_none() {
        let path = RidgePath::of_weights(&equations, &weights, used, f64::EPSILON);
        return Ok(climbed(path, equations, task.device, &[]));
    }
    let path = RidgePath::blank(&equations.totals(), equations.normal(), used.clone());
    let numbers = (0..path.len()).collect();
    let (corrected, open) = Corrected::of_weights(equations, numbers, weights, (&used, false));
    Ok(Climb { path, solved: None, corrected: Some(corrected), open, retries: Vec::new() })
}

/// A path in double precision, with those λs handed back whose condition number costs digits; `factored` are those that were
/// factored though the strategy shares work.
fn climbed<'a>(path: RidgePath, equations: Equations<'a>, device: Device<'a>, factored: &[usize]) -> Climb<'a> {
    let limit = equations.condition_limit().unwrap_or(0.0);
    // Written so that NaN counts as ill-conditioned.
    let poor = (0..path.len()).filter(|k| !(path.condition(*k) <= limit));
    let open = poor.map(|k| (k, Reason::Condition)).collect();
    let numbers = (0..path.len()).collect();
    let retries = apart(factored);
    Climb { path, solved: Some(Solved { equations, numbers, device }), corrected: None, open, retries }
}

/// What is told of λs that were factored though the strategy shares work.
fn apart(factored: &[usize]) -> Vec<Retry> {
    factored.iter().map(|index| Retry { index: *index, rung: Rung::Factored, reason: Reason::Shared }).collect()
}

/// What the path says of who answered.
pub(crate) fn used(task: &Task<'_>, device: Device<'_>, strategy: Strategy) -> BackendUsed {
    let plan = task.plan;
    BackendUsed {
        name: if device.is_some() { Backend::Gpu } else { Backend::Cpu },
        adapter: device.map(|(gpu, _)| gpu.adapter().name.clone()),
        form: plan.form,
        strategy,
        precision: plan.precision,
        fallbacks: plan.fallbacks.clone(),
    }
}

/// The path of moments alone, of which no rung reads the rows.
pub(crate) fn path_of_moments(asked: &Asked, plan: &Plan, moments: &Moments, report: Report<'_>) -> Result<RidgePath> {
    let grid = asked.grid(moments.weight_sum(), || normal::trace(moments, asked.model, &asked.shared_factors()))?;
    let (totals, normal) = forms::of_moments(moments.clone(), asked.model, grid);
    let (name, form, precision, strategy) = (Backend::Cpu, Form::Primal, Precision::Double, strategy(plan, &normal));
    let used = BackendUsed { name, adapter: None, form, strategy, precision, fallbacks: Vec::new() };
    let source = Source { totals: &totals, normal: &normal, rows: None };
    let (mut path, factored) = cpu::path::path(source, strategy, f64::INFINITY, used, None, &report);
    path.retries = apart(&factored);
    Ok(path)
}
