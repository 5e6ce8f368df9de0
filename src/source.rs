//! What equations come from, and lead back to: the rows, in the primal form or multiplied with each other.

use nalgebra::DMatrix;

use crate::assemble::{Roots, Totals};
use crate::cpu;
use crate::cpu::dual::Dual;
use crate::cpu::precise;
use crate::cpu::qr::{self, Triangle};
use crate::error::Result;
use crate::moments::Moments;
use crate::normal::{Model, NormalEquations, resolved};
use crate::outcome::BackendUsed;
use crate::path::{RidgePath, Weights};
use crate::penalty::Penalty;
use crate::plan::Strategy;
use crate::problem::Problem;
use crate::scale::scaled;
use crate::tiles;

/// Rows whose sums of products the equations have taken: of the primal form, of order n, or of the dual form, of order m.
pub(crate) enum Source<'a> {
    Primal { problem: &'a Problem<'a>, totals: Totals },
    Dual { problem: &'a Problem<'a>, rows: Box<Dual<'a>> },
}

impl<'a> Source<'a> {
    /// Rows of these moments, and their equations of every λ.
    ///
    /// # Errors
    /// Those of [`Penalty::resolve`].
    pub(crate) fn primal(
        problem: &'a Problem<'a>,
        moments: Moments,
        model: Model,
        penalty: &Penalty,
    ) -> Result<(Self, NormalEquations)> {
        let (totals, normal) = primal(moments, model, penalty)?;
        Ok((Self::Primal { problem, totals }, normal))
    }

    /// Rows of these products in the dual form, and their equations of every λ.
    ///
    /// # Errors
    /// Those of [`Penalty::resolve`].
    pub(crate) fn dual(
        problem: &'a Problem<'a>,
        rows: Dual<'a>,
        products: DMatrix<f64>,
        penalty: &Penalty,
    ) -> Result<(Self, NormalEquations)> {
        let normal = rows.normal(products, penalty.resolve(problem.weight_sum(), rows.trace)?);
        Ok((Self::Dual { problem, rows: Box::new(rows) }, normal))
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
    pub(crate) fn triangle(&self, normal: &NormalEquations) -> Result<Triangle> {
        match self {
            Self::Primal { problem, .. } => qr::triangle(problem, normal),
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

    /// √(Σ s(y − ȳ)²/W) of each target, y as it is without an intercept.
    pub(crate) fn deviations(&self) -> Vec<f64> {
        let (problem, squares): (_, Vec<f64>) = match self {
            Self::Primal { problem, totals } => (problem, totals.squares.clone()),
            Self::Dual { problem, rows } => (problem, rows.squares.iter().map(|own| scaled(own.0, own.1)).collect()),
        };
        squares.into_iter().map(|squares| (squares / problem.weight_sum()).sqrt()).collect()
    }

    /// The condition number up to which equations in double precision will do: none where weights are so far apart that their
    /// products leave the range of doubles. Beyond it they are formed again to twice the
    /// digits, which costs two to five times as much as they did, and every answer is corrected, which costs as much as ten more
    /// terms: the more there is of that, the more digits must be at stake, but never half of them.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(crate) fn worth(&self, normal: &NormalEquations) -> f64 {
        if let Self::Primal { problem, .. } = self
            && !problem.weights_fit_double()
        {
            return 0.0;
        }
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
        let every: Vec<usize> = (0..weights.len()).collect();
        let assembled = |problem: &Problem<'_>, totals: &Totals, write: &dyn Fn(&mut RidgePath)| {
            let mut path = RidgePath::blank(totals, normal, used);
            write(&mut path);
            path.describe(totals, normal, &every, weights, epsilon);
            path.with_rows(totals, normal, problem, epsilon)
        };
        match self {
            Self::Primal { problem, totals } => assembled(problem, totals, &|path| path.write(normal, &every, weights)),
            Self::Dual { problem, rows } => {
                let totals = Totals {
                    rows: problem.rows(),
                    weight_sum: problem.weight_sum(),
                    means: rows.means.clone(),
                    squares: rows.squares.iter().map(|(sum, unit)| scaled(*sum, *unit)).collect(),
                    centred_squares: rows.centred_squares.clone(),
                    terms: self.terms(),
                    target_units: normal.target_unit.clone(),
                    roots: Some(Roots { values: rows.roots(), trace: rows.trace }),
                };
                assembled(problem, &totals, &|path| path.coefficients = rows.coefficients(normal, weights))
            }
        }
    }
}

/// The equations of moments for every λ, which take their sums of products, and what else a path needs of them.
///
/// # Errors
/// Those of [`Penalty::resolve`].
pub(crate) fn primal(moments: Moments, model: Model, penalty: &Penalty) -> Result<(Totals, NormalEquations)> {
    let grid = resolved(&moments, model, penalty)?;
    let (rows, weight_sum, means) = (moments.rows, moments.weight_sum, moments.means.clone());
    let centred_squares = (0..moments.targets()).map(|target| moments.sum_of_squares(target)).collect();
    let normal = NormalEquations::taking(moments, model, grid);
    let square = |target: usize| scaled(normal.squares[target], 2 * normal.target_unit[target]);
    let squares = (0..normal.targets()).map(square).collect();
    let target_units = normal.target_unit.clone();
    Ok((Totals { rows, weight_sum, means, squares, centred_squares, terms: rows, target_units, roots: None }, normal))
}

/// The path of the primal form on the CPU in double precision, from the rows too where these are at hand. Strategy
/// [`Spectral`](Strategy::Spectral) leaves out condition numbers beyond `limit`, and what it does not answer as well as a
/// factorization, is factored. Answers are written to the path as they come.
pub(crate) fn on_cpu(
    (totals, normal): (&Totals, &NormalEquations),
    strategy: Strategy,
    limit: f64,
    used: BackendUsed,
    rows: Option<&Problem<'_>>,
    progress: &(dyn Fn(usize) + Sync),
) -> RidgePath {
    let factored = |mut path: RidgePath, lambdas: &[usize], progress: &(dyn Fn(usize) + Sync)| {
        cpu::solve::in_parts::<f64>(normal, lambdas, progress, |lambdas, weights| {
            path.write(normal, lambdas, &weights);
            path.describe(totals, normal, lambdas, &weights, f64::EPSILON);
        });
        path
    };
    let path = match strategy {
        Strategy::Cholesky => {
            let every: Vec<usize> = (0..normal.penalties()).collect();
            factored(RidgePath::blank(totals, normal, used), &every, progress)
        }
        Strategy::Spectral => {
            let (path, left) = tiles::path(normal, totals, used, limit, progress);
            factored(path, &left, &|_| ())
        }
    };
    match rows {
        Some(problem) => path.with_rows(totals, normal, problem, f64::EPSILON),
        None => path,
    }
}
