//! The rates that plans count with.

use nalgebra::DMatrix;
use ridgepath::{
    Backend, DeviceRates, Error, Limits, Moments, Plan, Precision, Problem, Rates, Request, Ridge, Shape, Strategy,
};

use crate::support::regression;

const SHAPE: Shape = Shape { rows: 1000, features: 200, targets: 1, penalties: 100, problems: 1 };
const DEFAULT: fn() -> Rates = Rates::default;

fn plan(shape: Shape, rates: Rates) -> Plan {
    Plan::new(shape, Request { backend: Backend::Cpu, rates, ..Request::default() }, None).unwrap()
}

#[test]
fn other_rates_choose_otherwise() {
    let few = Shape { penalties: 2, ..SHAPE };
    // Of as many λ as nodes pay for.
    let many = Shape { penalties: 1000, ..SHAPE };
    let of_many = |rates| plan(many, rates).strategy;
    assert_eq!(of_many(Rates::default()), Strategy::Spectral);
    // A reduction takes one core, and the factorizations of the nodes as many as there are.
    assert_eq!(of_many(Rates { cores: 32, ..DEFAULT() }), Strategy::Nodes);
    assert_eq!(of_many(Rates { reduce: 1e6, ..DEFAULT() }), Strategy::Nodes);
    let strategies = |rates| [SHAPE, few].map(|shape| plan(shape, rates).strategy);
    assert_eq!(strategies(Rates::default()), [Strategy::Spectral, Strategy::Cholesky]);
    for slow in [Rates { reduce: 1e6, ..DEFAULT() }, Rates { product: 1e3, ..DEFAULT() }] {
        assert!(!strategies(slow).contains(&Strategy::Spectral), "{slow}");
    }
    for slow in [Rates { factor: 1e6, ..DEFAULT() }, Rates { substitute: 1e5, ..DEFAULT() }] {
        assert_eq!(strategies(slow), [Strategy::Spectral; 2], "{slow}");
        assert_eq!(plan(Shape { penalties: 1, ..SHAPE }, slow).strategy, Strategy::Cholesky, "one never pays");
    }
    // As many cores as λ: then each has one for itself, and more are of no use.
    let at_once = |cores| plan(Shape { penalties: 16, ..SHAPE }, Rates { cores, ..DEFAULT() }).strategy;
    assert_eq!([4, 64].map(at_once), [Strategy::Spectral, Strategy::Cholesky]);
    let seconds = |cores| {
        let rates = Rates { cores, ..DEFAULT() };
        let request = Request { strategy: Some(Strategy::Cholesky), rates, ..Request::default() };
        request.seconds_on_cpu(Shape { penalties: 16, ..SHAPE })
    };
    // Beyond as many cores as λ, the Gram matrix alone gains: m·n² operations.
    let gram = |cores: f64| 1000.0 * 200.0 * 200.0 / DEFAULT().product / cores;
    assert!(seconds(4) > seconds(16));
    assert!((seconds(16) - seconds(64) - (gram(16.0) - gram(64.0))).abs() < 1e-12);
}

/// In the dual form coefficients count, of which nodes form few.
#[test]
fn many_coefficients_of_wide_data_make_nodes_pay() {
    let wide = Shape { rows: 1000, features: 2000, penalties: 1000, ..SHAPE };
    let strategies = |features, targets| plan(Shape { features, targets, ..wide }, Rates::default()).strategy;
    assert_eq!(strategies(2000, 1), Strategy::Spectral);
    assert_eq!(strategies(200_000, 1), Strategy::Nodes);
    assert_eq!(strategies(20_000, 20), Strategy::Nodes);
    // Sums of as many terms as there are rows gain nothing.
    assert_eq!(plan(Shape { rows: 40, features: 200_000, ..wide }, Rates::default()).strategy, Strategy::Spectral);
    let seconds = |strategy| {
        let request = Request { strategy: Some(strategy), ..Request::default() };
        request.seconds_on_cpu(Shape { features: 200_000, ..wide })
    };
    assert!(3.0 * seconds(Strategy::Nodes) < seconds(Strategy::Cholesky), "{}", seconds(Strategy::Nodes));
}

