//! Properties that hold for every regression, however awkward.

use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::DMatrix;
use proptest::prelude::*;
use ridgepath::{Backend, Error, Form, Outcome, Penalty, Precision, Ridge, RidgePath, Route, Standardize, View};

use crate::cases::{Case, Data, apart, cases, for_all};
use crate::support::gpu;

/// Bounds are estimates, and the units in which they hold are known here but for a factor of √8.
const SLACK: f64 = 6.0;

/// Bounds are of the first order: where they promise no digit they bound nothing.
const CERTAIN: f64 = 0.1;

/// The entries of a path that have an answer.
fn answered(path: &RidgePath) -> impl Iterator<Item = (usize, usize)> + '_ {
    let all = (0..path.len()).flat_map(|k| (0..path.targets()).map(move |target| (k, target)));
    all.filter(|(k, target)| !matches!(path.outcome(*k, *target), Outcome::Singular { .. }))
}

/// Every number is finite, or the outcome is singular and every number of the answer is NaN.
fn assert_sound(path: &RidgePath, case: &Case) {
    let n = path.features() as f64;
    let epsilon = if path.backend().precision == Precision::Single { f64::from(f32::EPSILON) } else { f64::EPSILON };
    for (k, target) in answered(path) {
        let context = format!("λ {:e}, target {target}, {:?}, {case:?}", path.lambdas()[k], path.outcome(k, target));
        let w = path.coefficients(k, target);
        assert!(w.iter().all(|w| w.is_finite()), "{w:?}: {context}");
        let numbers =
            [path.intercept(k, target), path.residual(k, target), path.condition(k), path.error_bound(k, target)];
        assert!(numbers.iter().all(|v| v.is_finite()), "{numbers:?}: {context}");
        assert!(path.error_bound(k, target) >= 0.0 && path.condition(k) >= 0.0, "{numbers:?}: {context}");
        // Squares of what is finite may be too large.
        assert!(path.rss(k, target) >= 0.0 && path.squared_norm(k, target) >= 0.0, "{context}");
        // QR does not bring the residual of the normal equations down, but that of the least squares problem.
        if path.outcome(k, target) != (Outcome::Rerouted { route: Route::Qr }) {
            // The largest seen in 100,000 cases is 11 (n + 4) eps, of columns nearly equal.
            let bound = 16.0 * (n + 4.0) * epsilon;
            assert!(path.residual(k, target) <= bound, "{:e} > {bound:e}: {context}", path.residual(k, target));
        }
    }
    for k in 0..path.len() {
        for target in 0..path.targets() {
            if matches!(path.outcome(k, target), Outcome::Singular { .. }) {
                assert!(path.coefficients(k, target).iter().all(|w| w.is_nan()), "{case:?}");
                assert!(path.error_bound(k, target).is_nan() && path.condition(k).is_nan(), "{case:?}");
            }
        }
    }
}

/// Whether the bound of an answer is in the units of the dual form: those of the form that gave it, and at λ = 0 of the primal.
fn in_dual_units(path: &RidgePath, k: usize, target: usize) -> bool {
    let other = path.outcome(k, target) == (Outcome::Rerouted { route: Route::Form });
    (path.backend().form == Form::Dual) != other && path.shifts()[k] > 0.0
}

/// Where both have an answer and their bounds promise a digit in the same units, they agree within the bounds. How many did.
fn assert_agree(a: &RidgePath, b: &RidgePath, case: &Case, data: &Data) -> usize {
    let mut compared = 0;
    assert_eq!(a.backend().form, b.backend().form, "bounds in units of one form");
    for (k, target) in answered(a) {
        let bound = SLACK * (a.error_bound(k, target) + b.error_bound(k, target));
        let dual = in_dual_units(a, k, target);
        let told = bound < CERTAIN && dual == in_dual_units(b, k, target);
        if matches!(b.outcome(k, target), Outcome::Singular { .. }) || !told {
            continue;
        }
        let sizes = case.sizes(data, a.shifts()[k], dual);
        let (own, other) = (a.coefficients(k, target), b.coefficients(k, target));
        let apart = apart(own, other, &sizes);
        let context = format!(
            "λ {:e}, κ {:.1e}, target {target}, {:?} and {:?}: {own:?}, {other:?}, {case:?}",
            a.lambdas()[k],
            a.condition(k),
            a.outcome(k, target),
            b.outcome(k, target)
        );
        assert!(apart <= bound, "{apart:e} > {bound:e}: {context}");
        compared += 1;
    }
    compared
}

