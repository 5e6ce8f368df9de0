//! What the dispatches of a stage do, counted without a device.

use crate::model::method::Precision;
use crate::plan::gpu::schedule::{
    self, FEW_QUADS, MANY_QUADS, PANEL, PRODUCT_TILE, Panels, ROWS, ResidueTiles, TriangleTiles, stride, tile,
};

/// Columns of L that are multiplied between two barriers, in `shaders/factor.wgsl`.
const DEPTH: usize = 16;
/// Rows that are multiplied between two barriers, in `shaders/product.wgsl`.
const PRODUCT_DEPTH: usize = 8;
/// Rows of right-hand sides that are multiplied between two barriers, in `solve_many` of `shaders/solve.wgsl`.
const MANY_DEPTH: usize = 32;
/// Multiply-adds and reciprocals of roots with which a thread factors 8×8 elements and solves for its own row.
const EIGHT: usize = 172;

/// What a stage does on the device for a whole task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Dispatches.
    pub dispatches: u64,
    /// Barriers that a workgroup waits at, of those that wait most often, dispatch after dispatch.
    pub barriers: u64,
    /// Floating-point operations done, a multiply-add being two: also those on padding and above the diagonal. Those on bytes, where
    /// sums are exact, count as these.
    pub flops: u64,
    /// Bytes that workgroups load from and store to the device's memory, caches aside.
    pub bytes: u64,
}

impl Cost {
    fn new(dispatches: usize, barriers: u64, multiply_adds: u128, elements: u128) -> Self {
        let number = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        Self { dispatches: dispatches as u64, barriers, flops: number(2 * multiply_adds), bytes: number(4 * elements) }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            dispatches: self.dispatches.saturating_add(other.dispatches),
            barriers: self.barriers.saturating_add(other.barriers),
            flops: self.flops.saturating_add(other.flops),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    pub(crate) fn times(self, count: usize) -> Self {
        let count = count as u64;
        Self {
            dispatches: self.dispatches.saturating_mul(count),
            barriers: self.barriers.saturating_mul(count),
            flops: self.flops.saturating_mul(count),
            bytes: self.bytes.saturating_mul(count),
        }
    }

    /// A task of `total` items, `chunk` at a time.
    pub(crate) fn in_chunks(total: usize, chunk: usize, cost: impl Fn(usize) -> Self) -> Self {
        let whole = cost(chunk).times(total / chunk);
        if total.is_multiple_of(chunk) { whole } else { whole.plus(cost(total % chunk)) }
    }

    /// What is done for the λs of one problem at a time, where chunks of matrices cross problems.
    pub(crate) fn in_problems([problems, penalties]: [usize; 2], chunk: usize, cost: impl Fn(usize) -> Self) -> Self {
        let one = |problem: usize| {
            // The λs that fill up the chunk in which the problem before ends.
            let begun = problem.saturating_mul(penalties) % chunk;
            let head = if begun == 0 { 0 } else { penalties.min(chunk - begun) };
            let rest = Self::in_chunks(penalties - head, chunk, &cost);
            if head == 0 { rest } else { cost(head).plus(rest) }
        };
        (0..problems).map(one).fold(Self::default(), Self::plus)
    }
}

/// The cost in words, on one line.
impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { dispatches, barriers, flops, bytes } = self;
        write!(f, "{dispatches} dispatches, {barriers} barriers, {flops} flops done, {bytes} bytes moved")
    }
}

/// A block of rows of n features and `width` elements in all, from `row_bytes` bytes each.
pub(crate) fn frame(precision: Precision, [n, width]: [usize; 2], rows: usize, row_bytes: usize) -> Cost {
    // In single precision two sums of two numbers with their errors, and what is done with those.
    let (words, multiply_adds) = match precision {
        Precision::Single => (1, 9),
        Precision::Double => (2, 2),
    };
    let dispatches = schedule::frame(precision, [n, width], rows).len();
    let elements = (rows * width) as u128;
    Cost::new(dispatches, 2, multiply_adds * elements, (rows * row_bytes).div_ceil(4) as u128 + words * elements)
}

/// The sums of a block of rows.
pub(crate) fn gram(n: usize, q: usize, rows: usize, rows_per_split: usize) -> Cost {
    let splits = rows.div_ceil(rows_per_split);
    let dispatches = schedule::gram(n, q, splits);
    let sums = TriangleTiles::new(Precision::Single, n, q);
    let (size, depth) = (tile(n) as u128, tile(n) / 16);
    let mut barriers = rows_per_split.min(rows).div_ceil(depth) as u64;
    let tiles = sums.tiles();
    let partials = sums.elements() * splits as u128;
    // Of each row a run on the left and one on the right; partial sums there and back; the moments.
    let mut elements = tiles * rows as u128 * 2 * size + 2 * partials + 2 * (n * q) as u128;
    let mut multiply_adds = tiles * size * size * rows.next_multiple_of(depth) as u128 + partials;
    if dispatches.len() > 2 {
        let fours = (q - n).div_ceil(4);
        barriers += 1;
        elements += (fours * rows * (n + 4 * n.div_ceil(128))) as u128;
        multiply_adds += (4 * fours * rows * n) as u128;
    }
    Cost::new(dispatches.len(), barriers, multiply_adds, elements)
}

