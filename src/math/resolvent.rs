//! The resolvent (B + shift·I)⁻¹ of many shifts from that of few: rational interpolation, as accurate as the arithmetic.
//!
//! For every eigenvalue d, 1/(d + s) = Σⱼ bⱼ(s)/(d + sⱼ) but for a relative error of at most Π |(d − xᵢ)(s − sᵢ)| / ((d + sᵢ)(s + xᵢ)): the
//! rational function of s with poles −xᵢ that agrees at the nodes sᵢ. With Zolotarev's points as nodes sᵢ among the shifts and
//! xᵢ among the eigenvalues that is about 4·exp(−π²r/ln 16γ) with r nodes and γ the cross-ratio of the two intervals (Beckermann and Townsend,
//! *Bounds on the singular values of matrices with displacement structure* (2019)): some 25 nodes where γ is 30, 45 where it
//! is 3000, 85 where it is 1e8, whatever the number of shifts. What is multiplied with grows little, for Σⱼ |bⱼ(s)|(d + s)/(d + sⱼ) is about 5.

use std::f64::consts::PI;
use std::ops::Range;

use nalgebra::DMatrix;

/// The relative error of the interpolation itself, below that of its arithmetic.
const ERROR: f64 = f64::EPSILON / 8.0;
/// An interval narrower than this is widened.
const NARROW: f64 = 1.01;

/// Nodes that are factored at most: more than shifts down to 1e-8 of the largest eigenvalue need.
pub(crate) const MOST_NODES: usize = 96;

/// Products that take as long as one of the same size with the weights of the nodes, which are few.
pub(crate) const SKINNY: f64 = 0.7;

/// Nodes up to which k answers are better sums of theirs: r products with a matrix of `inner` columns, and then k of length r, against
/// k with the matrix.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
pub(crate) fn worthwhile(inner: usize, k: usize) -> usize {
    let [n, k] = [inner, k].map(|size| size as f64);
    (k * n / (n + k / SKINNY)) as usize
}

/// Nodes, the shifts to solve for, and the weights by which answers at other shifts are sums of the answers at the nodes.
#[derive(Debug, Clone)]
pub(crate) struct Resolvent {
    /// The nodes s, largest first.
    pub(crate) nodes: Vec<f64>,
    /// The weights b, r × k: a column for each shift asked for.
    pub(crate) weights: DMatrix<f64>,
}

impl Resolvent {
    /// The nodes for shifts ≥ 0 of a matrix with eigenvalues from `least` to `largest`; `None` where more than `most` would be
    /// needed.
    pub(crate) fn new((least, largest): (f64, f64), shifts: &[f64], most: usize) -> Option<Self> {
        let low = shifts.iter().copied().fold(f64::INFINITY, f64::min);
        let high = shifts.iter().copied().fold(0.0, f64::max);
        let least = least.max(0.0);
        if !(least + low > 0.0 && high < f64::MAX.sqrt() && largest < f64::MAX.sqrt()) {
            return None;
        }
        // Never down to where the matrix is not positive definite.
        let high = high.max(low * NARROW).max((NARROW - 1.0) * least);
        let largest = largest.max(least * NARROW).max((NARROW - 1.0) * low);
        let points = Points::new([-high, -low, least, largest])?;
        let count = points.count();
        if count > most {
            return None;
        }
        let (nodes, poles) = points.of(count);
        let weights = weights(&nodes, &poles, shifts);
        let sound = weights.iter().all(|weight| weight.is_finite()) && nodes.iter().all(|node| *node + least > 0.0);
        sound.then_some(Self { nodes, weights })
    }
}

impl Resolvent {
    /// The weights of a run of shifts, r for each.
    pub(crate) fn weights_of(&self, shifts: Range<usize>) -> &[f64] {
        let count = self.nodes.len();
        &self.weights.as_slice()[shifts.start * count..shifts.end * count]
    }