#[test]
fn every_number_is_finite_and_every_residual_small() {
    for_all(1500, cases(), |case| {
        let data = case.data();
        for precision in [Precision::Double, Precision::Single] {
            let path = case.fit(&case.ridge(&data).backend(Backend::Cpu).precision(precision), &data);
            assert_sound(&path, &case);
        }
    });
}

/// Runs the property, which says how much it compared, and fails if that is little.
fn for_all_comparing(count: u32, least: usize, property: impl Fn(Case) -> usize) {
    let compared = AtomicUsize::new(0);
    for_all(count, cases(), |case| {
        compared.fetch_add(property(case), Ordering::Relaxed);
    });
    let compared = compared.into_inner();
    eprintln!("{compared} answers compared in {count} cases");
    assert!(compared >= least, "only {compared} answers could be compared");
}

#[test]
fn the_cpu_agrees_with_the_reference_where_that_is_well_conditioned() {
    for_all_comparing(1000, 500, |case| {
        // The reference works in f64 as it is: squares and products of the data must be in its range.
        let case = case.moderate();
        let data = case.data();
        let ridge = case.ridge(&data);
        let own = case.fit(&ridge.clone().backend(Backend::Cpu), &data);
        let reference = case.fit(&ridge.backend(Backend::Reference), &data);
        let mut compared = 0;
        for (k, target) in answered(&reference).filter(|(k, _)| reference.condition(*k) <= 1e10) {
            assert!(!matches!(own.outcome(k, target), Outcome::Singular { .. }), "{case:?}");
            // κ of the reference is that of G + shift·I on the penalised scale, and so is the distance.
            // Where Xᵀy cancels, the bound of the answer says more than κ does.
            let bound = (100.0 * case.features as f64 * f64::EPSILON * reference.condition(k)).max(1e-12);
            let bound = bound.max(SLACK * own.error_bound(k, target));
            let (found, wanted) = (own.coefficients(k, target), reference.coefficients(k, target));
            let sizes = match case.standardize {
                Standardize::No => vec![1.0; case.features],
                Standardize::Population | Standardize::Sample => {
                    case.sizes(&data, own.shifts()[k], in_dual_units(&own, k, target))
                }
            };
            let apart = apart(found, wanted, &sizes);
            let context =
                format!("λ {:e}, {:?}: {found:?}, {wanted:?}, {case:?}", own.lambdas()[k], own.outcome(k, target));
            assert!(apart <= bound, "{apart:e} > {bound:e}: {context}");
            compared += 1;
        }
        compared
    });
}

#[test]
fn the_gpu_agrees_with_the_cpu_within_the_bounds_of_both() {
    let Some(gpu) = gpu() else { return };
    for_all_comparing(150, 200, |case| {
        let data = case.data();
        let ridge = case.ridge(&data);
        let cpu = case.fit(&ridge.clone().backend(Backend::Cpu), &data);
        let single = ridge.clone().backend(Backend::Gpu).gpu(gpu.clone()).precision(Precision::Single);
        let single = case.fit(&single, &data);
        let double = case.fit(&ridge.backend(Backend::Gpu).gpu(gpu.clone()), &data);
        for path in [&single, &double] {
            assert_sound(path, &case);
        }
        assert_agree(&single, &cpu, &case, &data) + assert_agree(&double, &cpu, &case, &data)
    });
}