/// The exact sums of a block of rows, by so many moduli.
pub(crate) fn residues(sums: ResidueTiles, moduli: usize, rows: usize, rows_per_split: usize) -> Cost {
    let splits = rows.div_ceil(rows_per_split);
    let (size, depth) = (sums.tile as u128, sums.tile / 16);
    let dispatches = sums.dispatches(rows, splits, moduli).len();
    let mut barriers = rows_per_split.min(rows).div_ceil(4).div_ceil(depth) as u64;
    let (tiles, partials) = (sums.tiles(), sums.bytes() * splits as u128);
    let (n, width, moduli) = (sums.features as u128, 4 * sums.stride as u128, moduli as u128);
    let entries = rows.next_multiple_of(4) as u128 * width;
    // Of each row a run on the left and one on the right; residues written; partial sums there and back; the sums.
    let mut bytes = moduli * (tiles * rows as u128 * 2 * size + entries + 2 * partials + 2 * n * width) + 8 * entries;
    // Residues are products of eight bytes.
    let mut multiply_adds =
        moduli * (tiles * size * size * rows.next_multiple_of(4 * depth) as u128 + 8 * entries + partials);
    if sums.fours_apart() > 0 {
        let fours = sums.fours_apart() as u128;
        barriers += 1;
        bytes += moduli * fours * rows as u128 * (n + 4 * n.div_ceil(128));
        multiply_adds += moduli * 4 * fours * rows as u128 * n;
    }
    Cost::new(dispatches, barriers, multiply_adds, bytes.div_ceil(4))
}

/// The product AᵀB of a block of rows of `left` and `right` columns, or of its lower triangle alone.
pub(crate) fn product([left, right]: [usize; 2], lower: bool, rows: usize, rows_per_split: usize) -> Cost {
    let splits = rows.div_ceil(rows_per_split);
    let [down, across] = [left, right].map(|columns| columns.div_ceil(PRODUCT_TILE) as u128);
    let tiles = down * across - if lower { across * (across - 1) / 2 } else { 0 };
    let size = PRODUCT_TILE as u128;
    let barriers = rows_per_split.min(rows).div_ceil(PRODUCT_DEPTH) as u64;
    let partials = tiles * size * size * splits as u128;
    let multiply_adds = tiles * size * size * rows.next_multiple_of(PRODUCT_DEPTH) as u128 + partials;
    let elements = tiles * rows as u128 * 2 * size + 2 * partials + 2 * (left * right) as u128;
    // Elements of 64 bits count as two of 32.
    Cost::new(schedule::product([left, right], splits).len(), barriers, multiply_adds, 2 * elements)
}

/// The product of a symmetric matrix of order n with `vectors` vectors.
fn symmetric(n: usize, vectors: usize) -> Cost {
    product([n, vectors], false, n, schedule::symmetric_split(n))
}

/// A correction in double precision of k matrices of order n with t targets: the weights taken, their products with G, and the
/// residuals.
pub(crate) fn corrected(n: usize, t: usize, k: usize) -> Cost {
    let quads = (t + 1).div_ceil(4);
    let [sides, vectors] = [4 * quads * k, t * k].map(|count| count as u128 * n as u128);
    let each = |dispatches: usize, multiply_adds: u128, elements: u128| {
        // One after the sums of each thread, and one for each time that their number is halved.
        Cost::new(dispatches, 7, multiply_adds, elements)
    };
    let scales = (quads * k * n) as u128;
    // d, and of the probe its square once more; w there and back, the vectors. Elements of 64 bits count as two of 32.
    let correct = each(schedule::correct(quads, k).len(), 3 * sides, sides + 2 * (3 * vectors + scales));
    // c, w, the product there, and r back and there again; the next right-hand side.
    let residual = each(schedule::residual(quads, k).len(), 12 * vectors, vectors + 2 * (5 * vectors + 2 * scales));
    correct.plus(symmetric(n, schedule::vectors(k, t))).plus(residual)
}

/// The inverse of a diagonal block, of which L is made on the way: barriers and multiply-adds.
fn inverse(panels: Panels) -> (u64, u128) {
    let Panels { width, side, .. } = panels;
    let blocks = width.div_ceil(8);
    // Rows of A from a block of columns on, and rows of the unit matrix up to it, take 8×8 elements of each before.
    let products: usize = (0..blocks).map(|b| 64 * b * (side - 8 * b) + 64 * 4 * b * (b + 1)).sum();
    (2 * blocks as u64, (products + side * blocks * EIGHT) as u128)
}

