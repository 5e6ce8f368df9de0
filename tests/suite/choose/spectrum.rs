//! Leave-one-out and criteria: against fits without each row, against scikit-learn and MASS, and against their definitions.

use std::f64::consts::PI;

use nalgebra::{DMatrix, DVector};
use ridgepath::choose::Criterion;
use ridgepath::{CrossValidation, Error, Penalty, Ridge, Rule, Score, Standardize};

use crate::support::{Random, diabetes, regression};

#[track_caller]
fn close(found: f64, wanted: f64, tolerance: f64, context: &str) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{context}: {found}, wanted {wanted}");
}

/// The leave-one-out errors of each target and λ by a fit without each row, at the same shift: their weighted mean square.
fn by_brute_force(ridge: &Ridge, (x, y): (&DMatrix<f64>, &DMatrix<f64>), weights: &[f64], k: usize) -> Vec<f64> {
    let (m, t) = y.shape();
    let mut sums = vec![0.0; k * t];
    for row in 0..m {
        let others: Vec<f64> = (0..m).map(|other| if other == row { 0.0 } else { weights[other] }).collect();
        let path = ridge.clone().weights(others).fit(x, y).unwrap();
        let own = x.rows(row, 1).into_owned();
        for index in 0..k {
            let predicted = path.predict(index, &own).unwrap();
            for target in 0..t {
                sums[index * t + target] += weights[row] * (y[(row, target)] - predicted[target]).powi(2);
            }
        }
    }
    sums.into_iter().map(|sum| sum / weights.iter().sum::<f64>()).collect()
}

#[test]
fn leave_one_out_equals_a_fit_without_each_row() {
    let mut random = Random::new(3);
    for (m, n, t) in [(40, 6, 2), (25, 24, 1), (20, 20, 1), (18, 40, 3), (12, 1, 1)] {
        let (x, y) = regression(m as u64, m, n, t);
        let alphas = vec![100.0, 1.0, 0.01];
        for weights in [vec![1.0; m], random.weights(m)] {
            for intercept in [true, false] {
                let ridge = Ridge::new().intercept(intercept).alphas(alphas.clone());
                let wanted = by_brute_force(&ridge, (&x, &y), &weights, 3);
                let ridge = ridge.weights(weights.clone());
                let found = ridge.spectrum(&x, &y).unwrap().loo_mse();
                let selection = CrossValidation::new(ridge).leave_one_out().fit(&x, &y).unwrap();
                for at in 0..3 * t {
                    let context = format!("{m} × {n}, λ {}, target {}, intercept {intercept}", at / t, at % t);
                    close(found[at], wanted[at], 1e-10, &context);
                    close(selection.mean(at / t, at % t), wanted[at], 1e-10, &context);
                }
            }
        }
    }
}

/// Of so many λs the residuals are sums of those of a few.
#[test]
fn hundreds_of_lambdas_have_the_errors_of_each_alone() {
    for (m, n, t) in [(150, 60, 1), (150, 60, 11), (90, 40, 17), (40, 90, 3), (60, 60, 9)] {
        let (x, y) = regression(m as u64, m, n, t);
        let shifts: Vec<f64> = (0..400).map(|k| 10f64.powf((k * 37 % 400) as f64 / 80.0 - 1.0)).collect();
        let all = Ridge::new().alphas(shifts.clone()).spectrum(&x, &y).unwrap();
        let (errors, rss) = (all.loo_mse(), all.rss());
        for k in [0, 11, 200, 399] {
            let alone = Ridge::new().alphas(vec![shifts[k]]).spectrum(&x, &y).unwrap();
            for target in 0..t {
                let context = format!("{m}×{n}, shift {:e}, target {target}", shifts[k]);
                close(errors[k * t + target], alone.loo_mse()[target], 1e-11, &context);
                close(rss[k * t + target], alone.rss()[target], 1e-11, &context);
            }
        }
    }
}

#[test]
fn ill_conditioned_rows_keep_their_leave_one_out_errors() {
    // Powers of one variable: XᵀX has a condition number of 1e13, and the least shift does not help.
    for (m, n) in [(30, 9), (9, 14)] {
        let mut random = Random::new(8);
        let point: Vec<f64> = (0..m).map(|_| random.next()).collect();
        let x = DMatrix::from_fn(m, n, |i, j| point[i].powi(j as i32 + 1));
        let y = DMatrix::from_fn(m, 1, |i, _| (3.0 * point[i]).sin() + 0.1 * random.next());
        let ridge = Ridge::new().alphas([1e-3, 1e-9, 1e-12]);
        let wanted = by_brute_force(&ridge, (&x, &y), &vec![1.0; m], 3);
        let found = ridge.spectrum(&x, &y).unwrap().loo_mse();
        for index in 0..3 {
            close(found[index], wanted[index], [1e-10, 1e-8, 1e-6][index], &format!("{m} × {n}, λ {index}"));
        }
    }
}

