//! One λ for many problems, and a λ for each window and each problem.

use nalgebra::DMatrix;
use ridgepath::choose::{Better, Criterion, JointSelection, Scheme};
use ridgepath::{Backend, CrossValidation, Error, Folds, Groups, Problem, Ridge, Rule, Score, Selection, Windows};

use crate::support::{Random, regression};

/// Rows of groups whose slopes and noise differ, with their labels.
fn grouped(m: usize, groups: usize) -> (DMatrix<f64>, DMatrix<f64>, Vec<usize>) {
    let (x, mut y) = regression(41, m, 3, 2);
    let labels: Vec<usize> = (0..m).map(|row| (row * 5 + row / 7) % groups).collect();
    let mut random = Random::new(2);
    for (row, label) in labels.iter().enumerate() {
        (0..2).for_each(|target| y[(row, target)] = y[(row, target)] * (1.0 + *label as f64) + random.next());
    }
    (x, y, labels)
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt())
}

/// Whether the joint choice is that of the means of the scores of each problem alone, `alone`, at some λs.
fn assert_mean(joint: &JointSelection, alone: &[Selection], rule: Rule, per_target: bool, context: &str) {
    let (k, t) = (joint.penalties(), joint.targets());
    let close = |found: f64, wanted: f64| (found - wanted).abs() <= 1e-12 * wanted.abs();
    let path = alone[0].path();
    for target in 0..t {
        let mut means = Vec::new();
        let mut errors = Vec::new();
        for index in 0..k {
            let own: Vec<f64> = alone.iter().map(|own| own.mean(index, target)).collect();
            let (mean, error) = mean_and_error(&own);
            assert!(close(joint.mean(index, target), mean), "{context}, λ {index}, target {target}");
            assert!(close(joint.standard_error(index, target), error), "{context}, λ {index}, target {target}");
            let of_all = |own: &Selection| (0..t).map(|target| own.mean(index, target)).sum::<f64>() / t as f64;
            let judged = match per_target {
                true => own,
                false => alone.iter().map(of_all).collect(),
            };
            let (mean, error) = mean_and_error(&judged);
            means.push(mean);
            errors.push(error);
        }
        let wanted = rule.choose((path.lambdas(), path.shifts()), &means, &errors, joint.better()).unwrap();
        let found = joint.choice(target);
        assert_eq!((found.index, found.best, found.edge), (wanted.index, wanted.best, wanted.edge), "{context}");
        assert!(close(found.score, wanted.score) && close(found.standard_error, wanted.standard_error), "{context}");
        for (own, alone) in joint.selections().iter().flatten().zip(alone) {
            let choice = own.choice(target);
            assert_eq!((choice.index, choice.lambda), (found.index, alone.path().lambdas()[found.index]));
            assert_eq!(own.coefficients(target), alone.path().coefficients(found.index, target));
            if per_target {
                assert_eq!(choice.score.to_bits(), alone.mean(found.index, target).to_bits());
                assert_eq!(choice.best, alone.choice(target).best);
            }
            assert_eq!(own.rule(), rule);
        }
    }
}

#[test]
fn one_lambda_is_chosen_by_the_mean_of_the_groups() {
    let (x, y, labels) = grouped(120, 4);
    let groups = Groups::new(&labels);
    let weights = Random::new(4).weights(120);
    let ridge = || Ridge::new().backend(Backend::Cpu).weights(weights.clone());
    let given = || ridge().lambdas([10.0, 1.0, 0.1, 0.01]);
    let three = Scheme::Folds(Folds::Shuffled { folds: 3, seed: 2 });
    let cases = [
        (given(), three.clone(), Score::Mse, Rule::Best, true),
        (given(), three.clone(), Score::R2, Rule::OneStandardError, false),
        (ridge(), three, Score::Mse, Rule::OneStandardError, false),
        (given(), Scheme::LeaveOneOut, Score::Mae, Rule::WithinPercent(5.0), true),
        // Criteria have no standard error of their own; their mean over groups has one.
        (given(), Scheme::Criterion(Criterion::Gcv), Score::Mse, Rule::OneStandardError, true),
    ];
    for (ridge, scheme, score, rule, per_target) in cases {
        let context = format!("{scheme:?}, {score:?}, {rule:?}");
        let choice = CrossValidation::new(ridge).scheme(scheme).score(score).per_target(per_target);
        let joint = choice.clone().rule(rule).fit_groups_jointly(&x, &y, &groups).unwrap();
        assert_eq!((joint.scored(), joint.refused().count()), (4, 0));
        let alone: Vec<Selection> =
            choice.fit_groups(&x, &y, &groups).unwrap().into_iter().map(Result::unwrap).collect();
        assert_mean(&joint, &alone, rule, per_target, &context);
    }
}

