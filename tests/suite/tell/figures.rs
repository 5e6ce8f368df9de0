//! The figures beside the coefficients, on small rows where plain formulas lose them: right values are exact rationals of the numbers
//! in the files, or have 60 digits.

use nalgebra::DMatrix;
use ridgepath::choose::Criterion;
use ridgepath::{CrossValidation, Form, Inference, Precision, Problem, Ridge};

/// A table with a header: X of the columns that are not named, y, and the weights, if any.
fn table(text: &str, target: &str, weights: Option<&str>) -> (DMatrix<f64>, DMatrix<f64>, Option<Vec<f64>>) {
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<f64>> = lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let column = |name: &str| names.iter().position(|own| *own == name).unwrap();
    let features: Vec<usize> =
        (0..names.len()).filter(|j| names[*j] != target && weights.is_none_or(|name| names[*j] != name)).collect();
    let x = DMatrix::from_fn(rows.len(), features.len(), |i, j| rows[i][features[j]]);
    let y = DMatrix::from_fn(rows.len(), 1, |i, _| rows[i][column(target)]);
    (x, y, weights.map(|name| rows.iter().map(|row| row[column(name)]).collect()))
}

#[track_caller]
fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs(), "found {found:?}, wanted {wanted:?}");
}

const COUNTS: &str = include_str!("../../cases/counts.csv");
const NEAR8: &str = include_str!("../../cases/near8.csv");

#[test]
fn gcv_has_its_digits_where_there_are_ten_times_as_many_features_as_rows() {
    let (x, y, _) = table(COUNTS, "y", None);
    let spectrum = Ridge::new().alphas([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1.0]).spectrum(&x, &y).unwrap();
    let found = spectrum.criterion(Criterion::Gcv);
    let wanted = [
        29.680_136_572_924_3,
        29.680_136_572_923_7,
        29.680_136_572_917_4,
        29.680_136_572_854_8,
        29.680_136_572_228_7,
        29.680_136_503_359_4,
    ];
    found.into_iter().zip(wanted).for_each(|(found, wanted)| close(found, wanted, 1e-14));
}

#[test]
fn gcv_has_its_digits_where_a_fit_is_all_but_saturated() {
    let (x, y, _) = table(include_str!("../../cases/sat.csv"), "y", None);
    let spectrum = Ridge::new().alphas([1e-13, 1e-11, 1e-9]).spectrum(&x, &y).unwrap();
    let wanted = [1.104_953_454_393_76, 1.104_953_454_459_73, 1.104_953_461_056_34];
    spectrum.criterion(Criterion::Gcv).into_iter().zip(wanted).for_each(|(found, wanted)| close(found, wanted, 1e-13));
}

/// The standard errors of the first coefficients at each alpha, in both precisions.
#[track_caller]
fn errors(text: &str, alphas: &[f64], wanted: &[&[f64]], tolerance: f64) {
    let (x, y, _) = table(text, "y", None);
    for precision in [Precision::Double, Precision::Single] {
        let path = Ridge::new().precision(precision).alphas(alphas).fit(&x, &y).unwrap();
        let problem = Problem::new(&x, &y).unwrap();
        let inference = Inference::new(&problem, &path).unwrap();
        for (index, wanted) in wanted.iter().enumerate() {
            let found = inference.at(index).unwrap().unwrap().standard_errors(0);
            assert!(found.iter().all(|error| *error > 0.0), "{found:?}");
            found.iter().zip(*wanted).for_each(|(found, wanted)| close(*found, *wanted, tolerance));
        }
    }
}

#[test]
fn standard_errors_of_wide_rows_are_sums_of_squares() {
    let wanted: [&[f64]; 2] = [&[6.688_606_2e-9, 5.936_250_1e-9], &[2.115_122_8e-8, 1.877_206_9e-8]];
    errors(COUNTS, &[1.0, 10.0, 100.0], &wanted, 1e-7);
    errors(include_str!("../../cases/wide6x8.csv"), &[1e-8], &[&[4.090_517_375e-6, 8.853_002_25e-6]], 1e-9);
}

