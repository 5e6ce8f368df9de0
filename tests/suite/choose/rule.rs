//! Rules: from scores to one λ.

use ridgepath::Rule;
use ridgepath::choose::{Better, Choice, Edge};

const LAMBDAS: [f64; 5] = [10.0, 1.0, 0.1, 0.01, 0.0];

fn choose(rule: Rule, means: [f64; 5], error: f64, better: Better) -> Option<Choice> {
    rule.choose((&LAMBDAS, &LAMBDAS.map(|lambda| 4.0 * lambda)), &means, &[error; 5], better)
}

fn lambda(rule: Rule, means: [f64; 5], better: Better) -> f64 {
    choose(rule, means, 0.5, better).unwrap().lambda
}

#[test]
fn the_best_is_the_lowest_error_or_the_highest_agreement() {
    let means = [5.0, 4.0, 3.0, 3.5, 4.0];
    assert_eq!(lambda(Rule::Best, means, Better::Lower), 0.1);
    assert_eq!(lambda(Rule::Best, means.map(|mean| -mean), Better::Higher), 0.1);
    assert_eq!(lambda(Rule::Best, means, Better::Higher), 10.0);
}

#[test]
fn ties_go_to_the_larger_lambda() {
    assert_eq!(lambda(Rule::Best, [9.0, 3.0, 3.0, 3.0, 4.0], Better::Lower), 1.0);
    assert_eq!(lambda(Rule::Best, [7.0; 5], Better::Higher), 10.0);
}

#[test]
fn one_standard_error_of_the_best_is_near_enough() {
    let means = [3.6, 3.5, 3.0, 3.1, 4.0];
    let choice = choose(Rule::OneStandardError, means, 0.5, Better::Lower).unwrap();
    assert_eq!((choice.lambda, choice.alpha, choice.index, choice.best), (1.0, 4.0, 1, 2));
    assert_eq!((choice.score, choice.standard_error), (3.5, 0.5));
    assert_eq!(lambda(Rule::OneStandardError, means.map(|mean| -mean), Better::Higher), 1.0);
    // Without a standard error nothing but the best is near.
    assert_eq!(choose(Rule::OneStandardError, means, f64::NAN, Better::Lower).unwrap().lambda, 0.1);
}

#[test]
fn percents_are_of_the_best_score() {
    let means = [4.3, 4.2, 4.0, 4.1, 4.5];
    assert_eq!(lambda(Rule::WithinPercent(5.1), means, Better::Lower), 1.0);
    assert_eq!(lambda(Rule::WithinPercent(0.0), means, Better::Lower), 0.1);
    assert_eq!(lambda(Rule::WithinPercent(10.0), means.map(|mean| -mean), Better::Higher), 10.0);
}

#[test]
fn nan_is_never_chosen() {
    let nan = f64::NAN;
    assert_eq!(lambda(Rule::Best, [nan, 2.0, nan, 1.0, nan], Better::Lower), 0.01);
    assert_eq!(lambda(Rule::WithinPercent(500.0), [nan, nan, 2.0, 1.0, nan], Better::Lower), 0.1);
    assert!(choose(Rule::Best, [nan; 5], 0.5, Better::Lower).is_none());
}

#[test]
fn a_best_lambda_at_an_end_of_the_grid_is_told() {
    let edge = |means| choose(Rule::Best, means, 0.5, Better::Lower).unwrap().edge;
    assert_eq!(edge([1.0, 2.0, 3.0, 4.0, 5.0]), Some(Edge::Largest));
    assert_eq!(edge([3.0, 2.0, 1.0, 2.0, 3.0]), None);
    assert_eq!(edge([5.0, 4.0, 3.0, 2.0, 1.0]), None, "nothing is smaller than 0");
    let one = Rule::Best.choose((&[2.0, 1.0], &[2.0, 1.0]), &[1.0, 0.5], &[0.1; 2], Better::Lower).unwrap();
    assert_eq!(one.edge, Some(Edge::Smallest));
    let alone = Rule::Best.choose((&[2.0], &[2.0]), &[1.0], &[0.1], Better::Lower).unwrap();
    assert_eq!(alone.edge, None);
}
