//! Nested cross-validation against one written out.

use nalgebra::DMatrix;
use ridgepath::choose::{Criterion, Nested, Scheme};
use ridgepath::{Backend, CrossValidation, Error, Folds, Ridge, Rule, Score};

use crate::support::{Random, gpu, regression};

/// This scheme for the rows of these numbers.
fn of_rows(scheme: &Scheme, rows: &[usize]) -> Scheme {
    let of = |all: &[usize]| rows.iter().map(|row| all[*row]).collect();
    match scheme {
        Scheme::Folds(Folds::Given(all)) => Scheme::Folds(Folds::Given(of(all))),
        Scheme::Folds(Folds::Grouped { folds, groups }) => {
            Scheme::Folds(Folds::Grouped { folds: *folds, groups: of(groups) })
        }
        other => other.clone(),
    }
}

/// Whether each outer fold is what is chosen from copies of its rows, and how that predicts the others.
fn assert_by_hand(
    (x, y): (&DMatrix<f64>, &DMatrix<f64>),
    weights: Option<&[f64]>,
    (score, outer, found): (&Score, &Folds, &Nested),
    (solver, choice): (&Ridge, impl Fn(Ridge, &[usize]) -> CrossValidation),
) {
    let splits = outer.splits(x.nrows()).unwrap();
    assert_eq!((found.folds(), found.targets()), (splits.len(), y.ncols()));
    let mut all = vec![Vec::new(); y.ncols()];
    for (fold, split) in splits.iter().enumerate() {
        let pick = |rows: &[usize]| (x.select_rows(rows), y.select_rows(rows));
        let of = |rows: &[usize]| rows.iter().map(|row| weights.map_or(1.0, |own| own[*row])).collect::<Vec<f64>>();
        let ridge = solver.clone();
        let ridge = if weights.is_some() { ridge.weights(of(&split.train)) } else { ridge };
        let (train_x, train_y) = pick(&split.train);
        let alone = choice(ridge, &split.train).fit(&train_x, &train_y).unwrap();
        let (test_x, test_y) = pick(&split.test);
        let predicted = alone.predict(&test_x).unwrap();
        for target in 0..y.ncols() {
            let (y, predicted) = (test_y.column(target), predicted.column(target));
            let wanted = score.of(y.as_slice(), predicted.as_slice(), &of(&split.test));
            assert_eq!(found.score(fold, target).to_bits(), wanted.to_bits(), "fold {fold}, target {target}");
            let (own, wanted_choice) = (found.choice(fold, target).unwrap(), alone.choice(target));
            assert_eq!(format!("{own:?}"), format!("{wanted_choice:?}"), "fold {fold}, target {target}");
            all[target].push(wanted);
        }
    }
    for (target, scores) in all.iter().enumerate() {
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let squares: f64 = scores.iter().map(|own| (own - mean).powi(2)).sum();
        let error = (squares / (count - 1.0) / count).sqrt();
        assert!((found.mean(target) - mean).abs() <= 1e-14 * mean.abs(), "target {target}");
        assert!((found.standard_error(target) - error).abs() <= 1e-12 * error, "target {target}");
        assert_eq!(found.scored(target), scores.len());
    }
}

