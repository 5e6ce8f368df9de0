//! The rows: borrowed, checked, read by blocks, and how their columns are centred and scaled.

#[cfg(feature = "arrow")]
pub(crate) mod arrow;
pub(crate) mod batch;
mod block;
#[cfg(feature = "arrow")]
pub(crate) mod column_names;
mod copy;
mod extent;
#[cfg(feature = "faer")]
mod faer;
mod frame;
pub(crate) mod framed;
pub(crate) mod gathered;
pub(crate) mod groups;
mod joined;
#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(all(feature = "parquet", not(target_arch = "wasm32")))]
pub(crate) mod parquet;
pub(crate) mod problem;
pub(crate) mod rows;
pub(crate) mod stream;
pub(crate) mod target_patterns;
pub(crate) mod view;
pub(crate) mod windows;
