//! Predictions and R², against plain loops; the views of one λ.

use nalgebra::DMatrix;
use ridgepath::{CrossValidation, Error, LinearModel, Ridge, RidgePath, View};

use crate::support::{Random, regression};

/// b + Σ x·w, one element after another, and the sum of the sizes of its terms.
fn plain(path: &RidgePath, index: usize, target: usize, x: &[f64]) -> (f64, f64) {
    let terms = || x.iter().zip(path.coefficients(index, target)).map(|(x, w)| x * w);
    let b = path.intercept(index, target);
    (terms().fold(b, |sum, term| sum + term), terms().fold(b.abs(), |sum, term| sum + term.abs()))
}

#[track_caller]
fn assert_predicts(path: &RidgePath, index: usize, x: &DMatrix<f64>, predicted: &DMatrix<f64>) {
    assert_eq!(predicted.shape(), (x.nrows(), path.targets()));
    for row in 0..x.nrows() {
        let values: Vec<f64> = x.row(row).iter().copied().collect();
        for target in 0..path.targets() {
            let (wanted, size) = plain(path, index, target, &values);
            let apart = (predicted[(row, target)] - wanted).abs();
            let bound = f64::EPSILON * (path.features() as f64 + 4.0) * size;
            assert!(apart <= bound, "λ {index}, row {row}, target {target}: {apart:e} > {bound:e}");
        }
    }
}

#[test]
fn predictions_are_those_of_a_plain_loop_whatever_the_shape() {
    for (seed, (rows, n, t, k)) in
        [(1, 1, 1, 1), (3, 2, 1, 5), (257, 5, 3, 4), (1030, 7, 2, 3), (40, 30, 600, 2), (5, 1, 1, 700)]
            .into_iter()
            .enumerate()
    {
        let (x, y) = regression(seed as u64 + 1, 40, n, t);
        let lambdas: Vec<f64> = (0..k).map(|index| 0.01 * (index + 1) as f64).collect();
        let path = Ridge::new().lambdas(lambdas).fit(&x, &y).unwrap();
        let new = Random::new(seed as u64 + 50).matrix(rows, n);
        let all = path.predict_all(&new).unwrap();
        assert_eq!(all.len(), k);
        for (index, predicted) in all.iter().enumerate() {
            assert_predicts(&path, index, &new, predicted);
        }
        for index in [0, k - 1] {
            assert_predicts(&path, index, &new, &path.predict(index, &new).unwrap());
        }
    }
}

#[test]
fn blocks_of_long_rows_are_predicted_too() {
    let (x, y) = regression(5, 6, 20_000, 1);
    let path = Ridge::new().lambdas([0.1]).fit(&x, &y).unwrap();
    let new = Random::new(9).matrix(130, 20_000);
    assert_predicts(&path, 0, &new, &path.predict(0, &new).unwrap());
}

#[test]
fn strided_views_and_single_precision_are_predicted_from_as_they_are() {
    let (x, y) = regression(7, 50, 3, 2);
    let path = Ridge::new().lambdas([0.1, 1.0]).fit(&x, &y).unwrap();
    let new = Random::new(11).matrix(300, 3);
    let wanted = path.predict_all(&new).unwrap();
    let rows: Vec<f64> = new.transpose().iter().copied().collect();
    let spaced: Vec<f64> = rows.chunks(3).flat_map(|row| [row[0], 0.5, row[1], 0.5, row[2], 0.5, 0.5]).collect();
    for view in [View::row_major(&rows, 300, 3).unwrap(), View::strided(&spaced, 300, 3, 7, 2).unwrap()] {
        assert_eq!(path.predict_all(view).unwrap(), wanted);
    }
    let single = new.map(|value| value as f32);
    let doubled = single.map(f64::from);
    assert_eq!(path.predict(1, &single).unwrap(), path.predict(1, &doubled).unwrap());
    // One row that stands for many.
    let repeated = path.predict(0, View::strided(&rows[..3], 5, 3, 0, 1).unwrap()).unwrap();
    assert!((1..5).all(|row| repeated.row(row) == repeated.row(0)));
    assert_predicts(&path, 0, &new.rows(0, 1).into_owned(), &repeated.rows(0, 1).into_owned());
}

