//! Rows as they are squared: centred, scaled and weighted. The one reader of the rows of a problem.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::frame::Frame;
use crate::data::problem::Problem;
use crate::data::rows::{self, Rows as _, TILE, tiles};
use crate::error::Result;
use crate::math::extended::Strips;
use crate::math::lanes::{LANES, sums, vectorized};
use crate::math::powers::{exponent, scaled};
use crate::math::scalar::Scalar;
use crate::math::threads::at_least;

/// Columns that one task copies.
const PANEL: usize = 64;
/// Rows that one task copies.
const RUN: usize = 64;

/// The rows [X | Y] of a problem, features first, as they are before they are squared: each column less its weighted mean, or as it
/// is, in units of a power of two, the largest below its largest number. In these units no square overflows, and a constant column
/// that is centred is exactly zero. Rows of weight 0 are zero, however far away they lie.
///
/// It borrows the rows and holds what was measured of them, a few numbers for each column: it is made once, and read by blocks, in
/// `f64` or in two doubles for each number.
///
/// ```
/// use ridgepath::{Framed, Problem};
/// let (x, y) = ([1e9, 1e9 + 1.0, 1e9 + 8.0], [5.0, 5.0, 5.0]);
/// let rows = Framed::centred(&Problem::new(&x, &y)?)?;
/// assert_eq!((rows.exponents()[0], rows.column(0..3, 0)), (2, vec![-0.75, -0.5, 1.25])); // less 1e9 + 3, in units of 4
/// assert_eq!(rows.column(0..3, 1), [0.0, 0.0, 0.0]);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Framed<'a> {
    problem: Problem<'a>,
    frame: Frame,
    /// Weights are in units of 2^`unit`.
    unit: i32,
}

impl<'a> Framed<'a> {
    /// Rows about the weighted means of their columns, measured in one pass over those of positive weight.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span) when the values of a column lie further apart than numbers reach.
    pub fn centred(problem: &Problem<'a>) -> Result<Self> {
        Ok(Self::of(problem, Frame::measure(problem)?))
    }

    /// Rows as they are, each column in units of its largest number.
    #[must_use]
    pub fn scaled(problem: &Problem<'a>) -> Self {
        Self::of(problem, Frame::scaling(problem))
    }

