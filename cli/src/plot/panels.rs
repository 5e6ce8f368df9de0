//! Pictures of a panel for each target under one another, all over one axis.

use plotters::style::text_anchor::HPos;

use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{self, GREY, INK, write};
use crate::plot::curves::Curve;
use crate::plot::panel::{BOTTOM, Few, LEFT, Panel, TOP, WIDTH, label, right_margin};

/// Between the panels of two targets.
const PANEL_GAP: f64 = 60.0;

/// The curves of each target, and the words about them.
pub(crate) struct Panels<'a> {
    pub(crate) title: &'a str,
    /// What was fitted.
    pub(crate) facts: String,
    /// What the curves show.
    pub(crate) quantity: String,
    /// What the axis is.
    pub(crate) along: &'a str,
    pub(crate) x: Axis,
    pub(crate) few: Few,
    pub(crate) targets: &'a [Vec<Curve>],
}

impl Panels<'_> {
    /// The picture, as SVG.
    pub(crate) fn svg(&self, data: &Data) -> Result<String> {
        let targets = self.targets;
        let panel_height = if targets.len() == 1 { 400.0 } else { 270.0 };
        #[expect(clippy::cast_precision_loss, reason = "a handful of targets")]
        let height = TOP + BOTTOM + targets.len() as f64 * (panel_height + PANEL_GAP) - PANEL_GAP;
        let labels: Vec<String> = data.features().iter().map(|name| label(name)).collect();
        let right = WIDTH - right_margin(&labels, targets, self.few);
        canvas::svg(WIDTH, height, |area| {
            write(area, self.title, (LEFT, 26.0), 22.0, INK, HPos::Left)?;
            write(area, &self.subtitle(data), (LEFT, 52.0), 14.0, GREY, HPos::Left)?;
            let mut top = TOP;
            for (target, curves) in targets.iter().enumerate() {
                let panel = Panel { left: LEFT, right, top, bottom: top + panel_height, x: self.x, few: self.few };
                let one = targets.len() == 1;
                let name = if one { self.quantity.clone() } else { label(&data.targets()[target]) };
                write(area, &name, (LEFT, top - 14.0), 13.0, if one { GREY } else { INK }, HPos::Left)?;
                panel.draw(area, curves, &labels)?;
                top += panel_height + PANEL_GAP;
            }
            let middle = f64::midpoint(LEFT, right);
            write(area, self.along, (middle, height - 18.0), 14.0, GREY, HPos::Center)
        })
    }

    fn subtitle(&self, data: &Data) -> String {
        match data.targets() {
            [only] => format!("{} · {}", label(only), self.facts),
            several => format!("{} targets · {} · {}", several.len(), self.facts, self.quantity),
        }
    }
}
