//! Cross-validation against fits of each fold alone, and against scikit-learn.

use nalgebra::DMatrix;
use ridgepath::choose::{Better, Edge, Split};
use ridgepath::{Backend, CrossValidation, Error, Folds, Penalty, Ridge, Rule, Score, Selection, Standardize, Windows};

use crate::support::{Random, diabetes, gpu, regression};

fn close(found: f64, wanted: f64, tolerance: f64, context: &str) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{context}: {found}, wanted {wanted}");
}

/// Fits each fold's rows alone and scores the others with plain sums; `ridge` makes the solver of these rows.
fn by_hand(
    (x, y): (&DMatrix<f64>, &DMatrix<f64>),
    weights: &[f64],
    split: &Split,
    ridge: impl Fn(Vec<f64>) -> Ridge,
) -> Vec<Vec<f64>> {
    let pick = |rows: &[usize]| (x.select_rows(rows), y.select_rows(rows), rows.iter().map(|r| weights[*r]).collect());
    let (train_x, train_y, train_s): (_, _, Vec<f64>) = pick(&split.train);
    let (test_x, test_y, test_s): (_, _, Vec<f64>) = pick(&split.test);
    let path = ridge(train_s).fit(&train_x, &train_y).unwrap();
    let score = |index: usize, target: usize| {
        let predicted = path.predict(index, &test_x).unwrap();
        let squares = (0..test_s.len()).map(|i| test_s[i] * (test_y[(i, target)] - predicted[(i, target)]).powi(2));
        squares.sum::<f64>() / test_s.iter().sum::<f64>()
    };
    (0..path.len()).map(|index| (0..y.ncols()).map(|target| score(index, target)).collect()).collect()
}

