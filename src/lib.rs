//! Ridge regression for a whole grid of penalties at once.
mod assemble;
mod condition;
pub mod cpu;
mod error;
pub mod gpu;
mod moments;
mod normal;
mod path;
mod penalty;
mod plan;
mod problem;
pub mod reference;
mod residual;
mod scale;
mod solver;
mod validate;
mod view;

pub use error::{Error, Result};
pub use gpu::Gpu;
pub use moments::Moments;
/// The nalgebra whose matrices these functions take.
pub use nalgebra;
pub use normal::{Model, NormalEquations, Standardize};
pub use path::{BackendUsed, Outcome, Precision, RidgePath, Route, Weights};
pub use penalty::{Grid, Penalty};
pub use plan::{Backend, GpuPlan, Limits, Plan, Request, Shape};
pub use problem::Problem;
pub use solver::Ridge;
pub use validate::{Deviation, Validation};
pub use view::{Scalar, View};

// The README's code is compiled and run with the tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
