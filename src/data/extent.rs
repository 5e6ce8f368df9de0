//! What a frame is measured from: the sum, the least and the greatest of each column, in one pass over the rows.

use std::ops::Range;

use rayon::prelude::*;

use crate::data::joined::Joined;
use crate::data::rows::Rows as _;
use crate::math::extended::two_sum;
use crate::math::lanes::vectorized;
use crate::math::threads::at_least;

/// Columns that one task measures; where rows follow one another, those that it measures side by side.
const PANEL: usize = 32;
/// Columns that one task measures where rows follow one another: runs of memory long enough to be read at its speed.
const WIDE: usize = 4 * PANEL;
/// Rows that one task measures.
const RUN: usize = 8192;
/// Rows that a task reads at a time.
const ROWS: usize = 256;
/// Rows that a task reads at a time where rows follow one another.
const FEW_ROWS: usize = 64;
/// Rows measured side by side. (Loops over eight the compiler unrolls before it looks for vectors.)
const EXTENT_LANES: usize = 16;

/// A column's value in one row, and of the distances from it the weighted sum, the least and the greatest.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnExtent {
    pub(super) origin: f64,
    pub(super) sum: CompensatedSum,
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl ColumnExtent {
    /// The extent of every column of [X | Y] over the rows of positive weight, about its value in row `first`.
    pub(super) fn of(from: &Joined<'_>, first: usize, weights: &[f64]) -> Vec<Self> {
        let q = from.columns();
        // Narrow rows fill vectors down their columns.
        let along = from.by_rows() && q > PANEL / 2;
        let width = if along { WIDE } else { PANEL };
        let panels = q.div_ceil(width);
        // Task number i measures panel i % panels of run i / panels.
        let tasks = weights.len().div_ceil(RUN) * panels;
        let measure = |task: usize| {
            let (start, panel) = (task / panels * RUN, task % panels);
            let columns = panel * width..q.min((panel + 1) * width);
            let mut origins = vec![0.0; columns.len()];
            from.read(first..first + 1, columns.clone(), &mut origins);
            let run = start..weights.len().min(start + RUN);
            match along {
                true => by_rows(from, run, columns, &origins, weights),
                false => by_columns(from, run, columns, &origins, weights),
            }
        };
        let operations = width.min(q) * RUN.min(weights.len());
        let tasks = (0..tasks).into_par_iter().with_min_len(at_least(operations));
        let mut runs: Vec<Vec<Self>> = tasks.map(measure).collect();
        let others = runs.split_off(panels);
        let mut columns = runs.concat();
        for (other, at) in others.iter().zip((0..panels).cycle()) {
            columns[at * width..].iter_mut().zip(other).for_each(|(column, other)| column.add(other));
        }
        columns
    }

    /// False where a value is not finite, or the sum of all overflows.
    pub(super) fn is_finite(&self) -> bool {
        (self.origin + self.sum.high + self.sum.low).is_finite()
    }

    fn add(&mut self, other: &Self) {
        self.sum.add(other.sum.high);
        self.sum.add(other.sum.low);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }
}

/// The extents of a panel of columns in a run of rows, block after block.
fn by_columns(
    from: &Joined<'_>,
    run: Range<usize>,
    columns: Range<usize>,
    origins: &[f64],
    weights: &[f64],
) -> Vec<ColumnExtent> {
    let mut lanes: Vec<ExtentLanes> = origins.iter().map(|origin| ExtentLanes::new(*origin)).collect();
    for top in run.clone().step_by(ROWS) {
        let rows = top..run.end.min(top + ROWS);
        let weights = &weights[rows.clone()];
        from.visit_columns(rows, columns.clone(), |at, values| {
            let lanes = &mut lanes[at];
            vectorized(
                #[inline(always)]
                || lanes.add(values, weights),
            );
        });
    }
    lanes.iter().map(ExtentLanes::joined).collect()
}

