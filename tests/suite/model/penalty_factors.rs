//! Penalty factors and groups, on every route.

use approx::assert_relative_eq;
use nalgebra::DMatrix;
use ridgepath::decay::{Decay, Optimizer};
use ridgepath::{
    Backend, Convention, CrossValidation, Error, Fallback, Form, Inference, Moments, Outcome, Penalty, Precision,
    Problem, Ridge, RidgePath, Standardize, Strategy, View,
};

use crate::support::{Random, distance, gpu, regression};

const FACTORS: [f64; 6] = [1.0, 0.25, 9.0, 1e-3, 100.0, 2.0];

/// The columns over the roots of the factors, on which the same λ acts alike.
fn rescaled(x: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] / FACTORS[j].sqrt())
}

fn on_the_original_scale(path: &RidgePath, index: usize) -> Vec<f64> {
    path.coefficients(index, 0).iter().zip(FACTORS).map(|(w, factor)| w / factor.sqrt()).collect()
}

#[test]
fn a_factor_is_a_column_over_its_root_on_every_route() {
    let lambdas = [1.0, 1e-2, 1e-5];
    for (m, form) in [(40, Form::Primal), (40, Form::Dual), (4, Form::Primal), (4, Form::Dual)] {
        let (x, y) = regression(601, m, 6, 1);
        let s = Random::new(11).weights(m);
        let plain = Ridge::new().lambdas(lambdas).weights(s.clone()).backend(Backend::Reference);
        let wanted = plain.fit(&rescaled(&x), &y).unwrap();
        let ridge = Ridge::new().lambdas(lambdas).weights(s).penalty_factors(FACTORS).form(form);
        let mut solvers = vec![
            ("cpu", ridge.clone().backend(Backend::Cpu), 1e-10),
            ("spectral", ridge.clone().backend(Backend::Cpu).strategy(Strategy::Spectral), 1e-10),
            ("reference", ridge.clone().backend(Backend::Reference), 1e-9),
            ("cpu, single", ridge.clone().backend(Backend::Cpu).precision(Precision::Single), 2e-2),
        ];
        if let Some(gpu) = gpu() {
            let on_gpu = ridge.clone().gpu(gpu).backend(Backend::Gpu);
            solvers.push(("gpu", on_gpu.clone(), 1e-10));
            solvers.push(("gpu, single", on_gpu.precision(Precision::Single), 2e-2));
        }
        for (name, ridge, tolerance) in solvers {
            let path = ridge.fit(&x, &y).unwrap();
            for index in 0..lambdas.len() {
                let apart = distance(path.coefficients(index, 0), &on_the_original_scale(&wanted, index));
                assert!(apart < tolerance, "{name}, {form:?}, {m} rows, λ number {index}: {apart}");
                // Against the sum of squares: of the closest fits little is left.
                let apart = (path.rss(index, 0) - wanted.rss(index, 0)).abs();
                assert!(apart <= tolerance * y.norm_squared(), "{name}, {form:?}, {m} rows: rss off by {apart}");
            }
            assert_eq!(path.penalty_factors().of(1, 4), 100.0);
        }
    }
}

#[test]
fn factors_multiply_the_penalty_of_standardised_columns() {
    let (x, y) = regression(607, 40, 6, 1);
    let deviations: Vec<f64> = (0..6).map(|j| x.column(j).variance().sqrt()).collect();
    let standard = DMatrix::from_fn(40, 6, |i, j| x[(i, j)] / deviations[j]);
    let by_hand = Ridge::new().lambdas([0.2]).penalty_factors(FACTORS).fit(&standard, &y).unwrap();
    let ridge = Ridge::new().lambdas([0.2]).penalty_factors(FACTORS).standardize(Standardize::Population);
    let path = ridge.fit(&x, &y).unwrap();
    let own: Vec<f64> = path.coefficients(0, 0).iter().zip(&deviations).map(|(w, s)| w * s).collect();
    assert!(distance(&own, by_hand.coefficients(0, 0)) < 1e-13);
}

