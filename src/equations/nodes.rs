//! Many λs as sums of the answers of few: the equations of the nodes, and what leads from their answers to every λ.

use std::borrow::Cow;

use nalgebra::{DMatrix, DVector};

use crate::equations::normal::NormalEquations;
use crate::equations::penalised_scale::PenalisedScale;
use crate::equations::residual::column_of;
use crate::equations::weights::Weights;
use crate::math::condition;
use crate::math::powers::scaled;
use crate::math::product::product;
use crate::math::resolvent::{MOST_NODES, Resolvent};
use crate::model::method::Form;

/// The condition number up to which λs are sums: those beyond it are few, or want another route.
const REACH: f64 = 1e8;
/// Nodes up to which nothing needs to be learnt of the least eigenvalue.
const FEW: usize = 60;
/// The share of the λs that are sums up to which as many nodes pay.
const SHARE: f64 = 0.75;
/// Products of B with vectors by which its largest eigenvalue is found, of so many vectors,
const ITERATIONS: usize = 6;
const VECTORS: usize = 8;
/// and by how much that may be too small.
const TOO_SMALL: f64 = 1.5;
/// By how much an estimate of ‖A⁻¹‖ may be too small.
const TOO_SMALL_INVERSE: f64 = 4.0;

/// What is known of the eigenvalues of B.
pub(crate) struct Extent {
    scale: PenalisedScale,
    least: f64,
    largest: f64,
    /// In the dual form with an intercept, that of the direction that centring empties, and no answer has any of: it counts for the
    /// condition number alone. Else 0.
    filled: f64,
}

impl Extent {
    /// The eigenvalues lie between 0 and about the largest.
    pub(crate) fn new(normal: &NormalEquations) -> Self {
        let scale = PenalisedScale::new(normal);
        let emptied = emptied(normal, &scale.roots);
        let (largest, filled) = largest(normal, &scale.roots, emptied.as_ref());
        Self { scale, least: 0.0, largest, filled }
    }

    /// The number of the λ whose answer tells how far the least eigenvalue is from 0, where that would save nodes.
    pub(crate) fn telling(&self) -> Option<usize> {
        let of = |k: &usize| self.scale.shifts[*k];
        let positive = (0..self.scale.shifts.len()).filter(|k| of(k) > 0.0);
        let least = positive.min_by(|a, b| of(a).total_cmp(&of(b)))?;
        let shifts = self.shifts(&self.within_reach());
        let few = shifts.len() == self.scale.shifts.len()
            && Resolvent::new((self.least, self.largest), &shifts, FEW).is_some();
        (!few).then_some(least)
    }

    /// Takes the least eigenvalue from the condition number of λ number k.
    pub(crate) fn learn(&mut self, normal: &NormalEquations, k: usize, condition: f64) {
        let held = |j: &usize| normal.gram[(*j, *j)] > 0.0;
        if self.scale.apart.iter().any(held) {
            return; // Eigenvalues that are all but 0.
        }
        let units = normal.steps(k);
        let units = units.iter().zip(&self.scale.roots).filter(|(_, root)| **root > 0.0);
        let most = units.map(|(unit, root)| (unit / root).powi(2)).fold(0.0, f64::max);
        let inverse = TOO_SMALL_INVERSE * condition / normal.norm(k) * most;
        let least = 1.0 / inverse - self.scale.shifts[k];
        // Written so that NaN tells nothing.
        if least > self.least {
            self.least = least.min(self.largest);
        }
    }

    /// The λs that may be sums.
    fn within_reach(&self) -> Vec<usize> {
        let reached = |k: &usize| {
            let shift = self.scale.shifts[*k];
            shift > 0.0 && self.largest.max(self.filled) + shift <= REACH * (self.least + shift)
        };
        (0..self.scale.shifts.len()).filter(reached).collect()
    }

    fn shifts(&self, lambdas: &[usize]) -> Vec<f64> {
        lambdas.iter().map(|k| self.scale.shifts[*k]).collect()
    }
}

/// The shifts that are solved for, and how the λs are sums of their answers.
pub(crate) struct Nodes {
    /// The equations of the nodes, in order of their shifts, largest first.
    pub(crate) equations: NormalEquations,
    /// The numbers of the λs that are sums.
    pub(crate) lambdas: Vec<usize>,
    shifts: Vec<f64>,
    pub(crate) resolvent: Resolvent,
    /// In the dual form s·β of shifts beyond all bounds, S·(y − ȳ), in the units of the answers.
    at_infinity: Option<DMatrix<f64>>,
}

