//! Rows as they are squared: centred, scaled, and without what counts for nothing.

use ridgepath::cpu::gram::gram;
use ridgepath::{Framed, Problem, View};

use crate::support::{Random, regression};

/// 2^`e`, of a normal number.
fn power(e: i32) -> f64 {
    2f64.powi(e)
}

#[test]
fn parts_of_a_column_have_the_numbers_of_the_whole_whatever_the_layout_and_the_type() {
    let (m, n) = (1000, 5);
    let single: Vec<f32> = Random::new(1).matrix(m, n).iter().map(|value| *value as f32).collect();
    let double: Vec<f64> = single.iter().map(|value| f64::from(*value)).collect();
    let turned: Vec<f64> = (0..m * n).map(|at| double[at % n * m + at / n]).collect();
    let y = Random::new(2).weights(m);
    let weights = Random::new(3).weights(m);
    let views = [
        View::column_major(&double, m, n).unwrap(),
        View::row_major(&turned, m, n).unwrap(),
        View::column_major(&single, m, n).unwrap(),
    ];
    let problem = |x| Problem::new(x, &y).unwrap().with_weights(&weights).unwrap();
    let first = Framed::centred(&problem(views[0])).unwrap();
    for rows in views.map(|x| Framed::centred(&problem(x)).unwrap()) {
        assert_eq!(rows.exponents(), first.exponents());
        for j in 0..=n {
            let whole = first.column(0..m, j);
            assert!(whole.iter().all(|value| value.abs() <= 2.0) && whole.iter().any(|value| value.abs() >= 1.0));
            for size in [1, 31, 256, 257, m] {
                let parts = (0..m).step_by(size).map(|start| start..m.min(start + size));
                let wide: Vec<f64> =
                    parts.clone().flat_map(|part| rows.column_wide(part, j)).map(|(high, _)| high).collect();
                assert_eq!(parts.flat_map(|part| rows.column(part, j)).collect::<Vec<f64>>(), whole);
                // Rounded once instead of twice.
                assert!(wide.iter().zip(&whole).all(|(wide, own)| (wide - own).abs() <= 2.0 * f64::EPSILON));
            }
            assert!(rows.column(m..m, j).is_empty());
        }
    }
}

#[test]
fn sums_are_those_of_the_columns() {
    let (x, y) = regression(4, 700, 6, 2);
    let weights = Random::new(5).weights(700);
    let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let rows = Framed::centred(&problem).unwrap();
    let moments = gram::<f64>(&problem).unwrap();
    let sum = |i: usize, j: usize| {
        let (left, right) = (rows.column(0..700, i), rows.column(0..700, j));
        let sum: f64 = (0..700).map(|row| weights[row] * left[row] * right[row]).sum();
        sum * power(rows.exponents()[i] + rows.exponents()[j])
    };
    let near = |found: f64, wanted: f64| assert!((found - wanted).abs() <= 1e-12 * 700.0, "{found} {wanted}");
    for i in 0..6 {
        (0..6).for_each(|j| near(moments.gram(i, j), sum(i, j)));
        (0..2).for_each(|target| near(moments.cross(i, target), sum(i, 6 + target)));
    }
    (0..2).for_each(|target| near(moments.sum_of_squares(target), sum(6 + target, 6 + target)));
}

#[test]
fn a_constant_column_is_exactly_zero_once_centred() {
    let weights: Vec<f64> = (0..40).map(|row| [0.1, 3e200, 0.0, 7.0][row % 4]).collect();
    for constant in [0.0, 0.1, -1e9 - 0.1, 1e300, f64::MAX, 5e-324] {
        let x = vec![constant; 40];
        let problem = Problem::new(&x, &x).unwrap();
        for problem in [problem.clone(), problem.with_weights(&weights).unwrap()] {
            let rows = Framed::centred(&problem).unwrap();
            assert_eq!(rows.column(0..40, 0), [0.0; 40], "{constant}");
            assert_eq!(rows.column_wide(0..40, 1), [(0.0, 0.0); 40], "{constant}");
        }
    }
}

