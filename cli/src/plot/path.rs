//! The picture of a path: for each target its coefficients over λ.

use plotters::style::text_anchor::HPos;
use ridgepath::RidgePath;

use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{self, GREY, INK, write};
use crate::plot::curves::{self, Curve};
use crate::plot::drawing::{Drawing, left_out, quantity};
use crate::plot::panel::{BOTTOM, LEFT, Panel, TOP, WIDTH, label, right_margin};

/// Between the panels of two targets.
const PANEL_GAP: f64 = 60.0;

pub(crate) fn draw(path: &RidgePath, data: &Data) -> Result<Drawing> {
    let entries = curves::shown(path);
    let mut notes = left_out(path, &entries);
    let factors = curves::factors(path, data);
    let targets: Vec<Vec<Curve>> =
        (0..path.targets()).map(|target| curves::of(path, target, &entries, &factors)).collect();
    if targets.iter().flatten().all(|curve| curve.runs.is_empty()) {
        notes.push("the plot is empty: no λ has an answer that it could show".into());
    }
    let x = Axis::decades(entries.iter().map(|index| path.lambdas()[*index].log10()));
    let panel_height = if targets.len() == 1 { 400.0 } else { 270.0 };
    #[expect(clippy::cast_precision_loss, reason = "a handful of targets")]
    let height = TOP + BOTTOM + targets.len() as f64 * (panel_height + PANEL_GAP) - PANEL_GAP;

    let labels: Vec<String> = data.features().iter().map(|name| label(name)).collect();
    let right = WIDTH - right_margin(&labels, &targets);
    let svg = canvas::svg(WIDTH, height, |area| {
        write(area, "Ridge path", (LEFT, 26.0), 22.0, INK, HPos::Left)?;
        write(area, &subtitle(path, data), (LEFT, 52.0), 14.0, GREY, HPos::Left)?;
        let mut top = TOP;
        for (target, curves) in targets.iter().enumerate() {
            let panel = Panel { left: LEFT, right, top, bottom: top + panel_height, x };
            let name = if targets.len() == 1 { quantity(path) } else { label(&data.targets()[target]) };
            write(area, &name, (LEFT, top - 14.0), 13.0, if targets.len() == 1 { GREY } else { INK }, HPos::Left)?;
            panel.draw(area, curves, &labels)?;
            top += panel_height + PANEL_GAP;
        }
        let middle = f64::midpoint(LEFT, right);
        write(area, "λ, from strong shrinkage to weak", (middle, height - 18.0), 14.0, GREY, HPos::Center)
    })?;
    Ok(Drawing { svg, notes })
}

fn subtitle(path: &RidgePath, data: &Data) -> String {
    let sizes = format!("{} rows, {} features, {} λ", path.rows(), path.features(), path.len());
    match data.targets() {
        [only] => format!("{} · {sizes}", label(only)),
        several => format!("{} targets · {sizes} · {}", several.len(), quantity(path)),
    }
}
