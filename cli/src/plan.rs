//! `ridgepath plan`.

use ridgepath::Shape;

use crate::args::PlanArgs;
use crate::data::Data;
use crate::message::Result;
use crate::progress::Progress;
use crate::{grid, output};

pub(crate) fn run(args: &PlanArgs) -> Result<()> {
    let penalty = grid::choose(&args.grid)?;
    let data = Data::load(&args.data)?;
    let (x, y) = (data.x()?, data.y()?);
    let shape = Shape { rows: x.rows(), features: x.columns(), targets: y.columns(), penalties: penalty.len() };
    let ridge = data.ridge(&args.data, &args.solver, &Progress::towards_end("λ")).penalty(penalty);
    let plan = pollster::block_on(ridge.plan(shape)).map_err(|error| data.failure(error))?;
    output::print(plan.explain().into_bytes())
}
