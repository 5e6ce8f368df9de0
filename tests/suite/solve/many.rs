//! Groups, windows and replicates: many problems in one call, each with the path that it has alone.

use nalgebra::DMatrix;
use ridgepath::{
    Backend, Error, Groups, Outcome, Paths, Penalty, Problem, Ridge, RidgePath, Standardize, View, Windows,
};

use crate::support::{Random, gpu, regression};

/// Rows of a matrix, together.
fn picked(matrix: &DMatrix<f64>, rows: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), matrix.ncols(), |i, j| matrix[(rows[i], j)])
}

/// Labels of 7 groups of different sizes, in no order.
fn labels(m: usize) -> Vec<u32> {
    (0..m).map(|row| [5, 1, 1, 9, 1, 5, 77, 5, 3, 1, 4, 6, 6][(row * 5 + row / 7) % 13]).collect()
}

fn assert_alone(paths: &Paths, problem: usize, alone: &RidgePath, context: &str) {
    let own = paths.path(problem).unwrap_or_else(|error| panic!("{context}, problem {problem}: {error}"));
    assert!(own == *alone, "{context}, problem {problem} differs from what it is alone");
    for k in 0..alone.len() {
        for target in 0..alone.targets() {
            assert_eq!(paths.coefficients(problem, k, target), alone.coefficients(k, target));
            assert_eq!(paths.intercept(problem, k, target), alone.intercept(k, target));
            assert_eq!(paths.outcome(problem, k, target), Some(alone.outcome(k, target)));
        }
    }
    assert_eq!((paths.lambdas(problem), paths.rows(problem)), (alone.lambdas(), alone.rows()));
}

/// Solvers of every kind of option.
fn solvers(m: usize, n: usize) -> Vec<Ridge> {
    let weights = Random::new(9).weights(m);
    let cpu = Ridge::new().backend(Backend::Cpu);
    vec![
        cpu.clone().lambdas([1.0, 1e-3]),
        cpu.clone().penalty(Penalty::default()),
        cpu.clone().alphas([2.0, 0.0]).intercept(false),
        cpu.clone().alphas([0.5]).weights(weights).standardize(Standardize::Population),
        cpu.clone().lambdas([0.3]).penalty_factors((0..n).map(|j| 1.0 + j as f64).collect::<Vec<_>>()),
        cpu.lambdas([0.3]).prior_mean(vec![0.5; n]),
    ]
}

/// The solver for some of the rows.
fn of_rows(ridge: &Ridge, number: usize, m: usize, rows: &[usize]) -> Ridge {
    let weights = Random::new(9).weights(m);
    match number {
        3 => ridge.clone().weights(rows.iter().map(|row| weights[*row]).collect::<Vec<_>>()),
        _ => ridge.clone(),
    }
}

#[test]
fn each_group_has_the_path_that_it_has_alone_bit_for_bit() {
    let (m, n) = (150, 4);
    let (x, y) = regression(3, m, n, 2);
    let groups = Groups::new(&labels(m));
    assert!(groups.len() > 5);
    for (number, ridge) in solvers(m, n).iter().enumerate() {
        let paths = ridge.fit_groups(&x, &y, &groups).unwrap();
        let along: Vec<f64> = x.transpose().as_slice().to_vec();
        let in_rows = ridge.fit_groups(View::row_major(&along, m, n).unwrap(), &y, &groups).unwrap();
        assert!(in_rows == paths, "solver {number}: the layout of the rows tells");
        assert_eq!((paths.len(), paths.refused().count()), (groups.len(), 0));
        for group in 0..groups.len() {
            let rows = groups.rows(group);
            let alone = of_rows(ridge, number, m, rows).fit(&picked(&x, rows), &picked(&y, rows)).unwrap();
            assert_alone(&paths, group, &alone, &format!("solver {number}"));
        }
    }
}

