//! Some rows of a matrix, copied together.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::data::view::View;

/// Rows that are read at a time.
const ROWS: usize = 256;

/// The rows of these numbers, in ascending order, those that follow one another read together.
pub(crate) fn gathered(view: View<'_>, rows: &[usize]) -> DMatrix<f64> {
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
    let mut copy = DMatrix::zeros(rows.len(), view.columns());
    view.load(rows.start, rows.len(), copy.as_mut_slice());
    copy
}