#[test]
fn an_unpenalised_column_of_ones_is_the_intercept() {
    let (x, y) = regression(613, 30, 4, 1);
    let with_ones = x.clone().insert_column(0, 1.0);
    for backend in [Backend::Cpu, Backend::Reference] {
        let intercept = Ridge::new().alphas([10.0, 0.1]).backend(backend).fit(&x, &y).unwrap();
        let ridge = Ridge::new().alphas([10.0, 0.1]).penalty_factors([0.0, 1.0, 1.0, 1.0, 1.0]).intercept(false);
        let path = ridge.backend(backend).fit(&with_ones, &y).unwrap();
        for index in 0..2 {
            assert_relative_eq!(path.coefficients(index, 0)[0], intercept.intercept(index, 0), max_relative = 1e-12);
            assert!(distance(&path.coefficients(index, 0)[1..], intercept.coefficients(index, 0)) < 1e-12);
        }
    }
}

#[test]
fn an_unpenalised_feature_takes_the_primal_form_and_says_so() {
    let (x, y) = regression(617, 8, 20, 1);
    let mut factors = vec![1.0; 20];
    factors[3] = 0.0;
    let ridge = Ridge::new().lambdas([0.1, 1e-3]).penalty_factors(factors);
    let validation = ridge.clone().backend(Backend::Cpu).validate(&x, &y).unwrap();
    assert!(validation.largest() < 1e-9, "{}", validation.largest());
    let used = validation.path.backend();
    assert_eq!(used.method(), "cholesky");
    assert!(used.fallbacks == [Fallback::Unpenalised], "{:?}", used.fallbacks);
    // Asked for, too; and where the primal form would be taken anyway there is nothing to say.
    let (x, y) = regression(619, 40, 3, 1);
    let ridge = Ridge::new().lambdas([0.1]).penalty_factors([1.0, 0.0, 1.0]).backend(Backend::Cpu);
    assert!(ridge.clone().form(Form::Dual).fit(&x, &y).unwrap().backend().fallback().is_some());
    let spectral = ridge.clone().strategy(Strategy::Spectral).fit(&x, &y).unwrap();
    assert_eq!(spectral.backend().method(), "cholesky");
    assert!(spectral.backend().fallback().is_some());
    assert!(ridge.fit(&x, &y).unwrap().backend().fallback().is_none());
}

#[test]
fn unpenalised_features_that_depend_on_each_other_are_singular_at_every_lambda() {
    let (mut x, y) = regression(631, 20, 4, 1);
    let twice = x.column(1) * 2.0;
    x.set_column(2, &twice);
    for backend in [Backend::Cpu, Backend::Reference] {
        let ridge = Ridge::new().lambdas([1.0, 0.1]).penalty_factors([1.0, 0.0, 0.0, 1.0]).backend(backend);
        let path = ridge.minimum_norm(true).fit(&x, &y).unwrap();
        for index in 0..2 {
            assert_eq!(path.outcome(index, 0), Outcome::Singular { order: 3 });
        }
    }
}

#[test]
fn the_solution_of_least_norm_counts_with_the_factors() {
    for (m, n) in [(4, 6), (30, 6)] {
        let (mut x, y) = regression(641, m, n, 1);
        let twin = x.column(0).into_owned();
        x.set_column(5, &twin);
        let ridge = Ridge::new().alphas([0.0]).minimum_norm(true).backend(Backend::Cpu);
        let wanted = on_the_original_scale(&ridge.fit(&rescaled(&x), &y).unwrap(), 0);
        let path = ridge.penalty_factors(FACTORS).fit(&x, &y).unwrap();
        assert!(matches!(path.outcome(0, 0), Outcome::MinimumNorm { .. }));
        assert!(distance(path.coefficients(0, 0), &wanted) < 1e-10);
    }
}

#[test]
fn groups_have_lambdas_of_their_own() {
    let (x, y) = regression(643, 50, 4, 1);
    let group = [0, 1, 0, 2];
    let lambdas = [vec![0.2, 0.0, 1.0], vec![0.1, 0.3, 0.2], vec![0.0, 0.0, 0.0]];
    let penalty = Penalty::groups(&group, &lambdas).unwrap();
    for backend in [Backend::Cpu, Backend::Reference] {
        let path = Ridge::new().penalty(penalty.clone()).backend(backend).fit(&x, &y).unwrap();
        assert_eq!(path.lambdas(), [1.0, 0.3, 0.0]);
        for (index, own) in lambdas.iter().enumerate() {
            let factors: Vec<f64> = group.iter().map(|group| own[*group]).collect();
            let one = Ridge::new().lambdas([1.0]).penalty_factors(factors).backend(backend).fit(&x, &y).unwrap();
            assert!(distance(path.coefficients(index, 0), one.coefficients(0, 0)) < 1e-13);
        }
    }
    // The same as training with a decay for each group.
    let mut moments = Moments::new(4, 1);
    moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
    let decay = Decay::new(Optimizer::GradientDescent, 0.5).group_decay(group, [0.4, 0.0, 2.0]).steps(3000);
    let trained = decay.run(&moments).unwrap();
    let path = Ridge::new().penalty(penalty).fit_moments(&moments).unwrap();
    assert!(distance(trained.weights.as_slice(), path.coefficients(0, 0)) < 1e-12);
}