#[test]
fn scores_are_those_of_each_fold_fitted_alone() {
    let mut random = Random::new(5);
    for (m, n, t) in [(60, 7, 1), (41, 12, 3), (20, 35, 2)] {
        let (x, y) = regression(m as u64, m, n, t);
        let groups: Vec<usize> = (0..m).map(|row| row % 9).collect();
        let schemes = [
            Folds::Contiguous(5),
            Folds::Repeated { folds: 3, repeats: 2, seed: 4 },
            Folds::Grouped { folds: 4, groups },
            Folds::RollingOrigin(3),
        ];
        let weights = random.weights(m);
        for folds in schemes {
            for (intercept, standardize) in [(true, Standardize::Population), (false, Standardize::No)] {
                for penalty in [Penalty::Lambdas(vec![1.0, 0.01]), Penalty::Alphas(vec![3.0, 0.2])] {
                    let ridge = |weights: Vec<f64>| {
                        let ridge = Ridge::new().intercept(intercept).standardize(standardize);
                        ridge.penalty(penalty.clone()).weights(weights)
                    };
                    let selection =
                        CrossValidation::new(ridge(weights.clone())).folds(folds.clone()).fit(&x, &y).unwrap();
                    for (fold, split) in folds.splits(m).unwrap().iter().enumerate() {
                        let wanted = by_hand((&x, &y), &weights, split, ridge);
                        for index in 0..2 {
                            for target in 0..t {
                                let found = selection.fold_score(index, target, fold);
                                let context =
                                    format!("{folds:?} of {m} × {n}, fold {fold}, λ {index}, target {target}");
                                close(found, wanted[index][target], 1e-10, &context);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `cross_val_score(make_pipeline(StandardScaler(), Ridge(alpha)), X, y, cv=KFold(5), scoring=…)` of scikit-learn 1.9.1.
#[test]
fn scores_of_the_diabetes_data_are_those_of_scikit_learn() {
    let (x, y) = diabetes();
    let mse = [
        [3686.7541222307023, 4108.0350357929, 4135.224428838082, 3365.4497310679276, 4188.2504746848645],
        [2818.8594602087505, 3049.409799921816, 3185.5704776575967, 2992.720107126307, 2953.5606418046536],
        [2780.7422639446777, 3029.5380031040313, 3235.2078401504577, 3008.093123913536, 2911.5050235690283],
    ];
    let r2 = [
        [0.2434733402532684, 0.3524977164418559, 0.33927162365307983, 0.3585059549564199, 0.3527371296844293],
        [0.4215664345858553, 0.5193566287165666, 0.4910078411311778, 0.42955257673852865, 0.5435492336906085],
        [0.4293881319956955, 0.522488791345612, 0.4830767567389175, 0.4266223001005135, 0.5500486157921851],
    ];
    let mae = [
        [50.45066085366537, 52.11235368285366, 56.481675324324875, 49.64314606618318, 56.436098780544356],
        [43.471274961043086, 44.99402517718338, 47.78156102525204, 42.7677341679436, 42.68664215896559],
        [43.03588361928721, 44.80352510540425, 48.13327531987232, 43.006094436841245, 42.387465283682225],
    ];
    let ridge = Ridge::new().alphas([1000.0, 10.0, 0.1]).standardize(Standardize::Population);
    for (score, wanted) in [(Score::Mse, mse), (Score::R2, r2), (Score::Mae, mae)] {
        let name = score.name().to_owned();
        let selection = CrossValidation::new(ridge.clone()).score(score).fit(&x, &y).unwrap();
        for (index, wanted) in wanted.iter().enumerate() {
            for (fold, wanted) in wanted.iter().enumerate() {
                close(selection.fold_score(index, 0, fold), *wanted, 1e-11, &format!("{name}, λ {index}, fold {fold}"));
            }
            let mean = wanted.iter().sum::<f64>() / 5.0;
            close(selection.mean(index, 0), mean, 1e-11, &name);
            let variance = wanted.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / 4.0;
            close(selection.standard_error(index, 0), (variance / 5.0).sqrt(), 1e-8, &name);
        }
    }
    let rolling = [3669.093644831865, 3106.179388533428, 3140.222311657815, 2921.1556994533717];
    let ridge = Ridge::new().alphas([1.0]).standardize(Standardize::Population);
    let selection = CrossValidation::new(ridge).folds(Folds::RollingOrigin(4)).fit(&x, &y).unwrap();
    for (fold, wanted) in rolling.into_iter().enumerate() {
        close(selection.fold_score(0, 0, fold), wanted, 1e-11, "TimeSeriesSplit(4)");
    }
}

#[test]
fn the_path_is_that_of_all_rows_and_predictions_are_those_of_the_choice() {
    let (x, y) = regression(71, 50, 6, 2);
    let ridge = Ridge::new().lambdas([100.0, 1.0, 0.01]);
    let selection = CrossValidation::new(ridge.clone()).per_target(true).fit(&x, &y).unwrap();
    assert_eq!(*selection.path(), ridge.fit(&x, &y).unwrap());
    let predicted = selection.predict(&x).unwrap();
    for target in 0..2 {
        let own = selection.path().predict(selection.choice(target).index, &x).unwrap();
        assert_eq!(predicted.column(target), own.column(target));
    }
}

#[test]
fn targets_choose_for_themselves_or_together() {
    // One target that X explains, and one of noise alone, which a large λ predicts best.
    let mut random = Random::new(17);
    let x = random.matrix(80, 10);
    let mut y = DMatrix::zeros(80, 2);
    y.set_column(0, &(&x * random.matrix(10, 1)).column(0));
    y.set_column(1, &random.matrix(80, 1).column(0));
    let grid = vec![1e3, 1.0, 1e-6];
    let choose = |per_target| {
        let ridge = Ridge::new().lambdas(grid.clone());
        CrossValidation::new(ridge).per_target(per_target).fit(&x, &y).unwrap()
    };
    let apart = choose(true);
    assert_eq!((apart.choice(0).index, apart.choice(1).edge), (2, Some(Edge::Largest)));
    let together = choose(false);
    assert_eq!(together.choice(0), together.choice(1));
    let joint = |index| f64::midpoint(together.mean(index, 0), together.mean(index, 1));
    close(together.choice(0).score, joint(together.choice(0).index), 1e-14, "the mean of the targets' scores");
    assert!((0..3).all(|index| joint(index) >= together.choice(0).score * (1.0 - 1e-14)));
}

#[test]
fn a_score_of_the_callers_is_used_with_its_direction() {
    let (x, y) = regression(19, 40, 4, 1);
    let own = Score::custom("largest error", Better::Lower, |y, predicted, _| {
        y.iter().zip(predicted).map(|(y, p)| (y - p).abs()).fold(0.0, f64::max)
    });
    let ridge = Ridge::new().lambdas([10.0, 0.1, 1e-3]);
    let selection = CrossValidation::new(ridge.clone()).score(own).fit(&x, &y).unwrap();
    assert_eq!((selection.score_name(), selection.better()), ("largest error", Better::Lower));
    assert!((0..3).all(|index| selection.mean(index, 0) >= selection.choice(0).score));
    let worst = Score::custom("the same, upside down", Better::Higher, |y, predicted, _| (y[0] - predicted[0]).abs());
    let upside_down = CrossValidation::new(ridge).score(worst).fit(&x, &y).unwrap();
    assert!((0..3).all(|index| upside_down.mean(index, 0) <= upside_down.choice(0).score));
}

#[test]
fn correlation_and_root_are_what_their_names_say() {
    let (y, p, s) = ([1.0, 2.0, 4.0, 3.0], [2.0, 3.0, 9.0, 1.0], [1.0, 2.0, 1.0, 0.0]);
    // With the row of weight 2 twice: y = 1, 2, 2, 4 and p = 2, 3, 3, 9.
    let (mean_y, mean_p) = (2.25, 4.25);
    let each = [(1.0, 2.0), (2.0, 3.0), (2.0, 3.0), (4.0, 9.0)].map(|(y, p)| (y - mean_y, p - mean_p));
    let sum = |f: &dyn Fn((f64, f64)) -> f64| each.iter().map(|pair| f(*pair)).sum::<f64>();
    let wanted = sum(&|(y, p)| y * p) / (sum(&|(y, _)| y * y) * sum(&|(_, p)| p * p)).sqrt();
    close(Score::Correlation.of(&y, &p, &s), wanted, 1e-14, "correlation");
    close(Score::Rmse.of(&y, &p, &s), (28.0f64 / 4.0).sqrt(), 1e-14, "rmse");
    close(Score::Mae.of(&y, &p, &s), 8.0 / 4.0, 1e-14, "mae");
    assert!(Score::Correlation.of(&y, &[5.0; 4], &s).is_nan(), "of a constant");
}

#[test]
fn a_lambda_without_an_answer_in_a_fold_has_no_score_and_is_not_chosen() {
    // The last column is 0 but in the first ten rows: without these λ = 0 is singular.
    let (mut x, y) = regression(23, 50, 3, 1);
    x.column_mut(2).rows_mut(10, 40).fill(0.0);
    let selection = CrossValidation::new(Ridge::new().lambdas([1.0, 0.0])).fit(&x, &y).unwrap();
    assert!(selection.mean(1, 0).is_nan() && selection.fold_score(1, 0, 0).is_nan());
    assert!(selection.fold_score(1, 0, 1).is_finite());
    assert_eq!(selection.choice(0).index, 0);
    let error = CrossValidation::new(Ridge::new().lambdas([0.0])).fit(&x, &y).unwrap_err();
    assert!(matches!(error, Error::NoScore { target: 0, .. }), "{error}");
}

#[test]
fn a_grid_grows_towards_the_best_as_often_as_allowed() {
    let (x, y) = diabetes();
    let grow = |grid: Vec<f64>, times| {
        let ridge = Ridge::new().standardize(Standardize::Population).lambdas(grid);
        CrossValidation::new(ridge).extend(times).fit(&x, &y).unwrap()
    };
    let edge = grow(vec![1000.0, 100.0], 0);
    assert_eq!((edge.choice(0).edge, edge.extensions()), (Some(Edge::Smallest), 0));
    let once = grow(vec![1000.0, 100.0], 1);
    let lambdas = once.path().lambdas();
    assert_eq!((lambdas.len(), once.extensions(), once.choice(0).edge), (4, 1, Some(Edge::Smallest)));
    close(lambdas[3], 1.0, 1e-14, "two decades more");
    let found = grow(vec![100.0, 1000.0], 9);
    assert!(found.choice(0).edge.is_none() && found.extensions() < 9, "{:?}", found.choice(0));
    assert!(found.path().lambdas().windows(2).all(|pair| pair[0] < pair[1]), "the order is kept");
}

#[test]
fn rules_go_through() {
    let (x, y) = diabetes();
    let ridge = Ridge::new().standardize(Standardize::Population);
    let best = CrossValidation::new(ridge.clone()).fit(&x, &y).unwrap();
    let simpler = CrossValidation::new(ridge.clone()).rule(Rule::OneStandardError).fit(&x, &y).unwrap();
    let (best, simpler) = (best.choice(0), simpler.choice(0));
    assert_eq!(simpler.best, best.index);
    assert!(simpler.lambda > best.lambda && simpler.score <= best.score + best.standard_error);
    let error = CrossValidation::new(ridge).rule(Rule::WithinPercent(-1.0)).fit(&x, &y).unwrap_err();
    assert_eq!(error, Error::InvalidRule { percent: -1.0 });
}

#[test]
fn folds_that_cannot_be_trained_or_scored_are_refused() {
    let (x, mut y) = regression(31, 20, 2, 2);
    let mut weights = vec![1.0; 20];
    weights[..4].fill(0.0);
    let cv = |ridge: Ridge| CrossValidation::new(ridge.lambdas([1.0]));
    let error = cv(Ridge::new().weights(weights)).fit(&x, &y).unwrap_err();
    assert_eq!(error, Error::EmptyFold { fold: 0, purpose: "score" });
    let mut weights = vec![0.0; 20];
    weights[..4].fill(1.0);
    let error = cv(Ridge::new().weights(weights)).fit(&x, &y).unwrap_err();
    assert_eq!(error, Error::EmptyFold { fold: 0, purpose: "train on" });
    assert!(matches!(cv(Ridge::new()).folds(Folds::Contiguous(21)).fit(&x, &y), Err(Error::Count { .. })));
    y.column_mut(1).rows_mut(8, 4).fill(3.5);
    for score in [Score::R2, Score::Correlation] {
        let error = cv(Ridge::new()).score(score).fit(&x, &y).unwrap_err();
        assert!(matches!(error, Error::ConstantTarget { fold: 2, target: 1, value: 3.5, .. }), "{error}");
    }
    assert!(cv(Ridge::new()).fit(&x, &y).is_ok(), "a mean squared error it has");
}

#[test]
fn progress_runs_once_to_the_end() {
    let (x, y) = regression(37, 30, 3, 1);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = seen.clone();
    let ridge = Ridge::new().lambdas([1.0, 0.1]).on_progress(move |done, total| {
        assert_eq!(total, 2 * 6, "five folds and all rows");
        told.lock().unwrap().push(done);
    });
    CrossValidation::new(ridge).fit(&x, &y).unwrap();
    assert_eq!(seen.lock().unwrap().iter().max(), Some(&12));
}

#[test]
fn futures_can_be_sent_to_other_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let (x, y) = regression(39, 20, 3, 1);
    let choice = CrossValidation::new(Ridge::new());
    assert_eq!(pollster::block_on(sendable(choice.fit_async(&x, &y))).unwrap().folds(), 5);
    let nested = pollster::block_on(sendable(choice.nested_async(&x, &y, &Folds::Contiguous(2)))).unwrap();
    assert_eq!(nested.folds(), 2);
    let test = pollster::block_on(sendable(choice.permutation_test_async(&x, &y, 3, 1))).unwrap();
    assert_eq!(test.permutations(), 3);
    let windows = Windows::rolling(10, 10);
    let joint = pollster::block_on(sendable(choice.fit_windows_jointly_async(&x, &y, &windows))).unwrap();
    assert_eq!(joint.scored(), 2);
}

#[test]
fn the_gpu_finds_the_same_scores() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(41, 120, 20, 2);
    let fit = |ridge: Ridge| -> Selection { CrossValidation::new(ridge.lambdas([1.0, 0.01])).fit(&x, &y).unwrap() };
    let cpu = fit(Ridge::new().backend(Backend::Cpu));
    let own = gpu.clone();
    let found = fit(Ridge::new().backend(Backend::Gpu).gpu(gpu));
    assert_eq!(found.path().backend().name, Backend::Gpu);
    for index in 0..2 {
        for fold in 0..5 {
            close(found.fold_score(index, 1, fold), cpu.fold_score(index, 1, fold), 1e-12, "GPU against CPU");
        }
    }
    // Folds in the same dispatches have the bits of folds one after another, which a small budget asks for.
    let apart = fit(Ridge::new().backend(Backend::Gpu).gpu(own).memory_budget(0));
    let bits = |selection: &Selection, index, target, fold| selection.fold_score(index, target, fold).to_bits();
    for (index, target, fold) in (0..20).map(|at| (at / 10, at / 5 % 2, at % 5)) {
        assert_eq!(bits(&found, index, target, fold), bits(&apart, index, target, fold), "fold {fold}");
    }
    let reference = fit(Ridge::new().backend(Backend::Reference));
    close(reference.fold_score(1, 0, 3), cpu.fold_score(1, 0, 3), 1e-11, "the reference");
}

#[test]
fn folds_on_a_gpu_climb_as_far_as_folds_alone() {
    let Some(gpu) = gpu() else { return };
    // Columns that nearly depend on each other, in single precision altogether, and one of the folds with nothing but its penalty.
    let (mut x, y) = regression(42, 60, 6, 1);
    let near = x.column(1).map(|value| value * (1.0 + 1e-7));
    x.set_column(2, &near);
    for lambdas in [vec![1e-3, 1e-12], vec![1.0, 0.0]] {
        let fit = |ridge: Ridge| CrossValidation::new(ridge.lambdas(lambdas.clone())).fit(&x, &y).unwrap();
        let (cpu, found) =
            (fit(Ridge::new().backend(Backend::Cpu)), fit(Ridge::new().backend(Backend::Gpu).gpu(gpu.clone())));
        for (index, fold) in (0..10).map(|at| (at / 5, at % 5)) {
            let (found, wanted) = (found.fold_score(index, 0, fold), cpu.fold_score(index, 0, fold));
            // Without a penalty no fold has an answer, on either.
            assert_eq!(found.is_nan(), lambdas[index] == 0.0, "{found}");
            if !(found.is_nan() && wanted.is_nan()) {
                close(found, wanted, 1e-9, &format!("λ {:e}, fold {fold}", lambdas[index]));
            }
        }
    }
}

#[test]
fn squared_errors_of_moments_are_those_of_rows_and_rows_tell_what_would_cancel() {
    let (mut x, mut y) = regression(43, 900, 12, 2);
    x.column_mut(3).apply(|value| *value = *value * 1e3 + 1e6);
    y.column_mut(1).apply(|value| *value *= 1e-8);
    // The first target is all but fitted: its squared errors are what large sums leave.
    let exact = &x * DMatrix::from_element(12, 1, 1.0) + y.columns(0, 1) * 1e-7;
    let cases = [(y.clone(), 1e-13), (exact, 1e-10)];
    let weights = Random::new(44).weights(900);
    for (y, tolerance) in cases {
        let ridge = Ridge::new().backend(Backend::Cpu).weights(weights.clone()).alphas([1e3, 1.0, 1e-3, 1e-9]);
        let mean = |y: &[f64], predicted: &[f64], s: &[f64]| {
            let errors = y.iter().zip(predicted).zip(s).map(|((y, predicted), s)| s * (y - predicted).powi(2));
            errors.sum::<f64>() / s.iter().sum::<f64>()
        };
        let of_rows =
            CrossValidation::new(ridge.clone()).score(Score::custom("mse", Better::Lower, mean)).fit(&x, &y).unwrap();
        let found = CrossValidation::new(ridge).fit(&x, &y).unwrap();
        for (index, fold) in (0..20).map(|at| (at / 5, at % 5)) {
            for target in 0..y.ncols() {
                let (found, wanted) = (found.fold_score(index, target, fold), of_rows.fold_score(index, target, fold));
                close(found, wanted, tolerance, &format!("λ number {index}, target {target}, fold {fold}"));
            }
        }
    }
}