#[test]
fn on_a_gpu_each_group_has_the_answers_that_it_has_alone_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    // Groups of more features than rows, whose equations are of the other form, are among the second ones.
    let few: Vec<u32> = (0..60).map(|row| if row < 20 { row / 4 } else { row / 20 + 100 }).collect();
    for (m, n, labels) in [(400, 3, labels(400)), (60, 6, few)] {
        let (x, mut y) = regression(5, m, n, 1);
        let groups = Groups::new(&labels);
        let broken = groups.rows(2)[1];
        y[(broken, 0)] = f64::NAN;
        let ridge = Ridge::new().backend(Backend::Gpu).gpu(gpu.clone()).lambdas([1.0, 0.1, 0.01]);
        let paths = ridge.fit_groups(&x, &y, &groups).unwrap();
        assert!(paths.backends().iter().all(|own| own.name == Backend::Gpu));
        assert_eq!(paths.refused().map(|(group, _)| group).collect::<Vec<_>>(), [2]);
        for group in (0..groups.len()).filter(|group| *group != 2) {
            let rows = groups.rows(group);
            let alone = ridge.clone().backend(Backend::Cpu).fit(&picked(&x, rows), &picked(&y, rows)).unwrap();
            for k in 0..3 {
                for (found, wanted) in paths.coefficients(group, k, 0).iter().zip(alone.coefficients(k, 0)) {
                    let bound = 4.0 * alone.error_bound(k, 0) + 1e-13;
                    let context = format!("{m}×{n}, group {group}");
                    assert!((found - wanted).abs() <= bound * wanted.abs().max(1e-3), "{context}: {found}, {wanted}");
                }
            }
        }
    }
}

#[test]
fn a_group_that_cannot_be_fitted_says_why_and_spoils_no_other() {
    let (m, n) = (90, 3);
    let (mut x, mut y) = regression(4, m, n, 1);
    let groups = Groups::new(&labels(m));
    let sound = Ridge::new().lambdas([0.1]).fit_groups(&x, &y, &groups).unwrap();
    let (of_x, of_y) = (groups.rows(1)[2], groups.rows(3)[0]);
    x[(of_x, 2)] = f64::NAN;
    y[(of_y, 0)] = f64::INFINITY;
    let paths = Ridge::new().lambdas([0.1]).fit_groups(&x, &y, &groups).unwrap();
    let why: Vec<(usize, String)> = paths.refused().map(|(group, why)| (group, why.to_string())).collect();
    let wanted = [
        (1, format!("X[row {of_x}, column 2] is NaN; a finite number is needed")),
        (3, format!("Y[row {of_y}, column 0] is inf; a finite number is needed")),
    ];
    assert_eq!(why, wanted);
    assert!(paths.coefficients(1, 0, 0).iter().all(|w| w.is_nan()) && paths.outcome(1, 0, 0).is_none());
    assert!(paths.path(3).is_err() && paths.refusal(3).is_some() && paths.rows(3) == 0);
    for group in (0..groups.len()).filter(|group| ![1, 3].contains(group)) {
        assert_eq!(paths.path(group).unwrap(), sound.path(group).unwrap());
    }
    // One row has a path: its coefficients are 0, and the intercept is its target.
    let alone = Ridge::new().lambdas([0.1]).fit_groups(&x, &y, &Groups::new(&(0..m).collect::<Vec<_>>())).unwrap();
    assert_eq!((alone.len(), alone.coefficients(0, 0, 0)), (m, &[0.0; 3][..]));
    assert_eq!(alone.intercept(0, 0, 0), y[(0, 0)]);
    // Weights that leave nothing are a group's own; those that do not fit are everybody's.
    let mut weights = vec![1.0; m];
    groups.rows(2).iter().for_each(|row| weights[*row] = 0.0);
    let paths = Ridge::new().lambdas([0.1]).weights(weights).fit_groups(&x, &y, &groups).unwrap();
    assert!(matches!(paths.refusal(2), Some(Error::ZeroWeights { .. })));
    let short = Ridge::new().lambdas([0.1]).weights(vec![1.0; m - 1]).fit_groups(&x, &y, &groups);
    assert!(matches!(short, Err(Error::Shape { .. })));
    let negative = Ridge::new().lambdas([-0.1]).fit_groups(&x, &y, &groups);
    assert!(matches!(negative, Err(Error::InvalidPenalty { .. })));
    let labels = Groups::new(&labels(m - 1));
    assert!(matches!(Ridge::new().fit_groups(&x, &y, &labels), Err(Error::Shape { .. })));
}

