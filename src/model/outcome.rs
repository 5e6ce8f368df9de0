//! What is said of an answer: how it came about, in which arithmetic, and who gave it.

use crate::model::method::{Backend, Form, Precision, Strategy};

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

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BackendUsed {
    /// Which: never [`Backend::Auto`].
    pub name: Backend,
    /// The GPU adapter, if one was used.
    pub adapter: Option<String>,
    /// Which equations were solved.
    pub form: Form,
    /// How their λs were.
    pub strategy: Strategy,
    /// The arithmetic used, which is not always the one asked for.
    pub precision: Precision,
    /// Why not the backend, precision, form or strategy asked for or preferred; none where it is.
    pub fallbacks: Vec<Fallback>,
}

impl BackendUsed {
    /// Form and strategy in words: `"cholesky"`, `"nodes"`, `"spectral"`, `"dual cholesky"`, `"dual nodes"` or
    /// `"dual spectral"`.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.strategy.name(self.form)
    }

    /// The [fallbacks](Self::fallbacks) in words; `None` where there are none.
    #[must_use]
    pub fn fallback(&self) -> Option<String> {
        Fallback::joined(&self.fallbacks)
    }
}

/// Why another backend, precision, form or strategy answered than the one asked for or preferred.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fallback {
    /// There is no GPU that could do it, or it failed.
    Device {
        /// The error in words.
        reason: String,
    },
    /// A GPU that is preferred to the one that answered could not be opened.
    Adapter {
        /// Which, and the error in words.
        reason: String,
    },
    /// Of several GPUs that share the work one failed, and the others did its share.
    Share {
        /// Which, and the error in words.
        reason: String,
    },
    /// The reference was asked for single precision.
    ReferencePrecision,
    /// The spectral strategy was asked for elsewhere than on the CPU in double precision.
    Spectral,
    /// Nodes were asked for elsewhere than in double precision.
    Nodes,
    /// Penalty factors that differ from λ to λ have neither a dual form nor one reduction.
    FactorsOfLambdas,
    /// A feature that is not penalised leaves no D⁻¹, which the dual form and the spectral strategy need.
    Unpenalised,
}

impl Fallback {
    /// Several in words, if there are any.
    pub(crate) fn joined(all: &[Self]) -> Option<String> {
        let words: Vec<String> = all.iter().map(ToString::to_string).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

impl std::fmt::Display for Fallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Device { reason } | Self::Adapter { reason } | Self::Share { reason } => reason,
            Self::ReferencePrecision => "the reference works in double precision",
            Self::Spectral => "the spectral strategy works on the CPU in double precision",
            Self::Nodes => "nodes work in double precision",
            Self::FactorsOfLambdas => {
                "the dual form, nodes and the spectral strategy need the same penalty factors at every λ"
            }
            Self::Unpenalised => {
                "the dual form, nodes and the spectral strategy need D⁻¹, and D is 0 for an unpenalised feature"
            }
        })
    }
}