#[test]
fn the_same_place_is_the_same_lambda_shift_or_part_of_the_grid() {
    let (mut x, y, labels) = grouped(90, 3);
    // Features in other units, which a grid that is scaled from the data follows.
    (0..90).for_each(|row| x.row_mut(row).apply(|value| *value *= 10f64.powi(labels[row] as i32)));
    let groups = Groups::new(&labels);
    let of = |ridge: Ridge| CrossValidation::new(ridge).fit_groups_jointly(&x, &y, &groups).unwrap();
    let lambdas = of(Ridge::new().lambdas([1.0, 0.1]));
    assert!(lambdas.choice(0).lambda > 0.0);
    let shifts = of(Ridge::new().alphas([1.0, 0.1]));
    assert!(shifts.choice(0).alpha > 0.0);
    let scaled = of(Ridge::new());
    assert!(scaled.choice(0).lambda.is_nan() && scaled.choice(0).alpha.is_nan());
    let own: Vec<f64> = scaled.selections().iter().flatten().map(|own| own.choice(0).lambda).collect();
    assert!(own.len() == 3 && own.iter().all(|lambda| *lambda > 0.0) && own[0] != own[1]);
}

#[test]
fn a_group_without_scores_is_left_out_and_says_why() {
    let (x, mut y, labels) = grouped(80, 2);
    let mut labels: Vec<usize> = labels;
    labels[7] = 9;
    (0..80).filter(|row| labels[*row] == 1).for_each(|row| y[(row, 0)] = f64::NAN);
    let groups = Groups::new(&labels);
    let choice = CrossValidation::new(Ridge::new().backend(Backend::Cpu).lambdas([1.0, 0.1]));
    let joint = choice.fit_groups_jointly(&x, &y, &groups).unwrap();
    let rows = groups.rows(0);
    let alone = choice.fit(&x.select_rows(rows), &y.select_rows(rows)).unwrap();
    assert_eq!(joint.scored(), 1);
    assert_eq!(joint.choice(0).index, alone.choice(0).index);
    assert_eq!(joint.mean(1, 1).to_bits(), alone.mean(1, 1).to_bits());
    assert!(joint.standard_error(1, 1).is_nan());
    let why: Vec<&Error> = joint.refused().map(|(_, error)| error).collect();
    assert!(why.iter().any(|error| matches!(error, Error::Count { found: 5, most: 1, .. })), "{why:?}");
    assert!(why.len() == 2 && joint.selections()[0].is_ok());
    // No group at all, a grid that cannot grow for all, a rule that one group has no error for.
    let one = Groups::new(&(0..80).collect::<Vec<usize>>());
    assert!(matches!(choice.fit_groups_jointly(&x, &y, &one), Err(Error::Count { found: 5, .. })));
    let growing = choice.clone().extend(1).fit_groups_jointly(&x, &y, &groups);
    assert!(matches!(growing, Err(Error::Conflict { .. })));
    let alone = choice.rule(Rule::OneStandardError).fit_groups_jointly(&x, &y, &groups);
    assert!(matches!(alone, Err(Error::NoStandardError { .. })));
}

#[test]
fn a_lambda_that_one_group_has_no_score_for_is_not_chosen() {
    // In the second group the features are equal, so that λ = 0 has no answer there.
    let (mut x, y) = regression(42, 60, 2, 1);
    let labels: Vec<usize> = (0..60).map(|row| row % 2).collect();
    (0..60).filter(|row| row % 2 == 1).for_each(|row| x[(row, 1)] = x[(row, 0)]);
    let choice = CrossValidation::new(Ridge::new().lambdas([100.0, 0.0]));
    let joint = choice.fit_groups_jointly(&x, &y, &Groups::new(&labels)).unwrap();
    assert_eq!(joint.scored(), 2);
    assert!(joint.mean(1, 0).is_nan() && joint.choice(0).index == 0);
    assert_eq!(joint.selections()[0].as_ref().unwrap().choice(0).best, 1);
}

