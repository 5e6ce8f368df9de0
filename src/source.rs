//! Where equations come from: the moments of the rows, or the rows multiplied with each other.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::assemble::{Totals, assemble};
use crate::cpu;
use crate::cpu::dual::Dual;
use crate::cpu::precise;
use crate::cpu::qr::{self, Triangle};
use crate::error::Result;
use crate::moments::Moments;
use crate::normal::{Model, NormalEquations};
use crate::outcome::BackendUsed;
use crate::parallel::at_least;
use crate::path::{RidgePath, Weights};
use crate::penalty::Penalty;
use crate::problem::Problem;
use crate::scale::scaled;
use crate::tiles;
use crate::view::Scalar;

/// Rows, and what was summed of them: the primal form, of order n, or the dual form, of order m.
pub(crate) enum Source<'a, T: Scalar> {
    Primal { problem: &'a Problem<'a, T>, moments: Moments },
    Dual { problem: &'a Problem<'a, T>, rows: Box<Dual<'a, T>>, products: DMatrix<f64> },
}

impl<T: Scalar> Source<'_, T> {
    /// The equations of every λ.
    ///
    /// # Errors
    /// Those of [`Penalty::resolve`].
    pub(crate) fn normal(&self, model: Model, penalty: &Penalty) -> Result<NormalEquations> {
        match self {
            Self::Primal { moments, .. } => NormalEquations::with_penalty(moments, model, penalty),
            Self::Dual { problem, rows, products } => {
                Ok(rows.normal(products.clone(), penalty.resolve(problem.weight_sum(), rows.trace)?))
            }
        }
    }

    /// The same equations to twice the digits.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn exact(&self, normal: NormalEquations) -> Result<NormalEquations> {
        match self {
            Self::Primal { problem, .. } => cpu::exact::exact(problem, normal),
            Self::Dual { rows, .. } => Ok(rows.exact(normal)),
        }
    }

    /// The triangular factor of the rows, or of their transpose.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn triangle(&self, intercept: bool) -> Result<Triangle> {
        match self {
            Self::Primal { problem, moments } => qr::triangle(problem, moments, intercept),
            Self::Dual { rows, .. } => Ok(rows.triangle()),
        }
    }

    /// λ number k by QR to twice the digits, where there are few rows.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn precise(&self, normal: &NormalEquations, k: usize) -> Result<Option<Weights>> {
        const MOST: usize = 10_000_000; // a second or so
        match self {
            Self::Primal { problem, .. } => {
                let columns = normal.features() + normal.targets();
                match problem.rows().saturating_mul(normal.features() * columns) <= MOST {
                    true => precise::solve(problem, normal, k).map(Some),
                    false => Ok(None),
                }
            }
            Self::Dual { .. } => Ok(None),
        }
    }

    /// Terms of each sum in the matrix of the equations.
    fn terms(&self) -> usize {
        match self {
            Self::Primal { problem, .. } => problem.rows(),
            Self::Dual { problem, .. } => problem.features(),
        }
    }

    /// The condition number up to which equations in double precision will do. Beyond it they are formed again to twice the
    /// digits, which costs some fifteen times their work, and every answer is corrected, which costs as much as ten more
    /// terms: the more there is of that, the more digits must be at stake, but never half of them.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(crate) fn worth(&self, normal: &NormalEquations) -> f64 {
        let terms = self.terms() as f64 + 10.0 * (normal.penalties() * normal.targets()) as f64;
        (1e-4 * terms * (normal.features() as f64).powi(2)).min(1e8)
    }

    /// The path of weights found in arithmetic of rounding unit `epsilon`.
    pub(crate) fn assemble(
        &self,
        normal: &NormalEquations,
        weights: &[Weights],
        used: BackendUsed,
        epsilon: f64,
    ) -> RidgePath {
        match self {
            Self::Primal { problem, moments } => from_moments(moments, normal, weights, used, epsilon, Some(problem)),
            Self::Dual { problem, rows, .. } => {
                let totals = Totals {
                    rows: problem.rows(),
                    weight_sum: problem.weight_sum(),
                    means: &rows.means,
                    squares: rows.squares.iter().map(|(sum, unit)| scaled(*sum, *unit)).collect(),
                    terms: self.terms(),
                };
                let coefficients = rows.coefficients(normal, weights);
                assemble(&totals, normal, weights, coefficients, used, epsilon, Some(problem))
            }
        }
    }
}

/// The path of weights in the primal form, from moments, and from their rows where these are at hand.
pub(crate) fn from_moments<T: Scalar>(
    moments: &Moments,
    normal: &NormalEquations,
    weights: &[Weights],
    used: BackendUsed,
    epsilon: f64,
    rows: Option<&Problem<'_, T>>,
) -> RidgePath {
    let (n, t) = (normal.features(), normal.targets());
    let mut coefficients = vec![f64::NAN; weights.len() * t * n];
    let tasks = coefficients.par_chunks_mut(t * n).with_min_len(at_least(4 * t * n));
    tasks.zip(weights).enumerate().for_each(|(k, (own, weights))| {
        let Some(values) = &weights.values else { return };
        for (target, (own, values)) in own.chunks_mut(n).zip(values.as_slice().chunks(n)).enumerate() {
            own.copy_from_slice(values);
            normal.to_natural(k, target, own);
        }
    });
    assemble(&totals_of(moments, normal), normal, weights, coefficients, used, epsilon, rows)
}

/// The path of the strategy [`Spectral`](crate::Strategy::Spectral), of condition numbers up to `limit`; what it does not answer as well as
/// a factorization, by that.
pub(crate) fn spectral<T: Scalar>(
    moments: &Moments,
    normal: &NormalEquations,
    used: BackendUsed,
    limit: f64,
    rows: Option<&Problem<'_, T>>,
    progress: &(dyn Fn(usize) + Sync),
) -> RidgePath {
    let totals = totals_of(moments, normal);
    let (path, missing) = tiles::path(normal, &totals, used.clone(), limit, progress);
    let path = match rows {
        Some(problem) => path.with_rows(&totals, problem, f64::EPSILON),
        None => path,
    };
    if missing.is_empty() {
        return path;
    }
    let left = normal.clone().only(&missing);
    let weights = cpu::solve::solve::<f64>(&left, &|_| ());
    path.replaced(&missing, &from_moments(moments, &left, &weights, used, f64::EPSILON, rows))
}

fn totals_of<'a>(moments: &'a Moments, normal: &NormalEquations) -> Totals<'a> {
    let square = |target: usize| scaled(normal.squares[target], 2 * normal.target_unit[target]);
    Totals {
        rows: moments.rows,
        weight_sum: moments.weight_sum,
        means: &moments.means,
        squares: (0..normal.targets()).map(square).collect(),
        terms: moments.rows,
    }
}
