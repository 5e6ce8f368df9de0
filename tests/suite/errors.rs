//! Every wrong argument gets its error, which says what was found, where, and what was wanted.

use nalgebra::{DMatrix, DVector};
use ridgepath::choose::Criterion;
use ridgepath::{
    Backend, CrossValidation, Error, Limits, Penalty, Plan, Problem, Request, Ridge, Score, Shape, Unscored, View,
};

fn x() -> DMatrix<f64> {
    DMatrix::from_fn(4, 2, |i, j| (i * i + j) as f64)
}

const Y: [f64; 4] = [1.0, 2.0, 3.0, 5.0];

#[track_caller]
fn assert_error(error: &Error, wanted: &Error, message: &str) {
    assert_eq!(error, wanted);
    assert_eq!(error.to_string(), message);
}

#[test]
fn empty_matrices() {
    let wanted = Error::Empty { what: "X", rows: 0, columns: 2 };
    let error = Ridge::new().fit(&DMatrix::<f64>::zeros(0, 2), &DVector::<f64>::zeros(0)).unwrap_err();
    assert_error(&error, &wanted, "X has 0 rows and 2 columns; at least one of each is needed");
    let error = Ridge::new().fit(&x(), &DMatrix::<f64>::zeros(4, 0)).unwrap_err();
    assert_eq!(error, Error::Empty { what: "Y", rows: 4, columns: 0 });
    let none: [f64; 0] = [];
    assert!(matches!(Problem::new(&x(), &none), Err(Error::Empty { what: "Y", .. })));
    assert!(matches!(View::row_major(&none, 0, 3), Err(Error::Empty { .. })));
}

#[test]
fn rows_that_do_not_match() {
    let error = Ridge::new().fit(&x(), &Y[..3]).unwrap_err();
    let wanted = Error::Shape { what: "rows of Y against rows of X", found: 3, wanted: 4 };
    assert_error(&error, &wanted, "rows of Y against rows of X: found 3, wanted 4");
}

#[test]
fn slices_that_are_too_short() {
    let error = View::strided(&[0.0; 10], 3, 4, 5, 1).unwrap_err();
    let wanted = Error::SliceTooShort { rows: 3, columns: 4, row_stride: 5, column_stride: 1, found: 10, wanted: 14 };
    assert_error(&error, &wanted, "a 3×4 matrix with strides (5, 1) needs 14 elements, the slice has 10");
    assert!(View::strided(&[0.0; 14], 3, 4, 5, 1).is_ok());
}

#[test]
fn slices_of_another_length_than_their_matrix() {
    let (short, long) = ([0.0; 5], [0.0; 40]);
    let wanted = Error::Shape { what: "values of a row-major slice against rows × columns", found: 40, wanted: 20 };
    let message = "values of a row-major slice against rows × columns: found 40, wanted 20";
    assert_error(&View::row_major(&long, 20, 1).unwrap_err(), &wanted, message);
    assert!(matches!(View::row_major(&short, 3, 2), Err(Error::Shape { found: 5, wanted: 6, .. })));
    for (slice, wanted) in [(&long[..], 20), (&short[..], 6)] {
        let error = View::column_major(slice, wanted / 2, 2).unwrap_err();
        let what = "values of a column-major slice against rows × columns";
        assert_eq!(error, Error::Shape { what, found: slice.len(), wanted });
    }
    assert!(View::strided(&long, 20, 1, 1, 20).is_ok(), "part of a slice");
}

#[test]
fn sizes_that_overflow() {
    for (rows, columns) in [(usize::MAX, 3), (3, usize::MAX), (usize::MAX, usize::MAX)] {
        for error in [View::row_major(&[0.0], rows, columns), View::column_major(&[0.0], rows, columns)] {
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Overflow { what: "the number of elements", .. }), "{error}");
        }
        for strides in [(usize::MAX, usize::MAX), (1, usize::MAX), (usize::MAX, 1)] {
            let error = View::strided(&[0.0], rows, columns, strides.0, strides.1).unwrap_err();
            assert!(matches!(error, Error::Overflow { .. } | Error::SliceTooShort { .. }), "{error}");
        }
    }
    assert!(View::strided(&[0.0], 1, 1, usize::MAX, usize::MAX).is_ok(), "a stride never stepped over");
}

