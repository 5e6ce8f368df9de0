//! A panel of a picture: coefficients over log λ, or over windows, with their names.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::format::words::{escaped, width};
use crate::plot::axis::Axis;
use crate::plot::canvas::{Area, COLOURS, Drawn, GREY, GRID, LINE, fine, line, point, thick, write};
use crate::plot::curves::Curve;

/// Lengths of pictures of panels under one another: width, and what is free at the top, at the bottom and at the left.
pub(crate) const WIDTH: f64 = 880.0;
pub(crate) const TOP: f64 = 96.0;
pub(crate) const BOTTOM: f64 = 56.0;
pub(crate) const LEFT: f64 = 76.0;

/// How many curves have a colour and a name: all of a few, or of more the largest.
#[derive(Clone, Copy)]
pub(crate) struct Few {
    all_up_to: usize,
    else_largest: usize,
}

/// Curves: more colours could not be told apart.
pub(crate) const OF_CURVES: Few = Few { all_up_to: COLOURS.len(), else_largest: 10 };
/// Curves with bands, which lie upon one another.
pub(crate) const OF_BANDS: Few = Few { all_up_to: 6, else_largest: 5 };

const LABEL_HEIGHT: f64 = 17.0;

/// A name as the picture shows it: not too long, and without what XML cannot hold.
pub(crate) fn label(name: &str) -> String {
    const MOST: usize = 24;
    let name = escaped(name);
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// Room at the right for the labels of the targets' curves.
pub(crate) fn right_margin(labels: &[String], targets: &[Vec<Curve>], few: Few) -> f64 {
    let named = targets.iter().flat_map(|curves| named(curves, few)).map(|feature| labels[feature].as_str());
    let rest = rest(labels.len(), few);
    let longest = named.chain(rest.as_deref()).map(width).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "labels are short")]
    let room = longest as f64 * 8.2;
    44.0 + room
}

/// Numbers of the curves that have a colour and a name: all, or of many those that are largest at their ends.
pub(crate) fn named(curves: &[Curve], few: Few) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..curves.len()).collect();
    if curves.len() > few.all_up_to {
        let size = |number: &usize| curves[*number].end().map_or(0.0, |(_, value)| value.abs());
        numbers.sort_by(|a, b| size(b).total_cmp(&size(a)));
        numbers.truncate(few.else_largest);
        numbers.sort_unstable();
    }
    numbers
}

/// What is said of the features without a name, if there are any.
fn rest(features: usize, few: Few) -> Option<String> {
    (features > few.all_up_to).then(|| format!("and {} more", features - few.else_largest))
}

/// A part of the picture over an axis that it shares with others.
pub(crate) struct Panel {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) x: Axis,
    pub(crate) few: Few,
}

impl Panel {
    /// Where a value of the axis is.
    pub(crate) fn across(&self, value: f64) -> f64 {
        self.left + self.x.part(value) * (self.right - self.left)
    }

    /// Lines at round values, with their labels.
    pub(crate) fn grid(&self, area: &Area<'_>) -> Drawn {
        for (log, label) in self.x.marks() {
            let at = self.across(log);
            line(area, [(at, self.top), (at, self.bottom)], GRID, 1.0)?;
            write(area, &label, (at, self.bottom + 16.0), 13.0, GREY, HPos::Center)?;
        }
        Ok(())
    }

    /// Draws a curve for each feature, with its name: of many features, the largest have one.
    pub(crate) fn draw(&self, area: &Area<'_>, curves: &[Curve], labels: &[String]) -> Drawn {
        let of_bands =
            curves.iter().flat_map(|curve| curve.band.iter().flatten()).flat_map(|(_, low, high)| [*low, *high]);
        let y = Axis::around_zero(curves.iter().flat_map(Curve::points).map(|(_, value)| value).chain(of_bands));
        let across = |value: f64| self.across(value);
        let up = |value: f64| self.bottom - y.part(value) * (self.bottom - self.top);
        self.grid(area)?;
        for (value, label) in y.ticks() {
            let (height, colour) = (up(value), if value == 0.0 { LINE } else { GRID });
            line(area, [(self.left, height), (self.right, height)], colour, 1.0)?;
            write(area, &label, (self.left - 10.0, height), 13.0, GREY, HPos::Right)?;
        }
        line(area, [(self.left, self.bottom), (self.right, self.bottom)], LINE, 1.0)?;
        let named = named(curves, self.few);
        let colour = |number: usize| named.iter().position(|other| *other == number).map(|place| COLOURS[place]);
        for (curve, colour) in named.iter().rev().map(|number| (&curves[*number], colour(*number).unwrap_or(LINE))) {
            for run in &curve.band {
                let there = run.iter().map(|(place, low, _)| point((across(*place), up(*low))));
                let back = run.iter().rev().map(|(place, _, high)| point((across(*place), up(*high))));
                area.draw(&Polygon::new(there.chain(back).collect::<Vec<_>>(), colour.mix(0.2)))?;
            }
        }
        // Curves without a name lie below, and the first feature on top.
        let order =
            (0..curves.len()).rev().filter(|number| colour(*number).is_none()).chain(named.iter().rev().copied());
        for (curve, colour) in order.map(|number| (&curves[number], colour(number))) {
            let (style, width) = colour.map_or((LINE.mix(0.6), 1.0), |colour| (colour.mix(1.0), 2.2));
            for run in &curve.runs {
                let points: Vec<(i32, i32)> =
                    run.iter().map(|(place, value)| point((across(*place), up(*value)))).collect();
                match points.as_slice() {
                    [single] => area.draw(&Circle::new(*single, fine(2.5), style.filled()))?,
                    _ => area.draw(&PathElement::new(points, style.stroke_width(thick(width))))?,
                }
            }
        }
        self.label(area, curves, &named, labels, &across, &up)
    }

