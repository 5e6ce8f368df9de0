//! How a path is solved: where, in which arithmetic, by which equations and which strategy.

use std::fmt;

/// Where to solve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Backend {
    /// A real GPU when the plan says that it pays, else the CPU. Never opens a software adapter; a device that the caller
    /// [hands in](crate::Ridge::gpu) is the caller's choice.
    #[default]
    Auto,
    /// The GPU. A software adapter (Mesa's llvmpipe, SwiftShader) only with
    /// [`Ridge::allow_software_gpu`](crate::Ridge::allow_software_gpu), or handed in.
    Gpu,
    /// The CPU, all cores.
    Cpu,
    /// The textbook solution in [`reference`](mod@crate::reference), one λ after another.
    Reference,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
            Self::Reference => "reference",
        })
    }
}

/// Which equations are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Form {
    /// (XᵀSX + shift·D) w = XᵀSy, of order n.
    Primal,
    /// (XD⁻¹Xᵀ + shift·S⁻¹) β = y, of order m, and w = D⁻¹Xᵀβ: the same w, for less work where n > m.
    Dual,
}

impl Form {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Primal => Self::Dual,
            Self::Dual => Self::Primal,
        }
    }
}

/// How the equations of all λ are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Strategy {
    /// A Cholesky factorization for each λ.
    Cholesky,
    /// A Cholesky factorization for each of a few dozen shifts, and every λ a sum of their answers (rational interpolation of the
    /// resolvent): in double precision. In the dual form w = D⁻¹Xᵀβ is formed for these few too, and every λ's w is a sum of theirs.
    /// What it does not answer as well as a factorization would, is factored.
    Nodes,
    /// One orthogonal reduction for all λ, then products: on the CPU, in double precision. What it does not answer as well
    /// as a factorization would, is factored.
    Spectral,
}

impl Strategy {
    /// As [`BackendUsed::method`](crate::BackendUsed::method) names it.
    pub(crate) fn name(self, form: Form) -> &'static str {
        match (form, self) {
            (Form::Primal, Self::Cholesky) => "cholesky",
            (Form::Primal, Self::Nodes) => "nodes",
            (Form::Primal, Self::Spectral) => "spectral",
            (Form::Dual, Self::Cholesky) => "dual cholesky",
            (Form::Dual, Self::Nodes) => "dual nodes",
            (Form::Dual, Self::Spectral) => "dual spectral",
        }
    }
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

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Double => "double",
            Self::Single => "single",
        })
    }
}
