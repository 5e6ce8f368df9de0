//! Quantiles of values, interpolated between neighbours, as R does by default.

/// The numbers among the values, from the least to the greatest.
pub(crate) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The value below which a part of the sorted values lies; NaN where there are none.
pub(crate) fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    #[expect(clippy::cast_precision_loss, reason = "a place among values in memory")]
    let place = part * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last place")]
    let below = (place.floor() as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    match place - place.floor() {
        0.0 => low,
        // Halves first: the difference of the largest numbers is beyond them.
        rest => 2.0 * (low / 2.0 + rest * (high / 2.0 - low / 2.0)),
    }
}

/// The quartiles of sorted values: a quarter, half and three quarters are below.
pub(crate) fn quartiles(sorted: &[f64]) -> [f64; 3] {
    [0.25, 0.5, 0.75].map(|part| quantile(sorted, part))
}

#[cfg(test)]
mod tests {
    use super::{quantile, quartiles, sorted};

    #[test]
    fn quantiles_are_interpolated_between_neighbours() {
        let values = sorted([4.0, f64::NAN, 1.0, 2.0, 3.0].into_iter());
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(quartiles(&values), [1.75, 2.5, 3.25]);
        assert_eq!((quantile(&values, 0.0), quantile(&values, 1.0)), (1.0, 4.0));
        assert_eq!(quartiles(&[7.0]), [7.0; 3]);
        assert!(quantile(&[], 0.5).is_nan());
        assert_eq!(quantile(&[f64::MIN, f64::MAX], 0.5), 0.0);
    }
}