#[test]
fn rows_of_weight_0_are_zero_however_far_away_and_count_for_nothing() {
    let mut x = Random::new(6).weights(60);
    let kept: Vec<f64> = x.iter().copied().step_by(2).collect();
    x.iter_mut().skip(1).step_by(4).for_each(|value| *value = f64::MAX);
    x.iter_mut().skip(3).step_by(4).for_each(|value| *value = -f64::MAX);
    let weights: Vec<f64> = (0..60).map(|row| f64::from(u8::from(row % 2 == 0))).collect();
    let all = Problem::new(&x, &x).unwrap();
    assert_eq!(Framed::centred(&all).unwrap().exponents(), [1023; 2]);
    let all = all.with_weights(&weights).unwrap();
    let alone = Problem::new(&kept, &kept).unwrap();
    for (rows, alone) in [
        (Framed::centred(&all).unwrap(), Framed::centred(&alone).unwrap()),
        (Framed::scaled(&all), Framed::scaled(&alone)),
    ] {
        assert_eq!(rows.exponents(), alone.exponents());
        let (found, wanted) = (rows.column_wide(0..60, 1), alone.column_wide(0..30, 1));
        for row in 0..30 {
            let ((high, low), (wanted, wanted_low)) = (found[2 * row], wanted[row]);
            assert!(((high - wanted) + (low - wanted_low)).abs() <= 1e-30, "{row}");
            assert_eq!(found[2 * row + 1], (0.0, 0.0));
            assert_eq!(rows.column(2 * row + 1..2 * row + 2, 0), [0.0]);
        }
    }
}

#[test]
fn rows_that_are_not_centred_are_their_values_in_other_units() {
    let x = [3e-320, -1e-310, 2e-315];
    let y = [1e308, -3.0, 0.0];
    let rows = Framed::scaled(&Problem::new(&x, &y).unwrap());
    let (found, unit) = (rows.column_wide(0..3, 1), rows.exponents()[1]);
    assert_eq!(found, [(y[0] * power(-unit), 0.0), (-3.0 * power(-unit), 0.0), (0.0, 0.0)]);
    let subnormal = rows.column(0..3, 0);
    assert!((0..3).all(|row| subnormal[row] * power(rows.exponents()[0]) == x[row]), "{subnormal:?}");
}

/// Whole numbers below 2^40 with whole weights, of which W(x − x̄) = Wx − Σsx is one too.
#[test]
fn twice_the_digits_agree_with_exact_arithmetic() {
    const BITS: i32 = 70;
    let mut random = Random::new(7);
    for (m, far) in [(3, 0.0), (100, 0.0), (20_000, 1e12)] {
        let x: Vec<f64> = (0..m).map(|_| (random.next() * power(40)).round() + far).collect();
        let weights: Vec<f64> = (0..m).map(|_| (random.next() * 4.0).abs().round()).collect();
        let problem = Problem::new(&x, &x).unwrap().with_weights(&weights).unwrap();
        let rows = Framed::centred(&problem).unwrap();
        let whole = |values: &[f64]| values.iter().map(|value| *value as i128).collect::<Vec<i128>>();
        let (values, own) = (whole(&x), whole(&weights));
        let total: i128 = own.iter().sum();
        let sum: i128 = values.iter().zip(&own).map(|(value, s)| value * s).sum();
        let by = power(rows.exponents()[0] + BITS);
        let mut low_counts = false;
        for (row, (high, low)) in rows.column_wide(0..m, 0).into_iter().enumerate().filter(|(row, _)| own[*row] > 0) {
            let found = (high * by) as i128 + (low * by) as i128;
            // (x − x̄)·2^BITS to the nearest whole number or so.
            let away = values[row] * total - sum;
            let wanted = ((away / total) << BITS) + ((away % total) << BITS) / total;
            assert!((found - wanted).abs() <= 1 << (BITS + 40 - 100), "{m} rows, {row}: {}", found - wanted);
            low_counts |= low != 0.0;
        }
        assert!(low_counts, "of {m} rows");
    }
}
