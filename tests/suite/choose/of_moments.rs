//! Criteria, degrees of freedom and standard errors of moments, against those of the rows.

use nalgebra::{DMatrix, DVector};
use ridgepath::choose::Criterion;
use ridgepath::{
    Batch, CrossValidation, Error, Folds, Inference, Moments, Problem, Ridge, Rule, Selection, Standardize, Stream,
    Unscored,
};

use crate::support::{Random, regression};

const ALL: [Criterion; 6] =
    [Criterion::Gcv, Criterion::Aic, Criterion::Aicc, Criterion::Bic, Criterion::Cp, Criterion::Evidence];

#[track_caller]
fn close(found: f64, wanted: f64, tolerance: f64, context: &str) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1e-300), "{context}: {found}, wanted {wanted}");
}

fn moments(x: &DMatrix<f64>, y: &DMatrix<f64>, weights: Option<&[f64]>) -> Moments {
    let problem = Problem::new(x, y).unwrap();
    let mut moments = Moments::new(x.ncols(), y.ncols());
    moments
        .push(&match weights {
            Some(weights) => problem.with_weights(weights).unwrap(),
            None => problem,
        })
        .unwrap();
    moments
}

/// Solvers of every kind that one decomposition answers for, for n features.
fn solvers(n: usize) -> Vec<(&'static str, Ridge)> {
    let ridge = || Ridge::new().alphas([300.0, 10.0, 0.3, 0.01]);
    let fixed: Vec<f64> = (0..n).map(|j| if j % 4 == 1 { 0.0 } else { 1.0 + j as f64 }).collect();
    vec![
        ("plain", ridge()),
        ("without an intercept", ridge().intercept(false)),
        ("standardised", ridge().standardize(Standardize::Sample)),
        ("with features that are not penalised", ridge().penalty_factors(fixed.clone())),
        ("both, without an intercept", ridge().penalty_factors(fixed).intercept(false)),
        ("scaled from the data", Ridge::new()),
    ]
}

#[test]
fn every_criterion_and_df_equal_those_of_the_rows() {
    let mut random = Random::new(11);
    for (m, n, t) in [(60, 8, 2), (200, 30, 1), (40, 1, 3), (24, 40, 1)] {
        let (mut x, y) = regression(m as u64, m, n, t);
        // Columns of other sizes, and far from 0.
        for (j, mut column) in x.column_iter_mut().enumerate() {
            column.apply(|value| *value = *value * 2f64.powi(j as i32 % 5) + 3.0);
        }
        let weights = random.weights(m);
        for (name, ridge) in solvers(n) {
            for weights in [None, Some(weights.as_slice())] {
                let of_rows = match weights {
                    Some(weights) => ridge.clone().weights(weights),
                    None => ridge.clone(),
                };
                let (wanted, found) =
                    (of_rows.spectrum(&x, &y).unwrap(), ridge.spectrum_of_moments(&moments(&x, &y, weights)).unwrap());
                let context = format!("{m} × {n}, {name}, weights {}", weights.is_some());
                for index in 0..wanted.len() {
                    close(found.df(index), wanted.df(index), 1e-9, &format!("{context}: df {index}"));
                }
                for criterion in ALL {
                    let (found, wanted) = (found.criterion(criterion), wanted.criterion(criterion));
                    let mut told = 0;
                    for (at, (found, wanted)) in found.into_iter().zip(wanted).enumerate() {
                        // What is not known is NaN, and nothing else.
                        if found.is_nan() && (m < n || wanted.is_nan() || wanted.abs() < 1e-3) {
                            continue;
                        }
                        told += 1;
                        close(found, wanted, 2e-6, &format!("{context}: {} {at}", criterion.name()));
                    }
                    assert!(told > 0 || (m < n && criterion == Criterion::Cp), "{context}: {}", criterion.name());
                }
            }
        }
    }
}

