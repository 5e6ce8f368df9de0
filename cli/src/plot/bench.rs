//! The times as a picture: bars of everyone timed and of the GPU's stages, and curves of the break-even table.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::format::number::number;
use crate::format::words::{escaped, plural};
use crate::machine::failure::Result;
use crate::measure::break_even::{BreakEven, Cell};
use crate::measure::report::BenchReport;
use crate::measure::stages::Stage;
use crate::plot::axis::Axis;
use crate::plot::canvas::{self, Area, COLOURS, Drawn, GREY, GRID, INK, LINE, line, point, thick, write};

const WIDTH: f64 = 880.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 740.0;
const TOP: f64 = 110.0;
const BAR: f64 = 30.0;
const GAP: f64 = 70.0;
const CURVES: f64 = 260.0;

/// A bar: its name, seconds, and the least and most of them.
struct Bar {
    name: String,
    seconds: f64,
    range: Option<(f64, f64)>,
}

pub(crate) fn draw(report: &BenchReport<'_>) -> Result<String> {
    let everyone: Vec<Bar> = report
        .timings()
        .map(|timing| {
            let range = Some((timing.min, timing.max));
            Bar { name: timing.backend.cells().join(", "), seconds: timing.seconds, range }
        })
        .collect();
    let stage = |stage: &Stage| Bar { name: stage.name.to_owned(), seconds: stage.seconds, range: None };
    let stages = report.gpu_stages.as_ref();
    let mut groups = vec![("whole fits, seconds: median, least and most".to_owned(), everyone)];
    groups.extend(stages.map(|timed| {
        let by = match timed.stages.iter().all(|timed| timed.device_seconds.is_some()) {
            true => "the device, of transfers by the host",
            false => "the host's clock",
        };
        (format!("the GPU's stages alone, seconds by {by}"), timed.stages.iter().map(stage).collect())
    }));
    let height_of = |bars: &[Bar]| bars.iter().map(|_| BAR).sum::<f64>() + GAP;
    let curves = report.break_even.as_ref();
    let height =
        TOP + groups.iter().map(|(_, bars)| height_of(bars)).sum::<f64>() + curves.map_or(0.0, |_| CURVES + GAP);
    canvas::svg(WIDTH, height, |area| {
        write(area, "GPU against CPU", (24.0, 26.0), 22.0, INK, HPos::Left)?;
        write(area, &heading(report), (24.0, 50.0), 13.0, GREY, HPos::Left)?;
        if let Some(warning) = report.warnings.first() {
            write(area, &escaped(warning), (24.0, 68.0), 13.0, COLOURS[1], HPos::Left)?;
        }
        let mut top = TOP;
        for (title, bars) in &groups {
            draw_bars(area, title, bars, top)?;
            top += height_of(bars);
        }
        curves.map_or(Ok(()), |table| draw_curves(area, table, top))
    })
}

fn heading(report: &BenchReport<'_>) -> String {
    let machine = &report.machine;
    let sizes = [(report.rows, "row"), (report.features, "feature"), (report.targets, "target")]
        .map(|(count, what)| plural(count, what))
        .join(", ");
    let adapter = machine.adapter.as_ref().map_or_else(String::new, |adapter| format!(" · {}", adapter.name));
    escaped(&format!("{sizes}, {} λ · {}{adapter}", report.lambdas, machine.cpu))
}

