//! Other systems' penalties: each against coefficients that the system itself, or its objective minimised on its own, gives.

use approx::assert_relative_eq;
use nalgebra::DMatrix;
use ridgepath::{Convention, DataFacts, Error, Problem, Ridge, RidgePath, View};

const X: [f64; 8] = [0.0, 5.0, 1.0, 7.0, 2.0, 11.0, 3.0, 13.0];
const Y: [f64; 4] = [17.0, 19.0, 23.0, 29.0];

fn x() -> View<'static> {
    View::row_major(&X, 4, 2).unwrap()
}

fn facts() -> DataFacts {
    DataFacts::new(&Problem::new(x(), &Y).unwrap(), true, 0).unwrap()
}

/// Intercept and coefficients at this value of the system's parameter, with the settings that it names.
fn fit(convention: Convention, value: f64) -> [f64; 3] {
    let ridge = Ridge::new().penalty(convention.penalty(&[value], &facts()).unwrap());
    let ridge = ridge.standardize(convention.standardize());
    if convention.penalizes_intercept() {
        let with_ones = DMatrix::from_row_slice(4, 2, &X).insert_column(0, 1.0);
        let path = ridge.intercept(false).fit(&with_ones, &Y).unwrap();
        return path.coefficients(0, 0).try_into().unwrap();
    }
    all(&ridge.fit(x(), &Y).unwrap())
}

fn all(path: &RidgePath) -> [f64; 3] {
    [path.intercept(0, 0), path.coefficients(0, 0)[0], path.coefficients(0, 0)[1]]
}

/// Where no other source is named: the objective of the system's documentation on its own scales (`y/σ_y`, `columns/s_j`), minimised
/// by numpy's least squares of stacked rows.
#[rustfmt::skip]
const KNOWN: [(Convention, f64, [f64; 3], f64); 21] = [
    // scikit-learn 1.9.1, Ridge(alpha=0.7, solver="svd")
    (Convention::ScikitLearn, 0.7, [10.946_929_702_695_2, 0.833_564_879_133_092, 1.089_191_442_067_24], 1e-13),
    // Forty digits: the two columns divided by their norm after centring, alpha on the diagonal, the answer divided by the norms
    (Convention::ScikitLearnNormalized, 0.1, [13.391_304_347_826_086, 2.086_956_521_739_130_4, 0.608_695_652_173_913], 1e-12),
    // scikit-learn, Ridge(fit_intercept=False) on [1, X]
    (Convention::PolarsOls, 0.7, [2.388_036_179_978_57, -2.183_163_793_351_65, 2.496_533_686_505_85], 1e-12),
    // scikit-learn, ElasticNet(alpha=0.1, l1_ratio=0, tol=1e-16)
    (Convention::ElasticNet, 0.1, [11.277_978_339_350_2, 1.083_032_490_974_73, 1.010_830_324_909_75], 1e-13),
    // Two million steps of gradient descent in numpy
    (Convention::WeightDecay { halved: true }, 0.2, [10.897_637_795_272_1, 0.787_401_574_801_951, 1.102_362_204_724_98], 1e-11),
    (Convention::WeightDecay { halved: false }, 0.2, [11.277_978_339_347_5, 1.083_032_490_973_59, 1.010_830_324_910_22], 1e-11),
    (Convention::Glmnet { standardize: true }, 0.1, [13.798_390_918_284_1, 2.608_979_413_788_36, 0.476_459_995_670_369], 1e-12),
    // glmnet 4.1
    (Convention::Glmnet { standardize: false }, 0.1, [13.101_887_0, 2.236_236_1, 0.615_973_2], 5e-8),
    (Convention::GlmnetMulti { standardize: true }, 0.1, [13.391_304_347_826_1, 2.086_956_521_739_13, 0.608_695_652_173_913], 1e-12),
    (Convention::GlmnetMulti { standardize: false }, 0.1, [11.277_978_339_350_2, 1.083_032_490_974_73, 1.010_830_324_909_75], 1e-12),
    (Convention::Spark { standardize: true }, 0.1, [13.798_390_918_284_1, 2.608_979_413_788_36, 0.476_459_995_670_369], 1e-12),
    (Convention::Spark { standardize: false }, 0.1, [13.101_886_977_217_0, 2.236_236_062_692_71, 0.615_973_214_304_878], 1e-12),
    (Convention::H2o { standardize: true }, 0.1, [13.391_304_347_826_1, 2.086_956_521_739_13, 0.608_695_652_173_913], 1e-12),
    (Convention::H2o { standardize: false }, 0.1, [11.277_978_339_350_2, 1.083_032_490_974_73, 1.010_830_324_909_75], 1e-12),
    // The code of lm.ridge in numpy: an SVD of the scaled columns
    (Convention::Mass, 0.7, [13.575_663_026_521_1, 1.946_957_878_315_13, 0.611_544_461_778_471], 1e-12),
    // Forty digits: the columns centred and divided by their sample deviation, k on the diagonal, the answer divided by these
    (Convention::Matlab, 0.7, [13.757_700_205_338_809, 1.872_689_938_398_357_2, 0.603_696_098_562_628_3], 1e-12),
    (Convention::Correlation, 0.1, [13.391_304_347_826_1, 2.086_956_521_739_13, 0.608_695_652_173_912], 1e-12),
    (Convention::Mlj { scaled: true }, 0.1, [11.277_978_339_350_2, 1.083_032_490_974_73, 1.010_830_324_909_75], 1e-12),
    (Convention::Mlj { scaled: false }, 0.7, [10.946_929_702_695_2, 0.833_564_879_133_093, 1.089_191_442_067_24], 1e-12),
    (Convention::DaskGlm, 0.7, [3.110_179_388_163_83, -2.429_168_368_549_97, 2.473_492_496_466_31], 1e-12),
    // The mode of the posterior with σ² = 2, τ² = 4
    (Convention::Bayes, 2.0 / 4.0, [11.121_495_327_102_8, 0.971_962_616_822_430, 1.046_728_971_962_62], 1e-12),
];

