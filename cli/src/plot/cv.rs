//! The picture of a choice: for each target its coefficients over λ, and under them the scores.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use ridgepath::Selection;
use ridgepath::choose::Spectrum;

use crate::format::number::number;
use crate::format::words::width;
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{self, Area, COLOURS, Drawn, GREY, GRID, INK, LINE, fine, line, point, thick, write};
use crate::plot::curves::{self, Curve};
use crate::plot::drawing::{Drawing, LAMBDA, left_out, quantity};
use crate::plot::panel::{BOTTOM, LEFT, OF_CURVES, Panel, TOP, WIDTH, label, right_margin};

/// Heights of the two panels of a target.
const COEFFICIENTS: f64 = 300.0;
const SCORES: f64 = 220.0;
/// Between the two panels of a target, and between targets.
const GAP: f64 = 76.0;

pub(crate) fn draw(selection: &Selection, spectrum: &Spectrum, data: &Data) -> Result<Drawing> {
    let path = selection.path();
    let entries = curves::shown(path);
    let notes = left_out(path, &entries);
    let factors = curves::factors(path, data);
    let x = Axis::decades(entries.iter().map(|index| path.lambdas()[*index].log10()));
    let labels: Vec<String> = data.features().iter().map(|name| label(name)).collect();
    let targets: Vec<Vec<Curve>> =
        (0..path.targets()).map(|target| curves::of(path, target, &entries, &factors)).collect();
    let right = WIDTH - right_margin(&labels, &targets, OF_CURVES).max(90.0);
    let one = COEFFICIENTS + SCORES + 2.0 * GAP;
    #[expect(clippy::cast_precision_loss, reason = "a handful of targets")]
    let height = TOP + BOTTOM + path.targets() as f64 * one - GAP;
    let svg = canvas::svg(WIDTH, height, |area| {
        write(area, "The choice of λ", (LEFT, 26.0), 22.0, INK, HPos::Left)?;
        let sizes = format!("{} rows, {} features, {} λ", path.rows(), path.features(), path.len());
        write(area, &sizes, (LEFT, 52.0), 14.0, GREY, HPos::Left)?;
        let mut top = TOP;
        for (target, name) in data.targets().iter().enumerate() {
            let upper = Panel { left: LEFT, right, top, bottom: top + COEFFICIENTS, x, few: OF_CURVES };
            let title = format!("{}: {}", label(name), quantity(path));
            write(area, &title, (LEFT, top - 14.0), 13.0, INK, HPos::Left)?;
            upper.draw(area, &targets[target], &labels)?;
            let top_of_scores = upper.bottom + GAP;
            let lower =
                Panel { left: LEFT, right, top: top_of_scores, bottom: top_of_scores + SCORES, x, few: OF_CURVES };
            scores(area, &lower, selection, target, &entries)?;
            degrees(area, &lower, spectrum, &entries)?;
            let choice = selection.choice(target);
            if choice.lambda > 0.0 {
                let at = upper.across(choice.lambda.log10());
                line(area, [(at, upper.top), (at, lower.bottom)], INK.mix(0.7), 1.4)?;
                let side = if at > f64::midpoint(LEFT, right) { (-6.0, HPos::Right) } else { (6.0, HPos::Left) };
                let words = format!("λ = {}", number(choice.lambda));
                let from = (at + side.0, upper.top + 10.0);
                // A white ground for the words, as curves may pass behind them.
                #[expect(clippy::cast_precision_loss, reason = "a number in a few digits")]
                let reach = side.0.signum() * 7.2 * width(&words) as f64;
                let corners = [point((from.0, from.1 - 9.0)), point((from.0 + reach, from.1 + 9.0))];
                area.draw(&Rectangle::new(corners, WHITE.mix(0.85).filled()))?;
                write(area, &words, from, 13.0, INK, side.1)?;
            }
            top += one;
        }
        let middle = f64::midpoint(LEFT, right);
        write(area, LAMBDA, (middle, height - 18.0), 14.0, GREY, HPos::Center)
    })?;
    Ok(Drawing { svg, notes })
}

/// Draws mean scores as dots with their standard errors.
fn scores(area: &Area<'_>, panel: &Panel, selection: &Selection, target: usize, entries: &[usize]) -> Drawn {
    let path = selection.path();
    let known: Vec<(f64, f64, f64)> = entries
        .iter()
        .map(|index| {
            (path.lambdas()[*index].log10(), selection.mean(*index, target), selection.standard_error(*index, target))
        })
        .filter(|(_, mean, _)| mean.is_finite())
        .map(|(log, mean, error)| (log, mean, if error.is_finite() { error } else { 0.0 }))
        .collect();
    let y = Axis::spanning(known.iter().flat_map(|(_, mean, error)| [mean - error, mean + error]));
    let up = |value: f64| panel.bottom - y.part(value) * (panel.bottom - panel.top);
    write(area, selection.score_name(), (panel.left, panel.top - 34.0), 13.0, GREY, HPos::Left)?;
    panel.grid(area)?;
    for (value, label) in y.ticks() {
        line(area, [(panel.left, up(value)), (panel.right, up(value))], GRID, 1.0)?;
        write(area, &label, (panel.left - 10.0, up(value)), 13.0, GREY, HPos::Right)?;
    }
    line(area, [(panel.left, panel.bottom), (panel.right, panel.bottom)], LINE, 1.0)?;
    let points: Vec<(i32, i32)> = known.iter().map(|(log, mean, _)| point((panel.across(*log), up(*mean)))).collect();
    for ((log, mean, error), centre) in known.iter().zip(&points) {
        let at = panel.across(*log);
        if *error > 0.0 {
            line(area, [(at, up(mean - error)), (at, up(mean + error))], COLOURS[0].mix(0.35), 1.2)?;
        }
        area.draw(&Circle::new(*centre, fine(1.8), COLOURS[0].filled()))?;
    }
    area.draw(&PathElement::new(points, COLOURS[0].stroke_width(thick(1.4))))
}

/// Writes degrees of freedom above the panel, at its ticks.
fn degrees(area: &Area<'_>, panel: &Panel, spectrum: &Spectrum, entries: &[usize]) -> Drawn {
    let lambdas = &spectrum.grid().lambdas;
    write(area, "df", (panel.right + 12.0, panel.top - 12.0), 13.0, GREY, HPos::Left)?;
    for (log, _) in panel.x.decade_ticks() {
        let away = |index: &&usize| (lambdas[**index].log10() - log).abs();
        if let Some(nearest) = entries.iter().min_by(|a, b| away(a).total_cmp(&away(b))) {
            let words = format!("{:.1}", spectrum.df(*nearest));
            write(area, &words, (panel.across(log), panel.top - 12.0), 13.0, GREY, HPos::Center)?;
        }
    }
    Ok(())
}