/// The node at infinity.
pub(crate) struct Infinity {
    /// Its answers, a column for each target.
    pub(crate) answers: DMatrix<f64>,
    /// The weights of the sums with it, as [`Resolvent::with_infinity`] has them.
    pub(crate) weights: DMatrix<f64>,
}

impl Nodes {
    /// `None` where as many nodes would not pay.
    pub(crate) fn new(normal: &NormalEquations, extent: &Extent) -> Option<Self> {
        let lambdas = extent.within_reach();
        let shifts = extent.shifts(&lambdas);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "numbers of λ"
        )]
        let most = ((SHARE * lambdas.len() as f64) as usize).min(MOST_NODES);
        let resolvent = Resolvent::new((extent.least, extent.largest), &shifts, most)?;
        let natural = resolvent.nodes.iter().map(|node| extent.scale.natural(*node)).collect();
        let roots = &extent.scale.roots;
        let cross = |j: usize, target: usize| roots[j] * (roots[j] * normal.cross[(j, target)]);
        let at_infinity = || DMatrix::from_fn(normal.features(), normal.targets(), cross);
        let at_infinity = (normal.form == Form::Dual).then(at_infinity);
        Some(Self { equations: normal.at(natural), lambdas, shifts, resolvent, at_infinity })
    }

    /// In the dual form the node at infinity for the λs at these positions. There right-hand sides have all of what K annihilates or nearly
    /// so, and the answers of small nodes so much of it that sums at large shifts may inherit more of their rounding than a
    /// factorization leaves.
    pub(crate) fn infinity(&self, wanted: &[usize]) -> Option<Infinity> {
        let shifts: Vec<f64> = wanted.iter().map(|at| self.shifts[*at]).collect();
        let answers = self.at_infinity.clone()?;
        Some(Infinity { answers, weights: self.resolvent.only(wanted).with_infinity(&shifts) })
    }

    /// As many nodes, by the last one repeated: problems that are solved side by side have equally many.
    pub(crate) fn padded(&self, count: usize) -> Cow<'_, NormalEquations> {
        match self.equations.penalties() {
            own if own == count => Cow::Borrowed(&self.equations),
            own => {
                let numbers: Vec<usize> = (0..count).map(|at| at.min(own - 1)).collect();
                Cow::Owned(self.equations.clone().only(&numbers))
            }
        }
    }

    /// The answers of the nodes for some targets in the units of G, [r, targets, n]; NaN of a node that has none.
    pub(crate) fn answers(&self, weights: &[Weights], first: usize, targets: usize) -> DMatrix<f64> {
        let (n, count) = (self.equations.features(), self.equations.penalties());
        let diagonal = self.equations.gram.diagonal();
        let mut answers = DMatrix::zeros(n, count * targets);
        for (node, (own, answers)) in weights.iter().zip(answers.as_mut_slice().chunks_mut(n * targets)).enumerate() {
            let Some(values) = &own.values else {
                answers.fill(f64::NAN);
                continue;
            };
            let units = self.equations.steps(node);
            for (target, answer) in answers.chunks_mut(n).enumerate() {
                let all = answer.iter_mut().zip(column_of(values, first + target)).zip(&units).zip(&diagonal);
                // What holds nothing but the penalty may come in units too large for the rest, and counts for nothing.
                all.for_each(|(((answer, w), unit), held)| *answer = if *held == 0.0 { 0.0 } else { w * unit });
            }
        }
        answers
    }

    /// An estimate of the condition number of each λ that is a sum: between those of the nodes on both sides of it.
    pub(crate) fn conditions(&self, weights: &[Weights]) -> Vec<f64> {
        let nodes: Vec<[f64; 2]> =
            self.resolvent.nodes.iter().zip(weights).map(|(node, own)| [node.ln(), own.condition.ln()]).collect();
        let one = |shift: &f64| {
            let at = shift.ln();
            let after = nodes.iter().position(|[node, _]| *node < at).unwrap_or(nodes.len());
            let after = after.clamp(1, nodes.len().max(2) - 1);
            match (nodes.get(after - 1), nodes.get(after)) {
                (Some([left, high]), Some([right, low])) => {
                    let share = ((at - left) / (right - left)).clamp(0.0, 1.0);
                    (high + share * (low - high)).exp()
                }
                (Some([_, only]), None) => only.exp(),
                _ => f64::NAN,
            }
        };
        self.shifts.iter().map(one).collect()
    }
}

