//! The rows seen along the directions in which ridge shrinks them: one decomposition for all λ.

mod coefficients;
mod eigen;
mod rows;

use nalgebra::DMatrix;

pub(crate) use coefficients::Coefficients;
use coefficients::Fixed;
use eigen::{Found, across, times};
use rows::ScaledRows;

use crate::data::problem::Problem;
use crate::error::Result;
use crate::math::pair::{Number, Pair};
use crate::math::powers::scaled;
use crate::math::svd::{Orthogonal, Svd, orthogonalize, remove, svd};
use crate::model::Model;
use crate::model::penalty_factors::PenaltyFactors;

/// The singular value decomposition √S(X − x̄)D^-½ = U·diag(σ)·Vᵀ of the penalised features, after the intercept and the features
/// that are not penalised have taken their part of them and of y.
///
/// Along uⱼ ridge leaves [shift/(σⱼ² + shift)](Self::left) of y. So sums of squares, degrees of freedom and leverages are sums of positive
/// terms, and have as many digits as the decomposition: it is carried out in twice the digits of `f64` where eigenvalues of products would
/// lose more than a few and the rows are few; else in `f64`.
#[derive(Debug, Clone)]
pub(crate) struct Directions {
    /// The rows of positive weight.
    pub(crate) rows: Vec<usize>,
    /// m, with the rows of weight 0.
    pub(crate) all_rows: usize,
    /// √s of each row of positive weight, in units of 2^`root_unit`.
    pub(crate) roots: Vec<f64>,
    pub(crate) root_unit: i32,
    pub(crate) intercept: bool,
    pub(crate) weight_sum: f64,
    /// σ ≥ 0 in units of 2^`unit`.
    pub(crate) sigma: Vec<f64>,
    pub(crate) unit: i32,
    /// U, m × r.
    pub(crate) u: DMatrix<f64>,
    /// UᵀS^½(y − ȳ), r × t; target τ in units of 2^`target_units[τ]`.
    pub(crate) along: DMatrix<f64>,
    pub(crate) target_units: Vec<i32>,
    /// S^½(y − ȳ) less what the features that are not penalised explain, m × t.
    pub(crate) y: DMatrix<f64>,
    /// `y` less what U explains of it, m × t.
    pub(crate) rest: DMatrix<f64>,
    /// 1 − hᵢ of each row, were nothing penalised.
    pub(crate) free: Vec<f64>,
    /// What a sum of squares of U may be wrong by; 0 where nothing is subtracted from it.
    pub(crate) noise: f64,
    /// The rank of the features that are not penalised.
    pub(crate) fixed_rank: usize,
    /// How directions lead to coefficients.
    pub(crate) coefficients: Coefficients,
}

/// The condition numbers of products up to which their eigenvalues will do: where twice the digits cost little, and where not.
const SQUARED: [f64; 2] = [1e3, 1e6];
/// Operations on pairs of doubles that take a second or so.
const MOST: f64 = 2e8;
/// A rest of a row, a column or a target that is less than this of the whole is known to fewer digits.
const SMALL: f64 = 0.03;
/// Singular values of which the eigenvalues of products tell no digit are less than this of the largest.
const INDISTINCT: f64 = 1e-6;
/// Columns in twice the digits are held 2^`LIFT` larger: neither the square of the largest overflows, nor that of one smaller by
/// 1e300 vanishes.
const LIFT: i32 = 480;

