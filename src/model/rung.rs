//! The routes to an answer, and why a λ is handed from one to the next.

use std::fmt;

/// A way to answer. Each takes the λs that those before it handed back, answers what it can, and hands back the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Rung {
    /// The textbook solution of [`reference`](mod@crate::reference).
    Reference,
    /// The equations in single precision.
    Single,
    /// The equations in double precision: on a GPU by corrections of factors in single precision, and by a factorization on the
    /// CPU where those do not reach.
    Double,
    /// A factorization of the equations of a λ, where a strategy that shares work between λs does not answer it as well.
    Factored,
    /// The equations formed again to twice the digits, and corrections against them.
    Exact,
    /// The QR factorization of the rows.
    Qr,
    /// The QR factorization of the rows to twice the digits, where they are few.
    QrInPairs,
    /// The solution of least norm, where it was asked for.
    LeastNorm,
    /// The other form of the equations, on its own rungs.
    OtherForm,
    /// After the dual form: the primal, or what the rank of the rows tells, of λs that penalise nothing.
    Unpenalised,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Reference => "reference",
            Self::Single => "single precision",
            Self::Double => "double precision",
            Self::Factored => "a factorization each",
            Self::Exact => "twice the digits",
            Self::Qr => "QR",
            Self::QrInPairs => "QR to twice the digits",
            Self::LeastNorm => "least norm",
            Self::OtherForm => "the other form",
            Self::Unpenalised => "without a penalty",
        })
    }
}

/// Why a λ was handed to a later [`Rung`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// Single precision does not factor the matrix, or its condition number is beyond what such factors tell.
    SinglePrecision,
    /// The error of the intercept in single precision may be a tenth of the target's deviation.
    Intercept,
    /// A strategy that shares work between λs does not reach the λ, or leaves a larger residual than a factorization.
    Shared,
    /// The equations are so small that twice the digits cost nothing: no failure, and no [`Retry`] tells of it.
    Small,
    /// Weights are so far apart that their products leave the range of doubles.
    Weights,
    /// The condition number costs digits that equations to twice the digits keep.
    Condition,
    /// Corrections did not come to rest.
    Corrections,
    /// QR has not all digits.
    QrDigits,
    /// The columns depend on each other, and nothing is penalised.
    Dependent,
    /// The bound on the error leaves no certain digit, or fewer than the other form may have.
    Bound,
    /// Nothing is penalised, or so little that it is lost: the dual form has an answer where w has none.
    Unpenalised,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SinglePrecision => "single precision does not reach",
            Self::Intercept => "the intercept in single precision is uncertain",
            Self::Shared => "work shared between λs does not reach",
            Self::Small => "the equations are small",
            Self::Weights => "products of the weights leave the range of doubles",
            Self::Condition => "the condition number costs digits",
            Self::Corrections => "corrections did not come to rest",
            Self::QrDigits => "QR has not all digits",
            Self::Dependent => "columns depend on each other, and nothing is penalised",
            Self::Bound => "the bound on the error is large",
            Self::Unpenalised => "nothing is penalised",
        })
    }
}

impl Reason {
    /// The rung that takes λs handed back for this reason.
    pub(crate) fn next(self) -> Rung {
        match self {
            Self::SinglePrecision | Self::Intercept => Rung::Double,
            Self::Shared => Rung::Factored,
            Self::Small | Self::Weights | Self::Condition => Rung::Exact,
            Self::Corrections => Rung::Qr,
            Self::QrDigits => Rung::QrInPairs,
            Self::Dependent => Rung::LeastNorm,
            Self::Bound => Rung::OtherForm,
            Self::Unpenalised => Rung::Unpenalised,
        }
    }
}

/// One λ handed to a later rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Retry {
    /// The number of the λ in the path.
    pub index: usize,
    /// The rung that took it.
    pub rung: Rung,
    /// Why.
    pub reason: Reason,
}
