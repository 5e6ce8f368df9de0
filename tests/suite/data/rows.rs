//! Rows by blocks, whatever holds them.

use std::ops::Range;

use nalgebra::DMatrix;
use ridgepath::{Backend, CrossValidation, Error, Precision, Problem, Ridge, Rows, Standardize, View};

use crate::support::{Random, gpu, regression};

/// Every block of a matrix has its elements, column after column.
fn holds(rows: &dyn Rows, wanted: impl Fn(usize, usize) -> f64) {
    let (m, n) = (rows.rows(), rows.columns());
    assert!(rows.replayable());
    for (top, left) in (0..m).flat_map(|top| (0..n).map(move |left| (top, left))) {
        for (count, width) in [(1, 1), (m - top, 1), (1, n - left), (m - top, n - left)] {
            let mut block = vec![f64::NAN; count * width];
            rows.read(top..top + count, left..left + width, &mut block);
            for (at, value) in block.into_iter().enumerate() {
                assert_eq!(value, wanted(top + at % count, left + at / count), "{count}×{width} from ({top}, {left})");
            }
        }
    }
}

#[test]
fn a_view_reads_what_it_is_a_view_of_whatever_the_strides_and_the_type() {
    let values: Vec<f64> = (0..24).map(f64::from).collect();
    let single: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    let layouts = [
        (4, 6, 6, 1),
        (4, 6, 1, 4),
        (1, 24, 24, 1),
        (24, 1, 1, 24),
        (3, 2, 0, 5),
        (3, 2, 5, 0),
        (3, 3, 8, 2),
        (1, 1, 9, 9),
    ];
    for (rows, columns, down, across) in layouts {
        let wanted = |row: usize, column: usize| values[row * down + column * across];
        holds(&View::strided(&values, rows, columns, down, across).unwrap(), wanted);
        holds(&View::strided(&single, rows, columns, down, across).unwrap(), wanted);
    }
}

#[test]
fn a_problem_reads_features_then_targets() {
    let values: Vec<f32> = (0..15u8).map(f32::from).collect();
    let y: Vec<f64> = (0..10).map(|at| 0.1 * f64::from(at)).collect();
    let problem = Problem::new(View::row_major(&values, 5, 3).unwrap(), View::column_major(&y, 5, 2).unwrap()).unwrap();
    let wanted = |row, j| if j < 3 { problem.x().get(row, j) } else { problem.y().get(row, j - 3) };
    holds(&problem, wanted);
}

/// Rows in pieces of different lengths, as a table that was read in parts.
struct Pieces {
    pieces: Vec<DMatrix<f64>>,
    replayable: bool,
}

impl Pieces {
    fn of(matrix: &DMatrix<f64>) -> Self {
        let third = matrix.nrows() / 3;
        let lengths = [third, 1, matrix.nrows() - third - 1];
        let starts = [0, third, third + 1];
        let pieces = starts.into_iter().zip(lengths).filter(|(_, length)| *length > 0);
        let pieces = pieces.map(|(start, length)| matrix.rows(start, length).into_owned()).collect();
        Self { pieces, replayable: true }
    }
}

impl Rows for Pieces {
    fn rows(&self) -> usize {
        self.pieces.iter().map(DMatrix::nrows).sum()
    }

    fn columns(&self) -> usize {
        self.pieces[0].ncols()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        let mut first = 0;
        for piece in &self.pieces {
            let end = first + piece.nrows();
            for row in rows.start.max(first)..rows.end.min(end) {
                for (at, column) in columns.clone().enumerate() {
                    to[at * rows.len() + row - rows.start] = piece[(row - first, column)];
                }
            }
            first = end;
        }
    }

    fn by_columns(&self) -> bool {
        true
    }

    fn replayable(&self) -> bool {
        self.replayable
    }
}

#[test]
fn rows_of_another_container_have_the_bits_of_the_same_rows_in_a_matrix() {
    for (m, n, t) in [(40, 5, 2), (9, 30, 1), (700, 70, 3)] {
        let (x, y) = regression(m as u64, m, n, t);
        let (x_pieces, y_pieces) = (Pieces::of(&x), Pieces::of(&y));
        let (own_x, own_y) = (View::of(&x_pieces).unwrap(), View::of(&y_pieces).unwrap());
        holds(&own_x.row_range(1, 2), |row, column| x[(row + 1, column)]);
        holds(&own_x.column_range(2, 3), |row, column| x[(row, column + 2)]);
        let weights = Random::new(7).weights(m);
        let ridge = Ridge::new().backend(Backend::Cpu).alphas([1e3, 1.0, 1e-9, 0.0]);
        let mut ridges = vec![
            ridge.clone(),
            ridge.clone().weights(weights),
            ridge.clone().standardize(Standardize::Population).intercept(false),
            ridge.clone().precision(Precision::Single),
            ridge.clone().prior_mean(vec![0.5; n]),
        ];
        if let Some(gpu) = gpu() {
            ridges.push(ridge.clone().backend(Backend::Gpu).gpu(gpu));
        }
        for ridge in ridges {
            let found = ridge.fit(own_x, own_y).unwrap();
            // NaN, where there is no answer, is NaN.
            assert_eq!(format!("{found:?}"), format!("{:?}", ridge.fit(&x, &y).unwrap()), "{m}×{n}");
            let predicted = found.predict(0, own_x).unwrap();
            assert_eq!(predicted, found.predict(0, &x).unwrap());
        }
        let validation = CrossValidation::new(ridge.clone().alphas([1.0, 0.1])).leave_one_out();
        let (found, wanted) = (validation.fit(own_x, own_y).unwrap(), validation.fit(&x, &y).unwrap());
        assert_eq!(found.choice(0), wanted.choice(0));
    }
}

#[test]
fn rows_that_cannot_be_read_again_are_refused_with_the_way_to_take() {
    let mut pieces = Pieces::of(&DMatrix::from_element(4, 1, 1.0));
    pieces.replayable = false;
    let error = View::of(&pieces).unwrap_err().to_string();
    assert!(error.contains("read once") && error.contains("Moments::push"), "{error}");
}

#[test]
fn what_a_container_cannot_read_is_named() {
    let mut pieces = Pieces::of(&DMatrix::from_element(4, 2, 1.0));
    pieces.pieces[1][(0, 1)] = f64::NAN;
    let error = Problem::new(View::of(&pieces).unwrap(), &[1.0, 2.0, 3.0, 4.0]).unwrap_err();
    assert!(matches!(error, Error::NonFinite { what: "X", row: 1, column: 1, .. }), "{error:?}");
}