/// The extents of some columns in a run of rows, with the bits that they have column after column, read row after row: the columns of a row side by side, and of the lanes of each the one that the row is in.
fn by_rows(
    from: &Joined<'_>,
    run: Range<usize>,
    columns: Range<usize>,
    origins: &[f64],
    weights: &[f64],
) -> Vec<ColumnExtent> {
    let panel = |origins| (PanelLanes::new(origins), [0.0; FEW_ROWS * PANEL]);
    let mut panels: Vec<_> = origins.chunks(PANEL).map(panel).collect();
    for top in run.clone().step_by(FEW_ROWS) {
        let rows = top..run.end.min(top + FEW_ROWS);
        for (at, row) in rows.clone().enumerate() {
            for ((_, block), first) in panels.iter_mut().zip(columns.clone().step_by(PANEL)) {
                let columns = first..columns.end.min(first + PANEL);
                let width = columns.len();
                from.read_row(row, columns, &mut block[at * PANEL..][..width]);
            }
        }
        vectorized(
            #[inline(always)]
            || panels.iter_mut().for_each(|(lanes, block)| lanes.add(block, &weights[rows.clone()])),
        );
    }
    let column = |j: usize| panels[j / PANEL].0.column(j % PANEL).joined();
    (0..columns.len()).map(column).collect()
}

/// The lanes of a panel of columns, lane after lane.
struct PanelLanes {
    origin: [f64; PANEL],
    high: [[f64; PANEL]; EXTENT_LANES],
    low: [[f64; PANEL]; EXTENT_LANES],
    least: [[f64; PANEL]; EXTENT_LANES],
    greatest: [[f64; PANEL]; EXTENT_LANES],
}

impl PanelLanes {
    fn new(origins: &[f64]) -> Self {
        let mut origin = [0.0; PANEL];
        origin[..origins.len()].copy_from_slice(origins);
        let zeros = [[0.0; PANEL]; EXTENT_LANES];
        Self { origin, high: zeros, low: zeros, least: zeros, greatest: zeros }
    }

    /// Adds rows, to one lane after another from the first on, of which those of weight 0 count for nothing.
    #[inline(always)]
    fn add(&mut self, block: &[f64; FEW_ROWS * PANEL], weights: &[f64]) {
        let (rows, _) = block.as_chunks::<PANEL>();
        for (row, (values, weight)) in rows.iter().zip(weights).enumerate() {
            let lane = row % EXTENT_LANES;
            let (high, low) = (&mut self.high[lane], &mut self.low[lane]);
            let (least, greatest) = (&mut self.least[lane], &mut self.greatest[lane]);
            for j in 0..PANEL {
                let away = if *weight > 0.0 { values[j] - self.origin[j] } else { 0.0 };
                let (sum, lost) = two_sum(high[j], away * weight);
                high[j] = sum;
                low[j] += lost;
                least[j] = if away < least[j] { away } else { least[j] };
                greatest[j] = if away > greatest[j] { away } else { greatest[j] };
            }
        }
    }

    /// The lanes of one column.
    fn column(&self, j: usize) -> ExtentLanes {
        let of = |lanes: &[[f64; PANEL]; EXTENT_LANES]| lanes.map(|lane| lane[j]);
        let [high, low, least, greatest] = [&self.high, &self.low, &self.least, &self.greatest].map(of);
        ExtentLanes { origin: self.origin[j], high, low, least, greatest }
    }
}

/// The extent of a column in [`EXTENT_LANES`] parts: lane l measures row l of every sixteen. The sum of a lane is `high` + `low`.
struct ExtentLanes {
    origin: f64,
    high: [f64; EXTENT_LANES],
    low: [f64; EXTENT_LANES],
    least: [f64; EXTENT_LANES],
    greatest: [f64; EXTENT_LANES],
}

impl ExtentLanes {
    fn new(origin: f64) -> Self {
        let zeros = [0.0; EXTENT_LANES];
        Self { origin, high: zeros, low: zeros, least: zeros, greatest: zeros }
    }

