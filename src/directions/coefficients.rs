//! What directions say of coefficients: how rows lead to them, and so how certain they are.

use nalgebra::DMatrix;

use crate::directions::penalised_columns::PenalisedColumns;
use crate::math::pair::Number;
use crate::math::svd::Orthogonal;

/// Coefficients of directions: w = E·w̃ + F·z, with w̃ the coefficients of the penalised features on the scale of the penalty, and z
/// what the orthonormal columns of those that are not penalised take of y.
#[derive(Debug, Clone)]
pub(crate) struct Coefficients {
    /// Row j of all that follows is in units of 2^`exponents[j]`.
    pub(crate) exponents: Vec<i32>,
    /// The features that are penalised.
    pub(crate) penalised: Vec<usize>,
    /// The features that are not penalised.
    pub(crate) others: Vec<usize>,
    /// E: a diagonal for the penalised features, of which this holds every feature's element, and rows for the others.
    pub(crate) diagonal: Vec<f64>,
    pub(crate) below: DMatrix<f64>,
    /// V, penalised features × r.
    pub(crate) vectors: DMatrix<f64>,
    /// E·V, n × r.
    pub(crate) along: DMatrix<f64>,
    /// F, n × rank; `None` where features that are not penalised depend on each other.
    pub(crate) fixed: Option<DMatrix<f64>>,
    /// (EV)ᵀx̄ and Fᵀx̄, in the units of σ.
    pub(crate) mean_along: Vec<f64>,
    pub(crate) mean_fixed: Vec<f64>,
    /// x̄; 0 without an intercept.
    pub(crate) means: Vec<f64>,
    /// `√G_jj` in units of 2^(unit − `exponents[j]`).
    pub(crate) sizes: Vec<f64>,
}

/// The features that are not penalised.
pub(super) struct Fixed<'a, N> {
    /// The features made orthonormal.
    pub(super) columns: &'a Orthogonal<N>,
    /// What each orthonormal column takes of each penalised feature.
    pub(super) shares: &'a [Vec<N>],
    /// The norms of the features.
    pub(super) sizes: &'a [f64],
}

impl<N: Number> Fixed<'_, N> {
    /// R⁻¹ of a vector, in the order of the features; R is upper triangular in the order in which they were taken.
    fn back(&self, mut right: Vec<N>) -> Vec<N> {
        let Orthogonal { r, order, .. } = self.columns;
        let mut solution = vec![N::default(); self.sizes.len()];
        for i in (0..order.len()).rev() {
            let known = order[i + 1..].iter().fold(right[i], |rest, j| rest - r[i][*j] * solution[*j]);
            right[i] = known / r[i][order[i]];
            solution[order[i]] = right[i];
        }
        solution
    }
}

impl Coefficients {
    /// From V of columns that come `lift` powers of two larger than in the units of the rows; `sizes` are the norms of the penalised
    /// columns before anything was taken from them.
    pub(super) fn new<N: Number>(
        columns: &PenalisedColumns,
        v: &[Vec<N>],
        fixed: &Fixed<'_, N>,
        (sizes, means): (&[f64], &[N]),
        lift: i32,
    ) -> Self {
        let n = columns.inverse_root.len();
        let (penalised, r) = (&columns.penalised, v.len());
        let unit = columns.unit - lift;
        let mut exponents: Vec<i32> = columns.half.iter().map(|half| -half).collect();
        columns.fixed.iter().for_each(|j| exponents[*j] = unit - (columns.exponents[*j] - lift));
        let root = |j: usize| N::of(columns.inverse_root[j], 0.0);
        let mut all = vec![N::default(); n];
        let (mut along, mut mean_along) = (DMatrix::zeros(n, r), Vec::with_capacity(r));
        let mean_of = |w: &[N]| {
            let part = |j: usize| w[j] * means[j].scaled(exponents[j] - unit);
            (0..n).map(part).fold(N::default(), |sum, part| sum + part).value()
        };
        for (l, v) in v.iter().enumerate() {
            penalised.iter().zip(v).for_each(|(j, v)| all[*j] = *v * root(*j));
            let taken = fixed.shares.iter().map(|shares| N::default() - N::dot(shares, v)).collect();
            columns.fixed.iter().zip(fixed.back(taken)).for_each(|(j, w)| all[*j] = w);
            all.iter().enumerate().for_each(|(j, w)| along[(j, l)] = w.value());
            mean_along.push(mean_of(&all));
        }
        let mut below = DMatrix::zeros(columns.fixed.len(), penalised.len());
        for column in 0..penalised.len() {
            let taken = fixed.shares.iter().map(|shares| N::default() - shares[column]).collect();
            fixed.back(taken).iter().enumerate().for_each(|(i, w)| below[(i, column)] = w.value());
        }
        let rank = fixed.columns.order.len();
        let (mut inverse, mut mean_fixed) = (DMatrix::zeros(n, rank), Vec::with_capacity(rank));
        for i in 0..rank {
            let one = (0..rank).map(|k| N::of(f64::from(u8::from(i == k)), 0.0)).collect();
            let mut column = vec![N::default(); n];
            columns.fixed.iter().zip(fixed.back(one)).for_each(|(j, w)| column[*j] = w);
            column.iter().enumerate().for_each(|(j, w)| inverse[(j, i)] = w.value());
            mean_fixed.push(mean_of(&column));
        }
        let mut all_sizes = vec![0.0; n];
        penalised.iter().zip(sizes).for_each(|(j, size)| all_sizes[*j] = size / columns.inverse_root[*j]);
        columns.fixed.iter().zip(fixed.sizes).for_each(|(j, size)| all_sizes[*j] = *size);
        Self {
            exponents,
            penalised: penalised.clone(),
            others: columns.fixed.clone(),
            diagonal: columns.inverse_root.clone(),
            below,
            vectors: DMatrix::from_fn(penalised.len(), r, |j, l| v[l][j].value()),
            along,
            fixed: (rank == columns.fixed.len()).then_some(inverse),
            mean_along,
            mean_fixed,
            means: means[..n].iter().map(|mean| mean.value()).collect(),
            sizes: all_sizes,
        }
    }

    /// E, n × penalised features.
    pub(crate) fn embedding(&self) -> DMatrix<f64> {
        let mut embedding = DMatrix::zeros(self.diagonal.len(), self.penalised.len());
        for (column, j) in self.penalised.iter().enumerate() {
            embedding[(*j, column)] = self.diagonal[*j];
            self.others.iter().zip(self.below.column(column).iter()).for_each(|(i, w)| embedding[(*i, column)] = *w);
        }
        embedding
    }
}