/// Draws bars on a logarithmic axis, since a GPU and a reference may be a thousandfold apart.
fn draw_bars(area: &Area<'_>, title: &str, bars: &[Bar], top: f64) -> Drawn {
    let ends = bars.iter().flat_map(|bar| bar.range.map_or([bar.seconds; 2], |(least, most)| [least, most]));
    let logs: Vec<f64> = ends.filter(|seconds| *seconds > 0.0).map(f64::log10).collect();
    let low = logs.iter().copied().fold(f64::INFINITY, f64::min).floor();
    let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil().max(low + 1.0);
    // Decades run from large to small; bars grow to the right.
    let axis = Axis::decades([low, high].into_iter());
    let across = |log: f64| RIGHT - axis.part(log.max(low)) * (RIGHT - LEFT);
    let bottom = bars.iter().fold(top, |bottom, _| bottom + BAR);
    write(area, title, (24.0, top - 14.0), 13.0, INK, HPos::Left)?;
    for (log, label) in axis.decade_ticks() {
        line(area, [(across(log), top), (across(log), bottom)], GRID, 1.0)?;
        write(area, &label, (across(log), bottom + 16.0), 12.0, GREY, HPos::Center)?;
    }
    line(area, [(LEFT, top), (LEFT, bottom)], LINE, 1.0)?;
    let mut middle = top + BAR / 2.0;
    for (bar, colour) in bars.iter().zip(COLOURS.iter().cycle()) {
        let end = across(bar.seconds.log10());
        let corners = [point((LEFT, middle - 9.0)), point((end, middle + 9.0))];
        area.draw(&Rectangle::new(corners, colour.mix(0.75).filled()))?;
        let mut label_at = end;
        if let Some((least, most)) = bar.range {
            let (from, to) = (across(least.log10()), across(most.log10()));
            line(area, [(from, middle), (to, middle)], INK, 1.5)?;
            label_at = label_at.max(to);
        }
        write(area, &bar.name, (LEFT - 8.0, middle), 13.0, INK, HPos::Right)?;
        write(area, &number(bar.seconds), (label_at + 6.0, middle), 12.0, GREY, HPos::Left)?;
        middle += BAR;
    }
    Ok(())
}

/// Logarithms of the number of features and of a ratio.
type Points = Vec<(f64, f64)>;

/// Draws how many times as fast the GPU is over n, a curve for each k; dashes where the rows are on the device already.
fn draw_curves(area: &Area<'_>, break_even: &BreakEven, top: f64) -> Drawn {
    let bottom = top + CURVES;
    let log = |value: f64| (value > 0.0).then(|| value.log10());
    #[expect(clippy::cast_precision_loss, reason = "sizes")]
    let points = |k: usize, ratio: fn(&Cell) -> Option<f64>| -> Points {
        let cells = break_even.cells.iter().filter(|cell| cell.lambdas == k);
        cells.filter_map(|cell| Some((log(cell.features as f64)?, log(ratio(cell)?)?))).collect()
    };
    let curves: Vec<(usize, [Points; 2])> = break_even
        .wins
        .iter()
        .map(|wins| wins.lambdas)
        .map(|k| (k, [points(k, |cell| cell.gpu_ratio), points(k, |cell| cell.on_device_ratio)]))
        .collect();
    let all = || curves.iter().flat_map(|(_, both)| both.iter().flatten());
    let x = Axis::decades(all().map(|(n, _)| *n));
    let y = Axis::decades(all().map(|(_, ratio)| *ratio).chain([-0.5, 0.5]));
    // Small to large, from left to right and from bottom to top.
    let across = |value: f64| RIGHT - x.part(value) * (RIGHT - LEFT);
    let up = |value: f64| top + y.part(value) * (bottom - top);
    let title = "break-even: the CPU's time over the GPU's; above 1 the GPU wins. Thin: rows on the device already";
    write(area, title, (24.0, top - 14.0), 13.0, INK, HPos::Left)?;
    for (value, label) in x.decade_ticks() {
        line(area, [(across(value), top), (across(value), bottom)], GRID, 1.0)?;
        write(area, &label, (across(value), bottom + 16.0), 12.0, GREY, HPos::Center)?;
    }
    for (value, label) in y.decade_ticks() {
        line(area, [(LEFT, up(value)), (RIGHT, up(value))], if value == 0.0 { LINE } else { GRID }, 1.0)?;
        write(area, &label, (LEFT - 8.0, up(value)), 12.0, GREY, HPos::Right)?;
    }
    write(area, "features", (f64::midpoint(LEFT, RIGHT), bottom + 36.0), 13.0, GREY, HPos::Center)?;
    let mut legend = top + 8.0;
    for ((k, both), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        for (points, width) in both.iter().zip([2.4, 1.0]) {
            let places: Vec<(i32, i32)> = points.iter().map(|(n, ratio)| point((across(*n), up(*ratio)))).collect();
            area.draw(&PathElement::new(places, colour.stroke_width(thick(width))))?;
        }
        write(area, &format!("k = {k}"), (RIGHT + 14.0, legend), 13.0, *colour, HPos::Left)?;
        legend += 18.0;
    }
    Ok(())
}
