//! The judge judged: a figure that is wrong, missing or made up is a report, whatever its kind.

use std::collections::BTreeMap;

use crate::big::Big;
use crate::cases::{Case, Scaling};
use crate::court::{Fault, judge};
use crate::figures::{Figure, Key};
use crate::subject::{Answer, Way};
use crate::truths::Twin;

/// How often a kind of figure is made wrong in one answer.
const TIMES: usize = 3;

/// The numbers that say what was chosen, or are judged by what follows from them: they have no exact value to be off from.
const INDIRECT: [Figure; 6] = [
    Figure::ErrorBound,
    Figure::FoldChoice,
    Figure::LooChoice,
    Figure::CriterionChoice,
    Figure::NormLimit,
    Figure::NormFraction,
];

/// An ordinary regression, and the answer to it.
fn ordinary(alphas: bool) -> (Case, Twin, Way, Answer) {
    let x: Vec<Vec<f64>> = [[3.0, 1.0], [1.0, -2.0], [-4.0, 0.5], [2.5, 6.0], [0.0, -3.0], [5.0, 2.0], [-1.0, 4.0]]
        .iter()
        .map(|row| row.to_vec())
        .collect();
    let y = vec![vec![7.5], vec![-1.0], vec![-7.25], vec![11.0], vec![-2.0], vec![14.0], vec![3.0]];
    let case = Case {
        seed: 0,
        y,
        weights: Some(vec![1.0, 2.0, 0.5, 1.0, 1.0, 3.0, 1.0]),
        intercept: true,
        scaling: Scaling::No,
        factors: None,
        alphas,
        grid: vec![0.01, 1.0, 100.0],
        new: vec![vec![2.0, 2.0], vec![-30.0, 7.0]],
        folds: 3,
        ordinary: true,
        x,
    };
    let twin = Twin::new(&case);
    let way = Way::of(&case, None).remove(0);
    let answer = Answer::new(&case, &way, &twin.limits);
    (case, twin, way, answer)
}

/// What a number is made to be instead.
fn wrong(key: Key, found: f64, twin: &Twin, case: &Case) -> Option<f64> {
    match key.figure {
        Figure::ErrorBound => Some(1e-20),
        Figure::FoldChoice | Figure::LooChoice | Figure::CriterionChoice => {
            Some(if found == 0.0 { (case.grid.len() - 1) as f64 } else { 0.0 })
        }
        Figure::NormLimit | Figure::NormFraction => Some(found * 1.001),
        _ => {
            let truth = twin.truths.get(&key)?;
            let slack = truth.slack[0].as_ref()?;
            Some((truth.exact.as_ref()? + &(slack * &Big::of(100.0))).to_f64())
        }
    }
}

#[test]
fn a_figure_off_by_a_hundred_times_its_tolerance_is_a_report_whatever_its_kind() {
    let mut seen: BTreeMap<Figure, usize> = BTreeMap::new();
    for alphas in [false, true] {
        let (case, twin, way, answer) = ordinary(alphas);
        let reports = |answer: &Answer, figure: Figure| {
            let all = judge(&case, &twin, &way, answer).reports;
            all.iter().filter(|report| report.figure == figure && report.fault == Fault::Wrong).count()
        };
        for figure in Figure::ALL {
            let own = answer.found.iter().filter(|(key, found)| key.figure == *figure && found.is_finite());
            let mut done = 0;
            for (key, found) in own {
                let Some(changed) = wrong(*key, *found, &twin, &case) else { continue };
                let mut tampered = answer.clone();
                tampered.found.insert(*key, changed);
                let reported = reports(&tampered, *figure) == reports(&answer, *figure) + 1;
                assert!(reported || INDIRECT.contains(figure), "{key:?}: {found:?} made {changed:?} is no report");
                *seen.entry(*figure).or_default() += usize::from(reported);
                done += 1;
                if done == TIMES {
                    break;
                }
            }
        }
    }
    for figure in Figure::ALL {
        assert!(seen.contains_key(figure), "no {figure:?} was made wrong and reported");
    }
}

