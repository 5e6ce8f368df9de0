//! The curves of a picture: for every target one of each feature over log λ.

use ridgepath::{RidgePath, Standardize};

use crate::input::data::Data;

/// The curve of one feature: runs of points (place, value), parted where there is no answer. The place is log₁₀ λ, from large λ to
/// small, or another value along the axis.
#[derive(Default)]
pub(crate) struct Curve {
    pub(crate) runs: Vec<Vec<(f64, f64)>>,
    /// Runs of (place, least, greatest) around it, where there is a band.
    pub(crate) band: Vec<Vec<(f64, f64, f64)>>,
}

impl Curve {
    pub(crate) fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.runs.iter().flatten().copied()
    }

    /// The point at the smallest λ.
    pub(crate) fn end(&self) -> Option<(f64, f64)> {
        self.points().last()
    }
}

/// Numbers of the entries that a logarithmic axis can show, from large λ to small.
pub(crate) fn shown(path: &RidgePath) -> Vec<usize> {
    let mut entries: Vec<usize> = (0..path.len()).filter(|index| path.lambdas()[*index] > 0.0).collect();
    entries.sort_by(|a, b| path.lambdas()[*b].total_cmp(&path.lambdas()[*a]));
    entries
}

/// The curves of a target, one for each feature; `factors` are what [`factors`] returns.
pub(crate) fn of(path: &RidgePath, target: usize, entries: &[usize], factors: &[f64]) -> Vec<Curve> {
    let curve = |(feature, factor): (usize, &f64)| {
        let point = |index: &usize| {
            let value = path.coefficients(*index, target)[feature] * factor;
            value.is_finite().then(|| (path.lambdas()[*index].log10(), value))
        };
        Curve { runs: runs(entries.iter().map(point)), band: Vec::new() }
    };
    factors.iter().enumerate().map(curve).collect()
}

/// Points that follow one another, parted where there is none.
pub(crate) fn runs<T>(points: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs: Vec<Vec<T>> = vec![Vec::new()];
    for point in points {
        match (runs.last_mut(), point) {
            (Some(run), Some(point)) => run.push(point),
            (Some(run), None) if !run.is_empty() => runs.push(Vec::new()),
            _ => (),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// What each coefficient is multiplied by: 1, or its column's standard deviation where the penalty acted on standardised
/// columns, which makes the curves comparable.
pub(crate) fn factors(path: &RidgePath, data: &Data) -> Vec<f64> {
    let standardize = path.standardize();
    (0..path.features())
        .map(|feature| match standardize {
            Standardize::No => 1.0,
            Standardize::Population | Standardize::Sample => {
                deviation(data.feature(feature), data.weights(), standardize)
            }
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
fn deviation(values: &[f64], weights: Option<&[f64]>, standardize: Standardize) -> f64 {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let weighted = |f: &dyn Fn(f64) -> f64| values.iter().enumerate().map(|(row, x)| weight(row) * f(*x)).sum::<f64>();
    let sum = weighted(&|_| 1.0);
    let mean = weighted(&|x| x / sum);
    let variance = weighted(&|x| (x - mean).powi(2) / sum);
    let rows = (0..values.len()).filter(|row| weight(*row) > 0.0).count() as f64;
    let factor = if standardize == Standardize::Sample && rows > 1.0 { rows / (rows - 1.0) } else { 1.0 };
    (variance * factor).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{Standardize, deviation, runs};

    #[test]
    fn runs_are_parted_where_there_is_no_point() {
        let points = [None, Some(1), Some(2), None, None, Some(3), None];
        assert_eq!(runs(points.into_iter()), [vec![1, 2], vec![3]]);
        assert!(runs([None::<u8>].into_iter()).is_empty());
    }

    #[test]
    fn a_weight_of_two_counts_a_value_twice() {
        let weighted = deviation(&[1.0, 2.0, 4.0], Some(&[2.0, 1.0, 1.0]), Standardize::Population);
        let twice = deviation(&[1.0, 1.0, 2.0, 4.0], None, Standardize::Population);
        assert!((weighted / twice - 1.0).abs() < 1e-15, "{weighted} against {twice}");
        assert!((twice - 1.5f64.sqrt()).abs() < 1e-15, "{twice}");
        assert!((deviation(&[1.0, 1.0, 2.0, 4.0], None, Standardize::Sample) - 2f64.sqrt()).abs() < 1e-15);
    }
}
