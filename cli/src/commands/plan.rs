//! `ridgepath plan`.

use ridgepath::{Backend, Penalty, Ridge, Shape};

use crate::args::answer::Format;
use crate::args::names::PartingColumns;
use crate::args::plan::PlanArgs;
use crate::fit::{penalties, rates, solver};
use crate::format::{json, message};
use crate::input::data::Data;
use crate::input::device::{self, Device};
use crate::input::sums_memory::SumsMemory;
use crate::machine::failure::{Failure, Result};
use crate::machine::output;
use crate::machine::progress::Progress;

/// A task with its solver, and in words where the rates of the CPU come from.
struct Task {
    ridge: Ridge,
    origin: String,
    shape: Shape,
    /// The names of the columns, for errors.
    data: Option<Data>,
}

pub(crate) fn run(args: &PlanArgs) -> Result<()> {
    let device = args.device_rates.as_deref().map(device::load).transpose()?;
    let Task { ridge, origin, shape, data } = task(args)?;
    let ridge = match &device {
        Some(device) => ridge.device_rates(device.rates),
        None => ridge,
    };
    let limits = device.as_ref().map(|device| device.limits);
    // The rows are not at hand, or will not be.
    let summed = args.memory.memory.is_some() || data.as_ref().is_some_and(|data| data.moments().is_some());
    let plan = |shape| {
        let planned = match limits {
            _ if summed => ridge.plan_of_moments(shape),
            Some(limits) => ridge.plan_for(shape, limits),
            None => ridge.plan(shape),
        };
        planned.map_err(|error| data.as_ref().map_or_else(|| error.clone().into(), |data| data.failure(error.clone())))
    };
    let path = plan(shape)?;
    let folds = match args.folds {
        Some(folds) if folds > shape.rows => {
            return Err(Failure::Input(format!("--folds: found {folds}, wanted at most the {} rows", shape.rows)));
        }
        Some(folds) => {
            let training = Shape { rows: shape.rows - shape.rows.div_ceil(folds), problems: folds, ..shape };
            Some(plan(training)?)
        }
        None => None,
    };
    let sums = match args.memory.memory {
        Some(bytes) => {
            let sums = SumsMemory::new(shape.features, shape.targets, args.folds.unwrap_or(1));
            sums.check(bytes)?;
            Some(sums)
        }
        None => None,
    };
    match args.format {
        Format::Json => {
            let name = device.as_ref().map(|Device { name, .. }| name.as_str());
            output::print(json::plan::written(&path, folds.as_ref(), sums.map(|sums| sums.bytes()), name)?)?;
        }
        Format::Table => {
            let mut text = path.explain();
            if let Some(folds) = folds {
                text += "\nand for the folds\n";
                text += &folds.explain();
            }
            if let Some(sums) = sums {
                text += &format!("  rows     summed as they come, and not held: --memory is {sums}\n");
            }
            if path.backend != Backend::Reference {
                text += &format!("  from     {origin}\n");
            }
            output::print(text.into_bytes())?;
        }
    }
    data.iter().flat_map(Data::notes).for_each(|note| message::note(&note));
    Ok(())
}

/// What is to be planned: the data, or sizes alone.
fn task(args: &PlanArgs) -> Result<Task> {
    let listed = penalties::choose(&args.grid)?;
    let solver = &args.solver;
    if let Some(sizes) = args.sizes().map_err(Failure::Input)? {
        let penalties = match &listed {
            // None is given.
            Penalty::Auto(_) => sizes.lambdas,
            given => given.len(),
        };
        let shape =
            Shape { rows: sizes.rows, features: sizes.features, targets: sizes.targets, penalties, problems: 1 };
        let ridge = solver::without_data(solver).penalty(Penalty::Auto(penalties));
        let (ridge, origin) = rates::rated_for(ridge, shape, solver);
        return Ok(Task { ridge, origin, shape, data: None });
    }
    let described = args.data().map_err(Failure::Input)?;
    let data = match args.memory.memory {
        Some(bytes) => Data::streamed(&described, &PartingColumns::default(), None, bytes)?,
        None => Data::load(&described)?,
    };
    let ridge = solver::of(&data, &described, solver, &Progress::towards_end("λ")).penalty(listed);
    let (ridge, origin) = rates::rated(ridge, &data, solver)?;
    let shape = data.shape(&ridge)?;
    Ok(Task { ridge, origin, shape, data: Some(data) })
}