#[test]
fn each_outer_fold_is_what_is_chosen_from_its_rows_alone() {
    let (m, t) = (90, 2);
    let (x, y) = regression(21, m, 4, t);
    let weights = Random::new(6).weights(m);
    let labels: Vec<usize> = (0..m).map(|row| row * row % 7).collect();
    let schemes = [
        Scheme::Folds(Folds::Shuffled { folds: 4, seed: 3 }),
        Scheme::Folds(Folds::Given(labels.clone())),
        Scheme::Folds(Folds::Grouped { folds: 2, groups: labels }),
        Scheme::Folds(Folds::RollingOrigin(3)),
        Scheme::LeaveOneOut,
        Scheme::Criterion(Criterion::Gcv),
    ];
    let outer_folds =
        [Folds::Contiguous(3), Folds::Repeated { folds: 2, repeats: 2, seed: 9 }, Folds::RollingOrigin(2)];
    for (number, scheme) in schemes.iter().enumerate() {
        for weights in [None, Some(&weights[..])] {
            let outer = &outer_folds[number % outer_folds.len()];
            let score = if number % 2 == 0 { Score::Mse } else { Score::Mae };
            // The grid is scaled from the rows at hand, and grows where the best lies at its edge.
            let choice = |ridge: Ridge, rows: &[usize]| {
                let choice = CrossValidation::new(ridge).scheme(of_rows(scheme, rows)).score(score.clone()).extend(1);
                choice.per_target(number % 2 == 1)
            };
            let solver = Ridge::new().backend(Backend::Cpu);
            let ridge = match weights {
                Some(weights) => solver.clone().weights(weights),
                None => solver.clone(),
            };
            let every: Vec<usize> = (0..m).collect();
            let found = choice(ridge, &every).nested(&x, &y, outer).unwrap();
            assert_eq!(found.refused().count(), 0, "{scheme:?}");
            assert_by_hand((&x, &y), weights, (&score, outer, &found), (&solver, choice));
        }
    }
}

#[test]
fn outer_folds_on_a_gpu_are_those_of_its_rows_too() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(25, 60, 5, 1);
    let solver = Ridge::new().gpu(gpu).backend(Backend::Gpu).lambdas([1.0, 0.1, 0.01]);
    let choice = |ridge: Ridge, _: &[usize]| CrossValidation::new(ridge).folds(Folds::Contiguous(3));
    let outer = Folds::Shuffled { folds: 3, seed: 4 };
    let found = choice(solver.clone(), &[]).nested(&x, &y, &outer).unwrap();
    assert_by_hand((&x, &y), None, (&Score::Mse, &outer, &found), (&solver, choice));
}

#[test]
fn a_fold_without_an_answer_says_why_and_spoils_no_other() {
    let (m, n) = (60, 3);
    let (x, y) = regression(22, m, n, 2);
    // Nothing counts in the second fold, and target 1 is constant in the third.
    let outer = Folds::Contiguous(4);
    let weights: Vec<f64> = (0..m).map(|row| if (15..30).contains(&row) { 0.0 } else { 1.0 }).collect();
    let mut flat = y.clone();
    (30..45).for_each(|row| flat[(row, 1)] = 0.1);
    let choice =
        |ridge: Ridge| CrossValidation::new(ridge.lambdas([1.0, 0.1])).folds(Folds::Shuffled { folds: 3, seed: 1 });
    let ridge = Ridge::new().weights(weights.clone());
    let found = choice(ridge).score(Score::R2).nested(&x, &flat, &outer);
    // In the inner folds target 1 varies, so that only scores of the outer folds are missing.
    let found = found.unwrap();
    let why: Vec<(usize, Error)> = found.refused().map(|(fold, error)| (fold, error.clone())).collect();
    assert_eq!(why[0], (1, Error::EmptyFold { fold: 1, purpose: "score" }));
    let constant = Error::ConstantTarget { fold: 2, target: 1, value: 0.1, score: "r2".into() };
    assert_eq!(why[1..], [(2, constant)]);
    assert!(found.choice(1, 0).is_none() && found.choice(2, 1).is_some());
    assert!(found.score(1, 0).is_nan() && found.score(2, 1).is_nan() && found.score(2, 0).is_finite());
    assert_eq!((found.scored(0), found.scored(1)), (3, 2));
    // The others are what they are by hand.
    let rows: Vec<usize> = (15..m).collect();
    let of: Vec<f64> = rows.iter().map(|row| weights[*row]).collect();
    let alone = choice(Ridge::new().backend(Backend::Cpu).weights(of));
    let alone = alone.score(Score::R2).fit(&x.select_rows(&rows), &flat.select_rows(&rows)).unwrap();
    let test: Vec<usize> = (0..15).collect();
    let predicted = alone.predict(&x.select_rows(&test)).unwrap();
    let truth = flat.select_rows(&test);
    let wanted = Score::R2.of(truth.column(0).as_slice(), predicted.column(0).as_slice(), &[1.0; 15]);
    assert_eq!(found.score(0, 0).to_bits(), wanted.to_bits());
    let (first, third, fourth) = (found.score(0, 0), found.score(2, 0), found.score(3, 0));
    assert!((found.mean(0) - (first + third + fourth) / 3.0).abs() < 1e-15);
}

