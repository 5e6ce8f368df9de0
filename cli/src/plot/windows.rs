//! The picture of many windows: for each target its coefficients, at one λ, over the windows.

use crate::fit::many::Many;
use crate::fit::windows::Ends;
use crate::format::words::plural;
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::curves::{self, Curve};
use crate::plot::drawing::{Drawing, at_middle, empty, quantity};
use crate::plot::panel::{OF_CURVES, label};
use crate::plot::panels::Panels;

pub(crate) fn draw(many: &Many, ends: &Ends, data: &Data) -> Result<Drawing> {
    let (paths, index, first) = (&many.paths, many.middle(), many.first());
    let factors = first.as_ref().map_or_else(|| vec![1.0; paths.features()], |path| curves::factors(path, data));
    let curve = |target: usize, feature: usize| {
        let point = |(window, end): (usize, &f64)| {
            let value = paths.coefficients(window, index, target)[feature] * factors[feature];
            value.is_finite().then_some((*end, value))
        };
        Curve { runs: curves::runs(ends.values.iter().enumerate().map(point)), band: Vec::new() }
    };
    let of_target = |target: usize| (0..paths.features()).map(|feature| curve(target, feature)).collect();
    let targets: Vec<Vec<Curve>> = (0..paths.targets()).map(of_target).collect();
    let along = match &ends.time {
        Some(column) => format!("{} at the end of the window", label(column)),
        None => "last row of the window".to_owned(),
    };
    let svg = Panels {
        title: "Coefficients over windows",
        facts: format!("{}, {} features · {}", plural(paths.len(), "window"), paths.features(), at_middle(many)),
        quantity: first.as_ref().map_or_else(String::new, quantity),
        along: &along,
        x: Axis::along(ends.values.iter().copied()),
        few: OF_CURVES,
        targets: &targets,
    }
    .svg(data)?;
    Ok(Drawing { svg, notes: empty(&targets).into_iter().collect() })
}
