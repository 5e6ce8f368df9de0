//! A λ for each of many groups.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::DMatrix;
use ridgepath::choose::{Criterion, Scheme};
use ridgepath::{Backend, CrossValidation, Error, Folds, Groups, Ridge, Selection};

use crate::support::{Random, regression};

fn picked(matrix: &DMatrix<f64>, rows: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), matrix.ncols(), |i, j| matrix[(rows[i], j)])
}

#[test]
fn what_is_chosen_for_a_group_is_what_is_chosen_for_its_rows_alone() {
    let (m, n) = (120, 3);
    let (x, y) = regression(12, m, n, 2);
    let weights = Random::new(4).weights(m);
    let labels: Vec<usize> = (0..m).map(|row| (row * 5 + row / 7) % 4).collect();
    let of_folds: Vec<usize> = (0..m).map(|row| row * row % 3).collect();
    let groups = Groups::new(&labels);
    let schemes = [
        Scheme::Folds(Folds::Shuffled { folds: 3, seed: 2 }),
        Scheme::Folds(Folds::Given(of_folds.clone())),
        Scheme::Folds(Folds::Grouped { folds: 2, groups: of_folds.clone() }),
        Scheme::Folds(Folds::RollingOrigin(3)),
        Scheme::LeaveOneOut,
        Scheme::Criterion(Criterion::Gcv),
    ];
    for scheme in schemes {
        let ridge = Ridge::new().backend(Backend::Cpu).lambdas([1.0, 0.1, 0.01]);
        let chosen = CrossValidation::new(ridge.clone().weights(weights.clone())).scheme(scheme.clone());
        let chosen = chosen.per_target(true).fit_groups(&x, &y, &groups).unwrap();
        assert_eq!(chosen.len(), groups.len());
        for (group, found) in chosen.into_iter().enumerate() {
            let rows = groups.rows(group);
            let of = |all: &[usize]| rows.iter().map(|row| all[*row]).collect::<Vec<_>>();
            let own = match &scheme {
                Scheme::Folds(Folds::Given(all)) => Scheme::Folds(Folds::Given(of(all))),
                Scheme::Folds(Folds::Grouped { folds, groups }) => {
                    Scheme::Folds(Folds::Grouped { folds: *folds, groups: of(groups) })
                }
                other => other.clone(),
            };
            let weights: Vec<f64> = rows.iter().map(|row| weights[*row]).collect();
            let alone = CrossValidation::new(ridge.clone().weights(weights)).scheme(own).per_target(true);
            let alone = alone.fit(&picked(&x, rows), &picked(&y, rows));
            match (found, alone) {
                (Ok(found), Ok(alone)) => {
                    assert_eq!(found.path(), alone.path(), "{scheme:?}, group {group}");
                    // In words, in which NaN is NaN: a criterion has no standard error.
                    let choices = |own: &Selection| format!("{:?}, {:?}", own.choice(0), own.choice(1));
                    assert_eq!(choices(&found), choices(&alone), "{scheme:?}, group {group}");
                }
                (Err(found), Err(alone)) => assert_eq!(found, alone),
                (found, alone) => panic!("{scheme:?}, group {group}: {found:?}, alone {alone:?}"),
            }
        }
    }
}

#[test]
fn a_group_of_which_nothing_can_be_chosen_says_why_and_arguments_are_everybodys() {
    let (x, y) = regression(13, 40, 2, 1);
    let labels: Vec<usize> = (0..40).map(|row| if row == 7 { 1 } else { 0 }).collect();
    let groups = Groups::new(&labels);
    let told = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&told);
    let ridge = Ridge::new().lambdas([1.0, 0.1]).on_progress(move |done, total| {
        assert!(done <= total);
        counted.fetch_max(done, Ordering::Relaxed);
    });
    let chosen = CrossValidation::new(ridge).fit_groups(&x, &y, &groups).unwrap();
    assert!(chosen[0].is_ok());
    assert!(matches!(chosen[1], Err(Error::Count { found: 5, .. })), "{:?}", chosen[1]);
    assert_eq!(told.load(Ordering::Relaxed), 4);
    let mut broken = x.clone();
    broken[(9, 1)] = f64::NAN;
    let chosen = CrossValidation::new(Ridge::new()).leave_one_out().fit_groups(&broken, &y, &groups).unwrap();
    assert!(matches!(chosen[0], Err(Error::NonFinite { row: 9, column: 1, .. })), "{:?}", chosen[0]);
    let of = |ridge: Ridge, folds| CrossValidation::new(ridge).folds(folds).fit_groups(&x, &y, &groups).map(|_| ());
    assert!(matches!(of(Ridge::new().lambdas([-1.0]), Folds::Contiguous(2)), Err(Error::InvalidPenalty { .. })));
    assert!(matches!(of(Ridge::new(), Folds::Given(vec![0; 39])), Err(Error::Shape { found: 39, wanted: 40, .. })));
}