    /// Rows as equations with an intercept take them, centred, or without.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn new(problem: &Problem<'a>, intercept: bool) -> Result<Self> {
        if intercept { Self::centred(problem) } else { Ok(Self::scaled(problem)) }
    }

    fn of(problem: &Problem<'a>, frame: Frame) -> Self {
        // An even power of two, so that roots are in units of one too.
        let unit = exponent(problem.weight(problem.heaviest())) & !1;
        Self { problem: problem.clone(), frame, unit }
    }

    /// The rows as they were given.
    #[must_use]
    pub fn problem(&self) -> &Problem<'a> {
        &self.problem
    }

    /// Column j is in units of 2^`exponents()[j]`.
    #[must_use]
    pub fn exponents(&self) -> &[i32] {
        &self.frame.exponents
    }

    /// The weighted mean of each column (0 where rows are not centred), and what that lacks of it.
    pub(crate) fn means(&self) -> (Vec<f64>, Vec<f64>) {
        self.frame.means()
    }

    /// Rows of positive weight.
    pub(crate) fn positive_rows(&self) -> usize {
        self.frame.positive_rows
    }

    /// The exponent, even, of the units in which the squares of [`roots`](Self::roots) are weights.
    pub(crate) fn unit(&self) -> i32 {
        self.unit
    }

    /// √s of rows in units of 2^(`unit`/2), in which roots fit `f32`.
    pub(crate) fn roots(&self, rows: Range<usize>) -> Vec<f64> {
        if !self.problem.weighted() {
            return vec![1.0; rows.len()];
        }
        let root = |row| scaled(self.problem.weight(row), -self.unit).sqrt();
        rows.into_par_iter().with_min_len(at_least(20)).map(root).collect()
    }

    /// What is done to the values of each column: x' = ((x − origin) − offset) · 2^−exponent, as origin, offset and power.
    pub(crate) fn centrings(&self) -> Vec<[f64; 3]> {
        (0..self.problem.columns()).map(|j| self.frame.column(j).numbers()).collect()
    }

    /// A value of column j centred and scaled.
    pub(crate) fn framed(&self, j: usize, value: f64) -> f64 {
        self.frame.apply(j, value)
    }

    /// Σ s·y² of every target in its units, some targets beside others.
    pub(crate) fn target_squares(&self) -> Vec<f64> {
        let (m, n, q) = (self.problem.rows(), self.problem.features(), self.problem.columns());
        let mut squares = vec![0.0; q - n];
        let panels = squares.par_chunks_mut(TILE).with_min_len(at_least(4 * m * TILE));
        panels.enumerate().for_each(|(panel, squares)| {
            let first = n + panel * TILE;
            self.visit(0..m, first..first + squares.len(), |row, j, value| {
                squares[j - first] += self.problem.weight(row) * value.powi(2);
            });
        });
        squares
    }

    /// Σ s·x² of every column, in its units.
    pub(crate) fn squares(&self) -> Vec<f64> {
        let (m, q) = (self.problem.rows(), self.problem.columns());
        let mut squares = vec![0.0; q];
        for start in (0..m).step_by(RUN) {
            let rows = start..m.min(start + RUN);
            let weights: Vec<f64> = rows.map(|row| scaled(self.problem.weight(row), -self.unit)).collect();
            let counts: Vec<f64> = weights.iter().map(|weight| f64::from(*weight > 0.0)).collect();
            for (panel, squares) in squares.chunks_mut(PANEL).enumerate() {
                let first = panel * PANEL;
                let mut block = DMatrix::zeros(counts.len(), squares.len());
                self.columns_to::<f64>(start, &counts, first..first + squares.len(), &mut block);
                let columns = block.as_slice().chunks(counts.len());
                squares.iter_mut().zip(columns).for_each(|(sum, column)| {
                    let [more] = sums([column, &weights], |[value, weight]| [weight * (value * value)]);
                    *sum += more;
                });
            }
        }
        squares.into_iter().map(|sum| scaled(sum, self.unit)).collect()
    }

    /// Some rows of column j of [X | Y].
    ///
    /// # Panics
    /// When the rows or the column are out of range, as slices do.
    #[must_use]
    pub fn column(&self, rows: Range<usize>, j: usize) -> Vec<f64> {
        let centring = self.frame.column(j);
        self.mapped(rows, j, |value| centring.apply(value))
    }

    /// Some rows of column j of [X | Y] to twice the digits, each number high + low: no digit of the value, or of the mean, is
    /// lost.
    ///
    /// # Panics
    /// When the rows or the column are out of range, as slices do.
    #[must_use]
    pub fn column_wide(&self, rows: Range<usize>, j: usize) -> Vec<(f64, f64)> {
        self.mapped(rows, j, |value| self.frame.apply_wide(j, value))
    }

    fn mapped<V: Default>(&self, rows: Range<usize>, j: usize, of: impl Fn(f64) -> V) -> Vec<V> {
        let mut values = vec![0.0; rows.len()];
        if !rows.is_empty() {
            self.problem.read(rows.clone(), j..j + 1, &mut values);
        }
        let one = |(row, value)| if self.problem.weight(row) > 0.0 { of(value) } else { V::default() };
        rows.zip(values).map(one).collect()
    }

    /// Calls `visit(row, j, value)` for a block, without the rows of weight 0. Those of one column come in the order of the rows.
    pub(crate) fn visit(&self, rows: Range<usize>, columns: Range<usize>, mut visit: impl FnMut(usize, usize, f64)) {
        self.visit_given(rows, columns, |row, j, value| visit(row, j, self.frame.apply(j, value)));
    }

    /// Calls `visit(row, j, (high, low))` for a block to twice the digits, without the rows of weight 0.
    pub(crate) fn visit_wide(
        &self,
        rows: Range<usize>,
        columns: Range<usize>,
        mut visit: impl FnMut(usize, usize, (f64, f64)),
    ) {
        self.visit_given(rows, columns, |row, j, value| visit(row, j, self.frame.apply_wide(j, value)));
    }

    /// Calls `visit(row, j, value)` with the values that were given, without the rows of weight 0.
    fn visit_given(&self, rows: Range<usize>, columns: Range<usize>, mut visit: impl FnMut(usize, usize, f64)) {
        rows::visit(&self.problem, rows, columns, |row, j, value| {
            if self.problem.weight(row) > 0.0 {
                visit(row, j, value);
            }
        });
    }

    /// Columns as they were given, less a centre each; rows of weight 0 are zero.
    pub(crate) fn less(&self, columns: Range<usize>, centres: &[f64]) -> DMatrix<f64> {
        let mut block = DMatrix::zeros(self.problem.rows(), columns.len());
        let first = columns.start;
        self.visit_given(0..self.problem.rows(), columns, |row, j, value| {
            block[(row, j - first)] = value - centres[j - first];
        });
        block
    }

    /// Copies as many rows from `start` on as there are `roots`, each times its root, to the first rows of `block`, which has the
    /// columns `columns`.
    pub(crate) fn columns_to<A: Scalar>(
        &self,
        start: usize,
        roots: &[f64],
        columns: Range<usize>,
        block: &mut DMatrix<A>,
    ) {
        let (rows, count) = (block.nrows(), roots.len());
        let panels = block.as_mut_slice().par_chunks_mut(rows * PANEL).with_min_len(at_least(2 * count * PANEL));
        panels.enumerate().for_each(|(panel, block)| {
            let (first, width) = (columns.start + panel * PANEL, block.len() / rows);
            self.problem.joined().visit_columns(start..start + count, first..first + width, |at, values| {
                let (centring, to) = (self.frame.column(first + at), &mut block[at * rows..][..count]);
                vectorized(
                    #[inline(always)]
                    || {
                        for ((value, to), root) in values.iter().zip(to.iter_mut()).zip(roots) {
                            let value = centring.apply(*value) * root;
                            *to = A::round_from(if *root > 0.0 { value } else { 0.0 });
                        }
                    },
                );
            });
        });
    }

    /// Copies as many rows of [X | Y] from `start` on as there are `roots`, each times its root, to a block, row after row and
    /// `width` elements apart.
    pub(crate) fn rows_to<A: Scalar>(&self, start: usize, roots: &[f64], block: &mut [A], width: usize) {
        let q = self.problem.columns();
        block.par_chunks_mut(RUN * width).zip(roots.par_chunks(RUN)).enumerate().for_each(|(run, (block, roots))| {
            let mut values = [0.0; TILE * TILE];
            tiles(self.problem.by_columns(), 0..roots.len(), 0..q, |rows, columns| {
                let count = rows.len();
                let values = &mut values[..count * columns.len()];
                let first = start + run * RUN + rows.start;
                self.problem.read(first..first + count, columns.clone(), values);
                let roots = &roots[rows.clone()];
                vectorized(
                    #[inline(always)]
                    || {
                        for (values, j) in values.chunks_mut(count).zip(columns.clone()) {
                            let centring = self.frame.column(j);
                            for (value, root) in values.iter_mut().zip(roots) {
                                let framed = centring.apply(*value) * root;
                                *value = if *root > 0.0 { framed } else { 0.0 };
                            }
                        }
                    },
                );
                for (i, row) in rows.enumerate() {
                    let to = &mut block[row * width + columns.start..][..columns.len()];
                    to.iter_mut().zip(values[i..].iter().step_by(count)).for_each(|(to, v)| *to = A::round_from(*v));
                }
            });
        });
    }

    /// A block to twice the digits, as a factor of products.
    pub(crate) fn strips(&self, rows: Range<usize>, columns: Range<usize>) -> Strips {
        let count = rows.len();
        let counts: Vec<bool> = rows.clone().map(|row| self.problem.weight(row) > 0.0).collect();
        let mut strips = Strips::zeros(count, columns.len());
        strips.strips().with_min_len(at_least(16 * count * LANES)).enumerate().for_each(|(strip, (high, low))| {
            let first = columns.start + strip * LANES;
            let covered = first..columns.end.min(first + LANES);
            let mut values = vec![0.0; count * covered.len()];
            self.problem.read(rows.clone(), covered.clone(), &mut values);
            for (lane, (values, j)) in values.chunks(count).zip(covered).enumerate() {
                vectorized(
                    #[inline(always)]
                    || {
                        let all = values.iter().zip(&counts).zip(high.iter_mut().zip(low.iter_mut()));
                        for ((value, counts), (high, low)) in all {
                            let pair = self.frame.apply_wide(j, *value);
                            (high[lane], low[lane]) = if *counts { pair } else { (0.0, 0.0) };
                        }
                    },
                );
            }
        });
        strips
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::Framed;
    use crate::data::problem::Problem;
    use crate::data::view::View;
    use crate::math::lanes::LANES;

    #[test]
    fn blocks_of_any_size_have_the_numbers_of_the_columns() {
        const WIDTH: usize = 44;
        let (m, n, q) = (70, 41, 43);
        let values: Vec<f64> = (0..m * q).map(|at| ((at * 7919) % 1009) as f64 - 300.0).collect();
        let weights: Vec<f64> = (0..m).map(|row| [4.0, 0.0, 1.0, 0.3][row % 4]).collect();
        let y = View::column_major(&values[n * m..], m, q - n).unwrap();
        for x in [View::row_major(&values[..n * m], m, n), View::column_major(&values[..n * m], m, n)] {
            let problem = Problem::new(x.unwrap(), y).unwrap().with_weights(&weights).unwrap();
            let rows = Framed::centred(&problem).unwrap();
            let roots = rows.roots(0..m);
            let columns: Vec<Vec<f64>> = (0..q).map(|j| rows.column(0..m, j)).collect();
            let wide: Vec<Vec<(f64, f64)>> = (0..q).map(|j| rows.column_wide(0..m, j)).collect();
            for (start, size) in [1, 7, 32, 33, m].iter().flat_map(|size| (0..m).step_by(*size).map(|at| (at, *size))) {
                let range = start..m.min(start + size);
                let mut down = DMatrix::<f64>::zeros(size, q);
                rows.columns_to(start, &roots[range.clone()], 0..q, &mut down);
                let mut along = vec![0.0; range.len() * WIDTH];
                rows.rows_to(start, &roots[range.clone()], &mut along, WIDTH);
                let mut strips = rows.strips(range.clone(), 0..q);
                let strips: Vec<_> = rayon::iter::ParallelIterator::collect(strips.strips());
                let mut visited = DMatrix::<f64>::zeros(size, q);
                rows.visit(range.clone(), 0..q, |row, j, value| visited[(row - start, j)] = value);
                for (i, j) in (0..range.len()).flat_map(|i| (0..q).map(move |j| (i, j))) {
                    let (row, (high, low)) = (start + i, &strips[j / LANES]);
                    assert_eq!(visited[(i, j)], columns[j][row]);
                    assert_eq!(down[(i, j)], columns[j][row] * roots[row]);
                    assert_eq!(along[i * WIDTH + j], columns[j][row] * roots[row]);
                    assert_eq!((high[i][j % LANES], low[i][j % LANES]), wide[j][row]);
                }
            }
        }
    }
}
