//! The rung of double precision: on a GPU by corrections, on the CPU by the strategy planned.

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::equations::forms::{self, Equations};
use crate::equations::normal::{self, NormalEquations};
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::gpu;
use crate::model::method::{Backend, Form, Precision, Strategy};
use crate::model::outcome::{BackendUsed, Route};
use crate::model::rung::Reason;
use crate::moments::Moments;
use crate::plan::Plan;
use crate::solve::formed;
use crate::solve::spec::Spec;
use crate::solve::task::{Climb, Device, Report, Solved, Task};

/// All λs, or those numbered `which`, in double precision; those handed back whose digits are at stake.
pub(crate) async fn solve<'a>(
    task: &Task<'a>,
    known: Option<Moments>,
    which: Option<&[usize]>,
    device: Device<'a>,
    report: Report<'_>,
) -> Result<Climb<'a>> {
    let Task { spec, plan, problem, .. } = *task;
    let equations = match (plan.form, known) {
        (Form::Primal, Some(moments)) => formed::of_moments(spec, problem, moments)?,
        _ => formed::equations(spec, problem, (plan.form, Precision::Double), device).await?,
    };
    let equations = match which {
        Some(which) => equations.only(which),
        None => equations,
    };
    let normal = equations.normal();
    // Of what is there: fewer rows count than were planned for, or the device planned for is lost.
    let strategy = if device.is_some() { Strategy::Cholesky } else { strategy(plan, normal) };
    let used = used(task, device, strategy);
    let limit = equations.worth();
    let numbers = (0..normal.penalties()).collect();
    if limit < 1.0 {
        let reason = if limit == 0.0 { Reason::Weights } else { Reason::Small };
        let open = (0..normal.penalties()).map(|k| (k, reason)).collect();
        let path = RidgePath::blank(&equations.totals(), normal, used);
        return Ok(Climb { path, solved: Some(Solved { equations, numbers, device }), open });
    }
    let path = match &equations {
        Equations::Primal { problem, totals, normal } if device.is_none() => {
            cpu::path::path((totals, normal), strategy, limit, used, Some(problem), report)
        }
        _ => RidgePath::of_weights(&equations, &weights(plan, normal, device, report).await?, used, f64::EPSILON),
    };
    // Written so that NaN counts as ill-conditioned.
    let poor = (0..path.len()).filter(|k| !(path.condition(*k) <= limit));
    let open = poor.map(|k| (k, Reason::Condition)).collect();
    Ok(Climb { path, solved: Some(Solved { equations, numbers, device }), open })
}

/// Weights in double precision on a GPU, if there is one, and on the CPU where it does not reach.
pub(crate) async fn weights(
    plan: &Plan,
    normal: &NormalEquations,
    device: Device<'_>,
    report: Report<'_>,
) -> Result<Vec<Weights>> {
    if let Some((gpu, sizes)) = device {
        let answers = gpu::solve_one(gpu, normal, sizes, Precision::Double, report).await?;
        return Ok(completed(normal, answers, |own| own.rerouted(Route::Double)));
    }
    Ok(match strategy(plan, normal) {
        Strategy::Cholesky => cpu::solve::solve::<f64>(normal, report),
        Strategy::Spectral => completed(normal, cpu::spectral::solve(normal, report), |own| own),
    })
}

/// The weights of all λ: those that are missing by a Cholesky factorization in double precision, and marked so.
fn completed(
    normal: &NormalEquations,
    answers: Vec<Option<Weights>>,
    mark: impl Fn(Weights) -> Weights,
) -> Vec<Weights> {
    let missing: Vec<usize> = (0..answers.len()).filter(|k| answers[*k].is_none()).collect();
    let mut others = cpu::solve::solve_these::<f64>(normal, &missing, &|_| ()).into_iter();
    answers.into_iter().filter_map(|own| own.or_else(|| others.next().map(&mark))).collect()
}

/// The strategy planned for as many λs as these equations have.
fn strategy(plan: &Plan, normal: &NormalEquations) -> Strategy {
    plan.strategy(normal.form, normal.features(), normal.penalties())
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
pub(crate) fn of_moments(spec: &Spec, plan: &Plan, moments: &Moments, report: Report<'_>) -> Result<RidgePath> {
    let grid = spec.grid(moments.weight_sum(), || normal::trace(moments, spec.model, &spec.shared_factors()))?;
    let (totals, normal) = forms::of_moments(moments.clone(), spec.model, grid);
    let (name, form, precision, strategy) = (Backend::Cpu, Form::Primal, Precision::Double, strategy(plan, &normal));
    let used = BackendUsed { name, adapter: None, form, strategy, precision, fallbacks: Vec::new() };
    Ok(cpu::path::path((&totals, &normal), strategy, f64::INFINITY, used, None, report))
}
