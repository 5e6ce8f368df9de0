//! Rows by blocks, whatever holds them.

use ridgepath::{Problem, Rows, View};

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