/// The factors of k matrices; with `quads` times four right-hand sides, where that is one dispatch, solved too. Dispatch by dispatch.
fn factor_dispatches(panels: Panels, k: usize, quads: usize) -> Vec<Cost> {
    let Panels { order: n, count, width, .. } = panels;
    let (own_barriers, own_multiply_adds) = inverse(panels);
    let cost = |barriers: u64, multiply_adds: u128, elements: usize| {
        Cost::new(1, barriers, multiply_adds * k as u128, (elements * k) as u128)
    };
    let panel = |panel: usize| {
        let tiles = (n - PANEL * (panel + 1)).div_ceil(ROWS);
        let before = PANEL * panel;
        // The update, the product by the inverse, two diagonal blocks; C, L and these kept; then one inverse.
        let barriers = (2 * (before + 2 * PANEL) / DEPTH + 4) as u64 + own_barriers;
        let blocks = (n - PANEL * (panel + 1)).div_ceil(PANEL);
        let multiply_adds = (blocks * (PANEL * PANEL * (before + PANEL) + PANEL * PANEL * PANEL)) as u128;
        let operands = (ROWS + PANEL) * before + ROWS * PANEL + PANEL * PANEL + ROWS * PANEL;
        let results = ROWS * PANEL + 2 * ROWS * PANEL + 2 * 2 * PANEL * PANEL;
        cost(barriers, multiply_adds + own_multiply_adds, tiles * (operands + results) + 2 * PANEL * PANEL)
    };
    let (mut barriers, mut multiply_adds, mut elements) = (own_barriers, own_multiply_adds, 2 * width * width);
    if quads > 0 {
        barriers += 1 + 2 * quads as u64;
        multiply_adds += (4 * quads * width * width) as u128;
        elements += 8 * quads * n;
    }
    std::iter::once(cost(barriers, multiply_adds, elements)).chain((0..count - 1).map(panel)).collect()
}

/// Factors and the first solutions.
pub(crate) fn factor_solved(panels: Panels, k: usize, quads: usize) -> Cost {
    factor_solved_dispatches(panels, k, quads).into_iter().fold(Cost::default(), Cost::plus)
}

/// [`factor_solved`], dispatch by dispatch.
pub(crate) fn factor_solved_dispatches(panels: Panels, k: usize, quads: usize) -> Vec<Cost> {
    match panels.fused(quads) {
        true => factor_dispatches(panels, k, quads),
        false => factor_dispatches(panels, k, 0).into_iter().chain([solve(panels, k, quads)]).collect(),
    }
}

/// The solutions for k matrices and `quads` times four right-hand sides each.
pub(crate) fn solve(panels: Panels, k: usize, quads: usize) -> Cost {
    let Panels { order: n, count, .. } = panels;
    if count > 1 && quads > FEW_QUADS {
        return solve_many(panels, k, quads);
    }
    let below: usize = (0..count).map(|p| PANEL * p * PANEL.min(4 * stride(n) - PANEL * p)).sum();
    // Down and up, with five barriers a panel each; three in all for a single one.
    let elements = 2 * (below + panels.inverse_elements());
    let barriers = if count == 1 { 3 } else { 10 * count as u64 };
    let each = (k * quads) as u128;
    let dispatches = panels.solve(k, quads).len();
    Cost::new(dispatches, barriers, 4 * elements as u128 * each, (elements + 16 * n) as u128 * each)
}

/// [`solve`] where it goes in products of 64 rows with 64 right-hand sides.
fn solve_many(panels: Panels, k: usize, quads: usize) -> Cost {
    let Panels { order: n, count, .. } = panels;
    // Rows of the right-hand sides that are multiplied for the panels, down and up: the known ones, and those of the panel.
    let down: usize = (0..count).map(|panel| PANEL * panel + PANEL).sum();
    let known = |panel: usize| n.saturating_sub(PANEL * (panel + 1)).next_multiple_of(MANY_DEPTH);
    let rows = down + (0..count).map(|panel| known(panel) + PANEL).sum::<usize>();
    // Two steps a panel and direction: one reads what it replaces.
    let barriers = 2 * (rows / MANY_DEPTH) + 2 * 4 * count;
    let (side, steps) = (4 * MANY_QUADS, 2 * count);
    let each = (k * quads.div_ceil(MANY_QUADS)) as u128;
    let elements = rows * (PANEL + side) + steps * 3 * PANEL * side;
    let dispatches = panels.solve(k, quads).len();
    Cost::new(dispatches, barriers as u64, (rows * PANEL * side) as u128 * each, elements as u128 * each)
}

#[cfg(test)]
mod tests {
    use super::Cost;

    #[test]
    fn a_chunk_that_crosses_problems_counts_for_each_of_them() {
        let one = |count: usize| Cost { dispatches: 1, flops: count as u64, ..Cost::default() };
        for problems in 0..5 {
            for penalties in 1..8 {
                for chunk in 1..40 {
                    let found = Cost::in_problems([problems, penalties], chunk, one);
                    // The number of different pairs of a chunk and a problem.
                    let mut pairs: Vec<_> =
                        (0..problems * penalties).map(|matrix| (matrix / chunk, matrix / penalties)).collect();
                    pairs.dedup();
                    let wanted = (pairs.len() as u64, (problems * penalties) as u64);
                    assert_eq!((found.dispatches, found.flops), wanted, "{problems} of {penalties}, {chunk} at a time");
                }
            }
        }
    }
}
