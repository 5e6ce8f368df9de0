//! Sizes, offsets and weights far apart: what rounding must not take, and bounds that own up to what it took.

use nalgebra::DMatrix;
use ridgepath::{Backend, Form, Moments, Outcome, Precision, Problem, Ridge};

use crate::support::{distance, regression};

#[test]
fn parts_of_a_column_far_from_zero_or_near_it_add_up() {
    // One row at a time, where every part is constant; 1e8 times the spread away, where means round; and tiny.
    for (offset, scale) in [(1e8, 1.0), (0.0, 1e-200), (1e8, 1e-200), (-1e8, 1e150)] {
        let (x, y) = regression(7, 60, 3, 1);
        let x = x.map(|v| (v + offset) * scale);
        let fitted = |parts: usize| {
            let mut moments = Moments::new(3, 1);
            for start in (0..60).step_by(parts) {
                let (x, y) = (x.rows(start, parts).into_owned(), y.rows(start, parts).into_owned());
                moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
            }
            let path = Ridge::new().alphas([0.5 * scale * scale]).fit_moments(&moments).unwrap();
            path.coefficients(0, 0).iter().map(|w| w * scale).collect::<Vec<_>>()
        };
        let wanted = fitted(60);
        for parts in [1, 2, 20] {
            let apart = distance(&fitted(parts), &wanted);
            assert!(apart <= 1e-13, "{parts} rows a part, {offset:e} spreads off, scale {scale:e}: {apart:e}");
        }
    }
}

#[test]
fn without_an_intercept_a_constant_column_counts_however_small() {
    for value in [1.0, 1e-140, 1e-200, 1e-300, 1e200] {
        let x = DMatrix::from_fn(20, 2, |i, j| if j == 0 { value } else { (i as f64).sin() });
        let y = DMatrix::from_fn(20, 1, |i, _| 3.0 + (i as f64).sin());
        let path = Ridge::new().intercept(false).alphas([0.0]).backend(Backend::Cpu).fit(&x, &y).unwrap();
        assert_eq!(path.outcome(0, 0), Outcome::Solved, "{value:e}");
        let w = path.coefficients(0, 0);
        assert!((w[0] * value - 3.0).abs() < 1e-12 && (w[1] - 1.0).abs() < 1e-12, "{value:e}: {w:?}");
    }
}

#[test]
fn the_bound_knows_of_a_target_that_is_nearly_orthogonal() {
    // Xᵀy keeps 1e-6 of |X|ᵀ|y|: in single precision one digit is left.
    let (x, noise) = regression(9, 200, 3, 1);
    let away = x.clone().insert_column(3, 1.0).qr().q();
    let noise = &noise - &away * away.tr_mul(&noise);
    let y = &x * DMatrix::from_element(3, 1, 1e-6) + noise;
    let ridge = Ridge::new().alphas([0.0]).backend(Backend::Cpu);
    let (single, double) =
        (ridge.clone().precision(Precision::Single).fit(&x, &y).unwrap(), ridge.fit(&x, &y).unwrap());
    let apart = distance(single.coefficients(0, 0), double.coefficients(0, 0));
    assert!(apart <= single.error_bound(0, 0), "{apart:e} > {:e}", single.error_bound(0, 0));
    // The rounding of y itself costs as much as this; sums to twice the digits lose nothing more.
    assert!(distance(double.coefficients(0, 0), &[1e-6; 3]) <= 1e-9);
    assert!(single.error_bound(0, 0) > 1e-2 && double.error_bound(0, 0) < 1e-14);
}

#[test]
fn a_row_however_heavy_leaves_the_others_their_digits() {
    // Row 0 weighs so much that the mean is its value but for 1e-60: Σ s(x − x̄)² is that of the others about it.
    let (x, y) = regression(11, 40, 4, 1);
    let mut weights = vec![1.0; 40];
    weights[7] = 1e60;
    let path = Ridge::new().weights(weights).alphas([0.25]).backend(Backend::Cpu).fit(&x, &y).unwrap();
    let about = |matrix: &DMatrix<f64>| DMatrix::from_fn(40, matrix.ncols(), |i, j| matrix[(i, j)] - matrix[(7, j)]);
    let wanted =
        Ridge::new().intercept(false).alphas([0.25]).backend(Backend::Cpu).fit(&about(&x), &about(&y)).unwrap();
    let apart = distance(path.coefficients(0, 0), wanted.coefficients(0, 0));
    assert!(apart <= 1e-13, "{apart:e}");
}

