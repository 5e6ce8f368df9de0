//! Choices without a path, and the models at the λs chosen alone, against the whole path.

use nalgebra::DMatrix;
use ridgepath::choose::{Choice, Criterion};
use ridgepath::{Backend, CrossValidation, Error, Folds, Outcome, Penalty, Ridge, Score, Standardize, Strategy};

use crate::support::{Random, regression};

type Scheme = fn(CrossValidation) -> CrossValidation;

const GRID: [f64; 7] = [10.0, 1.0, 0.1, 0.01, 1e-4, 1e-12, 0.0];

/// Rows of which predictions along eigenvectors take less work than coefficients.
fn wide() -> (DMatrix<f64>, DMatrix<f64>, Vec<f64>) {
    let (x, y) = regression(3, 40, 120, 200);
    let mut weights = Random::new(8).weights(40);
    weights[7] = 0.0;
    (x, y, weights)
}

/// Bit for bit, and NaN where there is no standard error.
fn same(found: &Choice, wanted: &Choice, context: &str) {
    assert_eq!(format!("{found:?}"), format!("{wanted:?}"), "{context}");
}

/// 0 where neither has a score, as at λ = 0.
fn apart(found: f64, wanted: f64) -> f64 {
    if found.is_nan() && wanted.is_nan() {
        return 0.0;
    }
    (found - wanted).abs() / wanted.abs().max(1e-3)
}

#[test]
fn scores_of_many_targets_are_those_of_coefficients() {
    let (x, y, weights) = wide();
    let mut others = 0;
    for (intercept, standardize) in [(true, Standardize::Population), (false, Standardize::No)] {
        for score in [Score::Mse, Score::R2, Score::Mae] {
            for penalty in [Penalty::Lambdas(GRID.to_vec()), Penalty::Alphas(GRID.to_vec())] {
                let ridge = Ridge::new().backend(Backend::Cpu).intercept(intercept).standardize(standardize);
                let ridge = ridge.penalty(penalty).weights(weights.clone());
                let ridge = ridge.penalty_factors((0..120).map(|j| f64::from(1 + j % 3)).collect::<Vec<f64>>());
                let choice = |ridge: &Ridge| {
                    CrossValidation::new(ridge.clone())
                        .score(score.clone())
                        .folds(Folds::Shuffled { folds: 4, seed: 1 })
                };
                let found = choice(&ridge).choose(&x, &y).unwrap();
                let wanted = choice(&ridge.strategy(Strategy::Cholesky)).fit(&x, &y).unwrap();
                for (index, target, fold) in
                    (0..7).flat_map(|i| (0..200).flat_map(move |t| (0..4).map(move |f| (i, t, f))))
                {
                    let (found, wanted) =
                        (found.fold_score(index, target, fold), wanted.fold_score(index, target, fold));
                    assert!(
                        apart(found, wanted) < 1e-9,
                        "λ {index}, target {target}, fold {fold}: {found}, wanted {wanted}"
                    );
                    assert_eq!(found.is_nan(), index == 6, "λ {index}, target {target}, fold {fold}: {found}");
                    others += usize::from(found.to_bits() != wanted.to_bits());
                }
            }
        }
    }
    // They did come another way.
    assert!(others > 1000, "{others} of {} differ in their last bits", 12 * 7 * 200 * 4);
}

