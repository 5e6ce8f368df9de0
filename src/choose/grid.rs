//! Grids that grow where the best λ lies at their edge.

use crate::choose::rule::Edge;
use crate::model::penalty::{Grid, Penalty};

/// By how much a grid grows on one side, as a factor.
const GROWTH: f64 = 100.0;
/// The most values that it grows by.
const MOST: f64 = 200.0;

/// A grid with two decades more at the edges named, in steps of the grid itself; `None` without edges, or where
/// no number is left. λs, or alphas where the penalty was given so.
pub(crate) fn extended(penalty: &Penalty, now: &Grid, edges: &[Edge]) -> Option<Penalty> {
    let (values, of): (_, fn(Vec<f64>) -> Penalty) = match penalty {
        Penalty::Alphas(_) => (&now.shifts, Penalty::Alphas),
        Penalty::Lambdas(_) | Penalty::Auto(_) => (&now.lambdas, Penalty::Lambdas),
        Penalty::Factored { grid, factors } => {
            let factored = |grid| Penalty::Factored { grid: Box::new(grid), factors: factors.clone() };
            return extended(grid, now, edges).map(factored);
        }
        // More than one direction to grow in.
        Penalty::PerFeature(_) => return None,
    };
    let falling = values.first() > values.last();
    let mut grown = values.clone();
    for edge in edges {
        let mut more = beyond(values, *edge);
        match (*edge == Edge::Smallest) == falling {
            true => grown.extend(more),
            false => {
                more.reverse();
                grown.splice(0..0, more);
            }
        }
    }
    (grown.len() > values.len()).then(|| of(grown))
}

/// Values beyond an end of the grid, the nearest first.
fn beyond(values: &[f64], edge: Edge) -> Vec<f64> {
    let mut positive: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
    positive.sort_by(f64::total_cmp);
    positive.dedup();
    if edge == Edge::Largest {
        positive.reverse();
    }
    let Some(end) = positive.first() else { return Vec::new() };
    let step = positive.get(1).map_or(0.1, |next| end / next);
    #[expect(clippy::cast_possible_truncation, reason = "between 1 and MOST")]
    let count = (GROWTH.ln() / step.ln().abs() - 1e-9).ceil().clamp(1.0, MOST) as i32;
    let next = (1..=count).map(|index| end * step.powi(index));
    next.take_while(|value| value.is_normal()).collect()
}
