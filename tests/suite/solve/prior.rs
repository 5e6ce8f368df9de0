//! Prior means and Tikhonov matrices, against stacked least squares problems.

use approx::assert_relative_eq;
use nalgebra::{DMatrix, DVector};
use ridgepath::{Backend, Error, Inference, Moments, Outcome, Precision, Problem, Ridge, Standardize};

use crate::support::{Random, distance, gpu, regression};

/// w and b of min Σ s(y − Xw − b)² + shift·‖B(w − w₀)‖², by QR of [√S·X, √S; √shift·B, 0].
fn stacked(x: &DMatrix<f64>, y: &DMatrix<f64>, s: &[f64], b: &DMatrix<f64>, shift: f64, mean: &[f64]) -> Vec<f64> {
    let (m, n) = x.shape();
    let rows = DMatrix::from_fn(m + b.nrows(), n + 1, |i, j| match (i < m, j < n) {
        (true, true) => x[(i, j)] * s[i].sqrt(),
        (true, false) => s[i].sqrt(),
        (false, true) => b[(i - m, j)] * shift.sqrt(),
        (false, false) => 0.0,
    });
    let toward = b * DVector::from_row_slice(mean) * shift.sqrt();
    let right = DVector::from_fn(m + b.nrows(), |i, _| if i < m { y[i] * s[i].sqrt() } else { toward[i - m] });
    let qr = rows.qr();
    let projected = qr.q().tr_mul(&right);
    qr.r().solve_upper_triangular(&projected).unwrap().as_slice().to_vec()
}

/// First differences: they leave a constant free.
fn differences(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n - 1, n, |i, j| {
        if j == i {
            -1.0
        } else if j == i + 1 {
            1.0
        } else {
            0.0
        }
    })
}

#[test]
fn shrinking_toward_a_mean_is_the_stacked_problem() {
    let mean = [1.0, -2.0, 0.5, 3.0];
    for m in [30, 3] {
        let (x, y) = regression(701, m, 4, 1);
        let s = Random::new(13).weights(m);
        let ridge = Ridge::new().alphas([0.5, 20.0]).weights(s.clone()).prior_mean(mean);
        let mut solvers = vec![ridge.clone().backend(Backend::Cpu), ridge.clone().backend(Backend::Reference)];
        solvers.extend(gpu().map(|gpu| ridge.clone().gpu(gpu).backend(Backend::Gpu)));
        for ridge in solvers {
            let path = ridge.fit(&x, &y).unwrap();
            for (index, shift) in [0.5, 20.0].into_iter().enumerate() {
                let wanted = stacked(&x, &y, &s, &DMatrix::identity(4, 4), shift, &mean);
                assert!(distance(path.coefficients(index, 0), &wanted[..4]) < 1e-12);
                assert_relative_eq!(path.intercept(index, 0), wanted[4], epsilon = 1e-12);
                let w = DVector::from_row_slice(&wanted[..4]);
                let errors = &y - &x * &w - DMatrix::repeat(m, 1, wanted[4]);
                let rss: f64 = errors.iter().zip(&s).map(|(e, s)| s * e * e).sum();
                assert_relative_eq!(path.rss(index, 0), rss, max_relative = 1e-9);
                assert_relative_eq!(path.squared_norm(index, 0), w.norm_squared(), max_relative = 1e-12);
            }
        }
    }
}

#[test]
fn an_infinite_penalty_gives_the_mean_and_each_target_has_its_own() {
    let (x, y) = regression(709, 30, 3, 2);
    let means = [1.0, 2.0, 3.0, -1.0, 0.5, 1.0];
    let path = Ridge::new().alphas([1e200]).prior_mean(means).standardize(Standardize::Population).fit(&x, &y).unwrap();
    assert_eq!(path.coefficients(0, 0), &means[..3]);
    assert_eq!(path.coefficients(0, 1), &means[3..]);
    assert!(path.error_bound(0, 0) < 1e-14);
}

#[test]
fn single_precision_rows_keep_the_digits_of_the_mean() {
    let (x, y) = regression(719, 30, 3, 1);
    let (x, y) = (x.map(|value| value as f32), y.map(|value| value as f32));
    let mean = [1.0 / 3.0, 2.0 / 3.0, -1.0 / 7.0];
    let path = Ridge::new().alphas([2.0]).prior_mean(mean).fit(&x, &y).unwrap();
    let (x, y) = (x.map(f64::from), y.map(f64::from));
    let wanted = stacked(&x, &y, &[1.0; 30], &DMatrix::identity(3, 3), 2.0, &mean);
    assert!(distance(path.coefficients(0, 0), &wanted[..3]) < 1e-13);
}

