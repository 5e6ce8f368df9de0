//! Standard errors, variance inflation, leverage and posteriors, against published values and numpy.

use approx::assert_relative_eq;
use ridgepath::{Error, Inference, Problem, Ridge, Standardize, View};

use crate::support::regression;

const X: [f64; 12] = [0.0, 5.0, 1.0, 7.0, 2.0, 11.0, 3.0, 13.0, 4.0, 12.0, 6.0, 20.0];
const Y: [f64; 6] = [17.0, 19.0, 23.0, 29.0, 26.0, 40.0];
const S: [f64; 6] = [1.0, 2.0, 1.0, 0.5, 1.0, 3.0];

fn close(found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert_relative_eq!(*found, *wanted, max_relative = tolerance);
    }
}

fn problem() -> Problem<'static> {
    Problem::new(View::row_major(&X, 6, 2).unwrap(), &Y).unwrap()
}

#[test]
fn least_squares_on_longleys_data_has_its_published_errors() {
    let text = include_str!("../../../benches/accuracy/nist/longley.txt");
    let rows: Vec<f64> = text
        .lines()
        .filter(|line| !line.starts_with(['#', '=']))
        .flat_map(|line| line.split_whitespace().map(|value| value.parse::<f64>().unwrap()))
        .collect();
    let x: Vec<f64> = rows.chunks(7).flat_map(|row| &row[1..]).copied().collect();
    let y: Vec<f64> = rows.chunks(7).map(|row| row[0]).collect();
    let problem = Problem::new(View::row_major(&x, 16, 6).unwrap(), &y).unwrap();
    let path = Ridge::new().lambdas([0.0]).fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    let at = inference.at(0).unwrap().unwrap();
    // NIST's certified standard deviations of the estimates, and of the residuals.
    let wanted = [
        84.914_925_774_766_9,
        0.033_491_007_772_243_2,
        0.488_399_681_651_699,
        0.214_274_163_161_675,
        0.226_073_200_069_370,
        455.478_499_142_212,
    ];
    close(&at.standard_errors(0), &wanted, 1e-9);
    assert_relative_eq!(at.intercept_standard_error(0), 890_420.383_607_373, max_relative = 1e-9);
    assert_relative_eq!(at.noise_variance(0).sqrt(), 304.854_073_561_965, max_relative = 1e-9);
    assert_relative_eq!(at.degrees_of_freedom(), 7.0, max_relative = 1e-9);
    // The variance inflation factors of R's car::vif, as printed in many places.
    close(at.variance_inflation(), &[135.532_44, 1_788.513_48, 33.618_89, 3.588_93, 399.151_02, 758.980_60], 1e-5);
}

#[test]
fn weighted_ridge_has_the_errors_of_its_linear_map() {
    // numpy: the map from y to w and b applied to unit vectors, noise of variance σ²/s.
    let problem = problem().with_weights(&S).unwrap();
    let path = Ridge::new().alphas([3.0, 0.7]).weights(S).fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    let at = inference.at(1).unwrap().unwrap();
    assert_relative_eq!(at.degrees_of_freedom(), 2.653_175_876_393_045_3, max_relative = 1e-12);
    assert_relative_eq!(at.noise_variance(0), 2.460_243_364_344_995, max_relative = 1e-12);
    close(&at.standard_errors(0), &[0.829_876_457_101_484_7, 0.335_562_960_003_184_3], 1e-12);
    assert_relative_eq!(at.covariance(0)[(0, 1)], -0.267_741_549_262_277_33, max_relative = 1e-12);
    assert_eq!(at.covariance(0)[(0, 1)], at.covariance(0)[(1, 0)]);
    assert_relative_eq!(at.intercept_standard_error(0), 1.931_615_310_408_825_8, max_relative = 1e-12);
    close(at.variance_inflation(), &[12.745_029_897_087_932, 13.159_889_421_391_513], 1e-12);
    let leverages = [
        0.344_839_064_704_380_64,
        0.466_058_368_400_092_57,
        0.256_060_398_772_017_53,
        0.081_762_990_241_143_81,
        0.602_243_168_844_162_7,
        0.902_211_885_431_253_7,
    ];
    close(&at.leverages(&problem).unwrap(), &leverages, 1e-12);
}

