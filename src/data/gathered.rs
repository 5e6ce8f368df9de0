//! Some rows of a matrix, copied together.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::data::view::View;
use crate::math::lanes::LANES;

/// Rows that are read at a time.
const ROWS: usize = 256;

/// The rows of these numbers, in ascending order, those that follow one another read together.
pub(crate) fn gathered(view: View<'_>, rows: &[usize]) -> DMatrix<f64> {
    if let Some(copy) = lines(view, rows.len(), |at| rows[at]) {
        return copy;
    }
    let n = view.columns();
    let mut copy = DMatrix::zeros(rows.len(), n);
    let mut block = vec![0.0; ROWS.min(rows.len()) * n];
    let mut first = 0;
    for run in rows.chunk_by(|row, next| row + 1 == *next).flat_map(|run| run.chunks(ROWS)) {
        let block = &mut block[..run.len() * n];
        view.load(run[0], run.len(), block);
        for (column, values) in copy.as_mut_slice().chunks_mut(rows.len()).zip(block.chunks(run.len())) {
            column[first..first + run.len()].copy_from_slice(values);
        }
        first += run.len();
    }
    copy
}

/// Some columns of the rows of these numbers, in ascending order.
pub(crate) fn gathered_columns(view: View<'_>, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
    let mut copy = DMatrix::zeros(rows.len(), columns.len());
    for (column, mut to) in columns.iter().zip(copy.column_iter_mut()) {
        to.copy_from(&gathered(view.column_range(*column, 1), rows));
    }
    copy
}

/// The rows of a run.
pub(crate) fn run(view: View<'_>, rows: Range<usize>) -> DMatrix<f64> {
    if let Some(copy) = lines(view, rows.len(), |at| rows.start + at) {
        return copy;
    }
    let mut copy = DMatrix::zeros(rows.len(), view.columns());
    view.load(rows.start, rows.len(), copy.as_mut_slice());
    copy
}

/// As many rows, number i being that of the matrix which `number` says, if their elements lie side by side: eight rows at a time, which
/// go to columns in whole lanes.
fn lines(view: View<'_>, count: usize, number: impl Fn(usize) -> usize) -> Option<DMatrix<f64>> {
    let mut copy = DMatrix::zeros(count, view.columns());
    let (n, all) = (view.columns(), copy.as_mut_slice());
    for first in (0..count).step_by(LANES) {
        let line = |lane: usize| view.row_slice(number((first + lane).min(count - 1)));
        let [a, b, c, d] = [line(0)?, line(1)?, line(2)?, line(3)?];
        let [e, f, g, h] = [line(4)?, line(5)?, line(6)?, line(7)?];
        let ([a, b, c, d], [e, f, g, h]) = ([&a[..n], &b[..n], &c[..n], &d[..n]], [&e[..n], &f[..n], &g[..n], &h[..n]]);
        for j in 0..n {
            let (values, to) =
                ([a[j], b[j], c[j], d[j], e[j], f[j], g[j], h[j]], &mut all[j * count..][..count][first..]);
            match to.first_chunk_mut() {
                Some(to) => *to = values,
                None => to.copy_from_slice(&values[..to.len()]),
            }
        }
    }
    Some(copy)
}