#[test]
fn scores_of_groups_in_other_units_have_their_mean() {
    // Squares of the targets of one group are beyond the range of f64: only a mean in units of the largest says anything.
    let (x, y) = regression(43, 40, 2, 1);
    let labels: Vec<usize> = (0..40).map(|row| row % 2).collect();
    let unit = 2f64.powi(540);
    let large = DMatrix::from_fn(40, 1, |row, _| if row % 2 == 1 { unit * y[(row, 0)] } else { y[(row, 0)] });
    let choice = CrossValidation::new(Ridge::new().lambdas([1.0, 0.1, 0.01])).score(Score::Rmse);
    let joint = choice.fit_groups_jointly(&x, &large, &Groups::new(&labels)).unwrap();
    let rows: Vec<usize> = (0..40).filter(|row| row % 2 == 1).collect();
    let alone = choice.fit(&x.select_rows(&rows), &y.select_rows(&rows)).unwrap();
    for index in 0..3 {
        assert!((joint.mean(index, 0) / unit * 2.0 / alone.mean(index, 0) - 1.0).abs() < 1e-10);
    }
    assert_eq!(joint.choice(0).index, alone.choice(0).index);
    assert_eq!(joint.better(), Better::Lower);
}

#[test]
fn windows_and_problems_are_chosen_as_their_rows_alone() {
    let (m, t) = (70, 2);
    let (x, y) = regression(44, m, 3, t);
    let weights = Random::new(5).weights(m);
    let labels: Vec<usize> = (0..m).map(|row| row * row % 3).collect();
    let ridge = || Ridge::new().backend(Backend::Cpu).lambdas([1.0, 0.1]);
    let words = |own: &Selection| format!("{:?}, {:?}", own.choice(0), own.choice(1));
    let windows = Windows::rolling(30, 13);
    let choice = |ridge: Ridge, rows: std::ops::Range<usize>| {
        CrossValidation::new(ridge.weights(&weights[rows.clone()])).folds(Folds::Given(labels[rows].to_vec()))
    };
    let all = choice(ridge(), 0..m);
    let found = all.fit_windows(&x, &y, &windows).unwrap();
    let ranges = windows.ranges(m).unwrap();
    let rows = |range: &std::ops::Range<usize>| {
        let rows: Vec<usize> = range.clone().collect();
        (x.select_rows(&rows), y.select_rows(&rows))
    };
    let alone: Vec<Selection> = ranges
        .iter()
        .map(|range| {
            let (x, y) = rows(range);
            choice(ridge(), range.clone()).fit(&x, &y).unwrap()
        })
        .collect();
    assert_eq!(found.len(), ranges.len());
    for (found, alone) in found.iter().map(|own| own.as_ref().unwrap()).zip(&alone) {
        assert_eq!((found.path(), words(found)), (alone.path(), words(alone)));
    }
    let joint = all.fit_windows_jointly(&x, &y, &windows).unwrap();
    assert_mean(&joint, &alone, Rule::Best, false, "windows");

    let parts: Vec<(DMatrix<f64>, DMatrix<f64>)> = ranges.iter().map(rows).collect();
    let problem = |(number, (x, y)): (usize, &'_ (DMatrix<f64>, DMatrix<f64>))| -> Selection {
        CrossValidation::new(ridge().weights(&weights[number..number + 30])).leave_one_out().fit(x, y).unwrap()
    };
    let problems: Vec<Problem<'_>> = parts
        .iter()
        .enumerate()
        .map(|(number, (x, y))| Problem::new(x, y).unwrap().with_weights(&weights[number..number + 30]).unwrap())
        .collect();
    let each: Vec<Selection> = parts.iter().enumerate().map(problem).collect();
    // The weights of the solver are not those of the problems.
    let choice = CrossValidation::new(ridge().weights([1.0])).leave_one_out();
    for (found, alone) in choice.fit_many(&problems).unwrap().iter().map(|own| own.as_ref().unwrap()).zip(&each) {
        assert_eq!((found.path(), words(found)), (alone.path(), words(alone)));
    }
    assert_mean(&choice.fit_many_jointly(&problems).unwrap(), &each, Rule::Best, false, "problems");
    assert!(matches!(choice.fit_many(&[]), Err(Error::Count { found: 0, .. })));
    let days: Vec<f64> = (0..m).map(|row| if row < 35 { row as f64 } else { row as f64 + 40.0 }).collect();
    let windows = Windows::rolling_time(&days, 10.0, 10.0);
    let found = CrossValidation::new(ridge()).leave_one_out().fit_windows(&x, &y, &windows).unwrap();
    assert!(matches!(found[5], Err(Error::Empty { .. })), "{:?}", found[5].as_ref().err());
    assert!(found[0].is_ok());
}