#[test]
fn a_figure_of_ordinary_data_that_is_said_to_be_unknown_is_a_report() {
    let (case, twin, way, answer) = ordinary(true);
    for figure in Figure::ALL.iter().filter(|figure| !INDIRECT.contains(figure)) {
        let mut less = answer.clone();
        let Some(key) = less.found.keys().find(|key| key.figure == *figure).copied() else { continue };
        less.found.remove(&key);
        let reports = judge(&case, &twin, &way, &less).reports;
        assert!(reports.iter().any(|own| own.figure == *figure && own.fault == Fault::Unknown), "{figure:?}");
    }
}

#[test]
fn a_number_where_there_is_none_is_a_report() {
    let (mut case, ..) = ordinary(true);
    case.x.iter_mut().for_each(|row| row[1] = row[0] * 2.0);
    case.grid = vec![0.0];
    let twin = Twin::new(&case);
    let way = Way::of(&case, None).remove(0);
    let mut answer = Answer::new(&case, &way, &twin.limits);
    let invented = |answer: &Answer| {
        let reports = judge(&case, &twin, &way, answer).reports;
        reports.iter().filter(|own| own.figure == Figure::Coefficient && own.fault == Fault::Invented).count()
    };
    assert_eq!(invented(&answer), 0);
    answer.found.insert(Key::new(Figure::Coefficient, 0, 0, 0), 1.5);
    assert_eq!(invented(&answer), 1);
}

#[test]
fn the_twin_has_the_numbers_of_a_regression_by_hand() {
    // x = 0, 1, 2 and y = 1, 3, 8: G = 2, c = 7, means 1 and 4. At shift 2 w = 7/4, b = 9/4, residuals -5/4, -1, 9/4.
    let (mut case, ..) = ordinary(true);
    case.x = vec![vec![0.0], vec![1.0], vec![2.0]];
    case.y = vec![vec![1.0], vec![3.0], vec![8.0]];
    case.weights = None;
    case.grid = vec![2.0];
    case.new = vec![vec![4.0]];
    let twin = Twin::new(&case);
    let rss = 25.0 / 16.0 + 1.0 + 81.0 / 16.0;
    // h = 1/3 + z²/4, and fits of two rows at the same shift leave -3, -3/2 and 27/5.
    let loo = (3f64.powi(2) + 1.5f64.powi(2) + 5.4f64.powi(2)) / 3.0;
    // df = 2/4 + 1; A⁻¹GA⁻¹ = 1/8; σ² = rss/1.5.
    let variance = rss / 1.5;
    for (figure, item, wanted) in [
        (Figure::Coefficient, 0, 1.75),
        (Figure::Intercept, 0, 2.25),
        (Figure::Rss, 0, rss),
        (Figure::SquaredNorm, 0, 1.75 * 1.75),
        (Figure::Prediction, 0, 9.25),
        (Figure::Df, 0, 1.5),
        (Figure::DfWithoutIntercept, 0, 0.5),
        (Figure::Leverage, 2, 1.0 / 3.0 + 0.25),
        (Figure::LooMse, 0, loo),
        (Figure::Gcv, 0, 3.0 * rss / 1.5f64.powi(2)),
        (Figure::Aic, 0, 3.0 * (rss / 3.0).ln() + 3.0),
        (Figure::Bic, 0, 3.0 * (rss / 3.0).ln() + 1.5 * 3f64.ln()),
        (Figure::Aicc, 0, 3.0 * (rss / 3.0).ln() + 3.0 + 2.0 * 1.5 * 2.5 / 0.5),
        // Without a penalty w = 7/2, rss = 26 - 49/2, and one row to spare.
        (Figure::Cp, 0, rss / 1.5 - 3.0 + 3.0),
        // ν = 2, q = rss + 2·(7/4)² = 26 - 49/4.
        (Figure::Evidence, 0, -0.5 * (2.0 * ((std::f64::consts::PI * 13.75).ln() + 1.0) + 2f64.ln())),
        (Figure::StandardError, 0, (variance / 8.0).sqrt()),
        (Figure::InterceptStandardError, 0, (variance * (1.0 / 3.0 + 0.125)).sqrt()),
        (Figure::VarianceInflation, 0, 0.25),
    ] {
        let exact = twin.truths[&Key::new(figure, 0, 0, item)].exact.as_ref().expect("a number").to_f64();
        assert!((exact - wanted).abs() <= 1e-14 * wanted.abs(), "{figure:?}: {exact}, by hand {wanted}");
    }
}