#[test]
fn an_offset_of_a_hundred_million_costs_no_more_than_a_plain_loop() {
    let (mut x, y) = regression(13, 200, 4, 1);
    x.add_scalar_mut(1e8);
    let path = Ridge::new().lambdas([0.01]).fit(&x, &y).unwrap();
    assert_predicts(&path, 0, &x, &path.predict(0, &x).unwrap());
}

#[test]
fn no_rows_have_no_predictions_and_wrong_columns_an_error() {
    let (x, y) = regression(17, 20, 3, 2);
    let path = Ridge::new().lambdas([0.1, 1.0]).fit(&x, &y).unwrap();
    assert_eq!(path.predict(0, &DMatrix::<f64>::zeros(0, 3)).unwrap().shape(), (0, 2));
    let short = DMatrix::<f64>::zeros(4, 2);
    assert!(matches!(path.predict_all(&short), Err(Error::Shape { found: 2, wanted: 3, .. })));
    assert!(matches!(path.score(2, &x, &y), Err(Error::OutOfRange { index: 2, count: 2, .. })));
    let error = path.score(0, &x, &y.columns(0, 1).into_owned()).unwrap_err();
    assert!(matches!(error, Error::Shape { found: 1, wanted: 2, .. }), "{error}");
}

#[test]
fn a_row_that_is_not_finite_spoils_its_own_prediction_alone() {
    let (x, y) = regression(19, 20, 3, 1);
    let path = Ridge::new().lambdas([0.1]).fit(&x, &y).unwrap();
    let mut spoilt = x.clone();
    spoilt[(4, 1)] = f64::NAN;
    let (clean, spoilt) = (path.predict(0, &x).unwrap(), path.predict(0, &spoilt).unwrap());
    for row in 0..20 {
        assert!(if row == 4 { spoilt[row].is_nan() } else { spoilt[row] == clean[row] }, "row {row}");
    }
}

#[test]
fn r2_is_one_minus_the_squares_left_over_those_about_the_mean() {
    let (x, y) = regression(23, 60, 4, 2);
    let weights = Random::new(5).weights(60);
    for intercept in [true, false] {
        let ridge = Ridge::new().lambdas([0.05, 5.0]).intercept(intercept);
        for (path, weights) in
            [(ridge.fit(&x, &y), None), (ridge.clone().weights(weights.clone()).fit(&x, &y), Some(&weights))]
        {
            let path = path.unwrap();
            for index in 0..2 {
                let predicted = path.predict(index, &x).unwrap();
                let scores = match weights {
                    Some(weights) => path.score_weighted(index, &x, &y, weights).unwrap(),
                    None => path.score(index, &x, &y).unwrap(),
                };
                for target in 0..2 {
                    let s = |row: usize| weights.map_or(1.0, |weights| weights[row]);
                    let sum = |of: &dyn Fn(usize) -> f64| (0..60).map(|row| s(row) * of(row)).sum::<f64>();
                    let mean = sum(&|row| y[(row, target)]) / sum(&|_| 1.0);
                    let left = sum(&|row| (y[(row, target)] - predicted[(row, target)]).powi(2));
                    let wanted = 1.0 - left / sum(&|row| (y[(row, target)] - mean).powi(2));
                    for found in [scores[target], path.r2(index, target), path.entry(index).r2(target)] {
                        assert!((found - wanted).abs() < 1e-12, "{found} against {wanted}");
                    }
                }
            }
        }
    }
}

