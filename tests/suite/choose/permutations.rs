//! Permutation tests against a fit of each permutation, and against what is known of p-values.

use nalgebra::DMatrix;
use ridgepath::choose::{Criterion, PermutationTest, Scheme};
use ridgepath::{Backend, CrossValidation, Error, Folds, Ridge, Rule, Score};

use crate::support::{Random, gpu, regression};

/// `SplitMix64`, written out once more.
struct Twin(u64);

impl Twin {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        loop {
            let product = u128::from(self.next()) * u128::from(bound);
            if product as u64 >= bound.wrapping_neg() % bound {
                return (product >> 64) as usize;
            }
        }
    }
}

/// The order of permutation number `number` of so many rows.
fn order(seed: u64, number: usize, count: usize) -> Vec<usize> {
    let first = Twin(number as u64).next();
    let mut random = Twin(Twin(seed ^ first).next());
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        let other = random.below(last + 1);
        order.swap(last, other);
    }
    order
}

/// Y with the rows of positive weight in the order of a permutation.
fn permuted(y: &DMatrix<f64>, weights: Option<&[f64]>, seed: u64, number: usize) -> DMatrix<f64> {
    let counts = |row: &usize| weights.is_none_or(|own| own[*row] > 0.0);
    let rows: Vec<usize> = (0..y.nrows()).filter(counts).collect();
    let mut permuted = y.clone();
    for (row, place) in rows.iter().zip(order(seed, number, rows.len())) {
        permuted.set_row(*row, &y.row(rows[place]));
    }
    permuted
}

/// Whether each permutation has the choice, and but for rounding the score, of a fit of its own; and p-values count them.
fn assert_one_by_one(
    choice: &CrossValidation,
    (x, y): (&DMatrix<f64>, &DMatrix<f64>),
    weights: Option<&[f64]>,
    (found, seed): (&PermutationTest, u64),
    context: &str,
) {
    let observed = choice.fit(x, y).unwrap();
    for target in 0..y.ncols() {
        assert_eq!(format!("{:?}", found.selection().choice(target)), format!("{:?}", observed.choice(target)));
        let mut good = 0;
        for number in 0..found.permutations() {
            let context = format!("{context}, permutation {number}, target {target}");
            let alone = choice.fit(x, &permuted(y, weights, seed, number)).unwrap();
            let (own, wanted) = (found.choice(number, target).unwrap(), alone.choice(target));
            assert_eq!((own.index, own.lambda, own.best), (wanted.index, wanted.lambda, wanted.best), "{context}");
            // Scores are of the order of 1, where they are not far larger.
            let error = (own.score - wanted.score).abs() / wanted.score.abs().max(1.0);
            assert!(error <= 1e-10, "{context}: {}, wanted {}", own.score, wanted.score);
            assert_eq!(own.score.to_bits(), found.score(number, target).to_bits());
            let least = observed.choice(target).score;
            good += usize::from(found.better().reaches(wanted.score, least));
        }
        assert_eq!(found.at_least_as_good(target), good, "{context}");
        let p = (1 + good) as f64 / (1 + found.permutations()) as f64;
        assert_eq!(found.p_value(target).to_bits(), p.to_bits());
    }
}

