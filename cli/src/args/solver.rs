//! Where and how to solve.

use clap::ValueEnum;
use ridgepath::{Backend, Form, Precision, Strategy};

use crate::args::numbers;

/// Where and how to solve.
#[derive(clap::Args, Debug)]
pub(crate) struct SolverArgs {
    /// Where to solve; auto takes a GPU when it pays
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) backend: BackendName,
    /// Let --backend gpu take a software adapter, which is slower than the CPU
    #[arg(long)]
    pub(crate) allow_software_gpu: bool,
    /// Which GPU to take: a part of its name or API, or its number in `ridgepath devices` [default: the best]; several times
    /// for GPUs that share the work by their measured rates
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) adapter: Vec<String>,
    /// The arithmetic; in double, what single precision hardware computes is corrected
    #[arg(long, value_enum, default_value = "double")]
    pub(crate) precision: PrecisionName,
    /// Which equations to solve: of order n, or of order m [default: those of less work]
    #[arg(long, value_enum)]
    pub(crate) form: Option<FormName>,
    /// How to solve them on the CPU
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) strategy: StrategyName,
    /// How fast the CPU is taken to be, by which strategy and backend are chosen
    #[arg(long, value_enum, default_value = "auto", env = "RIDGEPATH_RATES")]
    pub(crate) rates: RatesName,
    /// Answer λ = 0 on features that depend on one another by the solution of least norm
    #[arg(long)]
    pub(crate) minimum_norm: bool,
    /// Device memory to take at a time; K, M and G stand for 2¹⁰, 2²⁰ and 2³⁰ [default: 1G]
    #[arg(long, value_name = "BYTES", value_parser = numbers::bytes)]
    pub(crate) memory_budget: Option<u64>,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum BackendName {
    Auto,
    Gpu,
    Cpu,
    Reference,
}

impl From<BackendName> for Backend {
    fn from(name: BackendName) -> Self {
        match name {
            BackendName::Auto => Self::Auto,
            BackendName::Gpu => Self::Gpu,
            BackendName::Cpu => Self::Cpu,
            BackendName::Reference => Self::Reference,
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum PrecisionName {
    Double,
    Single,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::Double => Self::Double,
            PrecisionName::Single => Self::Single,
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum FormName {
    /// (Xᵀ·X + alpha·I) w = Xᵀ·y, of the order of the features
    Primal,
    /// (X·Xᵀ + alpha·I) β = y, of the order of the rows, and w = Xᵀ·β
    Dual,
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Primal => Self::Primal,
            FormName::Dual => Self::Dual,
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum StrategyName {
    /// What is less work
    Auto,
    /// A factorization for each λ
    Cholesky,
    /// A factorization for each of a few dozen shifts, and every λ a sum of their answers
    Nodes,
    /// One reduction for all λ
    Spectral,
}

impl From<StrategyName> for Option<Strategy> {
    fn from(name: StrategyName) -> Self {
        match name {
            StrategyName::Auto => None,
            StrategyName::Cholesky => Some(Strategy::Cholesky),
            StrategyName::Nodes => Some(Strategy::Nodes),
            StrategyName::Spectral => Some(Strategy::Spectral),
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum RatesName {
    /// As measured where a task takes half a second or more, else constants with this machine's number of cores
    Auto,
    /// As measured on this machine, once, and kept in the user's cache directory; `ridgepath plan` says where
    Measured,
    /// Constants, for four cores: the same choice on every machine
    Default,
}