#[test]
fn a_tikhonov_matrix_is_the_stacked_problem() {
    let mean = [0.3, 0.0, -1.0, 2.0, 0.1, 0.0];
    for b in [differences(6), Random::new(17).matrix(6, 6), Random::new(19).matrix(9, 6)] {
        let gamma = b.transpose() * &b;
        for m in [40, 5] {
            let (x, y) = regression(727, m, 6, 1);
            let s = Random::new(23).weights(m);
            let ridge = Ridge::new().alphas([0.5, 5.0]).weights(s.clone()).tikhonov(gamma.clone());
            for (ridge, mean) in [(ridge.clone(), [0.0; 6]), (ridge.prior_mean(mean), mean)] {
                for backend in [Backend::Cpu, Backend::Reference] {
                    let path = ridge.clone().backend(backend).fit(&x, &y).unwrap();
                    for (index, shift) in [0.5, 5.0].into_iter().enumerate() {
                        let wanted = stacked(&x, &y, &s, &b, shift, &mean);
                        let apart = distance(path.coefficients(index, 0), &wanted[..6]);
                        assert!(apart < 1e-11, "{backend:?}, {m} rows, shift {shift}: {apart}");
                        assert_relative_eq!(path.intercept(index, 0), wanted[6], epsilon = 1e-11);
                    }
                }
                let single = ridge.backend(Backend::Cpu).precision(Precision::Single).fit(&x, &y).unwrap();
                assert!(distance(single.coefficients(0, 0), &stacked(&x, &y, &s, &b, 0.5, &mean)[..6]) < 1e-3);
            }
        }
    }
}

#[test]
fn the_identity_and_a_diagonal_are_what_they_are_without_a_matrix() {
    let (x, y) = regression(733, 30, 4, 1);
    for standardize in [Standardize::No, Standardize::Population, Standardize::Sample] {
        let ridge = Ridge::new().alphas([1.5]).standardize(standardize);
        let plain = ridge.fit(&x, &y).unwrap();
        let turned = ridge.clone().tikhonov(DMatrix::identity(4, 4)).fit(&x, &y).unwrap();
        assert!(distance(turned.coefficients(0, 0), plain.coefficients(0, 0)) < 1e-13);
        assert_eq!(turned.standardize(), standardize);
        let factors = [1.0, 4.0, 0.0, 0.5];
        let factored = ridge.clone().penalty_factors(factors).fit(&x, &y).unwrap();
        let diagonal = DMatrix::from_diagonal(&DVector::from_row_slice(&factors));
        let turned = ridge.tikhonov(diagonal).fit(&x, &y).unwrap();
        assert!(distance(turned.coefficients(0, 0), factored.coefficients(0, 0)) < 1e-13);
    }
}

#[test]
fn a_direction_left_free_and_unknown_to_the_rows_is_singular() {
    let (mut x, y) = regression(739, 20, 3, 1);
    // The rows do not know the direction (1, 1, 1), which differences leave free.
    for mut row in x.row_iter_mut() {
        let mean = row.mean();
        row.add_scalar_mut(-mean);
    }
    let ridge = Ridge::new().alphas([1.0]).tikhonov(differences(3).transpose() * differences(3));
    let path = ridge.fit(&x, &y).unwrap();
    assert!(matches!(path.outcome(0, 0), Outcome::Singular { .. }));
    assert!(path.coefficients(0, 0).iter().all(|w| w.is_nan()));
}

#[test]
fn priors_that_cannot_be_are_refused() {
    let (x, y) = regression(743, 20, 2, 1);
    let fit = |ridge: Ridge| ridge.alphas([1.0]).fit(&x, &y).unwrap_err();
    assert!(matches!(fit(Ridge::new().prior_mean([1.0])), Error::Shape { found: 1, wanted: 2, .. }));
    assert!(matches!(fit(Ridge::new().prior_mean([1.0, f64::NAN])), Error::NonFinite { row: 1, .. }));
    let gamma = |values: [f64; 4]| fit(Ridge::new().tikhonov(DMatrix::from_row_slice(2, 2, &values)));
    assert!(matches!(gamma([1.0, 0.5, 0.4, 1.0]), Error::NotSemidefinite { .. }));
    assert!(matches!(gamma([1.0, 2.0, 2.0, 1.0]), Error::NotSemidefinite { .. }));
    assert!(matches!(gamma([1.0, f64::INFINITY, f64::INFINITY, 1.0]), Error::NonFinite { .. }));
    assert!(matches!(fit(Ridge::new().tikhonov(DMatrix::identity(3, 3))), Error::Shape { found: 3, wanted: 2, .. }));
    let both = Ridge::new().tikhonov(DMatrix::identity(2, 2)).penalty_factors([1.0, 2.0]);
    assert!(matches!(fit(both), Error::Conflict { .. }));

    let mut moments = Moments::new(2, 1);
    moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
    let about = Ridge::new().prior_mean([1.0, 2.0]);
    assert!(matches!(about.fit_moments(&moments), Err(Error::Conflict { .. })));
    let path = Ridge::new().alphas([1.0]).tikhonov(DMatrix::identity(2, 2)).fit(&x, &y).unwrap();
    let problem = Problem::new(&x, &y).unwrap();
    assert!(matches!(Inference::new(&problem, &path), Err(Error::Conflict { .. })));
}
