//! Folds: every scheme's rows, and what cannot be parted.

use ridgepath::choose::Split;
use ridgepath::{Error, Folds};

fn tests(folds: &Folds, rows: usize) -> Vec<Vec<usize>> {
    folds.splits(rows).unwrap().into_iter().map(|split| split.test).collect()
}

#[test]
fn contiguous_folds_follow_the_rows_and_the_first_are_longer() {
    assert_eq!(tests(&Folds::Contiguous(3), 8), [vec![0, 1, 2], vec![3, 4, 5], vec![6, 7]]);
    let splits = Folds::Contiguous(2).splits(3).unwrap();
    assert_eq!(splits[0], Split { train: vec![2], test: vec![0, 1] });
    assert_eq!(splits[1], Split { train: vec![0, 1], test: vec![2] });
}

#[test]
fn every_row_is_held_out_once_in_each_repeat_and_never_trained_on_then() {
    let schemes = [
        (Folds::Contiguous(4), 1),
        (Folds::Shuffled { folds: 4, seed: 9 }, 1),
        (Folds::Repeated { folds: 4, repeats: 3, seed: 9 }, 3),
        (Folds::Grouped { folds: 4, groups: (0..30).map(|row| row * row % 11).collect() }, 1),
        (Folds::Given((0..30).map(|row| row % 4).collect()), 1),
    ];
    for (folds, repeats) in schemes {
        let splits = folds.splits(30).unwrap();
        assert_eq!(splits.len(), 4 * repeats, "{folds:?}");
        let mut held_out = vec![0; 30];
        for Split { train, test } in &splits {
            test.iter().for_each(|row| held_out[*row] += 1);
            let mut both = [train.clone(), test.clone()].concat();
            both.sort_unstable();
            assert_eq!(both, (0..30).collect::<Vec<_>>(), "{folds:?}");
        }
        assert!(held_out.iter().all(|count| *count == repeats), "{folds:?}");
    }
}

#[test]
fn a_seed_makes_the_same_folds_for_ever() {
    let found = tests(&Folds::Shuffled { folds: 3, seed: 42 }, 10);
    assert_eq!(found, [vec![3, 5, 6, 8], vec![0, 4, 9], vec![1, 2, 7]], "as worked out apart, in Python");
    let repeated = tests(&Folds::Repeated { folds: 3, repeats: 2, seed: 42 }, 10);
    assert_eq!(repeated[..3], found, "the first repeat is the shuffled one");
    assert_ne!(repeated[3..], found);
    assert_ne!(tests(&Folds::Shuffled { folds: 3, seed: 43 }, 10), found);
}

#[test]
fn groups_stay_together_the_largest_first() {
    // Sizes 1, 4, 2, 3 of the labels 7, 1, 5, 0.
    let groups = vec![7, 1, 1, 1, 1, 5, 5, 0, 0, 0];
    let found = tests(&Folds::Grouped { folds: 2, groups }, 10);
    assert_eq!(found, [vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9]]);
}

#[test]
fn given_folds_are_in_the_order_of_their_labels() {
    let found = tests(&Folds::Given(vec![5, 2, 5, 9, 2]), 5);
    assert_eq!(found, [vec![1, 4], vec![0, 2], vec![3]]);
}

#[test]
fn a_rolling_origin_trains_on_the_past_alone() {
    // As TimeSeriesSplit(n_splits=3) of scikit-learn has it for 11 rows.
    let splits = Folds::RollingOrigin(3).splits(11).unwrap();
    let wanted = [(0..5, 5..7), (0..7, 7..9), (0..9, 9..11)];
    for (split, (train, test)) in splits.iter().zip(wanted) {
        assert_eq!((&split.train, &split.test), (&train.collect(), &test.collect()));
    }
    assert_eq!(splits.len(), 3);
}

#[test]
fn folds_that_cannot_be_are_refused() {
    let refused = |folds: Folds| folds.splits(5).unwrap_err();
    let error = refused(Folds::Contiguous(6));
    assert_eq!(error, Error::Count { what: "folds of rows", found: 6, least: 2, most: 5 });
    assert_eq!(error.to_string(), "folds of rows: found 6, wanted 2 or more, and 5 at most");
    assert!(matches!(refused(Folds::Contiguous(1)), Error::Count { found: 1, .. }));
    assert!(matches!(refused(Folds::Shuffled { folds: 0, seed: 0 }), Error::Count { found: 0, .. }));
    let repeated = Folds::Repeated { folds: 2, repeats: 0, seed: 0 };
    assert!(matches!(refused(repeated), Error::Count { what: "repeats", .. }));
    let grouped = Folds::Grouped { folds: 3, groups: vec![1, 1, 2, 2, 2] };
    assert_eq!(refused(grouped), Error::Count { what: "folds of groups", found: 3, least: 2, most: 2 });
    let few = Folds::Grouped { folds: 2, groups: vec![1, 2] };
    assert_eq!(refused(few), Error::Shape { what: "groups against rows of X", found: 2, wanted: 5 });
    assert!(matches!(refused(Folds::Given(vec![3; 5])), Error::Count { found: 1, .. }));
    assert!(matches!(refused(Folds::Given(vec![])), Error::Shape { .. }));
    assert!(matches!(refused(Folds::RollingOrigin(5)), Error::Count { found: 5, most: 4, .. }));
}

#[test]
fn numbers_of_folds_repeats_and_rows_that_cannot_be_are_refused() {
    let most = usize::MAX;
    let shuffled = |folds| Folds::Shuffled { folds, seed: 1 };
    let repeated = |folds, repeats| Folds::Repeated { folds, repeats, seed: 1 };
    for folds in [Folds::Contiguous(most), shuffled(most), repeated(most, most), Folds::RollingOrigin(most)] {
        assert!(matches!(folds.splits(10), Err(Error::Count { .. })), "{folds:?}");
        assert!(folds.splits(most).is_err(), "{folds:?}");
    }
    for folds in [Folds::Contiguous(2), shuffled(2), repeated(2, 1), Folds::RollingOrigin(2)] {
        assert!(matches!(folds.splits(most), Err(Error::Overflow { .. })), "{folds:?}");
    }
    for repeats in [1_000_000_000_000, most] {
        let error = repeated(3, repeats).splits(12).unwrap_err();
        assert_eq!(error, Error::Count { what: "repeats", found: repeats, least: 1, most: 33_333 });
    }
    assert_eq!(repeated(3, 33_333).splits(12).unwrap().len(), 99_999);
}