#[test]
fn standard_errors_of_nearly_equal_columns_keep_their_digits() {
    let wanted: [&[f64]; 3] = [
        &[5_090_294.565, 5_090_294.601, 0.188_530_784_3],
        &[20_676.829_97, 20_676.830_12],
        &[0.086_010_280_27, 0.086_010_279_67],
    ];
    errors(NEAR8, &[0.0, 1e-12, 1e-6], &wanted, 1e-9);
    let dependent: &[f64] = &[0.170_256, 0.194_501, 0.146_120];
    errors(include_str!("../../cases/se_dependent.csv"), &[1e-7, 1e-8, 1e-9, 1e-10], &[dependent; 4], 1e-5);
}

#[test]
fn fractions_and_bounds_of_the_norm_are_met_where_columns_are_nearly_equal() {
    let (x, y, _) = table(include_str!("../../cases/near7.csv"), "y", None);
    let norms = Ridge::new().norms(&x, &y).unwrap();
    let weight = 2.0 * x.nrows() as f64;
    for (fraction, wanted) in [(0.9, 3.300_268_449_83e-13), (0.5, 2.970_241_605_64e-12), (0.1, 2.673_217_465_18e-11)] {
        close(weight * norms.lambda_at_fraction(0, fraction).unwrap(), wanted, 1e-11);
    }
    let (x, y, _) = table(include_str!("../../cases/norm_near.csv"), "y", None);
    let norms = Ridge::new().norms(&x, &y).unwrap();
    let weight = 2.0 * x.nrows() as f64;
    // The columns differ by 1e-7, of which a double has nine digits.
    close(weight * norms.lambda_at_fraction(0, 0.5).unwrap(), 7.349_999_926_5e-14, 1e-8);
    close(weight * norms.lambda_within(0, 1e6).unwrap(), 6.710_160_966_0e-11, 1e-8);
    close(weight * norms.lambda_within(0, 205.590_847).unwrap(), 4.690_041_991_2e-9, 1e-8);
}

#[test]
fn leave_one_out_has_its_digits_where_one_row_outweighs_the_others() {
    for (text, wanted) in [
        (include_str!("../../cases/heavy12.csv"), 0.269_328_480_567_86),
        (include_str!("../../cases/heavy14.csv"), 0.269_328_480_566_20),
    ] {
        let (x, y, weights) = table(text, "y", Some("w"));
        let spectrum = Ridge::new().alphas([0.1]).weights(weights.unwrap()).spectrum(&x, &y).unwrap();
        close(spectrum.loo_mse()[0], wanted, 1e-13);
    }
}

#[test]
fn columns_of_any_scale_and_none_at_all_count() {
    let (x, y, _) = table(include_str!("../../cases/df_scales.csv"), "y", None);
    let spectrum = Ridge::new().lambdas([0.0]).spectrum(&x, &y).unwrap();
    close(spectrum.df(0), 3.0, 1e-15);
    close(spectrum.criterion(Criterion::Gcv)[0], 1.5407, 5e-5);
    close(spectrum.loo_mse()[0], 1.2720, 5e-5);

    let (x, y, _) = table(include_str!("../../cases/gcv_constant.csv"), "y", None);
    let spectrum = Ridge::new().lambdas([1.0]).spectrum(&x, &y).unwrap();
    assert_eq!((spectrum.criterion(Criterion::Gcv)[0], spectrum.loo_mse()[0]), (1.0, 1.0));
}

#[test]
fn a_fit_without_an_error_has_no_likelihood() {
    let (x, y, _) = table(include_str!("../../cases/sat.csv"), "y", None);
    let spectrum = Ridge::new().lambdas([0.0, 0.01]).spectrum(&x, &y).unwrap();
    for criterion in [Criterion::Aic, Criterion::Bic] {
        let found = spectrum.criterion(criterion);
        assert!(found[0].is_nan() && found[1].is_finite(), "{criterion:?}: {found:?}");
    }
}

