//! Rows that can be read by blocks, whatever holds them.

use std::ops::Range;

/// A matrix whose rows can be read by blocks, as `f64`: what a container of any layout or element type implements so that the
/// library can read it. [`View`](crate::View) does, and [`Problem`](crate::Problem), whose columns are those of [X | Y].
///
/// ```
/// use ridgepath::{Rows, View};
/// let x = View::row_major(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 2)?; // rows (1, 2), (3, 4), (5, 6)
/// let mut block = [0.0; 4];
/// x.read(1..3, 0..2, &mut block);
/// assert_eq!(block, [3.0, 5.0, 4.0, 6.0]); // column after column
/// # Ok::<(), ridgepath::Error>(())
/// ```
pub trait Rows: Sync {
    /// Rows.
    fn rows(&self) -> usize;

    /// Columns.
    fn columns(&self) -> usize;

    /// Copies a block, column after column: element (i, j) of the block, which is element (`rows.start` + i, `columns.start` + j) of
    /// the matrix, goes to `to[j * rows.len() + i]`. `to` has room for the block and nothing else, and neither range is empty or leads
    /// out of the matrix.
    ///
    /// Called by several threads at once, in any order. A value that cannot be had (a file that cannot be read) is to be written as
    /// NaN: no number that is compared with it passes, so it never becomes part of an answer unseen.
    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]);

    /// Whether the values of a column lie together, so that a column is read faster than a row: the order in which blocks are asked for
    /// follows it, and nothing else does.
    fn by_columns(&self) -> bool;

    /// Whether a block can be read more than once. Moments take two passes over the rows, the mean before the squares, and the
    /// safer routes more; what can be read once alone (a stream) is first copied, part by part, and each part summed by
    /// [`Moments::push`](crate::Moments::push).
    fn replayable(&self) -> bool;
}

/// Rows and columns of a tile, which stays in the fastest cache.
pub(crate) const TILE: usize = 32;

/// Cuts a block into tiles: calls `visit` with the rows and the columns of each, in the order of the memory.
pub(crate) fn tiles(
    by_columns: bool,
    rows: Range<usize>,
    columns: Range<usize>,
    mut visit: impl FnMut(Range<usize>, Range<usize>),
) {
    let part = |of: &Range<usize>, start: usize| start..of.end.min(start + TILE);
    let (row_starts, column_starts) = (rows.clone().step_by(TILE), columns.clone().step_by(TILE));
    if by_columns {
        for column in column_starts {
            row_starts.clone().for_each(|row| visit(part(&rows, row), part(&columns, column)));
        }
    } else {
        for row in row_starts {
            column_starts.clone().for_each(|column| visit(part(&rows, row), part(&columns, column)));
        }
    }
}

/// Calls `visit(row, column, value)` for a block, tile by tile. Those of one column come in the order of the rows.
pub(crate) fn visit(
    of: &impl Rows,
    rows: Range<usize>,
    columns: Range<usize>,
    mut visit: impl FnMut(usize, usize, f64),
) {
    let mut tile = [0.0; TILE * TILE];
    tiles(of.by_columns(), rows, columns, |rows, columns| {
        let tile = &mut tile[..rows.len() * columns.len()];
        of.read(rows.clone(), columns.clone(), tile);
        for (values, column) in tile.chunks(rows.len()).zip(columns) {
            for (value, row) in values.iter().zip(rows.clone()) {
                visit(row, column, *value);
            }
        }
    });
}