#[test]
fn what_cannot_be_chosen_within_a_fold_is_told_and_arguments_are_everybodys() {
    let (x, y) = regression(23, 30, 2, 1);
    // The first fold in time has six rows to train on, fewer than the folds within.
    let choice = CrossValidation::new(Ridge::new().lambdas([1.0, 0.1])).folds(Folds::Contiguous(8));
    let found = choice.nested(&x, &y, &Folds::RollingOrigin(4)).unwrap();
    let why: Vec<usize> = found.refused().map(|(fold, _)| fold).collect();
    assert_eq!(why, [0]);
    assert!(matches!(found.refused().next(), Some((0, Error::Count { found: 8, most: 6, .. }))));
    assert_eq!(found.scored(0), 3);
    // No row counts where all are left that the first fold trains on.
    let weights: Vec<f64> = (0..30).map(|row| f64::from(u8::from(row >= 6))).collect();
    let choice = CrossValidation::new(Ridge::new().lambdas([1.0]).weights(weights)).leave_one_out();
    let found = choice.nested(&x, &y, &Folds::RollingOrigin(4)).unwrap();
    let why: Vec<(usize, Error)> = found.refused().map(|(fold, error)| (fold, error.clone())).collect();
    assert_eq!(why, [(0, Error::EmptyFold { fold: 0, purpose: "train on" })]);
    let of = |choice: CrossValidation, outer: Folds| choice.nested(&x, &y, &outer).map(|_| ());
    let plain = || CrossValidation::new(Ridge::new());
    for folds in [0, 1, 31] {
        assert!(matches!(of(plain(), Folds::Contiguous(folds)), Err(Error::Count { found, .. }) if found == folds));
    }
    assert!(matches!(of(plain().folds(Folds::Given(vec![0; 29])), Folds::Contiguous(2)), Err(Error::Shape { .. })));
    assert!(matches!(of(plain(), Folds::Given(vec![0; 29])), Err(Error::Shape { found: 29, .. })));
    let negative = CrossValidation::new(Ridge::new().lambdas([-1.0]));
    assert!(matches!(of(negative, Folds::Contiguous(2)), Err(Error::InvalidPenalty { .. })));
    assert!(matches!(
        of(plain().rule(Rule::WithinPercent(f64::NAN)), Folds::Contiguous(2)),
        Err(Error::InvalidRule { .. })
    ));
}

#[test]
fn scores_beyond_the_range_of_squares_have_their_mean() {
    // Squares of these targets are beyond the range of f64 in one, and vanish in the other.
    let (x, y) = regression(24, 40, 2, 1);
    let choice = CrossValidation::new(Ridge::new().lambdas([0.1, 0.01])).score(Score::Rmse);
    let plain = choice.nested(&x, &y, &Folds::Contiguous(4)).unwrap();
    for exponent in [600, -600] {
        let unit = 2f64.powi(exponent);
        let found = choice.nested(&x, &(&y * unit), &Folds::Contiguous(4)).unwrap();
        for (found, wanted) in [(found.mean(0), plain.mean(0)), (found.standard_error(0), plain.standard_error(0))] {
            assert!((found / unit / wanted - 1.0).abs() < 1e-10, "2^{exponent}: {found}, wanted {wanted}");
        }
    }
}
