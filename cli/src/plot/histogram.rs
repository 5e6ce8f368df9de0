//! Histograms of values of which many may be equal, as those of one grid are.

/// Bars, beyond which they are too thin to tell apart.
const MOST: f64 = 30.0;

/// How many values lie in a span.
#[derive(Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) count: usize,
}

/// The bars of sorted values, without those that are empty. Where all values are multiples of one step from the first, as those of a
/// grid are, each bar holds the same number of places of the grid, or bars would differ by these alone.
pub(crate) fn of(sorted: &[f64]) -> Vec<Bar> {
    let ([first, .., last] | [first @ last]) = sorted else { return Vec::new() };
    let span = last - first;
    if !(span > 0.0) {
        return vec![Bar { from: first - 0.1, to: first + 0.1, count: sorted.len() }];
    }
    let (from, width, last) = match step(sorted, span) {
        Some((step, places)) => {
            let each = ((places + 1.0) / MOST).ceil();
            (first - step / 2.0, step * each, f64::INFINITY)
        }
        None => {
            #[expect(clippy::cast_precision_loss, reason = "a number of groups")]
            let bars = (1.5 * (sorted.len() as f64).sqrt()).ceil().clamp(5.0, MOST);
            (*first, span / bars, bars - 1.0)
        }
    };
    let mut bars: Vec<Bar> = Vec::new();
    for value in sorted {
        // The greatest value of all is the end of the last bar.
        let number = ((value - from) / width).floor().min(last);
        let begin = from + number * width;
        match bars.last_mut() {
            Some(bar) if (bar.from - begin).abs() < width / 2.0 => bar.count += 1,
            _ => bars.push(Bar { from: begin, to: begin + width, count: 1 }),
        }
    }
    bars
}

/// The step of a grid that all values are on, if they are, and how many steps the last is from the first.
fn step(sorted: &[f64], span: f64) -> Option<(f64, f64)> {
    /// Of grids longer than this no place is told from its neighbours.
    const PLACES: f64 = 1e4;
    let apart = span * 1e-6;
    let gaps = sorted.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > apart);
    let least = gaps.fold(f64::INFINITY, f64::min);
    let places = (span / least).round();
    let step = span / places;
    let on_grid = |value: &f64| {
        let place = (value - sorted[0]) / step;
        (place - place.round()).abs() < 1e-3
    };
    (places <= PLACES && sorted.iter().all(on_grid)).then_some((step, places))
}

#[cfg(test)]
mod tests {
    use super::{Bar, of};

    #[test]
    fn each_place_of_a_short_grid_has_a_bar_around_it() {
        let found = of(&[-1.0, -1.0, -0.5, 1.5]);
        let bar = |from: f64, count| Bar { from, to: from + 0.5, count };
        assert_eq!(found, [bar(-1.25, 2), bar(-0.75, 1), bar(1.25, 1)]);
    }

    #[test]
    fn bars_of_a_long_grid_hold_as_many_places_each() {
        let grid: Vec<f64> = (0..100).map(|i| -3.0 + 0.05 * f64::from(i)).collect();
        let found = of(&grid);
        assert_eq!(found.iter().map(|bar| bar.count).collect::<Vec<_>>(), [vec![4; 25]].concat());
    }

    #[test]
    fn every_value_is_in_its_bar() {
        for values in [vec![2.0], vec![2.0; 3], vec![], vec![0.1, 0.37, 0.5, 0.77, 1.3, 9.9, 10.0]] {
            let found = of(&values);
            assert_eq!(found.iter().map(|bar| bar.count).sum::<usize>(), values.len(), "{values:?}");
            for bar in &found {
                let inside = values.iter().filter(|value| (bar.from - 1e-9..=bar.to + 1e-9).contains(*value));
                assert!(bar.from < bar.to && inside.count() >= bar.count, "{values:?}: {bar:?}");
            }
        }
    }
}
