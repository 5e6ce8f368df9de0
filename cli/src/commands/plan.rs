//! `ridgepath plan`.

use ridgepath::Backend;

use crate::args::plan::PlanArgs;
use crate::fit::{penalties, rates, solver};
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::machine::output;
use crate::machine::progress::Progress;

pub(crate) fn run(args: &PlanArgs) -> Result<()> {
    let penalty = penalties::choose(&args.grid)?;
    let data = Data::load(&args.data)?;
    let ridge = solver::of(&data, &args.data, &args.solver, &Progress::towards_end("λ")).penalty(penalty);
    let (ridge, origin) = rates::rated(ridge, &data, args.solver.rates)?;
    let plan = ridge.plan(ridge.shape(data.x()?, data.y()?)).map_err(|error| data.failure(error))?;
    let origin = if plan.backend == Backend::Reference { String::new() } else { format!("  from     {origin}\n") };
    output::print((plan.explain() + &origin).into_bytes())
}
