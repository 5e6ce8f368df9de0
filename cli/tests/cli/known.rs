//! Answers of scikit-learn 1.9.1 on the diabetes data of the repository, with numpy's deviations and centring:
//! `Ridge(alpha=1.0, solver="svd").fit(X, y)`, on (X − mean) / deviation where standardised, the coefficients then divided
//! by the deviation.

use crate::support::{Run, coefficients, diabetes, distance, program};

struct Known {
    coefficients: [f64; 10],
    intercept: f64,
}

const RAW: Known = Known {
    coefficients: [
        -0.03285239685542576,
        -22.607045432280035,
        5.640405234365647,
        1.1189975700485069,
        -0.9146734842699,
        0.5849098252881799,
        0.17788523837882364,
        6.250441778661699,
        63.17908087361798,
        0.28776690289977663,
    ],
    intercept: -316.07711860429015,
};
const POPULATION: Known = Known {
    coefficients: [
        -0.032928547040819996,
        -22.712929418809168,
        5.613089380646275,
        1.11275958689316,
        -0.8703897980531873,
        0.5481859188745127,
        0.11317001022513637,
        5.834890185934359,
        62.943265123302055,
        0.2844459761024062,
    ],
    intercept: -312.43246404205,
};
const SAMPLE: Known = Known {
    coefficients: [
        -0.032922035591275385,
        -22.712634267138476,
        5.613102862633684,
        1.112751587517478,
        -0.8699960356419709,
        0.5478304998053721,
        0.11270759707275325,
        5.833658718175284,
        62.933278365403524,
        0.28445461986998016,
    ],
    intercept: -312.3926598482003,
};
const THROUGH_ORIGIN: Known = Known {
    coefficients: [
        0.021460065344403825,
        -25.77335985516433,
        5.361632305397672,
        1.0164972599550888,
        1.2708613229781263,
        -1.2931827696567497,
        -3.067491679521448,
        -5.450316141056515,
        5.250924240434159,
        0.1232516566708129,
    ],
    intercept: 0.0,
};

const TOLERANCE: f64 = 1e-9;

fn run(arguments: &[&str]) -> (Vec<f64>, f64) {
    let mut command = program();
    command.arg("path").arg(diabetes()).args(["--target", "progression", "--format", "json"]);
    let run = Run::of(command.args(arguments)).succeeds().json();
    (coefficients(&run["path"][0]), run["path"][0]["intercept"][0].as_f64().unwrap())
}

/// Each coefficient and the intercept to within the tolerance of its own size.
fn agrees((coefficients, intercept): &(Vec<f64>, f64), known: &Known) -> bool {
    let near = |own: f64, wanted: f64| (own - wanted).abs() <= TOLERANCE * wanted.abs();
    let all = coefficients.iter().zip(&known.coefficients).all(|(own, wanted)| near(*own, *wanted));
    all && near(*intercept, known.intercept)
}

#[track_caller]
fn check(arguments: &[&str], known: &Known) {
    for backend in ["cpu", "reference"] {
        let found = run(&[arguments, &["--alphas", "1", "--backend", backend]].concat());
        let apart = distance(&found.0, &known.coefficients);
        assert!(agrees(&found, known), "{backend}: {found:?}, {apart:e} from what is known");
    }
    // The control: a penalty that differs in its eighth digit is another answer.
    assert!(!agrees(&run(&[arguments, &["--alphas", "1.0000001"]].concat()), known));
}

#[test]
fn raw_columns_agree_with_scikit_learn() {
    check(&[], &RAW);
}

#[test]
fn standardised_columns_agree_with_scikit_learn() {
    check(&["--standardize"], &POPULATION);
    check(&["--standardize=population"], &POPULATION);
    check(&["--standardize=sample"], &SAMPLE);
}

#[test]
fn a_fit_through_the_origin_agrees_with_scikit_learn() {
    check(&["--no-intercept"], &THROUGH_ORIGIN);
}
