//! Fits and choices as linfa's datasets and cross-validation have them.

use linfa::dataset::{Dataset, DatasetBase};
use linfa::prelude::SingleTargetRegression;
use linfa::traits::{Fit, Predict};
use linfa::{DatasetView, ParamGuard};
use nalgebra::DMatrix;
use ndarray_of_linfa::{Array1, Array2, ShapeBuilder, s};
use ridgepath::{CrossValidation, Error, LinearModel, Ridge, RidgeParams, View};

use crate::support::regression;

fn array(matrix: &DMatrix<f64>) -> Array2<f64> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |at| matrix[at])
}

fn one_target() -> (DMatrix<f64>, DMatrix<f64>, Dataset<f64, f64, ndarray_of_linfa::Ix1>) {
    let (x, y) = regression(811, 60, 5, 1);
    let dataset = Dataset::new(array(&x), array(&y).column(0).to_owned());
    (x, y, dataset)
}

fn params(lambda: f64) -> RidgeParams {
    Ridge::new().lambdas([lambda]).into()
}

#[test]
fn a_fit_has_the_bits_of_ridge_and_predicts_in_the_dimension_of_its_targets() {
    let (x, y, dataset) = one_target();
    let wanted = Ridge::new().lambdas([0.3]).fit(&x, &y).unwrap().model(0).unwrap();
    let fitted = params(0.3).fit(&dataset).unwrap();
    assert_eq!(*fitted, wanted);
    let predicted: Array1<f64> = fitted.predict(&dataset);
    let rows = View::row_major(dataset.records.as_slice().unwrap(), 60, 5).unwrap();
    assert_eq!(predicted.as_slice().unwrap(), wanted.predict(rows).unwrap().as_slice());

    let (x, y) = regression(821, 50, 4, 3);
    let dataset = Dataset::new(array(&x), array(&y));
    let wanted = Ridge::new().lambdas([0.3]).fit(&x, &y).unwrap().model(0).unwrap();
    let fitted = params(0.3).fit(&dataset).unwrap();
    let predicted: Array2<f64> = fitted.predict(&dataset);
    let rows = View::row_major(dataset.records.as_slice().unwrap(), 50, 4).unwrap();
    assert_eq!(predicted, array(&wanted.predict(rows).unwrap()));
    assert_eq!(fitted.into_model(), wanted);
}

#[test]
fn layouts_and_widths_of_floats_do_not_matter() {
    let (x, _, dataset) = one_target();
    let wanted = params(0.3).fit(&dataset).unwrap();
    let mut by_columns = Array2::zeros(dataset.records.raw_dim().f());
    by_columns.assign(&dataset.records);
    assert_eq!(params(0.3).fit(&Dataset::new(by_columns, dataset.targets.clone())).unwrap(), wanted);
    // Rows that are kept from the last to the first, with others between them.
    let spread = Array2::from_shape_fn((120, 5), |(i, j)| x[(59 - i / 2, j)]);
    let records = spread.slice(s![..;-2, ..]);
    let view = DatasetView::new(records, dataset.targets.view());
    let fitted = params(0.3).fit(&view).unwrap();
    assert_eq!(fitted, wanted);
    let predicted: Array1<f64> = fitted.predict(&records);
    assert_eq!(predicted, wanted.predict(&dataset));

    let single = Dataset::new(dataset.records.mapv(|v| v as f32), dataset.targets.mapv(|v| v as f32));
    let doubles = Dataset::new(single.records.mapv(f64::from), single.targets.mapv(f64::from));
    let fitted = params(0.3).fit(&single).unwrap();
    assert_eq!(fitted, params(0.3).fit(&doubles).unwrap());
    let predicted: Array1<f32> = fitted.predict(&single);
    assert_eq!(predicted, fitted.predict(&doubles).mapv(|v| v as f32));
}

#[test]
fn weights_and_names_are_those_of_the_dataset() {
    let (x, y, dataset) = one_target();
    let weights = Array1::from_shape_fn(60, |row| if row % 3 == 0 { 0.25 } else { 2.0 });
    let names = || ["a", "b", "c", "d", "e"].map(String::from).to_vec();
    let dataset = dataset.with_weights(weights.clone()).with_feature_names(names()).with_target_names(vec!["yield"]);
    let doubles: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
    let path = Ridge::new().lambdas([0.3]).weights(doubles).fit(&x, &y).unwrap();
    let wanted = path.model(0).unwrap().with_feature_names(names()).unwrap().with_target_names(["yield"]).unwrap();
    assert_eq!(params(0.3).fit(&dataset).unwrap().into_model(), wanted);
}

#[test]
fn cross_validation_of_linfa_scores_each_lambda_as_by_hand() {
    let (x, y, mut dataset) = one_target();
    let lambdas = [0.01, 1.0, 100.0];
    let scores: Array1<f64> = dataset
        .cross_validate_single(5, &lambdas.map(params), |predicted, truth| predicted.mean_squared_error(truth))
        .unwrap();
    for (at, lambda) in lambdas.into_iter().enumerate() {
        let errors: f64 = (0..5)
            .map(|fold| {
                let rows = |held: bool| (0..60).filter(move |row| (row / 12 == fold) == held).collect::<Vec<usize>>();
                let of = |held: bool| (x.select_rows(&rows(held)), y.select_rows(&rows(held)));
                let ((train, target), (test, truth)) = (of(false), of(true));
                let path = Ridge::new().lambdas([lambda]).fit(&train, &target).unwrap();
                (path.predict(0, &test).unwrap() - truth).norm_squared() / 12.0
            })
            .sum();
        approx::assert_relative_eq!(scores[at], errors / 5.0, max_relative = 1e-12);
    }
}

#[test]
fn a_choice_is_made_anew_on_each_dataset() {
    let (x, y, dataset) = one_target();
    let choice = || CrossValidation::new(Ridge::new()).leave_one_out();
    let wanted: LinearModel = choice().fit(&x, &y).unwrap().model().unwrap();
    assert_eq!(RidgeParams::from(choice()).fit(&dataset).unwrap().into_model(), wanted);
    let half = DatasetBase::new(dataset.records.slice(s![..30, ..]), dataset.targets.slice(s![..30]));
    let wanted = choice().fit(&x.rows(0, 30).into_owned(), &y.rows(0, 30).into_owned()).unwrap().model().unwrap();
    assert_eq!(RidgeParams::from(choice()).fit(&half).unwrap().into_model(), wanted);
}

#[test]
fn what_cannot_be_fitted_is_refused_in_words() {
    let (_, _, mut dataset) = one_target();
    let error = RidgeParams::from(Ridge::new().lambdas([1.0, 2.0])).check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the number of λs of a Ridge is 2.0; one, or a CrossValidation to choose from them, is needed"
    );
    assert!(matches!(RidgeParams::from(Ridge::new()).fit(&dataset), Err(Error::InvalidSetting { .. })));
    let negative = RidgeParams::from(Ridge::new().lambdas([-1.0]));
    assert!(matches!(negative.fit(&dataset), Err(Error::InvalidPenalty { .. })));
    dataset.records[[7, 2]] = f64::NAN;
    assert!(matches!(params(1.0).fit(&dataset), Err(Error::NonFinite { row: 7, column: 2, .. })));
}

#[test]
#[should_panic(expected = "found 3, wanted 5")]
fn rows_of_other_features_are_no_silent_prediction() {
    let (_, _, dataset) = one_target();
    let other = Array2::<f64>::zeros((4, 3));
    let _: Array1<f64> = params(1.0).fit(&dataset).unwrap().predict(&other);
}
