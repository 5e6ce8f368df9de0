//! The picture of a bootstrap: the path of all rows over λ, and where the replicates of the largest coefficients lie.

use ridgepath::RidgePath;

use crate::fit::many::Many;
use crate::fit::quantiles::{quantile, sorted};
use crate::format::words::plural;
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::curves::{self, Curve};
use crate::plot::drawing::{Drawing, LAMBDA, empty, left_out, quantity};
use crate::plot::panel::{OF_BANDS, named};
use crate::plot::panels::Panels;

/// `whole` is the path of all rows, over the grid of the replicates.
pub(crate) fn draw(many: &Many, whole: &RidgePath, data: &Data) -> Result<Drawing> {
    let entries = curves::shown(whole);
    let mut notes = left_out(whole, &entries);
    let factors = curves::factors(whole, data);
    let banded = |target: usize| {
        let mut curves = curves::of(whole, target, &entries, &factors);
        for feature in named(&curves, OF_BANDS) {
            curves[feature].band = band(many, whole, &entries, (target, feature, factors[feature]));
        }
        curves
    };
    let targets: Vec<Vec<Curve>> = (0..whole.targets()).map(banded).collect();
    notes.extend(empty(&targets));
    let answered = many.paths.len() - many.paths.refused().count();
    let svg = Panels {
        title: "Ridge path with its bootstrap",
        facts: format!(
            "{} rows, {} features, {} λ · bands: 5 % to 95 % of {}",
            whole.rows(),
            whole.features(),
            whole.len(),
            plural(answered, "replicate")
        ),
        quantity: quantity(whole),
        along: LAMBDA,
        x: Axis::decades(entries.iter().map(|index| whole.lambdas()[*index].log10())),
        few: OF_BANDS,
        targets: &targets,
    }
    .svg(data)?;
    Ok(Drawing { svg, notes })
}

/// From 5 % to 95 % of the replicates' coefficients at each λ, of those that have one.
fn band(
    many: &Many,
    whole: &RidgePath,
    entries: &[usize],
    (target, feature, factor): (usize, usize, f64),
) -> Vec<Vec<(f64, f64, f64)>> {
    let at = |index: &usize| {
        let values = (0..many.paths.len()).map(|own| many.paths.coefficients(own, *index, target)[feature] * factor);
        let values = sorted(values);
        let [low, high] = [0.05, 0.95].map(|part| quantile(&values, part));
        (low.is_finite() && high.is_finite()).then(|| (whole.lambdas()[*index].log10(), low, high))
    };
    curves::runs(entries.iter().map(at))
}
