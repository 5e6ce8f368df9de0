//! Problems of one shape, p of them: on a GPU the λs of all in the same dispatches.

use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::data::problem::Problem;
use crate::equations::dual::Dual;
use crate::equations::forms::Equations;
use crate::equations::normal::NormalEquations;
use crate::error::Result;
use crate::gpu;
use crate::model::method::{Backend, Form, Precision};
use crate::model::watch::{Report, Watch};
use crate::moments::Moments;
use crate::plan::{GramPlan, Plan, Shape};
use crate::solve::asked::Asked;
use crate::solve::known::Known;
use crate::solve::nodes;
use crate::solve::of_rows;
use crate::solve::ridge::Ridge;
use crate::solve::run::told;
use crate::solve::task::{Start, Task};

impl Ridge {
    /// How many problems of a shape a GPU takes at a time: all, or as many as fit; 0 where the CPU is planned.
    ///
    /// # Errors
    /// Those of [`Plan::new`] for one problem.
    pub(crate) async fn together(&self, shape: Shape) -> Result<usize> {
        let asked = self.asked();
        if !asked.request.wants_gpu(shape) {
            return Ok(0);
        }
        let mut problems = shape.problems;
        match self.open().await.and_then(|gpu| gpu.alive()) {
            Err(_) if self.request.backend == Backend::Auto => return Ok(0),
            opened => opened?,
        }
        loop {
            let plan = self.planned(&asked, Shape { problems, ..shape }).await;
            match plan {
                Ok(plan) if plan.backend == Backend::Gpu => return Ok(problems),
                Ok(_) if problems == 1 => return Ok(0),
                Err(error) if problems == 1 => return Err(error),
                _ => problems = problems.div_ceil(2),
            }
        }
    }

    /// The moments in double precision of problems, parts of one of this shape: on a GPU one after the other, if that forms the
    /// equations of the whole, else on the CPU side by side.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span); with [`Backend::Gpu`] the device's.
    pub(crate) async fn moments_of(&self, whole: Shape, problems: &[Problem<'_>]) -> Result<Vec<Moments>> {
        let asked = self.asked();
        let plan = self.planned(&asked, whole).await?;
        let sums = plan.gpu.as_ref().and_then(|sizes| sizes.gram.as_ref());
        if let Some(sums) = sums.filter(|sums| sums.precision == Precision::Double && plan.form == Form::Primal) {
            match self.moments_on_gpu(sums, problems).await {
                // What the CPU can do too, it does; the paths that follow say that the device failed.
                Err(error) if error.is_device() && self.request.backend == Backend::Auto => (),
                found => return found,
            }
        }
        problems.par_iter().map(cpu::gram::gram::<f64>).collect()
    }

    /// The sums that the equations of any targets of a problem take, on the CPU.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn known(&self, problem: &Problem<'_>) -> Result<Known> {
        let asked = self.asked();
        Ok(match asked.request.form(self.shape(problem.x(), problem.y())) {
            Form::Primal => Known::Moments(cpu::gram::gram::<f64>(problem)?),
            Form::Dual => Known::Products(Dual::new(problem, asked.model, &asked.shared_factors())?.products::<f64>()),
        })
    }

    async fn moments_on_gpu(&self, sums: &GramPlan, problems: &[Problem<'_>]) -> Result<Vec<Moments>> {
        let gpu = self.open().await?;
        gpu.alive()?;
        let mut found = Vec::with_capacity(problems.len());
        for problem in problems {
            found.push(gpu::gram::gram(&gpu, problem, sums).await?);
        }
        Ok(found)
    }

    /// The paths of problems of one shape, with the moments of their rows in double precision where they are known. The bits of
    /// each are those of the problem alone.
    pub(crate) async fn solve_together(&self, problems: Vec<(Problem<'_>, Option<Moments>)>) -> Result<Vec<RidgePath>> {
        let Some((first, _)) = problems.first() else { return Ok(Vec::new()) };
        let asked: Vec<Asked> = problems.iter().map(|(problem, _)| self.asked_of(problem)).collect();
        let shape = Shape { problems: problems.len(), ..self.shape(first.x(), first.y()) };
        let plan = self.planned(&asked[0], shape).await?;
        let alone = !self.prior.is_none() || plan.form == Form::Dual || plan.precision == Precision::Single;
        let Some(sizes) = plan.gpu.as_ref().filter(|_| !alone) else {
            let mut paths = Vec::with_capacity(problems.len());
            for (problem, known) in problems {
                paths.push(self.solve(&problem, known.map(Known::Moments)).await?);
            }
            return Ok(paths);
        };
        let gpu = self.open().await?;
        gpu.alive()?;
        let device = Some((&gpu, sizes));
        let mut equations = Vec::with_capacity(problems.len());
        let (problems, known): (Vec<Problem<'_>>, Vec<Option<Moments>>) = problems.into_iter().unzip();
        for ((problem, known), asked) in problems.iter().zip(known).zip(&asked) {
            asked.penalty.check_features(problem.features())?;
            let formed = match known {
                Some(moments) => of_rows::of_moments(asked, problem, moments)?,
                None => of_rows::equations(asked, problem, (Form::Primal, Precision::Double), device).await?,
            };
            // What would go on to twice the digits at once, starts there.
            equations.push(if formed.condition_limit().is_err() { formed.exact()? } else { formed });
        }
        let normals: Vec<&NormalEquations> = equations.iter().map(Equations::normal).collect();
        let report = self.reporter(shape.penalties * shape.problems);
        let found = nodes::found((&gpu, sizes), &plan, &normals, Report::of(&report)).await?;
        let one = Plan { shape: Shape { problems: 1, ..shape }, ..plan.clone() };
        let mut paths = Vec::with_capacity(problems.len());
        for ((problem, asked), (equations, found)) in problems.iter().zip(&asked).zip(equations.into_iter().zip(found))
        {
            let task = Task { asked, plan: &one, problem, device, report: Report::of(&report).untold() };
            paths.push(told(&gpu, task.climb(Start::Found { equations: Box::new(equations), found }).await?));
            // Those of nodes are there only now.
            report.done(paths.len() * shape.penalties);
        }
        Ok(paths)
    }
}

/// What each of some items gives on the CPU, side by side: there is nothing that they wait for.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn on_cpu<I: Copy + Sync, R: Send, F: Future<Output = Result<R>>>(
    items: &[I],
    one: impl Fn(I) -> F + Sync,
) -> Result<Vec<R>> {
    side_by_side(items, |own| pollster::block_on(one(*own)))
}

/// What each of some items gives, on as many threads as there are.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn side_by_side<I: Sync, R: Send>(
    items: &[I],
    one: impl Fn(&I) -> Result<R> + Send + Sync,
) -> Result<Vec<R>> {
    items.par_iter().map(one).collect()
}

/// What each of some items gives, in a browser one after the other.
#[cfg(target_arch = "wasm32")]
pub(crate) fn side_by_side<I, R>(items: &[I], one: impl Fn(&I) -> Result<R>) -> Result<Vec<R>> {
    items.iter().map(one).collect()
}

/// What each of some items gives on the CPU, in a browser one after the other: no thread there may share what holds a device.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn on_cpu<I: Copy, R, F: Future<Output = Result<R>>>(
    items: &[I],
    one: impl Fn(I) -> F,
) -> Result<Vec<R>> {
    let mut found = Vec::with_capacity(items.len());
    for own in items {
        found.push(one(*own).await?);
    }
    Ok(found)
}
