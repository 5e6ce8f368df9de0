//! Answers held against the truth.

use std::collections::BTreeMap;

use ridgepath::{Outcome, Route};

use crate::big::Big;
use crate::cases::Case;
use crate::figures::{Figure, Key, Truth};
use crate::subject::{Answer, Way};
use crate::tolerance::{BOUND, CERTAIN, CORRECTED, DECOMPOSED, Digits, ORDINARY, ROUNDING};
use crate::truths::{CRITERIA, FRACTIONS, Twin};

/// Why a figure is a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Further from the exact value than the table allows.
    Wrong,
    /// A number where there is none.
    Invented,
    /// Said to be unknown, though the problem is ordinary.
    Unknown,
    /// An error of the library.
    Failed,
}

#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) figure: Figure,
    pub(crate) fault: Fault,
    pub(crate) detail: String,
}

/// What was compared of each figure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) solves: usize,
    pub(crate) compared: BTreeMap<Figure, usize>,
    /// Said to be unknown, where it may be.
    pub(crate) unknown: BTreeMap<Figure, usize>,
    /// Numbers of which nothing is promised.
    pub(crate) unpromised: BTreeMap<Figure, usize>,
    pub(crate) refused: BTreeMap<Figure, usize>,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.solves += other.solves;
        let all = [
            (&mut self.compared, &other.compared),
            (&mut self.unknown, &other.unknown),
            (&mut self.unpromised, &other.unpromised),
            (&mut self.refused, &other.refused),
        ];
        for (own, other) in all {
            other.iter().for_each(|(figure, count)| *own.entry(*figure).or_default() += count);
        }
    }
}

pub(crate) struct Court<'a> {
    case: &'a Case,
    twin: &'a Twin,
    digits: Digits,
    dual: bool,
    pub(crate) reports: Vec<Report>,
    pub(crate) counts: Counts,
}

/// Judges one answer.
pub(crate) fn judge<'a>(case: &'a Case, twin: &'a Twin, way: &Way, answer: &Answer) -> Court<'a> {
    let mut court =
        Court { case, twin, digits: way.digits, dual: answer.dual, reports: Vec::new(), counts: Counts::default() };
    court.counts.solves = answer.solves;
    if let Some(error) = &answer.error {
        court.report(Figure::Coefficient, Fault::Failed, error.clone());
        return court;
    }
    for (figure, _) in &answer.refused {
        *court.counts.refused.entry(*figure).or_default() += 1;
    }
    for (key, truth) in &twin.truths {
        if asked(key.figure, way) && !answer.refused.iter().any(|(figure, _)| *figure == key.figure) {
            court.figure(*key, truth, answer.found.get(key).copied());
        }
    }
    court.bounds(answer);
    if way.everything {
        court.choices(answer);
        court.norms(answer);
    }
    court
}

/// Whether a way of solving is asked for a figure.
fn asked(figure: Figure, way: &Way) -> bool {
    figure <= Figure::DegreesOfFreedom || way.everything
}