#[test]
fn each_permutation_is_chosen_as_it_would_be_alone() {
    let (m, n, t) = (48, 3, 2);
    let (x, mut y) = regression(31, m, n, t);
    // A weak signal, so that some permutations are as good.
    let mut random = Random::new(8);
    y.apply(|value| *value = 0.2 * *value + random.next());
    let weights: Vec<f64> =
        random.weights(m).iter().enumerate().map(|(row, s)| if row % 9 == 4 { 0.0 } else { *s }).collect();
    let labels: Vec<usize> = (0..m).map(|row| row * row % 5).collect();
    let grid = || Ridge::new().lambdas([3.0, 0.3, 0.03]);
    let weighted = || grid().weights(weights.clone());
    let prior: Vec<f64> = (0..n * t).map(|at| at as f64 * 0.1).collect();
    let five = Folds::Shuffled { folds: 5, seed: 2 };
    let cases: Vec<(&str, bool, CrossValidation)> = vec![
        ("jointly", false, CrossValidation::new(grid()).folds(five.clone())),
        ("a grid of the data", false, CrossValidation::new(Ridge::new()).folds(five.clone()).per_target(true)),
        ("weighted", true, CrossValidation::new(weighted()).folds(five.clone()).per_target(true)),
        (
            "within one standard error",
            true,
            CrossValidation::new(weighted())
                .folds(Folds::Grouped { folds: 3, groups: labels })
                .rule(Rule::OneStandardError),
        ),
        ("r2", false, CrossValidation::new(grid()).folds(Folds::Contiguous(4)).score(Score::R2)),
        ("in time", false, CrossValidation::new(grid()).folds(Folds::RollingOrigin(3)).score(Score::Mae)),
        ("left out one by one", true, CrossValidation::new(weighted()).leave_one_out()),
        ("a criterion", false, CrossValidation::new(grid()).criterion(Criterion::Gcv).per_target(true)),
        ("the evidence", true, CrossValidation::new(weighted()).scheme(Scheme::Criterion(Criterion::Evidence))),
        (
            "a grid that grows",
            false,
            CrossValidation::new(Ridge::new().lambdas([0.3, 0.1])).folds(five.clone()).extend(2),
        ),
        ("a prior", false, CrossValidation::new(grid().prior_mean(prior)).folds(five).per_target(true)),
    ];
    for (context, weigh, choice) in cases {
        let found = choice.permutation_test(&x, &y, 12, 77).unwrap();
        assert_eq!((found.permutations(), found.targets(), found.refused().count()), (12, t, 0), "{context}");
        let weights = weigh.then_some(&weights[..]);
        assert_one_by_one(&choice, (&x, &y), weights, (&found, 77), context);
    }
}

#[test]
fn permutations_on_a_gpu_are_those_of_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let (x, mut y) = regression(36, 60, 5, 2);
    let mut random = Random::new(9);
    y.apply(|value| *value = 0.3 * *value + random.next());
    let test = |ridge: Ridge| {
        let choice = CrossValidation::new(ridge.lambdas([1.0, 0.1, 0.01])).folds(Folds::Contiguous(3)).per_target(true);
        choice.permutation_test(&x, &y, 20, 6).unwrap()
    };
    let cpu = test(Ridge::new().backend(Backend::Cpu));
    let found = test(Ridge::new().gpu(gpu).backend(Backend::Gpu));
    for (number, target) in (0..40).map(|at| (at / 2, at % 2)) {
        let (own, wanted) = (found.choice(number, target).unwrap(), cpu.choice(number, target).unwrap());
        assert_eq!(own.index, wanted.index);
        assert!((own.score / wanted.score - 1.0).abs() < 1e-10);
    }
    assert_eq!((found.p_value(0), found.p_value(1)), (cpu.p_value(0), cpu.p_value(1)));
}

#[test]
fn a_permutation_is_the_same_however_many_there_are() {
    let (x, y) = regression(32, 30, 2, 1);
    let choice = CrossValidation::new(Ridge::new().lambdas([1.0, 0.1]));
    let (few, many) = (choice.permutation_test(&x, &y, 7, 3).unwrap(), choice.permutation_test(&x, &y, 40, 3).unwrap());
    for number in 0..7 {
        let (own, other) = (few.choice(number, 0).unwrap(), many.choice(number, 0).unwrap());
        assert_eq!(own.index, other.index);
        assert!((own.score / other.score - 1.0).abs() < 1e-12);
    }
    let other = choice.permutation_test(&x, &y, 7, 4).unwrap();
    assert!((0..7).all(|number| (few.score(number, 0) / other.score(number, 0) - 1.0).abs() > 1e-6));
}