#[test]
fn glmnets_penalty_factors_sum_to_the_number_of_features() {
    // glmnet's objective with penalty.factor = (1, 3), lambda = 0.1, minimised in numpy.
    let x = View::row_major(&[0.0, 5.0, 1.0, 7.0, 2.0, 11.0, 3.0, 13.0], 4, 2).unwrap();
    let y = [17.0, 19.0, 23.0, 29.0];
    let glmnet = Convention::Glmnet { standardize: true };
    let facts = ridgepath::DataFacts::new(&Problem::new(x, &y).unwrap(), true, 0).unwrap();
    let ridge = Ridge::new().penalty(glmnet.penalty(&[0.1], &facts).unwrap()).standardize(glmnet.standardize());
    let path = ridge.penalty_factors(glmnet.penalty_factors(&[1.0, 3.0])).fit(x, &y).unwrap();
    assert_relative_eq!(path.intercept(0, 0), 14.908_308_443_283_8, max_relative = 1e-12);
    assert_relative_eq!(path.coefficients(0, 0)[0], 3.295_755_597_141_84, max_relative = 1e-12);
    assert_relative_eq!(path.coefficients(0, 0)[1], 0.238_673_129_000_383, max_relative = 1e-12);
}

#[test]
fn long_grids_that_leave_features_unpenalised_are_right_too() {
    let (x, y) = regression(659, 40, 5, 1);
    let lambdas = Penalty::log_grid(1e2, 1e-4, 120).unwrap();
    let rows = lambdas.iter().map(|lambda| vec![*lambda, 0.1, 2.0 * lambda, 0.0, 1.0]).collect();
    for ridge in [
        Ridge::new().lambdas(lambdas).penalty_factors([1.0, 0.0, 2.0, 1.0, 1.0]),
        Ridge::new().penalty(Penalty::PerFeature(rows)),
    ] {
        let validation = ridge.backend(Backend::Cpu).validate(&x, &y).unwrap();
        assert!(validation.largest() < 1e-12, "{}", validation.largest());
    }
}

#[test]
fn a_grid_scaled_from_the_data_leaves_unpenalised_features_out() {
    let (x, y) = regression(647, 30, 3, 1);
    let mut large = x.clone();
    large.column_mut(1).scale_mut(1e6);
    let ridge = Ridge::new().penalty(Penalty::Auto(5)).penalty_factors([1.0, 0.0, 1.0]);
    let shifts = |x: &DMatrix<f64>, backend| ridge.clone().backend(backend).fit(x, &y).unwrap().shifts().to_vec();
    assert_eq!(shifts(&x, Backend::Cpu), shifts(&large, Backend::Cpu));
    assert_eq!(shifts(&x, Backend::Cpu), shifts(&large, Backend::Reference));
}

#[test]
fn factors_that_cannot_be_are_refused() {
    let (x, y) = regression(653, 20, 3, 1);
    let fit = |ridge: Ridge| ridge.lambdas([1.0]).fit(&x, &y).unwrap_err();
    assert!(matches!(fit(Ridge::new().penalty_factors([1.0])), Error::Shape { found: 1, wanted: 3, .. }));
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let error = fit(Ridge::new().penalty_factors([1.0, 1.0, bad]));
        assert!(matches!(error, Error::InvalidPenalty { name: "penalty factor", index: 2, .. }));
    }
    let short = Ridge::new().penalty(Penalty::PerFeature(vec![vec![1.0; 3], vec![1.0; 2]]));
    assert!(matches!(short.fit(&x, &y), Err(Error::Shape { found: 2, wanted: 3, .. })));
    let short = Penalty::groups(&[0, 2], &[vec![1.0, 2.0]]);
    assert!(matches!(short, Err(Error::OutOfRange { index: 2, count: 2, .. })));
}