    /// The weights of the same sums with a node at infinity: 1/(d + s) = (1 − Σⱼ bⱼ)/s + Σⱼ (bⱼsⱼ/s)/(d + sⱼ), which is d·Σⱼ bⱼ/(d + sⱼ) =
    /// d/(d + s) taken from 1. What is wrong of small nodes near d = 0 counts sⱼ/s times as much as in the sums without, and what is wrong
    /// where d is large d/s times. Those of the nodes and then that of infinity: (r + 1) × k.
    pub(crate) fn with_infinity(&self, shifts: &[f64]) -> DMatrix<f64> {
        let count = self.nodes.len();
        DMatrix::from_fn(count + 1, shifts.len(), |j, k| match self.nodes.get(j) {
            Some(node) => self.weights[(j, k)] * (node / shifts[k]),
            None => (1.0 - self.weights.column(k).sum()) / shifts[k],
        })
    }

    /// The weights of the shifts at these positions alone.
    pub(crate) fn only(&self, which: &[usize]) -> Self {
        Self { nodes: self.nodes.clone(), weights: self.weights.select_columns(which) }
    }
}

/// Zolotarev's points of [−a, −1] and [1, a], and the Möbius map of these two intervals to [low, before] and [after, high].
struct Points {
    a: f64,
    /// The quarter periods K and K' of the elliptic functions with k' = 1/a.
    quarters: (f64, f64),
    /// z = (p·u + q)/(s·u + 1)
    map: [f64; 3],
}

impl Points {
    fn new([low, before, after, high]: [f64; 4]) -> Option<Self> {
        let cross_ratio = (after - low) / (after - before) * ((high - before) / (high - low));
        let a = 2.0 * cross_ratio - 1.0 + 2.0 * (cross_ratio * (cross_ratio - 1.0)).sqrt();
        // From −a, −1, 1 to low, before, after.
        let rows = [[-a, 1.0, a * low], [-1.0, 1.0, before], [1.0, 1.0, -after]];
        let map =
            nalgebra::Matrix3::from_fn(|i, j| rows[i][j]).lu().solve(&nalgebra::Vector3::new(low, before, after))?;
        let quarters = (quarter(1.0 / a), quarter((1.0 - 1.0 / (a * a)).sqrt()));
        (a > 1.0 && a.is_finite()).then_some(Self { a, quarters, map: [map[0], map[1], map[2]] })
    }

    /// How many are needed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
    fn count(&self) -> usize {
        let (quarter, other) = self.quarters;
        ((4.0 / ERROR).ln() * quarter / (2.0 * PI * other)).ceil() as usize
    }

    /// The nodes −z of the first interval, largest first, and the poles z of the second that belong to them.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    fn of(&self, count: usize) -> (Vec<f64>, Vec<f64>) {
        let [p, q, s] = self.map;
        let map = |u: f64| (p * u + q) / (s * u + 1.0);
        let at = |i: usize| self.a * delta((i as f64 + 0.5) / count as f64 * self.quarters.0, self.quarters);
        let points: Vec<f64> = (0..count).map(at).collect();
        (points.iter().map(|u| -map(-u)).collect(), points.iter().map(|u| map(*u)).collect())
    }
}

/// The quarter period K of the modulus whose complement this is: π/2 over the arithmetic-geometric mean.
fn quarter(complement: f64) -> f64 {
    let (mut a, mut b) = (1.0f64, complement);
    while a - b > f64::EPSILON.sqrt() * a {
        (a, b) = ((a + b) / 2.0, (a * b).sqrt());
    }
    PI / (a + b)
}

/// dn(u), Jacobi's elliptic function, for quarter periods K and K': π/2K' Σ sech(π(u − 2lK)/2K') over all integers l.
fn delta(u: f64, (quarter, other): (f64, f64)) -> f64 {
    let rate = PI / (2.0 * other);
    let term = |l: f64| 1.0 / (rate * (u - 2.0 * l * quarter)).cosh();
    let (mut sum, mut l) = (term(0.0), 1.0);
    loop {
        let more = term(l) + term(-l);
        sum += more;
        if !(more > f64::EPSILON * sum) {
            return rate * sum;
        }
        l += 1.0;
    }
}