/// `RidgeCV(alphas, store_cv_results=True)` of scikit-learn 1.9.1 on standardised columns; the criteria by numpy from their
/// definitions.
#[test]
fn the_diabetes_data_have_the_values_of_scikit_learn_and_numpy() {
    let (x, y) = diabetes();
    let spectrum =
        Ridge::new().alphas([1000.0, 10.0, 0.1]).standardize(Standardize::Population).spectrum(&x, &y).unwrap();
    let wanted: [(Criterion, [f64; 3]); 5] = [
        (Criterion::Gcv, [3752.8240782521552, 3004.3360360785473, 3007.1138746383886]),
        (Criterion::Aic, [3637.748652059271, 3539.2309754287367, 3539.584526933862]),
        (Criterion::Aicc, [3637.8209737783613, 3539.7246979831143, 3540.1951332563262]),
        (Criterion::Bic, [3652.1040270130475, 3579.444691735531, 3584.4624329084963]),
        (Criterion::Cp, [121.68117333976984, 10.543022386424607, 10.940408662464154]),
    ];
    for (criterion, wanted) in wanted {
        for (found, wanted) in spectrum.criterion(criterion).into_iter().zip(wanted) {
            close(found, wanted, 1e-11, criterion.name());
        }
    }
    for (index, wanted) in [3.508747899214687, 9.829056577443096, 10.96908014013439].into_iter().enumerate() {
        close(spectrum.df(index), wanted, 1e-12, "df");
        close(spectrum.df_without_intercept(index), wanted - 1.0, 1e-12, "df without intercept");
    }
    for (found, wanted) in spectrum.rss().into_iter().zip([1632517.3452218967, 1269513.6243244656, 1263992.3794225215])
    {
        close(found, wanted, 1e-11, "rss");
    }
    let wanted = [3753.156562076263, 3001.358480992653, 3001.440013929021];
    for (found, wanted) in spectrum.loo_mse().into_iter().zip(wanted) {
        close(found, wanted, 1e-11, "leave-one-out");
    }
}

/// `select(lm.ridge(y ~ ., longley))` of MASS prints 0.006836982 and 0.05267247; the digits beyond by numpy from its source.
#[test]
fn the_longley_data_have_the_plug_in_shifts_of_mass() {
    let text = include_str!("../../../benches/accuracy/nist/longley.txt");
    let rows: Vec<f64> = text.lines().flat_map(str::split_whitespace).filter_map(|value| value.parse().ok()).collect();
    // Employed, then the six others of which the first, the deflator, is MASS's y.
    let all = DMatrix::from_row_slice(16, 7, &rows[rows.len() - 112..]);
    let y = all.columns(1, 1).into_owned();
    let x = all.remove_column(1);
    let spectrum = Ridge::new().standardize(Standardize::Population).spectrum(&x, &y).unwrap();
    close(spectrum.hkb(0), 0.006836981712622392, 1e-8, "HKB");
    close(spectrum.lawless_wang(0), 0.05267246505142019, 1e-8, "LW");
}

#[test]
fn leverages_and_shrinkage_add_up_to_the_degrees_of_freedom() {
    for (m, n) in [(30, 7), (12, 20)] {
        let (x, y) = regression(n as u64, m, n, 1);
        let weights = Random::new(12).weights(m);
        let spectrum = Ridge::new().lambdas([0.5, 0.01]).weights(weights.clone()).spectrum(&x, &y).unwrap();
        let values = spectrum.singular_values();
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]) && values.len() == n.min(m - 1));
        for index in 0..2 {
            let df = spectrum.df(index);
            close(spectrum.leverages(index).iter().sum(), df, 1e-12, "leverages");
            let shift = spectrum.grid().shifts[index];
            for (found, value) in spectrum.shrinkage(index).into_iter().zip(&values) {
                close(found, value * value / (value * value + shift), 1e-9, "shrinkage");
            }
            // The hat matrix (with √S on both sides), from its definition.
            let s = DVector::from_column_slice(&weights);
            let mean = x.transpose() * &s / s.sum();
            let rows = DMatrix::from_fn(m, n, |i, j| (x[(i, j)] - mean[j]) * s[i].sqrt());
            let inverse = (rows.transpose() * &rows + DMatrix::identity(n, n) * shift).try_inverse().unwrap();
            let hat = &rows * inverse * rows.transpose();
            close(spectrum.df_without_intercept(index), hat.trace(), 1e-11, "trace");
            for (row, leverage) in spectrum.leverages(index).into_iter().enumerate() {
                close(leverage, hat[(row, row)] + s[row] / s.sum(), 1e-10, "leverage");
            }
        }
    }
}

#[test]
fn the_evidence_is_the_density_of_y() {
    let (m, n) = (20, 4);
    let (x, y) = regression(5, m, n, 1);
    let alphas = [10.0, 0.3];
    let found = Ridge::new().intercept(false).alphas(alphas).spectrum(&x, &y).unwrap().criterion(Criterion::Evidence);
    for (alpha, found) in alphas.into_iter().zip(found) {
        let covariance = DMatrix::identity(m, m) + &x * x.transpose() / alpha;
        let quadratic = (y.transpose() * covariance.clone().try_inverse().unwrap() * &y)[0];
        let density = |variance: f64| {
            let determinant = m as f64 * (2.0 * PI * variance).ln() + covariance.determinant().ln();
            -0.5 * (determinant + quadratic / variance)
        };
        let best = quadratic / m as f64;
        close(found, density(best), 1e-11, "at the best variance");
        assert!(found > density(1.01 * best) && found > density(0.99 * best));
    }
}

