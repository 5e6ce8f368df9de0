//! Ridge regression for a whole grid of penalties at once, on any GPU or on the CPU.
//!
//! For m rows of n features X (m × n), t targets Y (m × t) and observation weights s, one call minimises, for each of k
//! penalties λ and each target y,
//!
//! ```text
//! 1/(2W) Σ sᵢ (yᵢ − xᵢᵀw − b)² + λ‖w‖²,     W = Σ s (m without weights),
//! ```
//!
//! which is the solution of (XᵀSX + shift·I) w = XᵀSy with **shift = 2Wλ** (X and y centred when b is fitted), the `alpha`
//! of scikit-learn.
//!
//! ```
//! use ridgepath::{Ridge, View};
//!
//! let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?; // 4 rows, 2 features
//! let path = Ridge::new().lambdas([0.01, 0.1, 1.0]).fit(x, &[1.0, 2.0, 3.0, 4.0])?;
//! for index in 0..path.len() {
//!     println!("{}: {:?}", path.lambdas()[index], path.coefficients(index, 0));
//! }
//! # Ok::<(), ridgepath::Error>(())
//! ```
//!
//! Which λ predicts best, [`CrossValidation`] tells: by folds, leave-one-out, or a criterion.
//!
//! ```
//! use ridgepath::{CrossValidation, Ridge, View};
//!
//! let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
//! let ridge = Ridge::new().lambdas([0.01, 0.1, 1.0]);
//! let selection = CrossValidation::new(ridge).leave_one_out().fit(x, &[1.0, 2.0, 3.0, 4.0])?;
//! println!("λ = {}: {:?}", selection.choice(0).lambda, selection.coefficients(0));
//! let predicted = selection.predict(View::row_major(&[5.0, 6.0], 1, 2)?)?;
//! # assert_eq!(predicted.nrows(), 1);
//! # Ok::<(), ridgepath::Error>(())
//! ```
//!
//! # Three levels
//!
//! - [`Ridge`]: data in, [`RidgePath`] out; [`CrossValidation`] chooses from it. Most need nothing else.
//! - The pieces: [`Moments`] sum rows that come in parts, [`NormalEquations`] are what is solved, [`Plan`] says what will be
//!   done, [`Penalty`] holds the grid.
//! - The stages, each usable alone: [`cpu`] and, on a wgpu device of the caller's, [`gpu`].
//!
//! # What can be relied on
//!
//! - Answers have double precision unless [`Precision::Single`] is asked for, whatever the backend. Each carries an
//!   [`Outcome`], a [residual](RidgePath::residual), an estimate of the [condition number](RidgePath::condition) and a
//!   [bound on its error](RidgePath::error_bound).
//! - A λ that has no unique answer is an outcome; it does not disturb the others. [`Error`]s are for arguments and devices.
//! - Who answered, and why not another, stands in [`RidgePath::backend`].
//! - The same bits whatever the memory budget and the number of threads.
//!
//! # Features
//!
//! - `gpu` (on unless turned off): the GPU, through [wgpu](https://docs.rs/wgpu). Without it [`Backend::Gpu`] is refused, and
//!   [`Backend::Auto`] is the CPU.
//! - `serde`: (de)serialisation of [`RidgePath`] and what it holds, and of [`LinearModel`], which is saved and loaded as JSON. It turns
//!   on the feature `float_roundtrip` of `serde_json`, without which that reads many numbers with an error in the last bit.
//! - `arrow`: rows from the record batches of Arrow. `parquet`: rows from Parquet files, and `arrow` with it; not in a browser.
//!   Both are of version 59.
//! - `ndarray` and `faer`: rows from arrays of ndarray 0.17 and matrices of faer 0.24, where they lie.
//! - `tracing`: spans of the crate tracing around the stages of the work, of level debug: `choose`, `fit`, `stream`, `gram`,
//!   `equations`, `path`, `chunk`; and events where a safer route takes λs that another did not reach.
//! - `linfa`: `RidgeParams` for the datasets, metrics and cross-validation of linfa 0.8; not in a browser.

