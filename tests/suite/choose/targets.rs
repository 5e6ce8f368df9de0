//! A λ for each target where targets have gaps.

use nalgebra::DMatrix;
use ridgepath::choose::Criterion;
use ridgepath::{Backend, CrossValidation, Error, Folds, Ridge, Selection, TargetPatterns};

use crate::support::{Random, regression};

fn with_gaps(m: usize, n: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let (x, mut y) = regression(11, m, n, 4);
    for row in (0..m).filter(|row| row % 5 == 1) {
        y[(row, 0)] = f64::NAN;
        y[(row, 3)] = f64::NAN;
    }
    (x, y)
}

fn picked(matrix: &DMatrix<f64>, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), columns.len(), |i, j| matrix[(rows[i], columns[j])])
}

#[test]
fn each_target_has_what_is_chosen_on_the_rows_in_which_it_has_values() {
    let (m, n) = (120, 4);
    let (x, y) = with_gaps(m, n);
    let labels: Vec<usize> = (0..m).map(|row| row * 7 % 4).collect();
    let weights = Random::new(5).weights(m);
    let ridge = Ridge::new().backend(Backend::Cpu).weights(weights.clone());
    let schemes: [fn(CrossValidation, Vec<usize>) -> CrossValidation; 4] = [
        |own, _| own.folds(Folds::Shuffled { folds: 4, seed: 3 }),
        |own, labels| own.folds(Folds::Given(labels)),
        |own, _| own.leave_one_out(),
        |own, _| own.criterion(Criterion::Gcv),
    ];
    let patterns = TargetPatterns::of(&y);
    assert_eq!(patterns.len(), 2);
    for (number, scheme) in schemes.iter().enumerate() {
        let chosen = scheme(CrossValidation::new(ridge.clone()), labels.clone()).fit_targets(&x, &y).unwrap();
        assert_eq!(chosen.iter().filter(|own| own.is_ok()).count(), 4);
        for pattern in 0..patterns.len() {
            let (rows, targets) = (patterns.rows(pattern), patterns.targets(pattern));
            let of_rows = |row: &usize| weights[*row];
            let alone = ridge.clone().weights(rows.iter().map(of_rows).collect::<Vec<f64>>());
            let labels = rows.iter().map(|row| labels[*row]).collect();
            let alone = scheme(CrossValidation::new(alone), labels).per_target(true);
            let alone = alone.fit(&picked(&x, rows, &[0, 1, 2, 3]), &picked(&y, rows, targets)).unwrap();
            for (at, target) in targets.iter().enumerate() {
                let own = chosen[*target].as_ref().unwrap();
                let [found, wanted] = [own.choice(0), alone.choice(at)]
                    .map(|own| (own.index, own.best, own.lambda, own.score, own.standard_error.to_bits()));
                assert_eq!(found, wanted, "scheme {number}");
                assert_eq!((own.path().targets(), own.path().len()), (1, alone.path().len()));
                assert_eq!((own.folds(), own.path().rows()), (alone.folds(), rows.len()));
                for k in 0..own.path().len() {
                    let of = |own: &Selection, target: usize| {
                        let folds = (0..own.folds()).map(|fold| own.fold_score(k, target, fold));
                        let figures = [own.mean(k, target), own.standard_error(k, target), own.path().rss(k, target)];
                        folds.chain(figures).map(f64::to_bits).collect::<Vec<_>>()
                    };
                    assert_eq!(of(own, 0), of(&alone, at), "scheme {number}");
                }
                assert_eq!((own.coefficients(0), own.intercept(0)), (alone.coefficients(at), alone.intercept(at)));
            }
        }
    }
}

#[test]
fn a_target_of_which_nothing_can_be_chosen_spoils_no_other() {
    let (m, n) = (60, 3);
    let (x, mut y) = with_gaps(m, n);
    y[(2, 1)] = f64::NEG_INFINITY;
    // Too few rows for five folds; four of target 3's pattern are left.
    (5..m).for_each(|row| y[(row, 2)] = f64::NAN);
    y[(3, 2)] = f64::NAN;
    let chosen = CrossValidation::new(Ridge::new()).fit_targets(&x, &y).unwrap();
    assert_eq!(chosen.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
    let why = chosen[1].as_ref().unwrap_err().to_string();
    assert_eq!(why, "Y[row 2, column 1] is -inf; a finite number is needed");
    let labels = CrossValidation::new(Ridge::new()).folds(Folds::Given(vec![0; m - 1])).fit_targets(&x, &y);
    assert!(matches!(labels, Err(Error::Shape { .. })), "{labels:?}");
}