#[test]
fn scores_of_a_target_whose_squares_overflow_still_choose() {
    let (x, y, _) = table(include_str!("../../cases/huge_y.csv"), "y", None);
    let choose = || CrossValidation::new(Ridge::new().lambdas([0.05, 0.5, 5.0]));
    for (criterion, wanted) in [(Criterion::Gcv, 0.5), (Criterion::Aic, 0.05), (Criterion::Evidence, 0.5)] {
        let selection = choose().criterion(criterion).fit(&x, &y).unwrap();
        assert_eq!(selection.choice(0).lambda, wanted, "{criterion:?}");
    }
    // In units of a power of two every score is the same but for that power.
    let small = y.map(|value| value * 2f64.powi(-600));
    for select in [choose().leave_one_out(), choose()] {
        let (large, small) = (select.fit(&x, &y).unwrap(), select.fit(&x, &small).unwrap());
        assert_eq!(large.choice(0).lambda, small.choice(0).lambda);
        assert!(large.mean(0, 0) == f64::INFINITY && small.mean(0, 0).is_finite());
    }
}

#[test]
fn residual_sums_of_squares_of_close_fits_keep_their_digits_at_every_lambda() {
    let x = DMatrix::from_row_slice(3, 2, &[-7.0, 1.0, -6.0, -9.0, 8.0, 1.0]);
    let y = DMatrix::from_column_slice(3, 1, &[12.758106579896532, 17.884518617355223, -44.99486783430803]);
    let alphas = [0.0083, 0.1, 1.0];
    let path = Ridge::new().alphas(alphas).fit(&x, &y).unwrap();
    let wanted = [7.366393083266127e-06, 0.0010677007569338027, 0.10522835741895324];
    // A rounding of the rows makes as much of residuals that are so much smaller.
    let tolerances = [1e-11, 1e-12, 1e-13];
    (0..3).for_each(|k| close(path.rss(k, 0), wanted[k], tolerances[k]));
}

#[test]
fn standard_errors_under_a_penalty_far_above_the_columns_squares() {
    let tiny =
        [2.25e-6, -7e-6, 1.5e-6, 7.25e-6, -7.25e-6, -1.75e-6, -5.25e-6, -8.249999999999999e-6, 2.4999999999999998e-6];
    let rest = [-2.25e-6, 0.999995, 0.9999925, 0.99999325, 1.00000975, 1.00001];
    let x = DMatrix::from_iterator(5, 3, tiny.into_iter().chain(rest));
    let y = [17.72532272817256, 66.26446392031613, 46.84231216038749, -67.48522193427209, -10.757723521525499];
    let path = Ridge::new().alphas([1e5]).fit(&x, &y).unwrap();
    let problem = Problem::new(&x, &y).unwrap();
    let at = Inference::new(&problem, &path).unwrap().at(0).unwrap().unwrap();
    let wanted = [6.624123707805789e-9, 4.2310012067388985e-9, 9.414480491556913e-9];
    at.standard_errors(0).into_iter().zip(wanted).for_each(|(found, wanted)| close(found, wanted, 1e-11));
    close(at.variance_inflation()[0], 2.538445562499991e-30, 1e-11);
}

#[test]
fn the_dual_form_has_its_digits_where_the_penalty_is_nothing_beside_large_columns() {
    let x = DMatrix::from_row_slice(
        3,
        2,
        &[-0.4999992912101489, 5000000.0, -3.4999993563337766, -1000000.0, 8.999999086550584, 8750000.0],
    );
    let y = [11.5876354938434, -4.012743660899094, -61.60959104903709];
    let path = Ridge::new().intercept(false).form(Form::Dual).alphas([0.001]).fit(&x, &y).unwrap();
    close(path.coefficients(0, 0)[1], -3.2515347643721265e-7, 1e-14);
}