/// b of each shift, in barycentric form: wⱼ/(s − sⱼ) with wⱼ = Πᵢ(sⱼ + xᵢ) / Π_{i≠j}(sⱼ − sᵢ), over what makes 1/(s + x) of a pole x come
/// out right.
fn weights(nodes: &[f64], poles: &[f64], shifts: &[f64]) -> DMatrix<f64> {
    let pole = poles[poles.len() / 2];
    let numerator = |(j, node): (usize, &f64)| {
        let others = nodes.iter().zip(poles).enumerate().filter(|(i, _)| *i != j);
        others.fold(node + poles[j], |product, (_, (other, pole))| product * ((node + pole) / (node - other)))
    };
    let numerators: Vec<f64> = nodes.iter().enumerate().map(numerator).collect();
    let mut weights = DMatrix::zeros(nodes.len(), shifts.len());
    for (mut column, shift) in weights.column_iter_mut().zip(shifts) {
        if let Some(j) = nodes.iter().position(|node| node == shift) {
            column[j] = 1.0;
            continue;
        }
        let mut sum = 0.0;
        for ((weight, numerator), node) in column.iter_mut().zip(&numerators).zip(nodes) {
            *weight = numerator / (shift - node);
            sum += *weight / (node + pole);
        }
        column.unscale_mut(sum * (shift + pole));
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::Resolvent;

    fn spread(low: f64, high: f64, count: usize) -> Vec<f64> {
        (0..count).map(|i| low * (high / low).powf(i as f64 / (count - 1) as f64)).collect()
    }

    #[test]
    fn every_eigenvalue_and_shift_is_met_to_rounding() {
        for (eigenvalues, shifts, most) in [
            ((0.09, 2.9), (1e-3, 1e2), 26),
            ((0.0, 3.0), (1e-3, 1e2), 46),
            ((1e-8, 1.0), (1e-8, 1e2), 90),
            ((1e-3, 1.0), (1e-9, 1e-7), 10),
            ((2.0, 2.0), (0.5, 0.5), 8),
            ((1e150, 3e152), (1e149, 1e153), 34),
        ] {
            let shifts = spread(shifts.0, shifts.1, 300);
            let resolvent = Resolvent::new(eigenvalues, &shifts, most).expect("as many as these will do");
            let least = shifts.iter().copied().fold(f64::INFINITY, f64::min);
            for d in spread(eigenvalues.0.max(least * 1e-6), eigenvalues.1, 50) {
                for (k, shift) in shifts.iter().enumerate() {
                    let term = |(j, node): (usize, &f64)| resolvent.weights[(j, k)] * ((d + shift) / (d + node));
                    let value: f64 = resolvent.nodes.iter().enumerate().map(term).sum();
                    assert!((value - 1.0).abs() < 4e-15, "d = {d:e}, shift {shift:e}: {:e}", value - 1.0);
                }
            }
        }
    }

    #[test]
    fn a_shift_of_0_needs_a_definite_matrix() {
        assert!(Resolvent::new((1e-3, 1.0), &[0.0, 1e-3, 1.0], 100).is_some());
        assert!(Resolvent::new((0.0, 1.0), &[0.0, 1e-3, 1.0], 1000).is_none());
    }

    #[test]
    fn a_node_at_infinity_meets_small_eigenvalues_to_rounding() {
        let shifts = spread(1e-3, 1e2, 300);
        let resolvent = Resolvent::new((0.0, 3.0), &shifts, 46).expect("as many as these will do");
        let weights = resolvent.with_infinity(&shifts);
        for (k, shift) in shifts.iter().enumerate() {
            for d in std::iter::once(0.0).chain(spread(1e-9, 3.0, 100)) {
                let term = |(j, node): (usize, &f64)| weights[(j, k)] / (d + node);
                let sum =
                    weights[(resolvent.nodes.len(), k)] + resolvent.nodes.iter().enumerate().map(term).sum::<f64>();
                let wrong = (sum * (d + shift) - 1.0).abs();
                assert!(wrong <= 2e-14 * (1.0 + d / shift), "shift {shift:e}, eigenvalue {d:e}: {wrong:e}");
            }
        }
    }

    #[test]
    fn no_more_nodes_than_wanted() {
        let shifts = spread(1e-3, 1e2, 100);
        let resolvent = Resolvent::new((0.09, 2.9), &shifts, 100).expect("few");
        assert!(
            resolvent.nodes.len() < 30 && Resolvent::new((0.09, 2.9), &shifts, resolvent.nodes.len() - 1).is_none()
        );
        assert!(resolvent.nodes.iter().all(|node| (1e-3..=1e2).contains(node)));
    }
}
