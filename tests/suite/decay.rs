//! Training with weight decay, held against the closed form.

use approx::assert_relative_eq;
use nalgebra::DMatrix;
use ridgepath::decay::{Adam, Decay, Descent, Optimizer};
use ridgepath::{Error, Moments, Problem, Ridge, View};

use crate::support::{Random, distance, regression};

const X: [f64; 8] = [0.0, 5.0, 1.0, 7.0, 2.0, 11.0, 3.0, 13.0];
const Y: [f64; 4] = [17.0, 19.0, 23.0, 29.0];

/// Averages that come to rest soon, and an ε that lets them.
const QUICK: Adam = Adam { beta1: 0.5, beta2: 0.9, epsilon: 1e-2 };

fn moments(x: &DMatrix<f64>, y: &DMatrix<f64>, weights: Option<&[f64]>) -> Moments {
    let mut moments = Moments::new(x.ncols(), y.ncols());
    let mut problem = Problem::new(x, y).unwrap();
    if let Some(weights) = weights {
        problem = problem.with_weights(weights).unwrap();
    }
    moments.push(&problem).unwrap();
    moments
}

fn small() -> Moments {
    let mut moments = Moments::new(2, 1);
    moments.push(&Problem::new(View::row_major(&X, 4, 2).unwrap(), &Y).unwrap()).unwrap();
    moments
}

/// ∇L of the weights and the intercept, from the rows.
fn gradient(x: &DMatrix<f64>, y: &DMatrix<f64>, descent: &Descent) -> (DMatrix<f64>, f64) {
    let errors = x * &descent.weights + DMatrix::repeat(x.nrows(), 1, descent.intercepts[0]) - y;
    (x.tr_mul(&errors) / x.nrows() as f64, errors.sum() / x.nrows() as f64)
}

#[test]
fn gradient_descent_rests_at_ridge_with_half_the_decay() {
    let (x, y) = regression(301, 60, 5, 2);
    let s = Random::new(7).weights(60);
    for intercept in [true, false] {
        let ridge = Ridge::new().lambdas([0.15]).weights(s.clone()).intercept(intercept).fit(&x, &y).unwrap();
        let decay = Decay::new(Optimizer::GradientDescent, 0.5).weight_decay(0.3).intercept(intercept).steps(2000);
        let trained = decay.run(&moments(&x, &y, Some(&s))).unwrap();
        for target in 0..2 {
            let found: Vec<f64> = trained.weights.column(target).iter().copied().collect();
            assert!(distance(&found, ridge.coefficients(0, target)) < 1e-13, "intercept {intercept}, target {target}");
            assert_relative_eq!(trained.intercepts[target], ridge.intercept(0, target), epsilon = 1e-13);
        }
    }
}

#[test]
fn adam_with_the_decay_in_its_gradient_rests_at_ridge_too() {
    let (x, y) = regression(307, 60, 5, 1);
    let ridge = Ridge::new().lambdas([0.15]).fit(&x, &y).unwrap();
    let decay = Decay::new(Optimizer::Adam(QUICK), 0.01).weight_decay(0.3).steps(20_000);
    let trained = decay.run(&moments(&x, &y, None)).unwrap();
    assert!(distance(trained.weights.as_slice(), ridge.coefficients(0, 0)) < 1e-12);
}

#[test]
fn adamw_rests_elsewhere_at_least_squares_for_small_weights() {
    let (x, y) = regression(311, 60, 5, 1);
    let (d, path) = (0.3, Ridge::new().lambdas([0.15, 0.0]).fit(&x, &y).unwrap());
    let decay = Decay::new(Optimizer::AdamW(Adam { epsilon: 1e-3, ..QUICK }), 0.001).weight_decay(d).steps(50_000);
    let trained = decay.run(&moments(&x, &y, None)).unwrap();
    let (g, of_intercept) = gradient(&x, &y, &trained);
    for j in 0..5 {
        let (g, w) = (g[(j, 0)], trained.weights[(j, 0)]);
        assert!((g + d * w * (g.abs() + 1e-3)).abs() < 1e-12, "feature {j} is not at rest");
        assert!(w.abs() < 1.0 / d);
    }
    assert!(of_intercept.abs() < 1e-12);
    let [from_ridge, from_least_squares] =
        [0, 1].map(|k| distance(trained.weights.as_slice(), path.coefficients(k, 0)));
    assert!(from_ridge > 0.2, "{from_ridge} from ridge");
    assert!(from_least_squares < 5e-3, "{from_least_squares} from least squares");
}

