//! Drawing: an SVG, its colours, lines and words.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::machine::failure::{Failure, Result};

/// The backend places everything on whole pixels, so it draws this many times too large, for a view box to shrink.
const FINE: f64 = 10.0;

/// Colours that are told apart with every common kind of colour blindness, neighbours most of all: after Okabe and Ito, and
/// Paul Tol.
pub(crate) const COLOURS: [RGBColor; 12] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 102, 153),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(51, 34, 136),
    RGBColor(136, 34, 85),
    RGBColor(153, 153, 51),
    RGBColor(102, 102, 102),
    RGBColor(68, 170, 153),
    RGBColor(102, 60, 0),
];
pub(crate) const INK: RGBColor = RGBColor(34, 34, 34);
pub(crate) const GREY: RGBColor = RGBColor(98, 98, 98);
pub(crate) const LINE: RGBColor = RGBColor(150, 150, 150);
pub(crate) const GRID: RGBColor = RGBColor(232, 232, 232);

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
pub(crate) type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A picture on a white ground.
pub(crate) fn svg(width: f64, height: f64, draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String> {
    let mut svg = String::new();
    let picture = || -> Drawn {
        let size = (fine(width).unsigned_abs(), fine(height).unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()
    };
    picture().map_err(|error| Failure::Other(format!("cannot draw the plot: {error}")))?;
    let drawn = format!("width=\"{}\" height=\"{}\"", fine(width), fine(height));
    Ok(svg.replacen(&drawn, &format!("width=\"{width}\" height=\"{height}\""), 1))
}

/// A straight line between two points.
pub(crate) fn line<C: Color>(area: &Area<'_>, ends: [(f64, f64); 2], colour: C, width: f64) -> Drawn {
    area.draw(&PathElement::new(ends.map(point), colour.stroke_width(thick(width))))
}

/// Words beside, or about, a point.
pub(crate) fn write(area: &Area<'_>, text: &str, at: (f64, f64), size: f64, colour: RGBColor, side: HPos) -> Drawn {
    // The backend divides the size by 1.24 to get that of the font, and puts the base line of what hangs from a point
    // 0.76 of that below it. Half the height of the digits below it is the middle, whatever font the viewer has.
    let at = (at.0, at.1 - 0.41 * size);
    let font = ("sans-serif", size * 1.24 * FINE).into_font().color(&colour);
    area.draw(&Text::new(text.to_owned(), point(at), font.pos(Pos::new(side, VPos::Top))))
}

/// A point in the backend's pixels.
pub(crate) fn point((x, y): (f64, f64)) -> (i32, i32) {
    (fine(x), fine(y))
}

/// The width of a line in the backend's pixels.
pub(crate) fn thick(width: f64) -> u32 {
    fine(width).unsigned_abs()
}

/// A length in the backend's pixels.
#[expect(clippy::cast_possible_truncation, reason = "saturates, far outside of any picture")]
pub(crate) fn fine(length: f64) -> i32 {
    (length * FINE).round() as i32
}