impl Directions {
    /// Decomposes the rows of a problem, with the penalty factors of λ number `index`, for shifts from `least` on.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn new(
        problem: &Problem<'_>,
        model: Model,
        (factors, index): (&PenaltyFactors, usize),
        least: f64,
    ) -> Result<Self> {
        let rows = ScaledRows::new(problem, model, factors, index)?;
        let affordable = affordable(rows.rows.len(), rows.penalised.len(), rows.fixed.len(), problem.targets());
        let found = Doubles::new(&rows, problem);
        let limit = SQUARED[usize::from(!affordable)];
        if let Some(directions) = found.by_products(&rows, scaled(least, -2 * rows.unit), limit)
            && (!affordable || directions.keeps_its_digits(least))
        {
            return Ok(directions);
        }
        Ok(match affordable {
            true => in_pairs(&rows, problem),
            false => found.by_rows(&rows),
        })
    }

    /// √shift in the units of σ.
    pub(crate) fn root(&self, shift: f64) -> f64 {
        scaled(shift.sqrt(), -self.unit)
    }

    /// The share of y that is shrunk away along each direction: shift/(σ² + shift); 1 where σ = 0.
    pub(crate) fn left(&self, shift: f64) -> Vec<f64> {
        let root = self.root(shift);
        self.sigma.iter().map(|sigma| if *sigma > 0.0 { 1.0 / (1.0 + (sigma / root).powi(2)) } else { 1.0 }).collect()
    }

    /// The share of y that is kept along each direction: σ²/(σ² + shift).
    pub(crate) fn kept(&self, shift: f64) -> Vec<f64> {
        let root = self.root(shift);
        self.sigma.iter().map(|sigma| if *sigma > 0.0 { 1.0 / (1.0 + (root / sigma).powi(2)) } else { 0.0 }).collect()
    }

    /// Rows of positive weight that nothing explains, were nothing penalised: m less the rank and what is not penalised.
    pub(crate) fn room(&self) -> usize {
        self.rows.len() - usize::from(self.intercept) - self.fixed_rank - self.sigma.len()
    }

    /// Whether the penalised features have no direction of σ = 0.
    pub(crate) fn reach_every_feature(&self) -> bool {
        self.sigma.iter().filter(|sigma| **sigma > 0.0).count() == self.coefficients.penalised.len()
    }

    /// m − df: a sum, so that it has its digits where df is all but m.
    #[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
    pub(crate) fn unexplained(&self, shift: f64) -> f64 {
        self.room() as f64 + self.left(shift).iter().sum::<f64>()
    }

    /// Σ s(y − ŷ)² of a target, in its units: a sum, so that it has its digits where the fit is all but exact.
    pub(crate) fn rss(&self, shift: f64, target: usize) -> f64 {
        let left = self.left(shift);
        let along: f64 = left.iter().zip(self.along.column(target).iter()).map(|(left, p)| (left * p).powi(2)).sum();
        self.rest.column(target).norm_squared() + along
    }

    /// 1 − hᵢ of the rows of positive weight, a column for each shift. 0 where it has no digits.
    pub(crate) fn left_of_rows(&self, shifts: &[f64]) -> DMatrix<f64> {
        let weights: Vec<_> = shifts.iter().map(|shift| nalgebra::DVector::from_vec(self.left(*shift))).collect();
        let weights = DMatrix::from_columns(&weights);
        let mut left = times(&self.u.map(|value| value * value), &weights);
        for mut column in left.column_iter_mut() {
            for (left, free) in column.iter_mut().zip(&self.free) {
                *left += free;
                // Written so that NaN has none.
                if !(*left > self.noise) {
                    *left = 0.0;
                }
            }
        }
        left
    }

    /// Whether nothing that is told of rows and targets, at shifts from `least` on, is a small rest of much more, and no direction
    /// may be there by rounding alone.
    fn keeps_its_digits(&self, least: f64) -> bool {
        let most = self.sigma.iter().copied().fold(0.0, f64::max);
        if self.sigma.iter().any(|sigma| *sigma < INDISTINCT * most) {
            return false;
        }
        let left = self.left_of_rows(&[least]);
        let targets = 0..self.rest.ncols();
        let mut known = targets.filter(|target| self.along.column(*target).amax() > 0.0);
        let small = |target: usize| {
            self.rest.column(target).norm() < SMALL * self.along.column(target).norm() && self.room() > 0
        };
        // Directions that span all there is leave a row little for its weight alone.
        let kept = match self.room() {
            0 => self.u.row_iter().all(|row| row.norm_squared() > SMALL),
            _ => left.iter().all(|left| *left > SMALL),
        };
        kept && !known.any(small)
    }
}

/// The trace of XᵀSX of centred rows on the penalised scale, of the features that are penalised.
///
/// # Errors
/// [`Error::Span`](crate::Error::Span).
pub(crate) fn trace(problem: &Problem<'_>, model: Model, factors: &PenaltyFactors) -> Result<f64> {
    let rows = ScaledRows::new(problem, model, factors, 0)?;
    Ok(scaled(rows.doubles(&rows.penalised).norm_squared(), 2 * rows.unit))
}

/// Whether a decomposition in pairs of doubles takes no longer than a second or so.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn affordable(m: usize, n: usize, fixed: usize, t: usize) -> bool {
    let r = m.min(n) as f64;
    let [m, n, fixed, t] = [m, n, fixed, t].map(|size| size as f64);
    6.0 * m * n * r + 10.0 * (n + r) * r * r + 6.0 * m * fixed * (fixed + n + t) + 6.0 * m * r * t < MOST
}

/// The rows in `f64`, less what the features that are not penalised take of them.
struct Doubles {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
    /// The norms of the columns of X before anything was taken from them.
    sizes: Vec<f64>,
    /// The features that are not penalised, made orthonormal.
    fixed: Orthogonal<f64>,
    /// The norms of these features.
    fixed_sizes: Vec<f64>,
    /// `QᵀX`, a row for each orthonormal column Q of `fixed`.
    shares: Vec<Vec<f64>>,
    means: Vec<f64>,
}