#[test]
fn each_window_has_the_path_that_its_rows_have_alone() {
    let (m, n) = (60, 3);
    let (x, y) = regression(8, m, n, 1);
    let times: Vec<f64> = (0..m).map(|row| (row as f64).powf(1.3)).collect();
    let windows = [
        Windows::rolling(20, 7),
        Windows::rolling(20, 7).leave_out_last(5),
        Windows::expanding(10, 10),
        Windows::rolling_time(&times, 40.0, 15.0),
    ];
    for windows in windows {
        for (number, ridge) in solvers(m, n).iter().enumerate() {
            let y = if number == 5 { y.clone() } else { y.clone() * 2.0 };
            let paths = ridge.fit_windows(&x, &y, &windows).unwrap();
            let ranges = windows.ranges(m).unwrap();
            assert!(ranges.len() > 3 && paths.len() == ranges.len());
            for (window, rows) in ranges.into_iter().enumerate() {
                let rows: Vec<usize> = rows.collect();
                let alone = of_rows(ridge, number, m, &rows).fit(&picked(&x, &rows), &picked(&y, &rows)).unwrap();
                assert_alone(&paths, window, &alone, &format!("{windows:?}, solver {number}"));
            }
        }
    }
}

#[test]
fn windows_that_cannot_be_are_refused_by_name() {
    let refused = |windows: Windows<'_>| windows.ranges(10).unwrap_err().to_string();
    assert!(refused(Windows::rolling(11, 1)).starts_with("rows of a window: found 11"));
    assert!(refused(Windows::rolling(0, 1)).starts_with("rows of a window: found 0"));
    assert!(refused(Windows::rolling(5, 0)).starts_with("rows from one window to the next: found 0"));
    assert!(refused(Windows::expanding(0, 1)).starts_with("rows of the first window: found 0"));
    let mut times: Vec<f64> = (0..10).map(f64::from).collect();
    assert!(refused(Windows::rolling_time(&times, 0.0, 1.0)).starts_with("the length of a window is 0.0"));
    assert!(refused(Windows::rolling_time(&times, 1.0, f64::NAN)).contains("NaN"));
    assert!(refused(Windows::rolling_time(&times, 1.0, 1e-12)).starts_with("the number of windows"));
    assert!(refused(Windows::rolling_time(&times[..9], 1.0, 1.0)).starts_with("times of rows"));
    times[4] = 2.5;
    assert!(refused(Windows::rolling_time(&times, 1.0, 1.0)).starts_with("the time of a row that comes after"));
    times[4] = f64::INFINITY;
    assert!(refused(Windows::rolling_time(&times, 1.0, 1.0)).starts_with("a time of a row is inf"));
    let longer = Windows::rolling_time(&[0.0, 1.0], 5.0, 1.0).ranges(2).unwrap_err().to_string();
    assert_eq!(longer, "the length of a window is 5.0; at most the time from the first row to the last is needed");
    // A window in a pause holds no row, which is its own affair.
    let paused = [0.0, 1.0, 10.0, 11.0];
    let windows = Windows::rolling_time(&paused, 2.0, 2.0);
    let paths = Ridge::new().fit_windows(&[1.0, 2.0, 3.0, 5.0], &[1.0, 2.0, 3.0, 4.0], &windows).unwrap();
    assert!(matches!(paths.refusal(1), Some(Error::Empty { rows: 0, .. })), "{:?}", paths.refusal(1));
    assert!(paths.refusal(0).is_none());
}

#[test]
fn windows_of_time_end_where_they_say_and_others_say_nothing() {
    let times = [3.0, 3.0, 4.5, 8.0, 8.0, 8.5, 13.0, 20.0];
    let windows = Windows::rolling_time(&times, 3.0, 2.5).leave_out_last(0);
    let (ranges, ends) = (windows.ranges(8).unwrap(), windows.end_times(8).unwrap().unwrap());
    assert_eq!(ends, [6.0, 8.5, 11.0, 13.5, 16.0, 18.5]);
    assert_eq!(ranges.len(), ends.len());
    for (number, (rows, end)) in ranges.into_iter().zip(ends).enumerate() {
        let within = |row: &usize| times[*row] <= end && (times[*row] > end - 3.0 || number == 0);
        assert_eq!(rows.collect::<Vec<_>>(), (0..8).filter(within).collect::<Vec<_>>(), "until {end}");
    }
    assert_eq!(Windows::rolling(3, 1).end_times(8).unwrap(), None);
    assert_eq!(Windows::expanding(3, 1).end_times(8).unwrap(), None);
    assert!(Windows::rolling_time(&times, -1.0, 1.0).end_times(8).is_err());
}

