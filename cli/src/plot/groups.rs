//! The picture of many groups: for each target and feature how the groups' coefficients, at one λ, are distributed.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::fit::many::Many;
use crate::fit::quantiles::{quantile, quartiles, sorted};
use crate::format::words::{plural, width};
use crate::input::data::Data;
use crate::machine::failure::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{self, Area, COLOURS, Drawn, GREY, GRID, INK, LINE, fine, line, point, thick, write};
use crate::plot::curves;
use crate::plot::drawing::{Drawing, at_middle, quantity};
use crate::plot::panel::{BOTTOM, TOP, WIDTH, label};

/// The height of a feature, and what is between targets.
const ROW: f64 = 26.0;
const GAP: f64 = 76.0;
const RIGHT: f64 = WIDTH - 32.0;
/// Features that are shown: of more, those with the largest coefficients.
const MOST_FEATURES: usize = 30;
/// Groups up to which each has a dot.
const MOST_DOTS: usize = 200;
/// Groups from which on quartiles say more than the dots.
const LEAST_BOXED: usize = 5;

/// The coefficients of a feature, one for each group that has one, from the least to the greatest.
struct Spread {
    feature: usize,
    values: Vec<f64>,
}

impl Spread {
    /// Where all but a twentieth of either end lie.
    fn reach(&self) -> [f64; 2] {
        [0.05, 0.95].map(|part| quantile(&self.values, part))
    }
}

pub(crate) fn draw(many: &Many, data: &Data) -> Result<Drawing> {
    let paths = &many.paths;
    let first = many.first();
    let factors = first.as_ref().map_or_else(|| vec![1.0; paths.features()], |path| curves::factors(path, data));
    let targets: Vec<Vec<Spread>> = (0..paths.targets()).map(|target| spreads(many, target, &factors)).collect();
    let shown = targets.first().map_or(0, Vec::len);
    let names: Vec<String> = data.features().iter().map(|name| label(name)).collect();
    let longest = targets.iter().flatten().map(|own| width(&names[own.feature])).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "labels are short, and targets a handful")]
    let (left, panel_height, count) = (40.0 + longest as f64 * 8.2, shown as f64 * ROW, targets.len() as f64);
    let height = TOP + BOTTOM + count * (panel_height + GAP) - GAP;
    let svg = canvas::svg(WIDTH, height, |area| {
        write(area, "Coefficients of the groups", (24.0, 26.0), 22.0, INK, HPos::Left)?;
        let rest = paths.features() - shown;
        let features = match rest {
            0 => plural(shown, "feature"),
            _ => format!("the {shown} largest of {} features", paths.features()),
        };
        let facts = format!("{}, {features} · {}", plural(paths.len(), "group"), at_middle(many));
        write(area, &facts, (24.0, 52.0), 14.0, GREY, HPos::Left)?;
        let mut top = TOP;
        for (target, spreads) in targets.iter().enumerate() {
            let quantity = first.as_ref().map_or_else(String::new, quantity);
            let boxed = match spreads.iter().any(|own| own.values.len() >= LEAST_BOXED) {
                true => ", quartiles in boxes, 5 % to 95 % in lines",
                false => "",
            };
            let title = format!("{}: {quantity}{boxed}", label(&data.targets()[target]));
            write(area, &title, (24.0, top - 14.0), 13.0, GREY, HPos::Left)?;
            let place = Place { left, top, bottom: top + panel_height };
            place.draw(area, spreads, &names)?;
            top += panel_height + GAP;
        }
        Ok(())
    })?;
    let none = targets.iter().flatten().all(|own| own.values.is_empty());
    let notes = none.then(|| "the plot is empty: no group has coefficients that it could show".into());
    Ok(Drawing { svg, notes: notes.into_iter().collect() })
}

/// The features that are shown, in the order of the file.
fn spreads(many: &Many, target: usize, factors: &[f64]) -> Vec<Spread> {
    let (paths, index) = (&many.paths, many.middle());
    let spread = |(feature, factor): (usize, &f64)| {
        let values = (0..paths.len()).map(|group| paths.coefficients(group, index, target)[feature] * factor);
        Spread { feature, values: sorted(values.filter(|value| value.is_finite())) }
    };
    let mut spreads: Vec<Spread> = factors.iter().enumerate().map(spread).collect();
    let size = |own: &Spread| own.reach().into_iter().fold(0.0, |most: f64, end| most.max(end.abs()));
    if spreads.len() > MOST_FEATURES {
        spreads.sort_by(|a, b| size(b).total_cmp(&size(a)));
        spreads.truncate(MOST_FEATURES);
        spreads.sort_by_key(|own| own.feature);
    }
    spreads
}

/// Where the features of a target are drawn.
struct Place {
    left: f64,
    top: f64,
    bottom: f64,
}

impl Place {
    fn draw(&self, area: &Area<'_>, spreads: &[Spread], names: &[String]) -> Drawn {
        let dotted = |own: &Spread| own.values.len() <= MOST_DOTS;
        let ends = |own: &Spread| match (own.values.as_slice(), dotted(own)) {
            ([first, .., last] | [first @ last], true) => [*first, *last],
            _ => own.reach(),
        };
        let x = Axis::around_zero(spreads.iter().flat_map(ends).filter(|end| end.is_finite()));
        let across = |value: f64| self.left + x.part(value) * (RIGHT - self.left);
        for (value, text) in x.ticks() {
            let colour = if value == 0.0 { LINE } else { GRID };
            line(area, [(across(value), self.top), (across(value), self.bottom)], colour, 1.0)?;
            write(area, &text, (across(value), self.bottom + 16.0), 13.0, GREY, HPos::Center)?;
        }
        let mut middle = self.top + ROW / 2.0;
        for own in spreads {
            write(area, &names[own.feature], (self.left - 12.0, middle), 13.0, INK, HPos::Right)?;
            if own.values.len() >= LEAST_BOXED {
                draw_box(area, own, middle, &across)?;
            }
            if dotted(own) {
                for (number, value) in own.values.iter().enumerate() {
                    let at = point((across(*value), middle + aside(number)));
                    area.draw(&Circle::new(at, fine(1.9), COLOURS[0].mix(0.55).filled()))?;
                }
            }
            middle += ROW;
        }
        Ok(())
    }
}

/// A box of the quartiles with the median, and a line from 5 % to 95 %.
fn draw_box(area: &Area<'_>, own: &Spread, middle: f64, across: &dyn Fn(f64) -> f64) -> Drawn {
    let [low, high] = own.reach().map(across);
    let [quarter, half, rest] = quartiles(&own.values).map(across);
    line(area, [(low, middle), (high, middle)], LINE, 1.4)?;
    let corners = [point((quarter, middle - 8.0)), point((rest, middle + 8.0))];
    area.draw(&Rectangle::new(corners, COLOURS[4].mix(0.35).filled()))?;
    area.draw(&Rectangle::new(corners, COLOURS[0].stroke_width(thick(1.0))))?;
    line(area, [(half, middle - 8.0), (half, middle + 8.0)], COLOURS[1], 2.2)
}

/// How far a dot is moved from the middle, so that equal values do not hide one another: evenly, and not in the order of the values.
fn aside(number: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    #[expect(clippy::cast_precision_loss, reason = "a couple of hundred dots")]
    let part = (number as f64 * GOLDEN).fract();
    (part - 0.5) * 12.0
}
