//! The picture of a path: for each target its coefficients over λ.

use ridgepath::RidgePath;

use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::curves::{self, Curve};
use crate::plot::drawing::{Drawing, LAMBDA, empty, left_out, quantity};
use crate::plot::panel::OF_CURVES;
use crate::plot::panels::Panels;

pub(crate) fn draw(path: &RidgePath, data: &Data) -> Result<Drawing> {
    let entries = curves::shown(path);
    let mut notes = left_out(path, &entries);
    let factors = curves::factors(path, data);
    let targets: Vec<Vec<Curve>> =
        (0..path.targets()).map(|target| curves::of(path, target, &entries, &factors)).collect();
    notes.extend(empty(&targets));
    let svg = Panels {
        title: "Ridge path",
        facts: format!("{} rows, {} features, {} λ", path.rows(), path.features(), path.len()),
        quantity: quantity(path),
        along: LAMBDA,
        x: Axis::decades(entries.iter().map(|index| path.lambdas()[*index].log10())),
        few: OF_CURVES,
        targets: &targets,
    }
    .svg(data)?;
    Ok(Drawing { svg, notes })
}
