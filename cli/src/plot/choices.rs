//! The picture of the λs chosen for many groups: how many groups have which.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::fit::choices::Choices;
use crate::fit::problem_targets::ProblemTargets;
use crate::fit::quantiles::quantile;
use crate::format::number::number;
use crate::format::words::plural;
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{self, Area, COLOURS, Drawn, GREY, GRID, INK, LINE, line, point, write};
use crate::plot::drawing::{Drawing, LAMBDA};
use crate::plot::histogram::{self, Bar};
use crate::plot::panel::{BOTTOM, LEFT, OF_CURVES, Panel, TOP, WIDTH, label};

const HEIGHT: f64 = 260.0;
/// Between targets.
const GAP: f64 = 76.0;
const RIGHT: f64 = WIDTH - 32.0;

pub(crate) fn draw(choices: &Choices, data: &Data) -> Result<Drawing> {
    let count = choices.answered().count();
    let panels = choices.targets.count(data.targets().len());
    let targets: Vec<Vec<f64>> = (0..panels).map(|target| choices.lambdas(target)).collect();
    let logs: Vec<Vec<f64>> = targets.iter().map(|own| logarithms(own)).collect();
    let bars: Vec<Vec<Bar>> = logs.iter().map(|own| histogram::of(own)).collect();
    // One axis for all targets, with the whole width of each bar, and a decade at least, on which there are ticks.
    let ends = || bars.iter().flatten().flat_map(|bar| [bar.from, bar.to]);
    let span = ends().fold(f64::NEG_INFINITY, f64::max) - ends().fold(f64::INFINITY, f64::min);
    let room = if span < 1.0 { (1.0 - span) / 2.0 } else { 0.0 };
    let x = Axis::decades(bars.iter().flatten().flat_map(|bar| [bar.from - room, bar.to + room]));
    #[expect(clippy::cast_precision_loss, reason = "a handful of targets")]
    let height = TOP + BOTTOM + targets.len() as f64 * (HEIGHT + GAP) - GAP;
    let svg = canvas::svg(WIDTH, height, |area| {
        write(area, &format!("The λ of each {}", choices.what), (LEFT, 26.0), 22.0, INK, HPos::Left)?;
        let facts = format!(
            "{count} of {} with a choice · {} features · by {}",
            plural(choices.found.len(), choices.what),
            data.features().len(),
            choices.score
        );
        write(area, &facts, (LEFT, 52.0), 14.0, GREY, HPos::Left)?;
        let mut top = TOP;
        for target in 0..panels {
            let panel = Panel { left: LEFT, right: RIGHT, top, bottom: top + HEIGHT, x, few: OF_CURVES };
            let counted = match choices.targets {
                ProblemTargets::All => format!("{}: {}s", label(&data.targets()[target]), choices.what),
                ProblemTargets::Own => format!("{}s", choices.what),
            };
            write(area, &counted, (LEFT, top - 14.0), 13.0, GREY, HPos::Left)?;
            draw_bars(area, &panel, &bars[target])?;
            draw_median(area, &panel, &targets[target])?;
            top += HEIGHT + GAP;
        }
        write(area, LAMBDA, (f64::midpoint(LEFT, RIGHT), height - 18.0), 14.0, GREY, HPos::Center)
    })?;
    let mut notes = Vec::new();
    let zeros = targets.iter().flatten().filter(|lambda| **lambda == 0.0).count();
    if zeros > 0 {
        notes.push(format!("the plot leaves out {}: 0 has no place on a logarithmic axis", plural(zeros, "choice")));
    }
    if bars.iter().all(Vec::is_empty) {
        notes.push("the plot is empty: no group has a λ that it could show".into());
    }
    Ok(Drawing { svg, notes })
}

fn logarithms(lambdas: &[f64]) -> Vec<f64> {
    lambdas.iter().filter(|lambda| **lambda > 0.0).map(|lambda| lambda.log10()).collect()
}

/// Draws a bar for each span of λ, over round numbers of groups.
fn draw_bars(area: &Area<'_>, panel: &Panel, bars: &[Bar]) -> Drawn {
    #[expect(clippy::cast_precision_loss, reason = "numbers of groups")]
    let heights: Vec<f64> = bars.iter().map(|bar| bar.count as f64).collect();
    let y = Axis::around_zero(heights.iter().copied());
    let base = y.part(0.0);
    // 0 is the lower end: nothing is below it.
    let up = |value: f64| panel.bottom - (y.part(value) - base) / (1.0 - base) * (panel.bottom - panel.top);
    panel.grid(area)?;
    for (value, text) in y.ticks().into_iter().filter(|(value, _)| value.fract() == 0.0 && *value >= 0.0) {
        line(area, [(panel.left, up(value)), (panel.right, up(value))], GRID, 1.0)?;
        write(area, text.trim_end_matches(".0"), (panel.left - 10.0, up(value)), 13.0, GREY, HPos::Right)?;
    }
    for (bar, height) in bars.iter().zip(&heights) {
        let [from, to] = [bar.from, bar.to].map(|log| panel.across(log));
        let inset = (0.06 * (from - to)).abs();
        let corners = [point((from.min(to) + inset, up(*height))), point((from.max(to) - inset, panel.bottom))];
        area.draw(&Rectangle::new(corners, COLOURS[0].mix(0.75).filled()))?;
    }
    line(area, [(panel.left, panel.bottom), (panel.right, panel.bottom)], LINE, 1.0)
}

/// Draws a line at the median of the λs.
fn draw_median(area: &Area<'_>, panel: &Panel, lambdas: &[f64]) -> Drawn {
    let median = quantile(lambdas, 0.5);
    if !(median > 0.0) {
        return Ok(());
    }
    let at = panel.across(median.log10());
    line(area, [(at, panel.top - 4.0), (at, panel.bottom)], COLOURS[1], 1.6)?;
    let (gap, side) = if at > f64::midpoint(panel.left, panel.right) { (-6.0, HPos::Right) } else { (6.0, HPos::Left) };
    write(area, &format!("median λ = {}", number(median)), (at + gap, panel.top - 14.0), 13.0, INK, side)
}