#![cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "plans and sums of a device"))]

#[macro_use]
mod stage;

mod answer;
pub mod choose;
pub mod cpu;
mod data;
pub mod decay;
mod directions;
mod equations;
mod error;
#[cfg(feature = "gpu")]
pub mod gpu;
#[cfg(not(feature = "gpu"))]
#[path = "gpu/absent.rs"]
mod gpu;
mod math;
mod model;
mod moments;
mod plan;
pub mod reference;
mod solve;
mod tell;

pub use answer::entry::{Entries, PathEntry};
pub use answer::path::RidgePath;
pub use answer::paths::Paths;
pub use choose::{Chosen, CrossValidation, Folds, Rule, Score, Selection};
#[cfg(feature = "arrow")]
pub use data::arrow::ArrowColumns;
pub use data::batch::Batch;
#[cfg(feature = "arrow")]
pub use data::column_names::ColumnNames;
pub use data::framed::Framed;
pub use data::groups::Groups;
#[cfg(all(feature = "parquet", not(target_arch = "wasm32")))]
pub use data::parquet::ParquetFiles;
pub use data::problem::Problem;
pub use data::rows::Rows;
pub use data::stream::{Batches, Stream};
pub use data::target_patterns::TargetPatterns;
pub use data::view::View;
pub use data::windows::Windows;
pub use equations::normal::NormalEquations;
pub use equations::weights::Weights;
pub use error::{Error, Result, Unscored};
#[cfg(feature = "gpu")]
pub use gpu::Gpu;
pub use math::scalar::Scalar;
pub use model::convention::{Convention, DataFacts};
pub use model::method::{Backend, Form, Precision, Strategy};
pub use model::outcome::{BackendUsed, Fallback, Outcome, Route};
pub use model::penalty::{Grid, Penalty};
pub use model::penalty_factors::PenaltyFactors;
pub use model::rung::{Reason, Retry, Rung};
pub use model::watch::{Cancellation, Watch};
pub use model::{Model, Standardize};
pub use moments::{Moments, RawSums};
/// The nalgebra whose matrices these functions take.
pub use nalgebra;
pub use plan::gpu::cost::Cost;
pub use plan::{BackPlan, DeviceRates, Estimate, GpuPlan, GramPlan, Limits, Plan, Rates, Request, Seconds, Shape};
pub use solve::ridge::Ridge;
pub use tell::category::Category;
pub use tell::inference::{Inference, Uncertainty};
pub use tell::linear_model::LinearModel;
#[cfg(all(feature = "linfa", not(target_arch = "wasm32")))]
pub use tell::linfa::{CheckedRidge, FittedRidge, RidgeParams};
pub use tell::norms::Norms;
pub use tell::validate::{Deviation, Validation};

// The code of the README and of docs/ways-in is compiled and run with the tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../docs/ways-in/slices.md")]
struct Slices;
#[cfg(all(doctest, feature = "ndarray"))]
#[doc = include_str!("../docs/ways-in/ndarray.md")]
struct Ndarray;
#[cfg(all(doctest, feature = "faer"))]
#[doc = include_str!("../docs/ways-in/faer.md")]
struct Faer;
#[cfg(all(doctest, feature = "arrow"))]
#[doc = include_str!("../docs/ways-in/arrow.md")]
struct Arrow;
#[cfg(all(doctest, feature = "parquet", not(target_arch = "wasm32")))]
#[doc = include_str!("../docs/ways-in/parquet.md")]
struct Parquet;
#[cfg(doctest)]
#[doc = include_str!("../docs/ways-in/polars.md")]
struct Polars;
#[cfg(all(doctest, feature = "linfa", not(target_arch = "wasm32")))]
#[doc = include_str!("../docs/ways-in/linfa.md")]
struct Linfa;
#[cfg(doctest)]
#[doc = include_str!("../docs/ways-in/streams.md")]
struct Streams;
#[cfg(doctest)]
#[doc = include_str!("../docs/ways-in/moments.md")]
struct MomentsThatTravel;
