//! What is said of an answer: how it came about, in which arithmetic, and who gave it.

/// How the answer of one λ came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// Factored and solved in the arithmetic of [`BackendUsed::precision`]; in double precision with corrections where digits
    /// would be lost.
    Solved,
    /// Factored in single precision, and brought to double precision by corrections.
    Refined {
        /// How many.
        steps: u32,
    },
    /// Answered by a safer route than the one planned.
    Rerouted {
        /// Which.
        route: Route,
    },
    /// The leading minor of this order (from 1) is not positive definite to working precision: there is no unique
    /// answer, and the coefficients are NaN.
    Singular {
        /// The order: the first of the features (from 1) that depends on those before it.
        order: usize,
    },
    /// Singular without a penalty, and answered, as asked for, by the solution of least norm (on the penalised scale), which
    /// is the limit of ridge for λ → 0.
    MinimumNorm {
        /// The rank of X, centred when an intercept is fitted.
        rank: usize,
    },
    /// Answered, but beyond the range of 64-bit floats on the scale of the data: coefficients or the intercept are infinite, or the
    /// coefficients vanish though the solution does not.
    OutOfRange,
}

/// A safer route to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Route {
    /// The normal equations in double precision on the CPU, where single precision did not reach.
    Double,
    /// The QR factorization of X, which does not square its condition number, where the normal equations did not reach.
    Qr,
    /// The other form of the equations, primal or dual, in double precision on the CPU, where those of the form planned did not
    /// reach.
    Form,
}

/// The arithmetic of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Precision {
    /// 64 bits.
    #[default]
    Double,
    /// 32 bits: relative errors of about 1e-7 times the condition number.
    Single,
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Double => "double",
            Self::Single => "single",
        })
    }
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BackendUsed {
    /// `"gpu"`, `"cpu"` or `"reference"`.
    pub name: String,
    /// The GPU adapter, if one was used.
    #[cfg_attr(feature = "serde", serde(default))]
    pub adapter: Option<String>,
    /// How the weights came from the moments: `"cholesky"`.
    pub strategy: String,
    /// The arithmetic used, which is not always the one asked for.
    pub precision: Precision,
    /// Why another backend, precision or form answered than the one asked for or preferred; `None` when none did.
    #[cfg_attr(feature = "serde", serde(default))]
    pub fallback: Option<String>,
}