#[test]
fn a_row_of_leverage_one_has_no_score_at_that_lambda_alone() {
    // Only row 7 has anything in the last column: without a penalty its fit is exact.
    let (mut x, y) = regression(15, 30, 3, 1);
    x.column_mut(2).fill(0.0);
    x[(7, 2)] = 1.0;
    let ridge = Ridge::new().alphas([1.0, 0.0]);
    let found = ridge.spectrum(&x, &y).unwrap().loo_mse();
    assert!(found[0].is_finite() && found[1].is_nan(), "{found:?}");
    let selection = CrossValidation::new(ridge).leave_one_out().fit(&x, &y).unwrap();
    assert_eq!(selection.choice(0).index, 0);
    let error = CrossValidation::new(Ridge::new().alphas([0.0])).leave_one_out().fit(&x, &y).unwrap_err();
    assert!(matches!(error, Error::NoScore { .. }), "{error}");
}

#[test]
fn no_room_for_degrees_of_freedom_is_no_value_at_that_lambda_alone() {
    let (x, y) = regression(16, 8, 12, 1);
    let spectrum = Ridge::new().alphas([1.0, 0.0]).spectrum(&x, &y).unwrap();
    for criterion in [Criterion::Gcv, Criterion::Aicc] {
        let found = spectrum.criterion(criterion);
        assert!(found[0].is_finite() && found[1].is_nan(), "{criterion:?}: {found:?}");
    }
    assert!(spectrum.criterion(Criterion::Cp)[0].is_nan(), "there is no estimate of the noise");
    let hkb = spectrum.hkb(0);
    assert!(hkb.is_nan(), "{hkb}");
}

#[test]
fn criteria_choose_and_have_no_folds() {
    let (x, y) = diabetes();
    let ridge = Ridge::new().standardize(Standardize::Population);
    for criterion in
        [Criterion::Gcv, Criterion::Aic, Criterion::Aicc, Criterion::Bic, Criterion::Cp, Criterion::Evidence]
    {
        let selection = CrossValidation::new(ridge.clone()).criterion(criterion).fit(&x, &y).unwrap();
        assert_eq!((selection.score_name(), selection.folds()), (criterion.name(), 0));
        let choice = selection.choice(0);
        assert!(choice.edge.is_none() && choice.standard_error.is_nan(), "{choice:?}");
        assert!((0..selection.path().len()).all(|k| selection.better().reaches(choice.score, selection.mean(k, 0))));
        let error = CrossValidation::new(ridge.clone()).criterion(criterion).rule(Rule::OneStandardError).fit(&x, &y);
        assert!(matches!(error, Err(Error::NoStandardError { .. })));
    }
}

#[test]
fn leave_one_out_has_any_score_and_a_standard_error_where_it_is_a_mean() {
    let (x, y) = diabetes();
    let ridge = Ridge::new().lambdas([0.1]);
    let of = |score| CrossValidation::new(ridge.clone()).leave_one_out().score(score).fit(&x, &y).unwrap();
    let (mse, rmse, r2) = (of(Score::Mse), of(Score::Rmse), of(Score::R2));
    close(rmse.mean(0, 0).powi(2), mse.mean(0, 0), 1e-13, "rmse²");
    let variance = y.column(0).map(|value| (value - y.mean()).powi(2)).mean();
    close(r2.mean(0, 0), 1.0 - mse.mean(0, 0) / variance, 1e-12, "R²");
    assert!(rmse.standard_error(0, 0).is_nan() && r2.standard_error(0, 0).is_nan());
    assert!(mse.standard_error(0, 0) > 0.02 * mse.mean(0, 0) && mse.standard_error(0, 0) < 0.2 * mse.mean(0, 0));
}

#[test]
fn numbers_of_any_size_have_the_same_criteria() {
    let (x, y) = regression(18, 30, 5, 1);
    let of = |x: &DMatrix<f64>, y: &DMatrix<f64>, alpha: f64| {
        let spectrum = Ridge::new().alphas([alpha]).spectrum(x, y).unwrap();
        (spectrum.df(0), spectrum.loo_mse()[0], spectrum.criterion(Criterion::Gcv)[0])
    };
    let (df, loo, gcv) = of(&x, &y, 2.0);
    for e in [-300, 300] {
        let (big, target) = (2f64.powi(e), 2f64.powi(-e));
        let found = of(&(&x * big), &(&y * target), 2.0 * big * big);
        assert_eq!(found, (df, loo * target * target, gcv * target * target), "times 2^{e}");
    }
    let wide = Penalty::Alphas(vec![f64::MAX, 5e-324]);
    let spectrum = Ridge::new().penalty(wide).spectrum(&x, &y).unwrap();
    assert!(spectrum.df_without_intercept(0) < 1e-300);
    close(spectrum.df_without_intercept(1), 5.0, 1e-14, "hardly any penalty");
}