#[test]
fn adamw_keeps_large_weights_within_one_over_the_decay() {
    let (x, y) = regression(313, 60, 5, 1);
    let (y, d) = (y * 100.0, 0.5);
    let decay = Decay::new(Optimizer::AdamW(QUICK), 0.001).weight_decay(d).steps(50_000);
    let trained = decay.run(&moments(&x, &y, None)).unwrap();
    let least_squares = Ridge::new().lambdas([0.0]).fit(&x, &y).unwrap();
    assert!(least_squares.coefficients(0, 0).iter().any(|w| w.abs() > 10.0 / d));
    assert!(trained.weights.iter().all(|w| w.abs() <= 1.0 / d));
}

#[test]
fn each_group_has_its_own_decay() {
    let (x, y) = regression(317, 50, 4, 1);
    let decay = Decay::new(Optimizer::GradientDescent, 0.5).group_decay([0, 1, 0, 2], [0.4, 0.0, 2.0]).steps(3000);
    let trained = decay.run(&moments(&x, &y, None)).unwrap();
    let (g, of_intercept) = gradient(&x, &y, &trained);
    for (j, d) in [0.4, 0.0, 0.4, 2.0].into_iter().enumerate() {
        assert!((g[(j, 0)] + d * trained.weights[(j, 0)]).abs() < 1e-13, "feature {j}");
    }
    assert!(of_intercept.abs() < 1e-13);
}

#[test]
fn three_steps_are_those_of_pytorch() {
    // torch/optim/sgd.py and adam.py, written out in numpy: the gradient of ½ · mean squared error, weight_decay = 0.2 of w alone.
    let cases = [
        (Optimizer::GradientDescent, 0.01, [0.366_710_42, 2.228_852_280_000_000_4, 0.253_158_999_999_999_97]),
        (
            Optimizer::Adam(Adam::default()),
            0.1,
            [0.299_240_231_167_745_5, 0.299_292_226_631_527, 0.299_340_815_407_725_67],
        ),
        (
            Optimizer::AdamW(Adam::default()),
            0.1,
            [0.293_299_648_038_203_4, 0.293_343_628_332_302, 0.299_346_388_894_397_1],
        ),
    ];
    for (optimizer, rate, [w0, w1, b]) in cases {
        let trained = Decay::new(optimizer, rate).weight_decay(0.2).steps(3).run(&small()).unwrap();
        assert_relative_eq!(trained.weights[(0, 0)], w0, max_relative = 1e-13);
        assert_relative_eq!(trained.weights[(1, 0)], w1, max_relative = 1e-13);
        assert_relative_eq!(trained.intercepts[0], b, max_relative = 1e-13);
    }
}

#[test]
fn the_history_tells_loss_and_norm() {
    let (x, y) = regression(331, 40, 3, 1);
    let moments = moments(&x, &y, None);
    let decay = Decay::new(Optimizer::GradientDescent, 0.2).weight_decay(0.1).steps(25).record_every(10);
    let trained = decay.run(&moments).unwrap();
    assert_eq!(trained.history.iter().map(|record| record.step).collect::<Vec<_>>(), [0, 10, 20, 25]);
    for pair in trained.history.windows(2) {
        assert!(pair[1].loss[0] < pair[0].loss[0]);
    }
    let last = &trained.history[3];
    assert_relative_eq!(last.norm[0], trained.weights.norm(), max_relative = 1e-14);
    let errors = &x * &trained.weights + DMatrix::repeat(40, 1, trained.intercepts[0]) - &y;
    assert_relative_eq!(last.loss[0], errors.norm_squared() / 80.0, max_relative = 1e-12);
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let run = |decay: Decay| decay.run(&small()).unwrap_err();
    let descent = |rate| Decay::new(Optimizer::GradientDescent, rate);
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(run(descent(rate)), Error::InvalidSetting { what: "the learning rate", .. }));
    }
    let poor = Optimizer::AdamW(Adam { beta2: 1.0, ..Adam::default() });
    assert!(matches!(run(Decay::new(poor, 0.1)), Error::InvalidSetting { what: "β₂ of Adam", .. }));
    let negative = run(descent(0.1).group_decay([0, 1], [0.1, -0.1]));
    assert!(matches!(negative, Error::InvalidPenalty { name: "weight_decay", index: 1, .. }));
    assert!(matches!(run(descent(0.1).group_decay([0], [0.1])), Error::Shape { found: 1, wanted: 2, .. }));
    assert!(matches!(run(descent(0.1).group_decay([0, 3], [0.1])), Error::OutOfRange { index: 3, count: 1, .. }));
    assert!(matches!(run(descent(10.0)), Error::Diverged { .. }));
    assert!(matches!(descent(0.1).run(&Moments::new(2, 1)), Err(Error::ZeroWeights { rows: 0 })));
}