#[test]
fn the_choice_by_a_criterion_is_that_of_the_rows() {
    let (x, y) = regression(5, 90, 12, 2);
    for criterion in ALL {
        for per_target in [true, false] {
            let choice = CrossValidation::new(Ridge::new()).criterion(criterion).per_target(per_target).extend(1);
            let wanted = choice.fit(&x, &y).unwrap();
            let parts = [
                moments(&x.rows(0, 30).into(), &y.rows(0, 30).into(), None),
                moments(&x.rows(30, 60).into(), &y.rows(30, 60).into(), None),
            ];
            let batches = || {
                Ok((0..9)
                    .map(|part| Batch::new(x.rows(part * 10, 10).into_owned(), y.rows(part * 10, 10).into_owned())))
            };
            let of_moments = choice.fit_moments(&parts).unwrap();
            let of_stream = choice.fit_stream(&mut Stream::replayable(batches)).unwrap();
            for found in [of_moments, of_stream] {
                let index = |selection: &Selection, target| selection.choice(target).index;
                for target in 0..2 {
                    let context = format!("{}, target {target}", criterion.name());
                    assert_eq!(index(&found, target), index(&wanted, target), "{context}");
                    close(found.choice(target).score, wanted.choice(target).score, 1e-9, &context);
                }
                assert_eq!(found.scheme(), wanted.scheme());
            }
        }
    }
}

/// What moments have lost is not told: a figure is right to a millionth, or NaN.
#[test]
fn a_figure_of_moments_is_right_or_none() {
    let (mut told, mut lost) = (0, 0);
    for (spread, noise) in [(1e-2, 1e-1), (1e-4, 1e-3), (1e-6, 1e-4), (1e-6, 1e-8), (1e-7, 1e-2), (1e-3, 1e-12)] {
        let mut random = Random::new(3);
        let (m, n) = (50, 6);
        let mut x = DMatrix::from_fn(m, n, |_, _| random.next());
        // Columns that all but depend on each other.
        for j in 1..n {
            let column = x.column(0) + x.column(j) * spread;
            x.set_column(j, &column);
        }
        let w = DVector::from_fn(n, |j, _| (j as f64 - 2.5) / spread.sqrt());
        let y = &x * w;
        let y = DMatrix::from_fn(m, 1, |row, _| y[row] + noise * random.next());
        let alphas: Vec<f64> = (0..30).map(|k| 10f64.powi(2 - k)).collect();
        let ridge = Ridge::new().alphas(alphas);
        let (rows, sums) = (ridge.spectrum(&x, &y).unwrap(), moments(&x, &y, None));
        let found = ridge.spectrum_of_moments(&sums).unwrap();
        for index in 0..rows.len() {
            let df = found.df(index);
            assert!(df.is_nan() || (df - rows.df(index)).abs() <= 1e-6 * df, "df {index}: {df}, {}", rows.df(index));
        }
        for criterion in ALL {
            let (found, wanted) = (found.criterion(criterion), rows.criterion(criterion));
            for (index, (found, wanted)) in found.into_iter().zip(wanted).enumerate() {
                if found.is_nan() {
                    lost += 1;
                    continue;
                }
                told += 1;
                // A millionth of RSS is that much of its logarithm, times m.
                let off = (found - wanted).abs();
                let context = format!("{} {spread:e} {noise:e} {index}: {found}, wanted {wanted}", criterion.name());
                assert!(off <= 5e-6 * wanted.abs() || off <= 1e-6 * m as f64, "{context}");
            }
        }
    }
    assert!(told > 300 && lost > 100, "{told} told, {lost} lost");
}

/// Of residuals that moments cannot tell, the least may be anywhere: no λ is chosen.
#[test]
fn a_choice_among_lambdas_that_moments_do_not_tell_apart_is_refused() {
    let mut random = Random::new(9);
    let x = DMatrix::from_fn(40, 3, |_, _| random.next());
    let y = &x * DVector::from_vec(vec![1.0, 2.0, 3.0]);
    let y = DMatrix::from_fn(40, 1, |row, _| y[row] + 1e-9 * random.next());
    let ridge = Ridge::new().alphas([1.0, 1e-2, 1e-12]);
    let sums = [moments(&x, &y, None)];
    for criterion in ALL {
        let error = CrossValidation::new(ridge.clone()).criterion(criterion).fit_moments(&sums).unwrap_err();
        assert!(matches!(error, Error::NoScore { target: 0, reason: Unscored::Digits, .. }), "{error}");
    }
}