#[test]
fn single_precision_agrees_with_double_within_the_bounds_of_both() {
    for_all_comparing(500, 500, |case| {
        let data = case.data();
        let ridge = case.ridge(&data).backend(Backend::Cpu);
        let single = case.fit(&ridge.clone().precision(Precision::Single), &data);
        assert_agree(&single, &case.fit(&ridge, &data), &case, &data)
    });
}

#[test]
fn wide_data_made_tall_by_rows_of_no_weight_have_the_same_path() {
    for_all_comparing(500, 500, |case| {
        let data = case.data();
        let m = case.rows;
        let weights = data.weights.clone().unwrap_or_else(|| vec![1.0; m]);
        let padded = |matrix: &DMatrix<f64>| matrix.clone().resize_vertically(m + 25, 1e30);
        let tall = Data { x: padded(&data.x), y: padded(&data.y), weights: Some([weights, vec![0.0; 25]].concat()) };
        let compare = |form: Form| {
            let own = case.fit(&case.ridge(&data).form(form).backend(Backend::Cpu), &data);
            let case = case.clone().with_rows(m + 25);
            let lambdas = own.lambdas().to_vec();
            let other = case.fit(&case.ridge(&tall).lambdas(lambdas).form(form).backend(Backend::Cpu), &tall);
            assert_agree(&own, &other, &case, &tall)
        };
        // Data that stay wide: the primal form takes over where tall data are all but singular.
        compare(Form::Primal) + if case.features > m + 25 { compare(Form::Dual) } else { 0 }
    });
}

#[test]
fn permuted_columns_have_permuted_coefficients() {
    for_all_comparing(500, 500, |case| {
        let data = case.data();
        let n = case.features;
        let turned = |j: usize| (j + 1 + case.seed as usize % n) % n;
        let other = Data {
            x: DMatrix::from_fn(case.rows, n, |row, j| data.x[(row, turned(j))]),
            y: data.y.clone(),
            weights: data.weights.clone(),
        };
        let own = case.fit(&case.ridge(&data).backend(Backend::Cpu), &data);
        let back = case.fit(&case.ridge(&other).backend(Backend::Cpu), &other);
        let mut compared = 0;
        for (k, target) in answered(&own) {
            let bound = SLACK * (own.error_bound(k, target) + back.error_bound(k, target));
            let dual = in_dual_units(&own, k, target);
            let told = bound < CERTAIN && dual == in_dual_units(&back, k, target);
            if matches!(back.outcome(k, target), Outcome::Singular { .. }) || !told {
                continue;
            }
            let mut found = vec![0.0; n];
            (0..n).for_each(|j| found[turned(j)] = back.coefficients(k, target)[j]);
            let apart = apart(&found, own.coefficients(k, target), &case.sizes(&data, own.shifts()[k], dual));
            assert!(apart <= bound, "{apart:e} > {bound:e}: {case:?}");
            compared += 1;
        }
        compared
    });
}

#[test]
fn a_power_of_two_times_y_scales_every_bit_on_the_cpu() {
    for_all_comparing(500, 500, |case| {
        let data = case.data();
        let factor = 2f64.powi(30);
        let other = Data { x: data.x.clone(), y: &data.y * factor, weights: data.weights.clone() };
        let ridge = case.ridge(&data).backend(Backend::Cpu);
        let (own, scaled) = (case.fit(&ridge, &data), case.fit(&ridge, &other));
        let mut compared = 0;
        for k in 0..own.len() {
            for target in 0..own.targets() {
                // What vanishes need not do so when it is larger.
                if own.outcome(k, target) != Outcome::OutOfRange {
                    assert_eq!(own.outcome(k, target), scaled.outcome(k, target), "{case:?}");
                }
                for (w, other) in own.coefficients(k, target).iter().zip(scaled.coefficients(k, target)) {
                    // What is subnormal has lost bits before it is scaled.
                    let same = (w * factor).to_bits() == other.to_bits() || w.abs() < 1e-300;
                    assert!(same || (w.is_nan() && other.is_nan()), "{w:e}, {other:e}: {case:?}");
                    compared += 1;
                }
            }
        }
        compared
    });
}