    /// Adds rows, of which those of weight 0 count for nothing.
    #[inline(always)]
    fn add(&mut self, column: &[f64], weights: &[f64]) {
        let (whole, rest) = column.as_chunks();
        let (whole_weights, rest_weights) = weights.as_chunks();
        self.add_blocks(whole, whole_weights);
        if !rest.is_empty() {
            let (mut values, mut weights) = ([self.origin; EXTENT_LANES], [0.0; EXTENT_LANES]);
            values[..rest.len()].copy_from_slice(rest);
            weights[..rest.len()].copy_from_slice(rest_weights);
            self.add_blocks(&[values], &[weights]);
        }
    }

    #[inline(always)]
    fn add_blocks(&mut self, values: &[[f64; EXTENT_LANES]], weights: &[[f64; EXTENT_LANES]]) {
        let Self { origin, mut high, mut low, mut least, mut greatest } = *self;
        for (values, weights) in values.iter().zip(weights) {
            for lane in 0..EXTENT_LANES {
                let away = if weights[lane] > 0.0 { values[lane] - origin } else { 0.0 };
                let (sum, lost) = two_sum(high[lane], away * weights[lane]);
                high[lane] = sum;
                low[lane] += lost;
                least[lane] = if away < least[lane] { away } else { least[lane] };
                greatest[lane] = if away > greatest[lane] { away } else { greatest[lane] };
            }
        }
        *self = Self { origin, high, low, least, greatest };
    }

    fn joined(&self) -> ColumnExtent {
        let (mut high, mut low) = (self.high, self.low);
        let mut half = EXTENT_LANES / 2;
        while half > 0 {
            for lane in 0..half {
                let (sum, lost) = two_sum(high[lane], high[lane + half]);
                (high[lane], low[lane]) = (sum, low[lane] + low[lane + half] + lost);
            }
            half /= 2;
        }
        let mut sum = CompensatedSum { high: high[0], low: 0.0 };
        sum.add(low[0]);
        let least = self.least.iter().copied().fold(0.0, f64::min);
        ColumnExtent { origin: self.origin, sum, least, greatest: self.greatest.iter().copied().fold(0.0, f64::max) }
    }
}

/// A sum with its rounding errors beside it (Ogita, Rump and Oishi, 2005): as good as in twice the digits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CompensatedSum {
    pub(super) high: f64,
    pub(super) low: f64,
}

impl CompensatedSum {
    fn add(&mut self, value: f64) {
        let (sum, lost) = two_sum(self.high, value);
        self.low += lost;
        self.high = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnExtent, RUN};
    use crate::data::joined::Joined;
    use crate::data::view::View;

    #[test]
    fn rows_that_follow_one_another_are_measured_bit_for_bit_as_columns_are() {
        for (m, n) in [(1, 17), (15, 130), (65, 33), (257, 129), (RUN + 83, 150)] {
            let value = |i: usize, j: usize| ((i * 31 + j * 7919) as f64).sin() * 1e3 + j as f64;
            let along: Vec<f64> = (0..m * n).map(|at| value(at / n, at % n)).collect();
            let down: Vec<f64> = (0..m * n).map(|at| value(at % m, at / m)).collect();
            let y: Vec<f64> = (0..2 * m).map(|at| value(at, 3)).collect();
            let weights: Vec<f64> = (0..m).map(|row| [0.7, 0.0, 0.3, 1e-9][row % 4]).collect();
            let of = |x: View<'_>| {
                let joined = Joined { x, y: View::column_major(&y, m, 2).unwrap() };
                let extents = ColumnExtent::of(&joined, m / 2, &weights);
                let numbers = |own: &ColumnExtent| [own.origin, own.sum.high, own.sum.low, own.least, own.greatest];
                extents.iter().flat_map(numbers).map(f64::to_bits).collect::<Vec<u64>>()
            };
            let found = of(View::row_major(&along, m, n).unwrap());
            assert_eq!(found, of(View::column_major(&down, m, n).unwrap()), "{m}×{n}");
            assert_eq!(found.len(), 5 * (n + 2));
        }
    }
}