impl Doubles {
    fn new(rows: &ScaledRows<'_>, problem: &Problem<'_>) -> Self {
        let n = problem.features();
        let targets: Vec<usize> = (n..n + problem.targets()).collect();
        let (mut x, mut y) = (rows.doubles(&rows.penalised), rows.doubles(&targets));
        let sizes: Vec<f64> = x.column_iter().map(|column| column.norm()).collect();
        let columns: Vec<Vec<f64>> =
            rows.doubles(&rows.fixed).column_iter().map(|column| column.iter().copied().collect()).collect();
        let fixed_sizes: Vec<f64> = columns.iter().map(|column| f64::dot(column, column).sqrt()).collect();
        let m = rows.rows.len();
        let fixed = orthogonalize(columns, &fixed_sizes, rows.room());
        let mut shares = vec![Vec::with_capacity(sizes.len()); fixed.q.len()];
        for column in x.as_mut_slice().chunks_mut(m) {
            let taken = remove(column, &fixed.q);
            shares.iter_mut().zip(taken).for_each(|(row, share)| row.push(share));
        }
        y.as_mut_slice().chunks_mut(m).for_each(|column| take(column, &fixed.q));
        Self { x, y, sizes, fixed, fixed_sizes, shares, means: rows.means() }
    }

    /// The directions by eigenvalues of products of the rows, where products have digits enough.
    fn by_products(&self, rows: &ScaledRows<'_>, least: f64, limit: f64) -> Option<Directions> {
        let (m, n) = self.x.shape();
        // Nothing has no directions.
        let remains = self.x.column_iter().zip(&self.sizes).all(|(left, size)| left.norm() >= SMALL * size);
        if self.x.amax() == 0.0 || !remains {
            return None;
        }
        let room = rows.room() - self.fixed.q.len();
        let found = match n < room {
            true => eigen::tall(&self.x, limit),
            false => {
                let roots = nalgebra::DVector::from_column_slice(&rows.roots).normalize();
                let constant = rows.has_intercept().then_some(roots);
                let others = self.fixed.q.iter().map(|q| nalgebra::DVector::from_column_slice(q));
                let fixed: Vec<_> = constant.into_iter().chain(others).collect();
                let fixed = if fixed.is_empty() { DMatrix::zeros(m, 0) } else { DMatrix::from_columns(&fixed) };
                eigen::wide(&self.x, &fixed, least, limit)
            }
        }?;
        let v = found.v.column_iter().map(|v| v.iter().copied().collect()).collect();
        Some(self.finish(rows, found, v))
    }

    /// The directions by the singular value decomposition of the rows.
    fn by_rows(&self, rows: &ScaledRows<'_>) -> Directions {
        let m = self.x.nrows();
        let columns = self.x.as_slice().chunks(m).map(<[f64]>::to_vec).collect();
        let Svd { u, sigma, v } = svd(columns, &self.sizes, rows.room() - self.fixed.q.len());
        let u = DMatrix::from_fn(m, sigma.len(), |i, j| u[j][i]);
        self.finish(rows, Found { u, sigma, v: DMatrix::zeros(0, 0) }, v)
    }

    fn finish(&self, rows: &ScaledRows<'_>, Found { u, sigma, .. }: Found, v: Vec<Vec<f64>>) -> Directions {
        #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
        let noise = 4e4 * (sigma.len() as f64 + 8.0) * f64::EPSILON;
        let mut along = across(&u, &self.y);
        let mut rest = &self.y - times(&u, &along);
        let more = across(&u, &rest);
        rest -= times(&u, &more);
        along += more;
        let shares: Vec<f64> = rows.shares().into_iter().map(Number::value).collect();
        let free = (0..u.nrows()).map(|i| {
            let fixed: f64 = self.fixed.q.iter().map(|q| q[i] * q[i]).sum();
            1.0 - shares[i] - fixed - u.row(i).norm_squared()
        });
        let fixed = Fixed { columns: &self.fixed, shares: &self.shares, sizes: &self.fixed_sizes };
        let coefficients = Coefficients::new(rows, &v, &fixed, (&self.sizes, &self.means), 0);
        let y = self.y.clone();
        let parts = Parts { sigma, unit: rows.unit, along, y, rest, free: free.collect(), noise };
        directions(rows, u, parts, self.fixed.q.len(), coefficients)
    }
}

/// Takes from a target what lies along orthonormal columns; what rounding leaves of it is nothing.
fn take<N: Number>(target: &mut [N], q: &[Vec<N>]) {
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let rounding = 8.0 * N::EPSILON * ((q.len() + 8) as f64 + (target.len() as f64).sqrt());
    let before = N::dot(target, target).sqrt().value();
    remove(target, q);
    if !q.is_empty() && !(N::dot(target, target).sqrt().value() > rounding * before) {
        target.fill(N::default());
    }
}

