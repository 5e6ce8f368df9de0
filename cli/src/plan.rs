//! `ridgepath plan`.

use ridgepath::Backend;

use crate::args::PlanArgs;
use crate::data::Data;
use crate::message::Result;
use crate::progress::Progress;
use crate::{grid, output, rates};

pub(crate) fn run(args: &PlanArgs) -> Result<()> {
    let penalty = grid::choose(&args.grid)?;
    let data = Data::load(&args.data)?;
    let ridge = data.ridge(&args.data, &args.solver, &Progress::towards_end("λ")).penalty(penalty);
    let (ridge, origin) = rates::rated(ridge, &data, args.solver.rates)?;
    let plan = ridge.plan(ridge.shape(data.x()?, data.y()?)).map_err(|error| data.failure(error))?;
    let origin = if plan.backend == Backend::Reference { String::new() } else { format!("  from     {origin}\n") };
    output::print((plan.explain() + &origin).into_bytes())
}