#[test]
fn weights_of_any_size_give_the_same_path_in_either_precision() {
    let (x, y) = regression(13, 40, 4, 1);
    for (precision, tolerance) in [(Precision::Double, 1e-14), (Precision::Single, 1e-5)] {
        for weight in [1e-300, 1e-80, 1.0, 1e80, 1e290] {
            let ridge = Ridge::new().backend(Backend::Cpu).lambdas([0.1]);
            let plain = ridge.fit(&x, &y).unwrap();
            let path = ridge.precision(precision).weights(vec![weight; 40]).fit(&x, &y).unwrap();
            let apart = distance(path.coefficients(0, 0), plain.coefficients(0, 0));
            assert!(apart <= tolerance, "{weight:e}, {precision}: {apart:e}");
        }
    }
}

#[test]
fn what_no_double_can_hold_is_said_to_be_out_of_range() {
    let (x, y) = regression(41, 20, 2, 2);
    let fit = |of_x: f64, of_y: f64| {
        let mut y = y.clone();
        y.column_mut(1).fill(0.0);
        let ridge = Ridge::new().intercept(false).alphas([0.0]).backend(Backend::Cpu);
        ridge.fit(&(&x * of_x), &(y * of_y)).unwrap()
    };
    for (of_x, of_y) in [(1e-200, 1e200), (1e200, 1e-200)] {
        let path = fit(of_x, of_y);
        assert_eq!(path.outcome(0, 0), Outcome::OutOfRange, "{:?}", path.coefficients(0, 0));
        assert_eq!(path.outcome(0, 1), Outcome::Solved, "zeros are in range");
    }
    assert_eq!(fit(1e-100, 1e100).outcome(0, 0), Outcome::Solved);
}

#[test]
fn a_penalty_too_small_for_a_double_is_not_taken_for_none() {
    let (mut x, y) = regression(43, 20, 3, 1);
    x.column_mut(2).fill(0.0);
    let ridge = Ridge::new().lambdas([5e-324, 0.0]).weights(vec![1e-9; 20]).backend(Backend::Cpu);
    let path = ridge.fit(&x, &y).unwrap();
    assert_eq!(path.outcome(0, 0), Outcome::Solved);
    assert_eq!(path.outcome(1, 0), Outcome::Singular { order: 3 });
}

#[test]
fn moments_whose_means_lie_too_far_apart_do_not_merge() {
    let moments = |value: f64| {
        let mut moments = Moments::new(1, 1);
        moments.push(&Problem::new(&[value, value], &[1.0, 2.0]).unwrap()).unwrap();
        moments
    };
    let mut low = moments(-1.7e308);
    let before = low.clone();
    let error = low.merge(&moments(1.7e308)).unwrap_err();
    assert!(matches!(error, ridgepath::Error::Span { what: "X", column: 0, .. }), "{error}");
    assert_eq!(low, before);
}

#[test]
fn subnormal_columns_are_answered() {
    // Multiples of 2⁻¹⁰⁷⁰, which a power of two brings to the same numbers of ordinary size.
    let (x, y) = regression(47, 14, 2, 1);
    let x = x.map(|value| (value * 1e4).round());
    // In two steps: 1/2¹⁰⁷⁰, as which a compiler that does not optimise computes it, is 0.
    let half = 2f64.powi(-535);
    let tiny = half * half;
    for (form, intercept) in [(Form::Primal, true), (Form::Primal, false), (Form::Dual, true), (Form::Dual, false)] {
        let ridge = Ridge::new().form(form).intercept(intercept).backend(Backend::Cpu);
        let mut small = x.clone();
        small.column_mut(0).scale_mut(half);
        small.column_mut(0).scale_mut(half);
        let path = ridge.clone().alphas([0.5]).fit(&small, &y).unwrap();
        let mut without = x.clone();
        without.column_mut(0).fill(0.0);
        let wanted = ridge.clone().alphas([0.5]).fit(&without, &y).unwrap();
        let (w, other) = (path.coefficients(0, 0), wanted.coefficients(0, 0));
        assert!((w[1] / other[1] - 1.0).abs() < 1e-14, "{form:?}: {w:?}, wanted {other:?}");
        // Cᵀ of what the other column leaves, over the shift.
        let centred = |v: nalgebra::DVector<f64>| if intercept { v.add_scalar(-v.mean()) } else { v };
        let left = centred(y.column(0) - x.column(1) * other[1]);
        let share = centred(x.column(0).into_owned()).dot(&left) / 0.5 * tiny;
        assert!((w[0] / share - 1.0).abs() < 1e-3, "{form:?}: {:e}, wanted {share:e}", w[0]);
    }
}