#[test]
fn constant_targets_and_too_few_rows_are_refused_as_of_rows() {
    let (x, y) = regression(2, 12, 3, 1);
    let refused = |choice: CrossValidation, x: &DMatrix<f64>, y: &DMatrix<f64>| {
        let (of_rows, of_moments) = (choice.fit(x, y), choice.fit_moments(&[moments(x, y, None)]));
        assert_eq!(of_moments.unwrap_err().to_string(), of_rows.unwrap_err().to_string());
    };
    let choice = |criterion| CrossValidation::new(Ridge::new().alphas([1.0, 0.1])).criterion(criterion);
    refused(choice(Criterion::Aic), &x, &DMatrix::from_element(12, 1, 7.0));
    let unpenalised = CrossValidation::new(Ridge::new().alphas([0.0])).criterion(Criterion::Evidence);
    refused(unpenalised, &x, &y);
    refused(choice(Criterion::Gcv).rule(Rule::OneStandardError), &x, &y);
    let error = choice(Criterion::Gcv).fit_moments(&[]).unwrap_err();
    assert!(matches!(error, Error::Count { found: 0, least: 1, .. }), "{error}");
    let several =
        Ridge::new().penalty(ridgepath::Penalty::groups(&[0, 0, 1], &[vec![1.0, 2.0], vec![2.0, 1.0]]).unwrap());
    let error = CrossValidation::new(several).criterion(Criterion::Gcv).fit_moments(&[moments(&x, &y, None)]);
    assert!(matches!(error, Err(Error::Conflict { .. })));
    let error = CrossValidation::new(Ridge::new()).folds(Folds::Contiguous(5)).fit_moments(&[moments(&x, &y, None)]);
    assert!(matches!(error, Err(Error::Count { found: 1, least: 2, .. })));
}

#[test]
fn standard_errors_of_moments_are_those_of_the_rows() {
    let mut random = Random::new(4);
    let (x, y) = regression(8, 70, 9, 2);
    let weights = random.weights(70);
    for (name, ridge) in solvers(9) {
        let ridge = ridge.alphas([100.0, 1.0, 0.01]);
        let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        let sums = moments(&x, &y, Some(&weights));
        let path = ridge.fit_moments(&sums).unwrap();
        let (rows, found) = (Inference::new(&problem, &path).unwrap(), Inference::of_moments(&sums, &path).unwrap());
        for index in 0..path.len() {
            let (rows, found) = (rows.at(index).unwrap().unwrap(), found.at(index).unwrap().unwrap());
            let context = format!("{name}, λ {index}");
            close(found.degrees_of_freedom(), rows.degrees_of_freedom(), 1e-11, &context);
            for target in 0..2 {
                close(found.noise_variance(target), rows.noise_variance(target), 1e-11, &context);
                let (a, b) = (found.intercept_standard_error(target), rows.intercept_standard_error(target));
                close(a, b, 1e-10, &context);
                for (a, b) in found.standard_errors(target).into_iter().zip(rows.standard_errors(target)) {
                    close(a, b, 1e-10, &context);
                }
            }
            let covariances = (found.posterior_covariance(2.0), rows.posterior_covariance(2.0));
            for (a, b) in covariances.0.iter().zip(covariances.1.iter()) {
                assert!((a - b).abs() <= 1e-10 * covariances.1.amax(), "{context}: {a}, wanted {b}");
            }
            for (a, b) in found.leverages(&problem).unwrap().into_iter().zip(rows.leverages(&problem).unwrap()) {
                close(a, b, 1e-10, &context);
            }
        }
    }
    let short = moments(&x.rows(0, 20).into(), &y.rows(0, 20).into(), None);
    let path = Ridge::new().alphas([1.0]).fit(&x, &y).unwrap();
    assert!(matches!(Inference::of_moments(&short, &path), Err(Error::Shape { found: 20, wanted: 70, .. })));
}