#[test]
fn criteria_count_with_the_factors_and_refuse_what_has_none() {
    let (x, y) = regression(661, 30, 6, 1);
    let plain = Ridge::new().lambdas([0.1, 0.01]).spectrum(&rescaled(&x), &y).unwrap();
    let ridge = Ridge::new().lambdas([0.1, 0.01]);
    let spectrum = ridge.clone().penalty_factors(FACTORS).spectrum(&x, &y).unwrap();
    for (found, wanted) in spectrum.loo_mse().into_iter().zip(plain.loo_mse()) {
        assert_relative_eq!(found, wanted, max_relative = 1e-10);
    }
    assert_relative_eq!(spectrum.df(0), plain.df(0), max_relative = 1e-10);

    let each = Ridge::new().penalty(Penalty::PerFeature(vec![vec![1.0; 6]]));
    let about = ridge.clone().prior_mean([1.0; 6]);
    for ridge in [&each, &about] {
        assert!(matches!(ridge.spectrum(&x, &y), Err(Error::Conflict { .. })));
        assert!(matches!(CrossValidation::new(ridge.clone()).leave_one_out().fit(&x, &y), Err(Error::Conflict { .. })));
        assert!(CrossValidation::new(ridge.clone()).fit(&x, &y).is_ok());
    }
    assert!(matches!(ridge.penalty_factors([1.0]).spectrum(&x, &y), Err(Error::Shape { .. })));
}

#[test]
fn unpenalised_features_have_every_criterion_and_leave_one_out() {
    // Against least squares without the rows one after the other, and against the hat matrix.
    for (m, n) in [(30, 6), (12, 20)] {
        let (x, y) = regression(671, m, n, 1);
        let mut factors = vec![1.0; n];
        (factors[1], factors[4]) = (0.0, 0.0);
        let ridge = Ridge::new().alphas([0.5, 20.0]).penalty_factors(factors.clone());
        let spectrum = ridge.spectrum(&x, &y).unwrap();
        for (index, alpha) in [0.5, 20.0].into_iter().enumerate() {
            let mean = x.row_mean();
            let rows = DMatrix::from_fn(m, n, |i, j| x[(i, j)] - mean[j]);
            let penalty = DMatrix::from_diagonal(&factors.clone().into()) * alpha;
            let hat = &rows * (rows.tr_mul(&rows) + penalty).try_inverse().unwrap() * rows.transpose();
            assert_relative_eq!(spectrum.df_without_intercept(index), hat.trace(), max_relative = 1e-10);
            let mut sum = 0.0;
            for row in 0..m {
                let weights: Vec<f64> = (0..m).map(|other| f64::from(u8::from(other != row))).collect();
                let path = ridge.clone().weights(weights).fit(&x, &y).unwrap();
                sum += (y[row] - path.predict(index, &x.rows(row, 1).into_owned()).unwrap()[0]).powi(2);
            }
            assert_relative_eq!(spectrum.loo_mse()[index], sum / m as f64, max_relative = 1e-9);
        }
        let selection = CrossValidation::new(ridge.clone()).leave_one_out().fit(&x, &y).unwrap();
        assert_eq!(selection.mean(0, 0), spectrum.loo_mse()[0]);
        // How certain they are: the map from y to w, by unit vectors.
        let path = ridge.fit(&x, &y).unwrap();
        let problem = Problem::new(&x, &y).unwrap();
        let inference = Inference::new(&problem, &path).unwrap();
        let at = inference.at(0).unwrap().unwrap();
        let mut squares = vec![0.0; n];
        for row in 0..m {
            let unit = DMatrix::from_fn(m, 1, |i, _| f64::from(u8::from(i == row)));
            let w = ridge.fit(&x, &unit).unwrap();
            squares.iter_mut().zip(w.coefficients(0, 0)).for_each(|(sum, w)| *sum += w * w);
        }
        for (found, wanted) in at.standard_errors(0).into_iter().zip(squares) {
            assert_relative_eq!(found, (wanted * at.noise_variance(0)).sqrt(), max_relative = 1e-9);
        }
    }
}
