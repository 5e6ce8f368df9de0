//! Intercepts of columns that were read as distances from an origin.

use ridgepath::RidgePath;

use crate::input::data::Data;

/// The intercept at a λ, for the columns as they are in the file.
pub(crate) fn of_file(path: &RidgePath, data: &Data, index: usize, target: usize) -> f64 {
    of_place(path, data, index, (target, target))
}

/// The intercept of the target that has number `place` in the path and `target` in the file.
pub(crate) fn of_place(path: &RidgePath, data: &Data, index: usize, (place, target): (usize, usize)) -> f64 {
    let fitted = path.intercept(index, place);
    if !data.is_shifted() {
        return fitted;
    }
    // What rounding loses is summed beside: b and wᵀx may both be far larger than their difference.
    let (mut sum, mut lost) = (fitted, 0.0);
    let mut add = |term: f64| {
        let next = sum + term;
        let part = next - sum;
        lost += (sum - (next - part)) + (term - part);
        sum = next;
    };
    let (origin, rest) = in_two(data.target_origins()[target]);
    [origin, rest].into_iter().for_each(&mut add);
    for (origin, w) in data.feature_origins().iter().zip(path.coefficients(index, place)) {
        let (origin, rest) = in_two(*origin);
        let product = w * origin;
        [-product, -w.mul_add(origin, -product), -w * rest].into_iter().for_each(&mut add);
    }
    sum + lost
}

/// A whole number as the float nearest to it, and what that float lacks.
fn in_two(whole: i128) -> (f64, f64) {
    let high = whole as f64;
    #[expect(clippy::cast_possible_truncation, reason = "made from an i128")]
    let low = whole.saturating_sub(high as i128) as f64;
    (high, low)
}