#[test]
fn every_system_gives_its_own_coefficients() {
    for convention in Convention::all() {
        assert!(KNOWN.iter().any(|(own, ..)| *own == convention), "{convention} has no known value");
    }
    for (convention, value, wanted, tolerance) in KNOWN {
        let found = fit(convention, value);
        for (found, wanted) in found.into_iter().zip(wanted) {
            let apart = (found - wanted).abs();
            assert!(apart <= tolerance * wanted.abs().max(1.0), "{convention}: {found}, wanted {wanted}");
        }
    }
}

#[test]
fn values_come_back_from_lambda_and_names_from_text() {
    for convention in Convention::all() {
        let lambda = convention.lambda(0.37, &facts()).unwrap();
        assert_relative_eq!(convention.value(lambda, &facts()).unwrap(), 0.37, max_relative = 1e-15);
        let grid = convention.penalty(&[0.37], &facts()).unwrap().resolve(4.0, 1.0).unwrap();
        assert_relative_eq!(grid.lambdas[0], lambda, max_relative = 1e-15);
        assert_eq!(convention.name().parse::<Convention>().unwrap(), convention);
        let words = convention.explain();
        assert!(words.contains(convention.name()) && words.contains(convention.parameter()), "{words}");
    }
    let error = "glment".parse::<Convention>().unwrap_err();
    assert!(error.to_string().contains("glment"));
}

#[test]
fn glmnet_normalises_weights_and_knows_no_mean_without_an_intercept() {
    // glmnet's objective with the weights over their sum, minimised in numpy.
    let s = [1.0, 2.0, 3.0, 4.0];
    let glmnet = Convention::Glmnet { standardize: true };
    let problem = Problem::new(x(), &Y).unwrap();
    let facts = DataFacts::new(&problem.clone().with_weights(&s).unwrap(), true, 0).unwrap();
    let ridge = Ridge::new().penalty(glmnet.penalty(&[0.1], &facts).unwrap()).weights(s);
    let found = all(&ridge.standardize(glmnet.standardize()).fit(x(), &Y).unwrap());
    let wanted = [14.064_620_170_048_9, 3.565_796_260_621_82, 0.269_594_933_529_565];
    found.into_iter().zip(wanted).for_each(|(a, b)| assert_relative_eq!(a, b, max_relative = 1e-12));

    let raw = Convention::Glmnet { standardize: false };
    let facts = DataFacts::new(&problem, false, 0).unwrap();
    assert_relative_eq!(facts.deviation, 22.472_205_054_244_23, max_relative = 1e-14);
    let path = Ridge::new().penalty(raw.penalty(&[0.1], &facts).unwrap()).intercept(false).fit(x(), &Y).unwrap();
    assert_relative_eq!(path.coefficients(0, 0)[0], -4.873_939_631_954_497, max_relative = 1e-12);
    assert_relative_eq!(path.coefficients(0, 0)[1], 3.240_028_085_796_471, max_relative = 1e-12);
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let constant = DataFacts { deviation: 0.0, ..facts() };
    let glmnet = Convention::Glmnet { standardize: true };
    assert!(matches!(glmnet.lambda(0.1, &constant), Err(Error::NoDeviation { system: "glmnet", .. })));
    assert!(Convention::ScikitLearn.lambda(0.1, &constant).is_ok());
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        let refused = Convention::Spark { standardize: true }.penalty(&[1.0, value], &facts());
        assert!(matches!(refused, Err(Error::InvalidPenalty { name: "regParam", index: 1, .. })));
    }
    let flat = [0.1, 0.1, 0.1, 0.1]; // whose sum is rounded
    let facts = DataFacts::new(&Problem::new(x(), &flat).unwrap(), true, 0).unwrap();
    assert_eq!(facts.deviation.to_bits(), 0.0f64.to_bits(), "a constant has no deviation");
    let problem = Problem::new(x(), &Y).unwrap();
    assert!(matches!(DataFacts::new(&problem, true, 1), Err(Error::OutOfRange { what: "target", .. })));
}