    /// Writes the features' names where their curves end, moved apart where they would overlap, and how many more features
    /// there are.
    fn label(
        &self,
        area: &Area<'_>,
        curves: &[Curve],
        named: &[usize],
        labels: &[String],
        across: &dyn Fn(f64) -> f64,
        up: &dyn Fn(f64) -> f64,
    ) -> Drawn {
        let end = |(place, number): (usize, &usize)| {
            curves[*number].end().map(|(at, value)| ((place, *number), (across(at), up(value))))
        };
        let mut ends: Vec<((usize, usize), (f64, f64))> = named.iter().enumerate().filter_map(end).collect();
        ends.sort_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let wanted: Vec<f64> = ends.iter().map(|(_, (_, height))| *height).collect();
        let at = self.right + 18.0;
        let mut bottom = self.bottom;
        if let Some(rest) = rest(curves.len(), self.few) {
            write(area, &rest, (at, bottom), 13.0, GREY, HPos::Left)?;
            bottom -= LABEL_HEIGHT;
        }
        for (((place, number), (from, height)), label_height) in ends.iter().zip(apart(&wanted, self.top, bottom)) {
            let colour = COLOURS[*place];
            line(area, [(*from + 2.0, *height), (at - 4.0, label_height)], colour.mix(0.5), 1.0)?;
            write(area, &labels[*number], (at, label_height), 14.0, darker(colour), HPos::Left)?;
        }
        Ok(())
    }
}

/// Thin strokes need more contrast than curves.
fn darker(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    let darker = |part: u8| part / 5 * 4;
    RGBColor(darker(red), darker(green), darker(blue))
}

/// Heights as near to those wanted (which rise) as leaves room for a label each between `top` and `bottom`: neighbours
/// that are too close form a block around the mean of what they want.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let reach = |count: u32| f64::from(count - 1) / 2.0 * LABEL_HEIGHT;
    let within = |centre: f64, count: u32| (centre.min(bottom - reach(count)).max(top + reach(count)), count);
    // Centre and number of labels of each block.
    let mut blocks: Vec<(f64, u32)> = Vec::new();
    for height in wanted {
        let mut block = within(*height, 1);
        while let Some((centre, count)) = blocks.pop() {
            if block.0 - centre >= reach(block.1) + reach(count) + LABEL_HEIGHT {
                blocks.push((centre, count));
                break;
            }
            let both = block.1 + count;
            block = within((block.0 * f64::from(block.1) + centre * f64::from(count)) / f64::from(both), both);
        }
        blocks.push(block);
    }
    let place = |centre: f64, count: u32, label: u32| centre - reach(count) + f64::from(label) * LABEL_HEIGHT;
    blocks.into_iter().flat_map(|(centre, count)| (0..count).map(move |label| place(centre, count, label))).collect()
}

#[cfg(test)]
mod tests {
    use super::{LABEL_HEIGHT, apart};

    #[test]
    fn labels_are_apart_and_within_the_panel_and_stay_where_there_is_room() {
        assert_eq!(apart(&[10.0, 100.0, 190.0], 0.0, 200.0), [10.0, 100.0, 190.0]);
        for wanted in [[200.0; 9], [0.0; 9], [95.0, 96.0, 97.0, 110.0, 120.0, 121.0, 199.0, 200.0, 200.0]] {
            let heights = apart(&wanted, 0.0, 200.0);
            assert_eq!(heights.len(), wanted.len());
            assert!(heights.windows(2).all(|pair| pair[1] - pair[0] > LABEL_HEIGHT - 1e-9), "{heights:?}");
            assert!(heights.iter().all(|height| (-1e-9..200.0 + 1e-9).contains(height)), "{heights:?}");
        }
    }
}