#[test]
fn r2_of_the_rows_fitted_is_the_same_by_every_route() {
    let (x, y) = regression(29, 30, 5, 2);
    let wide = regression(31, 6, 12, 2);
    for (x, y) in [(&x, &y), (&wide.0, &wide.1)] {
        let prior = vec![0.25; x.ncols()];
        let tikhonov = DMatrix::identity(x.ncols(), x.ncols());
        for intercept in [true, false] {
            let ridge = Ridge::new().lambdas([0.1, 1.0]).intercept(intercept);
            let solvers = [
                ridge.clone(),
                ridge.clone().backend(ridgepath::Backend::Reference),
                ridge.clone().form(ridgepath::Form::Primal),
                ridge.clone().form(ridgepath::Form::Dual),
                ridge.clone().prior_mean(prior.clone()),
                ridge.tikhonov(tikhonov.clone()),
            ];
            for (number, solver) in solvers.into_iter().enumerate() {
                let path = solver.fit(x, y).unwrap();
                for index in 0..2 {
                    let scores = path.score(index, x, y).unwrap();
                    for target in 0..2 {
                        let apart = (path.r2(index, target) - scores[target]).abs();
                        assert!(apart < 1e-10, "solver {number}, intercept {intercept}: {apart:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_constant_y_and_a_lambda_without_an_answer_have_no_r2() {
    let (x, _) = regression(37, 20, 3, 1);
    let constant = DMatrix::repeat(20, 1, 0.1);
    let path = Ridge::new().lambdas([0.1]).fit(&x, &constant).unwrap();
    assert!(path.r2(0, 0).is_nan() && path.score(0, &x, &constant).unwrap()[0].is_nan());
    let twice = DMatrix::from_fn(20, 2, |row, _| row as f64);
    let y: Vec<f64> = (0..20).map(|row| f64::from(row * row)).collect();
    let path = Ridge::new().lambdas([0.0, 1.0]).fit(&twice, &y).unwrap();
    assert!(path.r2(0, 0).is_nan() && path.score(0, &twice, &y).unwrap()[0].is_nan());
    assert!(path.r2(1, 0) > 0.8);
}

#[test]
fn the_lambdas_of_a_path_come_one_by_one_with_all_that_it_holds_of_them() {
    let (x, y) = regression(41, 30, 3, 2);
    let path = Ridge::new().lambdas([1.0, 0.1, 0.01]).fit(&x, &y).unwrap();
    assert_eq!((path.iter().len(), path.iter().next_back().unwrap().index()), (3, 2));
    for (index, entry) in (&path).into_iter().enumerate() {
        assert_eq!(
            (entry.index(), entry.lambda(), entry.shift()),
            (index, path.lambdas()[index], path.shifts()[index])
        );
        assert_eq!(entry.condition(), path.condition(index));
        assert_eq!(entry.predict(&x).unwrap(), path.predict(index, &x).unwrap());
        let matrix = entry.coefficient_matrix();
        assert_eq!(matrix.shape(), (3, 2));
        for target in 0..2 {
            assert_eq!(matrix.column(target).as_slice(), entry.coefficients(target));
            let start = (index * 2 + target) * 3;
            assert_eq!(&path.values()[start..start + 3], path.coefficients(index, target));
            assert_eq!(path.intercepts()[index * 2 + target], entry.intercept(target));
            assert_eq!(
                (entry.outcome(target), entry.residual(target), entry.error_bound(target), entry.rss(target)),
                (
                    path.outcome(index, target),
                    path.residual(index, target),
                    path.error_bound(index, target),
                    path.rss(index, target)
                )
            );
            let squares: f64 = entry.coefficients(target).iter().map(|w| w * w).sum();
            assert!((entry.squared_norm(target) - squares).abs() < 1e-14);
        }
    }
}

#[test]
fn a_selection_predicts_each_target_at_its_own_lambda() {
    let (x, y) = regression(43, 40, 3, 4);
    let ridge = Ridge::new().lambdas([10.0, 1.0, 0.1, 1e-3, 1e-5]);
    let selection = CrossValidation::new(ridge).per_target(true).fit(&x, &y).unwrap();
    let predicted = selection.predict(&x).unwrap();
    let scores = selection.score(&x, &y).unwrap();
    assert_eq!(selection.score_weighted(&x, &y, &[1.0; 40]).unwrap(), scores);
    for target in 0..4 {
        let index = selection.choice(target).index;
        assert_eq!(selection.coefficients(target), selection.path().coefficients(index, target));
        assert_eq!(selection.intercept(target), selection.path().intercept(index, target));
        for row in 0..40 {
            let values: Vec<f64> = x.row(row).iter().copied().collect();
            let (wanted, size) = plain(selection.path(), index, target, &values);
            assert!((predicted[(row, target)] - wanted).abs() <= 1e-15 * size);
        }
        assert!((scores[target] - selection.path().score(index, &x, &y).unwrap()[target]).abs() < 1e-14);
    }
    let model = selection.model().unwrap();
    assert_eq!(model.predict(&x).unwrap(), predicted);
    assert_eq!(model.lambdas().unwrap(), (0..4).map(|target| selection.choice(target).lambda).collect::<Vec<_>>());
}

#[test]
fn a_model_of_numbers_predicts_and_scores() {
    let model = LinearModel::new(View::row_major(&[1.0, 2.0, 3.0, 4.0], 2, 2).unwrap(), &[10.0, 20.0]).unwrap();
    assert_eq!(
        (model.features(), model.targets(), model.coefficients(1), model.intercept(1)),
        (2, 2, &[3.0, 4.0][..], 20.0)
    );
    let x = DMatrix::from_row_slice(3, 2, &[1.0f32, 0.0, 0.0, 1.0, 1.0, 1.0]);
    assert_eq!(model.predict(&x).unwrap(), DMatrix::from_row_slice(3, 2, &[11.0, 23.0, 12.0, 24.0, 13.0, 27.0]));
    let x = x.map(f64::from);
    let y = DMatrix::from_row_slice(3, 2, &[11.0, 23.0, 12.0, 24.0, 13.0, 28.0]);
    // Σ (y − ŷ)² = 1, Σ (y − 25)² = 14.
    let scores = model.score(&x, &y).unwrap();
    assert!(scores[0] == 1.0 && (scores[1] - 13.0 / 14.0).abs() < 1e-15, "{scores:?}");
    assert_eq!(model.score_weighted(&x, &y, &[1.0, 1.0, 0.0]).unwrap(), [1.0, 1.0]);
}

#[test]
fn models_that_could_not_predict_are_not_made() {
    let view = |values: &'static [f64]| View::row_major(values, 1, values.len()).unwrap();
    let none = DMatrix::<f64>::zeros(2, 0);
    assert!(matches!(LinearModel::new(&none, &[0.0; 2]), Err(Error::Empty { rows: 2, columns: 0, .. })));
    assert!(matches!(LinearModel::new(view(&[1.0, 2.0]), &[]), Err(Error::Shape { found: 0, wanted: 1, .. })));
    let error = LinearModel::new(view(&[1.0, f64::NAN]), &[0.0]).unwrap_err();
    assert_eq!(error.to_string(), "the coefficients[row 0, column 1] is NaN; a finite number is needed");
    let error = LinearModel::new(view(&[1.0]), &[f64::INFINITY]).unwrap_err();
    assert!(matches!(error, Error::NonFinite { what: "the intercepts", row: 0, .. }), "{error}");
    let model = LinearModel::new(view(&[1.0, 2.0]), &[0.0]).unwrap();
    let error = model.clone().with_feature_names(["a", "a"]).unwrap_err();
    assert_eq!(error.to_string(), "the features number 0 and 1 (from 0) are both named \"a\"; wanted different names");
    assert!(matches!(model.clone().with_target_names(["y", "z"]), Err(Error::Shape { found: 2, wanted: 1, .. })));
    assert!(matches!(model.clone().with_lambdas(&[-1.0]), Err(Error::InvalidPenalty { index: 0, .. })));
    assert!(matches!(model.predict(&DMatrix::<f64>::zeros(1, 3)), Err(Error::Shape { found: 3, wanted: 2, .. })));
    let twice = DMatrix::from_fn(6, 2, |row, _| row as f64);
    let path = Ridge::new().lambdas([0.0]).fit(&twice, &[1.0, 2.0, 3.0, 5.0, 8.0, 13.0]).unwrap();
    let error = path.model(0).unwrap_err();
    assert!(
        matches!(error, Error::NoModel { index: 0, target: 0, .. }) && error.to_string().contains("singular"),
        "{error}"
    );
    assert!(matches!(path.model(1), Err(Error::OutOfRange { index: 1, count: 1, .. })));
}