#[test]
fn a_slower_cpu_makes_a_gpu_pay() {
    let backend = |speed: f64| {
        let Rates { factor, substitute, reduce, product, cores } = Rates::default();
        let [factor, substitute, reduce, product] = [factor, substitute, reduce, product].map(|own| own * speed);
        let request = Request { rates: Rates { factor, substitute, reduce, product, cores }, ..Request::default() };
        [Precision::Single, Precision::Double].map(|precision| {
            Plan::new(SHAPE, Request { precision, ..request }, Some(Ok(Limits::default()))).unwrap().backend
        })
    };
    assert_eq!(backend(1e-4), [Backend::Gpu; 2]);
    assert_eq!(backend(1e4), [Backend::Cpu; 2]);
}

#[test]
fn the_rates_decide_what_fit_does_and_nothing_else() {
    let (x, y) = regression(3, 60, 20, 1);
    let ridge = Ridge::new().backend(Backend::Cpu).alphas([0.1, 1.0, 10.0]);
    for (rates, strategy) in [
        (Rates { factor: 1e3, ..DEFAULT() }, Strategy::Spectral),
        (Rates { reduce: 1e3, ..DEFAULT() }, Strategy::Cholesky),
    ] {
        assert_eq!(
            ridge.clone().rates(rates).fit(&x, &y).unwrap(),
            ridge.clone().strategy(strategy).fit(&x, &y).unwrap()
        );
    }
}

#[test]
fn what_no_machine_has_is_refused() {
    let (x, y) = regression(3, 6, 2, 1);
    let mut moments = Moments::new(2, 1);
    moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
    for (rates, name) in [
        (Rates { factor: f64::NAN, ..DEFAULT() }, "factor"),
        (Rates { substitute: 0.0, ..DEFAULT() }, "substitute"),
        (Rates { reduce: -1.0, ..DEFAULT() }, "reduce"),
        (Rates { product: f64::INFINITY, ..DEFAULT() }, "product"),
        (Rates { cores: 0, ..DEFAULT() }, "cores"),
    ] {
        let ridge = Ridge::new().alphas([1.0]).rates(rates);
        let refused = |error: Error| {
            assert!(matches!(error, Error::InvalidRate { name: found, .. } if found == name), "{error:?}");
            assert!(error.to_string().contains(&format!("the rate {name} is")), "{error}");
        };
        refused(ridge.fit(&x, &y).unwrap_err());
        refused(ridge.fit_moments(&moments).unwrap_err());
    }
}

#[test]
fn measured_rates_can_be_planned_with() {
    let rates = Rates::measure();
    assert_eq!(rates.check(), Ok(()));
    assert!(plan(SHAPE, rates).explain().contains(&rates.to_string()));
}

#[test]
fn a_task_has_the_shape_of_its_data_and_grid() {
    let (x, y) = (DMatrix::<f64>::zeros(7, 3), DMatrix::<f64>::zeros(7, 2));
    let shape = Shape { rows: 7, features: 3, targets: 2, penalties: 5, problems: 1 };
    let ridge = Ridge::new().lambdas([1.0; 5]);
    assert_eq!(ridge.shape(&x, &y), shape);
    assert_eq!(ridge.seconds_on_cpu(shape), Request::default().seconds_on_cpu(shape));
    // Where there is no D⁻¹ every λ is factored.
    let unpenalised = ridge.penalty_factors([0.0, 1.0, 1.0]);
    let factored = Request { strategy: Some(Strategy::Cholesky), ..Request::default() };
    let many = Shape { features: 500, rows: 1000, ..shape };
    assert_eq!(unpenalised.seconds_on_cpu(many), factored.seconds_on_cpu(many));
}

#[test]
fn devices_together_are_as_fast_as_their_sum_and_wait_as_long_as_the_slowest() {
    let one = DeviceRates {
        single: 3e12,
        double: 1e11,
        dot4: 1e13,
        upload: 1e10,
        download: 2e10,
        dispatch: 1e-5,
        round_trip: 1e-4,
    };
    let other = DeviceRates { single: 1e12, double: 0.0, dispatch: 2e-5, round_trip: 5e-5, ..one };
    let wanted = DeviceRates {
        single: 4e12,
        double: 0.0, // in 64 bits they do nothing together
        dot4: 2e13,
        upload: 2e10,
        download: 4e10,
        dispatch: 2e-5,
        round_trip: 1e-4,
    };
    assert_eq!(DeviceRates::together(&[one, other]), Some(wanted));
    assert_eq!(DeviceRates::together(&[one]), Some(one));
    assert_eq!(DeviceRates::together(&[]), None);
}