impl Court<'_> {
    fn report(&mut self, figure: Figure, fault: Fault, detail: String) {
        self.reports.push(Report { figure, fault, detail });
    }

    fn precision(&self, key: Key) -> usize {
        // What follows the path comes in its precision; the rest is double whatever is asked for.
        match self.digits == Digits::Single && key.figure <= Figure::InterceptStandardError {
            true => 1 + usize::from(self.dual),
            false => 0,
        }
    }

    fn figure(&mut self, key: Key, truth: &Truth, found: Option<f64>) {
        let figure = key.figure;
        let place =
            format!("λ {:?} (number {}), target {}, item {}", self.case.grid[key.k], key.k, key.target, key.item);
        let Some(exact) = &truth.exact else {
            match found {
                None => *self.counts.compared.entry(figure).or_default() += 1,
                // Rows a rounding away have one.
                Some(_) if truth.condition > CORRECTED => *self.counts.unpromised.entry(figure).or_default() += 1,
                Some(found) => {
                    self.report(figure, Fault::Invented, format!("{place}: found {found:?}, there is no such number"));
                }
            }
            return;
        };
        let slack = &truth.slack[self.precision(key)];
        let rounded = exact.to_f64();
        let Some(found) = found else {
            // What a double has no room for may be unknown.
            let room = rounded == 0.0 && exact.is_zero() || rounded.is_normal();
            let precise = truth.slack[0].as_ref().is_some_and(|slack| {
                let zero = exact.is_zero() && figure <= Figure::Prediction;
                zero || *slack < exact.clone().abs() * Big::of(DECOMPOSED * ORDINARY)
            });
            match room && precise && truth.condition < ORDINARY {
                true => {
                    let detail = format!(
                        "{place}: unknown at κ = {:.1e}, exactly {} ± {:.1e}",
                        truth.condition,
                        exact.digits(),
                        slack.as_ref().map_or(f64::NAN, Big::to_f64)
                    );
                    self.report(figure, Fault::Unknown, detail);
                }
                false => *self.counts.unknown.entry(figure).or_default() += 1,
            }
            return;
        };
        let Some(slack) = slack else {
            *self.counts.unpromised.entry(figure).or_default() += 1;
            return;
        };
        *self.counts.compared.entry(figure).or_default() += 1;
        let detail = || {
            format!(
                "{place}: found {found:?}, exactly {} ± {:.1e}, κ = {:.1e}",
                exact.digits(),
                slack.to_f64(),
                truth.condition
            )
        };
        let right = if found.is_infinite() {
            // Where the exact value is beyond every double, or within its slack of that.
            let beyond = exact.clone().abs() + slack.clone() > Big::of(f64::MAX);
            beyond && (found > 0.0) == exact.is_positive()
        } else {
            // Below the least normal number digits are lost.
            let allowed = slack.clone() + Big::of(f64::MIN_POSITIVE * 16.0);
            (&Big::of(found) - exact).abs() <= allowed
        };
        if !right {
            let detail = detail();
            self.report(figure, Fault::Wrong, detail);
        }
    }

    /// The error of the coefficients against the bound that comes with them, where that promises a digit.
    fn bounds(&mut self, answer: &Answer) {
        for (k, every) in self.twin.coefficients.iter().enumerate() {
            let Some(every) = every else { continue };
            for (target, exact) in every.iter().enumerate() {
                let Some(bound) = answer.found.get(&Key::new(Figure::ErrorBound, k, target, 0)) else { continue };
                // By the form that answered at last: the primal where nothing is penalised.
                let other =
                    matches!(answer.outcomes[k * every.len() + target], Outcome::Rerouted { route: Route::Form });
                let dual = answer.dual && self.case.grid[k] > 0.0;
                let units = &self.twin.units[k][usize::from(dual != other)];
                let found: Option<Vec<f64>> = (0..exact.len())
                    .map(|j| answer.found.get(&Key::new(Figure::Coefficient, k, target, j)).copied())
                    .collect();
                // Numbers without room for their digits have none to lose.
                let Some(found) = found.filter(|found| {
                    exact
                        .iter()
                        .zip(found)
                        .all(|(exact, found)| found.is_finite() && (exact.is_zero() || exact.to_f64().abs() > 1e-290))
                }) else {
                    continue;
                };
                let size = exact.iter().zip(units).map(|(w, unit)| (w * unit).squared()).sum::<Big>().sqrt();
                if *bound >= CERTAIN || size.is_zero() {
                    *self.counts.unpromised.entry(Figure::ErrorBound).or_default() += 1;
                    continue;
                }
                let away = |((w, found), unit): ((&Big, &f64), &Big)| (&(&Big::of(*found) - w) * unit).squared();
                let error = exact.iter().zip(&found).zip(units).map(away).sum::<Big>().sqrt() / size;
                *self.counts.compared.entry(Figure::ErrorBound).or_default() += 1;
                if !(error.to_f64() <= BOUND * bound) {
                    let detail = format!(
                        "λ {:?} (number {k}), target {target}: bound {bound:.3e}, error {:.3e}, κ = {:.1e}, {:?}",
                        self.case.grid[k],
                        error.to_f64(),
                        self.twin.conditions[k],
                        answer.outcomes[k * every.len() + target]
                    );
                    self.report(Figure::ErrorBound, Fault::Wrong, detail);
                }
            }
        }
    }

    /// The λ chosen, against the exact scores of the λs that the library could score.
    fn choices(&mut self, answer: &Answer) {
        let own = [(Figure::FoldChoice, 0, Figure::FoldMean), (Figure::LooChoice, 0, Figure::LooScore)];
        let criteria = CRITERIA.into_iter().enumerate().map(|(item, score)| (Figure::CriterionChoice, item, score));
        for (figure, item, score) in own.into_iter().chain(criteria) {
            let Some(found) = answer.found.get(&Key::new(figure, 0, 0, item)) else { continue };
            let sign = Big::of(if score == Figure::Evidence { -1.0 } else { 1.0 });
            let scored = |k: usize| {
                (0..self.case.targets())
                    .map(|target| {
                        let key = Key::new(score, k, target, 0);
                        let truth = self.twin.truths.get(&key)?;
                        answer.found.get(&key).filter(|found| found.is_finite())?;
                        Some((&sign * truth.exact.as_ref()?, truth.slack[0].clone()?))
                    })
                    .collect::<Option<Vec<(Big, Big)>>>()
                    .map(|all| {
                        let range = |all: &[(Big, Big)], by: &dyn Fn(&Big, &Big) -> Big| {
                            all.iter().map(|(v, s)| by(v, s)).sum::<Big>()
                        };
                        (range(&all, &|v, s| v - s), range(&all, &|v, s| v + s))
                    })
            };
            let nothing = |k: usize| {
                let truth = |target| self.twin.truths.get(&Key::new(score, k, target, 0));
                let none = |truth: &Truth| truth.exact.is_none() && truth.condition <= CORRECTED;
                (0..self.case.targets()).any(|target| truth(target).is_some_and(none))
            };
            let chosen = (0..self.case.grid.len()).find(|k| *k as f64 == *found);
            let range = chosen.and_then(scored);
            let best = (0..self.case.grid.len()).filter_map(|k| scored(k).map(|range| (k, range.1)));
            let best = best.reduce(|a, b| if b.1 < a.1 { b } else { a });
            let detail = match (chosen, range, best) {
                (Some(k), _, _) if nothing(k) => format!("{score:?}: number {k}, which has no such score"),
                (Some(k), Some((low, _)), Some((other, high))) if low > high => {
                    format!(
                        "{score:?}: number {k}, of {} at the least; number {other} has {} at most",
                        low.digits(),
                        high.digits()
                    )
                }
                (None, ..) => format!("{score:?}: number {found}"),
                _ => {
                    *self.counts.compared.entry(figure).or_default() += 1;
                    continue;
                }
            };
            self.report(figure, Fault::Wrong, detail);
        }
    }

    /// What norm the λs returned have, exactly.
    fn norms(&mut self, answer: &Answer) {
        for target in 0..self.case.targets() {
            let limit = self.twin.limits[target].map(|limit| (Figure::NormLimit, 0, Big::of(limit), Big::zero()));
            let free = self.twin.free(target).cloned();
            let fractions = FRACTIONS.into_iter().enumerate().filter_map(|(item, fraction)| {
                let (free, slack) = free.clone()?;
                let part = Big::of(fraction).squared();
                Some((Figure::NormFraction, item, &free * &part, &slack? * &part))
            });
            for (figure, item, wanted, more) in limit.into_iter().chain(fractions) {
                let Some(lambda) = answer.found.get(&Key::new(figure, 0, target, item)).filter(|l| l.is_finite())
                else {
                    continue;
                };
                let Some((reached, slack, condition)) = self.twin.norm_at(target, *lambda) else {
                    *self.counts.unpromised.entry(figure).or_default() += 1;
                    continue;
                };
                let Some(slack) = slack else {
                    *self.counts.unpromised.entry(figure).or_default() += 1;
                    continue;
                };
                *self.counts.compared.entry(figure).or_default() += 1;
                let allowed = slack + more + &wanted * &Big::of(ROUNDING);
                let away = &reached - &wanted;
                // No penalty is needed where w is small enough without.
                let right = away.clone().abs() <= allowed || (*lambda == 0.0 && !away.is_positive());
                if !right {
                    let detail = format!(
                        "target {target}, item {item}: λ {lambda:?} has ‖w‖² = {}, wanted {} ± {:.1e}, κ = {condition:.1e}",
                        reached.digits(),
                        wanted.digits(),
                        allowed.to_f64()
                    );
                    self.report(figure, Fault::Wrong, detail);
                }
            }
        }
    }
}