#[test]
fn values_that_are_not_finite() {
    for (value, row, column) in [(f64::NAN, 3, 1), (f64::INFINITY, 0, 0)] {
        let mut bad = x();
        bad[(row, column)] = value;
        let error = Ridge::new().fit(&bad, &Y).unwrap_err();
        let wanted = format!("X[row {row}, column {column}] is {value}; a finite number is needed");
        assert_eq!(error.to_string(), wanted);
    }
    let error = Ridge::new().fit(&x(), &[1.0, 2.0, f64::NEG_INFINITY, 3.0]).unwrap_err();
    assert_eq!(error, Error::NonFinite { what: "Y", row: 2, column: 0, value: f64::NEG_INFINITY });
    let rows = [1.0f32, 2.0, 3.0, f32::NAN];
    let error = Problem::new(View::row_major(&rows, 2, 2).unwrap(), &[1.0f32, 2.0]).unwrap_err();
    assert!(matches!(error, Error::NonFinite { what: "X", row: 1, column: 1, .. }), "{error}");
}

#[test]
fn a_column_wider_than_a_double_can_hold() {
    let mut bad = x();
    (bad[(0, 1)], bad[(1, 1)]) = (-1.7e308, 1.7e308);
    let error = Ridge::new().fit(&bad, &Y).unwrap_err();
    assert!(matches!(error, Error::Span { what: "X", column: 1, .. }), "{error}");
}

#[test]
fn penalties_that_cannot_be_used() {
    let error = Ridge::new().lambdas([1.0, -0.5]).fit(&x(), &Y).unwrap_err();
    let wanted = Error::InvalidPenalty { name: "lambda", index: 1, value: -0.5 };
    assert_error(&error, &wanted, "lambda[1] is -0.5; a finite number ≥ 0 is needed");
    let error = Ridge::new().alphas([f64::NAN]).fit(&x(), &Y).unwrap_err();
    assert!(matches!(error, Error::InvalidPenalty { name: "alpha", index: 0, .. }));
    assert_eq!(Ridge::new().lambdas([]).fit(&x(), &Y).unwrap_err(), Error::EmptyGrid);
    assert_eq!(Ridge::new().penalty(Penalty::Auto(0)).fit(&x(), &Y).unwrap_err(), Error::EmptyGrid);
    let error = Ridge::new().lambdas([f64::MAX]).fit(&x(), &Y).unwrap_err();
    assert_eq!(error, Error::ShiftOverflow { index: 0, lambda: f64::MAX, weight_sum: 4.0 });
    for (start, stop, count) in [(0.0, 1.0, 3), (1.0, f64::INFINITY, 3), (1.0, 2.0, 0), (-1.0, 1.0, 2)] {
        assert!(matches!(Penalty::log_grid(start, stop, count), Err(Error::InvalidGrid { .. })));
    }
    let error = Penalty::log_grid(1.0, 2.0, usize::MAX).unwrap_err();
    assert!(error.to_string().contains("fit in memory"), "{error}");
    assert!(Ridge::new().penalty(Penalty::Auto(usize::MAX)).fit(&x(), &Y).is_err());
}

#[test]
fn weights_that_cannot_be_used() {
    let fit = |weights: &[f64]| Ridge::new().weights(weights).fit(&x(), &Y).unwrap_err();
    assert_eq!(fit(&[1.0]), Error::Shape { what: "weights against rows of X", found: 1, wanted: 4 });
    assert_eq!(fit(&[1.0, 1.0, -2.0, 1.0]), Error::InvalidWeight { row: 2, value: -2.0 });
    assert!(matches!(fit(&[1.0, f64::NAN, 1.0, 1.0]), Error::InvalidWeight { row: 1, .. }));
    assert_error(
        &fit(&[0.0; 4]),
        &Error::ZeroWeights { rows: 4 },
        "all 4 weights are 0; at least one must be positive",
    );
    assert!(matches!(fit(&[f64::MAX; 4]), Error::Overflow { what: "the sum of the weights", .. }));
}

