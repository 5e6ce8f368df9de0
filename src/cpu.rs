//! The CPU backend: the same stages as the GPU's, in `f32` or `f64`, all λ in parallel.

pub(crate) mod complete;
pub(crate) mod dual;
pub mod eigen;
pub(crate) mod exact;
pub mod factor;
pub mod gram;
pub(crate) mod precise;
pub(crate) mod product;
pub(crate) mod qr;
#[cfg(not(target_arch = "wasm32"))]
mod rates;
pub mod solve;
pub(crate) mod spectral;
pub(crate) mod svd;
pub(crate) mod tridiagonal;

pub use eigen::Eigen;
pub use factor::Factor;