#[test]
fn a_fit_through_the_origin_has_its_own() {
    let problem = problem();
    let path = Ridge::new().alphas([0.7]).intercept(false).fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    let at = inference.at(0).unwrap().unwrap();
    assert_relative_eq!(at.degrees_of_freedom(), 1.861_062_330_468_896_2, max_relative = 1e-12);
    assert_relative_eq!(at.noise_variance(0), 6.648_243_019_612_641, max_relative = 1e-12);
    close(&at.standard_errors(0), &[1.029_306_679_290_728_2, 0.280_436_079_987_093_7], 1e-12);
    assert_eq!(at.intercept_standard_error(0), 0.0);
    let leverages = at.leverages(&problem).unwrap();
    assert_relative_eq!(leverages[5], 0.560_243_697_461_891_2, max_relative = 1e-12);
    assert_relative_eq!(leverages.iter().sum::<f64>(), at.degrees_of_freedom(), max_relative = 1e-12);
    let predicted = at.predictive_variances(View::row_major(&[2.0, 9.0], 1, 2).unwrap(), 4.0).unwrap();
    assert_relative_eq!(predicted[0], 4.440_755_429_573_753, max_relative = 1e-12);
}

#[test]
fn the_posterior_is_that_of_the_joint_normal() {
    // numpy: the inverse of the precision of (b, w), σ² = 4, prior precision 0.7/4 of w and 0 of b.
    let problem = problem().with_weights(&S).unwrap();
    let path = Ridge::new().alphas([0.7]).weights(S).fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    let at = inference.at(0).unwrap().unwrap();
    let posterior = at.posterior_covariance(4.0);
    let wanted = [1.707_917_491_959_11, -0.666_449_977_474_197, -0.666_449_977_474_197, 0.273_934_642_937_745];
    close(posterior.as_slice(), &wanted, 1e-11);
    let predicted = at.predictive_variances(View::row_major(&[2.0, 9.0], 1, 2).unwrap(), 4.0).unwrap();
    assert_relative_eq!(predicted[0], 4.760_589_522_409_465, max_relative = 1e-12);
    close(&at.prior_variances(4.0), &[4.0 / 0.7; 2], 1e-14);
}

#[test]
fn factors_and_deviations_are_part_of_the_prior() {
    let (x, y) = regression(401, 30, 3, 1);
    let problem = Problem::new(&x, &y).unwrap();
    let ridge = Ridge::new().alphas([2.0]).penalty_factors([1.0, 0.0, 4.0]).standardize(Standardize::Population);
    let path = ridge.fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    let at = inference.at(0).unwrap().unwrap();
    let variance = |j: usize| x.column(j).variance();
    let prior = at.prior_variances(3.0);
    assert_relative_eq!(prior[0], 1.5 / variance(0), max_relative = 1e-12);
    assert_eq!(prior[1], f64::INFINITY);
    assert_relative_eq!(prior[2], 0.375 / variance(2), max_relative = 1e-12);
    let leverages = at.leverages(&problem).unwrap();
    assert_relative_eq!(leverages.iter().sum::<f64>(), at.degrees_of_freedom(), max_relative = 1e-12);
}

#[test]
fn what_cannot_be_told_is_said() {
    let problem = problem();
    let path = Ridge::new().alphas([1.0]).fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    assert!(matches!(inference.at(1), Err(Error::OutOfRange { what: "λ", index: 1, count: 1 })));
    let (x, y) = regression(3, 6, 3, 1);
    let other = Problem::new(&x, &y).unwrap();
    assert!(matches!(Inference::new(&other, &path), Err(Error::Shape { found: 3, wanted: 2, .. })));
    let at = inference.at(0).unwrap().unwrap();
    assert!(matches!(at.predictive_variances(&[1.0][..], 1.0), Err(Error::Shape { found: 1, wanted: 2, .. })));

    let twice = [1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 3.0, 3.0];
    let problem = Problem::new(View::row_major(&twice, 4, 2).unwrap(), &Y[..4]).unwrap();
    let path = Ridge::new().alphas([0.0, 1.0]).fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    assert!(inference.at(0).unwrap().is_none(), "singular");
    assert!(inference.at(1).unwrap().is_some());

    // As many coefficients as rows: nothing is left to estimate the noise from.
    let problem = Problem::new(View::row_major(&X[..6], 3, 2).unwrap(), &Y[..3]).unwrap();
    let path = Ridge::new().alphas([0.0]).fit(problem.x(), problem.y()).unwrap();
    let inference = Inference::new(&problem, &path).unwrap();
    assert!(inference.at(0).unwrap().unwrap().standard_errors(0)[0].is_nan());
}
