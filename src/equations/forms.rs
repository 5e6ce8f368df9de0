//! The equations of every λ with the rows that they came from, in the primal form or multiplied with each other.

use std::borrow::Cow;
use std::sync::OnceLock;

use nalgebra::DMatrix;

use crate::data::framed::Framed;
use crate::data::problem::Problem;
use crate::equations::dual::Dual;
use crate::equations::exact;
use crate::equations::normal::NormalEquations;
use crate::equations::totals::{Roots, Totals};
use crate::equations::triangle::{Triangle, triangle};
use crate::error::Result;
use crate::math::powers::scaled;
use crate::model::Model;
use crate::model::penalty::Grid;
use crate::model::rung::Reason;
use crate::moments::Moments;

/// Equations that have taken the sums of products of some rows: of order n, or in the dual form of order m.
pub(crate) enum Equations<'a> {
    /// The rows are measured when they are read again.
    Primal {
        problem: &'a Problem<'a>,
        totals: Totals,
        normal: NormalEquations,
        framed: OnceLock<Box<Framed<'a>>>,
    },
    Dual {
        problem: &'a Problem<'a>,
        rows: Box<Dual<'a>>,
        normal: NormalEquations,
    },
}

/// The equations of a path with what is known of the rows; in the dual form, whose answers lead to coefficients by the rows, with
/// these.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) totals: &'a Totals,
    pub(crate) normal: &'a NormalEquations,
    pub(crate) rows: Option<&'a Dual<'a>>,
}

impl<'a> Equations<'a> {
    /// What a path is written from; `totals` are [those](Self::totals) of these equations.
    pub(crate) fn source<'b>(&'b self, totals: &'b Totals) -> Source<'b> {
        match self {
            Self::Primal { normal, .. } => Source { totals, normal, rows: None },
            Self::Dual { rows, normal, .. } => Source { totals, normal, rows: Some(rows) },
        }
    }

    /// The primal equations, of the moments of the rows.
    pub(crate) fn primal(problem: &'a Problem<'a>, moments: Moments, model: Model, grid: Grid) -> Self {
        let (totals, normal) = of_moments(moments, model, grid);
        Self::Primal { problem, totals, normal, framed: OnceLock::new() }
    }

    /// The equations of the dual form, of the products of the rows with each other.
    pub(crate) fn dual(problem: &'a Problem<'a>, rows: Dual<'a>, products: DMatrix<f64>, grid: Grid) -> Self {
        let normal = rows.normal(products, grid);
        Self::Dual { problem, rows: Box::new(rows), normal }
    }

    /// (G + shift·D) w = c of every λ, or the equations of β.
    pub(crate) fn normal(&self) -> &NormalEquations {
        match self {
            Self::Primal { normal, .. } | Self::Dual { normal, .. } => normal,
        }
    }

    /// The problem whose rows the equations are of.
    pub(crate) fn problem(&self) -> &'a Problem<'a> {
        match self {
            Self::Primal { problem, .. } | Self::Dual { problem, .. } => problem,
        }
    }

    /// The equations of the λs numbered `which` alone.
    pub(crate) fn only(self, which: &[usize]) -> Self {
        match self {
            Self::Primal { problem, totals, normal, framed } => {
                Self::Primal { problem, totals, normal: normal.only(which), framed }
            }
            Self::Dual { problem, rows, normal } => Self::Dual { problem, rows, normal: normal.only(which) },
        }
    }

    /// The rows as the equations take them: centred with an intercept. Measured once.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn framed(&self) -> Result<&Framed<'a>> {
        match self {
            Self::Dual { rows, .. } => Ok(&rows.framed),
            Self::Primal { problem, framed, normal, .. } => match framed.get() {
                Some(known) => Ok(known),
                None => {
                    let measured = Box::new(Framed::new(problem, normal.model.intercept)?);
                    Ok(framed.get_or_init(|| measured))
                }
            },
        }
    }

    /// The equations formed again to twice the digits.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn exact(self) -> Result<Self> {
        self.framed()?;
        Ok(match self {
            Self::Primal { problem, totals, normal, framed } => {
                let normal = match framed.get() {
                    Some(rows) => exact::exact(rows, normal),
                    None => normal,
                };
                Self::Primal { problem, totals, normal, framed }
            }
            Self::Dual { problem, rows, normal } => {
                let normal = rows.exact(normal);
                Self::Dual { problem, rows, normal }
            }
        })
    }

    /// The triangular factor of the rows, or of their transpose.
    ///
    /// # Errors
    /// [`Error::Span`](crate::Error::Span).
    pub(crate) fn triangle(&self) -> Result<Triangle> {
        match self {
            Self::Primal { normal, .. } if normal.model.intercept => Ok(triangle(self.framed()?, normal)),
            Self::Primal { problem, normal, .. } => Ok(triangle(&Framed::centred(problem)?, normal)),
            Self::Dual { rows, .. } => Ok(rows.triangle()),
        }
    }

    /// Terms of each sum in the matrix of the equations.
    fn terms(&self) -> usize {
        match self {
            Self::Primal { problem, .. } => problem.rows(),
            Self::Dual { problem, .. } => problem.features(),
        }
    }

    /// What is known of the rows beside the equations.
    pub(crate) fn totals(&self) -> Cow<'_, Totals> {
        match self {
            Self::Primal { totals, .. } => Cow::Borrowed(totals),
            Self::Dual { problem, rows, normal } => Cow::Owned(Totals {
                rows: problem.rows(),
                weight_sum: problem.weight_sum(),
                means: rows.means.clone(),
                squares: rows.squares.iter().map(|(sum, unit)| scaled(*sum, *unit)).collect(),
                centred_squares: rows.centred_squares.clone(),
                terms: self.terms(),
                target_units: normal.target_unit.clone(),
                roots: Some(Roots { values: rows.roots(), trace: rows.trace }),
            }),
        }
    }

    /// The condition number up to which equations in double precision will do, or why they do at none: weights so far apart that
    /// their products leave the range of doubles, or equations so small that twice the digits cost nothing.
    ///
    /// Beyond the limit they are formed again to twice the digits, which costs two to five times as much as they did, and every
    /// answer is corrected, which costs as much as ten more terms: the more there is of that, the more digits must be at stake, but
    /// never half of them.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(crate) fn condition_limit(&self) -> std::result::Result<f64, Reason> {
        if let Self::Primal { problem, .. } = self
            && !problem.weights_fit_double()
        {
            return Err(Reason::Weights);
        }
        let normal = self.normal();
        let terms = self.terms() as f64 + 10.0 * (normal.penalties() * normal.targets()) as f64;
        match (1e-4 * terms * (normal.features() as f64).powi(2)).min(1e8) {
            limit if limit < 1.0 => Err(Reason::Small),
            limit => Ok(limit),
        }
    }
}

/// The totals of the rows and the equations for every λ, which take the sums of products from the moments.
pub(crate) fn of_moments(moments: Moments, model: Model, grid: Grid) -> (Totals, NormalEquations) {
    let (rows, weight_sum, means) = (moments.rows, moments.weight_sum, moments.means.clone());
    let centred_squares = (0..moments.targets()).map(|target| moments.sum_of_squares(target)).collect();
    let normal = NormalEquations::taking(moments, model, grid);
    let square = |target: usize| scaled(normal.squares[target], 2 * normal.target_unit[target]);
    let squares = (0..normal.targets()).map(square).collect();
    let target_units = normal.target_unit.clone();
    (Totals { rows, weight_sum, means, squares, centred_squares, terms: rows, target_units, roots: None }, normal)
}
