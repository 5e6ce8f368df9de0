//! Moments: sums that add up.

use approx::assert_relative_eq;
use nalgebra::DMatrix;
use ridgepath::{Error, Moments, Problem, Ridge};

use crate::support::{Random, regression};

#[track_caller]
fn assert_same(a: &Moments, b: &Moments, tolerance: f64) {
    assert_eq!((a.rows(), a.features(), a.targets()), (b.rows(), b.features(), b.targets()));
    assert_relative_eq!(a.weight_sum(), b.weight_sum(), max_relative = tolerance);
    for j in 0..a.features() {
        assert_relative_eq!(a.mean_x(j), b.mean_x(j), max_relative = tolerance, epsilon = 1e-15);
        for i in 0..a.features() {
            let size = (b.gram(i, i) * b.gram(j, j)).sqrt();
            assert!((a.gram(i, j) - b.gram(i, j)).abs() <= tolerance * size, "({i}, {j})");
        }
        for target in 0..a.targets() {
            let size = (b.gram(j, j) * b.sum_of_squares(target)).sqrt();
            assert!((a.cross(j, target) - b.cross(j, target)).abs() <= tolerance * size);
        }
    }
}

#[test]
fn pushing_chunks_of_rows_equals_all_rows_at_once() {
    let (x, y) = regression(23, 1000, 12, 2);
    let weights = Random::new(3).weights(1000);
    let mut whole = Moments::new(12, 2);
    whole.push(&Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap()).unwrap();
    for size in [1, 7, 333, 999] {
        let mut summed = Moments::new(12, 2);
        for start in (0..1000).step_by(size) {
            let count = size.min(1000 - start);
            let (x, y) = (x.rows(start, count).into_owned(), y.rows(start, count).into_owned());
            let problem = Problem::new(&x, &y).unwrap().with_weights(&weights[start..start + count]).unwrap();
            summed.push(&problem).unwrap();
        }
        assert_same(&summed, &whole, 1e-13);
    }
}

#[test]
fn merging_is_symmetric() {
    let (x, y) = regression(29, 90, 4, 1);
    let part = |start, count| {
        let (x, y) = (x.rows(start, count).into_owned(), y.rows(start, count).into_owned());
        let mut moments = Moments::new(4, 1);
        moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
        moments
    };
    let (a, b) = (part(0, 30), part(30, 60));
    let (mut ab, mut ba) = (a.clone(), b.clone());
    ab.merge(&b).unwrap();
    ba.merge(&a).unwrap();
    assert_same(&ab, &ba, 1e-14);
}

#[test]
fn a_large_offset_costs_no_digits() {
    let (x, y) = regression(31, 200, 3, 1);
    let x = x.map(|v| (v * 1024.0).round() / 1024.0); // exact beside 1e8
    let moments = |x: &DMatrix<f64>| {
        let mut moments = Moments::new(3, 1);
        moments.push(&Problem::new(x, &y).unwrap()).unwrap();
        moments
    };
    let (plain, offset) = (moments(&x), moments(&x.add_scalar(1e8)));
    for j in 0..3 {
        for i in 0..3 {
            assert_relative_eq!(plain.gram(i, j), offset.gram(i, j), max_relative = 1e-12, epsilon = 1e-12);
        }
    }
}

#[test]
fn the_mean_of_values_that_cancel_keeps_its_digits() {
    // Whole numbers of 40 bits, but for the first, which leaves a sum of 7.
    let mut random = Random::new(29);
    let mut x = random.matrix(50, 1).map(|value| (value * 2f64.powi(40)).round());
    x[0] = 7.0 - x.rows(1, 49).iter().sum::<f64>();
    let mut moments = Moments::new(1, 1);
    moments.push(&Problem::new(&x, &x).unwrap()).unwrap();
    assert_relative_eq!(moments.mean_x(0), 7.0 / 50.0, max_relative = 4.0 * f64::EPSILON);
}

#[test]
fn a_constant_column_has_exactly_zero_moments_in_any_chunks() {
    let (mut x, y) = regression(37, 60, 3, 1);
    x.column_mut(1).fill(0.1);
    let mut moments = Moments::new(3, 1);
    for start in (0..60).step_by(7) {
        let count = 7.min(60 - start);
        let (x, y) = (x.rows(start, count).into_owned(), y.rows(start, count).into_owned());
        moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
    }
    for j in 0..3 {
        assert_eq!(moments.gram(1, j), 0.0);
    }
    assert_eq!((moments.cross(1, 0), moments.mean_x(1)), (0.0, 0.1));
}

#[test]
fn moments_of_other_sizes_do_not_merge() {
    let error = Moments::new(3, 1).merge(&Moments::new(2, 1)).unwrap_err();
    assert!(matches!(error, Error::Shape { found: 2, wanted: 3, .. }), "{error}");
    let error = Moments::new(3, 1).merge(&Moments::new(3, 2)).unwrap_err();
    assert!(matches!(error, Error::Shape { found: 2, wanted: 1, .. }), "{error}");
}

#[test]
fn moments_alone_give_the_path_of_their_rows() {
    let (x, y) = regression(41, 80, 6, 2);
    let mut moments = Moments::new(6, 2);
    moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
    let ridge = Ridge::new().alphas([0.1, 10.0]);
    let (alone, rows) = (ridge.fit_moments(&moments).unwrap(), ridge.fit(&x, &y).unwrap());
    for (k, target) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let apart = crate::support::distance(alone.coefficients(k, target), rows.coefficients(k, target));
        assert!(apart <= alone.error_bound(k, target) && apart < 1e-13, "{apart:e}");
    }
    let error = ridge.fit_moments(&Moments::new(6, 2)).unwrap_err();
    assert!(matches!(error, Error::ZeroWeights { .. }), "{error}");
}

#[test]
fn sizes_that_no_memory_holds_are_refused() {
    for (features, targets) in
        [(usize::MAX, 1), (1, usize::MAX), (usize::MAX, usize::MAX), (1 << 32, 1), (0, usize::MAX)]
    {
        let error = Moments::try_new(features, targets).unwrap_err();
        assert!(matches!(error, Error::Overflow { what: "the size of the moments", .. }), "{error}");
    }
    assert_eq!(Moments::try_new(3, 2).unwrap(), Moments::new(3, 2));
}

#[test]
fn more_rows_or_weight_than_can_be_counted_are_refused_and_change_nothing() {
    let sum = |weights: &[f64]| {
        let mut moments = Moments::new(1, 1);
        let problem = Problem::new(&[1.0, 2.0, 4.0], &[3.0, 5.0, 8.0]).unwrap();
        moments.push(&problem.with_weights(weights).unwrap()).unwrap();
        moments
    };
    for (weight, wanted) in [(1.0, "the number of rows"), (1e307, "the sum of the weights")] {
        let mut moments = sum(&[weight; 3]);
        let error = (0..70).find_map(|_| {
            let before = moments.clone();
            let error = moments.merge(&before).err();
            assert!(error.is_none() || moments == before);
            error
        });
        assert!(matches!(error, Some(Error::Overflow { what, .. }) if what == wanted), "{error:?}");
        assert!((moments.mean_x(0) - 7.0 / 3.0).abs() < 1e-14);
    }
}
