//! The CPU backend: the stages that the GPU has too, in `f32` or `f64`, all λ in parallel.

mod dual_tiles;
pub mod factor;
pub mod gram;
pub(crate) mod nodes;
pub(crate) mod path;
pub(crate) mod qr;
pub(crate) mod qr_in_pairs;
#[cfg(not(target_arch = "wasm32"))]
mod rates;
pub mod solve;
pub(crate) mod spectral;
mod tile_fits;
mod tiles;

pub use crate::math::eigen::{self, Eigen};
pub use factor::Factor;
