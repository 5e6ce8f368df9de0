//! The ladder: what is planned, and which λs climb how far, for which reason.

use ridgepath::{Backend, Form, Moments, Outcome, Plan, Precision, Problem, Reason, Request, Ridge, Rung, Shape};

use crate::support::{Random, regression};

const SHAPE: Shape = Shape { rows: 100, features: 10, targets: 1, penalties: 5, problems: 1 };

fn rungs(shape: Shape, request: Request) -> Vec<Rung> {
    Plan::new(shape, Request { backend: Backend::Cpu, ..request }, None).unwrap().rungs
}

#[test]
fn the_plan_has_the_rungs_that_what_is_asked_for_allows() {
    let all = Request::default();
    let double = [Rung::Double, Rung::Exact, Rung::Qr, Rung::QrInPairs];
    assert_eq!(rungs(SHAPE, all), [&double[..], &[Rung::OtherForm]].concat());
    let single = rungs(SHAPE, Request { precision: Precision::Single, ..all });
    assert_eq!(single, [&[Rung::Single], &double[..], &[Rung::OtherForm]].concat());
    let dual = rungs(SHAPE, Request { form: Some(Form::Dual), minimum_norm: true, ..all });
    let wanted = [Rung::Double, Rung::Exact, Rung::Qr, Rung::LeastNorm, Rung::OtherForm, Rung::Unpenalised];
    assert_eq!(dual, wanted);
    // Without a D⁻¹ there is no other form; where it does not fit, neither.
    assert_eq!(rungs(SHAPE, Request { has_inverse: false, ..all }), double);
    assert_eq!(rungs(Shape { rows: 10_000, ..SHAPE }, all), double);
    // Many rows are not decomposed in pairs of doubles.
    let many = rungs(Shape { rows: 1_000_000, ..SHAPE }, all);
    assert!(!many.contains(&Rung::QrInPairs), "{many:?}");
    assert_eq!(rungs(SHAPE, Request { replayable: false, ..all }), [Rung::Double]);
    // What may be taken at a time changes no answer.
    assert_eq!(rungs(SHAPE, Request { memory_budget: 0, ..all }), rungs(SHAPE, all));
    let reference = Plan::new(SHAPE, Request { backend: Backend::Reference, ..all }, None).unwrap();
    assert_eq!(reference.rungs, [Rung::Reference]);
    assert!(reference.explain().contains("rungs      reference"));
}

#[test]
fn easy_lambdas_stay_on_the_first_rung() {
    let (x, y) = regression(1, 60, 5, 2);
    let path = Ridge::new().backend(Backend::Cpu).alphas([10.0, 1.0]).fit(&x, &y).unwrap();
    assert!(path.retries().is_empty());
    assert_eq!(path.explain().lines().count(), 1);
    let moments: Moments = ridgepath::cpu::gram::gram::<f64>(&Problem::new(&x, &y).unwrap()).unwrap();
    assert!(Ridge::new().alphas([10.0]).fit_moments(&moments).unwrap().retries().is_empty());
}

#[test]
fn lambdas_whose_digits_are_at_stake_climb_and_say_why() {
    let mut random = Random::new(5);
    let mut x = random.matrix(400, 12);
    let near = x.column(1) + random.matrix(400, 1) * 1e-9;
    x.set_column(2, &near.column(0));
    let y = random.matrix(400, 1);
    let ridge = Ridge::new().backend(Backend::Cpu).alphas([1e5, 1e-14]).form(Form::Primal);
    let path = ridge.fit(&x, &y).unwrap();
    let climbed: Vec<_> = path.retries().iter().map(|retry| (retry.index, retry.rung, retry.reason)).collect();
    assert!(climbed.contains(&(1, Rung::Exact, Reason::Condition)), "{climbed:?}");
    assert!(climbed.iter().all(|(index, ..)| *index == 1), "{climbed:?}");
    let single = ridge.precision(Precision::Single).fit(&x, &y).unwrap();
    let reasons: Vec<_> = single.retries().iter().map(|retry| (retry.index, retry.rung)).collect();
    assert_eq!(reasons[..2], [(1, Rung::Double), (1, Rung::Exact)], "{reasons:?}");
    assert!(single.explain().contains("single precision does not reach"), "{}", single.explain());
}

#[test]
fn a_lambda_of_zero_leaves_the_dual_form_and_the_others_do_not() {
    let (x, y) = regression(3, 8, 20, 1);
    let path = Ridge::new().backend(Backend::Cpu).alphas([1.0, 0.0]).fit(&x, &y).unwrap();
    let climbed: Vec<_> = path.retries().iter().map(|retry| (retry.index, retry.rung, retry.reason)).collect();
    assert!(climbed.contains(&(1, Rung::Unpenalised, Reason::Unpenalised)), "{climbed:?}");
    assert!(climbed.iter().all(|(index, ..)| *index == 1), "{climbed:?}");
    assert!(matches!(path.outcome(1, 0), Outcome::Singular { .. }));
}