#[test]
fn what_is_chosen_is_what_the_whole_path_says() {
    let (x, y, weights) = wide();
    let (tall_x, tall_y) = regression(5, 60, 9, 12);
    let folds = |choice: CrossValidation| choice.folds(Folds::Contiguous(4)).score(Score::R2);
    let schemes: [(&str, Scheme); 4] = [
        ("folds", folds),
        ("leave-one-out", CrossValidation::leave_one_out),
        ("GCV", |choice| choice.criterion(Criterion::Gcv)),
        ("a grid that grows", |choice| choice.leave_one_out().extend(2)),
    ];
    for (x, y, weights) in [(&x, &y, weights), (&tall_x, &tall_y, vec![1.0; 60])] {
        for (name, scheme) in schemes {
            for per_target in [true, false] {
                for penalty in [Penalty::Lambdas(vec![1.0, 0.1, 0.01]), Penalty::Auto(9)] {
                    let ridge = Ridge::new().penalty(penalty).weights(weights.clone());
                    let choice = scheme(CrossValidation::new(ridge)).per_target(per_target);
                    let (chosen, all) = (choice.fit_chosen(x, y).unwrap(), choice.fit(x, y).unwrap());
                    let scores = choice.choose(x, y).unwrap();
                    let (found, wanted) = (chosen.predict(x).unwrap(), all.predict(x).unwrap());
                    for target in 0..y.ncols() {
                        let context = format!("{name}, target {target}, per target: {per_target}");
                        same(chosen.choice(target), all.choice(target), &context);
                        same(scores.choice(target), all.choice(target), &context);
                        let largest = all.coefficients(target).iter().fold(0.0f64, |most, w| most.max(w.abs()));
                        for (found, wanted) in chosen.coefficients(target).iter().zip(all.coefficients(target)) {
                            assert!((found - wanted).abs() <= 1e-12 * largest, "{context}: {found}, wanted {wanted}");
                        }
                        assert!(chosen.residual(target) < 1e-14 && chosen.error_bound(target) < 1e-11, "{context}");
                        assert!(!matches!(chosen.outcome(target), Outcome::Singular { .. }), "{context}");
                        let size = wanted.column(target).amax();
                        assert!((found.column(target) - wanted.column(target)).amax() <= 1e-12 * size, "{context}");
                    }
                    assert_eq!(chosen.extensions(), all.extensions());
                }
            }
        }
    }
}

#[test]
fn a_lambda_without_an_answer_is_not_chosen_without_a_path() {
    // The third feature is the sum of the others: λ = 0 has no unique answer, but leave-one-out scores in the limit.
    let (mut x, y) = regression(2, 30, 3, 2);
    let sum = x.column(0) + x.column(1);
    x.set_column(2, &sum);
    let choice = CrossValidation::new(Ridge::new().lambdas([1.0, 0.0])).leave_one_out().per_target(true);
    let (chosen, all) = (choice.fit_chosen(&x, &y).unwrap(), choice.fit(&x, &y).unwrap());
    let scores = choice.choose(&x, &y).unwrap();
    for target in 0..2 {
        same(chosen.choice(target), all.choice(target), "with a path");
        same(scores.choice(target), all.choice(target), "alone");
        assert_eq!(chosen.coefficients(target), all.coefficients(target));
    }
}

#[test]
fn refusals_without_a_path_are_those_of_the_whole_path() {
    let (x, mut y) = regression(2, 30, 3, 2);
    y.column_mut(1).fill(4.0);
    for choice in [
        CrossValidation::new(Ridge::new()).score(Score::R2),
        CrossValidation::new(Ridge::new()).leave_one_out().score(Score::Correlation),
        CrossValidation::new(Ridge::new().lambdas([-1.0])),
        CrossValidation::new(Ridge::new().penalty(Penalty::PerFeature(vec![vec![1.0, 2.0, 3.0]; 2]))).leave_one_out(),
        CrossValidation::new(Ridge::new().prior_mean(vec![1.0; 3])).criterion(Criterion::Gcv),
        CrossValidation::new(Ridge::new().weights(vec![1.0; 4])),
    ] {
        let wanted: Error = choice.fit(&x, &y).unwrap_err();
        assert_eq!(choice.fit_chosen(&x, &y).unwrap_err(), wanted);
        assert_eq!(choice.choose(&x, &y).unwrap_err(), wanted);
    }
}

#[test]
fn units_of_features_and_targets_make_no_difference() {
    let (x, y, weights) = wide();
    let scores = |x_unit: f64, y_unit: f64| {
        let lambdas = GRID.map(|lambda| lambda * x_unit * x_unit);
        let ridge = Ridge::new().backend(Backend::Cpu).lambdas(lambdas).weights(weights.clone());
        let choice = CrossValidation::new(ridge).score(Score::R2).per_target(true);
        let choices = choice.choose(&(&x * x_unit), &(&y * y_unit)).unwrap();
        (0..6).flat_map(|index| (0..200).map(move |target| (index, target))).map(|(i, t)| choices.mean(i, t)).collect()
    };
    let wanted: Vec<f64> = scores(1.0, 1.0);
    for (x_unit, y_unit) in [(2f64.powi(450), 2f64.powi(-700)), (2f64.powi(-450), 2f64.powi(500))] {
        assert_eq!(scores(x_unit, y_unit), wanted, "{x_unit:e}, {y_unit:e}");
    }
}