/// The directions by the singular value decomposition of the rows in pairs of doubles.
fn in_pairs(rows: &ScaledRows<'_>, problem: &Problem<'_>) -> Directions {
    let n = problem.features();
    let norm = |column: &Vec<Pair>| Pair::dot(column, column).sqrt().value();
    let targets: Vec<usize> = (n..n + problem.targets()).collect();
    let (mut x, of_x) = rows.pairs(&rows.penalised, LIFT);
    let (columns, of_fixed) = rows.pairs(&rows.fixed, LIFT);
    let (mut y, _) = rows.pairs(&targets, 0);
    let sizes: Vec<f64> = x.iter().map(norm).collect();
    let fixed_sizes: Vec<f64> = columns.iter().map(norm).collect();
    let fixed = orthogonalize(columns, &fixed_sizes, rows.room());
    let mut shares = vec![Vec::with_capacity(x.len()); fixed.q.len()];
    for column in &mut x {
        let taken = remove(column, &fixed.q);
        shares.iter_mut().zip(taken).for_each(|(row, share)| row.push(share));
    }
    let before: Vec<f64> = y.iter().map(norm).collect();
    y.iter_mut().for_each(|column| take(column, &fixed.q));
    let Svd { u, sigma, v } = svd(x, &sizes, rows.room() - fixed.q.len());
    let (m, r) = (rows.rows.len(), sigma.len());
    let whole = DMatrix::from_fn(m, y.len(), |i, target| y[target][i].value());
    let taken: Vec<Vec<Pair>> = y.iter_mut().map(|column| remove(column, &u)).collect();
    // A rest that rounding of y, or of what is fitted to it, leaves is none.
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
    let rounding = 8.0 * Pair::EPSILON * ((r + 8) as f64 + (m as f64).sqrt());
    let fitted = |taken: &[Pair]| -> f64 {
        let w = |j: usize| (0..r).fold(0.0, |sum, l| sum + v[l][j].value() * (taken[l].value() / sigma[l].value()));
        sizes.iter().enumerate().map(|(j, size)| size * w(j).abs()).sum()
    };
    for ((column, before), taken) in y.iter_mut().zip(before).zip(&taken) {
        if !(norm(column) > rounding * (before + fitted(taken))) {
            column.fill(Pair::default());
        }
    }
    let free = rows.shares().into_iter().enumerate().map(|(i, share)| {
        let taken = fixed.q.iter().chain(&u).fold(share, |sum, unit| sum + unit[i] * unit[i]);
        (Pair(1.0, 0.0) - taken).value()
    });
    let mut means = vec![Pair::default(); n];
    rows.penalised.iter().zip(of_x).chain(rows.fixed.iter().zip(of_fixed)).for_each(|(j, mean)| means[*j] = mean);
    let fixed_columns = Fixed { columns: &fixed, shares: &shares, sizes: &fixed_sizes };
    let unit = rows.unit - LIFT;
    let coefficients = Coefficients::new(rows, &v, &fixed_columns, (&sizes, &means), LIFT);
    let parts = Parts {
        sigma: sigma.into_iter().map(Number::value).collect(),
        unit,
        along: DMatrix::from_fn(r, y.len(), |j, target| taken[target][j].value()),
        y: whole,
        rest: DMatrix::from_fn(m, y.len(), |i, target| y[target][i].value()),
        free: free.collect(),
        noise: 1e4 * rounding,
    };
    directions(rows, DMatrix::from_fn(m, r, |i, j| u[j][i].value()), parts, fixed.q.len(), coefficients)
}

/// What a decomposition has found, with the fields of [`Directions`] of these names.
struct Parts {
    sigma: Vec<f64>,
    unit: i32,
    along: DMatrix<f64>,
    y: DMatrix<f64>,
    rest: DMatrix<f64>,
    free: Vec<f64>,
    noise: f64,
}

fn directions(
    rows: &ScaledRows<'_>,
    u: DMatrix<f64>,
    parts: Parts,
    fixed_rank: usize,
    coefficients: Coefficients,
) -> Directions {
    let Parts { sigma, unit, along, y, rest, free, noise } = parts;
    let mut directions = Directions {
        rows: rows.rows.clone(),
        all_rows: rows.all_rows(),
        roots: rows.roots.clone(),
        root_unit: rows.root_unit,
        intercept: rows.has_intercept(),
        weight_sum: rows.weight_sum(),
        sigma,
        unit,
        u,
        along,
        target_units: rows.target_units(),
        y,
        rest,
        free,
        noise,
        fixed_rank,
        coefficients,
    };
    // Directions that span all that y can be leave nothing.
    if directions.room() == 0 {
        directions.rest.fill(0.0);
        directions.free.fill(0.0);
        directions.noise = 0.0;
    }
    directions
}