/// The direction that centring empties on the scale of B, in the dual form S^½·1, of norm 1: a constant that was added to all of K fills
/// it, as the eigenvector that it stays.
fn emptied(normal: &NormalEquations, roots: &[f64]) -> Option<DVector<f64>> {
    if normal.form == Form::Primal || !normal.model.intercept {
        return None;
    }
    let top = normal.unit.iter().copied().max().unwrap_or(0);
    let direction = DVector::from_fn(roots.len(), |i, _| scaled(roots[i], normal.unit[i] - top));
    direction.try_normalize(0.0)
}

/// About the largest eigenvalue of B = RGR, from above: the growth of some vectors under repeated products, and the trace. Those of the
/// eigenvector `emptied`, whose own is the second, do not count.
fn largest(normal: &NormalEquations, roots: &[f64], emptied: Option<&DVector<f64>>) -> (f64, f64) {
    let n = normal.features();
    let trace: f64 = roots.iter().enumerate().map(|(j, root)| normal.gram[(j, j)] * root * root).sum();
    let start = condition::start(n);
    // Vectors of other signs each.
    let mut vectors = DMatrix::from_fn(n, VECTORS, |i, j| if (i >> j) & 1 == 0 { start[i] } else { -start[i] });
    let by_roots = |vectors: &mut DMatrix<f64>| {
        vectors.column_iter_mut().for_each(|mut column| column.iter_mut().zip(roots).for_each(|(v, root)| *v *= root));
    };
    let times = |mut vectors: DMatrix<f64>| {
        by_roots(&mut vectors);
        let mut products = product(normal.gram.as_slice(), vectors.as_slice(), n);
        by_roots(&mut products);
        products
    };
    let filled = emptied.map_or(0.0, |own| times(DMatrix::from_column_slice(n, 1, own.as_slice())).norm());
    let mut growth = 0.0f64;
    for _ in 0..ITERATIONS {
        for mut column in vectors.column_iter_mut() {
            if let Some(emptied) = emptied {
                let part = emptied.dot(&column);
                column.axpy(-part, emptied, 1.0);
            }
            let norm = column.norm();
            column.iter_mut().for_each(|v| *v = if norm > 0.0 { *v / norm } else { 0.0 });
        }
        vectors = times(vectors);
        growth = vectors.column_iter().map(|column| column.norm()).fold(growth, f64::max);
    }
    // What is left of a trace that the filled direction makes up is rounding.
    let rest = (trace - filled).max(n as f64 * f64::EPSILON * trace);
    (rest.min(TOO_SMALL * growth), filled)
}

#[cfg(test)]
mod tests {
    use super::{Extent, Nodes};
    use crate::data::problem::Problem;
    use crate::data::view::View;
    use crate::equations::dual::Dual;
    use crate::math::powers::scaled;
    use crate::model::Model;
    use crate::model::penalty::Grid;
    use crate::model::penalty_factors::PenaltyFactors;

    /// The direction that a constant fills in the dual form is as large as the trace of K, and takes no nodes.
    #[test]
    fn an_intercept_takes_no_more_nodes_of_the_dual_form() {
        let (m, n) = (120, 480);
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            scaled((state >> 11) as f64, -52) - 1.0
        };
        let (x, y): (Vec<f64>, Vec<f64>) = ((0..m * n).map(|_| next()).collect(), (0..m).map(|_| next()).collect());
        let problem = Problem::new(View::row_major(&x, m, n).expect("as many"), &y).expect("finite");
        let shifts: Vec<f64> = (0..200).map(|k| 10f64.powf(f64::from(k) / 40.0)).collect();
        let count = |intercept| {
            let model = Model { intercept, ..Model::default() };
            let rows = Dual::new(&problem, model, &PenaltyFactors::default()).expect("in range");
            let lambdas = vec![0.0; shifts.len()];
            let grid = Grid { lambdas, shifts: shifts.clone(), factors: PenaltyFactors::default() };
            let normal = rows.normal(rows.products::<f64>(), grid);
            let extent = Extent::new(&normal);
            assert!(extent.filled == 0.0 || extent.filled > 10.0 * extent.largest);
            let nodes = Nodes::new(&normal, &extent).expect("few enough");
            (nodes.lambdas.len(), nodes.equations.penalties())
        };
        let (with, without) = (count(true), count(false));
        assert_eq!(with.0, 200, "all within reach");
        assert!(with.1 <= without.1 + 1 && without.1 < 40, "{with:?}, {without:?}");
    }
}