#[test]
fn data_in_f32_have_the_path_of_the_same_numbers_in_f64_x_and_y_each_on_its_own() {
    for_all(300, cases().prop_map(Case::tame), |case| {
        let data = case.data();
        let (x, y) = (data.x.map(|v| v as f32), data.y.map(|v| v as f32));
        let (wide_x, wide_y) = (x.map(f64::from), y.map(f64::from));
        let ridge = case.ridge(&data).backend(Backend::Cpu);
        let same = |found: RidgePath, wanted: RidgePath| {
            for k in 0..found.len() {
                for target in 0..found.targets() {
                    let bits =
                        |path: &RidgePath| path.coefficients(k, target).iter().map(|w| w.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&found), bits(&wanted), "{case:?}");
                }
            }
        };
        same(ridge.fit(&x, &y).unwrap(), ridge.fit(&wide_x, &wide_y).unwrap());
        same(ridge.fit(&x, &data.y).unwrap(), ridge.fit(&wide_x, &data.y).unwrap());
        same(ridge.fit(&data.x, &y).unwrap(), ridge.fit(&data.x, &wide_y).unwrap());
    });
}

#[test]
fn arguments_of_any_kind_are_an_error_or_an_answer() {
    let number = prop_oneof![
        3 => Just(1.0),
        1 => any::<f64>(),
        1 => prop::sample::select(vec![0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, 5e-324, f64::MAX]),
    ];
    let numbers = |most| prop::collection::vec(number.clone(), 0..most);
    let sizes = (0..5usize, 0..5usize, 0..5usize, 0..4usize, 0..4usize);
    let (refused, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for_all(3000, (sizes, numbers(20), numbers(6), numbers(6), numbers(4), any::<[bool; 4]>()), |input| {
        let ((m, n, t, down, across), x, y, weights, grid, [weighted, intercept, single, lambdas]) = input;
        let fit = || -> Result<RidgePath, Error> {
            let x = View::strided(&x, m, n, down, across)?;
            let y = View::strided(&y, m, t, 1, m)?;
            let ridge = Ridge::new().intercept(intercept).backend(Backend::Cpu);
            let ridge = if weighted { ridge.weights(weights) } else { ridge };
            let ridge = if lambdas { ridge.lambdas(grid) } else { ridge.alphas(grid) };
            ridge.precision(if single { Precision::Single } else { Precision::Double }).fit(x, y)
        };
        match fit() {
            Ok(_) => answered.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                assert!(!error.is_device() && !error.to_string().is_empty());
                refused.fetch_add(1, Ordering::Relaxed)
            }
        };
    });
    for_all(1000, (number.clone(), number.clone(), 0..20usize), |(start, stop, count)| {
        if let Ok(grid) = Penalty::log_grid(start, stop, count) {
            assert_eq!(grid.len(), count);
            assert!(grid.iter().all(|value| value.is_finite() && *value > 0.0), "{start}:{stop}:{count}: {grid:?}");
        }
    });
    assert!(answered.into_inner() > 20 && refused.into_inner() > 20);
}

#[test]
#[should_panic(expected = "answers could be compared")]
fn a_property_that_compares_nothing_fails() {
    for_all_comparing(3, 1, |_| 0);
}

#[test]
#[should_panic(expected = "e-6 >")]
fn the_comparison_finds_an_error_above_the_bounds() {
    for_all_comparing(100, 1, |case| {
        let data = case.data();
        let other = Data { x: data.x.clone(), y: data.y.map(|y| y * (1.0 + 1.5e-6)), weights: data.weights.clone() };
        let ridge = case.ridge(&data).backend(Backend::Cpu);
        assert_agree(&case.fit(&ridge, &data), &case.fit(&ridge, &other), &case, &data)
    });
}