#[test]
fn tasks_whose_sizes_cannot_be_multiplied() {
    for size in [usize::MAX, 1 << 40] {
        let sizes = [
            [size, 2, 1, 5, 1],
            [10, size, 1, 5, 1],
            [10, 2, size, 5, 1],
            [10, 2, 1, size, 1],
            [10, 2, 1, 5, size],
            [size; 5],
        ];
        for [rows, features, targets, penalties, problems] in sizes {
            let shape = Shape { rows, features, targets, penalties, problems };
            for backend in [Backend::Cpu, Backend::Auto, Backend::Gpu] {
                let request = Request { backend, ..Request::default() };
                // Whether it is refused or not, nothing overflows.
                let plan = Plan::new(shape, request, Some(Ok(Limits::default())));
                assert!(size < usize::MAX || matches!(plan, Err(Error::Overflow { .. })), "{shape:?}");
                drop(plan.map(|plan| plan.explain()));
            }
        }
    }
}

#[test]
fn tasks_that_no_chunk_brings_onto_the_device() {
    let shape = Shape { rows: 10_000, features: 10_000, targets: 1, penalties: 5, problems: 1 };
    let request = Request { backend: Backend::Gpu, ..Request::default() };
    let error = Plan::new(shape, request, Some(Ok(Limits::default()))).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    assert!(error.to_string().contains("the limit is 134217728"), "{error}");
    // Four targets share a workgroup of the substitutions.
    let shape = Shape { rows: 10, features: 1, targets: 262_140, penalties: 5, problems: 1 };
    let error = Plan::new(shape, request, Some(Ok(Limits::default()))).unwrap_err();
    assert!(matches!(error, Error::TooLarge { what: "the number of targets", .. }), "{error}");
}

#[test]
fn no_adapter() {
    let shape = Shape { rows: 10, features: 3, targets: 1, penalties: 5, problems: 1 };
    let request = Request { backend: Backend::Gpu, ..Request::default() };
    let missing = Error::NoAdapter { reason: "none here".into() };
    assert_eq!(Plan::new(shape, request, Some(Err(missing.clone()))).unwrap_err(), missing);
}

#[test]
fn a_target_without_a_score_is_told_with_the_reason() {
    let flat = [5.0; 4];
    let by = |choice: CrossValidation, y: &[f64; 4]| choice.fit(&x(), y).unwrap_err();
    let ridge = |lambda: f64| CrossValidation::new(Ridge::new().lambdas([lambda]));
    let reason = |target: usize, score: &str, reason: Unscored| Error::NoScore { target, score: score.into(), reason };
    let error = by(ridge(1.0).leave_one_out().score(Score::R2), &flat);
    let wanted = reason(0, "r2", Unscored::Constant { value: 5.0 });
    assert_error(&error, &wanted, "target 0 has no r2 at any λ: the target is constant (5.0)");
    assert_eq!(
        by(CrossValidation::new(Ridge::new().lambdas([1.0]).weights([0.0, 1.0, 0.0, 0.0])).leave_one_out(), &Y),
        reason(0, "mse", Unscored::OneRow)
    );
    let one = DMatrix::from_fn(4, 1, |i, _| (i * i) as f64);
    let error = ridge(0.0).criterion(Criterion::Evidence).fit(&one, &Y).unwrap_err();
    assert_eq!(error, reason(0, "evidence", Unscored::NoPenalty));
    let three = DMatrix::from_fn(4, 3, |i, j| f64::from(u8::from(i == j)));
    let error = ridge(1.0).criterion(Criterion::Cp).fit(&three, &Y).unwrap_err();
    assert_eq!(error, reason(0, "cp", Unscored::Rank { rank: 4, rows: 4 }));
    // The second column is twice the first.
    let twice = DMatrix::from_fn(4, 2, |i, j| (i * i * (j + 1)) as f64);
    let error = ridge(0.0).leave_one_out().fit(&twice, &Y).unwrap_err();
    assert_eq!(error, reason(0, "mse", Unscored::NoAnswer));
}

#[test]
fn a_count_that_nothing_can_have_is_told_without_contradiction() {
    let error = CrossValidation::new(Ridge::new()).fit(&DMatrix::from_element(1, 1, 1.0), &[1.0]).unwrap_err();
    assert_eq!(error.to_string(), "folds of rows: found 5, wanted 2 or more, of which there can only be 1");
}