#[test]
fn a_strong_signal_has_the_least_p_value_and_noise_any() {
    let (x, y) = regression(33, 40, 3, 2);
    for choice in [
        CrossValidation::new(Ridge::new()),
        CrossValidation::new(Ridge::new()).per_target(true).score(Score::R2),
        CrossValidation::new(Ridge::new()).criterion(Criterion::Evidence),
    ] {
        let found = choice.permutation_test(&x, &y, 49, 1).unwrap();
        assert_eq!((found.p_value(0), found.p_value(1)), (0.02, 0.02));
    }
    // Sets of noise: the p-values of each are equally likely to be 1/20, 2/20, …, 1.
    let sets = 120;
    let choice = CrossValidation::new(Ridge::new().lambdas([10.0, 1.0, 0.1])).folds(Folds::Contiguous(4));
    let p = |set: u64| {
        let mut random = Random::new(1000 + set);
        let (x, y) = (random.matrix(24, 2), random.matrix(24, 1));
        choice.permutation_test(&x, &y, 19, set).unwrap().p_value(0)
    };
    let all: Vec<f64> = (0..sets).map(p).collect();
    // Mean 21/40 with a deviation of 0.288/√120; those up to 1/4, a quarter with one of √(3/16/120). Four deviations.
    let mean = all.iter().sum::<f64>() / f64::from(u32::try_from(sets).unwrap());
    assert!((mean - 0.525).abs() < 4.0 * 0.0264, "mean {mean}");
    let quarter = all.iter().filter(|p| **p <= 0.25).count() as f64 / 120.0;
    assert!((quarter - 0.25).abs() < 4.0 * 0.0396, "{quarter} are up to 1/4");
}

#[test]
fn a_permutation_that_changes_nothing_is_as_good() {
    // Of the 24 orders of four rows some come again and again.
    let (x, y) = (DMatrix::from_column_slice(4, 1, &[1.0, 2.0, 4.0, 8.0]), [0.1, 0.23, 0.41, 0.79]);
    let choice = CrossValidation::new(Ridge::new().lambdas([0.1, 0.01])).leave_one_out();
    let found = choice.permutation_test(&x, &y, 120, 5).unwrap();
    let same = (0..120).filter(|number| order(5, *number, 4) == [0, 1, 2, 3]).count();
    assert!(same > 0 && found.at_least_as_good(0) >= same, "{same}, {}", found.at_least_as_good(0));
}

#[test]
fn a_permutation_without_a_score_counts_as_good_and_says_why() {
    let (x, _) = regression(34, 12, 1, 1);
    // One row of each fold differs; rows that trade places leave folds where none does.
    let y: Vec<f64> = (0..12).map(|row| if row % 4 == 1 { 1.0 } else { 0.0 }).collect();
    let choice = CrossValidation::new(Ridge::new().lambdas([1.0])).folds(Folds::Contiguous(3)).score(Score::R2);
    let found = choice.permutation_test(&x, &y, 40, 2).unwrap();
    let refused: Vec<usize> = found.refused().map(|(number, _)| number).collect();
    assert!(found.refused().all(|(_, why)| matches!(why, Error::ConstantTarget { target: 0, .. })));
    let y = DMatrix::from_column_slice(12, 1, &y);
    for number in 0..40 {
        let alone = choice.fit(&x, &permuted(&y, None, 2, number));
        assert_eq!(alone.is_err(), refused.contains(&number));
        assert_eq!(found.score(number, 0).is_nan(), alone.is_err());
    }
    assert!(!refused.is_empty() && found.at_least_as_good(0) >= refused.len());
}

#[test]
fn what_cannot_be_permuted_is_refused() {
    let (x, y) = regression(35, 20, 2, 1);
    let of = |choice: CrossValidation, count| choice.permutation_test(&x, &y, count, 0).map(|_| ());
    let plain = || CrossValidation::new(Ridge::new().lambdas([1.0]));
    assert!(matches!(of(plain(), 0), Err(Error::Count { what: "permutations of a test", found: 0, least: 1, .. })));
    assert!(matches!(of(plain(), usize::MAX), Err(Error::Count { .. })));
    assert!(matches!(of(plain().folds(Folds::Contiguous(21)), 3), Err(Error::Count { found: 21, .. })));
    assert!(matches!(of(CrossValidation::new(Ridge::new().lambdas([-1.0])), 3), Err(Error::InvalidPenalty { .. })));
}