#[test]
fn replicates_are_those_of_their_seed_and_spread_as_the_estimate_does() {
    let (m, n) = (200, 2);
    let mut random = Random::new(1);
    let x = random.matrix(m, n);
    let y = DMatrix::from_fn(m, 1, |i, _| 2.0 * x[(i, 0)] - x[(i, 1)] + random.next());
    let ridge = Ridge::new().alphas([0.0]);
    let replicates = ridge.bootstrap(&x, &y, 400, 7).unwrap();
    assert!(ridge.bootstrap(&x, &y, 400, 7).unwrap() == replicates);
    // Number 3 is number 3, however many there are.
    let few = ridge.bootstrap(&x, &y, 5, 7).unwrap();
    assert_eq!(few.path(3).unwrap(), replicates.path(3).unwrap());
    assert!(ridge.bootstrap(&x, &y, 5, 8).unwrap().path(3).unwrap() != few.path(3).unwrap());
    let path = ridge.fit(&x, &y).unwrap();
    for j in 0..n {
        let values: Vec<f64> = (0..400).map(|own| replicates.coefficients(own, 0, 0)[j]).collect();
        let mean = values.iter().sum::<f64>() / 400.0;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 399.0).sqrt();
        // Noise uniform in (−1, 1) has the variance 1/3, and so have the features.
        let expected = 1.0 / (m as f64).sqrt();
        assert!((deviation / expected - 1.0).abs() < 0.25, "feature {j}: {deviation}, expected {expected}");
        assert!((mean - path.coefficients(0, 0)[j]).abs() < 4.0 * expected / 20.0, "feature {j}");
    }
    // With weights of all rows but 0, replicates of the row that counts are that row, and some hold nothing.
    let mut weights = vec![0.0; m];
    weights[11] = 1.0;
    let paths = ridge.weights(weights).bootstrap(&x, &y, 50, 1).unwrap();
    assert!(paths.refused().count() > 5 && paths.refused().count() < 40);
    assert!(paths.refused().all(|(_, why)| matches!(why, Error::ZeroWeights { .. })));
    for replicates in [0, usize::MAX] {
        let refused = Ridge::new().bootstrap(&x, &y, replicates, 1);
        assert!(matches!(refused, Err(Error::Count { .. })), "{replicates}");
    }
}

#[test]
fn a_grid_scaled_from_the_data_is_each_groups_own_but_that_of_all_rows_for_replicates() {
    let (x, y) = regression(2, 80, 3, 1);
    let groups = Groups::new(&labels(80));
    let paths = Ridge::new().fit_groups(&x, &y, &groups).unwrap();
    assert!(paths.lambdas(0) != paths.lambdas(1));
    let replicates = Ridge::new().bootstrap(&x, &y, 3, 1).unwrap();
    let path = Ridge::new().fit(&x, &y).unwrap();
    assert!((0..3).all(|own| replicates.lambdas(own) == path.lambdas()));
}

#[test]
fn problems_of_the_callers_have_their_own_weights() {
    let (x, y) = regression(6, 40, 3, 2);
    let weights = Random::new(3).weights(30);
    let (few, targets) = (picked(&x, &(0..30).collect::<Vec<_>>()), picked(&y, &(0..30).collect::<Vec<_>>()));
    let problems =
        [Problem::new(&x, &y).unwrap(), Problem::new(&few, &targets).unwrap().with_weights(&weights).unwrap()];
    let ridge = Ridge::new().lambdas([0.2, 0.0]);
    let paths = ridge.fit_many(&problems).unwrap();
    assert_alone(&paths, 0, &ridge.fit(&x, &y).unwrap(), "first");
    assert_alone(&paths, 1, &ridge.clone().weights(weights.clone()).fit(&few, &targets).unwrap(), "second");
    assert_eq!(paths.outcome(0, 0, 0), Some(Outcome::Solved));
    let narrow = x.columns(0, 2).into_owned();
    let others = [problems[0].clone(), Problem::new(&narrow, &y).unwrap()];
    let refused = ridge.fit_many(&others).unwrap_err().to_string();
    assert_eq!(refused, "features of a problem: found 2, wanted 3");
    assert!(matches!(ridge.fit_many(&[]), Err(Error::Count { .. })));
}
